"""Lint: the hooks of .pre-commit-config.yaml, run by pre-commit over all files that git knows."""

import os
import subprocess
import tempfile

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
    command = [tools / "pre-commit", "run", "--all-files", "--color=never"]
    with cache.lock("pre-commit"), tempfile.TemporaryDirectory() as folder:
        environ.update(_git_environ(folder))
        done = subprocess.run(command, cwd=cache.CHECKOUT, env=environ, stdin=subprocess.DEVNULL)
    return done.returncode == 0


def _git_environ(folder):
    """Return what lets git answer for the checkout: another user's too, and an unpacked archive, all of it."""
    trusted = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": "*"}

    def git(*arguments, **more):
        return subprocess.run(
            ["git", *arguments], cwd=cache.CHECKOUT, env={**os.environ, **trusted, **more}, capture_output=True
        )

    if git("rev-parse", "--verify", "HEAD").returncode == 0:
        return trusted
    own = {"GIT_DIR": folder, "GIT_WORK_TREE": str(cache.CHECKOUT)}
    git("init", "--quiet", **own)
    git("add", "--all", **own)
    return {**trusted, **own}
