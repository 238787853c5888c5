"""The parts of the test suite: unit tests, a series' tests inside Odoo, its web client's in a browser."""

import argparse
import contextlib
import os
import shutil
import subprocess
import time
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from pathlib import Path

from . import addon, cache, coverage, databases, debian, odoo, python, series, serve
from .cache import CHECKOUT, SetupError

UNIT, INSIDE, BROWSER, LIFE = "tests/unit", "tests/odoo", "tests/browser", "tests/life_cycle"
WITHOUT_ODOO = ("-p", "no:odoo")
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


class Options(argparse.Namespace):
    """What of the suite to run, and how; `results` is the folder for reports."""

    paths, expression, pytest, browser, keep, coverage = (), "", (), True, False, False

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


def parts(wanted, options):
    """Return the names of the parts to run, those that last longest first."""
    pieces = [piece for piece, (folder, _run) in PIECES.items() if options.of(folder) or not options.selective]
    unit_too = ["unit"] if options.of(UNIT) or not options.selective else []
    return ["%s %s" % (item.name, piece) for piece in pieces for item in wanted] + unit_too


def run(name, options):
    """Run one part: "unit", or "19.0 odoo"; return whether all is well."""
    if name == "unit":
        return _unit(options)
    number, _, piece = name.partition(" ")
    folder, run_piece = PIECES[piece]
    return run_piece(odoo.get(series.get(number)), options.of(folder), options)


def _unit(options):
    """Run the tests that need no Odoo."""
    environ = python.clean_environ()
    measured = coverage.options(addon.SOURCE, environ) if options.coverage else ()
    return _pytest("unit", options.of(UNIT), options, python.tools_environment(), environ, *WITHOUT_ODOO, *measured)


def _life_cycle(found, paths, options):
    """Run the tests that install, update and uninstall, each on databases of its own."""
    environ = python.clean_environ(SRJ_SERIES=found.series.name)
    environ[odoo.SOURCE_VARIABLE] = os.environ.get(odoo.SOURCE_VARIABLE, "")
    name = found.series.name + " life cycle"
    return _pytest(name, paths, options, python.tools_environment(), environ, *WITHOUT_ODOO)


def _in_odoo(found, paths, options):
    """Run the tests inside Odoo."""
    with _database(found, options) as name:
        well = _installed(found, name)
        environ = found.environ(ODOO_RC=found.config(db_name=name), SRJ_SERIES=found.series.name)
        source = addon.path_for(found.series) / addon.ADDON
        measured = coverage.options(source, environ) if options.coverage else ()
        return well & _pytest(
            found.series.name + " odoo", paths, options, found.python, environ, "--odoo-http", *measured
        )


def _in_browser(found, paths, options):
    """Run the walks through the web client."""
    if not options.browser:
        return True
    try:
        chromium = _chromium()
    except SetupError as error:
        print("!" * 78 + "\nBROWSER TESTS SKIPPED on %s: %s\n" % (found.series.name, error) + "!" * 78)
        return True
    with _database(found, options) as name:
        well = _installed(found, name)
        if databases.run_script(found, name, STAGE):
            print("FAILED: goods and users for the browser tests could not be made, see above")
            return False
        log = options.results / ("%s-server.log" % found.series.name)
        with serve.running(found, name, log=log) as url:
            environ = python.clean_environ(
                SRJ_URL=url, SRJ_DB=name, SRJ_SERIES=found.series.name, SRJ_LOG=log, **{CHROMIUM_VARIABLE: chromium}
            )
            browser = found.series.name + " browser"
            well &= _pytest(browser, paths, options, python.tools_environment(), environ, *WITHOUT_ODOO)
        return well & _quiet(log)


# Each has a database of its own, so that they can run side by side.
PIECES = {"odoo": (INSIDE, _in_odoo), "browser": (BROWSER, _in_browser), "life cycle": (LIFE, _life_cycle)}


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
    name = "srj_%s_%s_%d" % ("kept" if options.keep else "test", found.series.number, os.getpid())
    if not options.keep:
        with databases.passing(found, name):
            yield name
        return
    try:
        yield databases.create(found, name)
    finally:
        print("kept: setup/odoo %s -d %s" % (found.series.name, name))


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
    shown = ["-q", "-ra", "--tb=short", "--junitxml", report]
    kept = ["-p", "no:cacheprovider", "--rootdir", CHECKOUT, "--timeout", SECONDS_PER_TEST]
    command = [interpreter, "-m", "pytest", *shown, *kept, *arguments, *selection, *options.pytest, *paths]
    environ["HYPOTHESIS_STORAGE_DIRECTORY"] = str(cache.folder("hypothesis"))
    environ[coverage.FILE] = str(options.results / (report.stem + coverage.SUFFIX))
    code = subprocess.run(list(map(str, command)), cwd=CHECKOUT, env=environ, stdin=subprocess.DEVNULL).returncode
    if code == NOTHING_COLLECTED and options.selective:
        return True  # the rest of the suite may have some; none at all fails in the end
    if code == 0 and not options.selective and not _counts(report).passed:
        return _nothing(name)
    return code == 0


def _counts(report):
    """Count the tests of a report; newer pytest counts each subtest of one, too."""
    suite = ElementTree.parse(report).getroot().find("testsuite")
    found = [{child.tag for child in case} for case in suite.iter("testcase")]
    failed = sum(bool(tags & {"failure", "error"}) for tags in found)
    skipped = sum("skipped" in tags and not tags & {"failure", "error"} for tags in found)
    return Counts(
        report.stem.replace("-", " "), len(found) - failed - skipped, failed, skipped, float(suite.get("time"))
    )
