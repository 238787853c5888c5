"""A browser at the web client of one Odoo series, which `setup/test` has started.

It says where by environment variables: SRJ_URL, SRJ_DB, SRJ_SERIES, SRJ_LOG (the server's log), and
SRJ_CHROMIUM for the browser. The database is as `setup/_lib/demo/stage.py` has left it: goods in stock,
and a user for each role.
"""

import contextlib
import os
import re
import sys
import xmlrpc.client
from pathlib import Path

import pytest
from client import client_at
from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "setup"))

from _lib import databases

TIMEOUT_MS = 120_000  # the first page makes Odoo build all assets
# pictures of an addon that is not Odoo Community's, which 15.0's own style sheet asks for
FOREIGN = ("/web_studio/",)
SETTLE_MS = 1500  # for what a view loads after it is there: the network is never idle, a chat bus is open
NAMED = re.compile("stock[._]revaluation")  # not the folder of Odoo's own files: that has dashes


@pytest.fixture(scope="session")
def address():
    """Return the server's address."""
    return os.environ["SRJ_URL"]


@pytest.fixture(scope="session")
def browser():
    """Return Chromium without a window; what it needs to run as root is no danger to local pages."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=os.environ["SRJ_CHROMIUM"], args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield chromium
        chromium.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item):
    """Take a picture of the page where a test fails, and say where it is."""
    report = yield
    page = getattr(item, "funcargs", {}).get("page")
    if report.when == "call" and report.failed and page:
        path = Path(os.environ["SRJ_LOG"]).parent.parent / ("%s-%s.png" % (os.environ["SRJ_SERIES"], item.name))
        page.screenshot(path=path)
        report.sections.append(("the page", str(path)))
    return report


@pytest.fixture
def page(browser, address):
    """Return a page on which nobody is logged in; `page.settle()` waits for what comes late.

    `page.problems` lists what went wrong on it: JavaScript errors, errors on the console, and answers
    of Odoo that say "not found" or "failed". What a page loads from elsewhere (17.0) need not be reached.
    """

    def is_ours(url):
        return url.startswith(address) and not any(part in url for part in FOREIGN)

    context = browser.new_context(
        viewport={"width": 1280, "height": 900}, base_url=address, locale="en-US", timezone_id="UTC"
    )
    page = context.new_page()
    page.set_default_timeout(TIMEOUT_MS)

    def note_error(message):
        if message.type == "error" and is_ours(message.location.get("url") or address):
            page.problems.append("console: %s" % message.text)

    page.settle = lambda: page.wait_for_timeout(SETTLE_MS)
    page.problems = []
    page.on("pageerror", lambda error: page.problems.append("error: %s" % error))
    page.on("console", note_error)
    page.on(
        "response",
        lambda answer: (
            answer.status >= 400
            and is_ours(answer.url)
            and page.problems.append("answer %d: %s" % (answer.status, answer.url))
        ),
    )
    yield page
    context.close()


@pytest.fixture
def admin(page):
    """Return a page on which the administrator has just logged in."""
    return client_at(page, os.environ["SRJ_SERIES"]).log_in("admin").page


@pytest.fixture
def client(page, log):
    """Return the web client, nobody logged in. At the end neither browser nor server may have complained."""
    yield client_at(page, os.environ["SRJ_SERIES"])
    assert page.problems == []
    assert log() == []


@pytest.fixture
def log():
    """Return a function that gives what the server has complained about since the test began.

    That is every error, and every warning that names the addon or one of its models.
    """
    path = Path(os.environ["SRJ_LOG"])
    begin = path.stat().st_size

    def complaints():
        with path.open(errors="replace") as file:
            file.seek(begin)
            return [entry for entry in databases.complaints(file.read()) if _is_one(entry)]

    return complaints


def _is_one(entry):
    # what Odoo refuses, and says so on the screen, is a warning of odoo.http
    refused = " odoo.http: " in entry.partition("\n")[0]
    return databases.ENTRY.match(entry)["level"] != "WARNING" or (NAMED.search(entry) and not refused)


class Server:
    """The same server by RPC, as the administrator: to prepare what a walk does not show."""

    def __init__(self, address):
        self.database = os.environ["SRJ_DB"]
        self.models = xmlrpc.client.ServerProxy(address + "/xmlrpc/2/object")
        common = xmlrpc.client.ServerProxy(address + "/xmlrpc/2/common")
        # where the server is: what is printed loads its styles from there
        self.uid = common.authenticate(self.database, "admin", "admin", {"base_location": address})

    def call(self, model, method, *args, **options):
        """Call a method of a model."""
        return self.models.execute_kw(self.database, self.uid, "admin", model, method, list(args), options)

    def products(self, *codes):
        """Return the ids of the products with these internal references."""
        return self.call("product.product", "search", [["default_code", "in", codes]])

    def draft(self, description, *codes, **vals):
        """Create a journal with the calculated lines of these products; none: without lines."""
        journal = self.call("stock.revaluation.journal", "create", [dict(vals, description=description)])[0]
        if codes:
            self.call("stock.revaluation.journal", "calculate", [journal], product_ids=self.products(*codes))
        return journal

    def book_by_hand(self, code, amount):
        """Post an entry on the product's valuation account; return the names of account and entry."""
        product = self.products(code)[0]
        categ = self.call("product.product", "read", [product], ["categ_id"])[0]["categ_id"][0]
        account = self.call("product.category", "read", [categ], ["property_stock_valuation_account_id"])[0]
        account_id, account_name = account["property_stock_valuation_account_id"]
        journal = self.call("account.journal", "search", [["type", "=", "general"]], limit=1)[0]
        items = [
            {"name": "By hand", "account_id": item, "product_id": product, "debit": debit, "credit": credit}
            for item, debit, credit in ((account_id, amount, 0.0), (self._other_account(categ), 0.0, amount))
        ]
        vals = {"journal_id": journal, "line_ids": [[0, 0, item] for item in items]}
        entry = self.call("account.move", "create", [vals])[0]
        with contextlib.suppress(xmlrpc.client.Fault):  # 14.0 posts, and then cannot send what the method returns
            self.call("account.move", "action_post", [entry])
        return account_name, self.call("account.move", "read", [entry], ["name"])[0]["name"]

    def _other_account(self, categ):
        name = "property_account_expense_categ_id"
        return self.call("product.category", "read", [categ], [name])[0][name][0]


@pytest.fixture(scope="session")
def server(address):
    """Return the server by RPC."""
    return Server(address)
