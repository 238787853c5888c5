"""Approval: above the company's limit, who entered the figures does not post them."""

from odoo import fields
from revaluation_common import AccessError, RevaluationCase

MANAGER = "stock_revaluation_journal.group_revaluation_manager"


class TestApproval(RevaluationCase):
    """Copper 10 × 10.00 (100.00) and coffee 10 × 10.00 (100.00)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.copper = cls.create_product("average", name="Copper wire")
        cls.receive(cls.copper, 10, 10.00)
        cls.coffee = cls.create_product("fifo", name="Coffee")
        cls.receive(cls.coffee, 10, 10.00)
        cls.approver = cls.create_user("reval_approver", "stock.group_stock_manager", MANAGER)
        cls.preparer = cls.create_user("reval_preparer", "stock_revaluation_journal.group_revaluation_user")

    def prepared(self, up=30.00, down=30.00, user=None):
        """Return a journal in which `user` (the accountant) takes copper up and coffee down."""
        journal = self.calculate(self.copper | self.coffee, user=user)
        self.line(journal, self.copper).write({"value_revalued": 100.00 + up})
        self.line(journal, self.coffee).write({"value_revalued": 100.00 - down})
        self.flush()
        return journal

    def limit(self, amount=0.0, percent=0.0):
        self.company.write({"revaluation_approval_amount": amount, "revaluation_approval_percent": percent})

    def by(self, journal, user):
        return self.as_user(journal, user)

    # ------------------------------------------------------------------ the limit

    def test_approval_no_limit_the_preparer_posts(self):
        self.post(self.prepared())

    def test_approval_amount_counts_increases_and_decreases_without_netting(self):
        self.limit(amount=50.00)
        journal = self.prepared(30.00, 30.00)  # net 0.00, together 60.00 > 50.00
        self.assertTrue(journal.approval_needed)
        self.assert_refused(journal.action_post, "another revaluation manager", products=self.copper | self.coffee)
        self.assertEqual(journal.state, "draft")

    def test_approval_amount_at_the_limit_is_within_it(self):
        self.limit(amount=60.00)
        journal = self.prepared(30.00, 30.00)
        self.assertFalse(journal.approval_needed)
        self.post(journal)

    def test_approval_percentage_of_the_journal_s_value(self):
        self.limit(percent=25.0)
        self.assertFalse(self.prepared(30.00, 20.00).approval_needed)  # 50.00 of 200.00 = 25 %
        self.assertTrue(self.prepared(30.00, 20.01).approval_needed)

    def test_approval_limit_is_the_company_s_own(self):
        other = self.create_books("Revaluation Test Other Company")
        other.company.revaluation_approval_amount = 1.00
        self.post(self.prepared())

    # ------------------------------------------------------------------ who prepared, who posts

    def test_approval_another_manager_posts_and_the_chatter_says_so(self):
        self.limit(amount=50.00)
        journal = self.by(self.prepared(), self.approver)
        self.post(journal)
        self.assertEqual(journal.posted_by, self.approver)
        text = " ".join(journal.message_ids.mapped("body"))
        self.assertIn(self.accountant.name, text)
        self.assertIn(self.approver.name, text)

    def test_approval_figures_of_an_ordinary_preparer_are_posted_by_a_manager(self):
        self.limit(amount=50.00)
        journal = self.prepared(user=self.preparer)
        self.assertEqual(journal.prepared_by_ids, self.preparer)
        self.post(self.by(journal, self.accountant))

    def test_approval_another_responsible_makes_no_other_preparer(self):
        self.limit(amount=50.00)
        journal = self.prepared()
        journal.user_id = self.approver
        self.assert_refused(journal.action_post)

    def test_approval_a_manager_who_changes_a_figure_has_prepared_it_too(self):
        self.limit(amount=50.00)
        journal = self.by(self.prepared(), self.approver)
        self.line(journal, self.copper).write({"value_revalued": 150.00})
        self.assertEqual(journal.prepared_by_ids, self.accountant | self.approver)
        self.assert_refused(journal.action_post)

    def test_approval_refreshing_prepares_nothing(self):
        self.limit(amount=50.00)
        journal = self.by(self.prepared(), self.approver)
        self.receive(self.copper, 10, 10.00)
        journal.action_refresh()
        self.assertEqual(journal.prepared_by_ids, self.accountant)

    def test_approval_the_preparer_cannot_be_written(self):
        journal = self.prepared()
        self.assert_refused(lambda: journal.line_ids.write({"entered_by": self.approver.id}))

    def test_approval_preview_is_for_everybody_and_warns(self):
        self.limit(amount=50.00)
        preview = self.prepared().get_preview()
        self.assertTrue([text for text in preview["warnings"] if self.accountant.name in text])

    # ------------------------------------------------------------------ requesting

    def test_approval_request_gives_the_other_managers_an_activity_once(self):
        self.limit(amount=50.00)
        journal = self.prepared()
        journal.action_request_approval()
        journal.action_request_approval()
        users = journal.sudo().activity_ids.user_id
        self.assertIn(self.approver, users)
        self.assertNotIn(self.accountant, users)
        self.assertNotIn(self.preparer, users)
        own = journal.sudo().activity_ids.filtered(lambda activity: activity.user_id == self.approver)
        self.assertEqual(len(own), 1)
        self.assertIn(self.approver.name, " ".join(journal.message_ids.mapped("body")))

    def test_approval_request_by_an_ordinary_preparer(self):
        self.limit(amount=50.00)
        journal = self.prepared(user=self.preparer)
        journal.action_request_approval()
        self.assertIn(self.approver, journal.sudo().activity_ids.user_id)

    def test_approval_posting_closes_the_activities(self):
        self.limit(amount=50.00)
        journal = self.prepared()
        journal.action_request_approval()
        journal = self.by(journal, self.approver)
        self.post(journal)
        self.assertFalse(journal.sudo().activity_ids)

    def test_approval_request_within_the_limit_is_refused(self):
        self.assert_refused(self.prepared().action_request_approval)

    def leave_no_other_manager(self):
        group = self.env.ref(MANAGER)
        others = self.env["res.users"].search([("company_ids", "in", self.company.ids)]) - self.accountant
        for user in others:
            user.company_ids -= self.company if user.company_id != self.company else self.env["res.company"]
        others = others.filtered(lambda user: user.has_group(MANAGER) and self.company in user.company_ids)
        field = "group_ids" if "group_ids" in group.env["res.users"]._fields else "groups_id"
        others.write({field: [(3, group.id), (3, self.env.ref("account.group_account_manager").id)]})

    def test_approval_request_without_another_manager_says_so(self):
        self.limit(amount=50.00)
        journal = self.prepared()
        self.leave_no_other_manager()
        self.assert_refused(journal.action_request_approval, journal.name)

    # ------------------------------------------------------------------ rules and programs

    def assert_waits(self, journal):
        """It is a draft with all its figures, says so, and the other manager has an activity."""
        self.assertEqual(journal.state, "draft")
        self.assertMoney(journal.amount, 60.00)
        self.assertMoney(self.stock_value(self.copper), 100.00)
        self.assertFalse(journal.valuation_layer_ids)
        self.assertFalse(journal.sudo().account_move_ids)
        self.assertIn(self.approver, journal.sudo().activity_ids.user_id)
        self.assertNotIn(self.accountant, journal.sudo().activity_ids.user_id)
        self.assertIn("Approval requested", " ".join(journal.message_ids.mapped("body")))
        self.post(self.by(journal, self.approver))
        self.assertMoney(self.stock_value(self.copper), 160.00)
        self.assertFalse(journal.sudo().activity_ids)

    def program(self, user=None):
        return self.as_user(self.env["stock.revaluation.journal"], user or self.accountant)

    def test_approval_revalue_by_a_program_waits_as_a_draft(self):
        self.limit(amount=50.00)
        journal = self.program().revalue({self.copper.id: {"value": 160.00}}, reason=self.reason, reference="P1")
        again = self.program().revalue({self.copper.id: {"value": 160.00}}, reason=self.reason, reference="P1")
        self.assertEqual(again, journal)
        journal.counterpart_account_id = self.account_revaluation
        self.assert_waits(journal)

    def test_approval_revalue_within_the_limit_is_posted(self):
        self.limit(amount=60.00)
        self.pass_time()
        journal = self.program().revalue({self.copper.id: {"value": 160.00}}, reason=self.reason)
        self.assertEqual(journal.state, "posted")

    def test_approval_revalue_from_a_source_waits_as_a_draft(self):
        self.limit(amount=50.00)
        self.copper.list_price = 16.00
        journal = self.program().revalue_from("sales", product_ids=self.copper.ids, post=True)
        self.assert_waits(journal)

    def test_approval_revalue_with_another_problem_is_refused_and_leaves_nothing(self):
        self.limit(amount=50.00)
        tomorrow = fields.Date.add(fields.Date.today(), days=2)
        count = self.program().search_count([])
        self.assert_refused(
            lambda: self.program().revalue({self.copper.id: {"value": 160.00}}, date=tomorrow),
            "future",
            products=self.copper,
        )
        self.assertEqual(self.program().search_count([]), count)

    def test_approval_revalue_by_who_may_not_post_is_refused(self):
        self.limit(amount=50.00)
        with self.assertRaises(AccessError):
            self.program(self.preparer).revalue({self.copper.id: {"value": 160.00}})

    def rule(self):
        self.copper.list_price = 16.00
        return self.as_user(self.env["stock.revaluation.rule"], self.accountant).create(
            {
                "name": "Market",
                "source": "sales",
                "product_ids": [(6, 0, self.copper.ids)],
                "user_id": self.accountant.id,
                "company_id": self.company.id,
                "mode": "post",
            }
        )

    def test_approval_rule_that_posts_waits_as_a_draft_and_says_so(self):
        self.limit(amount=50.00)
        rule = self.rule()
        rule.action_run()
        self.assertIn("above the company's limit", rule.last_result)
        self.assertIn(rule.journal_ids.name, rule.last_result)
        self.assert_waits(rule.journal_ids)

    def test_approval_rule_makes_no_second_draft_while_the_first_one_waits(self):
        """A daily rule would otherwise pile up drafts of the same change."""
        self.limit(amount=50.00)
        rule = self.rule()
        rule.action_run()
        first = rule.journal_ids
        rule.action_run()
        self.assertEqual(rule.journal_ids, first)
        self.assertIn("%s still waits" % first.name, rule.last_result)

    def test_approval_rule_without_another_manager_keeps_the_draft_and_says_so(self):
        self.limit(amount=50.00)
        rule = self.rule()
        self.leave_no_other_manager()
        rule.action_run()
        self.assertEqual(rule.journal_ids.state, "draft")
        self.assertMoney(rule.journal_ids.amount, 60.00)
        self.assertIn("Nobody else may post", " ".join(rule.journal_ids.message_ids.mapped("body")))

    # ------------------------------------------------------------------ setting it

    def test_approval_limits_are_set_in_a_list_of_companies_by_administrators(self):
        action = self.env.ref("stock_revaluation_journal.action_revaluation_limits")
        self.assertEqual(action.res_model, "res.company")
        menu = self.env.ref("stock_revaluation_journal.menu_revaluation_limits")
        field = "group_ids" if "group_ids" in menu._fields else "groups_id"
        self.assertEqual(menu[field], self.env.ref("base.group_erp_manager"))
