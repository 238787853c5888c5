"""A real Odoo of one series, run as its administrator would: ``setup/test`` says which in SRJ_SERIES."""

import dataclasses
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
SCRIPTS = Path(__file__).resolve().parent / "scripts"
sys.path.insert(0, str(CHECKOUT / "setup"))

from _lib import cache, databases, odoo, series  # noqa: E402

RESULT = "RESULT "
# What an addon can leave behind, and by what a person knows it: table, columns
DEFINITIONS = {
    "decimal_precision": "name",
    "ir_act_client": "name",
    "ir_act_report_xml": "report_name",
    "ir_act_server": "id",
    "ir_act_window": "id",
    "ir_config_parameter": "key",
    "ir_cron": "id",
    "ir_filters": "id",
    "ir_model": "model",
    "ir_model_access": "id",
    "ir_model_fields": "model || '.' || name",
    "ir_rule": "id",
    "ir_sequence": "id",
    "ir_ui_menu": "concat_ws(' ', id, name, parent_id, sequence, active)",
    "ir_ui_menu_group_rel": "menu_id || ' for ' || gid",
    "ir_ui_view": "id",
    "mail_activity_type": "id",
    "mail_message_subtype": "id",
    "res_groups": "id",
    "res_groups_privilege": "id",
}
# … and of what Odoo itself makes new ones of as it goes
OWN = {
    "ir_model_data": "SELECT name FROM ir_model_data WHERE module = 'stock_revaluation_journal'",
    "ir_module_category": "SELECT name FROM ir_module_category WHERE name::text ILIKE '%revaluation%'",
}
SCHEMA = {
    "column": "SELECT table_name || '.' || column_name FROM information_schema.columns WHERE table_schema = 'public'",
    "constraint": "SELECT conrelid::regclass || ': ' || conname FROM pg_constraint"
    " JOIN pg_class ON pg_class.oid = conrelid WHERE pg_class.relnamespace = 'public'::regnamespace",
    "index": "SELECT indexname FROM pg_indexes WHERE schemaname = 'public'",
    "relation": "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace",
    "trigger": "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal",
    "function": "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace",
}


class Database:
    """One database of the series under test."""

    def __init__(self, name, demo, addons=None):
        found = odoo.get(series.get(os.environ["SRJ_SERIES"]))
        self.odoo, self.name, self.demo = dataclasses.replace(found, addons=addons), name, demo

    def create(self):
        """Make it as a copy of the template with or without demo data."""
        databases.copy(self.odoo, databases.template(self.odoo, demo=self.demo), self.name)

    def drop(self):
        databases.drop(self.odoo, self.name)

    def install(self, update=False):
        """Install the addon, or update it; return what the log complains about."""
        return databases.install(self.odoo, self.name, update=update, demo=self.demo)

    def run(self, script, **variables):
        """Run a script in Odoo's shell; return (what it says in JSON behind RESULT, what the log complains about)."""
        with open(script) as source:
            text = cache.run(
                self.odoo.command("shell", "-d", self.name, "--no-http", "--log-level=warn"),
                script,
                env=databases.script_environ(self.odoo, **variables),
                stdin=source,
            )
        said = [json.loads(line[len(RESULT) :]) for line in text.splitlines() if line.startswith(RESULT)]
        return (said[-1] if said else None), databases.complaints(text)

    def script(self, name, **variables):
        """Run one of the scripts beside this file."""
        return self.run(SCRIPTS / (name + ".py"), **variables)

    def inventory(self):
        """Return what there is of tables, columns, views, menus, …: a set of (kind, name)."""
        there = {row[0] for row in self.odoo.server.query(SCHEMA["relation"], self.name)}
        named = {table: name for table, name in DEFINITIONS.items() if table in there}
        queries = dict(SCHEMA, **OWN, **{table: "SELECT %s FROM %s" % (name, table) for table, name in named.items()})
        return {(kind, row[0]) for kind, sql in queries.items() for row in self.odoo.server.query(sql, self.name)}


@pytest.fixture(scope="module")
def with_demo():
    """Return a database with Odoo's demo data and the addons that tests need; the addon is the checkout's."""
    yield from _database("demo", True)


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    """Return the folder with what setup/release makes for the series."""
    folder = tmp_path_factory.mktemp("release")
    subprocess.run(
        [sys.executable, CHECKOUT / "setup" / "release", os.environ["SRJ_SERIES"], "--dist", folder], check=True
    )
    return folder


@pytest.fixture(scope="module")
def without_demo(released):
    """Return a database with what the addon needs and no more; the addon is unpacked from its archive."""
    _unpack(released, "*.zip", released / "addons")
    yield from _database("plain", False, released / "addons")


@pytest.fixture
def beside_odoo(released):
    """Return (Odoo, environment in which its Python finds the addon's wheel installed, and the addon nowhere else)."""
    _unpack(released, "*.whl", released / "site")
    found = odoo.get(series.get(os.environ["SRJ_SERIES"]))
    environ = found.environ(ODOO_RC=found.config(with_addon=False))
    environ["PYTHONPATH"] = os.pathsep.join((environ["PYTHONPATH"], str(released / "site")))
    return found, environ


def _unpack(folder, pattern, target):
    (archive,) = folder.glob(pattern)
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(target)


def _database(kind, demo, addons=None):
    number = series.get(os.environ["SRJ_SERIES"]).number
    database = Database("srj_test_%s_%d_%s" % (number, os.getpid(), kind), demo, addons)
    try:
        database.create()
        yield database
    finally:
        database.drop()
