"""The terms in Python, and what would keep one from being translated.

Odoo's own export of them differs by series (19.0 takes `("vendor", _("Vendor's price"))` for two
terms); what `_()` is called with is plain to see in the source. Sentences without `_()` are found by pylint-odoo.
"""

import ast
from dataclasses import dataclass
from pathlib import Path

NAMES = ("_", "_lt")
SCOPES = (ast.FunctionDef, ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@dataclass(frozen=True)
class Call:
    """One call of `_()`: its text, None unless that is one literal, and where it stands."""

    path: str
    line: int
    text: str
    problem: str


def calls(addon):
    """Return every `Call` in the addon's Python, by path and line."""
    found = []
    for path in sorted(Path(addon).rglob("*.py")):
        if "__pycache__" not in path.parts:
            found += _calls(path.relative_to(addon).as_posix(), ast.parse(path.read_text()))
    return found


def _calls(path, tree):
    parents = {child: parent for parent in ast.walk(tree) for child in ast.iter_child_nodes(parent)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _name(node) in NAMES:
            literal = node.args and isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, str)
            text = node.args[0].value if literal else None
            yield Call(path, node.lineno, text, _problem(node, text, parents))


def _problem(node, text, parents):
    """Return what keeps a call from being translated, "" if nothing does."""
    if text is None:
        return "not one literal text"
    scope = parents.get(node)
    while scope is not None and not isinstance(scope, SCOPES):
        scope = parents.get(scope)
    if scope is None:
        return "evaluated at import, in no user's language"
    # Odoo finds the language in the `self` of the calling frame; up to Python 3.11 a comprehension is a
    # frame of its own, which knows of `self` only if it uses it.
    names = {each.id for each in ast.walk(scope) if isinstance(each, ast.Name)}
    names |= {each.arg for each in ast.walk(scope) if isinstance(each, ast.arg)}
    if "self" not in names and not isinstance(node.func, ast.Attribute):
        return "no self in its frame: Odoo does not find the language"
    return ""


def _name(call):
    return getattr(call.func, "id", None) or getattr(call.func, "attr", None)
