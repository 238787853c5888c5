"""The PostgreSQL server: the one that PGHOST, PGPORT or PGUSER point to, else a private one in the cache.

The private cluster is made with ``initdb`` from the programs of Debian's ``postgresql`` package, listens
on this machine only, on a free port, and wants a password that is kept in the cache: other users of the
machine cannot get in. It trades durability for speed, since everything in it can be made again.
It is left running (idle, it costs next to nothing); ``setup/db stop`` ends it.

PostgreSQL refuses to run as root. For root the server runs as the user that Debian's package made, to whom root's home
is closed: its cluster lies in /var/lib, in a folder named after the cache's path.

On somebody else's server only databases that carry MARK as their comment are ever dropped or replaced.
"""

import os
import pwd
import re
import secrets
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from . import cache, debian, serve
from .cache import SetupError

PACKAGES = ("postgresql", "postgresql-contrib")
USER = "odoo"
MARK = "made by stock-revaluation-journal"
SETTINGS = {
    "listen_addresses": "'127.0.0.1'",
    "unix_socket_directories": "''",  # a socket's path may have 107 characters, a cache folder more
    "max_connections": 200,
    "shared_buffers": "'256MB'",
    "work_mem": "'16MB'",
    "maintenance_work_mem": "'128MB'",
    "max_wal_size": "'2GB'",
    # nothing in here is worth waiting for the disk
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum_naptime": "'5min'",
    "random_page_cost": 1.1,
    "jit": "off",
    "timezone": "'UTC'",
    "log_min_messages": "fatal",
}


@dataclass(frozen=True)
class Server:
    """A server that is up. Empty host, port or user: whatever libpq takes by itself."""

    host: str
    port: str
    user: str
    password: str = ""
    private: bool = False

    @property
    def key(self):
        """Return a short name for the server, for folders that belong to its databases."""
        return "private" if self.private else cache.digest(self.host, self.port)

    def environ(self):
        """Return the environment variables that lead libpq's programs here."""
        values = {"PGHOST": self.host, "PGPORT": self.port, "PGUSER": self.user, "PGPASSWORD": self.password}
        return {name: value for name, value in values.items() if value}

    def query(self, sql, database="postgres"):
        """Run SQL; return the rows as lists of text."""
        options = ["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-F", "\t"]
        done = subprocess.run(
            [program("psql"), *options, "-d", database, "-c", sql],
            env={**os.environ, **self.environ()},
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
        )
        if done.returncode:
            raise SetupError("PostgreSQL: %s" % done.stderr.strip())
        return [line.split("\t") for line in done.stdout.splitlines()]

    def databases(self):
        """Return {name: made by us} of all databases."""
        rows = self.query(
            "SELECT datname, coalesce(shobj_description(oid, 'pg_database'), '') FROM pg_database"
            " WHERE NOT datistemplate ORDER BY datname"
        )
        return {name: comment == MARK for name, comment in rows}

    def create(self, name, template=None):
        """Create a database, marked as ours; as a copy of `template` if given."""
        how = "TEMPLATE %s" % quote(template) if template else "ENCODING 'UTF8' TEMPLATE template0"
        self.query("CREATE DATABASE %s %s" % (quote(name), how))
        self.query("COMMENT ON DATABASE %s IS '%s'" % (quote(name), MARK))

    def rename(self, old, new):
        """Rename a database."""
        self.query("ALTER DATABASE %s RENAME TO %s" % (quote(old), quote(new)))

    def drop(self, name):
        """Drop a database if there is one, and only if it is ours: marked, or in the private cluster."""
        ours = self.databases().get(name)
        if ours is None:
            return
        if not (ours or self.private):
            raise SetupError("database %s was not made by these commands: left alone" % name)
        self.query("DROP DATABASE IF EXISTS %s WITH (FORCE)" % quote(name))


def quote(name):
    """Quote an SQL identifier."""
    return '"%s"' % name.replace('"', '""')


def server():
    """Return the server to use, started if need be."""
    given = {name: os.environ.get(name, "") for name in ("PGHOST", "PGPORT", "PGUSER")}
    if any(given.values()):
        return _given(given)
    with cache.lock("postgresql"):
        return _private()


def stop():
    """Stop the private server, if it runs; tell whether it did."""
    data = _home() / "data"
    running = _running(data)
    if running:
        os.kill(running, signal.SIGINT)  # "fast": ends the sessions, writes everything out
        while _running(data):
            time.sleep(0.1)
    return bool(running)


def program(name):
    """Return the path of one of PostgreSQL's programs: Debian's own place first, newest version first.

    What is on the path may be a wrapper or something else under the same name.
    """
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/" + name), key=_version, reverse=True)
    path = next((path for path in found if os.access(path, os.X_OK)), None) or shutil.which(name)
    if not path:
        raise SetupError("PostgreSQL's %s not found: apt-get install %s" % (name, " ".join(PACKAGES)))
    return str(path)


