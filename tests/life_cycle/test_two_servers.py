"""Two servers on one database, with workers and tight limits, post one large journal; one is killed meanwhile.

What is killed is the whole server, workers too (SIGKILL): its steps are lost, the other server goes on. Nothing is lost
and nothing done twice.
"""

import contextlib
import dataclasses
import json
import os
import time

import pytest
from _lib import cache, databases, odoo, series, serve
from _lib.bench import production

LINES, CHUNK = 900, 20
PATIENCE = 120
BENCH = cache.CHECKOUT / "setup" / "_lib" / "bench" / "script.py"
# Up to 14.0 a server looks only once a minute for what is to be done, and its connections do not say whose they are.
PROGRAM = """
import os
os.environ["PGAPPNAME"] = "odoo-%d" % os.getpid()
import odoo.cli
import odoo.service.server
odoo.service.server.SLEEP_INTERVAL = 0.5
odoo.cli.main()
"""
# Names of the connections, odoo-<process>, that are writing valuation layers.
WRITING = (
    "SELECT DISTINCT application_name FROM pg_locks JOIN pg_stat_activity USING (pid)"
    " WHERE relation = 'stock_valuation_layer'::regclass AND mode = 'RowExclusiveLock' AND application_name ~ '^odoo-'"
)
# {name: query}: what there is of a journal's lines, layers, entries and their numbers
BOOKS = {
    "lines": "SELECT state, COUNT(*), SUM(amount) FROM stock_revaluation_journal_line WHERE journal_id = %d"
    " GROUP BY state",
    # one of each line; under FIFO on 19.0 one of each receipt of a line
    "layers": "SELECT COUNT(*), COUNT(DISTINCT (revaluation_line_id, COALESCE(stock_move_id, 0))),"
    " COUNT(DISTINCT revaluation_line_id), SUM(value) FROM stock_valuation_layer"
    " WHERE revaluation_journal_id = %d",
    "items": "SELECT COUNT(*), SUM(i.balance), COUNT(DISTINCT i.account_id) FROM account_move_line i"
    " JOIN stock_revaluation_journal_account_move_rel r ON r.account_move_id = i.move_id AND r.journal_id = %d"
    " WHERE i.parent_state = 'posted' AND i.revaluation_role = 'valuation'",
    "entries": "SELECT COUNT(*), COUNT(DISTINCT name) FROM account_move m"
    " JOIN stock_revaluation_journal_account_move_rel r ON r.account_move_id = m.id AND r.journal_id = %d"
    " WHERE m.state = 'posted'",
}


@pytest.fixture
def found(tmp_path):
    """Return Odoo, whose program looks often for what is to be done."""
    found = odoo.get(series.get(os.environ["SRJ_SERIES"]))
    program = tmp_path / "odoo-bin"
    program.write_text(PROGRAM)
    return dataclasses.replace(found, source=dataclasses.replace(found.source, program=program))


@pytest.fixture
def database(found, tmp_path):
    """Return the name of a database with the addon and a third of the products of each costing method."""
    name = "srj_test_%s_%d_servers" % (found.series.number, os.getpid())
    try:
        databases.copy(found, databases.template(found), name)
        databases.install(found, name)
        sizes = json.dumps({"production": LINES})
        given = {"BENCH_CASE": "production", "BENCH_OPTIONS": sizes, "BENCH_RESULT": tmp_path / "result"}
        assert not databases.run_script(found, name, BENCH, **given)
        yield name
    finally:
        databases.drop(found, name)


def test_server_killed_while_two_post_loses_and_doubles_nothing(found, database):
    def books(name):
        return found.server.query(BOOKS[name] % journal_id, database)

    def posted():
        return next((int(number) for state, number, _sum in books("lines") if state == "posted"), 0)

    def wait_for(condition, what):
        end = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < end, what
            time.sleep(0.1)

    def posting():
        """Return the servers that are writing layers at this moment."""
        leaders = set()
        for (name,) in found.server.query(WRITING, database):
            with contextlib.suppress(ProcessLookupError):
                leaders.add(os.getsid(int(name.partition("-")[2])))
        return [server for server in servers if server.process.pid in leaders]

    with contextlib.ExitStack() as stack:
        options = [serve.limits(found, cpu=15, real=30, soft=1024, hard=1280) for _server in range(2)]
        servers = [stack.enter_context(serve.server(found, database, options=each)) for each in options]
        client = production.Client(servers[0].url, database)
        journal_id = prepare(client)
        amount = client.read(journal_id, "amount")["amount"]
        assert amount > 0
        client.journal("action_post", [journal_id])
        wait_for(lambda: posted() >= LINES // 4 and posting(), "a quarter is posted")
        killed = (posting() or servers)[-1]
        killed.kill()
        assert posted() < LINES, "it was killed in the middle"
        (other,) = [server for server in servers if server is not killed]
        production.Client(other.url, database).wait(journal_id, "posted")
        log = other.log.read_text()
    assert [(state, int(number)) for state, number, _sum in books("lines")] == [("posted", LINES)]
    ((layers, different, lines, value),) = books("layers")
    assert (layers, int(lines), float(value)) == (different, LINES, pytest.approx(amount))
    ((items, balance, accounts),) = books("items")
    assert (int(items), float(balance), int(accounts)) == (LINES, pytest.approx(amount), 1)
    ((entries, numbers),) = books("entries")
    assert entries == numbers
    assert not [line for line in log.splitlines() if production.KILLED.search(line)]


def prepare(client):
    """Return the id of a journal with a line for every product, each 3 per cent dearer."""
    for name, value in (("background_limit", 100), ("background_chunk", CHUNK), ("calculate_limit", 500)):
        client.call("ir.config_parameter", "set_param", "stock_revaluation_journal." + name, value)
    journal_id = client.create("stock.revaluation.journal", {"description": "Two servers"})
    products = client.call("product.product", "search", [["default_code", "like", "Production%"]])
    client.journal("calculate", [journal_id], product_ids=products)
    assert client.wait(journal_id)["line_count"] == LINES
    vals = {"journal_id": journal_id, "source": "percent", "percentage": 3}
    client.call("stock.revaluation.suggest", "action_apply", [client.create("stock.revaluation.suggest", vals)])
    client.wait(journal_id)
    return journal_id
