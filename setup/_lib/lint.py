"""Lint: the hooks of .pre-commit-config.yaml, run by pre-commit over all files that git knows."""

import os
import subprocess

from . import cache, python


def run():
    """Run every hook, which mends what it can; return whether all were content as it was."""
    tools = python.lint_environment().parent
    environ = python.clean_environ(
        # Node.js comes along as a wheel, for prettier
        PATH=os.pathsep.join((str(tools), os.environ["PATH"])),
        PRE_COMMIT_HOME=cache.folder("pre-commit"),
        PYLINTHOME=cache.folder("pylint"),
        RUFF_CACHE_DIR=cache.folder("ruff"),
    )
    with cache.lock("pre-commit"):
        command = [tools / "pre-commit", "run", "--all-files", "--color=never"]
        done = subprocess.run(command, cwd=cache.CHECKOUT, env=environ, stdin=subprocess.DEVNULL)
    return done.returncode == 0
