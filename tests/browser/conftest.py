"""A browser at the web client of one Odoo series, which `setup/test` has started.

It says where by environment variables: SRJ_URL, SRJ_DB, SRJ_SERIES, and SRJ_CHROMIUM for the browser.
"""

import os

import pytest
from playwright.sync_api import sync_playwright

TIMEOUT_MS = 120_000  # the first page makes Odoo build all assets
SETTLE_MS = 1500  # for what a view loads after it is there: the network is never idle, a chat bus is open


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


@pytest.fixture
def page(browser, address):
    """Return a page on which nobody is logged in; `page.settle()` waits for what comes late.

    `page.problems` lists what went wrong on it: JavaScript errors, errors on the console, and answers
    of Odoo that say "not found" or "failed".
    """
    context = browser.new_context(viewport={"width": 1366, "height": 900}, base_url=address)
    page = context.new_page()
    page.set_default_timeout(TIMEOUT_MS)
    page.settle = lambda: page.wait_for_timeout(SETTLE_MS)
    page.problems = []
    page.on("pageerror", lambda error: page.problems.append("error: %s" % error))
    page.on(
        "console",
        lambda message: message.type == "error" and page.problems.append("console: %s" % message.text),
    )
    page.on(
        "response",
        lambda answer: answer.status >= 400 and page.problems.append("answer %d: %s" % (answer.status, answer.url)),
    )
    yield page
    context.close()


@pytest.fixture
def admin(page):
    """Return a page on which the administrator has just logged in."""
    page.goto("/web/login", wait_until="domcontentloaded")
    page.fill("input[name=login]", "admin")
    page.fill("input[name=password]", "admin")
    page.click("form.oe_login_form button[type=submit]")
    page.wait_for_selector(".o_main_navbar")
    return page
