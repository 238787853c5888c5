from odoo import _, api, fields, models
from odoo.exceptions import UserError

from ..models.stock_revaluation_journal_steps import CALCULATE_PARAMETER


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
                    product_ids, trial.problem = trial._get_tried(rule)
                    changes, missing, items = rule._get_changes(product_ids)
            except UserError as error:
                trial.problem = str(error)
            trial.item_count, trial.change_count = len(items), len(changes)
            trial.preview = rule._render_suggestions(changes, rule.company_id) if changes else False
            trial.missing = rule._name_missing(items, missing)

    def _get_tried(self, rule):
        """Return (ids of the products to look at, None for all; what to say where more than one request reads).

        Raises: UserError where there are so many, and the rule's source has to look at all of them.
        """
        journal = rule._in_company().env["stock.revaluation.journal"]
        products = journal._find_candidates(rule.product_ids.ids, rule.categ_ids.ids)
        if not journal._are_many(products):
            return None, False
        total, count = len(products), journal._get_size(CALCULATE_PARAMETER)
        if rule._looks_at_all_lines(rule.source):
            raise UserError(_("%d products: too many to try, as this source has to look at all of them.", total))
        return products[:count].ids, _(
            "%(total)d products: too many to try at once. These are the first %(count)d of them.",
            total=total,
            count=count,
        )
