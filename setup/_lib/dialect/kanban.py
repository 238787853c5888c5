"""Kanban cards: from the template `card` (18.0) to `kanban-box`.

A card is a column of fields and blocks in 18.0; the older form is an element of its own that opens
the record when clicked. A field without a widget loses its classes there, so they go on a span.
"""

from lxml import etree

from .conditions import CONDITIONS, constant
from .directives import remove
from .errors import DialectError

TAGS = frozenset(
    [
        "field",
        "widget",
        "t",
        "div",
        "span",
        "strong",
        "b",
        "i",
        "em",
        "small",
        "p",
        "ul",
        "li",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "br",
        "hr",
        "img",
        "a",
        "button",
        "main",
        "aside",
        "footer",
    ]
)

#: What the elements of a card look like in 18.0.
#: Source: 18.0 web/static/src/views/kanban/kanban_controller.scss.
BLOCKS = {
    "main": "d-flex flex-column flex-grow-1",
    "aside": "d-flex flex-column me-2",
    "footer": "d-flex mt-auto pt-2 align-items-center",
}


def translate(view):
    """Bring one kanban view into the form that it had up to 17.0."""
    for template in list(view.iter("t")):
        name = template.get("t-name")
        if name == "card":
            _translate_card(view, template)
        elif name:
            raise DialectError("only the template 'card' can be translated", template)


def _translate_card(view, template):
    for element in list(template.iterdescendants(etree.Element)):
        if element.tag not in TAGS:
            raise DialectError("not an element of a simple card", element)
        _check_conditions(element)
        if element.tag == "field":
            _place_field(view, element)
        elif element.tag in BLOCKS:
            add_class(element, BLOCKS[element.tag])
            element.tag = "div"
    _wrap(template)


def _check_conditions(element):
    for attribute in CONDITIONS:
        allowed = element.tag == "field" and attribute == "invisible"
        if attribute in element.attrib and not (allowed and constant(element.get(attribute)) is not None):
            raise DialectError("write the condition of a card's element as t-if", element)


def _place_field(view, field):
    """Move a hidden field out of the card; put the classes of a shown one on a span."""
    if constant(field.attrib.pop("invisible", "0")):
        remove(field)
        if not any(child.get("name") == field.get("name") for child in view.iterchildren("field")):
            field.tail = "\n"
            view.insert(0, field)
        return
    moved = {key: field.attrib.pop(key) for key in list(field.attrib) if _goes_on_span(key)}
    if moved:
        span = etree.Element("span", moved)
        span.sourceline = field.sourceline
        span.tail, field.tail = field.tail, None
        field.getparent().replace(field, span)
        span.append(field)


def _goes_on_span(attribute):
    return attribute == "class" or attribute.startswith("t-")


def _wrap(template):
    """Put the content of a card into the element that opens the record."""
    template.set("t-name", "kanban-box")
    box = etree.Element("div")
    box.set("class", "oe_kanban_global_click d-flex " + (template.attrib.pop("class", None) or "flex-column"))
    box.text, template.text = template.text, None
    for child in list(template):
        box.append(child)
    template.append(box)


def add_class(element, classes):
    """Put classes before those that an element has."""
    element.set("class", " ".join([classes] + element.get("class", "").split()))
