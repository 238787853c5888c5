from odoo import fields, models

from .. import compat


class ProductProduct(models.Model):
    _inherit = "product.product"

    revaluation_count = fields.Integer(
        "Revaluations",
        compute="_compute_revaluation_count",
        help="Posted lines of revaluation journals that changed its value.",
    )

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
        Line = self.env["stock.revaluation.journal.line"]
        Line._check_rights("read")
        Line._check_access_to(self, "read")
        domain = [("product_id", "in", self.ids), ("state", "=", "posted")]
        return Line._window(domain)

    def action_revalue(self):
        """Prepare a revaluation journal with the figures of these products."""
        self.env["stock.revaluation.journal"]._check_may_revalue(self)
        return self.env["stock.revaluation.journal"]._prepare_for(self.env.company, self)


class ProductTemplate(models.Model):
    _inherit = "product.template"

    revaluation_count = fields.Integer(
        "Revaluations",
        compute="_compute_revaluation_count",
        help="Posted lines of revaluation journals that changed its value.",
    )

    def _compute_revaluation_count(self):
        for template in self:
            template.revaluation_count = sum(template.product_variant_ids.mapped("revaluation_count"))

    def action_view_revaluations(self):
        """Open the posted revaluation lines of the template's variants."""
        self.env["stock.revaluation.journal.line"]._check_rights("read")
        return self.with_context(active_test=False).product_variant_ids.action_view_revaluations()

    def action_revalue(self):
        """Prepare a revaluation journal with the figures of the templates' variants."""
        self.env["stock.revaluation.journal"]._check_may_revalue(self)
        return self.with_context(active_test=False).product_variant_ids.action_revalue()
