"""Revaluation rules: what they change, the dry run, the schedule, and the scheduled action itself."""

from datetime import date, timedelta

import psycopg2
from concurrency_common import ConcurrencyCase
from odoo import fields
from odoo.tools import mute_logger
from revaluation_common import AccessError, Form, RevaluationCase, ValidationError

MANAGER = "stock_revaluation_journal.group_revaluation_manager"
CRON = "stock_revaluation_journal.cron_rules"


class RuleBuilders:
    """Products with sales prices, and rules that write down to them."""

    def stocked(self, unit_cost=10.00, sales_price=8.00, quantity=10, method="average", **vals):
        product = self.create_product(
            method, cost=unit_cost if method == "standard" else 0.0, list_price=sales_price, **vals
        )
        self.receive(product, quantity, unit_cost)
        product.seller_ids.unlink()  # confirming a purchase order adds its price
        return product

    def create_rule(self, products, user=None, **vals):
        """Create a rule for these products: to the sales price, drafts."""
        vals = dict(
            {
                "name": "Lower of cost and market",
                "source": "sales",
                "only_lower": True,
                "product_ids": [(6, 0, products.ids)],
                "user_id": self.accountant.id,
                "company_id": self.company.id,
                "reason_id": self.reason.id,
            },
            **vals,
        )
        return self.as_user(self.env["stock.revaluation.rule"], user or self.accountant).create(vals)

    def everything_written(self):
        """Return how many journals and layers of the company there are."""
        domain = [("company_id", "=", self.company.id)]
        return tuple(
            self.env[model].search_count(domain) for model in ("stock.revaluation.journal", "stock.valuation.layer")
        )


