"""Check says what would stop a posting; Refresh re-reads the books and keeps the entries."""

from contextlib import suppress

from odoo import fields
from revaluation_common import REFUSALS, RevaluationCase


class TestRefresh(RevaluationCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.product = cls.create_product("average", name="Refreshed product")
        cls.receive(cls.product, 10, 10.00)
        cls.other = cls.create_product("fifo", name="Quiet product")
        cls.receive(cls.other, 10, 10.00)

    def entered(self, **vals):
        journal = self.calculate(self.product | self.other)
        self.line(journal, self.product).write(vals)
        return journal

    def test_refresh_keeps_a_unit_cost(self):
        journal = self.entered(unit_cost_revalued=12.50)
        self.receive(self.product, 10, 10.00)
        journal.action_refresh()
        line = self.line(journal, self.product)
        # 20 units now at 10.00; 20 × 12.50
        self.assertEqual(line.quantity, 20)
        self.assertMoney(line.value_calculated, 200.00)
        self.assertAlmostEqual(line.unit_cost_revalued, 12.50, 6)
        self.assertMoney(line.value_revalued, 250.00)
        self.assertMoney(line.amount, 50.00)
        self.post(journal)

    def test_refresh_says_what_changed(self):
        journal = self.entered(unit_cost_revalued=12.50)
        self.receive(self.product, 10, 11.00)
        journal.action_refresh()
        said = journal.message_ids[0].body
        # 10 units worth 100.00; 10 more at 11.00
        for text in ("1 of 2 lines", self.product.name, "10.00 → 20.00", "100.00", "210.00"):
            self.assertIn(text, said)
        self.assertNotIn(self.other.name, said)

    def test_refresh_keeps_a_total(self):
        journal = self.entered(value_revalued=125.00)
        self.receive(self.product, 10, 10.00)
        journal.action_refresh()
        line = self.line(journal, self.product)
        self.assertMoney(line.value_revalued, 125.00)
        self.assertMoney(line.value_calculated, 200.00)
        self.assertMoney(line.amount, -75.00)
        self.assertAlmostEqual(line.unit_cost_revalued, 6.25, 6)
        self.post(journal)

    def test_refresh_untouched_line_follows_the_books(self):
        journal = self.entered(value_revalued=125.00)
        self.receive(self.other, 10, 12.00)
        journal.action_refresh()
        line = self.line(journal, self.other)
        self.assertMoney(line.value_calculated, 220.00)
        self.assertMoney(line.value_revalued, 220.00)
        self.assertMoney(line.amount, 0.0)

    def test_refresh_of_a_journal_up_to_date_changes_nothing(self):
        journal = self.entered(value_revalued=125.00)
        journal.action_refresh()
        self.assertMoney(journal.amount, 25.00)
        self.assertEqual(len(journal.line_ids), 2)

    def test_refresh_clears_the_mark(self):
        journal = self.entered(value_revalued=125.00)
        self.receive(self.product, 1, 10.00)
        # The mark outlives the error because it is set in a transaction of its own, which a
        # test that commits nothing cannot see: set it here as that one does
        self.flush()
        self.env.cr.execute(
            "UPDATE stock_revaluation_journal_line SET is_stale = true WHERE id = %s",
            [self.line(journal, self.product).id],
        )
        self.invalidate()
        journal.action_refresh()
        self.assertFalse(self.line(journal, self.product).is_stale)
        self.post(journal)

    def test_refresh_position_that_is_gone_is_said(self):
        journal = self.entered(value_revalued=125.00)
        self.deliver(self.product, 10)
        journal.action_refresh()
        lines = journal.line_ids.filtered(lambda line: line.product_id == self.product)
        if lines:
            self.assertTrue(lines.is_stale or lines.quantity == 0)
        self.assert_refused(journal.action_post, products=self.product)

    def test_refresh_layer_line_keeps_its_layer(self):
        self.receive(self.other, 10, 20.00)
        journal = self.calculate(self.other, "layer")
        second = self.lines_by_layer(journal, self.other)[1]
        second.write({"unit_cost_revalued": 25.00})
        self.deliver(self.other, 12)
        journal.action_refresh()
        self.assertEqual(second.quantity, 8)
        self.assertMoney(second.value_revalued, 200.00)

    def test_refresh_of_a_posted_journal_leaves_it_as_posted(self):
        journal = self.entered(value_revalued=125.00)
        self.post(journal)
        self.receive(self.product, 10, 10.00)
        with suppress(REFUSALS):
            journal.action_refresh()
        line = self.line(journal, self.product)
        self.assertEqual(line.quantity, 10)
        self.assertMoney(line.value_calculated, 100.00)
        self.assertMoney(line.value_revalued, 125.00)
        self.assertMoney(line.amount, 25.00)


class TestCheck(RevaluationCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.product = cls.create_product("average", name="Checked product")
        cls.receive(cls.product, 10, 10.00)

    def test_check_names_what_is_stale_and_writes_nothing_to_the_books(self):
        journal = self.calculate(self.product)
        self.line(journal, self.product).write({"value_revalued": 125.00})
        self.receive(self.product, 1, 10.00)
        self.assert_refused(journal.action_check, self.product.name, products=self.product)
        self.assertEqual(journal.state, "draft")

    def test_check_says_the_same_as_post(self):
        journal = self.calculate(self.product)
        said = self.assert_refused(journal.action_check, products=self.product)
        self.assertEqual(said, self.assert_refused(journal.action_post, products=self.product))

    def test_check_of_a_journal_without_fault_says_so_and_posts_nothing(self):
        journal = self.calculate(self.product)
        self.line(journal, self.product).write({"value_revalued": 125.00})
        before = self.snapshot(self.product)
        journal.action_check()
        self.assertEqual(self.snapshot(self.product), before)
        self.assertFalse(self.line(journal, self.product).is_stale)
        self.post(journal)

    def test_check_answers_with_a_notification(self):
        journal = self.calculate(self.product)
        self.line(journal, self.product).write({"value_revalued": 125.00})
        answer = journal.action_check()
        self.assertEqual((answer["type"], answer["tag"]), ("ir.actions.client", "display_notification"))
        self.assertEqual(answer["params"]["type"], "success")
        self.assertIn(journal.name, answer["params"]["message"])

    def test_check_names_every_problem_in_one_message(self):
        journal = self.calculate(self.product, counterpart_account_id=self.account_valuation.id)
        self.line(journal, self.product).write({"value_revalued": 125.00})
        journal.date = fields.Date.add(fields.Date.today(), days=3)
        self.receive(self.product, 1, 10.00)
        self.assert_refused(
            journal.action_check, self.product.name, "future", "stock valuation account itself", products=self.product
        )

    def test_check_is_a_button_of_drafts_with_lines(self):
        journal = self.create_journal()
        self.assertFalse(self.shows_button(journal, "action_check"))
        journal.calculate(product_ids=self.product.ids)
        self.assertTrue(self.shows_button(journal, "action_check"))
        self.line(journal, self.product).write({"value_revalued": 125.00})
        self.post(journal)
        self.assertFalse(self.shows_button(journal, "action_check"))

    def test_check_is_for_those_who_only_prepare(self):
        preparer = self.create_user("reval_checker", "stock_revaluation_journal.group_revaluation_user")
        journal = self.calculate(self.product, user=preparer)
        self.line(journal, self.product).write({"value_revalued": 125.00})
        self.assertTrue(self.shows_button(journal, "action_check"))
        self.assertIn("manager", journal.action_check()["params"]["message"])
