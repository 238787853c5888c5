"""What products cost by their bills of materials, through all levels, in a few queries for any number of them.

What a single bill comes to is Odoo's own figure, that of its button *Compute Price from BoM*: components, operations,
by-products and subcontractors count as they do in each series. Here is what Odoo has not: the levels below, lowest
first, and other costs of components than those that the products have now.
"""

from collections import namedtuple

from odoo import models

from .. import compat
from ..engine.rollup import lowest_first

# The bill that prices a product, or has it as a by-product, and the ids of what goes into this variant.
Bill = namedtuple("Bill", "bom is_byproduct parts")


class StockRevaluationValuation(models.AbstractModel):
    _inherit = "stock.revaluation.valuation"

    def _roll_up(self, product_ids, fixed, settle):
        """Return what products cost once all that goes into them has been rolled up.

        Shape: `fixed` {product id: unit cost} of what is not taken apart; `settle(product id, cost)` returns the
        cost with which a product goes into others. Returns ({product id: cost}, {product id: circle}) of
        `product_ids` and of everything below that has a bill; a circle is a tuple of product ids.
        """
        compat.flush(self.env)
        bills = self._find_bills(product_ids, fixed)
        order, circles = lowest_first({product_id: bill.parts for product_id, bill in bills.items()})
        lines = self.env["mrp.bom.line"].sudo()
        lines = lines.browse([line_id for bill in bills.values() for line_id in bill.bom.bom_line_ids.ids])
        products, costs = self._bill_products(set(fixed).union(bills)), {}
        try:
            # Odoo looks for the bill of every component, up to 14.0 one by one, to find that nobody asks for it
            self._assume(lines, "child_bom_id", None)
            for product in products.browse(fixed):
                self._assume(product, "standard_price", self._cost(fixed[product.id]))
            for product in products.browse(order):
                cost = self._bill_cost(product, bills[product.id])
                if cost is not None:
                    costs[product.id] = cost
                    self._assume(product, "standard_price", self._cost(settle(product.id, cost)))
        finally:
            compat.forget(products, ["standard_price"])
            compat.forget(lines, ["child_bom_id"])
        return costs, circles

    def _bill_cost(self, product, bill):
        """Return what Odoo's button would make of the product's cost, None where it would leave it."""
        if bill.is_byproduct:
            return product._compute_bom_price(bill.bom, byproduct_bom=True) or None
        return product._compute_bom_price(bill.bom)

    def _assume(self, records, name, value):
        """Let the field have this value until it is forgotten: in the cache alone, nothing is written."""
        self.env.cache.update(records, records._fields[name], [value] * len(records))

    def _bill_products(self, ids):
        return self.env["product.product"].sudo().with_company(self.env.company).browse(ids)

    def _find_bills(self, product_ids, fixed):
        """Return {product id: Bill} of the products and of what goes into them, level by level."""
        bills, seen, level = {}, set(fixed).union(product_ids), self._bill_products(product_ids)
        while level:
            found = self._bills_of(level)
            bills.update(found)
            below = {part for bill in found.values() for part in bill.parts} - seen
            seen |= below
            level = self._bill_products(below)
        return bills

    def _bills_of(self, products):
        """Return {product id: Bill}, without the products that have none."""
        own = compat.find_boms(products, self.env.company)
        bills = {product.id: Bill(bom, False, self._parts(bom, product)) for product, bom in own.items()}
        for product, bom in self._byproduct_boms(products.filtered(lambda each: each.id not in bills)).items():
            bills[product.id] = Bill(bom, True, self._parts(bom, product))
        return bills

    def _parts(self, bom, product):
        return [line.product_id.id for line in bom.bom_line_ids if not line._skip_bom_line(product)]

    def _byproduct_boms(self, products):
        """Return {product: the first bill that it is a by-product of}, where by-products share the cost (from 15.0)."""
        Byproduct = products.env["mrp.bom.byproduct"]
        if not products or "cost_share" not in Byproduct._fields:
            return {}
        domain = [
            ("byproduct_ids.product_id", "in", products.ids),
            ("company_id", "in", [False, self.env.company.id]),
        ]
        found = {}
        for bom in products.env["mrp.bom"].search(domain, order="sequence, product_id, id"):
            for product in bom.byproduct_ids.product_id & products:
                found.setdefault(product, bom)
        return found
