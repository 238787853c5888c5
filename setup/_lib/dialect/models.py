"""What the addon's models say about views: domains of fields, read from the Python source.

A relational field whose domain reads other fields needs these in every view it stands in, up to 17.0.
`check_company` is such a domain: it reads `company_id`.
"""

import ast
import contextlib
from dataclasses import dataclass, field

from .conditions import variables
from .errors import DialectError


@dataclass
class Field:
    """A field of a model: its other model if that is known, and what its domain reads."""

    comodel: str = ""
    reads: list = field(default_factory=list)


def read(texts):
    """Return the fields that Python modules define: {model: {name: Field}}."""
    models = {}
    for text in texts:
        for node in ast.walk(_parse(text)):
            if isinstance(node, ast.ClassDef) and _model_of(node):
                models.setdefault(_model_of(node), {}).update(_fields_of(node))
    for fields in models.values():
        for one in fields.values():
            # a model without a company checks the user's, which no view contains
            one.reads = [name for name in one.reads if name != "company_id" or name in fields]
    return models


def _parse(text):
    try:
        return ast.parse(text)
    except SyntaxError:
        return ast.Module(body=[], type_ignores=[])  # what is wrong is told by rules.python_faults


def _model_of(node):
    """Return the model that a class defines or extends; None when it is no model."""
    values = {}
    for statement in node.body:
        target = statement.targets[0] if isinstance(statement, ast.Assign) else None
        if isinstance(target, ast.Name) and target.id in ("_name", "_inherit"):
            values[target.id] = _literal(statement.value)
    inherited = values.get("_inherit")
    if isinstance(inherited, list):
        inherited = inherited[0] if len(inherited) == 1 else None
    return values.get("_name") or inherited


def _fields_of(node):
    found = {}
    for statement in node.body:
        call = statement.value if isinstance(statement, ast.Assign) else None
        if isinstance(call, ast.Call) and ast.unparse(call.func).startswith("fields."):
            found[statement.targets[0].id] = _field(call)
    return found


def _field(call):
    options = {keyword.arg: _literal(keyword.value) for keyword in call.keywords}
    first = _literal(call.args[0]) if call.args else None
    relational = ast.unparse(call.func) in ("fields.Many2one", "fields.One2many", "fields.Many2many")
    comodel = (options.get("comodel_name") or first) if relational else ""
    reads = ["company_id"] if relational and options.get("check_company") else []
    if relational and isinstance(options.get("domain"), str):
        with contextlib.suppress(DialectError):  # Odoo tells when it loads the model
            reads.extend(variables(options["domain"]))
    return Field(comodel or "", list(dict.fromkeys(reads)))


def _literal(node):
    try:
        return ast.literal_eval(node)
    except ValueError:
        return None
