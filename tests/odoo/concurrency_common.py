"""Real transactions side by side: committed data, threads with cursors of their own, Odoo's own retries.

A `Request` runs a function as the server runs a request: in a transaction of its own, run again by
Odoo's own code (`odoo.service.model`) when PostgreSQL refuses it. Its first attempt stops twice, when
its snapshot is taken and before it commits, so that a test decides who comes first; whether it
waits for a lock of another one is asked of PostgreSQL, not guessed from a pause.
"""

import threading
import time
import uuid
from contextlib import ExitStack
from types import SimpleNamespace
from unittest.mock import patch

from odoo import SUPERUSER_ID, api, fields
from odoo.service import model as service
from odoo.tests import common

try:
    from odoo.modules.registry import Registry
except ImportError:
    from odoo import registry as Registry

from revaluation_common import BaseCase, RevaluationCase

# Nothing may hang: far longer than any step takes, far shorter than the time limit of a test.
PATIENCE = 60


class CommittedTransactions(BaseCase):
    """Stands in for Odoo's own test cases, which never commit: fixtures here are committed.

    `RevaluationCase` comes before it and builds on whatever environment this one opens.
    """

    @classmethod
    def setUpClass(cls):
        common.BaseCase.setUpClass.__func__(cls)
        cls.registry = Registry(common.get_db_name())
        cls.cr = cls.registry.cursor()
        cls.env = api.Environment(cls.cr, SUPERUSER_ID, {})

    @classmethod
    def tearDownClass(cls):
        cls.cr.close()
        common.BaseCase.tearDownClass.__func__(cls)

    def setUp(self):
        common.BaseCase.setUp(self)
        self.addCleanup(self.restart, rollback=True)

    @classmethod
    def restart(cls, rollback=False):
        """Commit and begin a new transaction, which sees what the others have done."""
        if rollback:
            cls.cr.rollback()
            cls.invalidate()
        else:
            cls.flush()
            cls.cr.commit()
            cls.invalidate()