class TestRules(RuleBuilders, RevaluationCase):
    # ------------------------------------------------------------------ one run

    def test_run_makes_a_draft_with_reason_and_rule(self):
        product = self.stocked(10.00, 8.00)
        rule = self.create_rule(product)
        action = rule.action_run()
        journal = rule.journal_ids
        self.assertEqual((action["res_model"], action["res_id"]), ("stock.revaluation.journal", journal.id))
        self.assertEqual((journal.state, journal.reason_id, journal.description), ("draft", self.reason, rule.name))
        self.assertMoney(journal.amount, -20.00)  # 10 x (8.00 - 10.00)
        self.assertEqual(rule.journal_count, 1)
        self.assertIn(journal.name, rule.last_result)
        self.assertTrue(rule.last_run)

    def test_run_posts_where_the_rule_says_so_and_then_finds_nothing(self):
        product = self.stocked(10.00, 8.00, method="fifo")
        rule = self.create_rule(product, mode="post")
        self.pass_time()
        rule.action_run()
        self.assertEqual(rule.journal_ids.state, "posted")
        self.assertMoney(self.stock_value(product), 80.00)
        self.assertEqual(rule.action_run()["tag"], "display_notification")
        self.assertEqual(len(rule.journal_ids), 1)
        self.assertEqual(rule.last_result, "Nothing to change.")

    def test_category_with_those_below_and_costing_method_choose_the_products(self):
        above = self.env["product.category"].create({"name": "Above"})
        below = self.env["product.category"].create({"name": "Below", "parent_id": above.id})
        for category in (above, below):
            self.set_up_category(category, "average")
        standard = self.env["product.category"].create({"name": "Standard Below", "parent_id": above.id})
        self.set_up_category(standard, "standard")
        inside = self.stocked(categ=below)
        other_method = self.stocked(method="standard", categ=standard)
        self.stocked()  # of another category
        rule = self.create_rule(self.env["product.product"], categ_ids=[(6, 0, above.ids)], cost_methods="average")
        rule.action_run()
        self.assertEqual(rule.journal_ids.line_ids.product_id, inside)
        rule.write({"cost_methods": False})
        self.assertEqual({each.item.product_id for each in rule._get_changes()[0]}, {inside.id, other_method.id})

    def test_thresholds_ignore_what_is_below_either(self):
        small = self.stocked(10.00, 9.60)  # 100.00 by -4.00: 4 %
        medium = self.stocked(10.00, 9.50)  # by -5.00: 5 %
        large = self.stocked(100.00, 97.00)  # 1000.00 by -30.00: 3 %
        rule = self.create_rule(small + medium + large)
        for percent, amount, expected in [
            (0, 0, small + medium + large),
            (5, 0, medium),
            (0, 5, medium + large),
            (3, 5, medium + large),
            (4, 30, self.env["product.product"]),
        ]:
            rule.write({"threshold_percent": percent, "threshold_amount": amount})
            self.assertEqual(
                {each.item.product_id for each in rule._get_changes()[0]}, set(expected.ids), (percent, amount)
            )

    def test_products_without_a_cost_are_named_on_the_journal(self):
        priced, unpriced = self.stocked(10.00, 8.00), self.stocked(10.00, 0.00)
        rule = self.create_rule(priced + unpriced)
        rule.action_run()
        self.assertTrue(any(unpriced.name in message.body for message in rule.journal_ids.message_ids))
        self.assertIn("1 products had no new cost", rule.last_result)

    # ------------------------------------------------------------------ dry run

    def test_dry_run_shows_what_would_change_and_writes_nothing(self):
        changing, same = self.stocked(10.00, 8.00), self.stocked(10.00, 12.00)
        rule = self.create_rule(changing + same)
        before, values = self.everything_written(), rule.read(["last_run", "last_result", "next_run"])
        action = rule.action_dry_run()
        form = Form(rule.env[action["res_model"]].with_context(**action["context"]))
        self.assertEqual((form.item_count, form.change_count), (2, 1))
        for text in (changing.display_name, "100.00", "80.00", "20.00"):
            self.assertIn(text, form.preview)
        self.assertNotIn(same.display_name, form.preview)
        self.assertEqual(
            (self.everything_written(), rule.read(["last_run", "last_result", "next_run"])), (before, values)
        )
        self.assertMoney(self.stock_value(changing), 100.00)

    def test_dry_run_and_run_agree(self):
        products = self.stocked(10.00, 8.335, method="fifo") + self.stocked(7.77, 5.55, 3, method="standard")
        rule = self.create_rule(products, rounding_step=0.05)
        expected = {each.item.product_id: (each.unit_cost, each.value, each.amount) for each in rule._get_changes()[0]}
        rule.action_run()
        found = {
            line.product_id.id: (line.unit_cost_revalued, line.value_revalued, line.amount)
            for line in rule.journal_ids.line_ids
        }
        self.assertEqual(len(found), 2)
        for product_id, figures in expected.items():
            for one, other in zip(figures, found[product_id]):
                self.assertAlmostEqual(one, other, 6)

    def test_dry_run_of_a_rule_that_would_fail_says_why(self):
        product = self.stocked(10.00)
        rule = self.create_rule(product, source="spread", spread_amount=-1000.00, only_lower=False)
        action = rule.action_dry_run()
        form = Form(rule.env[action["res_model"]].with_context(**action["context"]))
        self.assertIn(product.display_name, form.problem)

    def test_dry_run_of_very_many_products_looks_at_the_first_of_them(self):
        self.env["ir.config_parameter"].sudo().set_param("stock_revaluation_journal.calculate_limit", "1")
        products = self.stocked(10.00, 8.00) + self.stocked(10.00, 8.00)
        rule = self.create_rule(products)
        action = rule.action_dry_run()
        form = Form(rule.env[action["res_model"]].with_context(**action["context"]))
        self.assertEqual((form.item_count, form.change_count), (1, 1))
        self.assertIn("2 products", form.problem)
        first, second = products.search([("id", "in", products.ids)])
        self.assertIn(first.display_name, form.preview)
        self.assertNotIn(second.display_name, form.preview)
        # A total cannot be spread over some of them
        rule.write({"source": "spread", "spread_amount": 5, "only_lower": False})
        form = Form(rule.env[action["res_model"]].with_context(**action["context"]))
        self.assertEqual((form.item_count, form.change_count), (0, 0))
        self.assertIn("all of them", form.problem)

    # ------------------------------------------------------------------ what a rule may be

    def test_rules_that_cannot_be_are_refused(self):
        products = self.env["product.product"]
        for vals in ({"day_of_month": 0}, {"day_of_month": 32}, {"threshold_percent": -1}, {"threshold_amount": -1}):
            with self.assertRaises(ValidationError):
                self.create_rule(products, **vals)
        preparer = self.create_user("reval_preparer", "stock_revaluation_journal.group_revaluation_user")
        self.create_rule(products, user_id=preparer.id)
        with self.assertRaisesRegex(ValidationError, "reval_preparer"):
            self.create_rule(products, user_id=preparer.id, mode="post")

    @mute_logger("odoo.addons.base.models.ir_rule", "odoo.addons.base.models.ir_model", "odoo.models")
    def test_rights(self):
        """Managers make rules; preparers look and try; others see nothing."""
        product = self.stocked(10.00, 8.00)
        rule = self.create_rule(product)
        preparer = self.create_user("reval_preparer", "stock_revaluation_journal.group_revaluation_user")
        stranger = self.create_user("reval_stranger")
        self.assertEqual(len(self.as_user(rule, preparer)._get_changes()[0]), 1)
        for call in (
            lambda: self.as_user(rule, preparer).write({"mode": "post"}),
            lambda: self.create_rule(product, user=preparer),
            lambda: self.as_user(rule, stranger).read(["name"]),
            lambda: self.as_user(rule, stranger).action_run(),
        ):
            with self.assertRaises(AccessError):
                call()

    def test_rule_with_journals_is_archived_not_deleted(self):
        rule = self.create_rule(self.stocked(10.00, 8.00))
        rule.action_run()
        with self.assertRaises(psycopg2.IntegrityError), mute_logger("odoo.sql_db"), self.env.cr.savepoint():
            rule.unlink()
            self.flush()

    def test_following_a_rule_follows_what_its_journals_post(self):
        product = self.stocked(10.00, 8.00)
        rule = self.create_rule(product)
        follower = self.create_user("reval_controller", "stock_revaluation_journal.group_revaluation_user").partner_id
        posted = self.env.ref("stock_revaluation_journal.mt_revaluation_posted")
        subtype = self.env.ref("stock_revaluation_journal.mt_rule_revaluation_posted")
        rule.message_subscribe(follower.ids, subtype_ids=subtype.ids)
        rule.with_context(tracking_disable=False).action_run()
        followers = rule.journal_ids.message_follower_ids.filtered(lambda each: each.partner_id == follower)
        self.assertEqual(followers.subtype_ids, posted)


