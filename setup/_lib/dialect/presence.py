"""Fields that expressions read, and that must stand in the same view: up to 17.0.

18.0 adds them to a view by itself; older series refuse the view, or the client fails. What is missing
is added, hidden: first in a form's sheet (or form), last in a list. So are the fields that the domain of
a shown field reads in the Python source (see `models`).

A view that inherits another one cannot be completed that way, for the field may be in the view it
extends. Its author says so inside the arch:

    <!-- present: state, company_id -->

Source: ir_ui_view.py, NameManager.check (14.0 to 17.0) and _add_missing_fields (18.0).
"""

import re

from lxml import etree

from .conditions import CONDITIONS, constant, variables
from .errors import DialectError, about

VIEWS = ("form", "list", "kanban", "search", "pivot", "graph", "calendar", "activity")
PRESENT = re.compile(r"\s*present:\s*(\w+(?:\s*,\s*\w+)*)\s*\Z")
PARENT = "parent."


def complete(arch, models):
    """Add what the views in an arch lack; `models` is what `models.read` returns."""
    for view, names in missing(arch, models).items():
        if is_arch(view):
            raise DialectError(
                "does the extended view have them? Say so: <!-- present: %s -->" % ", ".join(names), view
            )
        for position, name in enumerate(names):
            _add(view, name, position)


def missing(arch, models):
    """Return the fields that the views in an arch read and lack: {view: [field names]}."""
    found = {}
    for element in arch.iterdescendants(etree.Element):
        view = view_of(element)
        if view.tag == "search":
            continue
        with about(element):
            names = [*_fields_read(element), *_domain_reads(element, models)]
        for name in names:
            owner = view
            if name.startswith(PARENT):
                owner, name = _parent_view(view), name[len(PARENT) :]
            if owner is not None and not _has(owner, name, groups_around(element)):
                found.setdefault(owner, {})[name] = True
    return {view: list(names) for view, names in found.items()}


def _fields_read(element):
    for attribute, text in element.attrib.items():
        condition = attribute in CONDITIONS and constant(text) is None
        if condition or attribute.startswith("decoration-") or attribute in ("domain", "context"):
            yield from variables(text)


def _domain_reads(element, models):
    """Return what the domain that a field has in Python reads; a view's own domain replaces it."""
    if element.tag != "field" or element.get("domain") or view_of(element).tag not in ("form", "list"):
        return []
    fields = models.get(model_of(view_of(element), models), {})
    return fields[element.get("name")].reads if element.get("name") in fields else []


def model_of(view, models):
    """Return the model of a view; "" where the addon does not say it."""
    if is_arch(view) or is_arch(view.getparent()):
        record = next(view.iterancestors("record"))
        return (record.findtext("field[@name='model']") or "").strip()
    around = view.getparent()
    fields = models.get(model_of(view_of(around), models), {})
    return fields[around.get("name")].comodel if around.get("name") in fields else ""


def _has(view, name, groups):
    """Tell whether those who see an element for `groups` find the field `name` in the view."""
    if name == "id":
        return True
    for field in view.iterdescendants("field"):
        is_it = field.get("name") == name and view_of(field.getparent()) is view
        if is_it and groups_around(field) <= groups:
            return True
    return name in _declared(view)


def _declared(view):
    comments = (PRESENT.match(comment.text) for comment in view.iterdescendants(etree.Comment))
    return [name for match in comments if match for name in re.split(r"\s*,\s*", match.group(1))]


def _add(view, name, position):
    field = etree.Element("field", name=name)
    field.tail = "\n"
    if view.tag == "list":
        field.set("column_invisible", "1")
        view.append(field)
    elif view.tag == "form":
        field.set("invisible", "1")
        sheet = view.find("sheet")
        (view if sheet is None else sheet).insert(position, field)
    else:
        view.insert(position, field)


# --- where an element is ---------------------------------------------------------------------------


def view_of(element):
    """Return the view an element is in: the view's element, or the arch of an inheriting view."""
    while element.tag not in VIEWS and not is_arch(element):
        element = element.getparent()
    return element


def is_arch(element):
    """Tell whether an element holds a view: ``<field name="arch">`` of a record."""
    return element.tag == "field" and element.get("name") == "arch" and element.getparent().tag == "record"


def inside(element):
    """Return the elements from an element's parent up to its view."""
    view, nodes = view_of(element), []
    while element is not view:
        element = element.getparent()
        nodes.append(element)
    return nodes


def groups_around(element):
    """Return what restricts an element to groups: the `groups` of itself and of all around it."""
    return {node.get("groups") for node in (element, *element.iterancestors()) if node.get("groups")}


def _parent_view(view):
    """Return the view around a relational field's own view; None for a view that stands alone."""
    if is_arch(view) or is_arch(view.getparent()):
        return None
    return view_of(view.getparent())
