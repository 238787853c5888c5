"""Bad input gets a clear error that names what is wrong, and changes nothing."""

from datetime import timedelta

from odoo import fields
from revaluation_common import REFUSALS, RevaluationCase


class TestBadInput(RevaluationCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.product = cls.create_product("average", name="Plain product")
        cls.receipt = cls.receive(cls.product, 10, 10.00)
        cls.second = cls.create_product("fifo", name="Other product")
        cls.receive(cls.second, 10, 10.00)

    def entered(self, product=None, value=125.00, **vals):
        """A journal ready to post."""
        product = product or self.product
        journal = self.calculate(product, **vals)
        for line in journal.line_ids:
            line.write({"value_revalued": value})
        return journal

    def assertPostRefused(self, journal, *mentions):
        message = self.assert_refused(journal.action_post, *mentions, products=self.product | self.second)
        self.assertEqual(journal.state, "draft")
        self.assertFalse(journal.valuation_layer_ids)
        self.assertFalse(journal.account_move_ids)
        return message

    # ------------------------------------------------------------------ the journal

    def test_post_empty_journal_is_refused(self):
        self.assertPostRefused(self.create_journal())

    def test_post_journal_without_any_change_is_refused(self):
        self.assertPostRefused(self.calculate(self.product))

    def test_post_twice_is_refused_and_counts_once(self):
        journal = self.entered()
        self.post(journal)
        self.assert_refused(journal.action_post, products=self.product)
        self.assertMoney(self.stock_value(self.product), 125.00)

    # ------------------------------------------------------------------ accounts and journals

    def without_accounts(self, **vals):
        """A product whose category has no expense account, nor has anything else."""
        category = self.category("average", **dict({"property_account_expense_categ_id": False}, **vals))
        if "expense_account_id" in self.company._fields:
            self.company.expense_account_id = False
        product = self.create_product("average", categ=category, name="No counterpart")
        self.receive(product, 10, 10.00)
        return product

    def test_post_without_counterpart_account_is_refused(self):
        product = self.without_accounts()
        self.assertPostRefused(self.entered(product, counterpart_account_id=False), product.name)

    def test_post_without_counterpart_succeeds_once_it_is_set(self):
        product = self.without_accounts()
        journal = self.entered(product, counterpart_account_id=False)
        self.assertPostRefused(journal)
        journal.counterpart_account_id = self.account_revaluation
        self.post(journal)
        self.assertMoney(self.stock_value(product), 125.00)

    def test_post_without_accounting_journal_is_refused(self):
        category = self.category("average", automated=True, property_account_income_categ_id=False)
        product = self.create_product("average", categ=category, name="No journal")
        self.receive(product, 10, 10.00)
        category.property_stock_journal = False
        if "account_stock_journal_id" in self.company._fields:
            self.company.account_stock_journal_id = False
        self.assertPostRefused(self.entered(product), product.name)

    def test_post_to_a_closed_counterpart_account_is_refused(self):
        journal = self.entered()
        self.close_account(self.account_revaluation)
        self.assertPostRefused(journal, self.account_revaluation.name)

    def test_account_kept_in_another_currency_is_refused_with_its_products(self):
        journal = self.entered()
        euro = self.env.ref("base.EUR")
        euro.active = True
        self.account_revaluation.currency_id = euro
        self.assertPostRefused(journal, self.account_revaluation.name, "EUR", self.product.name)

    def test_account_kept_in_the_company_s_own_currency_is_no_problem(self):
        self.account_revaluation.currency_id = self.company.currency_id
        self.post(self.entered())
        self.assertMoney(self.stock_value(self.product), 125.00)

    def test_account_limited_to_other_journals_is_refused_with_its_products(self):
        if "allowed_journal_ids" not in self.account_revaluation._fields:
            self.skipTest("accounts are not limited to journals from 19.0 on")
        journal = self.entered()
        other = self.env["account.journal"].create(
            {"name": "Other", "code": "ROTH", "type": "general", "company_id": self.company.id}
        )
        self.account_revaluation.allowed_journal_ids = other
        mentions = self.account_revaluation.name, self.books.stock_journal.name, self.product.name
        self.assertPostRefused(journal, *mentions)
        journal.account_journal_id = other
        self.post(journal)

    def test_counterpart_account_of_another_company_is_refused(self):
        other = self.create_books("Account Owner")
        with self.assertRaises(REFUSALS):
            journal = self.entered(counterpart_account_id=other.account_revaluation.id)
            journal.action_post()
        self.assertMoney(self.stock_value(self.product), 100.00)

    # ------------------------------------------------------------------ lines

    def test_line_of_a_product_without_stock_is_refused(self):
        product = self.create_product("average", name="Nothing in stock")
        journal = self.create_journal()
        with self.assertRaises(REFUSALS) as caught:
            journal.line_ids.create({"journal_id": journal.id, "product_id": product.id})
            self.flush()
        self.assertIn(product.name, str(caught.exception))

    def test_line_of_a_product_with_negative_stock_is_refused(self):
        product = self.create_product("fifo", name="Below nothing")
        self.receive(product, 1, 1.00)
        self.deliver(product, 3)
        journal = self.create_journal()
        with self.assertRaises(REFUSALS) as caught:
            journal.line_ids.create({"journal_id": journal.id, "product_id": product.id})
            self.flush()
        self.assertIn(product.name, str(caught.exception))

    def test_line_of_another_companys_product_is_refused(self):
        other = self.create_books("Product Owner")
        with self.inside(other):
            foreign = self.create_product("average", name="Theirs", company_id=other.company.id)
            self.receive(foreign, 5, 5.00)
        journal = self.create_journal()
        with self.assertRaises(REFUSALS):
            journal.line_ids.create({"journal_id": journal.id, "product_id": foreign.id})
            self.flush()

    def test_line_negative_value_through_create_is_refused(self):
        journal = self.create_journal()
        for vals in ({"value_revalued": -1.0}, {"unit_cost_revalued": -0.01}):
            with self.assertRaises(REFUSALS):
                journal.write({"line_ids": [(0, 0, dict(vals, product_id=self.product.id))]})
                self.flush()

    def test_line_calculated_figures_cannot_be_entered(self):
        journal = self.create_journal()
        try:
            line = journal.line_ids.create(
                {
                    "journal_id": journal.id,
                    "product_id": self.product.id,
                    "value_calculated": 1.00,
                    "quantity": 1.0,
                    "value_revalued": 125.00,
                }
            )
        except REFUSALS:
            return
        # Either refused, or the books prevail
        self.assertEqual(line.quantity, 10)
        self.assertMoney(line.value_calculated, 100.00)

    # ------------------------------------------------------------------ import

    def test_import_of_text_in_a_number_column_is_reported(self):
        journal = self.create_journal()
        result = journal.line_ids.load(
            ["journal_id/.id", "product_id/.id", "value_revalued"],
            [[str(journal.id), str(self.product.id), "seven hundred"]],
        )
        self.assertFalse(result["ids"])
        self.assertTrue(result["messages"])
        self.invalidate()  # 14.0 rolls the import back, but keeps it in its cache
        self.assertFalse(journal.line_ids)

    def test_import_of_totals_sets_the_unit_costs(self):
        journal = self.create_journal()
        result = journal.line_ids.load(
            ["journal_id/.id", "product_id/.id", "value_revalued"],
            [
                [str(journal.id), str(self.product.id), "125.00"],
                [str(journal.id), str(self.second.id), "80.00"],
            ],
        )
        self.assertEqual([m["message"] for m in result["messages"]], [])
        self.assertAlmostEqual(self.line(journal, self.product).unit_cost_revalued, 12.50, 6)
        self.assertMoney(self.line(journal, self.second).amount, -20.00)

    def test_import_of_unit_costs_sets_the_totals(self):
        journal = self.create_journal()
        result = journal.line_ids.load(
            ["journal_id/.id", "product_id/.id", "unit_cost_revalued"],
            [[str(journal.id), str(self.product.id), "12.5"]],
        )
        self.assertEqual([m["message"] for m in result["messages"]], [])
        self.assertMoney(self.line(journal, self.product).value_revalued, 125.00)

    def test_import_of_a_negative_cost_is_reported(self):
        journal = self.create_journal()
        try:
            result = journal.line_ids.load(
                ["journal_id/.id", "product_id/.id", "unit_cost_revalued"],
                [[str(journal.id), str(self.product.id), "-12.5"]],
            )
        except REFUSALS:
            return
        self.assertTrue(result["messages"], journal.line_ids.read(["unit_cost_revalued"]))
        self.assertFalse(result["ids"])

    def test_import_of_a_whole_journal(self):
        Journal = self.as_user(self.env["stock.revaluation.journal"], self.accountant)
        result = Journal.load(
            ["description", "line_ids/product_id/.id", "line_ids/value_revalued"],
            [
                ["Year end", str(self.product.id), "125.00"],
                ["", str(self.second.id), "80.00"],
            ],
        )
        self.assertEqual([m["message"] for m in result["messages"]], [])
        journal = Journal.browse(result["ids"])
        self.assertMoney(journal.amount, 5.00)

    # ------------------------------------------------------------------ stale lines

    def assertStale(self, journal):
        self.assertPostRefused(journal, self.product.name)

    def test_post_after_a_receipt_is_refused(self):
        journal = self.entered()
        self.receive(self.product, 1, 10.00)
        self.assertStale(journal)

    def test_post_after_a_delivery_is_refused(self):
        journal = self.entered()
        self.deliver(self.product, 1)
        self.assertStale(journal)

    def test_post_after_a_landed_cost_is_refused_though_nothing_moved(self):
        journal = self.entered()
        self.landed_cost(self.receipt, 30.00)
        self.assertEqual(self.stock_quantity(self.product), 10)
        self.assertStale(journal)

    def test_post_after_another_journal_is_refused(self):
        journal = self.entered()
        self.revalue(self.product, value=110.00)
        self.assertStale(journal)

    def test_post_after_the_costing_method_changed_is_refused(self):
        journal = self.entered()
        self.product.categ_id = self.category("standard")
        self.flush()
        self.invalidate()
        self.assertStale(journal)

    def test_post_after_the_valuation_changed_is_refused(self):
        product = self.create_product("average", name="Switched", automated=False)
        self.receive(product, 10, 10.00)
        journal = self.entered(product)
        product.categ_id = self.category("average", automated=True)
        self.flush()
        self.invalidate()
        self.assertPostRefused(journal, product.name)

    def test_post_after_everything_was_delivered_is_refused(self):
        journal = self.entered()
        self.deliver(self.product, 10)
        self.assertStale(journal)

    def test_post_with_one_stale_line_posts_none(self):
        journal = self.entered(self.product | self.second)
        self.receive(self.product, 1, 10.00)
        message = self.assertPostRefused(journal, self.product.name)
        self.assertNotIn(self.second.name, message)
        self.assertMoney(self.stock_value(self.second), 100.00)

    # ------------------------------------------------------------------ all at once

    def test_post_names_every_problem_in_one_message(self):
        orphan = self.without_accounts()
        products = self.product | orphan
        journal = self.entered(
            products,
            counterpart_account_id=False,
            date=fields.Date.today() + timedelta(days=3),
        )
        self.receive(self.product, 1, 10.00)
        message = self.assertPostRefused(journal, self.product.name, orphan.name)
        self.assertGreaterEqual(len(message.splitlines()), 3)