class TestScheduledRules(RuleBuilders, ConcurrencyCase):
    """The scheduled action, as Odoo runs it, on committed records."""

    def setUp(self):
        super().setUp()
        cron = self.env.ref(CRON)
        # near midnight its user's day may be another one
        self.today = fields.Date.context_today(cron.with_user(cron.user_id).with_context(tz=False))
        self.addCleanup(self.archive_rules)

    def archive_rules(self):
        self.restart(rollback=True)
        self.env["stock.revaluation.rule"].search([]).write({"active": False})
        self.restart()

    def run_cron(self):
        """Run the scheduled action as its button *Run Manually* does."""
        self.restart()
        request = self.request(lambda env: env.ref(CRON).method_direct_trigger() and None).end()
        if request.error:
            raise request.error
        self.restart()

    def due_rule(self, product, days=0, **vals):
        vals.setdefault("next_run", self.today - timedelta(days=days))
        return self.create_rule(product, **vals)

    def test_due_rules_run_as_their_responsible_and_get_their_next_date(self):
        product, later = self.stocked(10.00, 8.00), self.stocked(10.00, 8.00)
        rule = self.due_rule(product, mode="post", schedule="daily", days=3)
        waiting = self.due_rule(later, days=-1)
        by_hand = self.due_rule(later, next_run=False)
        self.pass_time()
        self.run_cron()
        self.assertEqual((rule.journal_ids.state, rule.journal_ids.posted_by), ("posted", self.accountant))
        self.assertEqual(rule.journal_ids.create_uid, self.accountant)
        self.assertMoney(self.stock_value(product), 80.00)
        self.assertEqual(rule.next_run, self.today + timedelta(days=1))  # what was missed comes round once
        self.assertFalse((waiting | by_hand).journal_ids)
        self.run_cron()
        self.assertEqual(len(rule.journal_ids), 1)

    def test_failing_rule_says_why_and_the_others_run(self):
        failing, product = self.stocked(10.00), self.stocked(10.00, 8.00)
        bad = self.due_rule(
            failing, source="spread", spread_amount=-1000.00, only_lower=False, sequence=1, schedule="weekly"
        )
        good = self.due_rule(product, sequence=2)
        self.run_cron()
        self.assertEqual(len(good.journal_ids), 1)
        self.assertFalse(bad.journal_ids)
        self.assertTrue(any(failing.name in message.body for message in bad.message_ids))
        self.assertEqual(bad.activity_ids.user_id, self.accountant)
        self.assertIn(failing.name, bad.activity_ids.note)
        self.assertIn("Failed", bad.last_result)
        self.assertEqual(bad.next_run, self.today + timedelta(days=7))
        bad.write({"next_run": self.today})
        self.run_cron()
        self.assertEqual(len(bad.activity_ids), 1)  # told once
        bad.write({"next_run": self.today, "spread_amount": 10.00})
        self.run_cron()
        self.assertFalse(bad.activity_ids)
        self.assertEqual(len(bad.journal_ids), 1)

    def test_responsible_who_lost_the_right_fails_the_rule_alone(self):
        manager = self.create_user("reval_leaving", MANAGER)
        product, other = self.stocked(10.00, 8.00), self.stocked(10.00, 8.00)
        bad = self.due_rule(product, user_id=manager.id, mode="post", sequence=1)
        good = self.due_rule(other, sequence=2)
        field = "group_ids" if "group_ids" in manager._fields else "groups_id"
        preparer = self.env.ref("stock_revaluation_journal.group_revaluation_user")
        manager.write({field: [(3, self.env.ref(MANAGER).id), (4, preparer.id)]})
        before = self.stock_value(product)
        self.run_cron()
        self.assertEqual(len(good.journal_ids), 1)
        self.assertFalse(bad.journal_ids)
        self.assertMoney(self.stock_value(product), before)
        self.assertIn("Failed", bad.last_result)

    def test_archived_responsible_fails_the_rule(self):
        manager = self.create_user("reval_gone", MANAGER)
        rule = self.due_rule(self.stocked(10.00, 8.00), user_id=manager.id)
        manager.active = False
        self.run_cron()
        self.assertFalse(rule.journal_ids)
        self.assertIn("reval_gone", rule.last_result)

    def test_each_company_runs_its_own_rules_on_its_own_stock(self):
        product = self.stocked(10.00, 8.00)
        first = self.due_rule(product)
        books = self.create_books("Second Company" + self.suffix)
        with self.inside(books):
            self.accountant.company_ids |= books.company
            self.set_up_category(product.categ_id, "average")
            self.receive(product, 5, 20.00)
            product.seller_ids.unlink()
            Rules = self.as_user(self.env["stock.revaluation.rule"], self.accountant, books.company)
            second = Rules.create(
                {
                    "name": "Second",
                    "source": "sales",
                    "product_ids": [(6, 0, product.ids)],
                    "user_id": self.accountant.id,
                    "company_id": books.company.id,
                    "next_run": self.today,
                }
            )
        self.run_cron()
        self.assertEqual((first.journal_ids.company_id, second.journal_ids.company_id), (self.company, books.company))
        self.assertMoney(first.journal_ids.amount, -20.00)  # 10 x (8.00 - 10.00)
        self.assertMoney(second.journal_ids.amount, -60.00)  # 5 x (8.00 - 20.00)

    def test_monthly_rule_on_the_last_day(self):
        rule = self.due_rule(self.stocked(10.00, 12.00), next_run=date(2026, 1, 31), day_of_month=31)
        self.run_cron()
        end = rule.next_run
        self.assertGreater(end, self.today)
        self.assertNotEqual((end + timedelta(days=1)).month, end.month)
        self.assertLessEqual((end - self.today).days, 31)
