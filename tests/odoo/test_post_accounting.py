"""The entries of a posting: accounts, journals, items, dates, links."""

from datetime import timedelta

from odoo import fields
from revaluation_common import RevaluationCase


class TestPostAccounting(RevaluationCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.today = fields.Date.today()
        cls.product = cls.create_product("average", name="Booked product")
        cls.receive(cls.product, 10, 10.00)
        cls.second = cls.create_product("average", name="Second booked product")
        cls.receive(cls.second, 10, 10.00)
        cls.third = cls.create_product("average", name="Third booked product")
        cls.receive(cls.third, 10, 10.00)
        cls.reason.with_context(allowed_company_ids=cls.company.ids).write(
            {
                "increase_account_id": cls.account_increase.id,
                "decrease_account_id": cls.account_decrease.id,
            }
        )

    def posted(self, values, **vals):
        """Post a journal with these {product: new total}; return it."""
        products = self.env["product.product"].browse([product.id for product in values])
        journal = self.calculate(products, **vals)
        for product, value in values.items():
            self.line(journal, product).write({"value_revalued": value})
        self.post(journal)
        return journal

    # ------------------------------------------------------------------ debit and credit

    def test_post_increase_debits_the_valuation_account(self):
        journal = self.posted({self.product: 125.00})
        self.assertEqual(
            self.items(journal),
            {
                (self.account_valuation, self.product): [25.00],
                (self.account_revaluation, self.product): [-25.00],
            },
        )

    def test_post_decrease_credits_the_valuation_account(self):
        journal = self.posted({self.product: 80.00})
        self.assertEqual(
            self.items(journal),
            {
                (self.account_valuation, self.product): [-20.00],
                (self.account_revaluation, self.product): [20.00],
            },
        )

    # ------------------------------------------------------------------ counterpart account

    def counterpart(self, journal):
        accounts = journal.account_move_ids.sudo().line_ids.account_id - self.account_valuation
        self.assertEqual(len(accounts), 1)
        return accounts

    def test_counterpart_of_the_line_comes_first(self):
        journal = self.calculate(self.product, reason_id=self.reason.id)
        self.line(journal, self.product).write(
            {"value_revalued": 125.00, "counterpart_account_id": self.account_income.id}
        )
        self.post(journal)
        self.assertEqual(self.counterpart(journal), self.account_income)

    def test_counterpart_with_a_default_tax_takes_the_whole_amount(self):
        """A revaluation is no purchase: the tax that Odoo proposes for the account has no place in it."""
        self.account_revaluation.tax_ids = self.create_tax(21.0, "purchase")
        journal = self.posted({self.product: 125.00})
        self.assertEqual(
            self.items(journal),
            {
                (self.account_valuation, self.product): [25.00],
                (self.account_revaluation, self.product): [-25.00],
            },
        )
        self.assertFalse(journal.account_move_ids.sudo().line_ids.tax_ids)

    def test_counterpart_of_the_journal_comes_before_the_reason(self):
        journal = self.posted({self.product: 125.00}, reason_id=self.reason.id)
        self.assertEqual(self.counterpart(journal), self.account_revaluation)

    def test_counterpart_of_the_reason_for_an_increase(self):
        journal = self.posted({self.product: 125.00}, reason_id=self.reason.id, counterpart_account_id=False)
        self.assertEqual(self.counterpart(journal), self.account_increase)

    def test_counterpart_of_the_reason_for_a_decrease(self):
        journal = self.posted({self.product: 80.00}, reason_id=self.reason.id, counterpart_account_id=False)
        self.assertEqual(self.counterpart(journal), self.account_decrease)

    def test_counterpart_of_the_category_comes_last(self):
        journal = self.posted({self.product: 125.00}, counterpart_account_id=False)
        self.assertEqual(self.counterpart(journal), self.account_expense)

    def test_counterpart_of_the_product_before_its_category(self):
        self.product.property_account_expense_id = self.account_income
        journal = self.posted({self.product: 125.00}, counterpart_account_id=False)
        self.assertEqual(self.counterpart(journal), self.account_income)

    def test_counterpart_of_a_reason_with_one_account_falls_back_for_the_other(self):
        self.reason.with_context(allowed_company_ids=self.company.ids).decrease_account_id = False
        journal = self.posted({self.product: 80.00}, reason_id=self.reason.id, counterpart_account_id=False)
        self.assertEqual(self.counterpart(journal), self.account_expense)

    # ------------------------------------------------------------------ accounting journal

    def test_accounting_journal_of_the_document_comes_first(self):
        journal = self.posted({self.product: 125.00}, account_journal_id=self.other_journal.id)
        self.assertEqual(journal.account_move_ids.sudo().journal_id, self.other_journal)

    def test_accounting_journal_of_the_reason_comes_before_the_category(self):
        self.reason.with_context(allowed_company_ids=self.company.ids).account_journal_id = self.other_journal
        journal = self.posted({self.product: 125.00}, reason_id=self.reason.id)
        self.assertEqual(journal.account_move_ids.sudo().journal_id, self.other_journal)

    def test_accounting_journal_of_the_category_comes_last(self):
        journal = self.posted({self.product: 125.00})
        self.assertEqual(journal.account_move_ids.sudo().journal_id, self.stock_journal)

    def test_one_entry_for_each_accounting_journal(self):
        category = self.category("fifo", property_stock_journal=self.other_journal.id)
        product = self.create_product("fifo", categ=category)
        self.receive(product, 10, 10.00)
        journal = self.posted({self.product: 125.00, self.second: 110.00, product: 130.00})
        entries = journal.account_move_ids.sudo()
        self.assertEqual(len(entries), 2)
        self.assertEqual(entries.journal_id, self.stock_journal | self.other_journal)

    # ------------------------------------------------------------------ grouping

    def test_grouping_by_product_two_items_a_line(self):
        journal = self.posted(
            {self.product: 125.00, self.second: 110.00, self.third: 70.00},
            entry_grouping="product",
        )
        self.assertEqual(len(journal.account_move_ids), 1)
        self.assertEqual(
            self.items(journal),
            {
                (self.account_valuation, self.product): [25.00],
                (self.account_revaluation, self.product): [-25.00],
                (self.account_valuation, self.second): [10.00],
                (self.account_revaluation, self.second): [-10.00],
                (self.account_valuation, self.third): [-30.00],
                (self.account_revaluation, self.third): [30.00],
            },
        )
        for line in journal.line_ids:
            self.assertEqual(len(line.account_move_line_ids), 2)
            self.assertEqual(line.account_move_line_ids.sudo().product_id, line.product_id)

    def test_grouping_by_account_two_items_a_pair_and_direction(self):
        products = self.product | self.second | self.third
        journal = self.calculate(products, entry_grouping="account")
        for product, value in [(self.product, 125.0), (self.second, 110.0), (self.third, 70.0)]:
            self.line(journal, product).write({"value_revalued": value})
        before = self.ledger_balance(self.account_valuation)
        journal.action_post()
        items = journal.account_move_ids.sudo().line_ids
        found = sorted((item.account_id.id, self.currency.round(item.debit - item.credit)) for item in items)
        # Up 25.00 + 10.00 = 35.00, down 30.00: never netted to 5.00
        self.assertEqual(
            found,
            sorted(
                [
                    (self.account_valuation.id, 35.00),
                    (self.account_revaluation.id, -35.00),
                    (self.account_valuation.id, -30.00),
                    (self.account_revaluation.id, 30.00),
                ]
            ),
        )
        self.assertMoney(self.ledger_balance(self.account_valuation) - before, 5.00)
        self.assertEqual([item.quantity for item in items if item.quantity], [])
        self.assertEqual(journal.valuation_layer_ids.sudo().account_move_id, journal.account_move_ids.sudo())

    def test_defaults_of_the_page_that_posts_are_not_for_entries_and_layers(self):
        journal = self.calculate(self.product)
        self.line(journal, self.product).write({"value_revalued": 125.00})
        receipt = self.env["stock.move"].search([("product_id", "=", self.product.id)], limit=1)
        before = self.snapshot(self.product)
        journal.with_context(
            default_journal_id=journal.id, default_partner_id=self.vendor.id, default_stock_move_id=receipt.id
        ).action_post()
        self.assertNotEqual(self.snapshot(self.product), before)
        items = journal.account_move_ids.sudo().line_ids
        self.assertEqual(items.journal_id, journal.account_move_ids.sudo().journal_id)
        self.assertFalse(items.partner_id)
        self.assertFalse(journal.valuation_layer_ids.sudo().stock_move_id)

    def test_items_have_quantity_zero_and_the_product(self):
        journal = self.posted({self.product: 125.00})
        items = journal.account_move_ids.sudo().line_ids
        self.assertEqual(set(items.mapped("quantity")), {0.0})
        self.assertEqual(items.product_id, self.product)

    def test_subtotals_of_items_are_those_that_odoo_works_out(self):
        for value in (125.00, 80.00):
            self.assert_subtotals(self.posted({self.product: value}).account_move_ids.sudo().line_ids)

    def test_layers_carry_their_entry(self):
        journal = self.posted({self.product: 125.00})
        layer = journal.valuation_layer_ids.sudo()
        self.assertEqual(layer.account_move_id, journal.account_move_ids.sudo())
        self.assertIn(journal.name, layer.description)
        if "stock_valuation_layer_id" in layer._fields:
            # A bill's price difference sums layers linked in this way, and would undo it
            self.assertFalse(layer.stock_valuation_layer_id)

    # ------------------------------------------------------------------ periodic valuation

    def test_periodic_product_gets_no_entry_up_to_18_and_one_on_19(self):
        product = self.create_product("average", automated=False)
        self.receive(product, 10, 10.00)
        journal = self.posted({product: 125.00})
        self.assertEqual(bool(journal.account_move_ids), self.has_product_values)
        self.assertEqual(len(journal.valuation_layer_ids), 1)

    def test_periodic_beside_automated_each_as_it_should(self):
        periodic = self.create_product("average", automated=False)
        self.receive(periodic, 10, 10.00)
        journal = self.posted({periodic: 125.00, self.product: 80.00})
        self.assertMoney(journal.amount, 5.00)

    def test_periodic_only_needs_no_counterpart_up_to_18(self):
        if self.has_product_values:
            self.skipTest("on 19.0 periodic products are booked, and so need their accounts")
        category = self.category("average", automated=False)
        category.property_account_expense_categ_id = False
        product = self.create_product("average", automated=False)
        self.receive(product, 10, 10.00)
        self.posted({product: 125.00}, counterpart_account_id=False)

    # ------------------------------------------------------------------ dates

    def test_date_of_today_is_the_default(self):
        journal = self.create_journal()
        self.assertEqual(journal.date, self.today)

    def test_date_in_the_past_is_that_of_the_entry_and_of_the_value(self):
        self.pass_time(days=40)
        date = self.today - timedelta(days=10)
        journal = self.posted({self.product: 125.00}, date=date)
        self.assertEqual(journal.account_move_ids.sudo().date, date)
        for at_date, expected in [
            (date - timedelta(days=1), 100.00),
            (date + timedelta(days=1), 125.00),
        ]:
            self.assertMoney(self.stock_value(self.product, at_date=fields.Date.to_string(at_date)), expected)
        self.assertMoney(self.ledger_balance(self.account_revaluation, date=date), -25.00)

    def test_date_in_the_past_fifo(self):
        product = self.create_product("fifo")
        self.receive(product, 5, 5.00)
        self.receive(product, 5, 10.00)
        self.pass_time(days=40)
        date = self.today - timedelta(days=10)
        self.posted({product: 100.00}, date=date)
        before = fields.Date.to_string(date - timedelta(days=1))
        after = fields.Date.to_string(date + timedelta(days=1))
        self.assertMoney(self.stock_value(product, at_date=before), 100.00 if self.fifo_has_no_past else 75.00)
        self.assertMoney(self.stock_value(product, at_date=after), 100.00)

    def test_date_in_the_past_standard(self):
        product = self.create_product("standard", cost=10.0)
        self.receive(product, 10, 10.00)
        self.pass_time(days=40)
        date = self.today - timedelta(days=10)
        self.posted({product: 120.00}, date=date)
        before = fields.Date.to_string(date - timedelta(days=1))
        after = fields.Date.to_string(date + timedelta(days=1))
        self.assertMoney(self.stock_value(product, at_date=before), 100.00)
        self.assertMoney(self.stock_value(product, at_date=after), 120.00)

    def test_date_in_the_future_is_refused_before_anything_is_written(self):
        journal = self.calculate(self.product, date=self.today + timedelta(days=1))
        self.line(journal, self.product).write({"value_revalued": 125.00})
        self.assert_refused(journal.action_post, products=self.product)
        self.assertEqual(journal.state, "draft")
        self.assertFalse(journal.valuation_layer_ids)

    def test_date_in_a_locked_period_is_refused_before_anything_is_written(self):
        self.pass_time(days=40)
        journal = self.calculate(self.product, date=self.today - timedelta(days=10))
        self.line(journal, self.product).write({"value_revalued": 125.00})
        self.company.fiscalyear_lock_date = self.today - timedelta(days=5)
        self.assert_refused(journal.action_post, products=self.product)
        self.assertEqual(journal.state, "draft")

    def test_date_on_the_lock_date_is_refused(self):
        self.pass_time(days=40)
        journal = self.calculate(self.product, date=self.today - timedelta(days=5))
        self.line(journal, self.product).write({"value_revalued": 125.00})
        self.company.fiscalyear_lock_date = self.today - timedelta(days=5)
        self.assert_refused(journal.action_post, products=self.product)

    def test_date_after_the_lock_date_is_kept(self):
        self.pass_time(days=40)
        self.company.fiscalyear_lock_date = self.today - timedelta(days=5)
        date = self.today - timedelta(days=4)
        journal = self.posted({self.product: 125.00}, date=date)
        self.assertEqual(journal.account_move_ids.sudo().date, date)

    # ------------------------------------------------------------------ the document

    def test_document_says_who_posted_and_when(self):
        journal = self.posted({self.product: 125.00})
        self.assertEqual(journal.posted_by, self.accountant)
        self.assertTrue(journal.posted_at)
        self.assertTrue(journal.name.startswith("REVAL/"))
        self.assertEqual(journal.line_ids.mapped("state"), ["posted"])

    def test_document_numbers_are_taken_when_created_and_differ(self):
        one, two = self.create_journal(), self.create_journal()
        self.assertNotEqual(one.name, two.name)
        self.assertIn(str(self.today.year), one.name)
