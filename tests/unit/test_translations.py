"""The catalogues in i18n/: current, complete, and true to the placeholders of their sources."""

import polib
import pytest
from _lib.addon import SOURCE
from _lib.translations import catalogue, code

TEMPLATE = polib.pofile(str(catalogue.template_path(SOURCE)))
LANGUAGES = {language: polib.pofile(str(catalogue.language_path(SOURCE, language))) for language in catalogue.LANGUAGES}


def entries(**texts):
    """Return a catalogue with one entry for each text."""
    found = polib.POFile()
    for number, (source, text) in enumerate(texts.values()):
        found.append(polib.POEntry(msgid=source, msgstr=text, linenum=number))
    return found


# --- the addon's own ----------------------------------------------------------


def test_template_has_the_terms_of_the_python_code():
    listed = {entry.msgid for entry in TEMPLATE if catalogue.PYTHON in entry.comment.split("\n")}
    assert listed == {call.text for call in code.calls(SOURCE)}, "run setup/translations"


@pytest.mark.parametrize("language", catalogue.LANGUAGES)
def test_language_is_complete_and_true_to_its_sources(language):
    assert catalogue.faults(TEMPLATE, LANGUAGES[language]) == []


@pytest.mark.parametrize("language", catalogue.LANGUAGES)
def test_language_has_the_notes_and_places_of_the_template(language):
    assert str(catalogue.merge(TEMPLATE, language, LANGUAGES[language])) == str(LANGUAGES[language])


@pytest.mark.parametrize("language", catalogue.LANGUAGES)
def test_printed_file_name_stays_an_expression(language):
    source = "'Revaluation Journal - %s' % object.name.replace('/', '-')"
    text = LANGUAGES[language].find(source).msgstr
    assert eval(source.replace("object.name", "'REVAL/1'")) == "Revaluation Journal - REVAL-1"
    assert eval(text.replace("object.name", "'REVAL/1'")).endswith(" - REVAL-1")


def test_no_file_carries_a_date():
    for found in (TEMPLATE, *LANGUAGES.values()):
        assert not [name for name in found.metadata if "Date" in name]


def test_every_text_in_python_can_be_translated():
    assert [call for call in code.calls(SOURCE) if call.problem] == []


# --- what finds faults --------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "text", "fault"),
    [
        ("Post", "", "not translated"),
        ("%s is archived.", "Está archivado.", "other placeholders"),
        ("%(a)s of %(b)s", "%(b)s de %(c)s", "other placeholders"),
        ("%d of %s", "%s: %d", "in another order"),
        ("Choose <b>Post</b>", "Elija Publicar", "other markup"),
        ("of the rest ", "del resto", "other spaces"),
    ],
)
def test_faults_are_named(source, text, fault):
    pair = entries(one=(source, text))
    assert fault in catalogue.faults(pair, pair)[0]


def test_faults_none_in_another_order_of_named_placeholders():
    pair = entries(one=("%(a)s of %(b)s, 5 % off", "%(b)s: %(a)s, 5 % de"))
    assert catalogue.faults(pair, pair) == []


def test_fault_of_other_terms_than_the_template():
    assert "not the terms" in catalogue.faults(entries(one=("A b", "x")), entries(one=("A c", "x")))[0]


def test_fault_of_a_fuzzy_translation():
    pair = entries(one=("Post", "Publicar"))
    pair[0].flags.append("fuzzy")
    assert "fuzzy" in catalogue.faults(pair, pair)[0]


# --- making them --------------------------------------------------------------


def addon(folder, text):
    """Write an addon of one Python file."""
    (folder / "models").mkdir()
    (folder / "models" / "thing.py").write_text(text)
    return folder


def test_template_is_made_of_code_and_exports(tmp_path):
    source = addon(tmp_path, 'def f(self):\n    return _("Nothing to change.")\n')
    exports = {
        "19.0": [["model", "ir.model,name", "x.model_a", "Both"], ["code", "addons/x/y.py", "7", "left out"]],
        "14.0": [["model", "ir.model,name", "x.model_b", "Both"], ["model", "ir.model,name", "x.model_c", "Old"]],
    }
    made = {entry.msgid: entry for entry in catalogue.make_template(source, exports)}
    assert list(made) == ["Both", "Nothing to change.", "Old"]
    assert [place for place, _line in made["Both"].occurrences] == [
        "model:ir.model,name:x.model_a",
        "model:ir.model,name:x.model_b",
    ]
    assert made["Nothing to change."].occurrences == [("code:addons/stock_revaluation_journal/models/thing.py", "0")]
    assert made["Nothing to change."].comment == "module: stock_revaluation_journal\nodoo-python"
    assert made["Old"].comment == "module: stock_revaluation_journal\nseries: 14.0"


def test_merge_keeps_a_text_that_was_wrapped_anew_and_forgets_what_is_gone():
    old = entries(one=("Choose\n  Post", "Elija Publicar"), two=("Gone", "Ido"))
    merged = catalogue.merge(entries(one=("Choose Post", ""), two=("New", "")), "es", old)
    assert [(entry.msgid, entry.msgstr) for entry in merged] == [("Choose Post", "Elija Publicar"), ("New", "")]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('TITLE = _("Reversal")', "evaluated at import"),
        ("def f(self):\n    return _('a' + x)", "not one literal"),
        ("def f(self, x):\n    return _(f'{x} lines')", "not one literal"),
        ("def f(self, xs):\n    return [_('a line') for x in xs]", "no self in its frame"),
        ("def f(env):\n    return _('a line')", "no self in its frame"),
    ],
)
def test_calls_that_cannot_be_translated_are_named(tmp_path, text, problem):
    (call,) = code.calls(addon(tmp_path, text))
    assert problem in call.problem


def test_calls_in_a_comprehension_that_uses_self_are_well(tmp_path):
    text = "def f(self):\n    return [_('a line') for x in self], self.env._('another')\n"
    assert [call.problem for call in code.calls(addon(tmp_path, text))] == ["", ""]
