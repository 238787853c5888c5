"""A journal of a day to come posts by itself on that day: who decides, on what figures, once, and what if it cannot."""

from datetime import timedelta

from concurrency_common import ConcurrencyCase
from odoo import fields
from odoo.tools import mute_logger
from revaluation_common import AccessError, RevaluationCase

CRON = "stock_revaluation_journal.cron_scheduled"
PREPARER = ("stock.group_stock_manager", "stock_revaluation_journal.group_revaluation_user")
MANAGER = ("stock.group_stock_manager", "stock_revaluation_journal.group_revaluation_manager")


class Builders:
    def stocked(self, quantity=10, unit_cost=10.00):
        product = self.create_product("standard", cost=unit_cost)
        self.receive(product, quantity, unit_cost)
        return product

    def future_journal(self, *products, unit_cost=12.00, user=None):
        """Return a journal of tomorrow with this new cost of the products."""
        tomorrow = fields.Date.today() + timedelta(days=1)
        journal = self.calculate(self.env["product.product"].concat(*products), user=user, date=tomorrow)
        journal.line_ids.write({"unit_cost_revalued": unit_cost})
        return journal


class TestPostOnDate(Builders, RevaluationCase):
    def test_future_journal_is_refused_by_hand_and_says_who_decided_once_it_is_set(self):
        journal = self.future_journal(self.stocked())
        self.assert_refused(journal.action_post, "future")
        self.assertTrue(self.shows_button(journal, "action_post_on_date"))
        self.assertFalse(self.shows_button(journal, "action_post"))
        journal.action_post_on_date()
        self.assertEqual((journal.state, journal.scheduled_by), ("draft", self.accountant))
        self.assert_refused(journal.action_post, "future")
        self.assertTrue(self.shows_button(journal, "action_do_not_post_on_date"))
        journal.action_do_not_post_on_date()
        self.assertFalse(journal.post_on_date or journal.scheduled_by)

    @mute_logger("odoo.addons.base.models.ir_model", "odoo.models")
    def test_only_who_may_post_it_decides(self):
        preparer = self.create_user("reval_preparer", *PREPARER)
        journal = self.future_journal(self.stocked(), user=preparer)
        for call in (
            journal.action_post_on_date,
            lambda: journal.write({"post_on_date": True}),
            lambda: self.create_journal(user=preparer, date=journal.date, post_on_date=True),
        ):
            with self.assertRaises(AccessError):
                call()
        self.assert_refused(lambda: journal.write({"scheduled_by": self.accountant.id}))
        by_default = journal.with_context(default_post_on_date=True).create({"date": journal.date})
        self.assertFalse(by_default.post_on_date)
        self.company.revaluation_approval_amount = 5.00  # the journal changes 10 x 2.00
        own = self.future_journal(self.stocked())
        self.assert_refused(own.action_post_on_date, "another revaluation manager")
        other = self.create_user("reval_second_manager", *MANAGER)
        self.as_user(own, other).action_post_on_date()
        self.assertEqual(own.scheduled_by, other)

    def test_only_dates_to_come_and_journals_without_other_problems_can_be_set(self):
        today = self.calculate(self.stocked())
        today.line_ids.unit_cost_revalued = 12.00
        self.assert_refused(today.action_post_on_date, "not dated in the future")
        unchanged = self.future_journal(self.stocked(), unit_cost=10.00)
        self.assert_refused(unchanged.action_post_on_date, "No line changes")

    def test_change_by_somebody_else_takes_the_decision_back(self):
        preparer = self.create_user("reval_changing", *PREPARER)
        changes = (
            lambda journal: journal.line_ids.write({"unit_cost_revalued": 99.00}),
            lambda journal: journal.line_ids.unlink(),
            lambda journal: journal.write({"counterpart_account_id": self.account_expense.id}),
            lambda journal: journal.calculate(product_ids=journal.line_ids.product_id.ids),
            lambda journal: journal.write({"line_ids": [(1, journal.line_ids.id, {"unit_cost_revalued": 1.00})]}),
        )
        for change in changes:
            journal = self.future_journal(self.stocked())
            journal.action_post_on_date()
            journal.line_ids.note = "his own change does not"
            self.assertTrue(journal.post_on_date)
            change(self.as_user(journal, preparer))
            self.assertFalse(journal.post_on_date or journal.scheduled_by)
            self.assertTrue(any("No longer set" in message.body for message in journal.message_ids))


