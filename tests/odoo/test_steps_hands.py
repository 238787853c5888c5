"""Whose work the scheduled action does: who started it may be gone by then, and others may meddle meanwhile."""

from datetime import datetime, timedelta
from decimal import Decimal
from unittest.mock import patch

from odoo import fields
from odoo.addons.stock_revaluation_journal.models import stock_revaluation_journal_steps_costs as steps_costs
from revaluation_common import UserError
from test_background import BackgroundCase

MANY = "stock_revaluation_journal.calculate_limit"


class TestStepsHands(BackgroundCase):
    """Five products at 10.00, ten each, 12.00 entered: +20.00 a line; three are large, and three are many."""

    products_count = 5

    def setUp(self):
        super().setUp()
        self.addCleanup(self.restart)
        self.addCleanup(self.env["ir.config_parameter"].sudo().set_param, MANY, self.parameter(MANY) or "20000")
        self.env["ir.config_parameter"].sudo().set_param(MANY, "3")
        self.restart()

    def create_colleague(self, group="stock_revaluation_journal.group_revaluation_manager"):
        login = "colleague %d" % self.journal.id
        colleague = self.accountant.sudo().copy({"login": login, "name": login, "email": "colleague@example.com"})
        groups = "group_ids" if "group_ids" in colleague._fields else "groups_id"
        colleague.write({groups: [(6, 0, [self.env.ref(each).id for each in ("base.group_user", group)])]})
        self.restart()
        return colleague

    def run_scheduled(self, context=()):
        """Let the scheduled action post what is due, in a transaction of its own."""
        self.request_context = dict(self.request_context, **dict(context))
        request = self.request(lambda env: env["stock.revaluation.journal"]._run_scheduled() and None).end()
        self.restart()
        self.assertIsNone(request.error)

    def schedule(self, date):
        """Set the journal to post by itself tomorrow, and let that day have been `date`."""
        self.journal.write({"date": fields.Date.today() + timedelta(days=2)})
        self.journal.action_post_on_date()
        self.restart()
        self.cr.execute("UPDATE stock_revaluation_journal SET date = %s WHERE id = %s", [date, self.journal.id])
        self.restart()

    # ------------------------------------------------------------------ meanwhile

    def test_journal_is_not_posted_while_it_is_calculated(self):
        """Replaced meanwhile, its posted lines would be deleted."""
        self.set_parameters(100, self.chunk)
        self.journal.calculate(product_ids=(self.products | self.unchanged).ids)
        self.restart()
        for call in (self.journal.action_post, self.journal.action_check):
            with self.assertRaisesRegex(UserError, "in the background"):
                call()
            self.restart(rollback=True)
        self.run_background()
        self.assertEqual((self.journal.state, self.journal.line_count), ("draft", 6))

    def test_lines_left_over_wait_while_they_are_refreshed(self):
        self.start()
        self.journal.action_stop_task()
        self.journal.action_refresh()
        self.restart()
        for call in (
            self.journal.action_post,
            self.journal.line_ids[0].unlink,
            lambda: self.journal.line_ids[0].write({"unit_cost_revalued": 11.00}),
        ):
            with self.assertRaisesRegex(UserError, "in the background"):
                call()
            self.restart(rollback=True)
        self.run_background()
        self.journal.action_post()
        self.restart()
        self.run_background()
        self.assert_finished()

    def test_step_that_fails_while_somebody_gives_it_up_leaves_a_draft(self):
        Journal, journal_id = type(self.env["stock.revaluation.journal"]), self.journal.id
        roll_back = Journal._roll_back

        def give_up(journal):
            roll_back(journal)
            work = self.request(lambda env: env["stock.revaluation.journal"].browse(journal_id).action_cancel_task())
            self.assertIsNone(work.end().error)

        def fail(_journal, _data):
            raise UserError("A step fails.")

        self.journal.action_check()
        self.restart()
        with patch.object(Journal, "_roll_back", give_up), patch.object(Journal, "_step_check", fail):
            self.run_background()
        self.assertEqual((self.journal.state, self.journal.task, self.journal.problem), ("draft", False, False))
        self.start(checked=False)
        self.run_background()
        self.assert_finished()

    # ------------------------------------------------------------------ who started it

    def remove(self, user):
        """Delete a user as PostgreSQL does, whatever else refers to them."""
        self.cr.execute("DELETE FROM res_users WHERE id = %s", [user.id])
        self.restart()

    def test_work_of_a_user_who_is_gone_does_not_go_on_as_superuser(self):
        colleague = self.create_colleague()
        self.as_user(self.journal, colleague).action_post()
        self.restart()
        self.run_one_step()
        self.run_one_step()
        self.assertEqual((self.journal.state, self.journal.task), ("posting", False))
        self.remove(colleague)
        self.run_background()
        self.assertFalse(self.posted_lines())
        self.assertIn("You may not", self.journal.problem)
        self.journal.action_post()
        self.restart()
        self.run_background()
        self.assert_finished()

    def test_work_of_a_user_who_is_archived_stops(self):
        colleague = self.create_colleague()
        self.as_user(self.journal, colleague).calculate(product_ids=self.products.ids)
        colleague.sudo().active = False
        self.restart()
        self.run_background()
        self.assertEqual((self.journal.task, self.journal.task_failed, self.journal.line_count), (False, True, 6))
        self.assertIn("You may not", self.journal.notice)

    def test_automation_of_an_administrator_goes_on_as_superuser(self):
        """An automated action runs as superuser for whoever set it off, here somebody without any rights."""
        clerk = self.create_colleague("stock.group_stock_user")
        journals = self.as_user(self.env["stock.revaluation.journal"], clerk).sudo()
        self.journal.unlink()
        with patch.object(steps_costs, "PRODUCTS_PER_STEP", 2):
            self.journal = journals.revalue({product.id: Decimal("12.50") for product in reversed(self.products)})
            self.restart()
            self.run_background()
        self.assertEqual((self.journal.state, self.journal.problem), ("posted", False), self.journal.notice)
        # five lines of ten each, 2.50 more, as those of few products are ordered
        self.assertMoney(self.journal.amount, 125.00)
        self.assertEqual(self.journal.line_ids.sorted("sequence").product_id, self.products.sorted("name"))
        self.assertEqual(self.journal.posted_by, clerk)

    # ------------------------------------------------------------------ journals that post by themselves

    def test_scheduled_journal_given_up_does_not_begin_again(self):
        self.schedule(fields.Date.today())
        self.run_scheduled()
        self.assertEqual(self.journal.task, "refresh")
        self.journal.action_cancel_task()
        self.restart()
        self.run_scheduled()
        self.assertEqual((self.journal.task, self.journal.post_on_date), (False, False))

    def test_another_user_calculates_a_scheduled_journal(self):
        colleague = self.create_colleague()
        self.schedule(fields.Date.today() + timedelta(days=2))
        self.as_user(self.journal, colleague).calculate(product_ids=self.products.ids)
        self.restart()
        self.run_background()
        self.assertEqual((self.journal.task_failed, self.journal.line_count), (False, 5), self.journal.notice)
        self.assertFalse(self.journal.post_on_date)

    def test_scheduled_journal_is_posted_on_the_day_of_its_company(self):
        """Where the company is the day has begun; where the user is it is the day before."""
        self.accountant.sudo().tz = "Etc/GMT+12"
        self.schedule((datetime.utcnow() + timedelta(hours=14)).date())
        self.company.partner_id.tz = "Etc/GMT-14"
        self.restart()
        self.run_scheduled({"tz": None})
        self.run_background()
        self.assertEqual(self.journal.state, "posted", self.journal.schedule_problem)
