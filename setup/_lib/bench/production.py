"""A large journal from Calculate to Reverse, as a user's program has it done: by RPC, on a server with Odoo's limits.

Runs outside Odoo, beside a server of two workers. Each step is timed until the journal says that it is done, and what
the server's processes take in memory meanwhile is read from /proc, twice a second.
"""

import re
import threading
import time
import xmlrpc.client
from pathlib import Path

from .. import serve

KILLED = re.compile(r"time limit \(|timeout after|memory limit \(|SIGXCPU|MemoryError", re.I)
PATIENCE = 7200
PAGE = 10000
HEAD = ("step", "seconds", "first answer", "peak MB", "virtual MB")


class Client:
    """The administrator, by XML-RPC; a connection that is lost is an error."""

    def __init__(self, url, database):
        self.database, self.models = database, xmlrpc.client.ServerProxy(url + "/xmlrpc/2/object", allow_none=True)
        self.uid = xmlrpc.client.ServerProxy(url + "/xmlrpc/2/common").authenticate(database, "admin", "admin", {})

    def call(self, model, method, *args, **options):
        """Call a method of a model."""
        return self.models.execute_kw(self.database, self.uid, "admin", model, method, list(args), options)

    def journal(self, method, *args, **options):
        """Call a method of the revaluation journals."""
        return self.call("stock.revaluation.journal", method, *args, **options)

    def create(self, model, vals):
        """Create a record; return its id."""
        found = self.call(model, "create", [vals])
        return found[0] if isinstance(found, list) else found

    def read(self, journal_id, *names):
        """Return values of a journal."""
        return self.journal("read", [journal_id], list(names))[0]

    def wait(self, journal_id, journal_state=None):
        """Wait until nothing goes on with a journal in the background; return it."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            found = self.read(journal_id, "task", "state", "problem", "notice", "line_count", "amount")
            if found["problem"]:
                raise RuntimeError(found["problem"])
            if not found["task"] and found["state"] in (journal_state, "draft", "posted"):
                if journal_state and found["state"] != journal_state:
                    raise RuntimeError(found["notice"])
                return found
            time.sleep(0.3)
        raise RuntimeError("the journal did not come to an end")


class Memory(threading.Thread):
    """The highest resident and virtual memory, in MB, of any process of a server, until asked."""

    def __init__(self, leader):
        super().__init__(daemon=True)
        self.leader, self.peak, self.virtual, self.ended = leader, 0, 0, False

    def run(self):
        while not self.ended:
            for status in Path("/proc").glob("[0-9]*/status"):
                try:
                    text = status.read_text()
                    session = int(status.with_name("stat").read_text().rpartition(")")[2].split()[3])
                except (OSError, IndexError):
                    continue  # it has just ended
                if session == self.leader:
                    self.peak = max(self.peak, _megabytes(text, "VmRSS"))
                    self.virtual = max(self.virtual, _megabytes(text, "VmSize"))
            time.sleep(0.5)

    def take(self):
        """Return (resident, virtual) since the last time, and begin again."""
        found, self.peak, self.virtual = (self.peak, self.virtual), 0, 0
        return found


def _megabytes(text, name):
    found = re.search(r"%s:\s*(\d+) kB" % name, text)
    return int(found.group(1)) // 1024 if found else 0


def run(odoo, name, lines):
    """Take a journal of `lines` lines through its steps; return the figures, printed as they come."""
    with serve.server(odoo, name, options=serve.limits(odoo)) as server:
        memory = Memory(server.process.pid)
        memory.start()
        try:
            sides = _steps(Client(server.url, name), memory, lines)
        finally:
            memory.ended = True
        killed = [line for line in server.log.read_text(errors="replace").splitlines() if KILLED.search(line)]
    print("  workers killed, or ended at a limit: %d" % len(killed))
    print("\n".join(killed[:5]))
    title = "%d lines, two workers, Odoo's own limits" % lines
    return [{"case": "production", "title": title, "sides": sides, "killed": len(killed)}]


def _steps(client, memory, lines):
    sides = {}
    journal_id = client.create("stock.revaluation.journal", {"description": "Production"})
    print("\n%s  production: %d lines, two workers, Odoo's own limits" % (client.database, lines))
    print("  %-12s %9s %13s %9s %11s" % HEAD)
    for name, action in _actions(client, journal_id, lines).items():
        memory.take()
        start = time.perf_counter()
        answer = action()
        first = time.perf_counter() - start
        target = answer["res_id"] if name == "reverse" else journal_id
        found = client.wait(target, "posted" if name == "post" else None)
        resident, virtual = memory.take()
        seconds = time.perf_counter() - start
        sides[name] = {"seconds": seconds, "first": first, "memory": resident, "virtual": virtual}
        print("  %-12s %9.1f %13.1f %9d %11d" % (name, seconds, first, resident, virtual), flush=True)
        if name == "calculate" and found["line_count"] != lines:
            raise RuntimeError("%d lines instead of %d" % (found["line_count"], lines))
    return sides


def _actions(client, journal_id, lines):
    """Return {step: what asks for it}, in their order."""
    domain, codes = [["default_code", "like", "Production%"]], []
    for start in range(0, lines, PAGE):  # one answer with all of them would meet Odoo's limits
        codes += client.call("product.product", "search_read", domain, ["default_code"], start, PAGE, "id")
    file = [[product["default_code"], "%.2f" % (12 + number % 7)] for number, product in enumerate(codes)]

    def load():
        context = {"default_journal_id": journal_id}
        columns = ["product_id", "unit_cost_revalued"]
        found = client.call("stock.revaluation.journal.line", "load", columns, file, context=context)
        if found["messages"]:
            raise RuntimeError(found["messages"][0])

    def suggest():
        vals = {"journal_id": journal_id, "source": "percent", "percentage": 3}
        client.call("stock.revaluation.suggest", "action_apply", [client.create("stock.revaluation.suggest", vals)])

    product_ids = [product["id"] for product in codes]
    actions = {
        "calculate": lambda: client.journal("calculate", [journal_id], product_ids=product_ids),
        "import": load,
        "suggest": suggest,
    }
    for name in ("refresh", "check", "preview", "post", "reverse"):
        actions[name] = lambda method="action_" + name: client.journal(method, [journal_id])
    return actions
