"""Posting products under average cost."""

from odoo import fields
from revaluation_common import RevaluationCase


class TestPostAverage(RevaluationCase):
    def average(self, *receipts, **options):
        product = self.create_product("average", **options)
        for quantity, unit_cost in receipts:
            self.receive(product, quantity, unit_cost)
        return product

    def test_post_three_units_to_ten(self):
        product = self.average((3, 3.00))
        line = self.revalue(product, value=10.00)
        # 10.00 − 9.00 = 1.00; 10 / 3 = 3.33 in cents, unrounded on 19.0
        self.assertMoney(line.amount, 1.00)
        self.assertMoney(self.stock_value(product), 10.00)
        self.assertAlmostEqual(self.cost(product), 3.33 if self.cost_is_rounded else 10 / 3.0, 9)

    def test_post_147_units_to_750(self):
        product = self.average((147, 3.40))
        line = self.revalue(product, value=750.00)
        # 750.00 − 147 × 3.40 (499.80) = 250.20
        self.assertMoney(line.amount, 250.20)
        self.assertMoney(self.stock_value(product), 750.00)
        self.assertAlmostEqual(self.cost(product), 5.10 if self.cost_is_rounded else 750 / 147.0, 9)
        self.assertMoney(line.rounding_difference, 0.30 if self.cost_is_rounded else 0.0)

    def test_post_147_units_to_750_holds_at_any_date(self):
        product = self.average((147, 3.40))
        self.pass_time(days=10)
        self.revalue(product, value=750.00)
        today = fields.Date.to_string(fields.Date.today())
        at_date = today if self.has_product_values else today + " 23:59:59"
        self.assertMoney(self.stock_value(product, at_date=at_date), 750.00)
        yesterday = fields.Date.to_string(fields.Date.subtract(fields.Date.today(), days=2))
        self.assertMoney(self.stock_value(product, at_date=yesterday), 499.80)

    def test_post_cost_below_a_cent_is_not_lost(self):
        product = self.average((10000, 0.01))
        line = self.revalue(product, value=129.00)
        # 129.00 / 10,000 = 0.0129: the cost column of 14.0 to 18.0 holds 0.01 of it
        self.assertMoney(line.amount, 29.00)
        self.assertMoney(self.stock_value(product), 129.00)
        self.assertMoney(line.rounding_difference, 29.00 if self.cost_is_rounded else 0.0)
        # 19.0 leaves the stock of today out of a value "at today's date"
        self.pass_time(days=2)
        today = fields.Date.to_string(fields.Date.today())
        self.assertMoney(self.stock_value(product, at_date=today), 129.00)

    def test_post_downwards(self):
        product = self.average((10, 2.00), (10, 4.00))
        line = self.revalue(product, unit_cost=2.50)
        # 20 × 2.50 − 60.00 = −10.00
        self.assertMoney(line.amount, -10.00)
        self.assertMoney(self.stock_value(product), 50.00)
        self.assertAlmostEqual(self.cost(product), 2.50, 9)

    def test_post_to_zero(self):
        product = self.average((10, 2.00))
        self.revalue(product, value=0.0)
        self.assertMoney(self.stock_value(product), 0.0)
        self.assertEqual(self.cost(product), 0.0)

    def test_post_from_zero(self):
        product = self.average((10, 2.00))
        self.revalue(product, value=0.0)
        self.revalue(product, value=15.00)
        self.assertMoney(self.stock_value(product), 15.00)

    def test_post_twice_the_second_starts_from_the_first(self):
        product = self.average((147, 3.40))
        self.revalue(product, value=750.00)
        line = self.revalue(product, unit_cost=5.20)
        # 147 × 5.20 = 764.40; 764.40 − 750.00 = 14.40, not 147 × 0.10 = 14.70
        self.assertMoney(line.value_calculated, 750.00)
        self.assertMoney(line.amount, 14.40)
        self.assertMoney(self.stock_value(product), 764.40)

    def test_post_fraction_of_a_unit(self):
        options = {"uom_id": self.kilogram.id}
        if "uom_po_id" in self.env["product.template"]._fields:
            options["uom_po_id"] = self.kilogram.id
        product = self.average((2.5, 2.00), **options)
        line = self.revalue(product, unit_cost=3.33)
        # 2.5 × 3.33 = 8.325 → 8.33; − 5.00 = 3.33
        self.assertMoney(line.amount, 3.33)
        self.assertMoney(self.stock_value(product), 8.33)

    def test_post_brings_drifted_layers_back(self):
        product = self.average((10, 2.00), (10, 4.00))
        self.deliver(product, 10)
        # Value 10 × 3.00 = 30.00, while up to 18.0 the open layer still holds 10 × 4.00 = 40.00
        self.revalue(product, value=50.00)
        self.assertMoney(self.stock_value(product), 50.00)
        if not self.has_product_values:
            self.assertLayers(product, [(10, 50.00)])

    def test_post_spreads_over_all_open_layers(self):
        product = self.average((7, 1.00), (3, 1.00))
        self.revalue(product, value=10.01)
        # 10.01 × 7 / 10 = 7.007 → 7.01; the rest 3.00
        self.assertMoney(self.stock_value(product), 10.01)
        if not self.has_product_values:
            self.assertLayers(product, [(7, 7.01), (3, 3.00)])

    def test_post_line_without_change_posts_nothing_for_it(self):
        changed, unchanged = self.average((10, 2.00)), self.average((10, 3.00))
        journal = self.calculate(changed | unchanged)
        self.line(journal, changed).write({"value_revalued": 25.00})
        self.post(journal)
        self.assertFalse(self.line(journal, unchanged).valuation_layer_ids)
        self.assertEqual(len(journal.valuation_layer_ids), 1)
        self.assertAlmostEqual(self.cost(unchanged), 3.00, 9)

    def test_post_next_receipt_averages_on_the_new_value(self):
        product = self.average((10, 2.00))
        self.revalue(product, value=40.00)
        self.receive(product, 10, 8.00)
        # (40.00 + 80.00) / 20 = 6.00
        self.assertMoney(self.stock_value(product), 120.00)
        self.assertAlmostEqual(self.cost(product), 6.00, 6)

    def test_post_many_products_in_one_journal(self):
        products = self.env["product.product"]
        for number in range(5):
            products |= self.average((10 + number, 1.00 + number))
        journal = self.calculate(products)
        for number, product in enumerate(products):
            line = self.line(journal, product)
            line.write({"value_revalued": line.value_calculated + (number - 2) * 1.11})
        self.post(journal)
        # −2.22 −1.11 + 0 + 1.11 + 2.22
        self.assertMoney(journal.amount, 0.0)
        self.assertMoney(journal.amount_increase, 3.33)
        self.assertEqual(len(journal.valuation_layer_ids), 4)

    def test_post_periodic_product(self):
        product = self.average((147, 3.40), automated=False)
        line = self.revalue(product, value=750.00)
        self.assertMoney(line.amount, 250.20)
        self.assertEqual(bool(line.journal_id.account_move_ids), self.has_product_values)
