"""Installed, used, updated, uninstalled and installed again: on a database with demo data, and one without.

Every step runs Odoo's own server process; one test looks at each thing that an administrator would.
"""

from types import SimpleNamespace

import pytest
from _lib import cache

STORY = cache.CHECKOUT / "setup" / "_lib" / "demo" / "script.py"


@pytest.fixture(scope="module")
def life(with_demo):
    """Take a database through its life; return what was there at each step, and what the log complained about."""
    life = SimpleNamespace(complaints={})
    life.before = with_demo.inventory()
    life.complaints["install"] = with_demo.install()
    life.installed = with_demo.inventory()
    with_demo.run(STORY)  # goods received, a journal posted: what setup/demo shows
    life.complaints["choices"] = with_demo.script("choose_groups")[1]
    life.posted, _complaints = with_demo.script("read_books")
    life.forms, _complaints = with_demo.script("open_forms")
    with_demo.script("make_1_0", SERIES=with_demo.odoo.series.name)
    life.complaints["update"] = with_demo.install(update=True)
    life.updated, _complaints = with_demo.script("read_books")
    life.choices, _complaints = with_demo.script("read_choices")
    _said, life.complaints["uninstall"] = with_demo.script("uninstall")
    life.after = with_demo.inventory()
    life.left, life.complaints["books after"] = with_demo.script("read_books")
    life.forms_left, life.complaints["forms after"] = with_demo.script("open_forms")
    life.complaints["reinstall"] = with_demo.install()
    life.again, _complaints = with_demo.script("read_books")
    return life


def test_log_of_install_update_uninstall_reinstall_has_no_warning(life):
    assert {step: found for step, found in life.complaints.items() if found} == {}


def test_install_takes_nothing_of_odoos_away_and_changes_no_menu_of_its(life):
    assert sorted(life.before - life.installed) == []


def test_update_from_1_0_keeps_posted_journals_as_they_were(life):
    journals = life.posted["stock.revaluation.journal"]
    assert journals and all(journal["state"] == "posted" for journal in journals)
    assert life.posted["stock.valuation.layer"]
    assert life.updated == life.posted


def test_update_from_1_0_gives_the_reasons_of_the_addon_their_kind(life):
    assert life.choices["kinds"] == {
        "WRITEDOWN": "write_down",
        "CORRECTION": "correction",
        "STANDARD": "standard_cost",
        "REVERSAL": "write_down_reversal",
        "ALLOWANCE": "write_down",
    }


def test_update_keeps_what_the_administrator_chose(life):
    assert life.choices["groups"] == ["base.group_system"]
    assert life.choices["limit"] == "77"


def test_uninstall_leaves_nothing_behind(life):
    assert sorted(life.after - life.before) == []


def test_uninstall_takes_nothing_of_odoos_away(life):
    assert sorted(life.before - life.after) == []


def test_uninstall_leaves_stock_values_and_costs_even_when_receipts_are_valued_again(life):
    assert life.posted["values"]["RJ-FIFO1"][0] > 0
    assert life.left["values"] == life.posted["values"]
    assert life.left.get("values_again") == life.posted.get("values_again")


def test_uninstall_leaves_forms_that_open(life):
    assert any(life.forms.values())
    assert not any(life.forms_left.values())


def test_reinstall_starts_anew_on_the_same_values(life):
    assert life.again["values"] == life.posted["values"]


def test_archive_dropped_in_installs_without_demo_data_and_leaves_nothing(without_demo):
    before = without_demo.inventory()
    assert without_demo.install() == []
    choices, _complaints = without_demo.script("read_choices")
    assert "nrv" in choices["sources"]
    assert not choices["mrp"] and not {"rollup", "bom"} & set(choices["sources"])  # no manufacturing, no bills
    assert without_demo.install(update=True) == []
    _said, complaints = without_demo.script("uninstall")
    assert complaints == []
    assert sorted(without_demo.inventory() ^ before) == []


def test_wheel_installed_beside_odoo_is_found_without_an_addons_path(beside_odoo):
    odoo, environ = beside_odoo
    code = (
        "from odoo.tools import config; config.parse_config([])\n"
        "from odoo.modules import module; module.initialize_sys_path()\n"
        "print('stock_revaluation_journal' in module.get_modules())"
    )
    assert cache.run([odoo.python, "-c", code], "get_modules", env=environ).split()[-1] == "True"
