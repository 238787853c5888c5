"""View conditions: Python expressions (17.0 and newer) to domains (up to 16.0).

The grammar of `invisible`, `readonly`, `required` and `column_invisible` in the source:

    condition  = constant | context | expression
    constant   = "1" | "0" | "True" | "False"
    context    = an expression on `context` alone, as in "context.get('active_test')"
    expression = field | field operator literal | "not" expression
               | expression "and" expression | expression "or" expression | "(" expression ")"
    field      = NAME | "parent." NAME
    operator   = "==" | "!=" | "<" | "<=" | ">" | ">=" | "in" | "not in"
    literal    = string | number | True | False | list or tuple of these (after in, not in)

`<` and its kind compare with numbers only. Anything else is refused.
"""

import ast
import re

from .errors import DialectError

CONDITIONS = ("invisible", "column_invisible", "readonly", "required")
CONSTANTS = {"1": True, "True": True, "true": True, "0": False, "False": False, "false": False}

#: Names that Odoo itself provides when it evaluates an expression of a view.
#: Source: odoo/tools/view_validation.py, 14.0 to 19.0.
PROVIDED = set(
    """
    True False None self id uid context context_today active_id active_ids allowed_company_ids current_company_id
    active_model time datetime relativedelta current_date today now abs len bool float str unicode set
    """.split()
)

#: What the web client takes for false in a bare ``field``, whatever the type of the field: a number,
#: a text or a relation. Only the two-many fields differ; by the naming rule they end in ``_ids``.
FALSY = [False, 0, ""]

OPERATORS = {
    ast.Eq: ("=", "!="), ast.NotEq: ("!=", "="),
    ast.Lt: ("<", ">="), ast.GtE: (">=", "<"),
    ast.Gt: (">", "<="), ast.LtE: ("<=", ">"),
    ast.In: ("in", "not in"), ast.NotIn: ("not in", "in"),
}  # fmt: skip


def parse(text):
    """Return the syntax tree of an expression in a view.

    Raises: DialectError when it is no Python expression.
    """
    try:
        return ast.parse(text.strip(), mode="eval").body
    except SyntaxError:
        raise DialectError("not an expression: %r" % text) from None


def constant(text):
    """Return True or False for a constant condition, None for any other."""
    return CONSTANTS.get(text.strip())


def on_context_only(text):
    """Tell whether a condition asks the context and nothing else.

    Such a condition is evaluated by the server in every series, and stays as it is.
    """
    names = {node.id for node in ast.walk(parse(text)) if isinstance(node, ast.Name)}
    return names == {"context"}


def variables(text):
    """Return the fields an expression reads, in order: ``state``, ``parent.state``."""
    found = []
    _collect(parse(text), found)
    return list(dict.fromkeys(found))


def _collect(node, found):
    name = _dotted(node)
    if name is None:
        for child in ast.iter_child_nodes(node):
            _collect(child, found)
    elif name.split(".")[0] not in PROVIDED:
        parts = name.split(".")
        found.append(".".join(parts[:2]) if parts[0] == "parent" else parts[0])


def _dotted(node):
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        left = _dotted(node.value)
        return left and "%s.%s" % (left, node.attr)
    return None


def to_domain(text):
    """Return a condition as a domain that is true exactly when the condition is.

    Shape: a flat list in prefix notation, with every ``&`` written.
    Raises: DialectError for anything outside the grammar.
    """
    return _translate(parse(text), True)


def _translate(node, wanted):
    """Return the domain for `node` being `wanted`; negations are moved down to the operators."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        return _translate(node.operand, not wanted)
    if isinstance(node, ast.BoolOp):
        sign = "&" if isinstance(node.op, ast.And) == wanted else "|"
        parts = [_translate(value, wanted) for value in node.values]
        return [sign] * (len(parts) - 1) + [leaf for part in parts for leaf in part]
    if isinstance(node, ast.Compare):
        return [_comparison(node, wanted)]
    return [_truth(_field(node), wanted)]


def _truth(field, wanted):
    if field.endswith("_ids"):
        return (field, "!=" if wanted else "=", [])
    return (field, "not in" if wanted else "in", list(FALSY))


def _comparison(node, wanted):
    if len(node.ops) > 1:
        raise DialectError("compare two values at a time: %s" % ast.unparse(node))
    field, operator = _field(node.left), type(node.ops[0])
    if operator not in OPERATORS:
        raise DialectError("operator outside the grammar: %s" % ast.unparse(node))
    value = _literal(node)
    many = operator in (ast.In, ast.NotIn)
    if many != isinstance(value, list):
        raise DialectError("lists go with 'in' and 'not in': %s" % ast.unparse(node))
    ordered = operator in (ast.Lt, ast.LtE, ast.Gt, ast.GtE)
    if ordered and (isinstance(value, bool) or not isinstance(value, (int, float))):
        raise DialectError("compare with a number: %s" % ast.unparse(node))
    return (field, OPERATORS[operator][0 if wanted else 1], value)


def _field(node):
    name = _dotted(node)
    if name is None:
        raise DialectError("not a field of the record: %s" % ast.unparse(node))
    known = name == "id" or name.split(".")[0] not in PROVIDED
    if not known or not re.fullmatch(r"(parent\.)?\w+", name) or name == "parent":
        raise DialectError("only fields of the record and of its parent can be asked: %s" % name)
    return name


def _literal(node):
    """Return the value that a comparison compares with."""
    try:
        value = ast.literal_eval(node.comparators[0])
    except ValueError:
        raise DialectError("compare with a literal value: %s" % ast.unparse(node)) from None
    many = isinstance(value, (list, tuple))
    if not all(isinstance(item, (str, bool, int, float)) for item in (value if many else [value])):
        raise DialectError("literal outside the grammar: %s" % ast.unparse(node))
    return list(value) if many else value
