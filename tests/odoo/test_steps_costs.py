"""Programs and rules that revalue very many products: the journal at once, its lines and its posting in steps."""

from unittest.mock import patch

from odoo import fields
from odoo.addons.stock_revaluation_journal.models import stock_revaluation_journal_steps_costs as steps_costs
from test_background import BackgroundCase
from test_rules import RuleBuilders


class TestStepsOfCosts(RuleBuilders, BackgroundCase):
    """Nine products at 10.00, ten each; three are many, and four are taken in a step."""

    def setUp(self):
        super().setUp()
        key = "stock_revaluation_journal.calculate_limit"
        self.addCleanup(self.restart)
        self.addCleanup(self.env["ir.config_parameter"].sudo().set_param, key, self.parameter(key) or "20000")
        self.env["ir.config_parameter"].sudo().set_param(key, "3")
        patcher = patch.object(steps_costs, "PRODUCTS_PER_STEP", 4)
        patcher.start()
        self.addCleanup(patcher.stop)
        self.journal.unlink()
        self.journals = self.as_user(self.env["stock.revaluation.journal"], self.accountant)

    def follow(self, journal):
        """Let the scheduled action do all there is to do for a journal; return it."""
        self.restart()
        self.assertEqual((journal.task, journal.state, journal.line_count), ("calculate", "draft", 0))
        self.run_background()
        return journal

    def test_revalue_of_very_many_products_returns_at_once_and_posts(self):
        costs = {str(product.id): 12.00 for product in self.products}
        journal = self.journals.revalue(costs, reason=self.reason.id, reference="many")
        self.assertEqual(self.journals.revalue(costs, reference="many"), journal)
        self.follow(journal)
        self.assertEqual((journal.state, journal.problem, journal.line_count), ("posted", False, 9))
        # nine times 10 x (12.00 - 10.00)
        self.assertMoney(journal.amount, 180.00)
        self.assertMoney(sum(self.stock_value(product) for product in self.products), 9 * 120.00)
        self.assertEqual(journal.line_ids.mapped("entered_by"), self.accountant)

    def test_revalue_of_very_many_products_names_those_that_cannot_be_revalued(self):
        empty = self.create_product("average")
        journal = self.journals.revalue({key: {"value": 50.00} for key in (self.products | empty).ids})
        self.follow(journal)
        self.assertEqual((journal.state, journal.task, journal.task_failed), ("draft", False, True))
        self.assertIn(empty.name, journal.notice)
        self.assertMoney(journal.amount, 9 * -50.00)
        self.assertMoney(sum(self.stock_value(product) for product in self.products), 9 * 100.00)

    def test_revalue_from_a_source_of_very_many_products(self):
        ids = self.products.ids
        journal = self.follow(self.journals.revalue_from("percent", product_ids=ids, percentage=-10))
        self.assertEqual((journal.state, journal.line_count, journal.task_failed), ("draft", 9, False))
        self.assertMoney(journal.amount, 9 * -10.00)
        # 90.00 spread over all nine, though a step takes four
        journal = self.follow(self.journals.revalue_from("spread", product_ids=ids, spread_amount=90, post=True))
        self.assertEqual(journal.state, "posted")
        self.assertMoney(sum(self.stock_value(product) for product in self.products), 9 * 110.00)
        journal = self.follow(self.journals.revalue_from("percent", product_ids=ids))
        self.assertEqual((journal.state, journal.line_count), ("draft", 0))
        self.assertIn("No cost changes", journal.notice)

    def run_rule(self, rule):
        rule.next_run = fields.Date.today()
        self.restart()
        self.env["stock.revaluation.rule"].browse(rule.id)._run_scheduled()
        self.restart()
        return rule.journal_ids.sorted("id")[-1:]

    def create_large_rule(self, **vals):
        rule = self.create_rule(self.products, source="percent", percentage=10, only_lower=False, **vals)
        return rule.sudo()

    def test_rule_of_very_many_products_posts_and_is_not_run_twice(self):
        rule = self.create_large_rule(mode="post", threshold_amount=5.00)
        journal = self.run_rule(rule)
        self.assertIn("background", rule.last_result)
        self.assertGreater(rule.next_run, fields.Date.today())
        self.assertEqual(self.run_rule(rule), journal, "it waits for the first one")
        self.follow(journal)
        self.assertEqual((journal.state, journal.rule_id, journal.user_id), ("posted", rule, self.accountant))
        self.assertMoney(sum(self.stock_value(product) for product in self.products), 9 * 110.00)
        self.assertIn("9 products", rule.last_result)
        # 11.00 is less than 12.00: of the next run there is nothing to post, and no empty journal stays
        rule.threshold_amount = 12.00
        empty = self.run_rule(rule)
        self.assertNotEqual(empty, journal)
        self.follow(empty)
        self.assertEqual(rule.journal_ids, journal)
        self.assertIn("Nothing to change", rule.last_result)

    def test_rule_of_very_many_products_that_cannot_be_posted_tells_its_responsible(self):
        rule = self.create_large_rule(mode="post")
        journal = self.run_rule(rule)
        self.addCleanup(self.company.write, {"fiscalyear_lock_date": False})
        self.company.fiscalyear_lock_date = fields.Date.today()
        self.follow(journal)
        self.assertEqual((journal.state, journal.task, journal.line_count), ("draft", False, 9))
        self.assertTrue(journal.task_failed)
        self.assertIn("Failed", rule.last_result)
        self.assertEqual(rule.activity_ids.user_id, self.accountant)
        self.assertMoney(sum(self.stock_value(product) for product in self.products), 9 * 100.00)
