"""The builders of revaluation_common themselves: stock is valued as Odoo values it.

If one of these fails, look there before you look for a fault in the addon.
"""

from revaluation_common import RevaluationCase


class TestBuilders(RevaluationCase):
    def test_receipts_average_each_at_its_own_value(self):
        product = self.create_product("average")
        self.receive(product, 10, 2.0)
        self.receive(product, 10, 4.0)
        # 10 × 2 + 10 × 4 = 60; 60 / 20 = 3
        self.assertEqual(self.stock_value(product), 60.0)
        self.assertEqual(self.stock_quantity(product), 20.0)
        self.assertEqual(self.cost(product), 3.0)
        self.deliver(product, 5)
        self.assertEqual(self.stock_value(product), 45.0)

    def test_receipts_fifo_layers_oldest_first(self):
        product = self.create_product("fifo")
        self.receive(product, 5, 5.0)
        self.receive(product, 5, 10.0)
        self.assertLayers(product, [(5, 25), (5, 50)])
        self.deliver(product, 2)
        self.assertLayers(product, [(3, 15), (5, 50)])
        self.assertEqual(self.stock_value(product), 65.0)

    def test_receipts_standard_at_the_cost(self):
        product = self.create_product("standard", cost=10.0)
        self.receive(product, 3, 77.0)
        self.assertEqual(self.stock_value(product), 30.0)
        self.scrap(product, 1)
        self.assertEqual(self.stock_value(product), 20.0)

    def test_receipt_in_dozens_is_stocked_in_units(self):
        product = self.create_product("fifo")
        self.receive(product, 2, 12.0, uom=self.dozen)
        # 2 dozen at 12.00 a dozen: 24 units, 24.00
        self.assertEqual(self.stock_quantity(product), 24.0)
        self.assertEqual(self.stock_value(product), 24.0)

    def test_consigned_goods_are_not_valued(self):
        product = self.create_product("average")
        self.receive(product, 10, 2.0)
        self.receive_consigned(product, 7, self.vendor)
        self.assertEqual(self.stock_quantity(product), 10.0)
        self.assertEqual(self.stock_value(product), 20.0)

    def test_negative_stock(self):
        product = self.create_product("average")
        self.receive(product, 2, 2.0)
        self.deliver(product, 5)
        self.assertEqual(self.stock_quantity(product), -3.0)

    def test_return_comes_back_at_the_value_it_left(self):
        product = self.create_product("fifo")
        self.receive(product, 5, 5.0)
        self.receive(product, 5, 10.0)
        delivery = self.deliver(product, 5)
        self.return_(delivery, 2)
        self.assertEqual(self.stock_value(product), 60.0)
        self.assertEqual(self.stock_quantity(product), 7.0)

    def test_bill_and_landed_cost(self):
        product = self.create_product("average")
        receipt = self.receive(product, 10, 10.0)
        self.bill(receipt, 10.0)
        self.assertEqual(self.stock_value(product), 100.0)
        self.landed_cost(receipt, 30.0)
        self.assertEqual(self.stock_value(product), 130.0)

    def test_lots_are_received_and_delivered_one_by_one(self):
        product = self.create_product("fifo", tracking="lot")
        one, two = self.create_lot(product, "ONE"), self.create_lot(product, "TWO")
        self.receive(product, 6, 10.0, lot=one)
        self.receive(product, 10, 20.0, lot=two)
        self.deliver(product, 4, lot=two)
        self.assertEqual(self.stock_quantity(product), 12.0)

    def test_ledger_follows_automated_valuation(self):
        product = self.create_product("average")
        receipt = self.receive(product, 10, 2.0)
        self.bill(receipt, 2.0)
        self.assertEqual(self.ledger_balance(self.account_valuation, product), 20.0)

    def test_second_company_has_its_own_stock(self):
        product = self.create_product("average")
        self.receive(product, 10, 2.0)
        other = self.create_books("Second Revaluation Company", "base.EUR")
        with self.inside(other):
            self.set_up_category(product.categ_id, "average")
            self.receive(product, 4, 50.0)
            self.assertEqual(self.stock_value(product), 200.0)
            self.assertEqual(self.stock_quantity(product), 4.0)
        self.assertEqual(self.stock_value(product), 20.0)
        self.assertEqual(self.stock_quantity(product), 10.0)

    def test_pass_time_makes_stock_older(self):
        product = self.create_product("average")
        self.receive(product, 10, 2.0)
        self.pass_time(days=30)
        self.assertEqual(self.stock_value(product, at_date="1999-01-01"), 0.0)
        self.assertEqual(self.stock_value(product), 20.0)
