"""The goods of the demonstration: what is bought at which price, and how it comes in and goes out.

Everything goes the way that users take: purchase order, receipt, bill, delivery, by the builders of the tests
(`tests/odoo/revaluation_books.py`, `revaluation_moves.py`), which know how each series wants it.
"""

from collections import namedtuple

from revaluation_books import BooksBuilders
from revaluation_moves import MoveBuilders

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
# Where the chart proposes none
ACCOUNTS = {
    "property_stock_valuation_account_id": "110100",
    "property_stock_account_input_categ_id": "110200",
    "property_stock_account_output_categ_id": "110300",
}


class Warehouse(BooksBuilders, MoveBuilders):
    """A company's warehouse, its vendor and customer, in the hands of one user."""

    suffix = ""

    @classmethod
    def set_up(cls, env):
        """Work in the environment's company, as its user; return the class."""
        company = env.company
        cls.env, cls.company, cls.currency = env, company, company.currency_id
        cls.warehouse = env["stock.warehouse"].search([("company_id", "=", company.id)], limit=1)
        cls.stock_location = cls.warehouse.lot_stock_id
        cls.customer_location = env.ref("stock.stock_location_customers")
        journals = [("type", "=", "purchase"), ("company_id", "=", company.id)]
        cls.purchase_journal = env["account.journal"].search(journals, limit=1)
        cls.vendor = env["res.partner"].create({"name": "Demo Wholesale"})
        cls.customer = env["res.partner"].create({"name": "Demo Retail"})
        cls.costing = {method: cls._create_category(method) for method in METHOD_NAMES}
        return cls

    @classmethod
    def _create_category(cls, method):
        """Create a category in automated valuation, with the accounts that the company's chart proposes."""
        category = cls.env["product.category"].create({"name": "Revaluation demo, %s" % METHOD_NAMES[method]})
        # in this order: switching the valuation clears the accounts in 16.0 and 17.0
        category.write({"property_cost_method": method, "property_valuation": "real_time"})
        for name, code in ACCOUNTS.items():
            if name in category._fields and not category[name]:
                category[name] = cls.env["account.account"].search([("code", "=", code)], limit=1)
        return category

    @classmethod
    def create_products(cls):
        """Create the articles' products; return {code: product}, Odoo's own demo products included."""
        by_lot = {"tracking": "lot", "lot_valuated": True}
        more = {LOT_ARTICLE: by_lot} if "lot_valuated" in cls.env["product.template"]._fields else {}
        products = {}
        for article in (*ARTICLES, *more):
            names = dict(more.get(article, {}), name=article.name, default_code=article.code)
            products[article.code] = cls.create_product(cost=article.cost, categ=cls.costing[article.method], **names)
        found = cls.env["product.product"].search([("default_code", "in", ODOO_CODES)], order="default_code")
        return dict(products, **{product.default_code: product for product in found})

    @classmethod
    def buy_all(cls, products):
        """Order, receive and bill everything: the first purchase of each article, then the second.

        Return the receipts and the bills.
        """
        receipts, bills = cls.env["stock.move"], cls.env["account.move"]
        for turn in (0, 1):
            received = []
            for product, quantity, price in _purchases(products, turn):
                by_lot = product.default_code == LOT_ARTICLE.code
                lot = cls.create_lot(product, "LOT-%d" % (turn + 1)) if by_lot else None
                received.append((cls.receive(product, quantity, price, lot=lot), price, None))
                receipts |= received[-1][0]
            bills |= cls.bill_all(received)
        return receipts, bills

    @classmethod
    def deliver_all(cls, products):
        """Deliver what the articles say; return the pickings."""
        moves = [cls.deliver(products[each.code], each.delivered) for each in ARTICLES if each.delivered]
        return cls.env["stock.move"].concat(*moves).picking_id


def _purchases(products, turn):
    """Yield (product, quantity, price) of the first (0) or second (1) purchase."""
    for article in (*ARTICLES, LOT_ARTICLE):
        if article.code in products and len(article.buys) > turn:
            yield (products[article.code], *article.buys[turn])
    for code in ODOO_CODES if turn == 0 else ():
        if code in products:
            yield products[code], ODOO_QUANTITY, products[code].standard_price
