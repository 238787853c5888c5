"""External programs: the example client revalues from a CSV file at a real server, over HTTP."""

import contextlib
import csv
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import uuid
import xmlrpc.client
from pathlib import Path

from concurrency_common import ConcurrencyCase
from odoo.release import version_info

CLIENT = Path(__file__).resolve().parents[2] / "setup" / "examples" / "revalue_from_csv.py"
SAMPLE = CLIENT.with_name("costs.csv")
# Odoo's own program, whatever package or tree it comes from.
PROGRAM = "import odoo.cli; odoo.cli.main()"
START_SECONDS = 180


class RpcCase(ConcurrencyCase):
    """A server process of its own on the database of the run, and committed products with references."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.password = uuid.uuid4().hex
        cls.accountant.with_context(no_reset_password=True).write({"password": cls.password})
        cls.preparer = cls.create_user(
            "reval_preparer", "stock_revaluation_journal.group_revaluation_user", password=cls.password
        )
        cls.restart()
        cls.stack = contextlib.ExitStack()
        try:
            cls.url = cls.stack.enter_context(cls.serve())
        except BaseException:
            cls.stack.close()
            raise

    @classmethod
    def tearDownClass(cls):
        try:
            cls.stack.close()
        finally:
            super().tearDownClass()

    @classmethod
    @contextlib.contextmanager
    def serve(cls):
        """Run Odoo's server; yield its address."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        options = ["-d", cls.registry.db_name, "--http-interface=127.0.0.1", "--http-port=%d" % port]
        command = [sys.executable, "-c", PROGRAM] + options + ["--max-cron-threads=0", "--log-level=error"]
        with tempfile.TemporaryFile() as log:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
            try:
                cls.wait_for(process, "http://127.0.0.1:%d" % port, log)
                yield "http://127.0.0.1:%d" % port
            finally:
                process.kill()
                process.wait(60)

    @classmethod
    def wait_for(cls, process, url, log):
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end and process.poll() is None:
            with contextlib.suppress(OSError):
                common = xmlrpc.client.ServerProxy(url + "/xmlrpc/2/common")
                if common.authenticate(cls.registry.db_name, cls.accountant.login, cls.password, {}):
                    return
            time.sleep(0.3)
        log.seek(0)
        raise AssertionError("the server did not come up: %s" % log.read().decode()[-3000:])

    # ------------------------------------------------------------------ the client

    def stocked(self, quantity=10, unit_cost=10.00):
        product, _receipt = self.prepare("average", quantity=quantity, unit_cost=unit_cost)
        product.default_code = "RPC-%s" % uuid.uuid4().hex[:8]
        self.restart()
        return product

    def file(self, rows, header=("product", "unit_cost", "value")):
        """Write a CSV file; return its path."""
        handle, path = tempfile.mkstemp(suffix=".csv")
        self.addCleanup(os.unlink, path)
        with open(handle, "w", newline="") as out:
            csv.writer(out).writerows([header] + rows)
        return path

    def start(self, path, *options, protocol="xmlrpc", user=None, password=None):
        """Start the client as a program of its own."""
        user = user or self.accountant
        command = [sys.executable, str(CLIENT), "--url", self.url, "--db", self.registry.db_name]
        command += ["--protocol", protocol] + (["--user", user.login] if protocol != "json2" else [])
        environ = dict(os.environ, ODOO_PASSWORD=password or self.password)
        return subprocess.Popen(
            command + list(options) + [path], env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def end(self, process):
        """Return (what it printed, as read from JSON, or None; what it complained about)."""
        out, complaint = process.communicate(timeout=600)
        self.restart()
        if process.returncode:
            self.assertEqual((process.returncode, out), (1, ""), complaint)
            self.assertNotIn("Traceback", complaint.split("\n")[0])
            return None, complaint
        return json.loads(out), complaint

    def client(self, *args, **kwargs):
        return self.end(self.start(*args, **kwargs))


class TestRpc(RpcCase):
    def assert_revalues(self, protocol, **kwargs):
        one, other = self.stocked(), self.stocked()
        path = self.file([[one.default_code, "12.34", ""], [other.default_code, "", "77.70"]])
        before = self.snapshot(one | other)
        printed, complaint = self.client(path, "--reason", self.reason.code, protocol=protocol, **kwargs)
        self.assertTrue(printed, complaint)
        self.assertEqual((printed["state"], printed["line_count"]), ("posted", 2))
        # 10 x 12.34 - 100.00 = 23.40; 77.70 - 100.00 = -22.30
        self.assertMoney(printed["amount"], 1.10)
        self.assertMoney(self.stock_value(one), 123.40)
        self.assertMoney(self.stock_value(other), 77.70)
        journal = self.env["stock.revaluation.journal"].browse(printed["id"])
        self.assertEqual((journal.posted_by, journal.reason_id), (self.accountant, self.reason))
        self.assert_posted(journal, before)
        again, _complaint = self.client(path, protocol=protocol, **kwargs)
        self.assertEqual(again["id"], printed["id"])
        self.assertMoney(self.stock_value(one), 123.40)

    def test_xmlrpc(self):
        self.assert_revalues("xmlrpc")

    def test_jsonrpc(self):
        self.assert_revalues("jsonrpc")

    @unittest.skipIf(version_info[0] < 19, "JSON-2 came with 19.0")
    def test_json2(self):
        keys = self.env["res.users.apikeys"].with_user(self.accountant).sudo()
        key = keys._generate("rpc", "test", None)
        self.restart()
        self.assert_revalues("json2", password=key)

    def test_same_file_sent_twice_at_once_makes_one_journal(self):
        product = self.stocked()
        path = self.file([[product.default_code, "15.00", ""]])
        processes = [self.start(path, protocol=protocol) for protocol in ("xmlrpc", "jsonrpc", "xmlrpc", "jsonrpc")]
        ends = [self.end(process) for process in processes]
        self.assertEqual([complaint for _printed, complaint in ends], [""] * 4)
        self.assertEqual(len({printed["id"] for printed, _complaint in ends}), 1)
        lines = self.env["stock.revaluation.journal.line"].search([("product_id", "=", product.id)])
        self.assertEqual(len(lines), 1)
        self.assertMoney(self.stock_value(product), 150.00)

    def test_refusals_name_the_product_and_change_nothing(self):
        product, empty = self.stocked(), self.create_product(default_code="RPC-%s" % uuid.uuid4().hex[:8])
        self.restart()
        code = product.default_code
        for rows, mention in [
            ([[code, "-1.00", ""]], product.name),
            ([[code, "5.00", ""], [empty.default_code, "5.00", ""]], empty.name),
            ([[code, "5.00", ""], ["NO-SUCH-PRODUCT", "5.00", ""]], "NO-SUCH-PRODUCT"),
            ([[code, "5.00", "50.00"]], "line 2"),
            ([[code, "five", ""]], "five"),
        ]:
            for protocol in ("xmlrpc", "jsonrpc"):
                printed, complaint = self.client(self.file(rows), protocol=protocol)
                self.assertIsNone(printed)
                self.assertIn(mention, complaint)
        self.assertMoney(self.stock_value(product), 100.00)
        self.assertFalse(self.env["stock.revaluation.journal.line"].search([("product_id", "=", product.id)]))

    def test_user_without_the_right_to_post_leaves_a_draft_on_request_only(self):
        product = self.stocked()
        path = self.file([[product.default_code, "5.00", ""]])
        printed, complaint = self.client(path, user=self.preparer)
        self.assertIsNone(printed)
        self.assertIn("Inventory Revaluation / Manager", complaint)
        printed, complaint = self.client(path, "--draft", user=self.preparer)
        self.assertEqual(printed["state"], "draft", complaint)
        self.assertMoney(self.stock_value(product), 100.00)

    def test_posted_journal_and_its_entry_cannot_be_changed_over_rpc(self):
        product = self.stocked()
        journal = self.prepare_journal(product)
        journal.action_post()
        self.restart()
        journal_id, line_id = journal.id, journal.line_ids.id
        models = xmlrpc.client.ServerProxy(self.url + "/xmlrpc/2/object")
        entry_id = journal.account_move_ids.id
        for model, method, args in [
            ("stock.revaluation.journal", "write", [[journal_id], {"state": "draft"}]),
            ("stock.revaluation.journal", "write", [[journal_id], {"date": "2020-01-01"}]),
            ("stock.revaluation.journal", "unlink", [[journal_id]]),
            ("stock.revaluation.journal", "copy", [journal_id, {"state": "posted"}]),
            ("stock.revaluation.journal", "create", [{"state": "posted"}]),
            ("stock.revaluation.journal", "_write_protected", [[journal_id], {"state": "draft"}]),
            ("stock.revaluation.journal.line", "write", [[line_id], {"value_revalued": 1.0}]),
            ("stock.revaluation.journal.line", "unlink", [[line_id]]),
            ("account.move", "button_draft", [[entry_id]]),
            ("account.move", "button_cancel", [[entry_id]]),
        ]:
            with self.assertRaises(xmlrpc.client.Fault, msg="%s.%s" % (model, method)):
                models.execute_kw(self.registry.db_name, self.accountant.id, self.password, model, method, args)
        self.restart()
        self.assert_one_posting(journal, product)

    def test_nobody_gets_past_the_rules_over_rpc(self):
        product = self.stocked()
        product.name = "Secret of the house"
        journal = self.prepare_journal(product)
        stranger = self.create_user("reval_rpc_portal", "base.group_portal", password=self.password)
        self.restart()
        journal_id, line_id, name = journal.id, journal.line_ids.id, self.registry.db_name
        models = xmlrpc.client.ServerProxy(self.url + "/xmlrpc/2/object")

        def call(user, model, method, *args, **kwargs):
            model = "stock.revaluation." + model
            return models.execute_kw(name, user.id, self.password, model, method, list(args), kwargs)

        ids = [product.id]
        for user, model, method, args, kwargs in [
            (stranger, "journal", "revalue", [{str(product.id): 1.0}], {}),
            (stranger, "journal", "revalue_from", ["fixed"], {"product_ids": ids, "fixed_unit_cost": 1.0}),
            (stranger, "journal", "load", [["line_ids/product_id/.id"], [[str(product.id)]]], {}),
            (stranger, "journal.line", "read_group", [[], ["amount"], ["product_id"]], {}),
            (stranger, "journal.line", "search_read", [[]], {}),
            (stranger, "journal", "get_preview", [[journal_id]], {}),
            (self.preparer, "journal.line", "write", [[line_id], {"amount": 800.0}], {}),
            (self.preparer, "journal", "write", [[journal_id], {"line_ids": [[1, line_id, {"quantity": 1.0}]]}], {}),
            (self.preparer, "journal", "copy", [journal_id], {"default": {"state": "posted"}}),
            (self.preparer, "journal", "create", [{}], {"context": {"default_state": "posted"}}),
            (self.preparer, "journal", "action_post", [[journal_id]], {"context": {"revaluation_measured": {}}}),
            (self.preparer, "journal.line", "_write_protected", [[line_id], {"amount": 800.0}], {}),
        ]:
            with self.subTest(user=user.login, model=model, method=method):
                with self.assertRaises(xmlrpc.client.Fault) as caught:
                    call(user, model, method, *args, **kwargs)
                self.assertNotIn("Secret", caught.exception.faultString)
        self.restart()
        self.assertEqual((journal.state, journal.line_ids.amount), ("draft", 20.00))

    def assert_one_posting(self, journal, product):
        self.assertEqual((journal.state, journal.line_ids.value_revalued), ("posted", 120.00))
        self.assertEqual(journal.account_move_ids.mapped("state"), ["posted"])
        self.assertMoney(self.stock_value(product), 120.00)

    def test_wrong_password_is_said(self):
        printed, complaint = self.client(self.file([["X", "1", ""]]), password="wrong")
        self.assertIsNone(printed)
        self.assertIn("does not know this user", complaint)

    def test_sample_file_is_readable(self):
        with open(SAMPLE, newline="") as file:
            rows = list(csv.DictReader(file))
        self.assertEqual(list(rows[0]), ["product", "unit_cost", "value"])
        printed, complaint = self.client(str(SAMPLE), "--draft")
        self.assertTrue(printed or "no such product" in complaint or "cannot be revalued" in complaint, complaint)
