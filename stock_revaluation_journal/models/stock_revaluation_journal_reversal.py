from odoo import _, fields, models
from odoo.exceptions import UserError



class StockRevaluationJournal(models.Model):
    """Reversing: a draft journal that takes the amounts back, as far as the stock is still there."""

    _inherit = "stock.revaluation.journal"

    def action_reverse(self):
        """Prepare the reversal of a posted journal and open it.

        Each line takes back its amount, scaled to the quantity still in stock; what left in between
        took its share along. Raises UserError where nothing is left.
        """
        self.ensure_one()
        self._check_may_post()
        if self.state != "posted":
            raise UserError(_("%s is not posted: there is nothing to reverse.") % self.name)
        amounts, positions = self._get_amounts_to_reverse()
        if not amounts:
            raise UserError(
                _("Nothing to reverse in %s: its amounts are reversed already, or none of the stock it revalued is left.")
                % self.name
            )
        reversal = self._create_documents([self._prepare_reversal_vals()])
        by_key = {line._key(): amount for line, amount in amounts.items()}
        lines = self.env["stock.revaluation.journal.line"]._create_from_positions(reversal, positions)
        for line in lines:
            line.write({"value_revalued": max(0.0, line.value_calculated - by_key[line._key()])})
        self.message_post(body=_("Reversal prepared: %s") % reversal.name)
        reversal.message_post(body=_("Reversal of %s") % self.name)
        return reversal._window(_("Reversal"), self._name, reversal)

    def _prepare_reversal_vals(self):
        """Return the values of the reversing journal."""
        return {
            "reversed_journal_id": self.id,
            "company_id": self.company_id.id,
            "reason_id": self.reason_id.id,
            "description": _("Reversal of %s") % self.name,
            "account_journal_id": self.account_journal_id.id,
            "counterpart_account_id": self.counterpart_account_id.id,
            "entry_grouping": self.entry_grouping,
            "date": max(self.date, fields.Date.context_today(self)),
        }

    def _get_amounts_to_reverse(self):
        """Return ({line: amount still in stock}, [Position of those lines])."""
        lines = self.line_ids.filtered(lambda line: line.state == "posted")
        seam = self._seam().sudo()
        positions = seam._read_keys([line._key() for line in lines])
        old_quantities = seam._read_old_quantities(lines.product_id.sudo(), self.posted_at)
        reversed_keys = self.reversal_journal_ids.line_ids.mapped(lambda line: line._key())
        amounts, kept = {}, []
        for line in lines:
            key = line._key()
            position = positions.get(key)
            if not position or key in reversed_keys:
                continue
            left = position.quantity
            if not key.lot_id and not key.layer_id:
                left = min(left, old_quantities.get(key.product_id, left))
            amount = self.currency_id.round(line.amount * min(1.0, left / line.quantity))
            if not self.currency_id.is_zero(amount):
                amounts[line] = amount
                kept.append(position)
        return amounts, kept