class ConcurrencyCase(RevaluationCase, CommittedTransactions):
    """A company that stays in the database, under names that no other test uses."""

    @classmethod
    def setUpClass(cls):
        cls.suffix = " " + uuid.uuid4().hex[:8]
        super().setUpClass()
        cls.request_context = {
            "allowed_company_ids": cls.company.ids,
            "tracking_disable": True,
            "lang": None,
            "tz": "UTC",
        }
        cls.shelf = cls.env["stock.location"].create(
            {"name": "Shelf", "location_id": cls.stock_location.id, "usage": "internal", "company_id": cls.company.id}
        )
        cls.restart()

    @classmethod
    def tearDownClass(cls):
        """Leave nothing that another test would find: archive, and take the company from the superuser."""
        try:
            cls.restart(rollback=True)
            products = cls.env["product.product"].search([("categ_id", "in", [c.id for c in cls.categories.values()])])
            products.mapped("product_tmpl_id").write({"active": False})
            (cls.vendor | cls.customer).write({"active": False})
            (cls.accountant | cls.reader).write({"active": False})
            cls.reason.active = False
            cls.env["res.users"].browse(SUPERUSER_ID).write({"company_ids": [(3, cls.company.id)]})
            cls.restart()
        finally:
            super().tearDownClass()

    def setUp(self):
        super().setUp()
        self.requests = []
        stack = ExitStack()
        self.addCleanup(stack.close)
        # Odoo waits up to seconds before it runs a request again; here nobody needs to be let past.
        stack.enter_context(patch.object(service, "random", SimpleNamespace(uniform=lambda low, high: 0.01)))
        self.addCleanup(self.end_all)

    def end_all(self):
        """Let every request run to its end, whatever the test came to."""
        for request in self.requests:
            request.let_go()
        for request in self.requests:
            if request.is_alive():
                request.join(PATIENCE)

    # ------------------------------------------------------------------ requests

    def request(self, work, user=None):
        """Begin a request that will run `work(env)`: its snapshot is taken when this returns."""
        request = Request(self, work, user.id if user else SUPERUSER_ID)
        self.requests.append(request)
        return request.begin()

    def posting(self, journal):
        """Begin a request of the accountant's that posts the journal."""
        journal_id = journal.id
        return self.request(
            lambda env: env["stock.revaluation.journal"].browse(journal_id).action_post(), self.accountant
        )

    @staticmethod
    def event():
        return threading.Event()

    # ------------------------------------------------------------------ prepared operations

    def prepare(self, method="standard", automated=True, quantity=10, unit_cost=10.00):
        """Return a product with stock, received a minute ago, and its receipt."""
        products = self.prepare_all([(method, automated)], quantity, unit_cost)
        return products, products.stock_move_ids

    def prepare_all(self, kinds, quantity=10, unit_cost=10.00):
        """Return a product for each (method, automated), received a minute ago in one receipt.

        They are named in their order, which is that of the posting of their lines, too.
        """
        products = self.env["product.product"]
        for number, (method, automated) in enumerate(kinds):
            cost = unit_cost if method == "standard" else 0.0
            name = "%02d %s %s" % (number, method, uuid.uuid4().hex[:6])
            products |= self.create_product(method, automated, cost=cost, name=name)
        self._validation(self._prepare_receipt(products, quantity, unit_cost))(self.env)
        self.pass_time()
        return products

    def prepare_journal(self, products, unit_cost=12.00):
        """Return a draft journal, with an accounting journal of its own, and commit all there is.

        The accounting journal of deliveries would hide the problem: two transactions that take the
        next number of one journal get in each other's way, and Odoo runs one of them again.
        """
        journal = self.calculate(products, account_journal_id=self.other_journal.id)
        for line in journal.line_ids:
            line.write({"unit_cost_revalued": unit_cost})
        self.restart()
        return journal

    @staticmethod
    def _validation(picking):
        model, ids = picking._name, picking.ids
        return lambda env: env[model].browse(ids)._action_done() and None

    def delivery(self, product, quantity=4):
        """Prepare a delivery, all but its validation; return what validates it."""
        move = self._prepare_transfer(
            product, quantity, self.stock_location, self.customer_location, self.warehouse.out_type_id
        )
        return self._validation(move.picking_id)

    def receipt(self, product, quantity=5, unit_cost=16.00):
        """Prepare a receipt, all but its validation; return what validates it."""
        return self._validation(self._prepare_receipt(product, quantity, unit_cost))

    def _prepare_receipt(self, products, quantity, unit_cost):
        """Return the picking of a purchase order of these products."""
        order = self.env["purchase.order"].create(
            {
                "partner_id": self.vendor.id,
                "company_id": self.company.id,
                "currency_id": self.currency.id,
                "picking_type_id": self.warehouse.in_type_id.id,
                "order_line": [(0, 0, self._purchase_vals(product, quantity, unit_cost)) for product in products],
            }
        )
        order.button_confirm()
        for move in order.order_line.move_ids:
            self._set_move_done(move, quantity)
        return order.picking_ids

    def _purchase_vals(self, product, quantity, unit_cost):
        Line = self.env["purchase.order.line"]
        return {
            "name": product.name,
            "product_id": product.id,
            "product_qty": quantity,
            "price_unit": unit_cost,
            "date_planned": fields.Datetime.now(),
            "product_uom" if "product_uom" in Line._fields else "product_uom_id": product.uom_id.id,
            "taxes_id" if "taxes_id" in Line._fields else "tax_ids": [(6, 0, [])],
        }

    def vendor_bill(self, receipt, unit_price=13.00):
        """Prepare the bill of a receipt; return what posts it."""
        with self._without("account.move", "action_post"):
            bill_id = self.bill(receipt, unit_price).id
        return lambda env: env["account.move"].browse(bill_id).action_post() and None

    def freight(self, receipt, amount=30.00):
        """Prepare a landed cost of a receipt; return what validates it."""
        with self._without("stock.landed.cost", "button_validate"):
            cost_id = self.landed_cost(receipt, amount).id
        return lambda env: env["stock.landed.cost"].browse(cost_id).button_validate() and None

    def scrapping(self, product, quantity=2):
        """Prepare a scrap order; return what carries it out."""
        with self._without("stock.scrap", "do_scrap"):
            scrap_id = self.scrap(product, quantity).id
        return lambda env: env["stock.scrap"].browse(scrap_id).do_scrap() and None

    def inventory_gain(self, product, quantity=3):
        """Return what counts goods where there were none: a new quant."""
        vals = {"product_id": product.id, "location_id": self.shelf.id, "inventory_quantity": quantity}

        def count(env):
            quant = env["stock.quant"].with_context(inventory_mode=True).create(dict(vals))
            if hasattr(quant, "action_apply_inventory"):
                quant.action_apply_inventory()

        return count

    def _without(self, model, method):
        """Leave out a step of a builder: the request takes it later."""
        return patch.object(self.registry[model], method, lambda records: True)


