"""Odoo itself: where its code comes from, and how to run it with the addon and the database set."""

import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from . import addon, cache, debian, postgres, python
from .cache import SetupError
from .series import SERIES, Series

SOURCE_VARIABLE = "ODOO_SOURCE"
REPOSITORY = "https://github.com/odoo/odoo"
DEBIAN_PACKAGES = "usr/lib/python3/dist-packages"
# What a session on this machine wants, rather than a public server. The memory and time limits are for
# requests of strangers; a first page that builds all assets may well take longer.
OPTIONS = {
    "http_interface": "127.0.0.1",
    "list_db": "True",
    "max_cron_threads": "0",
    "workers": "0",
    "limit_time_cpu": "3600",
    "limit_time_real": "3600",
    "limit_memory_soft": "0",
    "limit_memory_hard": "0",
}


@dataclass(frozen=True)
class Source:
    """Odoo's code: the folder that its Python package lies in, the program, addons, and what it is."""

    root: Path
    program: Path
    addons: tuple
    key: str


@dataclass(frozen=True)
class Odoo:
    """One series of Odoo, ready to run."""

    series: Series
    source: Source
    python: Path
    server: postgres.Server
    addons: Path = None  # a folder to take the addon from, rather than the checkout

    @property
    def data(self):
        """Return the folder of its file store and sessions."""
        return cache.folder("data", self.server.key, self.series.name)

    def environ(self, **more):
        """Return the environment to run it in."""
        own = {"PYTHONPATH": self.source.root, "TZ": "UTC", "ODOO_RC": self.config()}
        return python.clean_environ(**{**own, **self.server.environ(), **more})

    def command(self, *arguments):
        """Return the command line for arguments of Odoo's own."""
        return [str(part) for part in (self.python, self.source.program, *arguments)]

    def config(self, with_addon=True, **more):
        """Write a configuration file; return its path. `more` are options of Odoo's, db_name for one."""
        own = [self.addons or addon.path_for(self.series)] if with_addon else []
        addons = [*own, *self.source.addons]
        options = {
            **OPTIONS,
            "addons_path": ",".join(map(str, addons)),
            "data_dir": self.data,
            "db_host": self.server.host or "False",
            "db_port": self.server.port or "False",
            "db_user": self.server.user or "False",
            "db_password": self.server.password or "False",
            **more,
        }
        text = "[options]\n" + "".join("%s = %s\n" % option for option in options.items())
        who = cache.digest(
            cache.CHECKOUT, self.source.root, self.server.key, with_addon, self.addons, *sorted(more.items())
        )
        path = cache.folder("conf") / ("%s-%s.conf" % (self.series.name, who))
        cache.write(path, text, mode=0o600)  # the password is in there
        return path

    def run(self, *arguments, what):
        """Run it to its end, quietly; return what it printed. Raises where it fails."""
        return cache.run(self.command(*arguments), what, env=self.environ())


def get(series):
    """Return a series of Odoo ready to run: code, Python packages and database server."""
    if series.prepared:
        raise SetupError(
            "%s is prepared and was never run: setup/release %s writes the addon for it. To run it, make"
            " setup/requirements-%s.txt, and take `prepared` out of setup/_lib/series.py" % ((series.name,) * 3)
        )
    source = _source(series)
    return Odoo(series, source, python.series_environment(series), postgres.server())


def series_of_source():
    """Return the series that ODOO_SOURCE is of, or None where it is not set."""
    given = os.environ.get(SOURCE_VARIABLE)
    return SERIES.get(_release(_tree(Path(given)))) if given else None


def _source(series):
    given = os.environ.get(SOURCE_VARIABLE)
    if given:
        return _given(series, Path(given).expanduser().resolve())
    return _from_debian(series) if series.debian else _from_repository(series)


def _given(series, folder):
    root = _tree(folder)
    found = _release(root)
    if found != series.name:
        raise SetupError(
            "%s holds Odoo %s, not %s: ask for that series, or unset %s" % (root, found, series.name, SOURCE_VARIABLE)
        )
    return _from_tree(root)


def _tree(folder):
    """Return the folder that holds odoo-bin: the given one, or its subfolder `core`."""
    for root in (folder, folder / "core"):
        if (root / "odoo-bin").is_file() and (root / "odoo" / "release.py").is_file():
            return root.resolve()
    raise SetupError(
        "%s=%s: neither it nor its subfolder 'core' holds odoo-bin and odoo/release.py" % (SOURCE_VARIABLE, folder)
    )


def _from_tree(root):
    # the revision where it is a checkout, so that other code gets other template databases
    revision = _revision(root) or cache.digest((root / "odoo" / "release.py").read_text())
    return Source(root, root / "odoo-bin", (root / "odoo" / "addons", root / "addons"), cache.digest(root, revision))


def _revision(root):
    head = root / ".git" / "HEAD"
    if not head.is_file():
        return ""
    text = head.read_text().strip()
    reference = root / ".git" / text.removeprefix("ref: ")
    return reference.read_text().strip() if text.startswith("ref: ") and reference.is_file() else text


def _release(root):
    """Read "18.0" out of a tree's release.py without running it."""
    found = re.search(r"^version_info = \((\d+), (\d+)", (root / "odoo" / "release.py").read_text(), re.M)
    if not found:
        raise SetupError("%s/odoo/release.py names no version" % root)
    return ".".join(found.groups())


def _from_debian(series):
    path = cache.ensure(
        cache.root() / "odoo" / ("%s-debian" % series.name),
        cache.digest(series.debian, series.stubs),
        lambda target: _unpack(series, target),
        "Odoo %s from Debian" % series.name,
    )
    root = path / DEBIAN_PACKAGES
    return Source(
        root,
        path / "usr" / "bin" / "odoo",
        (root / "odoo" / "addons",),
        cache.digest((path / "version").read_text()),
    )


def _unpack(series, target):
    for suite, packages in series.debian:
        debian.unpack(suite, packages, target)
    suite, packages = series.debian[0]
    (target / "version").write_text(debian.version(suite, packages[0]))
    root = target / DEBIAN_PACKAGES
    # a second, incomplete copy of the addons, that Odoo would put on its path by itself
    cache.remove(root / "addons")
    for stub in series.stubs:
        path = root / "odoo" / "addons" / stub
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    broken = debian.dangling_links(root)
    if broken:
        raise SetupError(
            "Odoo %s from Debian links to files of packages that are not in setup/_lib/series.py:\n%s"
            % (series.name, "\n".join("    %s -> %s" % (link, os.readlink(link)) for link in broken[:9]))
        )


def _from_repository(series):
    if not shutil.which("git"):
        raise SetupError("git not found: apt-get install git")

    def clone(target):
        options = ["--quiet", "--depth", 1, "--single-branch", "--branch", series.name]
        environ = dict(os.environ, GIT_TERMINAL_PROMPT="0")
        try:
            cache.run(["git", "clone", *options, REPOSITORY, target / "odoo"], "git clone", env=environ)
        except SetupError as error:
            raise SetupError(
                "Odoo %s is in no Debian release, and cloning it from %s did not work:\n%s\n"
                "Point %s at a source tree of it instead (a folder with odoo-bin)."
                % (series.name, REPOSITORY, error, SOURCE_VARIABLE)
            ) from None

    path = cache.ensure(
        cache.root() / "odoo" / ("%s-git" % series.name),
        series.name,
        clone,
        "Odoo %s from its public repository" % series.name,
    )
    return _from_tree(path / "odoo")
