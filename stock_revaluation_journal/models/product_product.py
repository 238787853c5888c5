from odoo import _, fields, models

from .. import compat


class ProductProduct(models.Model):
    _inherit = "product.product"

    revaluation_count = fields.Integer("Revaluations", compute="_compute_revaluation_count")

    def _compute_revaluation_count(self):
        """Count the posted lines of each product; nothing for users without access to revaluations."""
        Line = self.env["stock.revaluation.journal.line"]
        counts = {}
        if compat.has_access(Line, "read"):
            Line.flush_model() if hasattr(Line, "flush_model") else Line.flush()
            query = (
                "SELECT product_id, COUNT(*) FROM stock_revaluation_journal_line"
                " WHERE state = 'posted' AND product_id = ANY(%s) AND company_id = ANY(%s) GROUP BY product_id"
            )
            self.env.cr.execute(query, [self.ids, self.env.companies.ids])
            counts = dict(self.env.cr.fetchall())
        for product in self:
            product.revaluation_count = counts.get(product.id, 0)

    def action_view_revaluations(self):
        """Open the posted revaluation lines of the products."""
        return {
            "type": "ir.actions.act_window",
            "name": _("Revaluations"),
            "res_model": "stock.revaluation.journal.line",
            "view_mode": compat.LIST,
            "domain": [("product_id", "in", self.ids), ("state", "=", "posted")],
            "context": {"create": False},
        }


class ProductTemplate(models.Model):
    _inherit = "product.template"

    revaluation_count = fields.Integer("Revaluations", compute="_compute_revaluation_count")

    def _compute_revaluation_count(self):
        for template in self:
            template.revaluation_count = sum(template.product_variant_ids.mapped("revaluation_count"))

    def action_view_revaluations(self):
        """Open the posted revaluation lines of the template's variants."""
        return self.with_context(active_test=False).product_variant_ids.action_view_revaluations()
