from odoo import _, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import float_is_zero, plaintext2html

from ..valuation.shapes import Key
from .stock_revaluation_journal import NAMED_AT_MOST
from .stock_revaluation_journal_line import COST_DIGITS


class StockRevaluationJournal(models.Model):
    """New standard costs of products without stock: lines of quantity zero that change the cost and no value."""

    _inherit = "stock.revaluation.journal"

    also_without_stock = fields.Boolean(
        "Also Without Stock",
        copy=False,
        help="The journal takes products under standard cost that have no stock: posting sets their cost.",
    )

    def _find_positions(self, keys, date=None):
        """Return {Key: Position} of `keys` as the books have them at the end of `date`, None for the journal's.

        Products without stock are among them if the journal takes such.
        """
        seam = self._seam()
        positions = seam._read_keys(keys, self._moment(date))
        if self.also_without_stock and not self._books_allowance():
            positions.update(seam._read_cost_keys([key for key in keys if key not in positions]))
        return positions

    def _get_cost_positions(self, products, left_out):
        """Return the Positions of products whose cost alone can change, and take them out of `left_out`."""
        return [] if self._books_allowance() else self._seam()._cost_positions(products, left_out)

    def _get_costs_to_reverse(self, date, lines):
        """Return ({Key: cost before}, [Position]) of those of `lines` that changed a cost and no value.

        Where stock has come since, its value goes back with the cost.
        """
        lines = lines.filtered("sets_cost")
        costs = {line._key(): line.unit_cost_calculated for line in lines}
        positions = self.sudo()._find_positions(list(costs), date) if costs else {}
        return {key: cost for key, cost in costs.items() if key in positions}, list(positions.values())

    def _log_posting(self, count):
        """Name the products whose cost alone changed: no layer and no entry tells of them."""
        result = super()._log_posting(count)
        domain = [("journal_id", "=", self.id), ("sets_cost", "=", True), ("state", "=", "posted")]
        lines = self.env["stock.revaluation.journal.line"].search(domain)
        if lines:
            text = [_("New unit cost of %d products, without a change in value:", len(lines))]
            text += ["– " + line._describe_cost() for line in lines[:NAMED_AT_MOST]]
            if len(lines) > NAMED_AT_MOST:
                text.append(_("… and %d more", len(lines) - NAMED_AT_MOST))
            self.message_post(body=plaintext2html("\n".join(text)))
        return result


class StockRevaluationJournalLine(models.Model):
    _inherit = "stock.revaluation.journal.line"

    sets_cost = fields.Boolean(
        "Cost Only",
        compute="_compute_sets_cost",
        store=True,
        help="Posting the line sets the product's cost and changes no value: there is no stock, or too little of it.",
    )

    @api.depends(
        "amount", "cost_method", "entered", "unit_cost_revalued", "unit_cost_calculated", "lot_id", "reason_id.posting"
    )
    def _compute_sets_cost(self):
        for line in self:
            line.sets_cost = line._sets_cost_alone()

    def _sets_cost_alone(self):
        """Tell whether the new standard cost is all that posting the line changes."""
        self.ensure_one()
        change = self.unit_cost_revalued - self.unit_cost_calculated
        return (
            self.cost_method == "standard"
            and self.entered == "unit_cost"
            and not self.lot_id
            and not self.amount
            and not self._books_allowance()
            and not float_is_zero(change, precision_digits=self._digits(COST_DIGITS))
        )

    @api.model
    def _read_positions(self, product_ids, dates):
        """Let a file have products without stock, where its journal takes them."""
        positions = super()._read_positions(product_ids, dates)
        journal = self.env["stock.revaluation.journal"].browse(self.env.context.get("default_journal_id") or [])
        missing = {Key(product_id, False, False) for product_id in product_ids} - positions.keys()
        if journal and missing:
            positions.update(journal._find_positions(list(missing)))
        return positions

    def _check_entry_without_stock(self, figures, entered, number):
        """Raise UserError for a total above zero of no stock."""
        if entered == "value" and number:
            raise UserError(
                _(
                    "%s has no stock that could be worth anything: enter its new unit cost.",
                    self._product_name(figures),
                )
            )

    def _differs(self, figures, position, product, currency):
        """Tell whether the books have changed; where there is no stock, the cost counts."""
        if super()._differs(figures, position, product, currency):
            return True
        return position.unit_cost is not None and not float_is_zero(
            position.unit_cost - figures["unit_cost_calculated"], precision_digits=self._digits(COST_DIGITS)
        )

    def _describe_cost(self):
        """Say which product, and from what cost to what."""
        costs = [self._cost_text(name) for name in ("unit_cost_calculated", "unit_cost_revalued")]
        return "%s: %s → %s" % (self._get_title(), *costs)
