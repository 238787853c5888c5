"""What may not stand in a file: of the source, and of the form built for a series.

A second look by other means: these rules know nothing of how the translation works.
"""

import ast

from lxml import etree

from . import directives, tables
from .conditions import CONDITIONS, CONSTANTS
from .errors import DialectError, label
from .presence import is_arch

#: What the source does not say, because 18.0 or 19.0 would not take it: (path, reason).
SOURCE = (
    ("//*[@attrs]", "attrs ended with 16.0: write the condition itself"),
    ("//*[@states]", "states ended with 16.0: write invisible"),
    ("//tree", "write <list>"),
    ("//*[@t-name='kanban-box' or @t-name='kanban-menu']", "write the template 'card'"),
    ("//*[contains(@class, 'oe_chatter')]", "write <chatter/>"),
    ("//search//group[@expand or @string]", "19.0 takes no attributes on a search view's group"),
    ("//*[@t-esc or @t-raw]", "write t-out"),
    ("//record[@model='ir.cron']/field[@name='numbercall' or @name='doall']", "gone since 18.0"),
    ("//field[@name='view_mode' and contains(., 'tree')]", "write list"),
    ("//list//field[@help] | //search//field[@help]", "help on a list's or search view's field is 19.0's"),
    ("//report | //act_window", "write the record"),
    ("//searchpanel[@view_types]", "14.0 and 15.0 name lists in another way"),
)

#: What must be gone from the form of a series: (first and last series it applies to, path, reason).
BUILT = (
    (14, 17, "//list | //chatter", "element of 18.0"),
    (14, 17, "//*[@t-name='card']", "kanban template of 18.0"),
    (14, 17, "//field[@name='view_mode'][contains(., 'list')]", "mode of 18.0"),
    (14, 17, "//field[contains(concat(',', @mode, ','), ',list,')]", "mode of 18.0"),
    (14, 17, "//record[@model='ir.cron'][not(field[@name='numbercall'])]", "would run once"),
    (14, 16, "//@column_invisible/..", "attribute of 17.0"),
    (14, 16, "//setting | //block | //app", "element of 17.0"),
    (14, 15, "//@t-out/..", "attribute of 15.0 and 16.0"),
    (14, 14, "//asset", "element of 15.0"),
    *((18, 99, *rule) for rule in SOURCE),
    (20, 99, "//record[@model='ir.rule' or @model='ir.model.access']", "ir.access since 20.0"),
    (20, 99, "//*[starts-with(@icon, 'fa-') or contains(@class, 'fa fa-')]", "Material Symbols since 20.0"),
    (20, 99, "//filter[@start_month or @end_month or @start_year or @end_year]", "no range since 20.0"),
)


def xml_faults(root, number, source):
    """Return what is wrong with an XML document: [(element, reason)]."""
    rules = SOURCE if source else [rule for first, last, *rule in BUILT if first <= number <= last]
    found = [(element, reason) for path, reason in rules for element in root.xpath(path)]
    if source:
        found.extend(_newer_attributes(root))
    for comment in root.iter(etree.Comment):
        if directives.is_directive(comment):
            left_over = number <= 17 and not source
            found.extend([(comment, "directive left over")] if left_over else _directive_faults(comment))
    if not source and number <= 16:
        found.extend(_condition_faults(root))
    return found


def _newer_attributes(root):
    for tag, attribute in sorted(tables.NEWER_THAN_SOURCE):
        for element in root.xpath("//%s[@%s]" % (tag, attribute)):
            yield element, "%s is 19.0's: 18.0 refuses it" % attribute


def _directive_faults(comment):
    try:
        directives.read(comment)
    except DialectError as error:
        return [(comment, error.message)]
    return []


def _condition_faults(root):
    """Return conditions that a series up to 16.0 would evaluate without the record."""
    found = []
    for arch in filter(is_arch, root.iter("field")):
        for element in arch.iterdescendants(etree.Element):
            for name in CONDITIONS:
                text = element.get(name, "0")
                if text not in CONSTANTS and "context" not in text:
                    found.append((element, "%s is an expression" % name))
    return found


def python_faults(text):
    """Return what is wrong with a Python module of the addon: [(line, reason)]."""
    try:
        tree = ast.parse(text, feature_version=(3, 8))
    except SyntaxError as error:
        return [(error.lineno, "not Python 3.8: %s" % error.msg)]
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Dict):
            found.extend(_view_mode_faults(node))
    return found


def _view_mode_faults(node):
    for key, value in zip(node.keys, node.values):
        literal = getattr(key, "value", None) == "view_mode" and isinstance(value, ast.Constant)
        if literal and set(str(value.value).split(",")) & {"list", "tree"}:
            yield (value.lineno, "take the name of list views from compat.LIST")


def describe(path, place, reason):
    """Return one fault as a line: file, line, element, reason."""
    if isinstance(place, int) or place is None:
        return "%s:%s: %s" % (path, place, reason)
    return "%s:%s: %s: %s" % (path, place.sourceline, label(place), reason)
