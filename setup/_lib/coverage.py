"""What of the addon the tests reach, lines and branches, over all parts of a run together.

Each part of the suite leaves its figures in the results folder. An older series runs on a built copy of the
addon, and `.coveragerc` says that its files are the source's.
"""

import subprocess

from . import cache, python
from .cache import CHECKOUT
from .series import ADDON

SUFFIX = ".coverage"
# (what, files, per cent of lines and branches below which a full run fails)
FLOORS = (
    ("the engine", ADDON + "/engine/*", 100),
    ("the addon", ADDON + "/*", 95),
)


def options(path):
    """Return pytest's options that measure the addon at `path`."""
    return ["--cov=%s" % path, "--cov-branch", "--cov-config=%s" % (CHECKOUT / ".coveragerc"), "--cov-report="]


def report(results, floors):
    """Print what no test reached; return whether it is little enough, where `floors` are to be kept."""
    parts = sorted(results.glob("*" + SUFFIX))
    if not parts:
        return True
    together = results / "together"
    _coverage("combine", "--keep", "--data-file=%s" % together, *parts)
    print("\nlines and branches that no test reaches (%s):" % ", ".join(part.stem for part in parts))
    well = True
    for what, files, floor in FLOORS:
        code, text = _coverage(
            *("report", "--data-file=%s" % together, "--include=%s" % files, "--show-missing", "--skip-covered"),
            *("--precision=1", "--fail-under=%d" % (floor if floors else 0)),
        )
        print(text)
        if code:
            print("FAILED: %s is covered by less than %d per cent" % (what, floor))
            well = False
    return well


def _coverage(*arguments):
    command = [python.tools_environment(), "-m", "coverage", arguments[0], "--rcfile=.coveragerc", *arguments[1:]]
    done = subprocess.run(
        list(map(str, command)),
        cwd=CHECKOUT,
        env=python.clean_environ(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode and arguments[0] == "combine":
        raise cache.SetupError("coverage cannot be put together:\n%s" % cache.tail(done.stdout))
    return done.returncode, done.stdout.rstrip()
