"""Kanban cards: from the template `card` (18.0) to `kanban-box`.

A card is a column of fields and blocks in 18.0; the older form is an element of its own that opens
the record when clicked.
"""

from lxml import etree

from .conditions import CONDITIONS
from .errors import DialectError

TAGS = set("field t div span strong b i em small p ul li h1 h2 h3 h4 h5 h6 br a button".split())


def translate(view):
    """Bring one kanban view into the form that it had up to 17.0."""
    for template in list(view.iter("t")):
        name = template.get("t-name")
        if name == "card":
            _translate_card(template)
        elif name:
            raise DialectError("only the template 'card' can be translated", template)


def _translate_card(template):
    for element in template.iterdescendants(etree.Element):
        if element.tag not in TAGS:
            raise DialectError("not an element of a simple card", element)
        if set(CONDITIONS) & set(element.attrib):
            raise DialectError("write the condition of a card's element as t-if, on a span around a field", element)
        if element.tag == "field" and any(name == "class" or name.startswith("t-") for name in element.attrib):
            raise DialectError("write a span around: a field without a widget loses its classes", element)
    _wrap(template)


def _wrap(template):
    """Put the content of a card into the element that opens the record."""
    template.set("t-name", "kanban-box")
    box = etree.Element("div")
    box.set("class", "oe_kanban_global_click d-flex " + (template.attrib.pop("class", None) or "flex-column"))
    box.text, template.text = template.text, None
    for child in list(template):
        box.append(child)
    template.append(box)
