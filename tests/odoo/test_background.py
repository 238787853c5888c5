"""Large journals are posted in the background: in chunks, each whole, once, and on after whatever happens.

Limit and chunk size are set small here. What is seen from outside is read in other transactions;
one test starts a real server process on the database of the run and kills it in the middle.
"""

import contextlib
import os
import resource
import subprocess
import sys
import time
from unittest.mock import patch

from concurrency_common import PATIENCE, ConcurrencyCase
from odoo.addons.stock_revaluation_journal import compat
from odoo.tools import config
from revaluation_common import UserError

LIMIT = "stock_revaluation_journal.background_limit"
CHUNK = "stock_revaluation_journal.background_chunk"
# Odoo's own program, whatever package or tree it comes from.
PROGRAM = "import odoo.cli; odoo.cli.main()"


class BackgroundCase(ConcurrencyCase):
    """Nine products at 10.00, ten each: 12.00 is entered, +20.00 a line; one line is left as it is."""

    products_count = 9
    chunk = 2

    def setUp(self):
        super().setUp()
        self.addCleanup(self.set_parameters, *[self.parameter(key) for key in (LIMIT, CHUNK)])
        self.addCleanup(self.put_aside)
        self.set_parameters(3, self.chunk)
        methods = ("standard", "average", "fifo")
        kinds = [(methods[number % 3], number % 2 == 0) for number in range(self.products_count)]
        products = self.prepare_all(kinds + [("average", True)])
        self.products, self.unchanged = products[:-1], products[-1:]
        self.journal = self.prepare_journal(self.products | self.unchanged)
        line = self.line_of(self.unchanged)
        line.write({"unit_cost_revalued": 10.00})
        self.before = self.snapshot(self.products | self.unchanged)
        self.restart()

    def parameter(self, key):
        return self.env["ir.config_parameter"].sudo().get_param(key)

    def set_parameters(self, limit, chunk):
        for key, value in ((LIMIT, limit), (CHUNK, chunk)):
            self.env["ir.config_parameter"].sudo().set_param(key, value)
        self.restart()

    def put_aside(self):
        """Keep what a test leaves half posted from the runs of other tests."""
        self.restart(rollback=True)
        self.cr.execute(
            "UPDATE stock_revaluation_journal SET problem = 'Left by a test'"
            " WHERE state = 'posting' AND problem IS NULL AND company_id = %s",
            [self.company.id],
        )
        self.restart()

    def line_of(self, product):
        return self.line(self.journal, product)

    def start(self, checked=True):
        """Choose Post: the journal is handed to the scheduled action, which has `checked` it."""
        self.journal.action_post()
        self.restart()
        self.assertEqual((self.journal.state, self.journal.task), ("posting", "check_post"))
        while checked and self.journal.task:
            self.run_one_step()

    def run_one_step(self):
        """Let the scheduled action take one step, in a transaction of its own."""
        journal_id = self.journal.id
        request = self.request(lambda env: env["stock.revaluation.journal"].browse(journal_id)._run_step() and None)
        request.end()
        self.restart()
        if request.error:
            raise request.error

    def run_background(self):
        """Let the scheduled action run, in a transaction of its own."""
        request = self.request(lambda env: env["stock.revaluation.journal"]._run_background() and None)
        request.end()
        self.restart()
        if request.error:
            raise request.error

    def deliver_one(self, product, quantity=4):
        operation = self.delivery(product, quantity)
        self.restart()
        request = self.request(operation).end()
        self.assertIsNone(request.error)
        self.restart()

    def posted_lines(self):
        return self.journal.line_ids.filtered(lambda line: line.state == "posted")

    def count_posted(self):
        """Return how many lines are posted, as any other transaction sees it."""
        with self.registry.cursor() as cr:
            cr.execute(
                "SELECT COUNT(*) FROM stock_revaluation_journal_line WHERE journal_id = %s AND state = 'posted'",
                [self.journal.id],
            )
            return cr.fetchone()[0]

    def assert_whole(self):
        """Each line is posted with its layer, value and entry, or nothing of it is."""
        for line in self.journal.line_ids:
            product, posted = line.product_id, line.state == "posted"
            layers = line.valuation_layer_ids.sudo()
            before = self.before[product.id]
            self.assertEqual(len(layers), 1 if posted else 0, product.name)
            amount = line.amount if posted else 0.0
            self.assertMoney(sum(layers.mapped("value")), amount, product.name)
            self.assertMoney(self.revaluations(product), amount, product.name)
            if posted and self.is_booked(product):
                self.assertEqual(layers.account_move_id.state, "posted")
                self.assertIn(layers.account_move_id, self.journal.account_move_ids.sudo())
            if self.stock_quantity(product) == before["quantity"]:
                self.assertMoney(self.stock_value(product), before["value"] + amount, product.name)
                ledger = before["ledger"] + (amount if self.is_booked(product) else 0.0)
                self.assertMoney(self.ledger_balance(self.account_valuation, product), ledger, product.name)
        booked = sum(line.amount for line in self.posted_lines() if self.is_booked(line.product_id))
        entries = (
            self.env["account.move"]
            .sudo()
            .search([("journal_id", "=", self.other_journal.id), ("ref", "like", self.journal.name)])
        )
        self.assertEqual(entries, self.journal.account_move_ids.sudo())
        items = entries.line_ids.filtered(lambda item: item.account_id == self.account_valuation)
        self.assertMoney(sum(items.mapped("balance")), booked)

    def revaluations(self, product):
        layers = (
            self.env["stock.valuation.layer"]
            .sudo()
            .search([("product_id", "=", product.id), ("revaluation_line_id", "!=", False)])
        )
        return sum(layers.mapped("value"))

    def assert_finished(self):
        self.assertEqual(self.journal.state, "posted")
        self.assertFalse(self.journal.problem)
        self.assertFalse(self.journal.sudo().task_data)
        self.assertEqual(self.journal.progress, 100)
        self.assertEqual(self.journal.posted_by, self.accountant)
        self.assertTrue(self.journal.posted_at)
        self.assertEqual(set(self.journal.line_ids.mapped("state")) - {"posted", "unchanged"}, set())
        self.assertEqual(
            self.journal.line_ids.filtered(lambda line: line.state == "unchanged").product_id, self.unchanged
        )
        self.assert_whole()


