"""Posting products under FIFO: every open layer ends at the same unit cost."""

from revaluation_common import RevaluationCase


class TestPostFifo(RevaluationCase):
    def fifo(self, *receipts, **options):
        product = self.create_product("fifo", **options)
        for quantity, unit_cost in receipts:
            self.receive(product, quantity, unit_cost)
        return product

    def test_post_uneven_layers_to_zero(self):
        product = self.fifo((5, 5.00), (5, 10.00))
        self.assertLayers(product, [(5, 25.00), (5, 50.00)])
        line = self.revalue(product, value=0.0)
        # −25.00 and −50.00
        self.assertMoney(line.amount, -75.00)
        self.assertLayers(product, [(5, 0.00), (5, 0.00)])

    def test_post_seven_single_units_to_ten(self):
        product = self.fifo(*[(1, 1.00)] * 7)
        self.revalue(product, value=10.00)
        # 10 × i / 7, rounded: 1.43 2.86 4.29 5.71 7.14 8.57 10.00; changes +0.43 but once +0.42
        self.assertLayers(
            product,
            [(1, 1.43), (1, 1.43), (1, 1.43), (1, 1.42), (1, 1.43), (1, 1.43), (1, 1.43)],
        )

    def test_post_three_units_to_ten(self):
        product = self.fifo((3, 3.00))
        self.revalue(product, value=10.00)
        self.assertLayers(product, [(3, 10.00)])

    def test_post_low_value_over_uneven_layers_leaves_none_negative(self):
        product = self.fifo((20, 1.00), (20, 10.00))
        line = self.revalue(product, value=20.00)
        # 20.00 / 40 = 0.50 a unit: 10.00 and 10.00; Odoo's own wizard makes it −80.00 and +100.00
        self.assertMoney(line.amount, -200.00)
        self.assertLayers(product, [(20, 10.00), (20, 10.00)])
        self.deliver(product, 20)
        self.assertMoney(self.stock_value(product), 10.00)

    def test_post_half_cents_over_many_layers(self):
        product = self.fifo(*[(1, 0.01)] * 10)
        self.revalue(product, value=0.05)
        # half a cent each, carried: 0.01 0.00 0.01 0.00 …
        self.assertLayers(product, [(1, 0.01), (1, 0.00)] * 5)

    def test_post_partly_delivered_layer(self):
        product = self.fifo((10, 10.00), (10, 20.00))
        self.deliver(product, 4)
        line = self.revalue(product, value=320.00)
        # 6 × 10 + 10 × 20 = 260.00; 320 / 16 = 20.00 a unit: 120.00 and 200.00
        self.assertMoney(line.amount, 60.00)
        self.assertLayers(product, [(6, 120.00), (10, 200.00)])
        self.deliver(product, 6)
        self.assertMoney(self.stock_value(product), 200.00)

    def test_post_partly_delivered_layer_with_odd_cents(self):
        product = self.fifo((7, 3.00), (3, 5.00))
        self.deliver(product, 4)
        line = self.revalue(product, value=34.73)
        # 3 × 3 + 3 × 5 = 24.00; + 10.73; 34.73 / 2 = 17.365 → 17.37 and 17.36
        self.assertMoney(line.amount, 10.73)
        self.assertLayers(product, [(3, 17.37), (3, 17.36)])

    def test_post_by_unit_cost(self):
        product = self.fifo((5, 5.00), (5, 10.00))
        line = self.revalue(product, unit_cost=8.00)
        self.assertMoney(line.amount, 5.00)
        self.assertLayers(product, [(5, 40.00), (5, 40.00)])

    def test_post_cost_of_the_product_is_that_of_the_first_open_layer(self):
        product = self.fifo((5, 5.00), (5, 10.00))
        self.revalue(product, value=100.00)
        self.assertAlmostEqual(self.cost(product), 10.00, 6)

    def test_post_upwards_twice(self):
        product = self.fifo((5, 5.00), (5, 10.00))
        self.revalue(product, value=100.00)
        self.receive(product, 5, 7.00)
        line = self.revalue(product, value=150.00)
        # 100.00 + 35.00 = 135.00 → 150.00: 10.00 a unit
        self.assertMoney(line.amount, 15.00)
        self.assertLayers(product, [(5, 50.00), (5, 50.00), (5, 50.00)])

    def test_post_periodic_product(self):
        product = self.fifo((5, 5.00), (5, 10.00), automated=False)
        self.revalue(product, value=0.0)
        self.assertLayers(product, [(5, 0.00), (5, 0.00)])

    def test_post_goods_bought_in_dozens(self):
        product = self.create_product("fifo")
        self.receive(product, 2, 12.0, uom=self.dozen)
        self.deliver(product, 6)
        line = self.revalue(product, value=36.00)
        # 18 units left at 1.00; 36.00 − 18.00
        self.assertMoney(line.amount, 18.00)
        self.assertLayers(product, [(18, 36.00)])
        self.deliver(product, 9)
        self.assertMoney(self.stock_value(product), 18.00)


