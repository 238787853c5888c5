"""An Odoo server for as long as somebody needs it."""

import contextlib
import http.client
import os
import re
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from . import cache
from .cache import SetupError

START_SECONDS = 180
STOP_SECONDS = 20
# 19.0 warns at each call by XML-RPC that a coming series will do without
OPTIONS = ("--max-cron-threads=0", "--log-handler", "odoo.addons.rpc.controllers.xmlrpc:ERROR")


def free_port():
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@dataclass(frozen=True)
class Server:
    """A server that runs: its address, its process, which leads a group of its own, and where its log is."""

    url: str
    process: subprocess.Popen
    log: Path

    def kill(self):
        """End it and its workers at once, as a machine that loses its power does."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(STOP_SECONDS)


@contextlib.contextmanager
def running(odoo, name, port=None, log=None):
    """Serve one database; yield the address. The server ends with the block, its log stays in `log`."""
    with server(odoo, name, port, log) as found:
        yield found.url


@contextlib.contextmanager
def server(odoo, name, port=None, log=None, options=OPTIONS):
    """Serve one database with options of Odoo's; yield the Server, which ends with the block."""
    port = port or free_port()
    log = log or cache.folder("logs") / ("server-%s-%d.log" % (name, port))
    with open(log, "wb") as out:
        process = subprocess.Popen(
            odoo.command("-d", name, "--db-filter=^%s$" % re.escape(name), "--http-port", port, *options),
            env=odoo.environ(),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        found = Server("http://127.0.0.1:%d" % port, process, log)
        try:
            _wait(process, port, log)
            yield found
        finally:
            _end(process)
            found.kill()  # workers that their server has left behind


def limits(odoo, workers=2, cron=2, cpu=60, real=120, soft=2048, hard=2560):
    """Return options of a server with workers: Odoo's own limits, seconds and megabytes, unless others are given."""
    return (
        "--workers=%d" % workers,
        "--max-cron-threads=%d" % cron,
        "--limit-time-cpu=%d" % cpu,
        "--limit-time-real=%d" % real,
        "--limit-memory-soft=%d" % (soft * 1024**2),
        "--limit-memory-hard=%d" % (hard * 1024**2),
        # of the process beside the workers that tells browsers what is new
        "--%s-port=%d" % ("gevent" if float(odoo.series.name) >= 16 else "longpolling", free_port()),
        *OPTIONS[1:],
    )


def _wait(process, port, log):
    """Return when the login page comes: the registry is loaded then, not only the port open.

    A file is asked for as well, be it there or not: 17.0 reads all manifests then. A browser asks for many
    at once, and Python 3.11 can fail where several threads parse at the same time.
    """
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            if _status(port, "/web/login") == 200:
                _status(port, "/web/static/any")
                return
        except OSError:
            pass
        time.sleep(0.3)
    raise SetupError("Odoo's server did not come up:\n%s" % cache.tail(log.read_text(errors="replace")))


def _status(port, path):
    """Return the HTTP status with which a page is answered."""
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=START_SECONDS)) as connection:
        connection.request("GET", path)
        return connection.getresponse().status


def _end(process):
    """End the server: once politely, then for good (a browser's open request can hold it)."""
    for how in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is None:
            process.send_signal(how)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(STOP_SECONDS)
