"""Small things that models and the valuation seam share; the same on every series."""

from odoo.tools import float_compare, float_is_zero
from odoo.tools.misc import formatLang

# PostgreSQL's codes for "run it again": serialization failure, deadlock, lock not available.
RETRIED_CODES = ("40001", "40P01", "55P03")


def format_amount(env, amount, currency):
    """Write an amount in the user's language, with its currency."""
    return formatLang(env, amount, currency_obj=currency)


def format_number(env, number, precision):
    """Write a number in the user's language, with the digits of a decimal precision."""
    return formatLang(env, number, digits=env["decimal.precision"].precision_get(precision))


def uom_is_zero(uom, quantity):
    """Tell whether `quantity` is nothing beyond the unit's rounding."""
    return float_is_zero(quantity, precision_rounding=uom.rounding)


def uom_compare(uom, one, other):
    """Compare two quantities in the unit's rounding: -1, 0 or 1."""
    return float_compare(one, other, precision_rounding=uom.rounding)


def ask_to_run_again(cr):
    """End this transaction with a serialization failure: Odoo then runs the request again."""
    cr.execute("DO $$ BEGIN RAISE EXCEPTION 'changed meanwhile' USING ERRCODE = '40001'; END $$", log_exceptions=False)
