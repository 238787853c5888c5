"""Whole addons: read, translated file by file, checked, written."""

import ast
import os
import re
from pathlib import Path

from lxml import etree

from . import arch, directives, models, newer, records, rules
from .errors import DialectError
from .presence import is_arch
from .series import belongs, major

MANIFEST = "__manifest__.py"
SKIPPED = re.compile(r"(^|/)(__pycache__|\.[^/]*|tests)(/|$)|\.(pyc|pyo|orig|rej|bak|swp)$|~$")


def build(series, source, target):
    """Write the addon in `source` to the new folder `target`, in the form of `series`: all of it or nothing.

    Raises: DialectError with every file's first problem.
    """
    for path, content in render(series, source).items():
        (Path(target) / path).parent.mkdir(parents=True, exist_ok=True)
        (Path(target) / path).write_bytes(content)


def render(series, source, paths=None):
    """Return the addon in the form of `series`: {path inside the addon: bytes}, sorted.

    `paths` limits it to some of the source's files (release leaves out what git ignores).
    """
    number, source = major(series), Path(source)
    originals = _read(source, paths, number)
    known = models.read(content.decode() for path, content in originals.items() if path.endswith(".py"))
    files, problems = {}, []
    for path, content in originals.items():
        try:
            files[_place(series, path)] = translate(series, path, content, known)
        except DialectError as error:
            problems.append(str(error.at(path)))
    if number >= newer.FIRST and not problems:
        files = newer.access(files, known)
    problems.extend(_missing(files) if not problems else [])
    for path, content in files.items():
        problems.extend(file_faults(number, path, content))
    if problems:
        raise DialectError("%s: cannot be built for %s:\n  %s" % (source.name, series, "\n  ".join(problems)))
    return files


def _read(source, paths, number):
    """Return the source's files that are part of the addon of series `number`."""
    names = sorted(source_files(source) if paths is None else paths)
    return {path: (source / path).read_bytes() for path in names if belongs(path, number) and not SKIPPED.search(path)}


def _place(series, path):
    """Return where a file belongs: up to 16.0 Odoo runs migrations only from a folder that names the series too."""
    return re.sub(r"^migrations/(?=\d+\.\d+\.\d+/)", "migrations/%s." % series, path)


def _missing(files):
    """Return what the manifest names and is not there, a line each."""
    if MANIFEST not in files:
        return ["no addon here: %s is missing" % MANIFEST]
    manifest = ast.literal_eval(files[MANIFEST].decode())
    named = manifest.get("data", []) + manifest.get("demo", [])
    return ["%s: %s is missing" % (MANIFEST, path) for path in named if path not in files]


def source_files(source):
    """Return the paths of an addon's files, relative, with slashes."""
    found = []
    for folder, folders, names in os.walk(source):
        relative = os.path.relpath(folder, source).replace(os.sep, "/")
        folders[:] = [name for name in folders if not SKIPPED.search(name)]
        found.extend(name if relative == "." else "%s/%s" % (relative, name) for name in names)
    return [path for path in found if not SKIPPED.search(path)]


# --- one file --------------------------------------------------------------------------------------


def translate(series, path, content, known):
    """Return one file in the form of `series`; `known` is what `models.read` says of the addon."""
    number = major(series)
    if path == MANIFEST:
        return stamp(content.decode(), series).encode()
    if not path.endswith(".xml") or path.startswith("static/"):
        return content
    root = parse_xml(content)
    _raise_first(rules.xml_faults(root, number, source=True))
    if 17 < number < newer.FIRST:
        return content
    directives.apply(root, number)
    if number >= newer.FIRST:
        newer.translate(root)
        return _written(root)
    for field in [field for field in root.iter("field") if is_arch(field)]:
        arch.translate(field, number, known)
    records.translate(root, number)
    if number <= 15:
        records.older_markup(root)
    return _written(root)


def _written(root):
    return etree.tostring(root.getroottree(), xml_declaration=True, encoding="utf-8") + b"\n"


def parse_xml(content):
    """Return the root of an XML document.

    Raises: DialectError when it is not well-formed.
    """
    try:
        return etree.fromstring(content)
    except etree.XMLSyntaxError as error:
        raise DialectError(error.msg, line=error.lineno) from None


def _raise_first(found):
    if found:
        element, reason = min(found, key=lambda fault: fault[0].sourceline or 0)
        raise DialectError(reason, element)


def stamp(text, series):
    """Return a manifest with the series before its version, and nothing else changed."""
    bare = _version(text)
    return re.sub(r"""(["']version["']:\s*["'])%s(?=["'])""" % re.escape(bare), r"\g<1>%s.%s" % (series, bare), text)


def manifest_version(source):
    """Return the bare version of an addon."""
    return _version((Path(source) / MANIFEST).read_text())


def _version(text):
    """Return a manifest's version.

    Raises: DialectError unless the manifest is literal and its version is bare: ``1.0.0``.
    """
    try:
        version = ast.literal_eval(text.strip())["version"]
    except (SyntaxError, ValueError, KeyError, TypeError):
        raise DialectError("the manifest must be one literal dictionary with a version", path=MANIFEST) from None
    if not re.fullmatch(r"\d+\.\d+\.\d+", str(version)):
        raise DialectError("the manifest's version must be bare, like 1.0.0", path=MANIFEST)
    return version


# --- checking --------------------------------------------------------------------------------------


def file_faults(number, path, content):
    """Return what is wrong with one file, a line each."""
    if path.endswith(".py"):
        found = rules.python_faults(content.decode())
    elif path.endswith(".xml") and not path.startswith("static/"):
        found = rules.xml_faults(parse_xml(content), number, source=False)
    else:
        found = []
    return [rules.describe(path, place, reason) for place, reason in found]
