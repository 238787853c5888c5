from odoo import fields, models


class StockRevaluationPreview(models.TransientModel):
    """What posting a journal would write, to be read before it is done."""

    _name = "stock.revaluation.preview"
    _inherit = "stock.revaluation.guard"
    _description = "Preview of a Revaluation"

    _writable = {"new": ("journal_id",), "saved": ()}
    _guard_documents = ("journal_id",)

    journal_id = fields.Many2one(
        "stock.revaluation.journal", "Journal", required=True, ondelete="cascade", help="The journal that is previewed."
    )
    state = fields.Selection(related="journal_id.state")
    content = fields.Html(
        "Preview",
        readonly=True,
        sanitize=False,
        help="Costs, valuation layers and journal items as posting would write them now. Nothing has been written.",
    )

    def action_post(self):
        """Post the journal that was previewed."""
        self._check_rights("write")
        self.ensure_one()
        self.journal_id.action_post()
        return {"type": "ir.actions.act_window_close"}