class Request(threading.Thread):
    """A function run as the server runs a request; see the module's first lines.

    After its end: `attempts` (how often Odoo ran it), `error` (what the user got to see, or None),
    `reached` (what `go` returned).
    """

    def __init__(self, case, work, user_id):
        super().__init__(daemon=True)
        self.registry, self.context, self.others = case.registry, dict(case.request_context), case.requests
        self.work, self.user_id = work, user_id
        self.attempts, self.backend, self.reached, self.result, self.error = 0, None, None, None, None
        self._may_work, self._may_commit = threading.Event(), threading.Event()
        self._has_begun, self._has_worked = threading.Event(), threading.Event()

    # ------------------------------------------------------------------ called by the test

    def begin(self):
        self.start()
        if not self._has_begun.wait(PATIENCE):
            raise AssertionError("the request did not begin: %r" % self.error)
        return self

    def go(self):
        """Let it work; return "worked" (it stands before its commit), "waits" (for another one) or "ended"."""
        self._may_work.set()
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            self.reached = self._progress()
            if self.reached:
                return self.reached
            time.sleep(0.01)
        raise AssertionError("the request neither works nor waits for another one")

    def _progress(self):
        if not self.is_alive():
            return "ended"
        if self._has_worked.is_set():
            return "worked"
        return "waits" if self._waits() else None

    def end(self):
        """Let it commit and run to its end; return itself."""
        self.let_go()
        self.join(PATIENCE)
        if self.is_alive():
            raise AssertionError("the request did not end")
        return self

    def let_go(self):
        self._may_work.set()
        self._may_commit.set()

    def _waits(self):
        backends = [other.backend for other in self.others if other is not self and other.is_alive()]
        with self.registry.cursor() as cr:
            cr.execute("SELECT pg_blocking_pids(%s) && %s::int[]", [self.backend, backends])
            return cr.fetchone()[0]

    # ------------------------------------------------------------------ its own thread

    def run(self):
        thread = threading.current_thread()
        thread.dbname, thread.testing = self.registry.db_name, True
        try:
            self.result = self._run_as_odoo_does()
        except Exception as error:  # whatever it was, the test looks at it
            self.error = error
        finally:
            self._has_begun.set()

    def _run_as_odoo_does(self):
        if hasattr(service, "retrying"):
            with self.registry.cursor() as cr:
                env = api.Environment(cr, self.user_id, self.context)
                return service.retrying(lambda: self._attempt(env), env)
        with api.Environment.manage():
            return service.check(self._in_new_cursor)(self.registry.db_name)

    def _in_new_cursor(self, _database):
        with self.registry.cursor() as cr:
            return self._attempt(api.Environment(cr, self.user_id, self.context))

    def _attempt(self, env):
        self.attempts += 1
        env.cr.execute("SELECT pg_backend_pid()")
        self.backend = env.cr.fetchone()[0]
        if self.attempts == 1:
            self._halt(self._has_begun, self._may_work)
        result = self.work(env)
        if hasattr(env, "flush_all"):
            env.flush_all()
        else:
            env["base"].flush()
        if self.attempts == 1:
            self._halt(self._has_worked, self._may_commit)
        return result

    @staticmethod
    def _halt(reached, go_on):
        reached.set()
        if not go_on.wait(PATIENCE):
            raise AssertionError("the test left the request standing")
