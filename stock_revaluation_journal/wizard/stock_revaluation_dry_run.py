from odoo import api, fields, models
from odoo.exceptions import UserError


class StockRevaluationDryRun(models.TransientModel):
    """What a revaluation rule would change: computed for the screen, never saved."""

    _name = "stock.revaluation.dry.run"
    _inherit = "stock.revaluation.guard"
    _description = "Dry Run of a Revaluation Rule"

    _writable = {"new": ("rule_id",), "saved": ()}
    _guard_documents = ("rule_id",)

    rule_id = fields.Many2one("stock.revaluation.rule", "Rule", readonly=True, help="The rule that is tried.")
    item_count = fields.Integer(
        "Products in Stock", compute="_compute_preview", help="Products that the rule looks at."
    )
    change_count = fields.Integer("Products That Change", compute="_compute_preview", help="Products it would revalue.")
    preview = fields.Html(
        "Changes", compute="_compute_preview", sanitize=False, help="Before and after, product by product."
    )
    missing = fields.Text("Without a New Cost", compute="_compute_preview", help="These products stay as they are.")
    problem = fields.Text("Problem", compute="_compute_preview", help="Why the rule would fail.")

    @api.depends("rule_id")
    def _compute_preview(self):
        for trial in self:
            rule = trial.rule_id._origin
            changes, missing, items, trial.problem = [], {}, [], False
            try:
                if rule:
                    changes, missing, items = rule._get_changes()
            except UserError as error:
                trial.problem = str(error)
            trial.item_count, trial.change_count = len(items), len(changes)
            trial.preview = rule._render_suggestions(changes, rule.company_id) if changes else False
            trial.missing = rule._name_missing(items, missing)
