"""Views: from the dialect of 18.0 and 19.0 to that of an older series.

`translate` takes a record's ``<field name="arch">``, changes it in place, and says in which order.
"""

import re

from lxml import etree

from . import kanban, modifiers, presence, tables
from .errors import DialectError


def translate(arch, number, models):
    """Bring one arch into the form of series `number` (17 at most); `models`: see `models.read`."""
    check_widgets(arch, number)
    for view in list(arch.iter("kanban")):
        kanban.translate(view)
    for element in list(arch.iter("chatter")):
        replace_chatter(element)
    presence.complete(arch, models)
    if number <= 16:
        modifiers.translate(arch)
    rename_lists(arch)


# --- what a series has -----------------------------------------------------------------------------


def check_widgets(arch, number):
    """Refuse a widget that is not in the tables, or that the series does not have."""
    for field in arch.iterdescendants("field"):
        name = field.get("widget")
        if number < tables.NEWER_WIDGETS.get(name, 0):
            raise DialectError("this widget exists from %d.0 on" % tables.NEWER_WIDGETS[name], field)
        if name and name not in {*tables.FIELD_WIDGETS, *tables.NEWER_WIDGETS}:
            _unknown(name, field)
    for widget in arch.iterdescendants("widget"):
        _check_view_widget(widget, number)


def _check_view_widget(widget, number):
    if widget.get("name") not in tables.VIEW_WIDGETS:
        _unknown(widget.get("name"), widget)
    if number < 17 and widget.get("bg_color"):
        widget.set("bg_color", re.sub(r"^text-bg-", "bg-", widget.get("bg_color")))


def _unknown(name, element):
    raise DialectError("widget %s is not in setup/_lib/dialect/tables.py" % name, element)


# --- forms that were renamed -----------------------------------------------------------------------


def replace_chatter(element):
    """Write the chatter as the block that it was up to 17.0."""
    if element.attrib or len(element):
        raise DialectError("only a bare <chatter/> can be translated", element)
    element.tag = "div"
    element.set("class", "oe_chatter")
    for name in ("message_follower_ids", "activity_ids", "message_ids"):
        etree.SubElement(element, "field", name=name)


def rename_lists(arch):
    """Rename list views, and what refers to them, to `tree`."""
    for element in arch.iterdescendants(etree.Element):
        if element.tag == "list":
            element.tag = "tree"
        for attribute in ("mode", "view_mode"):
            if element.tag == "field" and element.get(attribute):
                element.set(attribute, rename_view_mode(element.get(attribute)))
        if element.get("context"):
            element.set("context", rename_list_reference(element.get("context")))
        if element.tag == "xpath":
            element.set("expr", _rename_steps(element))


def rename_view_mode(value):
    """Return a list of view modes with `tree` for `list`: ``tree,form``."""
    return ",".join("tree" if mode.strip() == "list" else mode for mode in value.split(","))


def rename_list_reference(context):
    """Return a context in which a list view is chosen under its older key."""
    return re.sub(r"\blist_view_ref\b", "tree_view_ref", context)


def _rename_steps(element):
    expr = element.get("expr") or ""
    if re.search(r"@(invisible|readonly|required|column_invisible|attrs)\b", expr):
        raise DialectError("a condition cannot be searched for: it is written another way", element)
    expr = re.sub(r"(?<![\w@'\"-])list(?![\w'\"(-])", "tree", expr)
    return re.sub(r"(?<![\w@'\"-])chatter(?![\w'\"(-])", "div[hasclass('oe_chatter')]", expr)
