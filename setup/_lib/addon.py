"""The addon in a folder that Odoo can be given as addons path.

The checkout itself will not do: Odoo takes every folder in it for a possible addon. For 18.0 and 19.0
the folder holds a link to the source; for older series the form that `dialect` makes of it.
"""

import os
import time

from . import cache, python
from .cache import CHECKOUT, SetupError
from .series import ADDON

SOURCE = CHECKOUT / ADDON
KEEP_SECONDS = 2 * 24 * 3600
# dialect needs lxml, which the Python that runs a command may not have
BUILD = """
import sys
from pathlib import Path
from _lib import dialect
try:
    dialect.build(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
except dialect.DialectError as error:
    sys.exit(str(error))
"""


def path_for(series):
    """Return the addons path for a series: up to date, and never changed while a server reads it."""
    if not SOURCE.is_dir():
        raise SetupError("the addon is missing: there is no folder %s" % SOURCE)
    checkout = cache.folder("addons", cache.digest(CHECKOUT))
    return _built(series, checkout / series.name) if series.built else _linked(checkout / "source")


def _linked(folder):
    folder.mkdir(exist_ok=True)
    link = folder / ADDON
    if not link.is_symlink() or os.readlink(link) != str(SOURCE):
        part = folder / (".link-%d" % os.getpid())
        part.symlink_to(SOURCE)
        part.replace(link)
    return folder


def _built(series, folder):
    """Build into a folder named after the sources: other sources, other folder."""
    key = cache.digest(series.name, *_sources())
    path = cache.ensure(
        folder / key,
        key,
        lambda target: _build(series, target),
        "The addon in the form of Odoo %s" % series.name,
    )
    os.utime(path)
    for old in folder.iterdir():
        if time.time() - old.stat().st_mtime > KEEP_SECONDS:
            cache.remove(old)
    return path


def _build(series, target):
    environ = python.clean_environ(PYTHONPATH=CHECKOUT / "setup")
    cache.run(
        [python.tools_environment(), "-c", BUILD, series.name, SOURCE, target / ADDON],
        "Building the addon for %s" % series.name,
        env=environ,
        cwd=CHECKOUT,
    )


def _sources():
    """Yield name and content of all that a build is made of: the addon, and what builds it."""
    for folder in (SOURCE, CHECKOUT / "setup" / "_lib" / "dialect"):
        for path in sorted(folder.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                yield str(path.relative_to(CHECKOUT))
                yield path.read_bytes().hex()
