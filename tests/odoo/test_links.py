"""Products, lots, layers, receipts and entries lead to their revaluations; Revalue… prepares a journal."""

from revaluation_common import RevaluationCase


class TestLinks(RevaluationCase):
    """A FIFO product with two receipts, 5 at 5.00 and 5 at 10.00: 75.00."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.product = cls.create_product("fifo", name="Coffee")
        cls.first = cls.receive(cls.product, 5, 5.00)
        cls.second = cls.receive(cls.product, 5, 10.00)
        cls.other = cls.create_product("average", name="Copper wire")
        cls.receive(cls.other, 10, 10.00)
        cls.outsider = cls.create_user("reval_outsider", "stock.group_stock_user")

    def to_value(self, value):
        """Post the product at `value`. Return its line."""
        return self.revalue(self.product, value=value)

    def layer_of(self, move):
        """Return the layer of a receipt, up to 18.0."""
        return self.as_user(move, self.reader).stock_valuation_layer_ids

    def journal_of(self, action):
        self.assertEqual(action["res_model"], "stock.revaluation.journal")
        return self.env[action["res_model"]].browse(action["res_id"])

    def lines_of(self, action):
        self.assertEqual(action["res_model"], "stock.revaluation.journal.line")
        return self.env[action["res_model"]].search(action["domain"])

    # ------------------------------------------------------------------ counts and ways there

    def test_links_count_nothing_before_a_revaluation(self):
        for record in (self.product, self.product.product_tmpl_id, self.first):
            self.assertEqual(self.as_user(record, self.accountant).revaluation_count, 0)

    def test_links_product_and_template_lead_to_the_line(self):
        line = self.to_value(80.00)
        for record in (self.product, self.product.product_tmpl_id):
            record = self.as_user(record, self.accountant)
            self.assertEqual(record.revaluation_count, 1)
            self.assertEqual(self.lines_of(record.action_view_revaluations()), line)

    def test_links_receipts_lead_to_a_product_line_spread_over_them(self):
        line = self.to_value(80.00)
        for move in (self.first, self.second):
            move = self.as_user(move, self.accountant)
            self.assertEqual(move.revaluation_count, 1)
            self.assertEqual(self.lines_of(move.action_view_revaluations()), line)

    def test_links_receipt_leads_to_its_own_line_and_the_other_receipt_to_none(self):
        journal = self.calculate(self.product, calculate_per="layer")
        line = self.lines_by_layer(journal, self.product)[0]
        line.write({"unit_cost_revalued": 6.00})  # 5 × 6.00 = 30.00, +5.00
        self.post(journal)
        first, second = (self.as_user(move, self.accountant) for move in (self.first, self.second))
        self.assertEqual(self.lines_of(first.action_view_revaluations()), line)
        self.assertEqual((first.revaluation_count, second.revaluation_count), (1, 0))

    def test_links_layers_lead_to_the_line_that_made_or_changed_them(self):
        line = self.to_value(80.00)
        layers = line.valuation_layer_ids
        if not self.has_product_values:
            layers |= self.layer_of(self.first)
        for layer in self.as_user(layers, self.accountant):
            self.assertEqual(layer.revaluation_count, 1)
            self.assertEqual(self.lines_of(layer.action_view_revaluations()), line)

    def test_links_entry_leads_to_its_journal_and_back(self):
        line = self.to_value(80.00)
        entry = self.as_user(line.sudo().account_move_line_ids.move_id, self.accountant)
        self.assertEqual(entry.revaluation_count, 1)
        self.assertEqual(self.journal_of(entry.action_view_revaluation_journals()), line.journal_id)
        self.assertEqual(line.account_move_count, 1)
        # an entry shows its items to those alone who have full accounting features: the others get the items
        items, action = line.sudo().account_move_line_ids, line.action_view_account_moves()
        self.assertEqual((action["res_model"], action["domain"]), ("account.move.line", [("id", "in", items.ids)]))
        bookkeeper = self.create_user(
            "reval_bookkeeper", "account.group_account_user", "stock_revaluation_journal.group_revaluation_manager"
        )
        self.assertEqual(self.as_user(line, bookkeeper).action_view_account_moves()["res_id"], entry.id)

    def test_links_lot_leads_to_its_line_from_18_on(self):
        if not self.has_lot_valuation:
            self.skipTest("lots have a value of their own from 18.0 on")
        product = self.create_product("average", name="Wine", tracking="lot", lot_valuated=True)
        lots = [self.create_lot(product, name) for name in ("A", "B")]
        for lot in lots:
            self.receive(product, 5, 10.00, lot=lot)
        journal = self.calculate(product, calculate_per="lot")
        line = self.line(journal, product, lots[0])
        line.write({"unit_cost_revalued": 12.00})
        self.post(journal)
        counts = [self.as_user(lot, self.accountant).revaluation_count for lot in lots]
        self.assertEqual(counts, [1, 0])
        self.assertEqual(self.lines_of(self.as_user(lots[0], self.accountant).action_view_revaluations()), line)

    def test_links_lines_lead_to_journal_and_layers(self):
        line = self.to_value(80.00)
        self.assertEqual(self.journal_of(line.action_view_journal()), line.journal_id)
        action = line.action_view_valuation_layers()
        layers = self.env["stock.valuation.layer"].search(action["domain"])
        self.assertEqual(layers, line.valuation_layer_ids)
        self.assertEqual(line.valuation_layer_count, len(layers))

    def test_links_count_nothing_for_users_without_access(self):
        self.to_value(80.00)
        for record in (self.product, self.product.product_tmpl_id, self.first):
            self.assertEqual(self.as_user(record, self.outsider).revaluation_count, 0)

    # ------------------------------------------------------------------ Revalue…

    def test_revalue_products_prepares_a_journal_calculated_for_them(self):
        products = self.as_user(self.product | self.other, self.accountant)
        journal = self.journal_of(products.action_revalue())
        self.assertEqual(journal.state, "draft")
        self.assertEqual(journal.line_ids.product_id, self.product | self.other)
        self.assertMoney(journal.value_calculated, 175.00)  # 75.00 + 100.00
        self.assertMoney(journal.amount, 0.00)

    def test_revalue_template_prepares_a_journal(self):
        template = self.as_user(self.product.product_tmpl_id, self.accountant)
        self.assertEqual(self.journal_of(template.action_revalue()).line_ids.product_id, self.product)

    def test_revalue_receipt_prepares_the_line_of_that_receipt_alone(self):
        line = self.journal_of(self.as_user(self.second, self.accountant).action_revalue()).line_ids
        self.assertEqual(line.stock_move_id, self.second)
        self.assertMoney(line.value_calculated, 50.00)  # 5 × 10.00

    def test_revalue_receipt_of_an_average_product_prepares_its_product_line(self):
        move = self.receive(self.other, 10, 12.00)
        line = self.journal_of(self.as_user(move, self.accountant).action_revalue()).line_ids
        self.assertFalse(line.stock_move_id)
        self.assertMoney(line.value_calculated, 220.00)  # 10 × 10.00 + 10 × 12.00

    def test_revalue_layer_prepares_the_line_of_that_layer_alone(self):
        if self.has_product_values:
            layer = self.revalue(self.product, value=80.00).valuation_layer_ids[0]
            expected = layer.stock_move_id
        else:
            layer, expected = self.layer_of(self.first), self.first
        line = self.journal_of(self.as_user(layer, self.accountant).action_revalue()).line_ids
        self.assertEqual(line.stock_move_id, expected)

    def test_revalue_lot_prepares_its_line_from_18_on(self):
        if not self.has_lot_valuation:
            self.skipTest("lots have a value of their own from 18.0 on")
        product = self.create_product("average", name="Wine", tracking="lot", lot_valuated=True)
        lots = [self.create_lot(product, name) for name in ("A", "B")]
        for lot in lots:
            self.receive(product, 5, 10.00, lot=lot)
        line = self.journal_of(self.as_user(lots[1], self.accountant).action_revalue()).line_ids
        self.assertEqual(line.lot_id, lots[1])

    def test_revalue_product_without_stock_says_why(self):
        empty = self.create_product("average", name="Nothing there")
        self.assert_refused(self.as_user(empty, self.accountant).action_revalue, "Nothing there")

    def test_revalue_is_in_the_action_menus_of_revaluation_users_alone(self):
        group = self.env.ref("stock_revaluation_journal.group_revaluation_user")
        for model in ("product.product", "product.template", "stock.move", "stock.valuation.layer"):
            names = {}
            for user in (self.accountant, self.outsider):
                bindings = self.as_user(self.env["ir.actions.actions"], user).get_bindings(model)
                names[user] = [action["name"] for action in bindings.get("action", ())]
            self.assertIn("Revalue…", names[self.accountant], model)
            action = self.env["ir.actions.server"].search(
                [("name", "=", "Revalue…"), ("binding_model_id.model", "=", model)]
            )
            field = "group_ids" if "group_ids" in action._fields else "groups_id"
            self.assertEqual(action[field], group, model)

    def test_links_from_every_record_of_a_change_to_the_entry_and_back(self):
        """Trap: a value record without its entry is booked a second time."""
        average, standard = self.other, self.create_product("standard", cost=4.0)
        self.receive(standard, 10, 4.00)
        journal = self.calculate(self.product | average | standard)
        for line in journal.line_ids:
            line.write({"unit_cost_revalued": 12.00})
        self.post(journal)
        entry = journal.account_move_ids.sudo()
        self.assertEqual(len(entry), 1)
        self.assertEqual(self.as_user(entry, self.accountant).revaluation_journal_ids, journal)
        for line in journal.line_ids:
            self.assertEqual(line.sudo().account_move_line_ids.move_id, entry)
            self.assertEqual(line.valuation_layer_ids.sudo().account_move_id, entry)
        if self.has_product_values:
            values = self.env["product.value"].search([("revaluation_line_id", "in", journal.line_ids.ids)])
            self.assertEqual(values.product_id, average | standard)  # FIFO: the layers name their receipts
            for value in values:
                self.assertEqual(value.revaluation_line_id.product_id, value.product_id)
                self.assertEqual(value.revaluation_line_id.account_move_line_ids.move_id, entry)