class TestPostLayers(RevaluationCase):
    """Lines per layer change their layer alone."""

    def setUp(self):
        super().setUp()
        self.product = self.create_product("fifo")
        self.receive(self.product, 5, 5.00)
        self.receive(self.product, 5, 10.00)

    def test_post_one_layer_the_other_stays(self):
        journal = self.calculate(self.product, "layer")
        self.lines_by_layer(journal, self.product)[1].write({"value_revalued": 60.00})
        self.post(journal)
        self.assertLayers(self.product, [(5, 25.00), (5, 60.00)])
        self.assertMoney(self.stock_value(self.product), 85.00)

    def test_post_layers_up_and_down_are_not_netted(self):
        journal = self.calculate(self.product, "layer")
        first, second = self.lines_by_layer(journal, self.product)
        first.write({"unit_cost_revalued": 7.00})
        second.write({"unit_cost_revalued": 8.00})
        self.post(journal)
        # 35.00 − 25.00 = +10.00 and 40.00 − 50.00 = −10.00
        self.assertLayers(self.product, [(5, 35.00), (5, 40.00)])
        self.assertEqual(sorted(journal.valuation_layer_ids.mapped("value")), [-10.00, 10.00])
        self.assertEqual(self.items(journal)[self.account_valuation, self.product], [-10.00, 10.00])

    def test_post_layer_partly_delivered(self):
        self.deliver(self.product, 2)
        journal = self.calculate(self.product, "layer")
        first = self.lines_by_layer(journal, self.product)[0]
        self.assertEqual(first.quantity, 3)
        first.write({"value_revalued": 30.00})
        self.post(journal)
        self.assertMoney(first.amount, 15.00)
        self.assertLayers(self.product, [(3, 30.00), (5, 50.00)])
        self.deliver(self.product, 3)
        self.assertMoney(self.stock_value(self.product), 50.00)

    def test_post_layer_to_zero(self):
        journal = self.calculate(self.product, "layer")
        self.lines_by_layer(journal, self.product)[0].write({"value_revalued": 0.0})
        self.post(journal)
        self.assertLayers(self.product, [(5, 0.00), (5, 50.00)])
        self.deliver(self.product, 5)
        self.assertMoney(self.stock_value(self.product), 50.00)

    def test_post_layer_then_product(self):
        journal = self.calculate(self.product, "layer")
        self.lines_by_layer(journal, self.product)[0].write({"value_revalued": 100.00})
        self.post(journal)
        self.revalue(self.product, value=80.00)
        self.assertLayers(self.product, [(5, 40.00), (5, 40.00)])

    def test_post_cost_is_that_of_the_first_layer(self):
        journal = self.calculate(self.product, "layer")
        self.lines_by_layer(journal, self.product)[0].write({"value_revalued": 35.00})
        self.post(journal)
        if self.has_product_values:
            # 19.0 shows the mean of what is left: (35 + 50) / 10
            self.assertAlmostEqual(self.cost(self.product), 8.50, 6)
        else:
            self.assertAlmostEqual(self.cost(self.product), 7.00, 6)
