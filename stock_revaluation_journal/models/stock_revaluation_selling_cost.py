from odoo import _, api, fields, models
from odoo.exceptions import ValidationError

from .stock_revaluation_nrv import LIMIT


class StockRevaluationByCategory(models.AbstractModel):
    """Rows that a controller keeps for product categories: the row of the nearest category holds."""

    _name = "stock.revaluation.by.category"
    _inherit = "stock.revaluation.kept"
    _description = "Kept by Product Category"
    _check_company_auto = True

    company_id = fields.Many2one(
        "res.company",
        "Company",
        required=True,
        default=lambda self: self.env.company,
        index=True,
        help="Whose stock it is for.",
    )
    active = fields.Boolean("Active", default=True, help="What is archived does not count.")

    def _get_categories(self):
        """Return the product categories that this row is for; none: all that no other row is for."""
        raise NotImplementedError

    @api.model
    def _by_category(self, categories, company, domain=()):
        """Return {category id: row} of the rows that hold for `categories`: their own, or the nearest above."""
        rows = {}
        for row in self.sudo().search([("company_id", "=", company.id)] + list(domain)):
            for category_id in row._get_categories().ids or [False]:
                rows.setdefault(category_id, row)
        found = {}
        for category in categories.sudo():
            path = [int(part) for part in (category.parent_path or "").split("/") if part] + [category.id]
            nearest = next((rows[each] for each in reversed(path) if each in rows), rows.get(False))
            if nearest:
                found[category.id] = nearest
        return found


class StockRevaluationSellingCost(models.Model):
    """What it costs to complete goods and to sell them: taken off the sales price for net realisable value."""

    _name = "stock.revaluation.selling.cost"
    _description = "Cost to Complete and to Sell"
    _inherit = "stock.revaluation.by.category"
    _order = "kind, product_id, categ_id, id"

    _settings = ("company_id", "active", "kind", "categ_id", "product_id", "percent", "amount", "note")
    _writable = {"new": _settings, "saved": _settings}

    kind = fields.Selection(
        [("complete", "To complete"), ("sell", "To sell")],
        "Kind",
        required=True,
        default="sell",
        help="Costs of both kinds are taken off. Of each kind one row holds: the product's, else the one of the"
        " nearest category, else the one without either.",
    )
    categ_id = fields.Many2one(
        "product.category",
        "Product Category",
        index=True,
        ondelete="cascade",
        help="For products of this category and of those below; empty: for all products.",
    )
    product_id = fields.Many2one(
        "product.product",
        "Product",
        index=True,
        ondelete="cascade",
        check_company=True,
        help="For this product alone.",
    )
    percent = fields.Float("% of Sales Price", digits=(16, 4), help="In per cent of the sales price without tax.")
    amount = fields.Float(
        "Amount per Unit",
        digits="Revaluation Unit Cost",
        help="In company currency per stock unit, on top of the percentage.",
    )
    note = fields.Char("Note", help="Where the figures come from: for who looks at them next year.")

    @api.constrains("percent", "amount")
    def _check_figures(self):
        for row in self:
            if not 0 <= row.percent <= 100 or not 0 <= row.amount < LIMIT:
                raise ValidationError(
                    _("%s: a cost is a percentage from 0 to 100 and an amount from zero up.", row._get_title())
                )

    @api.constrains("kind", "company_id", "categ_id", "product_id", "active")
    def _check_single(self):
        for row in self.filtered("active"):
            if row.product_id and row.categ_id:
                raise ValidationError(_("%s: choose a product or a category, not both.", row._get_title()))
            same = [(name, "=", row[name].id) for name in ("company_id", "categ_id", "product_id")]
            if self.search_count([("kind", "=", row.kind)] + same) > 1:
                raise ValidationError(
                    _(
                        "There is a row for %s already: change that one, or archive it.",
                        row._get_title(),
                    )
                )

    def _get_title(self):
        """Return what the row is for, as messages name it."""
        return self.product_id.display_name or self.categ_id.display_name or _("All products")

    def _get_categories(self):
        return self.categ_id

    @api.model
    def _get_costs(self, products, company):
        """Return {product id: [rows that hold for it]}: one of each kind at the most."""
        costs = {product.id: [] for product in products}
        for kind, _label in self._fields["kind"].selection:
            domain = [("kind", "=", kind), ("product_id", "=", False)]
            by_category = self._by_category(products.categ_id, company, domain)
            own_rows = [("kind", "=", kind), ("product_id", "in", products.ids), ("company_id", "=", company.id)]
            own = {row.product_id.id: row for row in self.sudo().search(own_rows)}
            for product in products:
                row = own.get(product.id) or by_category.get(product.categ_id.id)
                costs[product.id] += [row] if row else []
        return costs
