"""The goods of the demonstration: what is bought at which price, and how it comes in and goes out.

Everything goes the way that users take: purchase order, receipt, bill, delivery. On 19.0 that is what gives a
receipt its price: one without a purchase order is valued at the product's cost.
"""

import time
from collections import namedtuple

from odoo import fields

# `buys`: (quantity, unit price) per purchase order; `cost`: standard cost set beforehand; `delivered`: quantity.
Article = namedtuple("Article", "code name method buys cost delivered")

ARTICLES = (
    Article("RJ-STD1", "Steel bracket", "standard", ((40, 12.50),), 12.50, 0),
    Article("RJ-STD2", "Door hinge", "standard", ((3, 10.00),), 10.00, 0),
    Article("RJ-AVG1", "Copper wire", "average", ((147, 3.40),), 0, 0),
    Article("RJ-AVG2", "Olive oil", "average", ((100, 4.00), (50, 5.50)), 0, 0),
    Article("RJ-FIFO1", "Coffee beans", "fifo", ((20, 1.00), (20, 10.00)), 0, 0),
    Article("RJ-FIFO2", "Mobile phone, outdated", "fifo", ((5, 5.00), (5, 10.00)), 0, 0),
    Article("RJ-FIFO3", "Spare part", "fifo", ((10, 10.00), (10, 20.00)), 0, 4),
)
# Each purchase is a lot of its own. Only where Odoo can value stock by lot (18.0 and later).
LOT_ARTICLE = Article("RJ-LOT", "Red wine", "average", ((6, 10.00), (10, 20.00)), 0, 0)
# Odoo's own demo products, bought once more: in 14.0 their first stock came in before valuation was installed.
ODOO_CODES = ("E-COM07", "E-COM08", "FURN_0269")
ODOO_QUANTITY = 10

METHOD_NAMES = {"standard": "Standard", "average": "Average", "fifo": "FIFO"}


