"""A posting and a delivery, or two postings, at the same time: on two real connections.

Each transaction is served as Odoo serves a request: on a conflict that PostgreSQL reports it is
rolled back and done again. Nothing here may be undone by a rollback at the end, so the records
stay in the test database, under names of their own. The products are valued periodically: with
automated valuation both sides number an entry of the same accounting journal, and that alone
makes them wait for each other.
"""

import threading
import time
import unittest
import uuid
from contextlib import nullcontext

import psycopg2
from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry
from odoo.tests import common

from revaluation_common import REFUSALS, RevaluationCase

CONFLICTS = (
    psycopg2.errors.SerializationFailure,
    psycopg2.errors.LockNotAvailable,
    psycopg2.errors.DeadlockDetected,
)


class Builder(RevaluationCase):
    """The builders, on a connection of their own and without moving the dates of others' moves."""

    @classmethod
    def pass_time(cls, minutes=1, days=0):
        cls.flush()
        cls.invalidate()

    @classmethod
    def on(cls, cr):
        """Return the builders with all their records on the connection `cr`."""
        env = api.Environment(cr, SUPERUSER_ID, dict(cls.env.context))
        names = {}
        for base in reversed(cls.__mro__):
            names.update(vars(base))
        bound = {
            name: value.with_env(env) for name, value in names.items() if hasattr(value, "with_env")
        }
        return type("BoundBuilder", (cls,), dict(bound, env=env))


