"""An Odoo server for as long as somebody needs it."""

import contextlib
import http.client
import re
import signal
import socket
import subprocess
import time

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


@contextlib.contextmanager
def running(odoo, name, port=None, log=None):
    """Serve one database; yield the address. The server ends with the block, its log stays in `log`."""
    port = port or free_port()
    log = log or cache.folder("logs") / ("server-%s.log" % name)
    with open(log, "wb") as out:
        process = subprocess.Popen(
            odoo.command("-d", name, "--db-filter=^%s$" % re.escape(name), "--http-port", port, *OPTIONS),
            env=odoo.environ(),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
        try:
            _wait(process, port, log)
            yield "http://127.0.0.1:%d" % port
        finally:
            _end(process)


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
