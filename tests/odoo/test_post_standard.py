"""Posting products under standard cost: the value is quantity × cost, always."""

from odoo import fields
from revaluation_common import RevaluationCase


class TestPostStandard(RevaluationCase):
    def standard(self, quantity, cost, **options):
        product = self.create_product("standard", cost=cost, **options)
        self.receive(product, quantity, cost)
        return product

    def assertRemainingFollows(self, product):
        """Where layers of standard cost keep what remains (16.0 to 18.0), it is the value."""
        if self.has_product_values:
            return
        layers = self.open_layers(product)
        if layers:
            self.assertMoney(sum(value for _qty, value in layers), self.stock_value(product))

    def test_post_upwards(self):
        product = self.standard(10, 10.00)
        line = self.revalue(product, unit_cost=12.00)
        # 10 × (12 − 10)
        self.assertMoney(line.amount, 20.00)
        self.assertMoney(self.stock_value(product), 120.00)
        self.assertAlmostEqual(self.cost(product), 12.00, 9)
        self.assertRemainingFollows(product)

    def test_post_downwards(self):
        product = self.standard(10, 10.00)
        line = self.revalue(product, unit_cost=7.50)
        self.assertMoney(line.amount, -25.00)
        self.assertMoney(self.stock_value(product), 75.00)
        self.assertAlmostEqual(self.cost(product), 7.50, 9)
        self.assertRemainingFollows(product)

    def test_post_to_zero(self):
        product = self.standard(10, 10.00)
        self.revalue(product, value=0.0)
        self.assertMoney(self.stock_value(product), 0.0)
        self.assertEqual(self.cost(product), 0.0)

    def test_post_total_that_cents_cannot_carry(self):
        product = self.standard(3, 10.00)
        line = self.revalue(product, value=40.00)
        if self.cost_is_rounded:
            # 40 / 3 → 13.33; 3 × 13.33 = 39.99; − 30.00 = 9.99
            self.assertMoney(line.amount, 9.99)
            self.assertMoney(self.stock_value(product), 39.99)
            self.assertAlmostEqual(self.cost(product), 13.33, 9)
        else:
            self.assertMoney(line.amount, 10.00)
            self.assertMoney(self.stock_value(product), 40.00)
            self.assertAlmostEqual(self.cost(product), 40 / 3.0, 9)

    def test_post_three_units_to_ten_holds_at_any_date(self):
        product = self.standard(3, 3.00)
        self.pass_time(days=10)
        line = self.revalue(product, value=10.00)
        # 3 × 3.33 = 9.99 up to 18.0
        expected = 9.99 if self.cost_is_rounded else 10.00
        self.assertMoney(line.value_revalued, expected)
        self.assertMoney(self.stock_value(product), expected)
        today = fields.Date.to_string(fields.Date.today())
        at_date = today if self.has_product_values else today + " 23:59:59"
        self.assertMoney(self.stock_value(product, at_date=at_date), expected)

    def test_post_unit_cost_finer_than_a_cent(self):
        product = self.standard(1000, 1.00)
        line = self.revalue(product, unit_cost=1.005)
        if self.cost_is_rounded:
            # 1.005 → 1.01 in cents; 1,000 × 1.01 − 1,000.00
            self.assertMoney(line.amount, 10.00)
            self.assertAlmostEqual(self.cost(product), 1.01, 9)
        else:
            self.assertMoney(line.amount, 5.00)
            self.assertAlmostEqual(self.cost(product), 1.005, 9)

    def test_post_after_deliveries(self):
        product = self.standard(10, 10.00)
        self.deliver(product, 4)
        line = self.revalue(product, unit_cost=12.00)
        # 6 × 12 − 6 × 10
        self.assertMoney(line.amount, 12.00)
        self.assertMoney(self.stock_value(product), 72.00)
        self.assertRemainingFollows(product)

    def test_post_several_receipts(self):
        product = self.standard(10, 10.00)
        self.receive(product, 5, 99.00)
        line = self.revalue(product, value=180.00)
        # 15 × 10 = 150.00 → 180.00: 12.00 each
        self.assertMoney(line.amount, 30.00)
        self.assertAlmostEqual(self.cost(product), 12.00, 9)
        self.assertRemainingFollows(product)

    def test_post_next_receipt_comes_in_at_the_new_cost(self):
        product = self.standard(10, 10.00)
        self.revalue(product, unit_cost=12.00)
        self.receive(product, 5, 99.00)
        self.assertMoney(self.stock_value(product), 180.00)

    def test_post_periodic_product(self):
        product = self.standard(10, 10.00, automated=False)
        line = self.revalue(product, unit_cost=12.00)
        self.assertMoney(line.amount, 20.00)
        self.assertEqual(bool(line.journal_id.account_move_ids), self.has_product_values)

    def test_post_per_layer_gives_one_product_line(self):
        product = self.standard(10, 10.00)
        self.receive(product, 5, 10.00)
        journal = self.calculate(product, "layer")
        self.line(journal, product).write({"unit_cost_revalued": 11.00})
        self.post(journal)
        self.assertMoney(self.stock_value(product), 165.00)
