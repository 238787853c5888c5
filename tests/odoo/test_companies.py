"""The journal's company is what counts, whatever company the user is in."""

from revaluation_common import REFUSALS, RevaluationCase


class TestCompanies(RevaluationCase):
    """One product in stock in two companies: 10 @ 10.00 here, 4 @ 50.00 there."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.home = cls.books
        cls.abroad = cls.create_books("Revaluation Abroad", "base.EUR")
        cls.accountant.company_ids |= cls.abroad.company
        cls.both = cls.home.company | cls.abroad.company
        cls.shared = {}
        for method in ("standard", "average", "fifo"):
            category = cls.env["product.category"].create({"name": "Shared %s" % method})
            cls.set_up_category(category, method)
            with cls.inside(cls.abroad):
                cls.set_up_category(category, method)
            product = cls.create_product(method, categ=category, name="Shared %s" % method)
            if method == "standard":
                cls._in_company(product).sudo().standard_price = 10.0
                cls._in_company(product, cls.abroad.company).sudo().standard_price = 50.0
            cls.receive(product, 10, 10.00)
            with cls.inside(cls.abroad):
                cls.receive(product, 4, 50.00)
            cls.shared[method] = product

    def abroad_figures(self, product):
        with self.inside(self.abroad):
            return self.stock_value(product), self.stock_quantity(product), self.cost(product)

    def check(self, method, companies):
        """Revalue at home with these companies allowed, the first of them being current."""
        product = self.shared[method]
        before = self.abroad_figures(product)
        self.assertEqual(before, (200.0, 4.0, 50.0))
        self.flush()
        journal = self.as_user(self.env["stock.revaluation.journal"], self.accountant, companies).create(
            {
                "company_id": self.home.company.id,
                "counterpart_account_id": self.account_revaluation.id,
            }
        )
        journal.calculate(product_ids=product.ids)
        line = self.line(journal, product)
        self.assertEqual(line.quantity, 10)
        self.assertMoney(line.value_calculated, 100.00)
        line.write({"value_revalued": 125.00})
        self.post(journal)
        self.assertMoney(self.stock_value(product), 125.00)
        self.assertAlmostEqual(self.cost(product), 12.50, 6)
        self.assertEqual(self.abroad_figures(product), before)
        self.assertEqual(journal.account_move_ids.sudo().company_id, self.home.company)

    def test_both_companies_allowed_current_is_the_journals(self):
        for method in self.shared:
            self.check(method, self.both)

    def test_both_companies_allowed_current_is_the_other_standard(self):
        self.check("standard", self.abroad.company | self.home.company)

    def order(self, first):
        other = self.both - first
        return self.env["res.company"].browse([first.id, other.id])

    def test_current_company_is_another_than_the_journals(self):
        for method in self.shared:
            self.check(method, self.order(self.abroad.company))

    def test_journal_in_the_other_company_is_in_its_currency(self):
        with self.inside(self.abroad):
            product = self.shared["average"]
            journal = self.calculate(product)
            self.assertEqual(journal.currency_id, self.env.ref("base.EUR"))
            self.line(journal, product).write({"value_revalued": 240.00})
            self.post(journal)
            self.assertMoney(self.stock_value(product), 240.00)
        self.assertMoney(self.stock_value(product), 100.00)

    def test_product_of_one_company_alone_while_the_user_is_in_the_other(self):
        for method in self.shared:
            product = self.create_product(
                method, cost=10.0 if method == "standard" else 0.0, company_id=self.home.company.id
            )
            self.receive(product, 10, 10.00)
            self.flush()
            journal = self.as_user(
                self.env["stock.revaluation.journal"], self.accountant, self.order(self.abroad.company)
            ).create({"company_id": self.home.company.id, "counterpart_account_id": self.account_revaluation.id})
            journal.calculate(product_ids=product.ids)
            self.line(journal, product).write({"value_revalued": 125.00})
            self.post(journal)
            self.assertMoney(self.stock_value(product), 125.00, method)
            with self.inside(self.abroad):
                self.assertFalse(self.calculate(product).line_ids)

    def test_numbers_are_counted_by_company(self):
        here = self.create_journal()
        with self.inside(self.abroad):
            there = self.create_journal()
            again = self.create_journal()
        self.assertNotEqual(there.name, again.name)
        self.assertTrue(here.name and there.name)

    def test_user_of_one_company_sees_no_journal_of_the_other(self):
        with self.inside(self.abroad):
            journal = self.calculate(self.shared["average"])
        user = self.create_user("reval_home_only", "stock_revaluation_journal.group_revaluation_manager")
        Journal = self.as_user(self.env["stock.revaluation.journal"], user, self.home.company)
        self.assertFalse(Journal.search([("id", "=", journal.id)]))
        Line = self.as_user(self.env["stock.revaluation.journal.line"], user, self.home.company)
        self.assertFalse(Line.search([("journal_id", "=", journal.id)]))
        with self.assertRaises(REFUSALS):
            Journal.browse(journal.id).action_post()

    def test_user_cannot_make_a_journal_for_a_company_that_is_not_his(self):
        user = self.create_user("reval_home_only", "stock_revaluation_journal.group_revaluation_manager")
        Journal = self.as_user(self.env["stock.revaluation.journal"], user, self.home.company)
        with self.assertRaises(REFUSALS):
            Journal.create({"company_id": self.abroad.company.id})
            self.flush()

    def test_company_of_a_journal_with_lines_cannot_change(self):
        journal = self.calculate(self.shared["average"])
        try:
            journal.write({"company_id": self.abroad.company.id})
            self.flush()
        except REFUSALS:
            return
        # If it may change at all, no line of the old company's figures may stay
        self.assertFalse(journal.line_ids)

    def test_accounting_journal_of_another_company_is_refused(self):
        product = self.shared["average"]
        with self.assertRaises(REFUSALS):
            journal = self.calculate(product, account_journal_id=self.abroad.stock_journal.id)
            self.line(journal, product).write({"value_revalued": 125.00})
            journal.action_post()
        self.assertMoney(self.stock_value(product), 100.00)

    def test_reason_has_its_accounts_by_company(self):
        self.reason.with_context(allowed_company_ids=self.home.company.ids).write(
            {"increase_account_id": self.home.account_increase.id}
        )
        with self.inside(self.abroad):
            product = self.shared["average"]
            journal = self.calculate(product, reason_id=self.reason.id, counterpart_account_id=False)
            self.line(journal, product).write({"value_revalued": 240.00})
            self.post(journal)
            accounts = journal.account_move_ids.sudo().line_ids.account_id
            self.assertEqual(accounts, self.account_valuation | self.account_expense)


class TestBranches(RevaluationCase):
    """A branch keeps stock of its own (17.0 and later)."""

    def setUp(self):
        super().setUp()
        if "parent_ids" not in self.env["res.company"]._fields:
            self.skipTest("companies have no branches before 17.0")

    def test_branch_is_revalued_alone(self):
        product = self.create_product("average")
        self.receive(product, 10, 10.00)
        branch = self.create_books("A branch", "base.USD", parent_id=self.company.id)
        self.accountant.company_ids |= branch.company
        with self.inside(branch):
            self.set_up_category(product.categ_id, "average")
            self.receive(product, 4, 50.00)
            journal = self.calculate(product)
            line = self.line(journal, product)
            self.assertEqual(line.quantity, 4)
            self.assertMoney(line.value_calculated, 200.00)
            line.write({"value_revalued": 240.00})
            journal.action_post()
            self.assertEqual(journal.account_move_ids.sudo().company_id, branch.company)
            self.assertMoney(sum(journal.valuation_layer_ids.sudo().mapped("value")), 40.00)
        self.assertMoney(self.stock_value(product), 100.00)

    def test_branch_posts_to_the_accounts_and_journal_of_its_parent(self):
        product = self.create_product("average")
        branch = self.create_books("A branch", "base.USD", parent_id=self.company.id)
        self.accountant.company_ids |= branch.company
        parent = self.books
        with self.inside(branch):
            self.set_up_category(product.categ_id, "average")
            self.receive(product, 4, 50.00)
            journal = self.calculate(
                product,
                account_journal_id=parent.other_journal.id,
                counterpart_account_id=parent.account_decrease.id,
            )
            self.line(journal, product).write({"value_revalued": 150.00})
            journal.action_post()
            entry = journal.account_move_ids.sudo()
            self.assertEqual((entry.company_id, entry.journal_id), (branch.company, parent.other_journal))
            items = {item.account_id: item.balance for item in entry.line_ids}
            self.assertMoney(items[parent.account_decrease], 50.00)
            self.assertMoney(self.stock_value(product), 150.00)