class TestPostedOnItsDate(Builders, ConcurrencyCase):
    """The scheduled action, as Odoo runs it, on committed records."""

    def setUp(self):
        super().setUp()
        self.addCleanup(self.unset_journals)

    def unset_journals(self):
        self.restart(rollback=True)
        journals = self.env["stock.revaluation.journal"].search([("post_on_date", "=", True), ("state", "=", "draft")])
        journals.write({"post_on_date": False})
        self.restart()

    def its_day_comes(self, *journals):
        for journal in journals:
            journal.sudo()._write_protected({"date": fields.Date.today()})
        self.pass_time()
        self.restart()

    def cron(self):
        """Begin the scheduled action as its button *Run Manually* does."""
        return self.request(lambda env: env.ref(CRON).method_direct_trigger() and None)

    def run_cron(self):
        request = self.cron().end()
        if request.error:
            raise request.error
        self.restart()

    def test_posts_on_its_day_once_on_the_figures_of_that_day(self):
        product, later = self.stocked(), self.stocked()
        journal, waiting = self.future_journal(product), self.future_journal(later)
        by_hand = self.future_journal(later, unit_cost=15.00)
        (journal | waiting).action_post_on_date()
        self.deliver(product, 4)
        self.its_day_comes(journal, by_hand)
        self.run_cron()
        self.assertEqual((journal.state, waiting.state, by_hand.state), ("posted", "draft", "draft"))
        self.assertEqual(journal.posted_by, self.accountant)
        self.assertMoney(journal.amount, 12.00)  # 6 left x 2.00, not 10 x 2.00
        self.assertMoney(self.stock_value(product), 72.00)
        layers = journal.valuation_layer_ids.ids
        self.run_cron()
        self.assertEqual(journal.valuation_layer_ids.ids, layers)

    def test_two_workers_at_once_post_it_once(self):
        product = self.stocked()
        journal = self.future_journal(product)
        journal.action_post_on_date()
        self.its_day_comes(journal)
        journal_id = journal.id
        works = [
            self.request(lambda env: env["stock.revaluation.journal"].browse(journal_id)._run_on_its_day())
            for _worker in range(2)
        ]
        for work in works:
            self.assertIsNone(work.end().error)
        self.restart()
        self.assertEqual((journal.state, len(journal.valuation_layer_ids)), ("posted", 1))
        self.assertMoney(self.stock_value(product), 120.00)

    def test_problem_stands_on_the_journal_its_responsible_is_told_and_the_others_post(self):
        gone, product = self.stocked(), self.stocked()
        bad, good = self.future_journal(gone), self.future_journal(product)
        (bad | good).action_post_on_date()
        self.deliver(gone, 10)
        self.its_day_comes(bad, good)
        self.run_cron()
        self.assertEqual((bad.state, good.state), ("draft", "posted"))
        self.assertIn(gone.display_name, bad.schedule_problem)
        self.assertFalse(bad.post_on_date)
        self.assertEqual(bad.activity_ids.user_id, self.accountant)
        self.run_cron()
        self.assertEqual(len(bad.activity_ids), 1)  # told once, not tried again
        self.receive(gone, 3, 10.00)
        self.restart()
        journal = self.as_user(bad, self.accountant)
        journal.action_refresh()
        journal.action_post()
        self.restart()
        self.assertEqual(bad.state, "posted")
        self.assertFalse(bad.activity_ids)

    def test_decision_of_who_may_no_longer_post_is_void(self):
        manager = self.create_user("reval_leaving", *MANAGER)
        product = self.stocked()
        journal = self.future_journal(product)
        self.as_user(journal, manager).action_post_on_date()
        manager.active = False
        self.its_day_comes(journal)
        self.run_cron()
        self.assertEqual(journal.state, "draft")
        self.assertIn(manager.name, journal.schedule_problem)
        self.assertMoney(self.stock_value(product), 100.00)
