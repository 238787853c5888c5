"""From the dialect of 18.0 and 19.0 to that of 20.0, which is prepared, and not run yet.

What 20.0 does not take any more, as the scripts tell it that Odoo rewrote its own addons with (odoo/upgrade_code of
20.0): access rights and record rules are `ir.access` records now, of one file that is loaded last; icons are
Material Symbols. The rest of the source has been in its form all along: `t-out`, constraints without
`_sql_constraints`, no domains in attributes.
"""

import ast
import csv
import io
import re

from lxml import etree

from .directives import remove
from .errors import DialectError

FIRST = 20
ACCESS, RIGHTS = "security/ir.access.csv", "security/ir.model.access.csv"
HEADER = ("id", "name", "model_id", "group_id/id", "operation", "domain")
OPERATIONS = {"perm_create": "c", "perm_read": "r", "perm_write": "u", "perm_unlink": "d"}
#: Font Awesome's names and Material Symbols', with "!" where the symbol is filled.
_ICONS = """
    balance-scale>balance book>book calculator>calculate check>check clock-o>schedule cubes>inventory_2
    download>download external-link>open_in_new file-text-o>article history>history line-chart>show_chart
    list>format_list_bulleted lock>lock pencil>edit! print>print refresh>refresh search>search share>share times>close
    trash>delete! truck>local_shipping undo>undo upload>upload
    """
ICONS = dict(pair.split(">") for pair in _ICONS.split())
#: Names of Odoo's own that 20.0 has not any more, and what it has instead: of its ORM as announced, of stock_account as
#: far as its product.py and product_value.py could be read. Values of issues are signed there, and Odoo itself values
#: what was issued since anew when a cost of the past changes.
GONE = {
    "_run_fifo_get_stack": "_get_fifo_stack",
    "_run_avco": "_run_avco of all products at once, which returns costs and values by product id",
    "_get_standard_price_at_date": "_get_last_product_value",
    "is_valued_internal": "is_valued",
    "product_uom": "uom_id",
    "check_access_rights": "has_access",
    "check_access_rule": "check_access",
    "_filter_access_rules": "_filtered_access",
    "name_get": "display_name",
    "_sql_constraints": "models.Constraint",
}
#: Looks what there is before it uses it.
ASKS_FIRST = "compat/"
#: Models of Odoo's own that the addon gives rights on, under the name in their external id.
FOREIGN = {"stock_lot": "stock.lot"}


def translate(root):
    """Bring views into the form of 20.0."""
    for element in root.iter(etree.Element):
        if element.get("icon"):
            _translate_icon(element)


def _translate_icon(element):
    name = ICONS.get(element.get("icon").removeprefix("fa-"))
    if name is None:
        raise DialectError("icon %s is not in setup/_lib/dialect/newer.py" % element.get("icon"), element)
    element.set("icon", name.rstrip("!"))
    if name.endswith("!"):
        element.set("icon_class", "oi-filled")


def access(files, models):
    """Return an addon's files with its rights and rules as `ir.access` records: {path: content}.

    A right becomes what its group may do; a rule without group is what nobody may do more than.
    """
    known = {**FOREIGN, **{name.replace(".", "_"): name for name in models}}
    rows = []
    if RIGHTS in files:
        files = dict(files)
        for row in csv.DictReader(io.StringIO(files.pop(RIGHTS).decode())):
            allowed = {name: row[name] == "1" for name in OPERATIONS}
            rows.append(_right(row["id"], row["name"], row["model_id:id"], row["group_id:id"], allowed, known))
    for path in [path for path in files if path.endswith(".xml") and not path.startswith("static/")]:
        root = etree.fromstring(files[path])
        found = root.xpath("//record[@model='ir.model.access' or @model='ir.rule']")
        for record in found:
            rows.append(_row(record, path, known))
            remove(record)
        if found:
            files[path] = etree.tostring(root.getroottree(), xml_declaration=True, encoding="utf-8") + b"\n"
    if rows:
        files[ACCESS] = _written(rows)
        files["__manifest__.py"] = _listed(files["__manifest__.py"].decode()).encode()
    return files


def _row(record, path, known):
    values = {field.get("name"): field for field in record.findall("field")}
    name, model = values["name"].text, values["model_id"].get("ref")
    if record.get("model") == "ir.rule":
        others = set(values) - {"name", "model_id", "domain_force"}
        if others:
            raise DialectError("a rule with %s has to be translated by hand" % ", ".join(others), record, path)
        domain = " ".join(values["domain_force"].text.split())
        return (record.get("id"), name, _model(model, known), "", "".join(OPERATIONS.values()), domain)
    allowed = {key: ast.literal_eval(values[key].get("eval", "False")) for key in OPERATIONS if key in values}
    group = values["group_id"].get("ref") if "group_id" in values else ""
    return _right(record.get("id"), name, model, group, allowed, known)


def _right(xmlid, name, model, group, allowed, known):
    letters = "".join(letter for key, letter in OPERATIONS.items() if allowed.get(key))
    return (xmlid, name, _model(model, known), group or "base.group_everyone", letters, "")


def _model(xmlid, known):
    """Return a model's name, which 20.0 wants in place of its external id."""
    key = xmlid.rpartition(".")[2].removeprefix("model_")
    if key not in known:
        raise DialectError("%s: which model is this? Say so in setup/_lib/dialect/newer.py" % xmlid)
    return known[key]


def _written(rows):
    output = io.StringIO(newline="")
    csv.writer(output, lineterminator="\n").writerows([HEADER, *rows])
    return output.getvalue().encode()


def _listed(manifest):
    """Return the manifest with the new file as the last of `data`, in place of the old one."""
    text = re.sub(r"""\n *["']%s["'],""" % re.escape(RIGHTS), "", manifest)
    return re.sub(r"""(["']data["']: \[.*?)(\n? *\])""", r'\1\n        "%s",\2' % ACCESS, text, count=1, flags=re.S)


def left_open(files):
    """Return "path:line: name: what 20.0 has instead" of each place in Python that names what is gone in 20.0."""
    found = []
    for path in sorted(path for path in files if path.endswith(".py") and not path.startswith(ASKS_FIRST)):
        nodes = list(ast.walk(ast.parse(files[path])))
        remarks = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}  # docstrings
        said = [node for node in nodes if id(node) not in remarks]
        places = {(node.lineno, name) for node in said for name in _named(node) & set(GONE)}
        found += ["%s:%d: %s: %s" % (path, line, name, GONE[name]) for line, name in sorted(places)]
    return found


def _named(node):
    """Return the names that a node of Python says, those in texts (SQL, fields) included."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return set(re.findall(r"\w+", node.value))
    return {getattr(node, key, None) for key in ("attr", "name", "id")}
