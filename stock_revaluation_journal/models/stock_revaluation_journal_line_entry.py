import math

from odoo import _, api, models
from odoo.exceptions import UserError

from .. import compat
from ..engine import rounding
from .stock_revaluation_journal_line import COST_DIGITS, ENTRY_FIELDS, POSITION_NAMES

# Numbers of more digits are not kept exactly.
DIGITS_KEPT = 10**15
# What the arithmetic of an entry needs to know of a line, see `_figures`.
FIGURES_OF_ENTRY = ("product_id", "quantity", "cost_method", "journal_id")


class StockRevaluationJournalLine(models.Model):
    """The entry: a new unit cost or a new total, and the other one that follows from it."""

    _inherit = "stock.revaluation.journal.line"

    @api.onchange("unit_cost_revalued")
    def _onchange_unit_cost_revalued(self):
        if self.quantity and not self._agrees():
            self.update(self._entry_values(self._figures(), "unit_cost", self.unit_cost_revalued))

    @api.onchange("value_revalued")
    def _onchange_value_revalued(self):
        if self.quantity and not self._agrees():
            self.update(self._entry_values(self._figures(), "value", self.value_revalued))

    def _agrees(self):
        step, digits = self.currency_id.rounding, self._cost_digits(self.cost_method)
        for name, entered in ENTRY_FIELDS.items():
            self._check_size(self._figures(), entered, self[name], step, digits)
        return rounding.agree(self.value_revalued, self.unit_cost_revalued, self.quantity, step, digits)

    def _enter(self, entries):
        """Enter a unit cost or a total on many lines, checked once.

        Shape: `entries` {line id: {"unit_cost": x} or {"value": x}}, for lines among `self`.
        Raises: UserError if a line may not be changed, or a number is none or below zero.
        """
        self._check_open()
        self._write_entries(entries)

    def _write_entries(self, entries):
        """Enter what `_enter` has checked."""
        fields_by_name = {entered: field for field, entered in ENTRY_FIELDS.items()}
        found = self.browse([line_id for line_id in self.ids if line_id in entries])._read_rows(*FIGURES_OF_ENTRY)
        for journal in self.env["stock.revaluation.journal"].browse({figures["journal_id"] for figures in found}):
            rows = []
            for figures in found:
                if figures["journal_id"] == journal.id:
                    known = dict(figures, rounding=journal.currency_id.rounding)
                    entry = {fields_by_name[name]: number for name, number in entries[figures["id"]].items()}
                    entered = self.browse()._complete(dict(known), entry, None)
                    rows.append({name: value for name, value in entered.items() if name == "id" or name not in known})
            self._update_rows(journal, rows)

    def _entries(self, vals):
        """Take the entered numbers out of `vals` and return them as {field: number}."""
        return {name: vals.pop(name) for name in ENTRY_FIELDS if name in vals}

    def _complete_entry(self, vals):
        """Return `vals` with both figures of the entry, for this one line."""
        self.ensure_one()
        vals = dict(vals)
        entry = self._entries(vals)
        entered = vals.pop("entered", None)
        for name in POSITION_NAMES:
            vals.pop(name, None)
        return self._complete(vals, entry, entered)

    def _complete(self, vals, entry, entered):
        """Add to `vals` what `entry` ({field: number}) means; `entered` says which came last, if known.

        Raises: UserError if a number is none or below zero, or the two contradict each other.
        """
        figures = dict(self._figures() if self else {}, **vals)
        # What was typed comes first: the form sends both, and a message has to name the wrong one
        names = sorted(entry, key=lambda name: ENTRY_FIELDS[name] != entered)
        entry = {name: self._number(name, entry[name], figures) for name in names}
        if entered and not entry and entered != (self and self.entered):
            raise UserError(
                _("Which of the two was entered follows from the new unit cost or total: give one of them.")
            )
        if len(entry) == 2:
            entered = self._entered_last(entry, entered, figures)
        elif entry:
            entered = ENTRY_FIELDS[next(iter(entry))]
        if entry:
            number = entry["unit_cost_revalued" if entered == "unit_cost" else "value_revalued"]
            vals.update(self._entry_values(figures, entered, number))
        return vals

    def _entered_last(self, entry, entered, figures):
        """Return which of two numbers given in one call was the entry; they must say the same."""
        unit_cost, value = entry["unit_cost_revalued"], entry["value_revalued"]
        step, digits = self._step(figures), self._cost_digits(figures.get("cost_method"))
        if not rounding.agree(value, unit_cost, figures["quantity"], step, digits):
            raise UserError(
                _(
                    "%(product)s: %(quantity)s at a unit cost of %(unit_cost)s are not worth %(value)s."
                    " Give one of the two, or two that agree.",
                    product=self._product_name(figures),
                    quantity=figures["quantity"],
                    unit_cost=unit_cost,
                    value=value,
                )
            )
        exact = rounding.value_of(figures["quantity"], unit_cost, step) == rounding.round_to(value, step)
        return (entered or "unit_cost") if exact else "value"

    def _entry_values(self, figures, entered, number):
        """Return both figures that an entry makes.

        Units: `number` a unit cost or a total, company currency; `figures` holds quantity,
        cost_method and company of the line.
        Standard cost that Odoo stores rounded *is* the value: a total snaps to what it gives.
        """
        quantity, step = figures["quantity"], self._step(figures)
        digits = self._cost_digits(figures.get("cost_method"))
        self._check_size(figures, entered, number, step, digits)
        if not quantity:
            self._check_entry_without_stock(figures, entered, number)
        if entered == "unit_cost":
            unit_cost = rounding.round_to(number, 10**-digits)
        else:
            unit_cost = rounding.unit_cost_of(number, quantity, digits)
        if entered == "unit_cost" or self._cost_is_value(figures.get("cost_method")):
            value = rounding.value_of(quantity, unit_cost, step)
        else:
            value = rounding.round_to(number, step)
        return {"unit_cost_revalued": float(unit_cost), "value_revalued": float(value), "entered": entered}

    def _check_size(self, figures, entered, number, step, digits):
        """Raise UserError if the entry, or the figure that follows from it, has more digits than are kept exactly."""
        quantity = figures["quantity"]
        if entered == "unit_cost":
            unit_cost, value = float(number), float(number) * quantity
        else:
            unit_cost, value = float(number) / quantity if quantity else 0.0, float(number)
        if not (abs(value) / step < DIGITS_KEPT and abs(unit_cost) * 10**digits < DIGITS_KEPT):
            raise UserError(
                _(
                    "%(product)s: %(number)s is too large: unit cost and total are kept with 15 digits, decimals"
                    " included.",
                    product=self._product_name(figures),
                    number=number,
                )
            )

    def _number(self, name, number, figures):
        """Return `number` as a float from zero up."""
        try:
            number = float(number or 0.0)
        except (TypeError, ValueError):
            number = math.nan
        if not math.isfinite(number) or number < 0:
            raise UserError(
                _(
                    "%(product)s: %(field)s must be a number from zero up.",
                    product=self._product_name(figures),
                    field=self._fields[name].string,
                )
            )
        return number

    def _figures(self):
        """Return what the arithmetic needs to know of this line."""
        self.ensure_one()
        return {
            "product_id": self.product_id.id,
            "quantity": self.quantity,
            "cost_method": self.cost_method,
            "journal_id": self.journal_id.id,
        }

    def _step(self, figures):
        if "rounding" in figures:
            return figures["rounding"]
        journal = self.journal_id or self.env["stock.revaluation.journal"].browse(figures.get("journal_id"))
        return journal.currency_id.rounding

    def _cost_is_value(self, cost_method):
        return compat.COST_IS_ROUNDED and cost_method == "standard"

    def _cost_digits(self, cost_method):
        """Decimals of a unit cost: the journal's own, or the product cost's where that is the value."""
        return self._price_digits() if self._cost_is_value(cost_method) else self._digits(COST_DIGITS)

    def _price_digits(self):
        return self._digits("Product Price")

    def _digits(self, name):
        return self.env["decimal.precision"].precision_get(name)
