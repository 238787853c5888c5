"""Quantities in kilograms: fractions of a unit, and values that Odoo 14.0 and 15.0 keep with fractions of a cent."""

from revaluation_common import RevaluationCase


class TestFractions(RevaluationCase):
    def weighed(self, method, *receipts):
        vals = {"uom_id": self.kilogram.id}
        if "uom_po_id" in self.env["product.template"]._fields:
            vals["uom_po_id"] = self.kilogram.id
        product = self.create_product(method, cost=receipts[0][1] if method == "standard" else 0.0, **vals)
        for quantity, unit_cost in receipts:
            self.receive(product, quantity, unit_cost)
        return product

    def test_half_a_cent_written_to_nothing_leaves_nothing(self):
        for method in ("standard", "average", "fifo"):
            product = self.weighed(method, (1.25, 28.18))  # 35.225
            self.assertMoney(self.stock_value(product), 35.23, method)
            line = self.revalue(product, value=0.0)
            self.assertMoney(line.amount, -35.23, method)
            self.assertMoney(self.stock_value(product), 0.0, method)
            self.deliver(product, 1.25)
            self.assertMoney(self.stock_value(product), 0.0, method)

    def test_half_a_cent_written_up_is_the_new_total(self):
        for method in ("average", "fifo"):
            product = self.weighed(method, (1.25, 28.18))
            line = self.revalue(product, value=50.00)
            self.assertMoney(line.amount, 14.77, method)  # 50.00 − 35.23
            self.assertMoney(self.stock_value(product), 50.00, method)

    def test_layer_with_half_a_cent_written_to_nothing_is_not_negative(self):
        product = self.weighed("fifo", (1.25, 28.18), (2.0, 10.00))
        journal = self.calculate(product, "layer")
        self.lines_by_layer(journal, product)[0].write({"value_revalued": 0.0})
        self.post(journal)
        self.assertLayers(product, [(1.25, 0.0), (2.0, 20.00)])
        self.assertMoney(self.stock_value(product), 20.00)
        self.deliver(product, 1.25)
        self.deliver(product, 2.0)
        self.assertMoney(self.stock_value(product), 0.0)

    def test_value_a_hair_below_half_a_cent_is_the_one_that_odoo_shows(self):
        if self.has_product_values:
            self.skipTest("19.0 has no layers with a value of their own")
        product = self.weighed("fifo", (1.0, 10.00))
        self.env["stock.valuation.layer"].create(
            {
                "company_id": self.company.id,
                "product_id": product.id,
                "quantity": 54.0,
                "remaining_qty": 54.0,
                "value": 125.49499999999995,  # with the 10.00 before: 135.49 in 14.0, 135.50 where Odoo stores cents
                "remaining_value": 125.49499999999995,
            }
        )
        before = self.stock_value(product)
        line = self.revalue(product, value=200.00)
        self.assertMoney(line.value_calculated, before)
        self.assertMoney(line.amount, 200.00 - before)
        self.assertMoney(self.stock_value(product), 200.00)

    def used_up(self):
        """Return a product whose first receipt has gone: 1.1 − 0.37 − 0.73 is not quite zero to a computer."""
        product = self.weighed("fifo", (1.1, 10.00), (5.0, 4.00))
        self.deliver(product, 0.37)
        self.deliver(product, 0.73)
        return product

    def test_layer_that_is_used_up_gets_no_line(self):
        product = self.used_up()
        journal = self.calculate(product, "layer")
        self.assertEqual(self.line(journal, product).quantity, 5.0)

    def test_layer_that_is_used_up_gives_no_cost(self):
        product = self.used_up()
        self.revalue(product, value=30.00)
        self.assertAlmostEqual(self.cost(product), 6.00, 6)
        self.assertLayers(product, [(5.0, 30.00)])
        self.deliver(product, 5.0)
        self.assertMoney(self.stock_value(product), 0.0)

    def test_half_cents_worked_out_in_two_ways_are_one_value(self):
        """0.7 + 0.1 + 0.005 is a computer's 0.8049999999999999: 0.81, as 0.805 is."""
        if not self.has_product_values:
            self.skipTest("up to 18.0 values are stored, and none worked out")
        seam = self.env["stock.revaluation.valuation"].with_company(self.company)
        self.assertNotEqual(0.7 + 0.1 + 0.005, 0.805)
        self.assertEqual({seam._money(0.7 + 0.1 + 0.005), seam._money(0.805)}, {0.81})
        self.assertEqual((seam._money(-0.7 - 0.1 - 0.005), seam._money(0.0)), (-0.81, 0.0))
