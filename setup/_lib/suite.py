"""The parts of the test suite: unit tests, a series' tests inside Odoo, its web client's in a browser."""

import contextlib
import os
import shutil
import subprocess
import time
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from pathlib import Path

from . import addon, cache, coverage, databases, debian, odoo, python, serve
from .cache import CHECKOUT, SetupError

UNIT, INSIDE, BROWSER, LIFE = "tests/unit", "tests/odoo", "tests/browser", "tests/life_cycle"
NOTHING_COLLECTED = 5  # pytest's exit status
STAGE = CHECKOUT / "setup" / "_lib" / "demo" / "stage.py"
SECONDS_PER_TEST = 600  # one that takes longer hangs
CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM_VARIABLE = "SRJ_CHROMIUM"
# playwright's own program needs libatomic, which a slim machine may lack
BROWSER_PACKAGES = ("chromium", "libatomic1")
LAUNCH = """
import sys
from playwright.sync_api import sync_playwright
with sync_playwright() as playwright:
    playwright.chromium.launch(executable_path=sys.argv[1], args=["--no-sandbox"]).close()
"""


@dataclass
class Options:
    """What of the suite to run, and how."""

    results: Path
    paths: tuple = ()
    expression: str = ""
    pytest: tuple = ()
    browser: bool = True
    keep: bool = False
    coverage: bool = False

    def of(self, folder):
        """Return what to run of a folder of tests: all of it, or what was named in it."""
        if not self.paths:
            return [folder] if any((CHECKOUT / folder).glob("**/test_*.py")) else []
        return [path for path in self.paths if Path(path).parts[:2] == Path(folder).parts]

    @property
    def selective(self):
        """Tell whether only some tests were asked for, so that a part may come out empty."""
        return bool(self.expression or self.paths or self.pytest)


@dataclass
class Counts:
    """What pytest counted in one part of the suite."""

    name: str
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    seconds: float = 0

    def __str__(self):
        return "%-16s %s, %.0f s" % (self.name, self.numbers(), self.seconds)

    def numbers(self):
        """Return the counts in words."""
        return "%d passed, %d failed%s" % (
            self.passed,
            self.failed,
            ", %d skipped" % self.skipped if self.skipped else "",
        )


def unit(options):
    """Run the tests that need no Odoo; return whether all is well."""
    measured = coverage.options(addon.ADDON + "/engine") if options.coverage else []
    return _pytest(
        "unit",
        options.of(UNIT),
        options,
        python.tools_environment(),
        python.clean_environ(),
        "-p",
        "no:odoo",
        *measured,
    )


def inside(series, options):
    """Run a series' tests on a database of their own; return whether all is well."""
    paths, in_browser = options.of(INSIDE), options.of(BROWSER) if options.browser else []
    life = options.of(LIFE)
    if not paths and not in_browser and not life:
        return options.selective or _nothing(series.name)
    found = odoo.get(series)
    well = _life_cycle(found, life, options) if life else True
    if not paths and not in_browser:
        return well
    with _database(found, options) as name:
        well &= _installed(found, name)
        copies = contextlib.nullcontext()
        if in_browser:
            copies = _copy(found, name, options)  # before any test has touched it
        with copies as copy:
            if paths:
                well &= _in_odoo(found, name, paths, options)
            if in_browser:
                well &= _in_browser(found, copy, in_browser, options)
    return well


def read(results):
    """Return the counts of every part that has run."""
    return [_counts(path) for path in sorted(results.glob("*.xml"))]


def _nothing(name):
    print("no tests for %s in %s" % (name, CHECKOUT))
    return False


@contextlib.contextmanager
def _database(found, options):
    """Make a database with demo data, and drop it at the end; also those of runs that were killed."""
    databases.drop_orphans(found)
    prefix = "srj_kept" if options.keep else "srj_test"
    name = "%s_%s_%d" % (prefix, found.series.number, os.getpid())
    with _dropped(found, name, options):
        yield databases.create(found, name)


@contextlib.contextmanager
def _copy(found, name, options):
    copy = name + "_browser"
    with _dropped(found, copy, options):
        databases.copy(found, name, copy)
        yield copy


@contextlib.contextmanager
def _dropped(found, name, options):
    try:
        yield
    finally:
        if options.keep:
            print("kept: setup/odoo %s -d %s" % (found.series.name, name))
        else:
            databases.drop(found, name)


def _installed(found, name):
    """Install the addon; return whether it did without complaint."""
    start = time.monotonic()
    complaints = databases.install(found, name)
    print("installed in Odoo %s in %.0f s" % (found.series.name, time.monotonic() - start))
    for entry in complaints:
        print(entry)
    if complaints:
        print("FAILED: installing the addon makes Odoo complain, see above")
    return not complaints