class Warehouse:
    """A company's warehouse, its vendor and customer, in the hands of one user."""

    def __init__(self, env):
        self.env = env
        self.company = env.company
        self.warehouse = env["stock.warehouse"].search([("company_id", "=", self.company.id)], limit=1)
        self.vendor = env["res.partner"].create({"name": "Demo Wholesale"})
        self.customer = env["res.partner"].create({"name": "Demo Retail"})
        self.categories = {method: self._create_category(method) for method in METHOD_NAMES}
        self.has_lot_valuation = "lot_valuated" in env["product.template"]._fields

    # ------------------------------------------------------------------ set-up

    def _create_category(self, method):
        """Create a category in automated valuation, with the accounts that the company's chart proposes."""
        category = self.env["product.category"].create({"name": "Revaluation demo, %s" % METHOD_NAMES[method]})
        # in this order: switching the valuation clears the accounts in 16.0 and 17.0
        category.write({"property_cost_method": method, "property_valuation": "real_time"})
        for name, code in (
            ("property_stock_valuation_account_id", "110100"),
            ("property_stock_account_input_categ_id", "110200"),
            ("property_stock_account_output_categ_id", "110300"),
        ):
            if name in category._fields and not category[name]:
                category[name] = self.env["account.account"].search([("code", "=", code)], limit=1)
        return category

    def create_products(self):
        """Create the articles' products; return {code: product}, Odoo's own demo products included."""
        articles = ARTICLES + ((LOT_ARTICLE,) if self.has_lot_valuation else ())
        products = {article.code: self._create_product(article) for article in articles}
        for code in ODOO_CODES:
            found = self.env["product.product"].search([("default_code", "=", code)], limit=1)
            if found:
                products[code] = found
        _next_second()
        return products

    def _create_product(self, article):
        vals = {
            "name": article.name,
            "default_code": article.code,
            "categ_id": self.categories[article.method].id,
            "taxes_id": [(6, 0, [])],
            "supplier_taxes_id": [(6, 0, [])],
            "purchase_method": "receive",
        }
        fields_ = self.env["product.product"]._fields
        if "is_storable" in fields_:
            vals.update({"type": "consu", "is_storable": True})
        elif "detailed_type" in fields_:
            vals["detailed_type"] = "product"
        else:
            vals["type"] = "product"
        if article is LOT_ARTICLE:
            vals.update({"tracking": "lot", "lot_valuated": True})
        product = self.env["product.product"].create(vals)
        if article.cost:
            product.standard_price = article.cost
        return product

    # ------------------------------------------------------------------ in and out

    def buy_all(self, products):
        """Order, receive and bill everything: the first purchase of each article, then the second."""
        orders = []
        for turn in (0, 1):
            lines = list(_purchases(products, turn))
            orders.append(self._buy(lines, turn + 1))
        return orders

    def _buy(self, lines, number):
        """Buy [(product, quantity, price)] with one purchase order; return it received and billed."""
        order = self.env["purchase.order"].create(
            {
                "partner_id": self.vendor.id,
                "picking_type_id": self.warehouse.in_type_id.id,
                "currency_id": self.company.currency_id.id,
                "order_line": [(0, 0, self._purchase_line_vals(*line)) for line in lines],
            }
        )
        order.button_confirm()
        for move in (
            order.picking_ids.move_lines if "move_lines" in order.picking_ids._fields else order.picking_ids.move_ids
        ):
            self._fill(move, lot_name="LOT-%d" % number)
        self._validate(order.picking_ids)
        order.action_create_invoice()
        order.invoice_ids.write({"invoice_date": fields.Date.context_today(order)})
        order.invoice_ids.action_post()
        _next_second()
        return order

    def _purchase_line_vals(self, product, quantity, price):
        line_fields = self.env["purchase.order.line"]._fields
        return {
            "name": product.display_name,
            "product_id": product.id,
            "product_qty": quantity,
            "price_unit": price,
            "date_planned": fields.Datetime.now(),
            "product_uom" if "product_uom" in line_fields else "product_uom_id": product.uom_id.id,
            "taxes_id" if "taxes_id" in line_fields else "tax_ids": [(6, 0, [])],
        }

    def deliver_all(self, products):
        """Deliver what the articles say; return the pickings."""
        pickings = self.env["stock.picking"]
        for article in ARTICLES:
            if article.delivered:
                pickings |= self._deliver(products[article.code], article.delivered)
        _next_second()
        return pickings

    def _deliver(self, product, quantity):
        picking_type = self.warehouse.out_type_id
        places = {
            "location_id": self.warehouse.lot_stock_id.id,
            "location_dest_id": self.env.ref("stock.stock_location_customers").id,
        }
        picking = self.env["stock.picking"].create(
            dict(places, picking_type_id=picking_type.id, partner_id=self.customer.id)
        )
        vals = {
            "product_id": product.id,
            "product_uom": product.uom_id.id,
            "product_uom_qty": quantity,
            "picking_id": picking.id,
        }
        if "name" in self.env["stock.move"]._fields:
            vals["name"] = product.display_name
        move = self.env["stock.move"].create(dict(places, **vals))
        picking.action_confirm()
        picking.action_assign()
        self._fill(move)
        self._validate(picking)
        return picking

    def _fill(self, move, lot_name=None):
        """Enter the quantity moved, and the lot of a product that is tracked."""
        if move.product_id.tracking == "lot" and lot_name:
            move.move_line_ids.unlink()
            line = self.env["stock.move.line"].create(
                {
                    "move_id": move.id,
                    "picking_id": move.picking_id.id,
                    "product_id": move.product_id.id,
                    "product_uom_id": move.product_uom.id,
                    "location_id": move.location_id.id,
                    "location_dest_id": move.location_dest_id.id,
                    "lot_name": lot_name,
                }
            )
            line["qty_done" if "qty_done" in line._fields else "quantity"] = move.product_uom_qty
        else:
            move["quantity_done" if "quantity_done" in move._fields else "quantity"] = move.product_uom_qty
        if "picked" in move._fields:
            move.picked = True

    def _validate(self, picking):
        picking.button_validate()
        if picking.state != "done":
            raise RuntimeError("%s was not completed: it is %s" % (picking.name, picking.state))


def _purchases(products, turn):
    """Yield (product, quantity, price) of the first (0) or second (1) purchase."""
    for article in ARTICLES + (LOT_ARTICLE,):
        if article.code in products and len(article.buys) > turn:
            yield (products[article.code],) + article.buys[turn]
    if turn == 0:
        for code in ODOO_CODES:
            if code in products:
                yield products[code], ODOO_QUANTITY, products[code].standard_price


def _next_second():
    """Wait for the next second: Odoo orders stock moves and costs by whole seconds."""
    time.sleep(1.01 - time.time() % 1)
