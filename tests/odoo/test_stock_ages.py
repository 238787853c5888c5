"""How old stock is: receipts 400 and 100 days ago, each product's in its own way, under the table of `NrvCase`."""

from datetime import timedelta

from odoo import fields
from test_nrv import NrvCase


class TestAges(NrvCase):
    @classmethod
    def set_up_builders(cls):
        super().set_up_builders()
        other = cls.env["stock.warehouse"].create({"name": "Other", "code": "OTHER", "company_id": cls.company.id})
        methods = {
            "layers": "fifo",
            "newest": "average",
            "standard": "standard",
            "moved": "fifo",
            "brought_back": "fifo",
            "counted": "average",
            "sent_back": "average",
            "opened": "average",
        }
        for name, method in methods.items():
            setattr(cls, name, cls.create_product(method, cost=10.0 if method != "fifo" else 0.0))
            if name != "opened":
                cls.receive(getattr(cls, name), 10, 10.00)
        cls.gain(cls.opened, 8)
        cls.pass_time(days=300)
        for product in (cls.layers, cls.newest, cls.standard):
            cls.receive(product, 10, 20.00)
        cls.out = cls.deliver(cls.brought_back, 4)
        cls.pass_time(days=100)
        for product in (cls.layers, cls.newest, cls.standard):
            cls.deliver(product, 4)
        cls._transfer(cls.moved, 10, cls.stock_location, other.lot_stock_id, cls.warehouse.int_type_id)
        cls.return_(cls.out, 4)
        cls.gain(cls.counted, 5)
        cls.gain(cls.opened, 2)
        returned = cls.return_(cls.env["stock.move"].search([("product_id", "=", cls.sent_back.id)]), 3)
        cls._transfer(
            cls.sent_back,
            3,
            cls.supplier_location,
            cls.stock_location,
            cls.warehouse.in_type_id,
            origin_returned_move_id=returned.id,
        )
        cls.table()

    def ages(self, product, date=None):
        """Return [(days since receipt to the nearest hundred, quantity)] of a product's stock, the old first."""
        self.flush()
        date = date or fields.Date.today()
        item = self.sources._get_items(product, self.company)[0]
        found = self.sources._get_pieces([item], self.company, date)[item.key]
        return [(round(days, -2), quantity) for days, quantity, _cost in found]

    def test_fifo_is_as_old_as_its_open_layers(self):
        self.assertEqual(self.ages(self.layers), [(400, 6.0), (100, 10.0)])
        line = self.suggested(self.layers, nrv_price=False)
        # 6 at 10.00 are worth half, 10 at 20.00 all: 30.00 + 200.00
        self.assertMoney(line.value_calculated, 260.00)
        self.assertMoney(line.value_revalued, 230.00)
        self.assertEqual(line.nrv_basis, "ageing")
        self.assertMoney(line.nrv_cost, 260.00)
        self.assertMoney(line.nrv_value, 230.00)
        self.assertRegex(line.nrv_detail, "0–180 days since receipt: 10.00? at 100")
        self.assertRegex(line.nrv_detail, "≥ 366 days since receipt: 6.00? at 50")

    def test_each_layer_has_its_own_age(self):
        journal = self.calculate(self.layers, calculate_per="layer")
        self.suggest(journal, nrv_price=False)
        self.assertEqual(
            [round(line.value_revalued, 6) for line in self.lines_by_layer(journal, self.layers)], [30.00, 200.00]
        )

    def test_average_and_standard_are_as_old_as_the_newest_receipts_that_make_up_the_stock(self):
        for product in (self.newest, self.standard):
            self.assertEqual(self.ages(product), [(400, 6.0), (100, 10.0)])
        # 240.00 for 16, of which 6 at half: 240.00 x 13 / 16
        self.assertMoney(self.suggested(self.newest, nrv_price=False).value_revalued, 195.00)
        # 160.00 x 13 / 16 = 130.00; the cost 8.125 is stored as 8.12 up to 18.0: not more than 130.00
        line = self.suggested(self.standard, nrv_price=False)
        self.assertMoney(line.value_revalued, 129.92 if self.cost_is_rounded else 130.00)

    def test_transfer_between_own_warehouses_is_no_receipt(self):
        self.assertEqual(self.ages(self.moved), [(400, 10.0)])

    def test_customer_return_is_no_receipt(self):
        self.assertEqual(self.ages(self.brought_back), [(400, 10.0)])
        journal = self.calculate(self.brought_back, calculate_per="layer")
        self.suggest(journal, nrv_price=False)
        # The layer that the return made is as old as the rest: half of 60.00 and half of 40.00
        self.assertEqual(
            [round(line.value_revalued, 6) for line in self.lines_by_layer(journal, self.brought_back)], [30.00, 20.00]
        )

    def test_gain_at_counting_is_no_receipt(self):
        self.assertEqual(sum(quantity for _days, quantity in self.ages(self.counted)), 15.0)
        self.assertEqual({days for days, _quantity in self.ages(self.counted)}, {400})

    def test_stock_that_never_was_received_is_as_old_as_the_first_that_came_in(self):
        self.assertEqual(self.ages(self.opened), [(400, 10.0)])

    def test_goods_that_a_vendor_sends_back_are_no_receipt(self):
        self.assertEqual(self.ages(self.sent_back), [(400, 10.0)])

    def test_age_counts_up_to_the_journals_date(self):
        self.assertEqual(self.ages(self.moved, fields.Date.today() - timedelta(days=100)), [(300, 10.0)])

    def test_table_of_the_nearest_category_holds(self):
        own = self.table([(300, 10)], name="Own", categ_ids=[(6, 0, self.category("fifo").ids)])
        line = self.suggested(self.moved, nrv_price=False)
        self.assertMoney(line.value_revalued, 10.00)  # 100.00 x 10 per cent
        self.assertIn("Own", line.nrv_detail)
        own.active = False
        self.assertMoney(self.suggested(self.moved, nrv_price=False).value_revalued, 50.00)

    def test_lots_have_their_own_age(self):
        if not self.has_lot_valuation:
            self.skipTest("stock is valued by lot from 18.0 on")
        product = self.create_product("average", tracking="lot", lot_valuated=True)
        old, new = self.create_lot(product, "OLD"), self.create_lot(product, "NEW")
        self.receive(product, 10, 10.00, lot=old)
        self.pass_time(days=400)
        self.receive(product, 10, 10.00, lot=new)
        self.deliver(product, 6, lot=new)
        journal = self.calculate(product, calculate_per="lot")
        self.suggest(journal, nrv_price=False)
        self.assertMoney(self.line(journal, product, old).value_revalued, 50.00)
        self.assertMoney(self.line(journal, product, new).value_revalued, 40.00)
        # the product as a whole: 10 old ones and 4 new ones, though the newest receipts were 10 and 10
        self.assertMoney(self.suggested(product, nrv_price=False).value_revalued, 90.00)
