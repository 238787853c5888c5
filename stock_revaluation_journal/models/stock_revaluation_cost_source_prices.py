from collections import defaultdict

from odoo import models

from .. import compat, tools
from ..engine.rounding import decimal


class StockRevaluationCostSource(models.AbstractModel):
    """New costs from prices: the last receipt's, a vendor's, the sales price."""

    _inherit = "stock.revaluation.cost.source"

    def _costs_from_last_receipt(self, items, company, date, options):
        """The last goods in from a vendor or from production, at what the books paid for them."""
        seam = self.env["stock.revaluation.valuation"].with_context(allowed_company_ids=company.ids)
        products = self.env["product.product"].sudo().browse(list({item.product_id for item in items}))
        costs = seam.with_company(company)._read_receipt_costs(products, date)
        return self._by_product(items, costs)

    def _costs_from_vendor(self, items, company, date, options):
        """The vendor's price: unit and currency converted, discount taken, valid at the date."""
        products = self._products(items, company)
        sellers = self._get_sellers(products.values(), company, date, options["vendor_id"])
        costs = {}
        for item in items:
            product = products[item.product_id]
            seller = self._choose_seller(
                sellers.get(product.product_tmpl_id.id, ()), product, options["vendor_quantity"] or item.quantity
            )
            if seller:
                costs[item.key] = decimal(self._seller_price(seller, product, company, date))
        return costs

    def _costs_from_sales(self, items, company, date, options):
        """The sales price without tax, less what it costs to sell."""
        factor = 1 - decimal(options["deduction_percent"]) / 100
        prices = {}
        for product in self._products(items, company).values():
            price = self._untaxed_sales_price(product, company, date)
            if price:
                prices[product.id] = decimal(price) * factor
        return self._by_product(items, prices)

    def _get_sellers(self, products, company, date, vendor):
        """Return {template id: [vendor prices that hold at `date`, in the vendors' order]}."""
        partner = compat.seller_partner_field(self.env)
        domain = [
            ("product_tmpl_id", "in", list({product.product_tmpl_id.id for product in products})),
            ("company_id", "in", [False, company.id]),
            "|",
            ("date_start", "=", False),
            ("date_start", "<=", date),
            "|",
            ("date_end", "=", False),
            ("date_end", ">=", date),
            (partner + ".active", "=", True),
        ]
        if vendor:
            domain.append((partner, "in", (vendor | vendor.commercial_partner_id).ids))
        sellers = defaultdict(list)
        found = self.env["product.supplierinfo"].sudo().with_company(company).search(domain)
        for seller in found.sorted(lambda seller: (seller.sequence, -seller.min_qty, seller.price, seller.id)):
            sellers[seller.product_tmpl_id.id].append(seller)
        return sellers

    def _choose_seller(self, sellers, product, quantity):
        """Return the price to take: the first vendor's, and the lowest that this quantity gets."""
        partner = compat.seller_partner_field(self.env)
        fitting = [
            seller
            for seller in sellers
            if not seller.product_id or seller.product_id.id == product.id
            if self._reaches_minimum(seller, product, quantity)
        ]
        own = [seller for seller in fitting if seller[partner] == fitting[0][partner]]
        return min(own, key=lambda seller: self._discounted(seller, product)) if own else None

    def _reaches_minimum(self, seller, product, quantity):
        unit = compat.seller_unit(seller) or product.uom_id
        ordered = product.uom_id._compute_quantity(quantity, unit, round=False)
        return tools.uom_compare(unit, ordered, seller.min_qty) >= 0

    def _discounted(self, seller, product):
        """Return the price per stock unit in the vendor's currency, discount taken."""
        unit = compat.seller_unit(seller) or product.uom_id
        discount = seller.discount if "discount" in seller._fields else 0.0
        return unit._compute_price(seller.price, product.uom_id) * (1 - discount / 100.0)

    def _seller_price(self, seller, product, company, date):
        return seller.currency_id._convert(
            self._discounted(seller, product), company.currency_id, company, date, round=False
        )

    def _untaxed_sales_price(self, product, company, date, price=None, currency=None):
        """Return the sales price per stock unit in company currency, without the taxes it includes.

        Units: `price` per stock unit in `currency`, the product's own sales price if there is none.
        """
        price, currency = (product.lst_price, product.currency_id) if price is None else (price, currency)
        taxes = product.taxes_id.filtered(lambda tax: tax.company_id == company)
        if price and any(tax.price_include for tax in taxes):
            taxes = taxes.with_context(round=False)
            price = taxes.compute_all(price, currency=currency, product=product)["total_excluded"]
        return currency._convert(price, company.currency_id, company, date, round=False)
