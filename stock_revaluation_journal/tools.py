"""Small things that models and the valuation seam share; the same on every series."""

import csv
import io

from odoo.tools import float_compare, float_is_zero
from odoo.tools.misc import format_date, formatLang

from . import compat

# PostgreSQL's codes for "run it again": serialization failure, deadlock, lock not available.
RETRIED_CODES = ("40001", "40P01", "55P03")


def format_amount(env, amount, currency):
    """Write an amount in the user's language, with its currency."""
    return formatLang(env, amount, currency_obj=currency)


def format_number(env, number, precision):
    """Write a number in the user's language, with the digits of a decimal precision."""
    return formatLang(env, number, digits=env["decimal.precision"].precision_get(precision))


def in_hands_of(records, user, **context):
    """Return `records` as `user` has them at the screen, in their language: for what is written in their place."""
    return records.with_user(user).with_context(lang=user.sudo().lang, **context)


def uom_is_zero(uom, quantity):
    """Tell whether `quantity` is nothing beyond the unit's rounding."""
    return float_is_zero(quantity, precision_rounding=compat.unit_rounding(uom))


def uom_compare(uom, one, other):
    """Compare two quantities in the unit's rounding: -1, 0 or 1."""
    rounding = compat.unit_rounding(uom)
    if abs(one - other) > 2 * rounding:  # nearly always, and Odoo rounds both first
        return 1 if one > other else -1
    return float_compare(one, other, precision_rounding=rounding)


def ask_to_run_again(cr):
    """End this transaction with a serialization failure: Odoo then runs the request again."""
    cr.execute("DO $$ BEGIN RAISE EXCEPTION 'changed meanwhile' USING ERRCODE = '40001'; END $$", log_exceptions=False)


def copy_rows(cr, table, columns, rows):
    """Insert rows of plain values by COPY, which takes half the time of INSERT. An empty text is NULL."""
    file = io.StringIO()
    csv.writer(file).writerows(rows)
    file.seek(0)
    cr._obj.copy_expert("COPY %s (%s) FROM STDIN (FORMAT csv)" % (table, ", ".join(columns)), file)


class NumberWriter:
    """Write many numbers in the user's language, each once: Odoo looks language and digits up for every one.

    Numbers may be Decimals.
    """

    def __init__(self, env, cost_digits, quantity_digits):
        self.env, self.written = env, {}
        digits = env["decimal.precision"].precision_get
        self.digits = {"cost": digits(cost_digits), "quantity": digits(quantity_digits)}

    def _write(self, number, digits):
        key = (float(number), digits)
        if key not in self.written:
            self.written[key] = formatLang(self.env, key[0], digits=digits)
        return self.written[key]

    def cost(self, number):
        """Write a unit cost."""
        return self._write(number, self.digits["cost"])

    def quantity(self, number):
        """Write a quantity."""
        return self._write(number, self.digits["quantity"])

    def short(self, number):
        """Write a number with two decimals at the most, none if it is whole."""
        number = round(float(number), 2)
        return self._write(number, 0 if number.is_integer() else 2)

    def amount(self, number, currency):
        """Write an amount with its currency."""
        return format_amount(self.env, float(number), currency)

    def date(self, date):
        """Write a date."""
        return format_date(self.env, date)


class Inner:
    """What the addon tells itself through the context: a client cannot send it, as neither JSON nor XML carries it."""

    def __init__(self, value=True):
        self.value = value

    def __eq__(self, other):
        return isinstance(other, Inner) and self.value == other.value

    def __hash__(self):
        return hash(self.value) if isinstance(self.value, (bool, int)) else id(self.value)


def inner(env, key):
    """Return what the addon's own code put under a context key; None if nobody did, or somebody else."""
    found = env.context.get(key)
    return found.value if isinstance(found, Inner) else None


def model_name(records):
    """Return what a model is called in the user's language."""
    return records.env["ir.model"]._get(records._name).sudo().name or records._name


def field_label(records, name):
    """Return what a field is called in the user's language, and its technical name."""
    label = records.env["ir.model.fields"]._get(records._name, name).sudo().field_description
    return "%s (%s)" % (label or records._fields[name].string, name)


def is_number_below(value, limit):
    """Tell whether `value` is a number, or nothing, and its size below `limit`."""
    try:
        return abs(float(value or 0.0)) < limit  # false for nan
    except (TypeError, ValueError, OverflowError):
        return False


def record_id(value):
    """Return the id that `value` (an id, its text or a record) names. Raises: ValueError, TypeError if none."""
    number = int(getattr(value, "id", value))
    if isinstance(value, float) or not 0 < number < 2**31:
        raise ValueError(value)
    return number
