"""What the commands in setup/ rest on: things made once, by one process, and never mistaken for whole."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from _lib import cache, databases, debian, odoo, postgres, python, series, suite


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    """Give each test an empty cache, and no source tree from outside."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("ODOO_SOURCE", raising=False)
    return tmp_path / "cache"


def program(folder, name, text):
    """Put an executable script on disk; return its path."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(0o755)
    return path


# --- cache --------------------------------------------------------------------


def test_cache_lies_in_xdg_cache_home(own_cache):
    assert cache.root() == own_cache / "stock-revaluation-journal"


def test_cache_ignores_a_relative_xdg_cache_home(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", "here")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache.root() == tmp_path / ".cache" / "stock-revaluation-journal"


def test_ensure_builds_once():
    built = []
    for _time in range(2):
        path = cache.ensure(cache.root() / "piece", "a", built.append, "a piece")
    assert built == [path]


def test_ensure_builds_anew_from_something_else():
    keys = []
    for key in ("a", "b"):
        path = cache.ensure(cache.root() / "piece", key, lambda folder: keys.append(list(folder.iterdir())), "a piece")
        (path / "left over").touch()
    assert keys == [[], []]


def test_ensure_interrupted_starts_again_from_nothing():
    def interrupted(folder):
        (folder / "half").touch()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cache.ensure(cache.root() / "piece", "a", interrupted, "a piece")
    seen = []
    cache.ensure(cache.root() / "piece", "a", lambda folder: seen.extend(folder.iterdir()), "a piece")
    assert seen == []


def test_ensure_side_by_side_builds_once(own_cache):
    code = (
        "import sys, time; sys.path.insert(0, %r); from _lib import cache\n"
        "def build(folder):\n    time.sleep(1); print('built', flush=True)\n"
        "cache.ensure(cache.root() / 'piece', 'a', build, 'a piece')" % str(cache.CHECKOUT / "setup")
    )
    both = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) for _time in range(2)]
    assert sorted(process.communicate()[0] for process in both) == ["", "built\n"]


def test_write_replaces_in_one_step(tmp_path):
    path = tmp_path / "secret"
    cache.write(path, "old")
    cache.write(path, "new", mode=0o600)
    assert path.read_text() == "new" and path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.glob("secret*")) == [path]


def test_run_failing_shows_the_end_of_the_output():
    with pytest.raises(cache.SetupError, match="counting failed.*exit status 3(?s:.*) 99$"):
        cache.run(["sh", "-c", "seq 99; exit 3"], "counting")


def test_run_does_not_wait_for_what_is_left_running():
    start = time.monotonic()
    cache.run(["sh", "-c", "sleep 30 & echo $!"], "leaving something behind")
    assert time.monotonic() - start < 10


# --- Debian's archive ---------------------------------------------------------


def test_archive_is_the_one_that_apt_is_set_up_with(tmp_path, monkeypatch):
    program(
        tmp_path,
        "apt-get",
        r"printf '%s\t%s\t%s\t%s\n' "
        "mirror://one/security Debian Debian-Security bookworm-security mirror://one Debian Debian bookworm "
        "mirror://tool Tool Tool any",
    )
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert debian._archives()[0] == "mirror://one"
    assert "mirror://tool" not in debian._archives() and "mirror://one/security" not in debian._archives()


def test_archive_on_a_machine_that_knows_none_is_a_clear_message(tmp_path, monkeypatch):
    program(tmp_path, "apt-get", r"printf 'mirror://u\tUbuntu\tUbuntu\tnoble\n'")
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    with pytest.raises(cache.SetupError, match="knows no Debian archive"):
        debian._archives()


# --- Python -------------------------------------------------------------------


def test_python_that_does_not_run_is_passed_over(tmp_path):
    assert python._probe(program(tmp_path, "python3.9", "echo 'pyenv: not found' >&2; exit 127")) is None


def test_python_that_lacks_a_library_is_passed_over(tmp_path):
    assert python._probe(program(tmp_path, "python3.9", "echo 'ModuleNotFoundError: _ssl' >&2; exit 1")) is None


def test_python_is_taken_by_what_it_says_it_is(tmp_path):
    shim = program(tmp_path, "python3.9", "echo 3.9 /opt/python3.9/bin/python3.9")
    assert python._probe(shim) == ("3.9", "/opt/python3.9/bin/python3.9")


def test_children_do_not_inherit_another_odoos_configuration(monkeypatch):
    monkeypatch.setenv("ODOO_RC", "/etc/odoo.conf")
    monkeypatch.setenv("PYTHONPATH", "/somewhere")
    assert not {"ODOO_RC", "PYTHONPATH"} & set(python.clean_environ())


# --- PostgreSQL ---------------------------------------------------------------


@pytest.mark.parametrize("process", [os.getpid(), 2**22 + 1])
def test_server_of_before_a_restart_is_not_taken_for_running(tmp_path, process):
    (tmp_path / "postmaster.pid").write_text("%d\n%s\n1\n5432\n" % (process, tmp_path))
    assert postgres._running(tmp_path) == 0


def test_database_of_somebody_else_is_not_dropped(monkeypatch):
    monkeypatch.setattr(postgres.Server, "databases", lambda self: {"theirs": False})
    with pytest.raises(cache.SetupError, match="not made by these commands"):
        postgres.Server("db.example", "5432", "odoo").drop("theirs")


def test_database_user_postgres_is_refused_before_odoo_does(monkeypatch):
    monkeypatch.setattr(postgres.Server, "query", lambda self, sql: [["postgres", "t"]])
    monkeypatch.setenv("PGUSER", "postgres")
    with pytest.raises(cache.SetupError, match="set PGUSER to another"):
        postgres.server()


def test_identifiers_are_quoted():
    assert postgres.quote('a"b') == '"a""b"'


# --- Odoo's source ------------------------------------------------------------


def tree(folder, version):
    """Make what looks like an Odoo source tree."""
    (folder / "odoo").mkdir(parents=True)
    (folder / "odoo-bin").touch()
    (folder / "odoo" / "release.py").write_text("FINAL = 'final'\nversion_info = (%s, 0, 0, FINAL, 0, '')\n" % version)
    return folder


@pytest.mark.parametrize("inside", ["", "core"])
def test_source_tree_is_found_and_read(tmp_path, monkeypatch, inside):
    root = tree(tmp_path / "odoo18" / inside, 18)
    monkeypatch.setenv("ODOO_SOURCE", str(tmp_path / "odoo18"))
    assert odoo.series_of_source() == series.get("18.0")
    assert odoo._source(series.get("18.0")).root == root


def test_source_tree_of_another_series_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("ODOO_SOURCE", str(tree(tmp_path / "odoo17", 17)))
    with pytest.raises(cache.SetupError, match="holds Odoo 17.0, not 18.0"):
        odoo._source(series.get("18.0"))


def test_source_tree_that_is_none_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("ODOO_SOURCE", str(tmp_path))
    with pytest.raises(cache.SetupError, match="holds odoo-bin"):
        odoo._source(series.get("18.0"))


def test_clone_that_fails_says_what_else_can_be_done(tmp_path, monkeypatch):
    program(tmp_path, "git", "echo 'Could not resolve host' >&2; exit 128")
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    with pytest.raises(cache.SetupError, match="Could not resolve host(?s:.*)ODOO_SOURCE"):
        odoo._source(series.get("16.0"))


def test_series_has_a_lock_file_of_exact_versions():
    for item in (item for item in series.SERIES.values() if not item.prepared):
        lines = (cache.CHECKOUT / "setup" / ("requirements-%s.txt" % item.name)).read_text().splitlines()
        wanted = [line.partition(";")[0].strip() for line in lines if line and not line.startswith("#")]
        assert wanted and all("==" in line for line in wanted), item.name


def test_series_that_is_prepared_says_that_it_was_never_run():
    with pytest.raises(cache.SetupError, match="20.0 is prepared and was never run"):
        odoo.get(series.get("20.0"))


def test_series_may_be_named_by_its_number():
    assert series.get("14") is series.get("14.0")
    with pytest.raises(cache.SetupError, match="no such series: 13.0"):
        series.get("13.0")


# --- the suite ----------------------------------------------------------------

LOG = """\
2026-11-22 08:00:00,000 1 INFO db odoo.modules.loading: fine
2026-11-22 08:00:01,000 1 WARNING db odoo.addons.stock_revaluation_journal.models.line: odd
2026-11-22 08:00:02,000 1 ERROR db odoo.http: broken
Traceback (most recent call last):
ValueError
2026-11-22 08:00:03,000 1 WARNING db py.warnings: something is deprecated
"""


def test_complaints_of_a_log_are_whole_and_leave_out_noise():
    odd, broken = databases.complaints(LOG)
    assert odd.endswith("odd") and broken.endswith("Traceback (most recent call last):\nValueError")


def test_complaints_about_the_addon_are_never_noise():
    assert databases.complaints(
        "2026-11-22 08:00:03,000 1 WARNING db py.warnings: stock_revaluation_journal/x.py: old\n"
    )


def test_counts_of_a_part_come_from_its_report(tmp_path):
    cases = ["", "", "<failure/>", "<error/>", "<skipped/>", "<skipped/><failure/>"]
    inside = "".join("<testcase>%s</testcase>" % case for case in cases)
    # 9: as pytest counts where a test has subtests
    text = '<testsuites><testsuite tests="9" failures="3" errors="1" skipped="2" time="2.5">%s</testsuite></testsuites>'
    (tmp_path / "unit.xml").write_text(text % inside)
    (counts,) = suite.read(tmp_path)
    assert (counts.passed, counts.failed, counts.skipped, counts.seconds) == (2, 3, 1, 2.5)


@pytest.mark.parametrize(
    "body, exit_status",
    [
        ("def test_one(): pass", 0),
        ("def test_one(): assert False", 1),
        ("import pytest\n@pytest.mark.skip\ndef test_one(): pass", 1),
        ("", 1),
    ],
)
def test_run_that_executes_no_test_fails(tmp_path, body, exit_status):
    """The whole command, on a checkout that holds nothing but one unit test."""
    for name in ("setup/test", "setup/_lib"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).symlink_to(cache.CHECKOUT / name)
    code = (
        "import sys; from pathlib import Path; sys.path.insert(0, %r); sys.argv = ['test', '--unit']\n"
        "from _lib import cache, python, suite\n"
        "suite.CHECKOUT = cache.CHECKOUT = Path(%r); python.tools_environment = lambda: sys.executable\n"
        "import runpy; runpy.run_path(%r, run_name='__main__')"
        % (str(cache.CHECKOUT / "setup"), str(tmp_path), str(cache.CHECKOUT / "setup" / "test"))
    )
    (tmp_path / "tests" / "unit").mkdir(parents=True)
    (tmp_path / "tests" / "unit" / "test_it.py").write_text(body)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == exit_status, done.stdout + done.stderr
    assert ("no test" in done.stdout) == ("one" not in body or "skip" in body)


def test_commands_explain_themselves():
    for name in ("demo", "test", "odoo", "db", "release"):
        path = Path(cache.CHECKOUT / "setup" / name)
        if path.exists():
            done = subprocess.run([path, "-h"], capture_output=True, text=True)
            assert done.returncode == 0 and "setup/%s" % name in done.stdout, done.stderr
