"""Preview: what posting would write, and nothing of it written."""

from revaluation_common import REFUSALS, RevaluationCase


class TestPreview(RevaluationCase):
    """Two products: 147 at 3.40 (499.80) under average cost, 5 at 5.00 and 5 at 10.00 (75.00) under FIFO."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.average = cls.create_product("average", name="Copper wire")
        cls.receive(cls.average, 147, 3.40)
        cls.fifo = cls.create_product("fifo", name="Coffee")
        cls.receive(cls.fifo, 5, 5.00)
        cls.receive(cls.fifo, 5, 10.00)

    def entered(self, **vals):
        """Return a journal: copper wire to 750.00 (+250.20), coffee to 0.00 (−75.00)."""
        journal = self.calculate(self.average | self.fifo, **vals)
        self.line(journal, self.average).write({"value_revalued": 750.00})
        self.line(journal, self.fifo).write({"value_revalued": 0.00})
        return journal

    def rows(self, preview, table, *names):
        return [tuple(row[name] for name in names) for row in preview[table]]

    # ------------------------------------------------------------------ figures

    def test_preview_products_old_and_new_value(self):
        preview = self.entered().get_preview()
        self.assertEqual(
            sorted(self.rows(preview, "products", "product", "quantity", "old_value", "new_value", "amount")),
            # 750.00 − 499.80 = 250.20; 0.00 − (5 × 5.00 + 5 × 10.00) = −75.00
            [("Coffee", 10.0, 75.00, 0.00, -75.00), ("Copper wire", 147.0, 499.80, 750.00, 250.20)],
        )

    def test_preview_products_old_and_new_cost(self):
        preview = self.entered().get_preview()
        costs = {row["product"]: (row["old_cost"], row["new_cost"]) for row in preview["products"]}
        # 750.00 / 147 = 5.10204…, stored as 5.10 up to 18.0
        self.assertAlmostEqual(costs["Copper wire"][0], 3.40, 6)
        self.assertAlmostEqual(costs["Copper wire"][1], 5.10 if self.cost_is_rounded else 750 / 147.0, 6)
        self.assertAlmostEqual(costs["Coffee"][1], 0.00, 6)

    def test_preview_accounts_debit_and_credit(self):
        preview = self.entered().get_preview()
        self.assertEqual(
            {row["account"]: (row["debit"], row["credit"]) for row in preview["accounts"]},
            {
                # Copper wire up 250.20: debit valuation; coffee down 75.00: credit valuation
                self.account_valuation.display_name: (250.20, 75.00),
                self.account_revaluation.display_name: (75.00, 250.20),
            },
        )

    def test_preview_takes_no_defaults_of_the_page_into_entries(self):
        """The window of a journal's lines has a default journal, which is no accounting journal; as for Post."""
        journal = self.entered()
        defaults = {"default_journal_id": 2**30, "default_state": "posted", "default_partner_id": 2**30}
        preview = journal.with_context(**defaults).get_preview()
        self.assertEqual(preview, journal.get_preview())

    def test_preview_items_two_a_line_with_the_accounting_journal_and_no_number(self):
        preview = self.entered().get_preview()
        self.assertEqual(
            sorted(self.rows(preview, "items", "account", "debit", "credit")),
            sorted(
                [
                    (self.account_valuation.display_name, 250.20, 0.0),
                    (self.account_revaluation.display_name, 0.0, 250.20),
                    (self.account_valuation.display_name, 0.0, 75.00),
                    (self.account_revaluation.display_name, 75.00, 0.0),
                ]
            ),
        )
        self.assertEqual({row["journal"] for row in preview["items"]}, {self.stock_journal.display_name})

    def test_preview_layers_sum_to_the_change(self):
        preview = self.entered().get_preview()
        self.assertMoney(sum(row["value"] for row in preview["layers"]), 175.20)  # 250.20 − 75.00

    def test_preview_shows_what_posting_then_writes(self):
        journal = self.entered()
        preview = journal.get_preview()
        self.post(journal)
        items = journal.sudo().account_move_ids.line_ids.sorted("id")
        self.assertEqual(
            self.rows(preview, "items", "account", "label", "debit", "credit"),
            [(item.account_id.display_name, item.name, item.debit, item.credit) for item in items],
        )
        layers = journal.sudo().line_ids.valuation_layer_ids.sorted("id")
        self.assertEqual(
            self.rows(preview, "layers", "description", "value"),
            [(layer.description, layer.value) for layer in layers],
        )
        for row in preview["products"]:
            product = (self.average | self.fifo).filtered(lambda each, name=row["product"]: each.display_name == name)
            self.assertAlmostEqual(row["new_cost"], self.cost(product), 9)
            self.assertMoney(row["new_value"], self.stock_value(product))

    # ------------------------------------------------------------------ nothing stays

    def test_preview_leaves_value_cost_ledger_and_layers_as_they_were(self):
        journal = self.entered()
        products = self.average | self.fifo
        before = self.snapshot(products)
        messages = journal.message_ids
        mails = self.env["mail.mail"].sudo().search_count([])
        journal.get_preview()
        self.assertEqual(self.snapshot(products), before)
        self.assertEqual(journal.state, "draft")
        self.assertEqual(set(journal.line_ids.mapped("state")), {"draft"})
        self.assertFalse(journal.sudo().account_move_ids)
        self.assertFalse(journal.valuation_layer_ids)
        self.assertEqual(journal.message_ids, messages)
        self.assertEqual(self.env["mail.mail"].sudo().search_count([]), mails)

    def test_preview_twice_then_post_takes_the_number_that_comes_next(self):
        first = self.entered()
        self.post(first)
        second = self.calculate(self.average)
        self.line(second, self.average).write({"value_revalued": 700.00})
        second.get_preview()
        second.get_preview()
        self.post(second)
        numbers = [int(journal.sudo().account_move_ids.name.split("/")[-1]) for journal in (first, second)]
        self.assertEqual(numbers[1], numbers[0] + 1)

    def test_preview_keeps_what_was_entered_and_not_yet_saved_to_the_database(self):
        journal = self.entered()
        journal.description = "pending"
        journal.get_preview()
        self.assertEqual(journal.description, "pending")
        self.assertMoney(journal.amount, 175.20)

    # ------------------------------------------------------------------ who, and what keeps it from being shown

    def test_preview_by_a_preparer_who_may_not_post(self):
        preparer = self.create_user("reval_preparer", "stock_revaluation_journal.group_revaluation_user")
        journal = self.as_user(self.entered(), preparer)
        self.assertMoney(sum(row["amount"] for row in journal.get_preview()["products"]), 175.20)
        action = journal.action_preview()
        with self.assertRaises(REFUSALS):
            self.as_user(self.env[action["res_model"]].browse(action["res_id"]), preparer).action_post()
        self.assertEqual(journal.state, "draft")

    def test_preview_of_an_outdated_line_says_so(self):
        journal = self.entered()
        self.deliver(self.average, 1)
        self.assert_refused(journal.get_preview, "Copper wire")

    def test_preview_of_an_empty_journal_says_so(self):
        self.assert_refused(self.create_journal().get_preview)

    def test_preview_of_a_posted_journal_is_refused(self):
        journal = self.entered()
        self.post(journal)
        self.assert_refused(journal.get_preview)

    # ------------------------------------------------------------------ how it is shown

    def test_preview_dialog_shows_products_accounts_and_totals(self):
        journal = self.entered()
        action = journal.action_preview()
        self.assertEqual(action["target"], "new")
        dialog = self.env[action["res_model"]].browse(action["res_id"])
        for text in ("Copper wire", "Coffee", self.account_valuation.display_name, "250.20", "75.00", "175.20"):
            self.assertIn(text, dialog.content)

    def test_preview_dialog_escapes_names(self):
        self.average.name = "<script>alert(1)</script>"
        journal = self.entered()
        content = self.env["stock.revaluation.preview"].browse(journal.action_preview()["res_id"]).content
        self.assertNotIn("<script>", content)

    def test_preview_dialog_posts(self):
        journal = self.entered()
        action = journal.action_preview()
        self.as_user(self.env[action["res_model"]].browse(action["res_id"]), self.accountant).action_post()
        self.assertEqual(journal.state, "posted")

    def test_preview_of_periodic_products_up_to_18_has_no_entry(self):
        product = self.create_product("average", automated=False, name="Sand")
        self.receive(product, 10, 10.00)
        journal = self.calculate(product)
        self.line(journal, product).write({"value_revalued": 125.00})
        preview = journal.get_preview()
        self.assertEqual(bool(preview["items"]), self.has_product_values)
        self.assertTrue(journal.action_preview())

    # ------------------------------------------------------------------ warnings

    def warned(self, journal, text):
        """Return the warnings of a preview that contain `text`."""
        return [warning for warning in journal.get_preview()["warnings"] if text in warning]

    def test_warning_of_a_change_above_the_company_s_percentage(self):
        # Coffee: −100 %; copper wire: 250.20 / 499.80 = +50.06 %
        self.company.revaluation_warning_percent = 60.0
        (warning,) = self.warned(self.entered(), "60 per cent")
        self.assertIn("Coffee", warning)
        self.assertNotIn("Copper wire", warning)

    def test_warning_of_a_change_switched_off(self):
        self.company.revaluation_warning_percent = 0.0
        self.assertFalse(self.warned(self.entered(), "per cent"))

    def test_warning_of_a_rounding_difference_up_to_18(self):
        product = self.create_product("average", name="Screws")
        self.receive(product, 1000, 1.00)
        journal = self.calculate(product)
        # 1,004.00 / 1000 = 1.004, stored as 1.00: 4.00 that the cost cannot carry
        self.line(journal, product).write({"value_revalued": 1004.00})
        found = self.warned(journal, "rounded")
        self.assertEqual(bool(found), self.cost_is_rounded)
        self.assertEqual(journal.rounding_count, 1 if self.cost_is_rounded else 0)
        self.assertEqual(journal.has_rounding, self.cost_is_rounded)

    def test_warning_of_receipts_not_billed_and_none_after_the_bill(self):
        product = self.create_product("fifo", name="Paper")
        receipt = self.receive(product, 10, 10.00)
        journal = self.calculate(product)
        self.line(journal, product).write({"value_revalued": 90.00})
        self.assertIn("Paper", self.warned(journal, "not billed")[0])
        self.bill(receipt, 10.00)
        journal.action_refresh()
        self.assertFalse(self.warned(journal, "not billed"))
