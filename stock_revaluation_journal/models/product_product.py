from odoo import api, fields, models

from .. import compat
from ..valuation.shapes import Key
from .stock_revaluation_reason import WRITE_DOWN_KINDS


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

    write_down_left = fields.Monetary(
        "Write-Downs Left",
        compute="_compute_write_down_left",
        currency_field="cost_currency_id",
        help="What is left, in the company, of write-downs of the stock, allowances included.",
    )

    @api.depends_context("company", "uid")
    def _compute_write_down_left(self):
        """Add up what is left of write-downs and what is booked as allowance; nothing for users without access."""
        self.write_down_left = 0.0
        Journal = self.env["stock.revaluation.journal"]
        if not self.ids or not compat.has_access(Journal, "read"):
            return
        company = self.env.company
        Journal = Journal.sudo().with_context(allowed_company_ids=company.ids).with_company(company)
        keys = {product: Key(product.id, False, False) for product in self._origin}
        left = Journal._get_write_downs_left(list(keys.values()))
        booked = Journal._sum_allowances(company, product_ids=self.ids)
        for product in self:
            key = keys.get(product._origin)
            product.write_down_left = left.get(key, 0.0) + booked.get(product._origin.id, 0.0)

    def action_view_write_downs(self):
        """Open the posted write-downs of the products, and what took them back."""
        self.env["stock.revaluation.journal.line"]._check_may_see(self)
        action = self.action_view_revaluations()
        action["domain"] = action["domain"] + [("reason_id.kind", "in", WRITE_DOWN_KINDS)]
        return action

    def action_view_revaluations(self):
        """Open the posted revaluation lines of the products."""
        Line = self.env["stock.revaluation.journal.line"]
        Line._check_may_see(self)
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

    write_down_left = fields.Monetary(
        "Write-Downs Left",
        compute="_compute_write_down_left",
        currency_field="cost_currency_id",
        help="What is left, in the company, of write-downs of the stock, allowances included.",
    )

    def _compute_revaluation_count(self):
        for template in self:
            template.revaluation_count = sum(template.product_variant_ids.mapped("revaluation_count"))

    def _compute_write_down_left(self):
        for template in self:
            template.write_down_left = sum(template.product_variant_ids.mapped("write_down_left"))

    def action_view_write_downs(self):
        """Open the posted write-downs of the template's variants."""
        self.env["stock.revaluation.journal.line"]._check_may_see(self)
        return self.with_context(active_test=False).product_variant_ids.action_view_write_downs()

    def action_view_revaluations(self):
        """Open the posted revaluation lines of the template's variants."""
        self.env["stock.revaluation.journal.line"]._check_may_see(self)
        return self.with_context(active_test=False).product_variant_ids.action_view_revaluations()

    def action_revalue(self):
        """Prepare a revaluation journal with the figures of the templates' variants."""
        self.env["stock.revaluation.journal"]._check_may_revalue(self)
        return self.with_context(active_test=False).product_variant_ids.action_revalue()
