"""Companies whose currency has no decimals, or three."""

from revaluation_common import RevaluationCase


class TestYen(RevaluationCase):
    """No decimals."""

    currency_xmlid = "base.JPY"

    def stocked(self, method, *receipts):
        product = self.create_product(method, cost=receipts[0][1] if method == "standard" else 0.0)
        for quantity, cost in receipts:
            self.receive(product, quantity, cost)
        return product

    def test_fifo_is_spread_in_whole_yen(self):
        product = self.stocked("fifo", *[(1, 1.0)] * 7)
        self.revalue(product, value=10)
        # 10 × i / 7 = 1.43 2.86 4.29 5.71 7.14 8.57 10 → 1 3 4 6 7 9 10
        self.assertLayers(product, [(1, 1), (1, 2), (1, 1), (1, 2), (1, 1), (1, 2), (1, 1)])

    def test_average_total_is_exact(self):
        product = self.stocked("average", (3, 100))
        line = self.revalue(product, value=1000)
        # 1000 − 300; 1000 / 3 = 333.33 in the cost's two digits, 19.0 unrounded
        self.assertEqual(line.amount, 700)
        self.assertEqual(self.stock_value(product), 1000)
        self.assertAlmostEqual(self.cost(product), 333.33 if self.cost_is_rounded else 1000 / 3.0, 6)
        self.deliver(product, 3)
        self.assertEqual(self.stock_value(product), 0)

    def test_unit_cost_entered_gives_whole_yen(self):
        product = self.stocked("average", (147, 3))
        line = self.line(self.calculate(product), product)
        line.write({"unit_cost_revalued": 3.5})
        # 147 × 3.5 = 514.5 → 515
        self.assertEqual(line.value_revalued, 515)
        self.assertEqual(line.amount, 74)

    def test_standard_up(self):
        product = self.stocked("standard", (3, 10))
        line = self.revalue(product, value=40)
        # 40 / 3 = 13.33; 3 × 13.33 = 39.99 → 40
        self.assertEqual(line.amount, 10)
        self.assertEqual(self.stock_value(product), 40)


class TestDinar(RevaluationCase):
    """Three decimals, while costs have two up to 18.0."""

    currency_xmlid = "base.KWD"

    stocked = TestYen.stocked

    def test_fifo_is_spread_in_thousandths(self):
        product = self.stocked("fifo", *[(1, 1.0)] * 7)
        self.revalue(product, value=10.0)
        # 1.428571 2.857143 4.285714 5.714286 7.142857 8.571429 10
        # → 1.429 2.857 4.286 5.714 7.143 8.571 10.000
        self.assertLayers(
            product,
            [(1, 1.429), (1, 1.428), (1, 1.429), (1, 1.428), (1, 1.429), (1, 1.428), (1, 1.429)],
        )

    def test_average_total_is_exact(self):
        product = self.stocked("average", (3, 3.0))
        line = self.revalue(product, value=10.001)
        self.assertMoney(line.amount, 1.001)
        self.assertMoney(self.stock_value(product), 10.001)

    def test_standard_total_beyond_the_cost(self):
        product = self.stocked("standard", (3, 10.0))
        line = self.revalue(product, value=40.001)
        # up to 18.0: 13.33 × 3 = 39.990
        self.assertMoney(line.value_revalued, 39.990 if self.cost_is_rounded else 40.001)


class TestCents(RevaluationCase):
    """Two decimals: the same figures as everywhere else, for comparison."""

    stocked = TestYen.stocked

    def test_half_cents_of_the_entry_add_up(self):
        products = self.env["product.product"]
        for _number in range(3):
            products |= self.stocked("fifo", (2.9, 25.0))
        journal = self.calculate(products)
        for line in journal.line_ids:
            # 2.9 × 25.0776 = 72.72504 → 72.73; 72.73 − 72.50 = 0.23
            line.write({"unit_cost_revalued": 25.0776})
            self.assertMoney(line.amount, 0.23)
        self.post(journal)
        self.assertMoney(journal.amount, 0.69)
