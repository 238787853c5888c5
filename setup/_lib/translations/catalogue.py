"""The catalogues in i18n/: the template with every term, and a translation of it for each language.

One template serves all series. Terms of views and fields are Odoo's own exports of 19.0 and 14.0 put together;
what 19.0 does not have is marked `series: 14.0`. There are no dates in the files, so that they
change only with their terms.
"""

import re
from collections import defaultdict

import polib

from .. import cache
from ..series import ADDON
from . import code

NEWEST, OLDEST = "19.0", "14.0"
LANGUAGES = {"es": "Spanish", "fr": "French", "de": "German", "nl": "Dutch", "it": "Italian"}
# From 16.0 on Odoo takes the terms of Python from the file, and only those that are marked so.
PYTHON = "odoo-python"
PLACEHOLDER = re.compile(r"%(?:\(\w+\))?[-#0+]*[\d.*]*[sdrfg%]|\{\w*\}")
MARKUP = re.compile(r"</?[a-zA-Z][^<>]*>")
METADATA = {
    "Project-Id-Version": "Stock Revaluation Journal",
    "MIME-Version": "1.0",
    "Content-Type": "text/plain; charset=UTF-8",
    "Content-Transfer-Encoding": "8bit",
}


def template_path(addon):
    """Return the path of the template."""
    return addon / "i18n" / (ADDON + ".pot")


def language_path(addon, language):
    """Return the path of a language's translations."""
    return addon / "i18n" / (language + ".po")


def occurrence(kind, name, place):
    """Return where a term stands, as Odoo writes it into a catalogue."""
    return ("code:" + name, "0") if kind == "code" else ("%s:%s:%s" % (kind, name, place), "")


def update(addon, exports):
    """Write the template and merge it into each language; yield (language, number of terms, those not translated)."""
    template = make_template(addon, exports)
    _save(template, template_path(addon))
    for language, name in LANGUAGES.items():
        path = language_path(addon, language)
        merged = merge(template, language, polib.pofile(str(path)) if path.exists() else None)
        _save(merged, path)
        yield name, len(merged), [entry.msgid for entry in merged if not entry.msgstr]


def _save(entries, path):
    path.parent.mkdir(exist_ok=True)
    cache.write(path, str(entries).rstrip("\n") + "\n")


def make_template(addon, exports):
    """Return the template: the terms in the addon's Python and those of `exports`.

    Shape: `exports` is {series: [[kind, model and field, external id, term]]}; rows of Python are left out.
    """
    places, series = defaultdict(set), defaultdict(set)
    for call in code.calls(addon):
        places[call.text].add(occurrence("code", "addons/%s/%s" % (ADDON, call.path), "0"))
        series[call.text].add(NEWEST)
    for name, rows in exports.items():
        for kind, field, place, text in rows:
            if kind != "code":
                places[text].add(occurrence(kind, field, place))
                series[text].add(name)
    template = polib.POFile()
    template.metadata = METADATA
    for text in sorted(places):
        template.append(_entry(text, sorted(places[text]), series[text]))
    return template


def _entry(text, places, series):
    notes = ["module: " + ADDON]
    if any(place.startswith("code:") for place, _line in places):
        notes.append(PYTHON)
    if NEWEST not in series:
        notes.append("series: " + OLDEST)
    return polib.POEntry(msgid=text, msgstr="", comment="\n".join(notes), occurrences=places)


def merge(template, language, old=None):
    """Return a language's catalogue with the terms of `template` and what `old` says of them.

    A text that was only wrapped anew keeps its translation.
    """
    known = {_unwrapped(entry.msgid): entry.msgstr for entry in old or [] if not entry.obsolete and not entry.fuzzy}
    merged = polib.POFile()
    merged.metadata = dict(METADATA, **{"Language": language, "Plural-Forms": "nplurals=2; plural=(n != 1);"})
    for entry in template:
        text = known.get(_unwrapped(entry.msgid), "")
        merged.append(
            polib.POEntry(msgid=entry.msgid, msgstr=text, comment=entry.comment, occurrences=entry.occurrences)
        )
    return merged


def _unwrapped(text):
    return " ".join(text.split())


def faults(template, translations):
    """Return what is wrong with a language's catalogue, a line each."""
    found = []
    if [entry.msgid for entry in template] != [entry.msgid for entry in translations]:
        found.append("not the terms of the template: run setup/translations")
    for entry in translations:
        found += ["%r: %s" % (entry.msgid, problem) for problem in _problems(entry)]
    return found


def _problems(entry):
    source, text = entry.msgid, entry.msgstr
    if entry.fuzzy or entry.obsolete:
        yield "fuzzy or obsolete"
    if not text.strip():
        yield "not translated"
        return
    if sorted(PLACEHOLDER.findall(source)) != sorted(PLACEHOLDER.findall(text)):
        yield "other placeholders in %r" % text
    if "%(" not in source and PLACEHOLDER.findall(source) != PLACEHOLDER.findall(text):
        yield "placeholders without a name in another order in %r" % text
    if sorted(MARKUP.findall(source)) != sorted(MARKUP.findall(text)):
        yield "other markup in %r" % text
    if _edges(source) != _edges(text):
        yield "other spaces at the ends of %r" % text


def _edges(text):
    return text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
