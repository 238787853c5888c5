"""Conditions as `attrs`, and the fields they need: up to 16.0.

There an element's conditions are domains in one attribute, `attrs`; a list's column is hidden by
`invisible`; and a field that an expression reads must stand in the same view, which newer series see
to by themselves. What is missing is added, hidden: first in a form's sheet (or form), last in a list.

A view that inherits another one cannot be completed that way, for the field may be in the view it
extends. Its author says so inside the arch:

    <!-- present: state, company_id -->

Source: 14.0 and 16.0 odoo/addons/base/models/ir_ui_view.py, transfer_node_to_modifiers and
_validate_attrs.
"""

import re

from lxml import etree

from .conditions import constant, on_context_only, to_domain, variables
from .errors import DialectError, about

CONDITIONS = ("invisible", "column_invisible", "readonly", "required")
VIEWS = ("form", "list", "kanban", "search", "pivot", "graph", "calendar", "activity")
PRESENT = re.compile(r"\s*present:\s*(\w+(?:\s*,\s*\w+)*)\s*\Z")


def translate(arch):
    """Write the conditions of one arch as the series up to 16.0 read them."""
    needed = fields_needed(arch)
    for element in arch.iterdescendants(etree.Element):
        if element.tag == "attribute":
            _translate_specification(element)
        else:
            with about(element):
                _translate_conditions(element)
    for scope, names in needed.items():
        _complete(scope, names)


# --- conditions ------------------------------------------------------------------------------------


def _translate_conditions(element):
    attrs = {}
    for name in CONDITIONS:
        text = element.attrib.pop(name, None)
        if text is None:
            continue
        if constant(text) is None and not on_context_only(text):
            attrs[name] = _domain(element, name, text)
        elif constant(text) is not False or name in ("readonly", "required"):
            element.set(_constant_name(element, name), text)
    if attrs:
        element.set("attrs", repr(attrs))


def _constant_name(element, name):
    """Return the attribute that hides, as `name` does, whatever the record is.

    Hiding a column is `column_invisible` in newer series, and was the list's meaning of `invisible`;
    newer `invisible` empties the cells, which no older constant does.
    """
    if name == "column_invisible":
        _check_column(element)
        return "invisible"
    if name == "invisible" and is_column(element):
        raise DialectError("write column_invisible to hide a column", element)
    return name


def _domain(element, name, text):
    """Return the domain of a condition that depends on the record."""
    if view_of(element).tag not in ("form", "list", "field"):
        raise DialectError("conditions are for forms and lists", element)
    if view_of(element).tag == "list" and any(node.tag in ("header", "groupby") for node in _inside(element)):
        raise DialectError("no condition on the record in a list's header", element)
    if name == "column_invisible":
        _check_column(element)
        if any(not field.startswith("parent.") for field in variables(text)):
            raise DialectError("only fields of the parent can hide a column: %s" % text, element)
    return to_domain(text)


def _check_column(element):
    if not is_column(element) and view_of(element).tag != "field":
        raise DialectError("column_invisible is for the columns of a list", element)


def is_column(element):
    """Tell whether an element is a column of a list."""
    return element.tag in ("field", "button") and element.getparent().tag == "list"


def _inside(element):
    """Return the elements between an element and its view."""
    view, nodes = view_of(element), []
    while element is not view:
        element = element.getparent()
        nodes.append(element)
    return nodes


def _translate_specification(element):
    """Translate ``<attribute name="invisible">1</attribute>`` of an inheriting view."""
    name, text = element.get("name"), (element.text or "").strip()
    if name not in CONDITIONS or not text:
        return
    if constant(text) is None:
        raise DialectError(
            "would replace the element's other conditions too: series <17.0 has one attrs", element
        )
    if name == "column_invisible":
        element.set("name", "invisible")


# --- fields that expressions read ------------------------------------------------------------------


def fields_needed(arch):
    """Return what each view in an arch must contain: {view: [field names]}."""
    needed = {}
    for element in arch.iterdescendants(etree.Element):
        view = view_of(element)
        if view.tag == "search":
            continue
        with about(element):
            names = list(_fields_read(element))
        for name in names:
            owner = view
            if name.startswith("parent."):
                owner, name = _parent_view(view), name[len("parent.") :]
            if owner is not None and name not in needed.setdefault(owner, []):
                needed[owner].append(name)
    return needed


def _fields_read(element):
    for attribute, text in element.attrib.items():
        condition = attribute in CONDITIONS and constant(text) is None
        if condition or attribute.startswith("decoration-") or attribute in ("domain", "context"):
            yield from variables(text)


def view_of(element):
    """Return the view an element is in: the view's element, or the arch of an inheriting view."""
    while element.tag not in VIEWS and not is_arch(element):
        element = element.getparent()
    return element


def is_arch(element):
    """Tell whether an element holds a view: ``<field name="arch">`` of a record."""
    return element.tag == "field" and element.get("name") == "arch" and element.getparent().tag == "record"


def _parent_view(view):
    """Return the view around a relational field's own view; None for a view that stands alone."""
    if is_arch(view) or is_arch(view.getparent()):
        return None
    return view_of(view.getparent())


def _complete(view, names):
    """Add the fields that a view lacks, hidden.

    Raises: DialectError for an inheriting view, which does not say what it extends contains.
    """
    missing = [name for name in names if name not in _present(view)]
    if missing and is_arch(view):
        raise DialectError(
            "does the extended view have them? Say so: <!-- present: %s -->" % ", ".join(missing), view
        )
    for position, name in enumerate(missing):
        field = etree.Element("field", name=name)
        field.set("invisible", "1")
        field.tail = "\n"
        if view.tag == "form":
            sheet = view.find("sheet")
            (view if sheet is None else sheet).insert(position, field)
        elif view.tag == "list":
            view.append(field)
        else:
            field.attrib.pop("invisible")
            view.insert(position, field)


def _present(view):
    """Return the fields that everybody finds in a view: a field for some groups may be missing."""
    names = {"id"}
    for field in view.iterdescendants("field"):
        if view_of(field) is view and not any(node.get("groups") for node in [field] + _inside(field)):
            names.add(field.get("name"))
    for comment in view.iterdescendants(etree.Comment):
        match = PRESENT.match(comment.text)
        if match:
            names.update(re.split(r"\s*,\s*", match.group(1)))
    return names