def _life_cycle(found, paths, options):
    """Run the tests that install, update and uninstall, each on databases of its own."""
    environ = python.clean_environ(SRJ_SERIES=found.series.name)
    environ[odoo.SOURCE_VARIABLE] = os.environ.get(odoo.SOURCE_VARIABLE, "")
    return _pytest(
        found.series.name + " life cycle", paths, options, python.tools_environment(), environ, "-p", "no:odoo"
    )


def _in_odoo(found, name, paths, options):
    measured = coverage.options(addon.path_for(found.series) / addon.ADDON) if options.coverage else []
    environ = found.environ(ODOO_RC=found.config(db_name=name), SRJ_SERIES=found.series.name)
    return _pytest(
        found.series.name + " odoo",
        paths,
        options,
        found.python,
        environ,
        "--odoo-http",
        *measured,
    )


def _in_browser(found, name, paths, options):
    try:
        chromium = _chromium()
    except SetupError as error:
        print("!" * 78 + "\nBROWSER TESTS SKIPPED on %s: %s\n" % (found.series.name, error) + "!" * 78)
        return True
    if databases.run_script(found, name, STAGE, DEMO_SETUP_FOLDER=CHECKOUT / "setup"):
        print("FAILED: goods and users for the browser tests could not be made, see above")
        return False
    log = options.results / ("%s-server.log" % found.series.name)
    with serve.running(found, name, log=log) as url:
        environ = python.clean_environ(
            SRJ_URL=url, SRJ_DB=name, SRJ_SERIES=found.series.name, SRJ_LOG=log, **{CHROMIUM_VARIABLE: chromium}
        )
        well = _pytest(
            found.series.name + " browser",
            paths,
            options,
            python.tools_environment(),
            environ,
            "-p",
            "no:odoo",
        )
    return well & _quiet(log)


def _quiet(log):
    """Print what a server complained about; return whether there was no error among it."""
    complaints = databases.complaints(log.read_text(errors="replace"))
    for entry in complaints:
        print(entry)
    errors = [entry for entry in complaints if databases.ENTRY.match(entry)["level"] != "WARNING"]
    if errors:
        print("FAILED: errors in the server's log, see above")
    return not errors


def _chromium():
    """Return a browser that really starts, after installing what it lacks where that is possible."""
    problem = ""
    for last_try in (False, True):
        found = os.environ.get(CHROMIUM_VARIABLE) or next(filter(None, map(shutil.which, CHROMIUM)), "")
        if found:
            done = subprocess.run(
                [python.tools_environment(), "-c", LAUNCH, found],
                env=python.clean_environ(),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
            )
            if done.returncode == 0:
                return found
            problem = "%s does not start:\n%s" % (found, cache.tail(done.stderr, 8))
        if not last_try:
            debian.install(BROWSER_PACKAGES)
    raise SetupError(problem or "no Chromium found")


def _pytest(name, paths, options, interpreter, environ, *arguments):
    """Run pytest on some tests; return whether they passed and at least one was there."""
    if not paths:
        return options.selective or _nothing(name)
    report = options.results / (name.replace(" ", "-") + ".xml")
    selection = ["-k", options.expression] if options.expression else []
    command = [
        interpreter,
        "-m",
        "pytest",
        "-q",
        "-ra",
        "--tb=short",
        "-p",
        "no:cacheprovider",
        "--rootdir",
        CHECKOUT,
        "--timeout",
        SECONDS_PER_TEST,
        "--junitxml",
        report,
        *arguments,
        *selection,
        *options.pytest,
        *paths,
    ]
    environ["HYPOTHESIS_STORAGE_DIRECTORY"] = str(cache.folder("hypothesis"))
    environ["COVERAGE_FILE"] = str(options.results / (report.stem + coverage.SUFFIX))
    code = subprocess.run(list(map(str, command)), cwd=CHECKOUT, env=environ, stdin=subprocess.DEVNULL).returncode
    if code == NOTHING_COLLECTED and options.selective:
        return True  # the rest of the suite may have some; none at all fails in the end
    if code == 0 and not options.selective and not _counts(report).passed:
        return _nothing(name)
    return code == 0


def _counts(report):
    suite = ElementTree.parse(report).getroot().find("testsuite")
    total, skipped = int(suite.get("tests")), int(suite.get("skipped"))
    failed = int(suite.get("failures")) + int(suite.get("errors"))
    return Counts(
        report.stem.replace("-", " "),
        max(total - skipped - failed, 0),
        failed,
        skipped,
        float(suite.get("time")),
    )
