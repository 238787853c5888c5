from odoo import api, fields, models


class StockRevaluationReason(models.Model):
    """Why stock is revalued, and where the difference is booked."""

    _name = "stock.revaluation.reason"
    _description = "Revaluation Reason"
    _order = "code, name"

    name = fields.Char("Reason", required=True, translate=True, help="What the auditor reads on layers and entries.")
    code = fields.Char("Code", required=True, help="Short code, by which automations name the reason.")
    active = fields.Boolean("Active", default=True, help="Archived reasons stay on old journals and can't be chosen.")
    increase_account_id = fields.Many2one(
        "account.account",
        "Increase Account",
        company_dependent=True,
        help="Credited when the inventory value goes up. Empty: the category's expense account.",
    )
    decrease_account_id = fields.Many2one(
        "account.account",
        "Decrease Account",
        company_dependent=True,
        help="Debited when the inventory value goes down. Empty: the category's expense account.",
    )
    account_journal_id = fields.Many2one(
        "account.journal",
        "Accounting Journal",
        company_dependent=True,
        domain="[('type', '=', 'general')]",
        help="Where entries of this reason are posted. Empty: the category's stock journal.",
    )

    @api.model
    def _find(self, reason):
        """Return the reason given as a record, an id or a code; empty if it is falsy or unknown."""
        if isinstance(reason, models.BaseModel):
            return reason
        if isinstance(reason, int) and reason:
            return self.browse(reason).exists()
        return self.search([("code", "=", reason)], limit=1) if reason else self
