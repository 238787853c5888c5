from odoo import _, models


class StockRevaluationJournal(models.Model):
    """Write-downs and their reversals: what the kind of a reason allows."""

    _inherit = "stock.revaluation.journal"

    def _get_line_problems(self, lines):
        return super()._get_line_problems(lines) + self._check_kind(lines)

    def _check_kind(self, lines):
        """Kind and amount agree; a document that takes another one back goes the other way."""
        reason = self.reason_id
        if self.reversed_journal_id or not reason:
            return []
        if reason.kind == "write_down" and reason.posting == "cost":
            wrong = lines.filtered(lambda line: line.amount > 0)
            text = _(
                "%s is a reason for write-downs, and these lines raise the value. Enter a lower one, or choose a reason"
                " of the kind Reversal of a write-down or Correction:",
                reason.display_name,
            )
        elif reason.kind == "write_down_reversal":
            wrong = lines.filtered(lambda line: line.amount < 0)
            text = _(
                "%s is a reason for reversals of write-downs, and these lines lower the value. Enter a higher one, or"
                " choose a reason of the kind Write-down or Correction:",
                reason.display_name,
            )
        elif reason.kind == "standard_cost":
            wrong = lines.filtered(lambda line: line.cost_method != "standard")
            text = _(
                "%s is a reason for new standard costs, and these products are not under standard cost. Take them out,"
                " or choose a reason of another kind:",
                reason.display_name,
            )
        else:
            return []
        return [text + "\n" + self._name_lines(wrong)] if wrong else []
