"""Work grows with the number of lines, statements sent to PostgreSQL hardly: ten lines against a hundred.

Where a series inserts row by row (14.0, 15.0) each new row is a statement, and that is the bound there; up to
17.0 a statement writes only rows that get the same figures. On 19.0 posting asks Odoo itself what each product is
worth, before and after, and Odoo answers one by one: the bound there is what Odoo asks per product. Calculating,
reading and editing have no such excuse.
"""

from odoo import fields
from odoo.release import version_info
from revaluation_common import RevaluationCase

FEW, MANY = 10, 100
MORE = MANY - FEW
SERIES = int(version_info[0])
# One statement inserts a hundred rows and more from 16.0 on, one row before.
ROW_BY_ROW = SERIES < 16
UPDATES_ROW_BY_ROW = SERIES < 18
# Batches (prefetching, inserts, updates) may be one more for the larger document here and there.
BATCHES = 12
# What Odoo 19.0 asks per product to value it, twice a posting: FIFO looks for its receipts; average cost replays
# receipts, deliveries and changes of cost. Standard cost is read for all at once.
ASKED_BY_ODOO = {"standard": 0, "fifo": 4, "average": 12}


class TestQueryCounts(RevaluationCase):
    """The same work on ten lines and on a hundred, counted."""

    def test_calculate_more_products_asks_no_more(self):
        """A line is inserted; nothing is read per product."""
        for method in ("standard", "average", "fifo"):
            few, many = (
                self.count(journal, lambda journal: self.fill(journal, products))
                for products, journal in self.cases(method)
            )
            self.assert_growth("calculate " + method, few, many, rows=1)

    def test_calculate_per_layer_asks_no_more(self):
        """A line per open layer is inserted, two a product; nothing is read per layer."""
        few, many = (
            self.count(journal, lambda journal: self.fill(journal, products, calculate_per="layer"))
            for products, journal in self.cases("fifo")
        )
        self.assert_growth("calculate per layer", few, many, rows=2)

    def test_post_standard_asks_in_batches(self):
        """Two journal items are inserted per line, the layers of all lines at once."""
        self.check_post("standard")

    def test_post_average_asks_in_batches(self):
        """Two journal items are inserted per line, the layers of all lines at once."""
        self.check_post("average")

    def test_post_fifo_asks_in_batches(self):
        """Two journal items are inserted per line, the layers of all lines at once."""
        self.check_post("fifo")

    def test_post_per_account_asks_in_batches(self):
        """Journal items are inserted per account, the layers of all lines at once."""
        self.check_post("average", items=0, entry_grouping="account")

    def test_post_per_product_asks_in_batches(self):
        """A journal item is inserted per product, the counterparts' are few."""
        self.check_post("average", items=1, entry_grouping="valuation")

    def test_refresh_changed_lines_asks_no_more(self):
        """Reading the figures again and writing what changed."""
        few, many = (
            self.count(self.after_receipts(journal), lambda journal: journal.action_refresh())
            for _products, journal in self.filled("average")
        )
        self.assert_growth("refresh", few, many, asked=1 if UPDATES_ROW_BY_ROW else 0)

    def test_open_journal_asks_no_more(self):
        """Every field of the document and of its lines."""
        few, many = (self.count(journal, self.read_all) for _products, journal in self.filled("average"))
        self.assert_growth("open", few, many)

    def test_edit_one_line_and_save_asks_no_more(self):
        """One line's work, whatever the number of its neighbours."""
        few, many = (self.count(journal, self.edit_one) for _products, journal in self.filled("average"))
        self.assert_growth("edit", few, many)

    # ------------------------------------------------------------------ documents

    @classmethod
    def set_up_builders(cls):
        """Stock made once for all tests: a hundred products take a while."""
        super().set_up_builders()
        cls.stock = {}
        for method in ("standard", "average", "fifo"):
            products = cls.env["product.product"].browse()
            for _index in range(MANY):
                products |= cls.create_product(method, cost=10)
            for unit_cost in (10, 11) if method == "fifo" else (10,):
                cls.receive_all(products, unit_cost)
            cls.stock[method] = products

    def cases(self, method, **vals):
        """Yield (products, empty journal) for few and for many lines."""
        for count in (FEW, MANY):
            yield self.stock[method][:count], self.create_journal(**vals)

    def filled(self, method, **vals):
        """Yield (products, journal with a new cost on each line) for few and for many lines."""
        for products, journal in self.cases(method, **vals):
            self.fill(journal, products)
            for index, line in enumerate(journal.line_ids):
                # each by an amount of its own
                line.unit_cost_revalued = line.unit_cost_calculated + (index % 3 or -1) + index / 100.0
            yield products, journal

    @classmethod
    def receive_all(cls, products, unit_cost):
        """Receive two units of each product: as layers where there are layers, for speed; else in one order."""
        if not cls.has_product_values:
            cls.env["stock.valuation.layer"].create(
                [
                    {
                        "company_id": cls.company.id,
                        "product_id": product.id,
                        "quantity": 2,
                        "remaining_qty": 2,
                        "unit_cost": unit_cost,
                        "value": 2 * unit_cost,
                        "remaining_value": 2 * unit_cost,
                        "description": "Receipt",
                    }
                    for product in products
                ]
            )
            return
        cls.pass_time()
        Line = cls.env["purchase.order.line"]
        uom_field = "product_uom" if "product_uom" in Line._fields else "product_uom_id"
        tax_field = "taxes_id" if "taxes_id" in Line._fields else "tax_ids"
        order = cls.env["purchase.order"].create(
            {
                "partner_id": cls.vendor.id,
                "company_id": cls.company.id,
                "currency_id": cls.currency.id,
                "picking_type_id": cls.warehouse.in_type_id.id,
                "order_line": [
                    (
                        0,
                        0,
                        {
                            "name": product.name,
                            "product_id": product.id,
                            "product_qty": 2,
                            "price_unit": unit_cost,
                            "date_planned": fields.Datetime.now(),
                            uom_field: product.uom_id.id,
                            tax_field: [(6, 0, [])],
                        },
                    )
                    for product in products
                ],
            }
        )
        order.button_confirm()
        for move in order.order_line.move_ids:
            cls._set_move_done(move, 2)
        order.picking_ids._action_done()
        cls.flush()
        cls.invalidate()

    def fill(self, journal, products, **arguments):
        """Calculate the lines of `products`."""
        journal.calculate(product_ids=products.ids, **arguments)

    def after_receipts(self, journal):
        """Return `journal` with every product received once more, so that each line is outdated."""
        self.receive_all(journal.line_ids.product_id.sudo(), 12)
        return journal

    def read_all(self, journal):
        """Read document and lines, as the form does."""
        journal.read()
        journal.line_ids.read()

    def edit_one(self, journal):
        """Change one unit cost in the form, and save."""
        journal.write({"line_ids": [(1, journal.line_ids[0].id, {"unit_cost_revalued": 33})]})

    # ------------------------------------------------------------------ counting

    def check_post(self, method, items=2, **vals):
        """Post few and many lines."""
        few, many = (
            self.count(journal, lambda journal: journal.action_post())
            for _products, journal in self.filled(method, **vals)
        )
        asked = ASKED_BY_ODOO[method] if self.has_product_values else 0
        self.assert_growth("post " + method, few, many, rows=items, asked=asked)

    def count(self, journal, work):
        """Return how many statements `work(journal)` sends, from an empty cache, everything written."""
        self.flush()
        self.invalidate()
        before = self.env.cr.sql_log_count
        work(journal)
        self.flush()
        return self.env.cr.sql_log_count - before

    def assert_growth(self, work, few, many, rows=0, asked=0):
        """Check that many lines cost only batches more; `rows` new rows and `asked` questions of Odoo per line."""
        allowed = BATCHES + MORE * (asked + (rows if ROW_BY_ROW else 0))
        self.assertLessEqual(
            many - few,
            allowed,
            "%s: %d statements for %d lines, %d for %d; at most %d more" % (work, few, FEW, many, MANY, allowed),
        )