class TestConcurrent(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.registry = Registry(common.get_db_name())
        threading.current_thread().dbname = common.get_db_name()
        Builder.suffix = " " + uuid.uuid4().hex[:8]
        cls.cr = cls.registry.cursor()
        Builder.env = api.Environment(cls.cr, SUPERUSER_ID, {})
        Builder.set_up_builders()
        cls.cr.commit()

    @classmethod
    def tearDownClass(cls):
        cls.cr.rollback()
        cls.cr.close()

    def stocked(self, method):
        """10 units at 10.00, and a journal that makes them 12.00 each, committed. Return ids."""
        product = Builder.create_product(
            method, automated=False, cost=10.0 if method == "standard" else 0.0
        )
        Builder.receive(product, 10, 10.00)
        return product.id, self.journal(product)

    def journal(self, product):
        Builder.flush()
        journal = Builder("calculate").calculate(product)
        journal.line_ids.write({"unit_cost_revalued": 12.00})
        Builder.flush()
        self.cr.commit()
        return journal.id

    def deliver(self, builder, product_id):
        builder.deliver(builder.env["product.product"].browse(product_id), 4)

    def receive(self, builder, product_id):
        builder.receive(builder.env["product.product"].browse(product_id), 5, 10.00)

    def post(self, builder, journal_id):
        journal = builder.env["stock.revaluation.journal"].browse(journal_id)
        builder.as_user(journal, builder.accountant).action_post()

    def serve(self, work, record_id, outcome):
        """Do `work` as a server's thread does, which 14.0 wants to be told."""
        with getattr(api.Environment, "manage", nullcontext)():
            self.serve_with_retries(work, record_id, outcome)

    def serve_with_retries(self, work, record_id, outcome):
        """Do `work` in a transaction, again after a conflict; keep the refusal in `outcome`."""
        threading.current_thread().dbname = common.get_db_name()
        for _attempt in range(6):
            cr = self.registry.cursor()
            try:
                builder = Builder.on(cr)
                work(builder, record_id)
                builder.flush()
                cr.commit()
                outcome.append("done")
                return
            except CONFLICTS:
                cr.rollback()
                time.sleep(0.1)
            except REFUSALS as refusal:
                cr.rollback()
                outcome.append(str(refusal))
                return
            except Exception as error:  # shown by the assertion on the outcome
                cr.rollback()
                outcome.append(repr(error))
                return
            finally:
                cr.close()
        outcome.append("gave up")

    def race(self, first, first_id, second, second_id):
        """Begin `first`, begin `second` meanwhile, then commit `first`. Return both outcomes."""
        cr = self.registry.cursor()
        outcome = []
        thread = threading.Thread(target=self.serve, args=(second, second_id, outcome))
        try:
            builder = Builder.on(cr)
            first(builder, first_id)
            builder.flush()
            thread.start()
            thread.join(2.0)  # long enough to reach the lock, or to be through without any
            try:
                cr.commit()
                mine = "done"
            except CONFLICTS:
                cr.rollback()
                mine = "conflict"
        finally:
            cr.close()
        thread.join(60)
        self.assertFalse(thread.is_alive(), "the second transaction hangs")
        self.cr.rollback()
        Builder.invalidate()
        return mine, outcome[0]

    def assertBooks(self, product_id, quantity, value):
        product = Builder.env["product.product"].browse(product_id)
        self.assertEqual(Builder.stock_quantity(product), quantity)
        self.assertAlmostEqual(Builder.stock_value(product), value, 2)
        # Up to 18.0 a cost is stored in cents
        self.assertAlmostEqual(Builder.cost(product), value / quantity, delta=0.005)

    def state(self, journal_id):
        return Builder.env["stock.revaluation.journal"].browse(journal_id).state

    def check_post_then_deliver(self, method):
        product, journal = self.stocked(method)
        outcomes = self.race(self.post, journal, self.deliver, product)
        self.assertEqual(outcomes, ("done", "done"))
        self.assertEqual(self.state(journal), "posted")
        # 10 × 12.00 = 120.00, less 4 × 12.00; never 120.00 − 40.00 = 80.00
        self.assertBooks(product, 6, 72.00)

    def check_deliver_then_post(self, method):
        product, journal = self.stocked(method)
        mine, other = self.race(self.deliver, product, self.post, journal)
        self.assertEqual(mine, "done")
        self.assertNotIn(other, ("done", "gave up"))
        self.assertEqual(self.state(journal), "draft")
        # Delivered first: 6 × 10.00, and the journal is stale
        self.assertBooks(product, 6, 60.00)
        journal = Builder.env["stock.revaluation.journal"].browse(journal)
        self.assertTrue(journal.line_ids.is_stale)

    def check_post_then_receive(self, method):
        product, journal = self.stocked(method)
        outcomes = self.race(self.post, journal, self.receive, product)
        self.assertEqual(outcomes, ("done", "done"))
        # 120.00 and 5 more at 10.00; under standard cost at the new 12.00
        if method == "fifo":
            self.assertAlmostEqual(
                Builder.stock_value(Builder.env["product.product"].browse(product)), 170.00, 2
            )
        else:
            self.assertBooks(product, 15, 180.00 if method == "standard" else 170.00)

    def test_post_then_deliver_standard(self):
        self.check_post_then_deliver("standard")

    def test_post_then_deliver_average(self):
        self.check_post_then_deliver("average")

    def test_post_then_deliver_fifo(self):
        self.check_post_then_deliver("fifo")

    def test_deliver_then_post_standard(self):
        self.check_deliver_then_post("standard")

    def test_deliver_then_post_average(self):
        self.check_deliver_then_post("average")

    def test_deliver_then_post_fifo(self):
        self.check_deliver_then_post("fifo")

    def test_post_then_receive_standard(self):
        self.check_post_then_receive("standard")

    def test_post_then_receive_average(self):
        self.check_post_then_receive("average")

    def test_post_then_receive_fifo(self):
        self.check_post_then_receive("fifo")

    def test_same_journal_posted_twice_counts_once(self):
        product, journal = self.stocked("average")
        mine, other = self.race(self.post, journal, self.post, journal)
        self.assertEqual(mine, "done")
        self.assertNotIn(other, ("done", "gave up"))
        self.assertBooks(product, 10, 120.00)
        layers = Builder.env["stock.revaluation.journal"].browse(journal).valuation_layer_ids
        self.assertEqual(len(layers), 1)

    def test_two_journals_of_one_product_the_second_is_stale(self):
        product, first = self.stocked("standard")
        second = self.journal(Builder.env["product.product"].browse(product))
        mine, other = self.race(self.post, first, self.post, second)
        self.assertEqual(mine, "done")
        self.assertNotIn(other, ("done", "gave up"))
        self.assertEqual((self.state(first), self.state(second)), ("posted", "draft"))
        self.assertBooks(product, 10, 120.00)
