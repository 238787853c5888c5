"""No test may make the addon complain in Odoo's log, unless it says so by assertLogs or mute_logger."""

import logging

ADDON = "stock_revaluation_journal"
# What PostgreSQL refuses and what a user is refused is logged, and is what many tests are about
REFUSALS = ("odoo.sql_db", "odoo.http")


class Complaints(logging.Handler):
    """Keep the warnings and errors that come from the addon or name one of its models."""

    def __init__(self):
        super().__init__(logging.WARNING)
        self.found = []

    def emit(self, record):
        text = "%s %s: %s" % (record.levelname, record.name, record.getMessage())
        if record.name not in REFUSALS and ("revaluation" in text or ADDON in record.pathname):
            self.found.append(text)


def pytest_configure(config):
    # Odoo and its libraries warn about themselves by the hundred; what Python warns about in the addon is an error
    config.addinivalue_line("filterwarnings", "ignore")
    config.addinivalue_line("filterwarnings", r"error:::odoo\.addons\.%s" % ADDON)
    config.complaints = Complaints()
    logging.getLogger().addHandler(config.complaints)


def pytest_sessionfinish(session):
    if session.config.complaints.found and not session.exitstatus:
        session.exitstatus = 1


def pytest_terminal_summary(terminalreporter, config):
    for text in config.complaints.found:
        terminalreporter.write_line("the addon complains in the log: " + text)
