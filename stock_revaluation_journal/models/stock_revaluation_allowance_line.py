from odoo import _, api, fields, models

from .. import tools
from ..engine.rounding import round_to
from ..valuation.shapes import Position
from .stock_revaluation_journal import ACCOUNTING_GROUPS


class StockRevaluationJournalLine(models.Model):
    _inherit = "stock.revaluation.journal.line"

    posting = fields.Selection(related="reason_id.posting", string="Posted To")
    allowance_booked = fields.Monetary(
        "Allowance Booked",
        readonly=True,
        copy=False,
        help="What the allowance account holds for the product: the sum of the lines posted on it so far.",
    )
    allowance_required = fields.Monetary(
        "Allowance Required",
        compute="_compute_allowance_required",
        store=True,
        help="What the inventory value exceeds the new value (net realisable value) by. Posted is the difference to"
        " what is booked.",
    )
    allowance_released = fields.Monetary(
        "Released by Issue",
        readonly=True,
        copy=False,
        help="What of the allowance booked belonged to goods that had left; the rest of the change is a write-down or a"
        " reversal.",
    )
    allowance_account_id = fields.Many2one(
        "account.account",
        "Allowance Account",
        readonly=True,
        copy=False,
        index=True,
        ondelete="restrict",
        groups=ACCOUNTING_GROUPS,
        help="The account on which the line was posted, instead of the value of the stock.",
    )

    def _books_allowance(self):
        return self.journal_id._books_allowance()

    @api.depends("value_revalued", "value_calculated", "reason_id.posting")
    def _compute_allowance_required(self):
        for line in self:
            above = line.value_calculated - line.value_revalued if line._books_allowance() else 0.0
            line.allowance_required = float(round_to(max(0.0, above), line.currency_id.rounding or 0.01))

    @api.depends("allowance_booked", "allowance_required", "reason_id.posting")
    def _compute_amount(self):
        """Post what is required less what is booked: negative where the allowance grows."""
        super()._compute_amount()
        for line in self.filtered(lambda line: line._books_allowance()):
            amount = line.allowance_booked - line.allowance_required
            line.amount = float(round_to(amount, line.currency_id.rounding or 0.01))
            line.direction = "increase" if line.amount > 0 else "decrease" if line.amount < 0 else "none"
            line.amount_percent = 100.0 * amount / line.value_calculated if line.value_calculated else 0.0

    @api.depends("reason_id.posting")
    def _compute_rounding_difference(self):
        super()._compute_rounding_difference()
        self.filtered(lambda line: line._books_allowance()).rounding_difference = 0.0

    # ------------------------------------------------------------------ figures

    @api.model
    def _create_protected(self, vals_list):
        lines = super()._create_protected(vals_list)
        lines._refresh_booked()
        return lines

    @api.model
    def _create_from_positions(self, journal, positions):
        lines = super()._create_from_positions(journal, positions)
        if journal._books_allowance():
            lines._refresh_booked()
        return lines

    def _refresh_booked(self):
        """Take what is booked for the products; return the lines where that had changed.

        Where nothing was entered the new value is what the allowance leaves: such a line changes nothing, unless more
        is booked than the stock is worth.
        """
        changed = self.browse()
        for journal in self.journal_id:
            lines = self.filtered(lambda line, journal=journal: line.journal_id == journal and line.state == "draft")
            booked = journal._read_booked(lines.product_id.ids) if journal._books_allowance() else {}
            for line in lines:
                amount = booked.get(line.product_id.id, 0.0)
                if line.currency_id.is_zero(amount - line.allowance_booked):
                    continue
                vals = {"allowance_booked": amount}
                if not line.entered:
                    left = max(0.0, line.value_calculated - amount)
                    vals.update(line._entry_values(line._figures(), "value", left), entered=False)
                line._write_protected(vals)
                changed |= line
        return changed

    def _compare_with_books(self):
        """The allowance counts too; that of a product no longer in stock stays a position, of nothing."""
        compared = super()._compare_with_books()
        for journal in self.env["stock.revaluation.journal"].browse({row[0]["journal_id"] for row in compared}):
            if journal._books_allowance():
                own = [row[0]["product_id"] for row in compared if row[0]["journal_id"] == journal.id]
                booked = journal._read_booked(own)
                compared = [
                    self._compare_allowance(journal, booked, *row) if row[0]["journal_id"] == journal.id else row
                    for row in compared
                ]
        return compared

    def _compare_allowance(self, journal, booked, figures, position, product, differs):
        if not position:
            position = Position(self._vals_key(figures), 0.0, 0.0, 0.0)
            differs = self._differs(figures, position, product, journal.currency_id)
        change = booked.get(figures["product_id"], 0.0) - figures["allowance_booked"]
        return figures, position, product, differs or not journal.currency_id.is_zero(change)

    def _refresh(self):
        changed = super()._refresh()
        booking = self.filtered(lambda line: line._books_allowance() or line.allowance_booked)
        return changed | booking._refresh_booked()

    def _entry_values(self, figures, entered, number):
        """Under an allowance the cost, which standard cost snaps to, stays; without stock there is no value."""
        journal = self.journal_id or self.env["stock.revaluation.journal"].browse(figures.get("journal_id"))
        if journal._books_allowance():
            if not figures["quantity"]:
                return {"unit_cost_revalued": 0.0, "value_revalued": 0.0, "entered": entered}
            figures = dict(figures, cost_method=None)
        return super()._entry_values(figures, entered, number)

    # ------------------------------------------------------------------ posting

    def _posts_entry(self, seam):
        return self._books_allowance() or super()._posts_entry(seam)

    def _get_value_change(self):
        return 0.0 if self._books_allowance() else super()._get_value_change()

    def _get_change_text(self):
        if not self._books_allowance():
            return super()._get_change_text()
        return _(
            "allowance %(old)s to %(new)s",
            old=tools.format_amount(self.env, self.allowance_booked, self.currency_id),
            new=tools.format_amount(self.env, self.allowance_required, self.currency_id),
        )

    def _get_reversed_value(self, amount):
        if not self._books_allowance():
            return super()._get_reversed_value(amount)
        return max(0.0, self.value_calculated - max(0.0, self.allowance_booked + amount))
