from odoo import models


class ProductCategory(models.Model):
    _inherit = "product.category"

    def action_revalue_to_vendor_price(self, post=False):
        """Revalue the stock of these categories, and of those below, to the vendors' prices."""
        self.env["stock.revaluation.journal"]._check_may_revalue(self)
        return self.env["stock.revaluation.journal"]._revalue_by_action("vendor", post, categ_ids=self.ids)

    def action_write_down_to_realisable_value(self, post=False, deduction_percent=None):
        """Write the stock of these categories down to its net realisable value, where that is lower."""
        self.env["stock.revaluation.journal"]._check_may_revalue(self)
        return self.env["stock.revaluation.journal"]._write_down_by_action(post, deduction_percent, categ_ids=self.ids)


class ProductProduct(models.Model):
    _inherit = "product.product"

    def action_revalue_to_vendor_price(self, post=False):
        """Revalue the stock of these products to the vendors' prices."""
        self.env["stock.revaluation.journal"]._check_may_revalue(self)
        return self.env["stock.revaluation.journal"]._revalue_by_action("vendor", post, product_ids=self.ids)

    def action_write_down_to_realisable_value(self, post=False, deduction_percent=None):
        """Write the stock of these products down to its net realisable value, where that is lower.

        Units: `deduction_percent` of the sales price is what it costs to sell; None: the system
        parameter *stock_revaluation_journal.selling_cost_percent*.
        """
        self.env["stock.revaluation.journal"]._check_may_revalue(self)
        return self.env["stock.revaluation.journal"]._write_down_by_action(
            post, deduction_percent, product_ids=self.ids
        )


class ProductTemplate(models.Model):
    _inherit = "product.template"

    def action_revalue_to_vendor_price(self, post=False):
        """Revalue the stock of all variants to the vendors' prices."""
        self.env["stock.revaluation.journal"]._check_may_revalue(self)
        return self._all_variants().action_revalue_to_vendor_price(post=post)

    def action_write_down_to_realisable_value(self, post=False, deduction_percent=None):
        """Write the stock of all variants down to its net realisable value, where that is lower."""
        self.env["stock.revaluation.journal"]._check_may_revalue(self)
        return self._all_variants().action_write_down_to_realisable_value(
            post=post, deduction_percent=deduction_percent
        )

    def _all_variants(self):
        """Return the variants, archived ones included: their stock is revalued as well."""
        return self.with_context(active_test=False).product_variant_ids
