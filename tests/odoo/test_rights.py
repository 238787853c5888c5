"""Who may see, prepare, post, reverse and configure: five users, a manager, and the portal."""

from revaluation_common import REFUSALS, AccessError, RevaluationCase


class TestRights(RevaluationCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.users = {
            "nobody": cls.create_user("reval_nobody"),
            "stock user": cls.create_user("reval_stock_user", "stock.group_stock_user"),
            "stock manager": cls.create_user("reval_stock_manager", "stock.group_stock_manager"),
            "billing": cls.create_user("reval_billing", "account.group_account_invoice"),
            "both": cls.create_user("reval_both", "stock.group_stock_manager", "account.group_account_invoice"),
            "adviser": cls.create_user("reval_adviser", "account.group_account_manager"),
            "preparer": cls.create_user("reval_preparer", "stock_revaluation_journal.group_revaluation_user"),
            "manager": cls.create_user("reval_manager", "stock_revaluation_journal.group_revaluation_manager"),
            "portal": cls.create_user("reval_portal", "base.group_portal"),
        }
        cls.products = cls.env["product.product"]
        for method in ("standard", "average", "fifo"):
            product = cls.create_product(method, cost=10.0 if method == "standard" else 0.0)
            cls.receive(product, 10, 10.00)
            cls.products |= product

    def prepared(self, who):
        """A journal calculated and entered by this user."""
        journal = self.calculate(self.products, user=self.users[who])
        for line in journal.line_ids:
            line.write({"value_revalued": 125.00})
        return journal

    def in_hands_of(self, journal, who):
        return self.as_user(journal, self.users[who])

    # ------------------------------------------------------------------ no access

    def check_no_access(self, who):
        journal = self.prepared("manager")
        Journal = self.as_user(self.env["stock.revaluation.journal"], self.users[who])
        with self.assertRaises(AccessError):
            Journal.search([]).mapped("name")
            self.in_hands_of(journal, who).read(["name"])
        with self.assertRaises(AccessError):
            Journal.create({"company_id": self.company.id})
        with self.assertRaises(AccessError):
            self.in_hands_of(journal.line_ids, who).write({"value_revalued": 1.0})
        self.assert_refused(self.in_hands_of(journal, who).action_post, products=self.products)
        self.assertEqual(journal.state, "draft")

    def test_user_without_groups_has_no_access(self):
        self.check_no_access("nobody")

    def test_stock_user_has_no_access(self):
        self.check_no_access("stock user")

    def test_billing_user_has_no_access(self):
        self.check_no_access("billing")

    def test_portal_user_has_no_access(self):
        self.check_no_access("portal")

    # ------------------------------------------------------------------ prepare only

    def check_prepares_but_does_not_post(self, who):
        journal = self.prepared(who)
        self.assertMoney(journal.amount, 75.00)
        self.assert_refused(journal.action_post, products=self.products)
        self.assertEqual(journal.state, "draft")
        self.post(self.in_hands_of(journal, "manager"))
        with self.assertRaises(REFUSALS):
            self.in_hands_of(journal, who).action_reverse()
        self.assertFalse(journal.sudo().reversal_journal_ids)

    def test_stock_manager_prepares_but_does_not_post(self):
        self.check_prepares_but_does_not_post("stock manager")

    def test_stock_manager_with_billing_prepares_but_does_not_post(self):
        self.check_prepares_but_does_not_post("both")

    def test_revaluation_user_prepares_but_does_not_post(self):
        self.check_prepares_but_does_not_post("preparer")

    def test_preparer_cannot_post_by_writing_the_state(self):
        journal = self.prepared("preparer")
        try:
            journal.write({"state": "posted"})
            self.flush()
        except REFUSALS:
            pass
        self.invalidate()
        self.assertEqual(journal.state, "draft")

    # ------------------------------------------------------------------ post

    def check_posts(self, who):
        journal = self.prepared(who)
        self.post(journal)
        self.assertMoney(journal.amount, 75.00)
        self.assertEqual(journal.posted_by, self.users[who])
        for product in self.products:
            self.assertMoney(self.stock_value(product), 125.00)

    def test_revaluation_manager_without_accounting_or_stock_rights_posts(self):
        self.check_posts("manager")

    def test_accounting_manager_posts(self):
        self.check_posts("adviser")

    def test_accounting_manager_who_is_stock_manager_posts(self):
        journal = self.calculate(self.products)
        for line in journal.line_ids:
            line.write({"unit_cost_revalued": 9.00})
        self.post(journal)

    def test_revaluation_manager_reverses(self):
        journal = self.prepared("manager")
        self.post(journal)
        journal.action_reverse()
        self.post(journal.reversal_journal_ids)
        for product in self.products:
            self.assertMoney(self.stock_value(product), 100.00)

    def test_revaluation_manager_uses_the_buttons_of_a_posted_journal(self):
        journal = self.prepared("manager")
        self.post(journal)
        for action in (journal.action_view_valuation_layers, journal.action_view_account_moves):
            self.assertTrue(action())

    # ------------------------------------------------------------------ groups

    def test_groups_are_implied_as_designed(self):
        user = "stock_revaluation_journal.group_revaluation_user"
        manager = "stock_revaluation_journal.group_revaluation_manager"
        expected = {
            "stock user": (False, False),
            "stock manager": (True, False),
            "billing": (False, False),
            "both": (True, False),
            "adviser": (True, True),
            "manager": (True, True),
        }
        for who, (is_user, is_manager) in expected.items():
            found = self.users[who].has_group(user), self.users[who].has_group(manager)
            self.assertEqual(found, (is_user, is_manager), who)

    def test_administrator_is_revaluation_manager(self):
        admin = self.env.ref("base.user_admin")
        self.assertTrue(admin.has_group("stock_revaluation_journal.group_revaluation_manager"))

    # ------------------------------------------------------------------ configuration

    def test_reasons_only_managers_configure(self):
        for who in ("stock manager", "both", "preparer"):
            Reason = self.as_user(self.env["stock.revaluation.reason"], self.users[who])
            self.assertIn(self.reason.id, Reason.search([]).ids)
            with self.assertRaises(AccessError):
                Reason.create({"name": "No", "code": "NO"})
        Reason = self.as_user(self.env["stock.revaluation.reason"], self.users["manager"])
        Reason.create({"name": "Yes", "code": "YES"})

    def test_layers_cannot_be_made_by_hand_on_19(self):
        if not self.has_product_values:
            self.skipTest("up to 18.0 the layers are Odoo's own, with Odoo's own rights")
        Layer = self.as_user(self.env["stock.valuation.layer"], self.users["manager"])
        with self.assertRaises(REFUSALS):
            Layer.create(
                {
                    "product_id": self.products[0].id,
                    "company_id": self.company.id,
                    "value": 1000.0,
                    "quantity": 0,
                }
            )

    def test_cost_itself_stays_as_protected_as_odoo_has_it(self):
        self.prepared("manager")
        with self.assertRaises(AccessError):
            self.as_user(self.products[1], self.users["manager"]).write({"standard_price": 1.0})
