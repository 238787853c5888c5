"""The cache folder: what was fetched or made once, and how commands share it.

Everything lies in ``${XDG_CACHE_HOME:-~/.cache}/stock-revaluation-journal`` and can be deleted at
any time (stop the database server first: ``setup/db stop``). Two habits keep it sound:

* something is *made* only when its marker says so, and the marker is written last: a command that
  was interrupted leaves no marker, and the next one starts that piece again;
* one process makes a piece, the others wait for it (a file lock, freed by the kernel however the
  holder ends).
"""

import argparse
import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

NAME = "stock-revaluation-journal"
CHECKOUT = Path(__file__).resolve().parents[2]
MARKER = ".made"
STILL_AT_IT_SECONDS = 30
SILENT_SECONDS = 3  # a wait that is not worth a word


class SetupError(Exception):
    """Something that the user can mend; the message says what and where."""


def root():
    """Return the cache folder, made if need be."""
    base = os.environ.get("XDG_CACHE_HOME") or ""
    # a relative XDG_CACHE_HOME is to be ignored: XDG Base Directory Specification
    folder = (Path(base) if os.path.isabs(base) else Path.home() / ".cache") / NAME
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def folder(*parts):
    """Return a folder in the cache, made if need be."""
    path = root().joinpath(*parts)
    path.mkdir(parents=True, exist_ok=True)
    return path


def digest(*values):
    """Return a short name for a set of values: the same ones give the same name."""
    return hashlib.sha256("\0".join(map(str, values)).encode()).hexdigest()[:10]


def say(message):
    """Tell the user what is being done; on stderr, so that output can be piped."""
    print("setup: %s" % message, file=sys.stderr, flush=True)


@contextlib.contextmanager
def step(what):
    """Say what is being made, that it still is, and how long it took."""
    start, done = time.monotonic(), threading.Event()

    def still_at_it():
        while not done.wait(STILL_AT_IT_SECONDS):
            say("… still: %s (%d s)" % (what, time.monotonic() - start))

    say(what + " …")
    threading.Thread(target=still_at_it, daemon=True).start()
    try:
        yield
    except BaseException:
        say("%s: not finished" % what)
        raise
    else:
        say("%s: done in %.0f s" % (what, time.monotonic() - start))
    finally:
        done.set()


@contextlib.contextmanager
def lock(name):
    """Let one process at a time do `name`; the others wait and say so."""
    path = folder("locks") / (name.replace("/", "_") + ".lock")
    with open(path, "w") as handle:
        deadline = time.monotonic() + SILENT_SECONDS
        while not _locked(handle):
            if time.monotonic() > deadline:
                say("another command is at '%s': waiting for it" % name)
                fcntl.flock(handle, fcntl.LOCK_EX)
                break
            time.sleep(0.05)
        yield


def _locked(handle):
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def made(path, key=""):
    """Tell whether `path` was made completely, out of what `key` names."""
    try:
        return (path / MARKER).read_text() == key
    except (FileNotFoundError, NotADirectoryError):
        return False


def ensure(path, key, build, what):
    """Return the folder `path`, after ``build(path)`` has filled it if it was not yet made.

    `key` names what it is made of: another one makes it anew. Remains of an interrupted run are
    deleted first.
    """
    if made(path, key):
        return path
    with lock(str(path.relative_to(root()))):
        if made(path, key):
            return path
        if path.exists():
            remove(path)
        path.mkdir(parents=True)
        with step(what):
            build(path)
        write(path / MARKER, key)
    return path


def remove(path):
    """Delete a file or a folder; not being there is fine."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def write(path, content, mode=0o644):
    """Write a text or bytes to a file so that readers see the old content or the new one, never a part."""
    part = path.with_name("%s.part-%d" % (path.name, os.getpid()))
    part.touch(mode=mode)
    part.chmod(mode)
    part.write_bytes(content if isinstance(content, bytes) else content.encode())
    part.replace(path)


def run(command, what, **kwargs):
    """Run a command quietly and return what it printed; where it fails, raise with the end of that.

    Its output goes to a file and never through a pipe: a server that is left running would keep a pipe
    open, and the caller waiting for its end.
    """
    with tempfile.TemporaryFile(dir=folder("logs")) as out:
        how = {"stdin": subprocess.DEVNULL, "stdout": out, "stderr": subprocess.STDOUT, **kwargs}
        code = subprocess.run([str(part) for part in command], **how).returncode
        out.seek(0)
        text = out.read().decode(errors="replace")
    if code:
        raise SetupError("%s failed (exit status %d):\n%s" % (what, code, tail(text)))
    return text


def tail(text, lines=25):
    """Return the last lines of a text, indented."""
    return "\n".join("    " + line for line in text.rstrip().splitlines()[-lines:])


def parser(name, text):
    """Return the parser of a command's options, which explains it with its docstring."""
    return argparse.ArgumentParser(
        prog="setup/" + name, description=text, formatter_class=argparse.RawDescriptionHelpFormatter
    )


def main(function):
    """Run a command's function; turn what the user can mend into a message and exit status 1."""
    try:
        sys.exit(function())
    except SetupError as error:
        print("setup: %s" % error, file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        print("\nsetup: interrupted; run it again to go on", file=sys.stderr)
        sys.exit(130)