class TestBackground(BackgroundCase):
    def test_small_journal_is_posted_at_once(self):
        self.set_parameters(9, 2)
        self.journal.action_post()
        self.restart()
        self.assert_finished()
        self.assertEqual(len(self.journal.account_move_ids), 1)

    def test_large_journal_waits_for_the_scheduled_action_unchanged(self):
        self.start()
        self.assertEqual(self.journal.progress, 0)
        self.assert_whole()
        self.assertFalse(self.posted_lines())
        for call in (
            self.journal.action_post,
            self.journal.unlink,
            self.journal.action_refresh,
            lambda: self.journal.write({"date": "2020-01-01"}),
            lambda: self.journal.line_ids[0].write({"unit_cost_revalued": 11.00}),
            self.journal.line_ids[0].unlink,
        ):
            with self.assertRaises(UserError):
                call()
            self.restart(rollback=True)

    def test_chunks_commit_layers_costs_and_entry_together(self):
        self.start()
        seen = []
        Journal = type(self.env["stock.revaluation.journal"])
        post_chunk = Journal._post_chunk

        def look_first(journal):
            self.restart()
            seen.append((len(self.posted_lines()), round(self.journal.progress)))
            self.assert_whole()
            return post_chunk(journal)

        with patch.object(Journal, "_post_chunk", look_first):
            self.run_background()
        self.assertEqual(seen, [(0, 0), (2, 20), (4, 40), (6, 60), (8, 80), (9, 90)])
        self.assert_finished()
        self.assertMoney(sum(self.stock_value(product) for product in self.products), 9 * 120.00)
        self.assertMoney(self.journal.amount, 180.00)

    def test_scheduled_action_posts(self):
        cron = self.env.ref("stock_revaluation_journal.cron_post")
        self.assertTrue(cron.active)
        self.start()
        request = self.request(
            lambda env: env.ref("stock_revaluation_journal.cron_post").method_direct_trigger() and None
        )
        self.assertIsNone(request.end().error)
        self.restart()
        self.assert_finished()

    def test_old_worker_gets_the_processor_time_of_a_new_one(self):
        """Linux's clock runs ahead of Odoo's: of the 60 seconds of a run this process is left with 20."""
        for name, value in (("workers", 2), ("limit_time_cpu", 60)):
            self.addCleanup(config.__setitem__, name, config[name])
            config[name] = value
        limits, used = resource.getrlimit(resource.RLIMIT_CPU), time.clock_gettime(-8)
        self.addCleanup(resource.setrlimit, resource.RLIMIT_CPU, limits)
        resource.setrlimit(resource.RLIMIT_CPU, (int(used) + 20, limits[1]))
        self.assertFalse(compat.has_cpu_time_left(0.2))  # 20 is less than four fifths of 60
        self.env["stock.revaluation.journal"]._run_background()
        self.assertGreaterEqual(resource.getrlimit(resource.RLIMIT_CPU)[0], int(used) + 60)
        self.assertTrue(compat.has_cpu_time_left(0.2))

    def test_run_again_posts_nothing_again(self):
        self.start()
        self.run_background()
        self.run_background()
        self.assert_finished()

    def test_two_runs_at_once_post_each_line_once(self):
        self.start()
        runs = [
            self.request(lambda env: env["stock.revaluation.journal"]._run_background() and None)
            for _number in range(2)
        ]
        for run in runs:
            run.let_go()
        for run in runs:
            self.assertIsNone(run.end().error)
        self.run_background()
        self.assert_finished()

    def test_double_click_starts_once(self):
        one, two = self.posting(self.journal), self.posting(self.journal)
        self.assertEqual(one.go(), "worked", one.error)
        self.assertEqual(two.go(), "waits")
        one.end()
        two.end()
        self.assertIsNone(one.error)
        self.assertIsInstance(two.error, UserError)
        self.assertIn("being posted", str(two.error))
        self.run_background()
        self.assert_finished()

    def test_delivery_in_flight_makes_a_chunk_wait_and_stop(self):
        self.start()
        last = self.products[-1]
        operation = self.delivery(last)
        self.restart()
        delivery = self.request(operation)
        self.assertEqual(delivery.go(), "worked", delivery.error)
        run = self.request(lambda env: env["stock.revaluation.journal"]._run_background() and None)
        self.assertEqual(run.go(), "waits")
        self.assertEqual(self.count_posted(), 8)
        delivery.end()
        self.assertEqual((run.end().error, delivery.error), (None, None))
        self.restart()
        self.assertIn("changed since", self.journal.problem)
        self.assertMoney(self.stock_value(last), 60.00)
        self.assert_whole()


