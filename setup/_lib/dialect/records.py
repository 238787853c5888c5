"""Data records and templates: what is not the inside of a view."""

import re

from lxml import etree

from . import tables
from .arch import rename_list_reference, rename_view_mode
from .directives import remove

#: Up to 17.0 a scheduled action stops after `numbercall` calls, one by default.
#: Source: 14.0 and 17.0 odoo/addons/base/models/ir_cron.py.
CRON_FIELDS = {"numbercall": "-1", "doall": "False"}

MODES = re.compile(r"""(['"]view_mode['"]\s*:\s*)(['"])([\w,\s]+)\2""")


def translate(root, number):
    """Bring the records of a data file into the form of series `number` (17 at most)."""
    for record in root.iter("record"):
        for field in list(record.findall("field")):
            _translate_field(record.get("model"), field, number)
        if record.get("model") == "ir.cron":
            _complete_cron(record)


def _translate_field(model, field, number):
    name = field.get("name")
    if number < tables.RECORD_FIELDS.get((model, name), 0):
        remove(field)
    elif name == "view_mode" and field.text:
        field.text = rename_view_mode(field.text.strip())
    elif (model, name) == ("ir.ui.view", "type") and (field.text or "").strip() == "list":
        field.text = "tree"
    elif name == "context" and field.text:
        field.text = rename_list_reference(field.text)
    elif field.get("eval"):
        text = MODES.sub(lambda found: found.group(1) + repr(rename_view_mode(found.group(3))), field.get("eval"))
        field.set("eval", rename_list_reference(text))


def _complete_cron(record):
    for name, value in CRON_FIELDS.items():
        if record.find("field[@name='%s']" % name) is None:
            field = etree.SubElement(record, "field", name=name)
            field.set("eval", value)
            field.tail = "\n"


def older_markup(root):
    """Write templates, cards and class names as the series up to 15.0 read them.

    `t-out` came with 15.0's reports and 16.0's web client, and `t-esc` is read by all: both escape
    a plain value. HTML fields go through `t-field`. Bootstrap was 4 up to 15.0.
    """
    for element in root.iter(etree.Element):
        if "t-out" in element.attrib:
            element.set("t-esc", element.attrib.pop("t-out"))
        for attribute in ("class", "t-attf-class"):
            if element.get(attribute):
                element.set(attribute, older_classes(element.get(attribute)))


def older_classes(text):
    """Return class names of Bootstrap 5 as Bootstrap 4 has them."""
    names = text.split()
    coloured = "badge-" if "badge" in names else "bg-"
    older = [_older_class(name.replace("text-bg-", coloured)) for name in names]
    return " ".join(dict.fromkeys(older))


def _older_class(name):
    for prefix, older in tables.CLASS_PREFIXES.items():
        if name.startswith(prefix):
            return older + name[len(prefix) :]
    return tables.CLASSES.get(name, name)
