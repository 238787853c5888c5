"""Work on large journals runs as steps of the scheduled action: calculating, checking, previewing, posting.

The limits are set small here; `test_background` has the chunks of posting, and what kills a server.
"""

from unittest.mock import patch

from odoo.addons.stock_revaluation_journal.models import stock_revaluation_import_bulk as import_bulk
from revaluation_common import UserError
from test_background import BackgroundCase


class TestSteps(BackgroundCase):
    """Nine products at 10.00, ten each, 12.00 entered on nine lines, and one line left as it is; three are large."""

    def test_check_of_a_large_journal_says_what_is_wrong_and_posts_nothing(self):
        self.deliver_one(self.products[6])
        action = self.journal.action_check()
        self.assertEqual(action["tag"], "display_notification")
        self.restart()
        self.assertEqual((self.journal.task, self.journal.state), ("check", "draft"))
        with self.assertRaises(UserError):
            self.line_of(self.products[0]).write({"unit_cost_revalued": 11.00})
        self.restart(rollback=True)
        self.run_background()
        self.assertFalse(self.journal.task)
        self.assertIn("changed since", self.journal.notice)
        self.assertIn(self.products[6].name, self.journal.notice)
        self.assertFalse(self.posted_lines())
        sent = self.env["bus.bus"].sudo().search([("message", "like", "simple_notification")], order="id desc", limit=1)
        self.assertEqual(sent.message.count(self.journal.name), 1)  # its text says which journal: no title does again

    def test_post_of_a_large_journal_with_a_fault_posts_nothing_at_all(self):
        self.deliver_one(self.products[8])
        self.start(checked=False)
        self.run_background()
        self.assertEqual((self.journal.state, self.journal.task), ("draft", False))
        self.assertIn("changed since", self.journal.notice)
        self.assertFalse(self.posted_lines())
        self.journal.action_refresh()
        self.start(checked=False)
        self.run_background()
        self.assert_finished()

    def test_preview_in_steps_shows_what_posting_writes(self):
        self.set_parameters(100, self.chunk)
        whole = self.journal.get_preview()
        self.restart(rollback=True)
        self.set_parameters(3, self.chunk)
        self.journal.action_preview()
        self.restart()
        self.assertEqual(self.journal.task, "preview")
        self.run_background()
        self.assertFalse(self.posted_lines())
        self.assertFalse(self.journal.task)
        action = self.journal.action_preview()
        content = self.env[action["res_model"]].browse(action["res_id"]).content
        for product in self.products:
            self.assertIn(product.name, content)
        for row in whole["accounts"]:
            self.assertIn(row["account"], content)
        # nine lines of 10 x 2.00 each
        self.assertIn("180.00", content)
        self.line_of(self.products[0]).write({"unit_cost_revalued": 11.00})
        self.assertFalse(self.journal.preview_content, "a preview of other figures is no preview")
        self.restart(rollback=True)

    def test_calculate_in_steps_stops_and_goes_on(self):
        self.let_three_lines_be_many()
        ids = (self.products | self.unchanged).ids
        self.assertEqual(self.journal.calculate(product_ids=ids), 0)
        self.journal.action_stop_task()
        self.restart()
        self.run_background()
        self.assertEqual((self.journal.task, self.journal.line_count), ("calculate", 10))
        self.assertMoney(self.journal.amount, 180.00)
        self.journal.action_resume_task()
        self.restart()
        self.run_background()
        self.assertFalse(self.journal.task)
        self.assertEqual(self.journal.line_count, 10)
        self.assertMoney(self.journal.amount, 0.00)
        self.assertMoney(self.journal.value_calculated, 10 * 100.00)
        self.assertIn("10", self.journal.notice)

    def let_three_lines_be_many(self):
        key = "stock_revaluation_journal.calculate_limit"
        self.addCleanup(self.restart)
        self.addCleanup(self.env["ir.config_parameter"].sudo().set_param, key, self.parameter(key) or "20000")
        self.env["ir.config_parameter"].sudo().set_param(key, "3")

    def test_refresh_in_steps_keeps_what_was_entered(self):
        self.let_three_lines_be_many()
        self.deliver_one(self.products[0])
        self.journal.action_refresh()
        self.restart()
        self.assertEqual(self.journal.task, "refresh")
        self.run_background()
        self.assertFalse(self.journal.task)
        self.assertIn("1 lines", self.journal.notice)
        line = self.line_of(self.products[0])
        # 6 left at 10.00, and 12.00 entered; the eight others as before: 12.00 + 8 x 20.00
        self.assertMoney(line.value_calculated, 60.00)
        self.assertMoney(line.value_revalued, 72.00)
        self.assertMoney(self.journal.amount, 172.00)
        self.assertIn(self.products[0].name, self.journal.message_ids[:2].mapped("body")[-1])

    def test_suggest_in_steps_enters_what_the_wizard_says(self):
        self.let_three_lines_be_many()
        for vals, amount in (
            # ten lines of 100.00: 10 per cent each, and then 50.00 spread over all of them in one step
            ({"source": "percent", "percentage": 10}, 100.00),
            ({"source": "spread", "spread_amount": 50}, 50.00),
        ):
            wizard = self.env["stock.revaluation.suggest"].create(dict(vals, journal_id=self.journal.id))
            self.assertIn("background", wizard.preview)
            self.assertEqual((wizard.line_count, wizard.change_count), (10, -1))
            wizard.action_apply()
            self.restart()
            self.assertEqual(self.journal.task, "suggest")
            self.run_background()
            self.assertFalse(self.journal.task)
            self.assertMoney(self.journal.amount, amount)
            self.assertIn("10 lines changed", self.journal.notice)

    def test_suggest_in_steps_enters_the_unit_cost_as_at_once(self):
        """Of 10.00 there are 9.223 left, to the digit: 14.0 made -7.7700000000000005 of what the user had entered."""
        self.let_three_lines_be_many()
        vals = {"journal_id": self.journal.id, "source": "percent", "percentage": -7.77}
        self.env["stock.revaluation.suggest"].create(vals).action_apply()
        self.restart()
        self.run_background()
        self.assertIn("10 lines changed", self.journal.notice)
        self.assertEqual(set(self.journal.line_ids.mapped("entered")), {"unit_cost"})

    def test_suggest_that_fails_says_so_and_changes_nothing(self):
        self.let_three_lines_be_many()
        vals = {"journal_id": self.journal.id, "source": "spread", "spread_amount": -5000}
        self.env["stock.revaluation.suggest"].create(vals).action_apply()
        self.restart()
        self.run_background()
        self.assertFalse(self.journal.task)
        self.assertIn("worth less than nothing", self.journal.notice)
        self.assertTrue(self.journal.task_failed)
        self.assertMoney(self.journal.amount, 180.00)

    def test_import_in_steps_and_a_product_twice_in_the_file_is_refused(self):
        """Of the file's three batches the first and the last name one product: nothing at all is imported."""
        for product in self.products:
            product.sudo().default_code = "STEP-%d" % product.id
        self.let_three_lines_be_many()
        self.restart()
        Line = self.env["stock.revaluation.journal.line"].with_context(default_journal_id=self.journal.id)
        rows = [["STEP-%d" % product.id, "13", "by file"] for product in self.products]
        columns = ["product_id", "unit_cost_revalued", "note"]
        result = Line.with_context(_import_limit=3).load(columns, rows + [rows[0]])
        self.assertFalse(result["ids"])
        self.assertEqual([message["record"] for message in result["messages"]], [9])
        self.restart()
        self.assertMoney(self.journal.amount, 180.00)
        result = Line.with_context(_import_limit=3).load(columns, rows)
        self.assertEqual((len(result["ids"]), result["nextrow"]), (3, 3))
        result = Line.load(columns, rows)
        self.assertEqual((result["ids"], result["messages"]), ([], []))
        self.restart()
        self.assertEqual((self.journal.task, self.journal.task_total), ("import", 9))
        with patch.object(import_bulk, "ROWS_PER_STEP", 4):
            self.run_background()
        self.assertFalse(self.journal.task)
        # the first three had 13.00 already: 9 lines, ten each at 3.00 more
        self.assertIn("6 lines changed, 0 lines added", self.journal.notice)
        self.assertMoney(self.journal.amount, 270.00)
        self.assertEqual(set(self.journal.line_ids.mapped("note")), {"by file", False})

    def load_receipts(self, journal, *more):
        """Import 13.00 for the nine products, under FIFO by their receipts, and `more` rows; return the result."""
        for product in self.products:
            product.sudo().default_code = "STEP-%d" % product.id
        rows = [["STEP-%d" % product.id, self.receipt_of(product), "13"] for product in self.products]
        Line = self.env["stock.revaluation.journal.line"].with_context(default_journal_id=journal.id)
        result = Line.load(["product_id", "receipt", "unit_cost_revalued"], rows + list(more))
        self.restart()
        return result

    def receipt_of(self, product):
        """Return the number of the product's receipt; nothing where it is valued as a whole."""
        fifo = self._in_company(product).cost_method == "fifo"
        receipts = product.stock_move_ids.sudo().filtered(lambda move: move.location_id.usage == "supplier")
        return receipts.sorted("id")[-1].reference if fifo else ""

    def test_import_of_receipts_in_steps_is_looked_at_as_a_whole_first(self):
        self.let_three_lines_be_many()
        journal = self.create_journal()
        fifo = self.products.filtered(self.receipt_of)
        self.assertEqual(len(fifo), 3)
        twice = ["STEP-%d" % fifo[0].id, self.receipt_of(fifo[0]), "14"]
        unknown = ["STEP-%d" % fifo[1].id, "WH/IN/none", "14"]
        result = self.load_receipts(journal, twice, unknown)
        self.assertEqual([message["record"] for message in result["messages"]], [9, 10])
        self.assertFalse(journal.task)
        self.load_receipts(journal)
        self.assertEqual((journal.task, journal.task_total), ("import", 9))
        # what the last step would write is gone by now: nothing at all is imported, and the row is named
        last = self.products[-1]
        self.deliver_one(last, 10)
        with patch.object(import_bulk, "ROWS_PER_STEP", 4):
            self.run_background()
        self.assertEqual((journal.task, journal.task_failed, journal.line_count), (False, True, 0))
        self.assertIn("Row 9", journal.notice)
        self.assertIn(last.name, journal.notice)

    def test_import_of_whole_journals_in_steps(self):
        """Of two journals in a file the one with nine lines is made in steps, the one with two at once."""
        for product in self.products:
            product.sudo().default_code = "STEP-%d" % product.id
        self.let_three_lines_be_many()
        self.restart()
        columns = ["description", "line_ids/product_id", "line_ids/receipt", "line_ids/unit_cost_revalued"]
        rows = [["", "STEP-%d" % product.id, self.receipt_of(product), "13"] for product in self.products]
        rows += [list(row) for row in rows[:2]]
        rows[0][0], rows[9][0] = "Long", "Short"
        Journal = self.as_user(self.env["stock.revaluation.journal"], self.accountant)
        result = Journal.with_context(_import_limit=3).load(columns, [list(row) for row in rows])
        self.assertEqual((len(result["ids"]), result["nextrow"]), (1, 9))
        self.restart(rollback=True)
        result = Journal.load(columns, rows + [["", "STEP-%d" % self.products[0].id, "", "14"]])
        self.assertEqual([message["record"] for message in result["messages"]], [11])
        result = Journal.load(columns, rows)
        self.assertFalse(result["messages"])
        long, short = Journal.browse(result["ids"])
        self.restart()
        self.assertEqual((long.description, long.task, long.line_count), ("Long", "import", 0))
        self.assertEqual((short.description, short.task, short.line_count), ("Short", False, 2))
        self.run_background()
        self.assertEqual((long.task, long.task_failed, long.line_count), (False, False, 9))
        self.assertMoney(long.amount, 270.00)
        self.assertMoney(short.amount, 60.00)

    def test_import_stopped_between_its_steps_goes_on_by_the_same_file(self):
        self.let_three_lines_be_many()
        journal = self.create_journal()
        self.load_receipts(journal)
        last = self.products[-1]
        with patch.object(import_bulk, "ROWS_PER_STEP", 4):
            self.journal = journal
            for _step in range(5):  # three that look, two that write
                self.run_one_step()
            self.deliver_one(last, 10)
            self.run_background()
            self.assertEqual((journal.task_failed, journal.line_count), (True, 8))
            self.assertIn("8 of 9 were done before", journal.notice)
            self.receive(last, 10, 10.00)
            self.restart()
            self.load_receipts(journal)
            self.run_background()
        self.assertFalse(journal.task_failed, journal.notice)
        self.assertIn("0 lines changed, 1 lines added", journal.notice)
        # nine lines once each: 10 x (13.00 - 10.00)
        self.assertEqual((journal.line_count, len(journal.line_ids.product_id)), (9, 9))
        self.assertMoney(journal.amount, 270.00)
        self.assertEqual(len(journal.line_ids.filtered("stock_move_id")), 3)

    def test_reverse_in_steps_takes_everything_back(self):
        self.start()
        self.run_background()
        self.let_three_lines_be_many()
        reversal = self.journal.browse(self.journal.action_reverse()["res_id"])
        self.restart()
        self.assertEqual((reversal.task, reversal.line_count), ("reverse", 0))
        self.run_background()
        self.assertEqual((reversal.task, reversal.line_count), (False, 9))
        self.assertMoney(reversal.amount, -180.00)
        reversal.action_post()
        self.restart()
        self.run_background()
        self.assertEqual(reversal.state, "posted")
        self.assertMoney(sum(self.stock_value(product) for product in self.products), 9 * 100.00)

    def test_stopped_posting_goes_on_when_resumed(self):
        self.start()
        self.run_one_step()
        self.journal.action_stop_task()
        self.restart()
        self.run_background()
        self.assertEqual(len(self.posted_lines()), self.chunk)
        self.assertIn("Stopped by", self.journal.problem)
        self.journal.action_post()
        self.restart()
        self.run_background()
        self.assert_finished()

    def test_given_up_check_before_posting_leaves_a_draft(self):
        self.start(checked=False)
        self.journal.action_cancel_task()
        self.restart()
        self.run_background()
        self.assertEqual((self.journal.state, self.journal.task), ("draft", False))
        self.assertFalse(self.posted_lines())

    def test_two_processes_claim_different_products(self):
        """One holds its chunk and does not commit; the other takes the next lines, or stands by (up to 16.0)."""
        self.start()
        claimed = []
        journal_id = self.journal.id

        def claim(env):
            journal = env["stock.revaluation.journal"].browse(journal_id)
            claimed.append(journal._claim_lines())

        one, two = self.request(claim), self.request(claim)
        self.assertEqual(one.go(), "worked", one.error)
        self.assertEqual(two.go(), "worked", two.error)
        one.end()
        two.end()
        self.assertEqual([len(ids) for ids in claimed], [2, 2])
        self.assertFalse(set(claimed[0]) & set(claimed[1]))