class TestBackgroundProblem(BackgroundCase):
    """A chunk that meets a problem stops: what is posted stays, the rest is mended or taken out."""

    def stop_by_delivery(self, position=6):
        """Deliver a product of the fourth chunk before the run: three chunks are posted."""
        self.start()
        self.deliver_one(self.products[position])
        self.run_background()
        self.assertEqual(self.journal.state, "posting")
        self.assertIn("changed since", self.journal.problem)
        self.assertEqual(len(self.posted_lines()), position // self.chunk * self.chunk)
        self.assert_whole()
        return self.line_of(self.products[position])

    def test_delivered_product_stops_then_refresh_and_post_go_on(self):
        line = self.stop_by_delivery()
        self.assertTrue(line.is_stale)
        self.run_background()
        self.assertEqual(len(self.posted_lines()), 6, "a stopped journal waits for its user")
        self.journal.action_refresh()
        self.journal.action_post()
        self.restart()
        self.assertFalse(self.journal.problem)
        self.run_background()
        self.assertMoney(line.amount, 12.00)
        self.assertMoney(self.stock_value(line.product_id), 72.00)
        self.assert_finished()

    def test_delivered_product_stops_then_is_taken_out(self):
        line = self.stop_by_delivery()
        product = line.product_id
        line.unlink()
        self.journal.action_post()
        self.restart()
        self.run_background()
        self.assertMoney(self.stock_value(product), 60.00)
        self.assert_finished()
        self.assertEqual(len(self.posted_lines()), 8)

    def test_posted_lines_cannot_be_taken_out_of_a_stopped_journal(self):
        self.stop_by_delivery()
        for call in (
            self.posted_lines()[0].unlink,
            self.journal.unlink,
            lambda: self.journal.write({"date": "2020-01-01"}),
        ):
            with self.assertRaises(UserError):
                call()
            self.restart(rollback=True)

    def test_posting_on_without_refresh_stops_again(self):
        self.stop_by_delivery()
        self.journal.action_post()
        self.restart()
        self.run_background()
        self.assertIn("changed since", self.journal.problem)
        self.assertEqual(len(self.posted_lines()), 6)
        self.assert_whole()

    def test_delivery_between_two_chunks_stops_the_next(self):
        """The run has read the product's figures in an earlier transaction; it must read them again."""
        self.start()
        operation = self.delivery(self.products[6])
        self.restart()
        Journal = type(self.env["stock.revaluation.journal"])
        post_chunk, runs = Journal._post_chunk, []

        def deliver_before_the_fourth(journal):
            runs.append(journal.env)
            if len(runs) == 4:
                self.assertIsNone(self.request(operation).end().error)
            return post_chunk(journal)

        with patch.object(Journal, "_post_chunk", deliver_before_the_fourth):
            self.run_background()
        self.assertIn("changed since", self.journal.problem)
        self.assertEqual(len(self.posted_lines()), 6)
        self.assertMoney(self.stock_value(self.products[6]), 60.00)
        self.assert_whole()

    def test_archived_account_stops_then_another_one_goes_on(self):
        account = self.create_account(self.company, "61%s" % self.journal.id, "Soon archived", "expense")
        line = self.line_of(self.products[6])
        line.write({"counterpart_account_id": account.id})
        self.start()
        self.close_account(account)
        self.restart()
        self.run_background()
        self.assertIn("Soon archived is archived", self.journal.problem)
        self.assertEqual(len(self.posted_lines()), 6)
        self.assert_whole()
        line.write({"counterpart_account_id": self.account_increase.id})
        self.journal.action_post()
        self.restart()
        self.run_background()
        self.assert_finished()

    def test_rights_taken_away_meanwhile_stop_the_run(self):
        self.start()
        groups = "group_ids" if "group_ids" in self.env["res.users"]._fields else "groups_id"
        kept = self.accountant[groups]
        self.addCleanup(self.restart)
        self.addCleanup(self.accountant.write, {groups: [(6, 0, kept.ids)]})
        self.accountant.write({groups: [(6, 0, self.env.ref("base.group_user").ids)]})
        self.restart()
        self.run_background()
        self.assertEqual(self.journal.sudo().state, "posting")
        self.assertIn("Manager", self.journal.sudo().problem)


class TestBackgroundKilled(BackgroundCase):
    """The server dies in the middle (SIGKILL): the next run goes on after the last chunk committed."""

    products_count = 12

    @contextlib.contextmanager
    def server_process(self):
        """Run what the scheduled action runs in an Odoo process on the database of this run.

        Not through `method_direct_trigger`: from 18.0 on Odoo takes a job that was killed three times
        for one that timed out, passes over it once, and says so with an exception.
        """
        command = [sys.executable, "-c", PROGRAM, "shell", "-d", self.registry.db_name, "--no-http", "--log-level=warn"]
        script = "env['stock.revaluation.journal']._run_background()\n"
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=dict(os.environ)
        )
        try:
            process.stdin.write(script.encode())
            process.stdin.close()
            yield process
        finally:
            process.kill()
            process.wait(PATIENCE)
            process.stderr.close()

    def wait_for(self, condition, process):
        end = time.monotonic() + PATIENCE
        while not condition():
            if process.poll() is not None or time.monotonic() > end:
                process.kill()
                self.fail("the process ended, or did not get that far: %s" % process.stderr.read().decode()[-2000:])
            time.sleep(0.005)

    def wait_until_gone(self, backends):
        """PostgreSQL notices that its client is dead when it next talks to it."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            with self.registry.cursor() as cr:
                cr.execute("SELECT COUNT(*) FROM pg_stat_activity WHERE pid = ANY(%s)", [backends])
                if not cr.fetchone()[0]:
                    return
            time.sleep(0.02)
        self.fail("the dead process still holds its transaction")

    def waiting_for(self, backend):
        with self.registry.cursor() as cr:
            cr.execute("SELECT pid FROM pg_stat_activity WHERE %s = ANY(pg_blocking_pids(pid))", [backend])
            return [row[0] for row in cr.fetchall()]

    def test_killed_in_the_middle_of_a_chunk_then_run_again(self):
        self.start()
        # The fifth product, which is in the third chunk: that one has claimed its lines, then waits here.
        with self.registry.cursor() as cr:
            cr.execute("SELECT id FROM product_product WHERE id = %s FOR NO KEY UPDATE", [self.products[4].id])
            cr.execute("SELECT pg_backend_pid()")
            backend = cr.fetchone()[0]
            with self.server_process() as process:
                self.wait_for(lambda: self.waiting_for(backend), process)
                waiting = self.waiting_for(backend)
                process.kill()
                self.assertEqual(process.wait(PATIENCE), -9)
            cr.rollback()
        self.wait_until_gone(waiting)
        self.restart()
        self.assertEqual(self.journal.state, "posting")
        self.assertEqual(len(self.posted_lines()), 4)
        self.assert_whole()
        with self.server_process() as process:
            self.assertEqual(process.wait(PATIENCE), 0)
        self.restart()
        self.assert_finished()
        self.assertMoney(sum(self.stock_value(product) for product in self.products), 12 * 120.00)

    def test_killed_again_and_again_every_line_is_posted_once(self):
        self.start()
        kills = 0
        while self.count_posted() < self.products_count:
            posted = self.count_posted()
            with self.server_process() as process:
                self.wait_for(lambda posted=posted: self.count_posted() > posted, process)
                process.kill()
                process.wait(PATIENCE)
            kills += 1
            self.restart()
            self.assert_whole()
        self.assertGreaterEqual(kills, 2)
        self.run_background()
        self.assert_finished()

    def test_two_servers_at_once_and_one_killed_nothing_is_lost_or_doubled(self):
        """Up to 16.0, where numbers of entries are given one at a time, one of them stands by."""
        self.start()
        with self.server_process() as one, self.server_process() as other:
            end = time.monotonic() + PATIENCE
            while not self.count_posted() and time.monotonic() < end:
                time.sleep(0.005)
            one.kill()
            one.wait(PATIENCE)
            self.assertEqual(other.wait(PATIENCE), 0)
        self.restart()
        self.assert_whole()
        self.run_background()
        self.assert_finished()
