"""Databases: a template with Odoo's demo data for each series, and copies of it.

Installing the modules takes a minute, copying the result a second. A template is made under another
name and gets its own when it is complete, so an interrupted one is never taken for it.
"""

import contextlib
import os
import re
import shutil
import subprocess

from . import addon, cache
from .cache import SetupError
from .series import ADDON, NEEDED

# Databases of tests and benchmarks, with the number of the process that made them.
PASSING = re.compile(r"srj_(?:test|bench)_[0-9]+_([0-9]+)(_[a-z]+)?")
ONCE = ("--stop-after-init", "--no-http", "--max-cron-threads=0")
ENTRY = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d+ \d+ (?P<level>[A-Z]+) ", re.M)
# Said by Odoo or its libraries about themselves, whatever the addon does.
NOISE = (
    "discuss_channel_member",  # two pages of one user say at once what was read; Odoo runs the second one again
    "py.warnings",
    "odoo.modules.module: Missing `license` key in manifest",  # of addons that lie about in a source tree
    "odoo.addons.base.models.ir_actions_report: You need Wkhtmltopdf",
    "odoo.addons.iap.",
    "odoo.addons.partner_autocomplete.",
)
# Odoo asks a service of its vendor about the company as soon as somebody logs in. Tests and demos ask
# nobody outside: port 9 of this machine refuses at once.
NOWHERE = "http://127.0.0.1:9"
SERVICES = ("iap.endpoint", "iap.partner_autocomplete.endpoint")
ASK_NOBODY = (
    "INSERT INTO ir_config_parameter (key, value) VALUES %s ON CONFLICT (key) DO UPDATE SET value = excluded.value"
) % ", ".join("('%s', '%s')" % (key, NOWHERE) for key in SERVICES)


def template(odoo, extra=(), demo=True):
    """Return the name of the template database of a series, made if need be.

    It holds the series' modules and `extra` ones with demo data; without, only what the addon itself needs. Not the
    addon.
    """
    modules, options = sorted({*(odoo.series.modules if demo else NEEDED), *extra}), odoo.series.demo_options(demo)
    name = "srj_template_%s_%s" % (
        odoo.series.number,
        cache.digest(odoo.source.key, options, ASK_NOBODY, *modules),
    )
    if _is_there(odoo, name):
        return name
    with cache.lock("%s-%s" % (odoo.server.key, name)):
        if not _is_there(odoo, name):
            with cache.step("a database with Odoo %s%s, once" % (odoo.series.name, "'s demo data" if demo else "")):
                _make_template(odoo, name, modules, options)
    return name


def _is_there(odoo, name):
    # the cache may have been deleted and the server be another's: both halves have to be there
    return name in odoo.server.databases() and filestore(odoo, name).is_dir()


def _make_template(odoo, name, modules, options):
    part = name + "_part"
    for old in (part, name):
        drop(odoo, old)
    odoo.server.create(part)
    bare = ("-c", odoo.config(with_addon=False), "--log-level=warn")
    _load(odoo, part, "-i", modules, *bare, *options)
    odoo.server.query(ASK_NOBODY, part)
    filestore(odoo, part).mkdir(parents=True, exist_ok=True)
    filestore(odoo, part).rename(filestore(odoo, name))
    odoo.server.rename(part, name)


def create(odoo, name, extra=()):
    """Create a database with demo data as a copy of the template; one of that name may not be there."""
    if name in odoo.server.databases():
        raise SetupError("there is a database %s already: setup/db drop %s, or take another name" % (name, name))
    copy(odoo, template(odoo, extra), name)
    return name


@contextlib.contextmanager
def passing(odoo, name, extra=()):
    """Create a database with demo data for as long as the block lasts; yield its name."""
    try:
        yield create(odoo, name, extra)
    finally:
        drop(odoo, name)


def copy(odoo, original, name):
    """Copy a database that nobody is connected to, with the files that belong to it."""
    with cache.lock("%s-copy-%s" % (odoo.server.key, original)):  # PostgreSQL refuses two copies at once
        odoo.server.create(name, template=original)
    cache.remove(filestore(odoo, name))
    # hard links: Odoo never writes into a stored file, it only adds and deletes
    shutil.copytree(filestore(odoo, original), filestore(odoo, name), copy_function=os.link)


def drop(odoo, name):
    """Drop a database of ours and the files that belong to it; none of that name is fine."""
    odoo.server.drop(name)
    cache.remove(filestore(odoo, name))


def drop_orphans(odoo):
    """Drop the databases that tests and benchmarks left behind when they were killed."""
    if not odoo.server.private:
        return  # their process may be another machine's
    with cache.lock("orphans"):  # the parts of a run begin at the same time
        for name in odoo.server.databases():
            match = PASSING.fullmatch(name)
            if match and (int(match.group(1)) == os.getpid() or not os.path.exists("/proc/" + match.group(1))):
                drop(odoo, name)


def filestore(odoo, name):
    """Return the folder that Odoo keeps a database's attachments in."""
    return odoo.data / "filestore" / name


def install(odoo, name, modules=(ADDON,), update=False, demo=True):
    """Install modules (or update them) in a database; return what the log complains about."""
    text = _load(odoo, name, "-u" if update else "-i", modules, *odoo.series.demo_options(demo))
    if ADDON in modules and not _installed(odoo, name):
        # Odoo may log the reason and end with status 0 all the same
        raise SetupError(
            "Odoo %s did not install %s from %s:\n%s"
            % (odoo.series.name, ADDON, addon.SOURCE, cache.tail("\n".join(complaints(text))))
        )
    return complaints(text)


def _load(odoo, name, option, modules, *options):
    """Run Odoo once to install or update modules; return its log."""
    what = "Installing %s in Odoo %s" % (", ".join(modules), odoo.series.name)
    return odoo.run("-d", name, option, ",".join(modules), *options, *ONCE, what=what)


def _installed(odoo, name):
    rows = odoo.server.query("SELECT state FROM ir_module_module WHERE name = '%s'" % ADDON, name)
    return rows == [["installed"]]


def complaints(log):
    """Return the entries of a log that are warnings or worse, each with the lines that belong to it."""
    starts = list(ENTRY.finditer(log))
    if not starts:
        return []
    ends = [match.start() for match in starts[1:]] + [len(log)]
    entries = [
        log[match.start() : end].rstrip()
        for match, end in zip(starts, ends, strict=True)
        if match["level"] in ("WARNING", "ERROR", "CRITICAL")
    ]
    return [entry for entry in entries if ADDON in entry or not any(noise in entry for noise in NOISE)]


def run_script(odoo, name, script, **environ):
    """Run a Python file in Odoo's shell on a database, its output passed through; return its exit status.

    `environ` are variables that the script can read. An exception in the script fails it.
    """
    with open(script) as source:
        # Python's own warnings are about Odoo's libraries, and print whole stacks between the script's lines
        command = odoo.command("shell", "-d", name, "--no-http", "--log-level=warn", "--log-handler=py.warnings:ERROR")
        return subprocess.run(command, stdin=source, env=script_environ(odoo, **environ)).returncode


def script_environ(odoo, **more):
    """Return the environment of a script in Odoo's shell, which can import `_lib` and the tests' builders."""
    path = (odoo.source.root, cache.CHECKOUT / "setup", cache.CHECKOUT / "tests" / "odoo")
    return odoo.environ(PYTHONPATH=os.pathsep.join(map(str, path)), **more)
