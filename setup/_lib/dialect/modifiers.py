"""Conditions as `attrs`: up to 16.0.

There an element's conditions are domains in one attribute, `attrs`, and a list's column is hidden by
`invisible`.

Source: 14.0 and 16.0 odoo/addons/base/models/ir_ui_view.py, transfer_node_to_modifiers.
"""

from lxml import etree

from .conditions import CONDITIONS, constant, on_context_only, to_domain, variables
from .errors import DialectError, about
from .presence import inside, view_of


def translate(arch):
    """Write the conditions of one arch as the series up to 16.0 read them."""
    for element in arch.iterdescendants(etree.Element):
        if element.tag == "attribute" and element.get("name") in CONDITIONS:
            raise DialectError("would replace the element's other conditions too: series <17.0 has one attrs", element)
        with about(element):
            _translate_conditions(element)


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
    if view_of(element).tag == "list" and any(node.tag in ("header", "groupby") for node in inside(element)):
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