def _version(path):
    return [int(part) for part in re.findall(r"\d+", path.parts[4])]


def _given(given):
    """Return the server that the environment points to, if it is of use to Odoo."""
    found = Server(given["PGHOST"], given["PGPORT"], given["PGUSER"], os.environ.get("PGPASSWORD", ""))
    try:
        user, may_create = found.query(
            "SELECT current_user, rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user"
        )[0]
    except SetupError as error:
        raise SetupError("%s\n(PGHOST, PGPORT or PGUSER is set; unset them to get a private server)" % error) from None
    if user == "postgres":
        raise SetupError(
            "Odoo refuses to work as the database user 'postgres': set PGUSER to another one that may "
            "create databases, or unset PGHOST, PGPORT and PGUSER to get a private server"
        )
    if may_create != "t":
        raise SetupError("the database user %s may not create databases: ALTER ROLE %s CREATEDB" % (user, user))
    return found


def _private():
    _install_if_missing()
    home = _home()
    if not cache.made(home, "1"):
        _initialise(home)
    port = _port(home) if _running(home / "data") else _start(home)
    found = Server("127.0.0.1", str(port), USER, (home / "password").read_text(), private=True)
    try:
        found.query("SELECT 1")
    except SetupError as error:
        raise SetupError(
            "the private PostgreSQL server does not answer: %s\n%s\n"
            "Its databases can all be made again: setup/db stop, and delete %s" % (error, _end_of_log(home), home)
        ) from None
    return found


def _install_if_missing():
    try:
        program("initdb")
    except SetupError:
        try:
            debian.install(PACKAGES)
        except SetupError as error:
            raise SetupError("PostgreSQL: %s\n(or point PGHOST, PGPORT and PGUSER at a server)" % error) from None


def _home():
    """Return the cluster's folder: in the cache, or where the server's own user can get to it."""
    in_cache = cache.folder("postgresql")
    account = _account()
    if account is None:
        return in_cache
    home = Path("/var/lib") / cache.NAME / cache.digest(in_cache)
    home.mkdir(parents=True, exist_ok=True)
    os.chown(home, account.pw_uid, account.pw_gid)
    return home


def _account():
    """Return the user that the server runs as when this is root, else None."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise SetupError("no user to run PostgreSQL as: adduser --system postgres")


def _as_server():
    """Return the arguments that make subprocess run something as the server's user."""
    account = _account()
    return {} if account is None else {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def _initialise(home):
    """Make the cluster; its marker is written last, so that half of one is made again."""
    data, password = home / "data", home / "password"
    cache.remove(data)
    cache.write(password, secrets.token_urlsafe(24), mode=0o600)
    account = _account()
    if account:
        os.chown(password, account.pw_uid, account.pw_gid)
    options = ["-U", USER, "--auth=scram-sha-256", "--pwfile", password, "--encoding=UTF8", "--locale=C.UTF-8"]
    with cache.step("a private PostgreSQL cluster in %s" % home):
        cache.run([program("initdb"), "-D", data, *options, "--no-sync"], "initdb", cwd=home, **_as_server())
        with open(data / "postgresql.conf", "a") as file:
            file.writelines("%s = %s\n" % setting for setting in SETTINGS.items())
    cache.write(home / cache.MARKER, "1")


def _start(home):
    """Start the server on a free port; return it."""
    data = home / "data"
    (data / "postmaster.pid").unlink(missing_ok=True)  # of a server that is gone: the machine was restarted
    port = serve.free_port()
    options = ["-D", data, "-l", home / "log", "-w", "-t", 60, "-o", "-p %d" % port]
    try:
        cache.run([program("pg_ctl"), *options, "start"], "starting PostgreSQL", cwd=home, **_as_server())
    except SetupError as error:
        cache.say(str(error))  # the query that follows says the rest
    return port


def _end_of_log(home):
    path = home / "log"
    return cache.tail(path.read_text(errors="replace")) if path.exists() else ""


def _running(data):
    """Return the process id of this cluster's server, or 0.

    After a restart of the machine the id in the file may be anybody's: the process has to be a
    PostgreSQL server in this folder.
    """
    try:
        process = int(_postmaster(data)[0])
        at_home = os.readlink("/proc/%d/cwd" % process) == str(data.resolve())
        named = "postgres" in Path("/proc/%d/comm" % process).read_text()
    except (IndexError, ValueError, OSError):
        return 0
    return process if at_home and named else 0


def _port(home):
    return _postmaster(home / "data")[3]


def _postmaster(data):
    path = data / "postmaster.pid"
    return path.read_text().splitlines() if path.exists() else []
