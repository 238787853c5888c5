"""Standard-cost products without stock: the new cost is all that a line changes; and it is taken back."""

from revaluation_common import RevaluationCase, UserError


class TestAlsoWithoutStock(RevaluationCase):
    def prepare(self, *products, **vals):
        """Return a journal with a line for each of these products, in stock or not."""
        return self.calculate(
            self.env["product.product"].concat(*products), options={"also_without_stock": True}, **vals
        )

    def rows_of(self, product):
        """Return the costs that 19.0's history of the product has, oldest first."""
        if not self.has_product_values:
            return []
        rows = self.env["product.value"].sudo().search([("product_id", "=", product.id)], order="date, id")
        return rows.mapped("value")

    def test_cost_alone_changes_without_layer_and_entry_beside_a_line_with_stock(self):
        empty = self.create_product("standard", cost=4.00)
        stocked = self.create_product("standard", cost=10.00)
        self.receive(stocked, 5, 10.00)
        journal = self.prepare(empty, stocked)
        line = self.line(journal, empty)
        self.assertEqual((line.quantity, line.value_calculated, line.unit_cost_calculated), (0, 0, 4.00))
        line.unit_cost_revalued = 4.75
        self.line(journal, stocked).unit_cost_revalued = 12.00
        self.assertEqual((line.value_revalued, line.amount, line.sets_cost), (0, 0, True))
        rows = len(self.rows_of(empty))
        self.post(journal)  # layers and entries of the line with stock alone
        self.assertEqual((self.cost(empty), self.cost(stocked)), (4.75, 12.00))
        self.assertMoney(journal.amount, 10.00)  # 5 x 2.00
        self.assertEqual(line.state, "posted")
        self.assertFalse(line.valuation_layer_ids)
        self.assertFalse(line.sudo().account_move_line_ids)
        self.assertEqual(len(self.rows_of(empty)) - rows, 1 if self.has_product_values else 0)
        self.assertTrue(any("4.00 → 4.75" in (message.body or "") for message in journal.message_ids))
        self.receive(empty, 2, 7.00)
        self.assertMoney(self.stock_value(empty), 9.50)  # 2 x 4.75: what comes is worth the new cost

    def test_without_the_option_they_are_left_out_and_refused_by_name(self):
        empty = self.create_product("standard", cost=4.00)
        journal = self.calculate(empty)
        self.assertFalse(journal.line_ids)
        self.assertIn(empty.display_name, journal.left_out)
        Journal = self.as_user(self.env["stock.revaluation.journal"], self.accountant)
        self.assert_refused(lambda: Journal.revalue({empty.id: 5.00}), empty.display_name, products=empty)

    def test_revalue_takes_them_by_unit_cost_and_refuses_a_total(self):
        empty = self.create_product("standard", cost=4.00)
        Journal = self.as_user(self.env["stock.revaluation.journal"], self.accountant)
        self.assert_refused(
            lambda: Journal.revalue({empty.id: {"value": 50}}, also_without_stock=True),
            empty.display_name,
            products=empty,
        )
        journal = Journal.revalue({empty.id: 5.00}, also_without_stock=True)
        self.assertEqual((journal.state, self.cost(empty)), ("posted", 5.00))
        self.assertFalse(journal.valuation_layer_ids or journal.sudo().account_move_ids)

    def test_other_costing_methods_and_negative_stock_stay_left_out(self):
        average, fifo = self.create_product("average"), self.create_product("fifo")
        negative = self.create_product("standard", cost=3.00)
        self.deliver(negative, 2)
        sold_out = self.create_product("standard", cost=3.00)
        self.receive(sold_out, 2, 3.00)
        self.deliver(sold_out, 2)
        journal = self.prepare(average, fifo, negative, sold_out)
        self.assertEqual(journal.line_ids.product_id, sold_out)
        for product in (average, fifo, negative):
            self.assertIn(product.display_name, journal.left_out)

    def test_cost_or_stock_that_changed_since_is_stale_and_refresh_keeps_the_entry(self):
        changed, received = (self.create_product("standard", cost=4.00) for _number in range(2))
        journal = self.prepare(changed, received)
        for line in journal.line_ids:
            line.unit_cost_revalued = 6.00
        changed.standard_price = 5.00
        self.receive(received, 3, 4.00)
        self.assert_refused(
            journal.action_post, changed.display_name, received.display_name, products=changed + received
        )
        journal.action_refresh()
        self.assertEqual(self.line(journal, changed).unit_cost_calculated, 5.00)
        line = self.line(journal, received)
        self.assertEqual((line.quantity, line.unit_cost_revalued, line.amount), (3, 6.00, 6.00))  # 3 x 2.00
        self.post(journal)
        self.assertEqual((self.cost(changed), self.cost(received)), (6.00, 6.00))

    def test_reverse_sets_the_cost_back_and_the_value_of_what_has_come_since(self):
        still_empty, received = (self.create_product("standard", cost=4.00) for _number in range(2))
        journal = self.prepare(still_empty, received)
        journal.line_ids.write({"unit_cost_revalued": 6.00})
        self.post(journal)
        self.receive(received, 5, 6.00)
        self.assertMoney(self.stock_value(received), 30.00)
        reversal = journal.browse(journal.action_reverse()["res_id"])
        self.post(reversal)
        self.assertEqual((self.cost(still_empty), self.cost(received)), (4.00, 4.00))
        self.assertMoney(self.stock_value(received), 20.00)
        self.assertMoney(reversal.amount, -10.00)

    def test_preview_check_and_totals_need_no_accounts(self):
        category = self.env["product.category"].create({"name": "No accounts at all"})
        category.property_cost_method = "standard"
        empty = self.create_product("standard", cost=4.00, categ=category)
        journal = self.prepare(empty, counterpart_account_id=False)
        journal.line_ids.unit_cost_revalued = 4.20
        preview = journal.get_preview()
        self.assertEqual([(row["old_cost"], row["new_cost"]) for row in preview["products"]], [(4.00, 4.20)])
        self.assertEqual((preview["layers"], preview["items"]), ([], []))
        self.assertEqual(self.cost(empty), 4.00)
        self.post(journal)
        self.assertEqual(self.cost(empty), 4.20)

    def test_total_of_no_stock_is_refused_and_zero_is_no_entry(self):
        empty = self.create_product("standard", cost=4.00)
        line = self.prepare(empty).line_ids
        with self.assertRaisesRegex(UserError, "has no stock"):
            line.value_revalued = 10.00
        line.write({"unit_cost_revalued": 5.00, "value_revalued": 0.0})
        self.assertEqual((line.unit_cost_revalued, line.value_revalued, line.entered), (5.00, 0.0, "unit_cost"))

    def test_cost_too_small_to_change_the_value_is_written_all_the_same(self):
        options = {"uom_id": self.kilogram.id}
        if "uom_po_id" in self.env["product.template"]._fields:
            options["uom_po_id"] = self.kilogram.id
        product = self.create_product("standard", cost=0.10, **options)
        self.receive(product, 0.2, 0.10)
        journal = self.calculate(product)
        journal.line_ids.unit_cost_revalued = 0.12  # 0.2 x 0.02 = 0.004: no cent
        self.assertMoney(journal.amount, 0.0)
        self.post(journal)
        self.assertEqual(self.cost(product), 0.12)

    def test_file_adds_products_without_stock_to_a_journal_that_takes_them(self):
        listed, added = self.create_product("standard", cost=4.00), self.create_product("standard", cost=4.00)
        fields, rows = ["product_id", "unit_cost_revalued"], [[added.name, "5.50"]]
        for takes in (True, False):
            journal = self.prepare(listed) if takes else self.calculate(listed)
            lines = journal.line_ids.with_context(default_journal_id=journal.id)
            result = lines.load(fields, rows)
            self.assertEqual(bool(result["ids"]), takes, result["messages"])
            if takes:
                self.post(journal)
                self.assertEqual(self.cost(added), 5.50)

    def test_in_the_background_too(self):
        self.env["ir.config_parameter"].sudo().set_param("stock_revaluation_journal.background_limit", "1")
        products = [self.create_product("standard", cost=4.00) for _number in range(3)]
        journal = self.prepare(*products)
        journal.line_ids.write({"unit_cost_revalued": 6.00})
        journal.action_post()
        self.flush()
        while journal._run_task_step() or journal._post_chunk():
            self.flush()
        self.invalidate()
        self.assertEqual(journal.state, "posted")
        self.assertEqual([self.cost(product) for product in products], [6.00] * 3)
