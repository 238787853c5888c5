"""Pythons and virtual environments: one environment for each series, one for the tools.

A series runs on the Python versions that its lock file was made for. The one that runs this command
comes first where it fits, then others on this machine, then one from the Debian archive that is only
unpacked: Odoo 14.0 wants Python 3.9, which no current distribution brings.
"""

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

from . import cache, debian
from .cache import CHECKOUT, SetupError

# Beside Python itself: the libraries of its extension modules that newer releases have in another
# version, or that a slim machine may lack.
PRIVATE = {
    "3.9": ("bullseye", ("libssl1.1", "libffi7", "libmpdec3", "libexpat1", "libsqlite3-0", "libuuid1")),
    "3.11": ("bookworm", ("libssl3", "libffi8", "libmpdec3", "libexpat1", "libsqlite3-0", "libuuid1")),
}
# What would bend the module path of a child, or pip's idea of where to install
LEFT_OUT = set(
    "PYTHONPATH PYTHONHOME PYTHONDONTWRITEBYTECODE PYTHONSTARTUP VIRTUAL_ENV PIP_USER PIP_TARGET PIP_PREFIX"
    " PIP_REQUIRE_VIRTUALENV ODOO_RC OPENERP_SERVER".split()
)
# a Python is taken only if these load: one built without its libraries is of no use to Odoo
PROBE = (
    "import sys, ssl, ctypes, sqlite3, zlib, lzma, bz2, decimal, venv\n"
    "print('%d.%d' % sys.version_info[:2], sys.executable)"
)
# the newest pip in Debian that still runs on Python 3.9
PIP_SUITE = "trixie"


def series_environment(series):
    """Return the Python of a series' virtual environment, made if need be."""
    lock_file = CHECKOUT / "setup" / ("requirements-%s.txt" % series.name)
    return _environment(series.name, _find(series.pythons), lock_file)


def tools_environment():
    """Return the Python of the environment for unit tests, browser tests and building the addon."""
    return _environment("tools", Path(_this_one()[1][0]), CHECKOUT / "requirements.txt")


def lint_environment():
    """Return the Python of the environment for lint."""
    return _environment("lint", Path(_this_one()[1][0]), CHECKOUT / "setup" / "requirements-lint.txt")


def hand_over(*modules, to=tools_environment):
    """Run this command again in an environment of ours, unless this Python has the modules that are enough."""
    if modules and all(importlib.util.find_spec(name) for name in modules):
        return
    interpreter = str(to())
    if sys.executable != interpreter:
        os.execv(interpreter, [interpreter, os.path.abspath(sys.argv[0]), *sys.argv[1:]])


def clean_environ(**more):
    """Return the environment for a child Python: without what would bend its module path.

    Compiled files go to the cache, whatever this shell says: Odoo starts a second or two sooner with
    them, and neither the checkout nor a source tree that is not ours gets littered.
    """
    environ = {name: value for name, value in os.environ.items() if name not in LEFT_OUT}
    environ["PYTHONPYCACHEPREFIX"] = str(cache.folder("pycache"))
    environ.update({name: str(value) for name, value in more.items()})
    return environ


def _environment(name, python, requirements):
    wanted = [line for line in requirements.read_text().splitlines() if line and not line.startswith("#")]
    key = cache.digest(python, *wanted)
    path = cache.ensure(
        cache.root() / "venvs" / ("%s-%s" % (name, key)),
        key,
        lambda target: _make(target, python, requirements),
        "Python packages for %s (%s)" % (name, requirements.name),
    )
    return path / "bin" / "python"


def _make(target, python, requirements):
    environ = clean_environ()
    environ.pop("PYTHONPYCACHEPREFIX")  # packages keep their compiled files beside them
    pip = _pip(python)
    made = [python, "-m", "venv", *([] if pip is None else ["--without-pip"]), target]
    cache.run(made, "Making a virtual environment with %s" % python, env=environ)
    installer = [target / "bin" / "python", *(["-m", "pip"] if pip is None else [pip]), "install"]
    # not --only-binary: a few small pure-Python packages come as source only
    options = ["--quiet", "--no-input", "--disable-pip-version-check", "--prefer-binary", "-r", requirements]
    cache.run([*installer, *options], "Installing " + requirements.name, env=environ)


