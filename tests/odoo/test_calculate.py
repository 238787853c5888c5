"""Calculate Inventory Value: which positions come into a journal, and with which figures."""

from revaluation_common import REFUSALS, RevaluationCase


class TestCalculate(RevaluationCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.standard = cls.create_product("standard", cost=10.0, name="Standard product")
        cls.receive(cls.standard, 3, 10.0)
        cls.average = cls.create_product("average", name="Average product")
        cls.receive(cls.average, 10, 2.0)
        cls.receive(cls.average, 10, 4.0)
        cls.deliver(cls.average, 5)
        cls.fifo = cls.create_product("fifo", name="Fifo product")
        cls.receive(cls.fifo, 5, 5.0)
        cls.receive(cls.fifo, 5, 10.0)
        cls.deliver(cls.fifo, 2)
        cls.three = cls.standard | cls.average | cls.fifo

    def figures(self, journal):
        """{product: [(quantity, value)]} of the lines."""
        found = {}
        for line in journal.line_ids:
            found.setdefault(line.product_id.id, []).append((line.quantity, self.currency.round(line.value_calculated)))
        return {product_id: sorted(figures) for product_id, figures in found.items()}

    # ------------------------------------------------------------------ per product

    def test_calculate_per_product_one_line_each_with_the_figures_of_the_books(self):
        journal = self.calculate(self.three)
        self.assertEqual(
            self.figures(journal),
            {
                # 3 × 10.00
                self.standard.id: [(3, 30.00)],
                # (20 + 40) / 20 = 3.00; 20 − 5 = 15; 15 × 3.00
                self.average.id: [(15, 45.00)],
                # 25 + 50 − 2 × 5
                self.fifo.id: [(8, 65.00)],
            },
        )
        # 65 / 8 = 8.125
        self.assertAlmostEqual(self.line(journal, self.fifo).unit_cost_calculated, 8.125, 6)

    def test_calculate_changes_nothing_in_the_books(self):
        before = self.snapshot(self.three)
        self.calculate(self.three)
        self.assertEqual(self.snapshot(self.three), before)

    # ------------------------------------------------------------------ per layer

    def test_calculate_per_layer_one_line_a_layer_for_fifo_only(self):
        journal = self.calculate(self.three, "layer")
        self.assertEqual(
            self.figures(journal),
            {
                self.standard.id: [(3, 30.00)],
                self.average.id: [(15, 45.00)],
                # 5 @ 5.00 less 2, and 5 @ 10.00
                self.fifo.id: [(3, 15.00), (5, 50.00)],
            },
        )

    def test_calculate_per_layer_lines_name_their_layer(self):
        journal = self.calculate(self.fifo, "layer")
        name = "stock_move_id" if self.has_product_values else "valuation_layer_id"
        self.assertEqual(len(journal.line_ids.mapped(name)), 2)

    def test_calculate_per_lot_product_without_lot_valuation_gets_one_line(self):
        journal = self.calculate(self.three, "lot")
        self.assertEqual(len(journal.line_ids), 3)

    # ------------------------------------------------------------------ filters

    def test_calculate_by_category_includes_its_children(self):
        parent = self.env["product.category"].create({"name": "Parent"})
        child = self.env["product.category"].create({"name": "Child", "parent_id": parent.id})
        for category in (parent, child):
            self.set_up_category(category, "average")
        above = self.create_product("average", categ=parent)
        below = self.create_product("average", categ=child)
        self.receive(above, 1, 1.0)
        self.receive(below, 1, 1.0)
        journal = self.create_journal()
        journal.calculate(categ_ids=parent.ids)
        self.assertEqual(journal.line_ids.product_id, above | below)

    def test_calculate_without_filter_takes_all_stock_of_the_company(self):
        journal = self.create_journal()
        journal.calculate()
        self.assertEqual(journal.line_ids.product_id, self.three)

    def test_calculate_by_costing_method_takes_those_only(self):
        journal = self.create_journal()
        journal.calculate(product_ids=self.three.ids, cost_methods=["fifo"])
        self.assertEqual(journal.line_ids.product_id, self.fifo)

    def test_calculate_with_minimum_value_leaves_smaller_ones_out(self):
        journal = self.calculate(self.three, options={"min_value": 40.0})
        # 30.00 is below 40.00; 45.00 and 65.00 are not
        self.assertEqual(journal.line_ids.product_id, self.average | self.fifo)

    def test_calculate_with_minimum_value_reached_exactly_takes_it(self):
        journal = self.calculate(self.three, options={"min_value": 45.0})
        self.assertEqual(journal.line_ids.product_id, self.average | self.fifo)

    def test_calculate_by_warehouse_keeps_to_products_in_it(self):
        second = self.env["stock.warehouse"].create({"name": "Second", "code": "SEC2", "company_id": self.company.id})
        journal = self.calculate(self.three, options={"warehouse_ids": self.warehouse.ids})
        self.assertEqual(journal.line_ids.product_id, self.three)
        journal = self.create_journal()
        try:
            journal.calculate(product_ids=self.three.ids, warehouse_ids=second.ids)
        except REFUSALS:
            return
        self.assertFalse(journal.line_ids)

    # ------------------------------------------------------------------ existing lines

    def test_calculate_again_replacing_drops_what_was_entered(self):
        journal = self.calculate(self.three)
        self.line(journal, self.average).write({"value_revalued": 99.0})
        journal.calculate(product_ids=self.average.ids, existing_lines="replace")
        self.assertEqual(journal.line_ids.product_id, self.average)
        self.assertMoney(journal.line_ids.amount, 0.0)

    def test_calculate_again_keeping_keeps_entries_and_doubles_nothing(self):
        journal = self.calculate(self.average)
        self.line(journal, self.average).write({"value_revalued": 99.0})
        journal.calculate(product_ids=self.three.ids, existing_lines="keep")
        self.assertEqual(len(journal.line_ids), 3)
        self.assertMoney(self.line(journal, self.average).value_revalued, 99.0)

    def test_calculate_again_keeping_a_product_line_adds_no_layer_lines(self):
        journal = self.calculate(self.fifo)
        journal.calculate(calculate_per="layer", product_ids=self.fifo.ids, existing_lines="keep")
        self.assertEqual(len(journal.line_ids), 1)

    # ------------------------------------------------------------------ what is left out

    def assertLeftOut(self, product, calculate_per="product"):
        """Asked for alone or with others, the product gets no line and is named with a reason."""
        journal = self.calculate(product | self.average, calculate_per)
        self.assertEqual(journal.line_ids.product_id, self.average)
        self.assertIn(product.name, journal.left_out or "")
        return journal.left_out

    def test_calculate_product_never_received_is_left_out(self):
        self.assertLeftOut(self.create_product("average", name="Never received"))

    def test_calculate_product_all_delivered_is_left_out(self):
        product = self.create_product("fifo", name="All delivered")
        self.receive(product, 5, 5.0)
        self.deliver(product, 5)
        self.assertLeftOut(product)
        self.assertLeftOut(product, "layer")

    def test_calculate_negative_stock_is_left_out(self):
        product = self.create_product("average", name="Below zero")
        self.receive(product, 2, 2.0)
        self.deliver(product, 5)
        self.assertLeftOut(product)

    def test_calculate_negative_stock_of_fifo_is_left_out_per_layer(self):
        product = self.create_product("fifo", name="Fifo below zero")
        self.receive(product, 2, 2.0)
        self.deliver(product, 5)
        self.assertLeftOut(product, "layer")

    def test_calculate_service_is_left_out_or_refused(self):
        service = self.env["product.product"].create({"name": "A service", "type": "service"})
        try:
            journal = self.calculate(service | self.average)
        except REFUSALS as refusal:
            self.assertIn(service.name, str(refusal))
            return
        self.assertEqual(journal.line_ids.product_id, self.average)

    def test_calculate_product_of_another_company_is_left_out_or_refused(self):
        other = self.create_books("Foreign Company")
        with self.inside(other):
            foreign = self.create_product(
                "average",
                name="Foreign product",
                categ=self.category("average"),
                company_id=other.company.id,
            )
            self.receive(foreign, 5, 5.0)
        try:
            journal = self.calculate(foreign | self.average)
        except REFUSALS:
            return
        self.assertEqual(journal.line_ids.product_id, self.average)

    def test_calculate_several_reasons_each_is_explained(self):
        never = self.create_product("average", name="Nothing there")
        gone = self.create_product("average", name="All gone")
        self.receive(gone, 1, 1.0)
        self.deliver(gone, 1)
        below = self.create_product("fifo", name="Below nothing")
        self.receive(below, 1, 1.0)
        self.deliver(below, 3)
        journal = self.calculate(self.three | never | gone | below)
        self.assertEqual(journal.line_ids.product_id, self.three)
        for product in (never, gone, below):
            self.assertIn(product.name, journal.left_out)
        # Three reasons, told apart
        self.assertGreaterEqual(len(journal.left_out.strip().splitlines()), 3)

    # ------------------------------------------------------------------ whose stock

    def test_calculate_consigned_stock_of_another_owner_is_not_counted(self):
        product = self.create_product("average", name="Partly consigned")
        self.receive(product, 10, 2.0)
        self.receive_consigned(product, 7, self.vendor)
        line = self.line(self.calculate(product), product)
        # 17 on hand, 10 of them the company's own
        self.assertEqual(line.quantity, 10)
        self.assertMoney(line.value_calculated, 20.0)

    def test_calculate_consigned_stock_of_fifo_is_not_counted_per_layer(self):
        product = self.create_product("fifo", name="Partly consigned fifo")
        self.receive(product, 10, 2.0)
        self.receive_consigned(product, 7, self.vendor)
        for calculate_per in ("layer", "product"):
            journal = self.calculate(product, calculate_per)
            if self.values_consigned_fifo(product):
                self.assertFalse(journal.line_ids)
                self.assertIn(product.name, journal.left_out)
                self.assertIn("other owners", journal.left_out)
                continue
            line = self.line(journal, product)
            self.assertEqual(line.quantity, 10)
            self.assertMoney(line.value_calculated, 20.0)

    def test_calculate_archived_product_still_in_stock_is_taken(self):
        product = self.create_product("average", name="Archived")
        self.receive(product, 10, 2.0)
        product.active = False
        line = self.line(self.calculate(product), product)
        self.assertMoney(line.value_calculated, 20.0)

    def test_calculate_goods_bought_in_dozens_are_in_stock_units(self):
        product = self.create_product("fifo", name="Bought in dozens")
        self.receive(product, 2, 12.0, uom=self.dozen)
        self.deliver(product, 6)
        for calculate_per in ("product", "layer"):
            line = self.line(self.calculate(product, calculate_per), product)
            # 24 units at 1.00, 6 delivered
            self.assertEqual(line.quantity, 18)
            self.assertMoney(line.value_calculated, 18.0)
            self.assertEqual(line.uom_id, self.unit)

    def test_calculate_negative_stock_repaired_by_a_receipt_is_taken(self):
        product = self.create_product("fifo", name="Repaired")
        self.receive(product, 2, 5.0)
        self.deliver(product, 5)
        self.receive(product, 10, 4.0)
        line = self.line(self.calculate(product), product)
        # 7 left, and all of them of the last receipt
        self.assertEqual(line.quantity, 7)
        self.assertMoney(line.value_calculated, self.stock_value(product))

    # ------------------------------------------------------------------ duplicates

    def test_line_second_of_the_same_product_is_refused(self):
        journal = self.calculate(self.average)
        with self.assertRaises(REFUSALS):
            journal.line_ids.create({"journal_id": journal.id, "product_id": self.average.id})
            self.flush()
        self.assertEqual(len(journal.line_ids), 1)

    def test_line_of_a_product_beside_its_layers_is_refused(self):
        journal = self.calculate(self.fifo, "layer")
        with self.assertRaises(REFUSALS):
            journal.line_ids.create({"journal_id": journal.id, "product_id": self.fifo.id})
            self.flush()
        self.assertEqual(len(journal.line_ids), 2)

    def test_calculate_twice_replacing_gives_the_same_lines(self):
        journal = self.calculate(self.three, "layer")
        first = self.figures(journal)
        journal.calculate(calculate_per="layer", product_ids=self.three.ids)
        self.assertEqual(self.figures(journal), first)

    # ------------------------------------------------------------------ the wizard

    def test_wizard_does_what_the_method_does(self):
        journal = self.create_journal()
        wizard = self.as_user(self.env["stock.revaluation.calculate"], self.accountant).create(
            {
                "journal_id": journal.id,
                "calculate_per": "layer",
                "product_ids": [(6, 0, self.three.ids)],
            }
        )
        wizard.action_calculate()
        self.assertEqual(self.figures(journal), self.figures(self.calculate(self.three, "layer")))

    def test_button_opens_the_wizard_on_the_journal(self):
        journal = self.create_journal()
        action = journal.action_calculate()
        self.assertEqual(action["res_model"], "stock.revaluation.calculate")
        self.assertEqual(action["context"]["default_journal_id"], journal.id)

    def test_calculate_on_a_posted_journal_is_refused(self):
        journal = self.calculate(self.average)
        self.line(journal, self.average).write({"value_revalued": 60.0})
        self.post(journal)
        self.assert_refused(lambda: journal.calculate(product_ids=self.fifo.ids))
        self.assertEqual(journal.line_ids.product_id, self.average)