def _pip(python):
    """Return a pip to run with an interpreter that brings none, or None where it does."""
    if subprocess.run([python, "-m", "ensurepip", "--version"], capture_output=True).returncode == 0:
        return None  # Debian leaves it out unless python3-venv is installed
    path = cache.ensure(
        cache.root() / "python" / "pip",
        PIP_SUITE,
        lambda target: debian.unpack(PIP_SUITE, ["python3-pip-whl"], target),
        "pip from Debian's %s" % PIP_SUITE,
    )
    for wheel in (path / "usr/share/python-wheels").glob("pip-*.whl"):
        return wheel / "pip"  # a wheel is a zip file that Python can run from
    raise SetupError("no pip in %s: delete that folder and try again" % path)


def _find(versions):
    """Return an interpreter of one of these versions, in this order: this one, the machine's, Debian's."""
    for version, candidates in [_this_one(), *((version, _candidates(version)) for version in versions)]:
        if version in versions:
            for candidate in candidates:
                found = _probe(candidate)
                if found and found[0] == version:
                    return Path(found[1])
    for version in versions:
        if version in PRIVATE:
            return _private(version)
    raise SetupError("no Python %s on this machine" % " or ".join(versions))


def _this_one():
    return "%d.%d" % sys.version_info[:2], [getattr(sys, "_base_executable", "") or sys.executable]


def _candidates(version):
    """List interpreters that may be of this version: on the path, and in pyenv's folder.

    pyenv's shims are on the path for every version it ever had, and fail for all but the chosen ones.
    """
    for folder in os.get_exec_path():
        yield Path(folder) / ("python" + version)
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    yield from sorted(pyenv.glob("versions/%s*/bin/python%s" % (version, version)), reverse=True)


def _probe(candidate):
    """Return (version, path) if an interpreter really runs and is complete."""
    if not os.access(candidate, os.X_OK):
        return None
    try:
        how = {"capture_output": True, "text": True, "stdin": subprocess.DEVNULL, "timeout": 60}
        done = subprocess.run([candidate, "-c", PROBE], env=clean_environ(), **how)
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = re.fullmatch(r"(\d+\.\d+) (.+)", done.stdout.strip())
    return match.groups() if match and done.returncode == 0 else None


def _private(version):
    suite, libraries = PRIVATE[version]
    own = [form % version for form in ("python%s", "python%s-minimal", "libpython%s-minimal", "libpython%s-stdlib")]
    packages = [*own, "python3-distutils", "python3-lib2to3", "patchelf", *libraries]

    def build(target):
        debian.unpack(suite, packages, target)
        _point_to_own_libraries(target, version)
        if not _probe(target / "usr" / "bin" / ("python" + version)):
            raise SetupError("Python %s from Debian's %s does not run here" % (version, suite))

    path = cache.ensure(
        cache.root() / "python" / version, suite, build, "Python %s from Debian's %s" % (version, suite)
    )
    return path / "usr" / "bin" / ("python" + version)


def _point_to_own_libraries(target, version):
    """Write the place of the unpacked libraries into the programs that need them.

    LD_LIBRARY_PATH would do too, but only for those who set it, and for every program that they start.
    """
    folders = {path.parent for pattern in ("usr/lib/*/lib*.so.*", "lib/*/lib*.so.*") for path in target.glob(pattern)}
    own = ":".join(sorted(map(str, folders)))
    for path in [
        target / "usr" / "bin" / ("python" + version),
        *target.glob("usr/lib/python%s/lib-dynload/*.so" % version),
        *(path for folder in folders for path in folder.glob("lib*.so.*") if not path.is_symlink()),
    ]:
        cache.run([target / "usr" / "bin" / "patchelf", "--set-rpath", own, path], "Preparing " + path.name)
