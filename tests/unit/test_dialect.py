"""The dialect step: every rule with its expected form, every refusal."""

import itertools
import sys
from pathlib import Path

import pytest

lxml_etree = pytest.importorskip("lxml.etree")
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "setup"))

from _lib import dialect  # noqa: E402
from _lib.dialect import conditions, models, rules  # noqa: E402
from _lib.dialect.addon import translate  # noqa: E402

VIEW = """<odoo><record id="view" model="ir.ui.view"><field name="arch" type="xml">%s</field></record></odoo>"""
MANIFEST = '{\n    "name": "Déjà vu",\n    "version": "1.0.0",  # bare\n    "data": ["views/a.xml"],\n}\n'


def translated(series, xml, python=""):
    """Return a data file in the form of `series`, in one comparable spelling."""
    return canonical(translate(series, "views/a.xml", xml.encode(), models.read([python])))


def canonical(xml):
    text = xml.decode() if isinstance(xml, bytes) else xml
    return lxml_etree.canonicalize(text.partition("?>\n")[2] or text, strip_text=True)


def assert_view(series, source, expected):
    assert translated(series, VIEW % source) == canonical(VIEW % expected)


def assert_refused(series, source, *parts, wrap=VIEW):
    """Assert that a view is refused with a message that has every part."""
    with pytest.raises(dialect.DialectError) as refusal:
        translated(series, wrap % source)
    for part in parts:
        assert part in str(refusal.value)


# --- conditions --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("condition", "domain"),
    [
        ("state == 'draft'", [("state", "=", "draft")]),
        ("state != 'draft'", [("state", "!=", "draft")]),
        ("not state == 'draft'", [("state", "!=", "draft")]),
        ("quantity < 1", [("quantity", "<", 1)]),
        ("not quantity < 1", [("quantity", ">=", 1)]),
        ("quantity <= 1", [("quantity", "<=", 1)]),
        ("not quantity <= 1", [("quantity", ">", 1)]),
        ("quantity > -1.5", [("quantity", ">", -1.5)]),
        ("quantity >= 1", [("quantity", ">=", 1)]),
        ("state in ('draft', 'posted')", [("state", "in", ["draft", "posted"])]),
        ("state not in ['draft']", [("state", "not in", ["draft"])]),
        ("not (state in ['draft'])", [("state", "not in", ["draft"])]),
        ("active", [("active", "not in", [False, 0, ""])]),
        ("not active", [("active", "in", [False, 0, ""])]),
        ("line_ids", [("line_ids", "!=", [])]),
        ("not line_ids", [("line_ids", "=", [])]),
        ("parent.state == 'draft'", [("parent.state", "=", "draft")]),
        ("not parent.line_ids", [("parent.line_ids", "=", [])]),
        ("date == False", [("date", "=", False)]),
        ("id == 3", [("id", "=", 3)]),
        ("a == 1 and b == 2", ["&", ("a", "=", 1), ("b", "=", 2)]),
        ("a == 1 or b == 2", ["|", ("a", "=", 1), ("b", "=", 2)]),
        ("a == 1 or b == 2 or c == 3", ["|", "|", ("a", "=", 1), ("b", "=", 2), ("c", "=", 3)]),
        ("a == 1 or b == 2 and c == 3", ["|", ("a", "=", 1), "&", ("b", "=", 2), ("c", "=", 3)]),
        ("(a == 1 or b == 2) and c == 3", ["&", "|", ("a", "=", 1), ("b", "=", 2), ("c", "=", 3)]),
        ("not (a == 1 and b == 2)", ["|", ("a", "!=", 1), ("b", "!=", 2)]),
        ("not (a == 1 or not b == 2)", ["&", ("a", "!=", 1), ("b", "=", 2)]),
    ],
)
def test_condition_in_grammar_becomes_domain(condition, domain):
    assert conditions.to_domain(condition) == domain


@pytest.mark.parametrize(
    ("condition", "reason"),
    [
        ("a == b", "literal value"),
        ("a == 1 == b", "two values"),
        ("1 == a", "not a field"),
        ("a + 1 == 2", "not a field"),
        ("len(line_ids) > 1", "not a field"),
        ("a is True", "operator outside"),
        ("a == [1]", "lists go with"),
        ("a in 'x'", "lists go with"),
        ("a < 'x'", "with a number"),
        ("a >= True", "with a number"),
        ("a == None", "literal outside"),
        ("a in [None]", "literal outside"),
        ("a.b == 1", "only fields"),
        ("parent.a.b", "only fields"),
        ("parent == 1", "only fields"),
        ("uid == 1", "only fields"),
        ("context", "only fields"),
        ("a and 1", "not a field"),
        ("a ==", "not an expression"),
        ("a = 1", "not an expression"),
    ],
)
def test_condition_outside_grammar_is_refused(condition, reason):
    with pytest.raises(dialect.DialectError, match=reason):
        conditions.to_domain(condition)


CASES = [
    "a", "not a", "a == 1", "a != 1", "a < 1", "not a >= 1", "a in (0, 1)", "not a in (0, 1)",
    "a and b", "a or not b", "not (a and b or c)", "not (a or b) and c", "a and (b or c)",
    "a == 1 or b and not c", "not (not (a == 1) or not (b and not c))",
]  # fmt: skip


@pytest.mark.parametrize("condition", CASES)
def test_domain_is_true_exactly_when_condition_is(condition):
    domain = conditions.to_domain(condition)
    for a, b, c in itertools.product((0, 1, 2), (False, True), ("", "x", False)):
        values = {"a": a, "b": b, "c": c}
        assert holds(domain, values) == bool(eval(condition, {}, values)), values


def holds(domain, values):
    """Evaluate a domain as the web client does up to 16.0: strict, by value and type."""

    def same(one, other):
        return one == other and isinstance(one, bool) == isinstance(other, bool)

    operators = {
        "=": same,
        "!=": lambda one, other: not same(one, other),
        "<": lambda one, other: one < other,
        ">=": lambda one, other: one >= other,
        "in": lambda one, many: any(same(one, other) for other in many),
        "not in": lambda one, many: not any(same(one, other) for other in many),
    }
    stack = []
    for item in reversed(domain):
        if item == "&":
            stack.append(stack.pop() & stack.pop())
        elif item == "|":
            stack.append(stack.pop() | stack.pop())
        else:
            stack.append(operators[item[1]](values[item[0]], item[2]))
    (result,) = stack
    return result


# --- conditions in views -----------------------------------------------------------------------


def test_conditions_of_an_element_become_one_attrs_up_to_16():
    source = """<form><field name="state"/>
        <field name="date" readonly="state != 'draft'" required="state == 'draft'"/></form>"""
    expected = """<form><field name="state"/><field name="date"
        attrs="{'readonly': [('state', '!=', 'draft')], 'required': [('state', '=', 'draft')]}"/></form>"""
    assert_view("16.0", source, expected)
    assert_view("14.0", source, expected)
    assert_view("17.0", source, source)


@pytest.mark.parametrize("tag", ["button", "group", "page", "div", "span", "label", "separator", "notebook"])
def test_condition_of_any_form_element_becomes_attrs(tag):
    assert_view(
        "14.0",
        '<form><field name="a"/><%s invisible="a == 1"/></form>' % tag,
        """<form><field name="a"/><%s attrs="{'invisible': [('a', '=', 1)]}"/></form>""" % tag,
    )


def test_constant_conditions_of_a_form_stay_attributes():
    assert_view(
        "14.0",
        """<form><field name="a" invisible="1" readonly="True" required="0"/>
            <field name="b" invisible="0" readonly="0"/></form>""",
        """<form><field name="a" invisible="1" readonly="True" required="0"/>
            <field name="b" readonly="0"/></form>""",
    )


def test_condition_on_context_alone_stays_an_attribute():
    assert_view(
        "14.0",
        """<list><field name="a" column_invisible="context.get('hide')"/></list>""",
        """<tree><field name="a" invisible="context.get('hide')"/></tree>""",
    )


def test_column_invisible_constant_becomes_invisible():
    assert_view(
        "16.0",
        '<list><field name="a" column_invisible="1"/><field name="b" column_invisible="False"/></list>',
        '<tree><field name="a" invisible="1"/><field name="b"/></tree>',
    )


def test_column_invisible_on_parent_and_cell_invisible_become_attrs():
    assert_view(
        "16.0",
        """<form><field name="state"/><field name="line_ids"><list>
            <field name="a" column_invisible="parent.state == 'draft'" invisible="b &gt; 1"/><field name="b"/>
            <button name="x" type="object" column_invisible="parent.state"/>
        </list></field></form>""",
        """<form><field name="state"/><field name="line_ids"><tree>
            <field name="a"
             attrs="{'invisible': [('b', '&gt;', 1)], 'column_invisible': [('parent.state', '=', 'draft')]}"/>
            <field name="b"/>
            <button name="x" type="object"
             attrs="{'column_invisible': [('parent.state', 'not in', [False, 0, ''])]}"/>
        </tree></field></form>""",
    )


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ('<list><field name="a" invisible="1"/></list>', "write column_invisible"),
        ('<list><field name="a" column_invisible="b"/></list>', "only fields of the parent"),
        ('<form><field name="a" column_invisible="1"/></form>', "for the columns of a list"),
        ('<form><field name="a" column_invisible="parent.b"/></form>', "for the columns of a list"),
        ('<list><header><button name="x" invisible="a"/></header></list>', "list's header"),
        ('<pivot><field name="a" invisible="b"/></pivot>', "forms and lists"),
        ('<search><filter name="a" invisible="b"/></search>', "forms and lists"),
        ('<form><field name="a" invisible="b == c"/></form>', "literal value"),
    ],
)
def test_condition_in_the_wrong_place_is_refused_with_its_element(source, reason):
    assert_refused("16.0", source, reason, "1: <", 'name="')


def test_refusal_names_the_line_and_the_element():
    with pytest.raises(dialect.DialectError) as refusal:
        translated("16.0", VIEW % '\n\n<form>\n<field name="a" invisible="b == c"/></form>')
    assert str(refusal.value) == '4: <field name="a">: compare with a literal value: b == c'


# --- fields that expressions read --------------------------------------------------------------


def test_field_read_by_a_condition_is_added_to_the_sheet():
    assert_view(
        "16.0",
        '<form><header/><sheet><field name="a" invisible="b == 1 or c"/></sheet></form>',
        """<form><header/><sheet><field name="b" invisible="1"/><field name="c" invisible="1"/>
        <field name="a" attrs="{'invisible': ['|', ('b', '=', 1), ('c', 'not in', [False, 0, ''])]}"/>
        </sheet></form>""",
    )


def test_field_read_by_a_condition_is_added_first_to_a_form_without_sheet():
    assert_view(
        "16.0",
        '<form><field name="a" invisible="b == 1"/><footer/></form>',
        """<form><field name="b" invisible="1"/>
        <field name="a" attrs="{'invisible': [('b', '=', 1)]}"/><footer/></form>""",
    )


def test_field_read_by_a_decoration_domain_or_context_is_added_once():
    assert_view(
        "14.0",
        """<list decoration-danger="amount &lt; 0 and not done">
            <field name="a" domain="[('x', '=', company_id), ('y', '=', uid)]"
             context="{'default_z': amount}"/></list>""",
        """<tree decoration-danger="amount &lt; 0 and not done">
            <field name="a" domain="[('x', '=', company_id), ('y', '=', uid)]"
             context="{'default_z': amount}"/>
            <field name="amount" invisible="1"/><field name="done" invisible="1"/>
            <field name="company_id" invisible="1"/></tree>""",
    )


def test_parent_field_is_added_to_the_form_around_the_list():
    assert_view(
        "14.0",
        """<form><field name="line_ids"><list>
            <field name="a" readonly="parent.state == 'x' or id"/></list></field></form>""",
        """<form><field name="state" invisible="1"/><field name="line_ids"><tree><field name="a"
            attrs="{'readonly': ['|', ('parent.state', '=', 'x'), ('id', 'not in', [False, 0, ''])]}"/>
            </tree></field></form>""",
    )


def test_parent_field_of_a_list_standing_alone_is_added_nowhere():
    assert_view(
        "14.0",
        '<list><field name="a" readonly="parent.b == 1"/></list>',
        """<tree><field name="a" attrs="{'readonly': [('parent.b', '=', 1)]}"/></tree>""",
    )


def test_same_name_in_another_view_does_not_count_as_present():
    assert_view(
        "14.0",
        """<form><field name="line_ids"><list><field name="b"/></list></field>
            <field name="a" invisible="b == 1"/></form>""",
        """<form><field name="b" invisible="1"/><field name="line_ids"><tree><field name="b"/></tree></field>
            <field name="a" attrs="{'invisible': [('b', '=', 1)]}"/></form>""",
    )


def test_field_for_some_groups_does_not_count_as_present():
    assert_view(
        "16.0",
        """<form><group groups="base.group_no_one"><field name="b"/></group>
            <field name="a" readonly="b == 1"/></form>""",
        """<form><field name="b" invisible="1"/><group groups="base.group_no_one"><field name="b"/></group>
            <field name="a" attrs="{'readonly': [('b', '=', 1)]}"/></form>""",
    )


def test_field_for_the_groups_of_its_reader_counts_as_present():
    button = """<xpath expr="//div[@name='button_box']" position="inside">
        <button name="x" type="object" groups="a.b" %s><field name="n"/></button></xpath>"""
    assert_view("16.0", button % 'invisible="n == 0"', button % """attrs="{'invisible': [('n', '=', 0)]}\"""")


def test_17_gets_the_fields_too_and_keeps_the_conditions():
    assert_view(
        "17.0",
        """<form><field name="a" invisible="b == 1"/><field name="line_ids">
            <list decoration-info="c"><field name="d"/></list></field></form>""",
        """<form><field name="b" invisible="1"/><field name="a" invisible="b == 1"/><field name="line_ids">
            <tree decoration-info="c"><field name="d"/><field name="c" column_invisible="1"/></tree>
            </field></form>""",
    )


MODELS = """
from odoo import fields, models

class Journal(models.Model):
    _name = "journal"
    company_id = fields.Many2one("res.company")
    account_id = fields.Many2one("account.account", check_company=True)
    tax_id = fields.Many2one("account.tax", domain="[('x', '=', state), ('y', '=', uid)]")
    plain_id = fields.Many2one("account.tax", domain=[("x", "=", 1)])
    line_ids = fields.One2many(comodel_name="line", inverse_name="journal_id")

class MoreOfTheJournal(models.Model):
    _inherit = ["journal"]
    state = fields.Char()

class Line(models.Model):
    _name = "line"
    _inherit = ["mail.thread"]
    account_id = fields.Many2one("account.account", check_company=True)
    lot_id = fields.Many2one(compat.LOT_MODEL, domain="[('z', '=', parent.date)]")
"""
OF_JOURNAL = VIEW.replace("<field name=", '<field name="model">journal</field><field name=', 1)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (
            '<form><field name="account_id"/><field name="company_id" groups="a.b"/></form>',
            """<form><field name="company_id" invisible="1"/><field name="account_id"/>
                <field name="company_id" groups="a.b"/></form>""",
        ),
        (
            '<form><field name="tax_id"/></form>',
            '<form><field name="state" invisible="1"/><field name="tax_id"/></form>',
        ),
        (
            """<form><field name="line_ids"><list>
                <field name="account_id"/><field name="lot_id"/></list></field></form>""",
            """<form><field name="date" invisible="1"/><field name="line_ids"><tree><field name="account_id"/>
                <field name="lot_id"/></tree></field></form>""",
        ),
        (
            """<form><field name="account_id" domain="[]"/><field name="plain_id"/></form>""",
            """<form><field name="account_id" domain="[]"/><field name="plain_id"/></form>""",
        ),
    ],
)
def test_field_read_by_a_domain_in_python_is_added(source, expected):
    for series in ("14.0", "17.0"):
        assert translated(series, OF_JOURNAL % source, MODELS) == canonical(OF_JOURNAL % expected)
    assert translated("18.0", OF_JOURNAL % source, MODELS) == canonical(OF_JOURNAL % source)


def test_search_view_gets_no_fields():
    source = """<search><field name="a" domain="[('x', '=', b)]"/></search>"""
    assert_view("14.0", source, source)


INHERITING = '<xpath expr="//field[@name=%s]" position="after">%s<field name="a" invisible="b == 1"/></xpath>'


def test_inheriting_view_says_what_the_extended_one_contains():
    assert_refused("16.0", INHERITING % ("'x'", ""), "<!-- present: b -->")
    present = "<!-- present: c, b -->"
    expected = """<xpath expr="//field[@name='x']" position="after">
        <field name="a" attrs="{'invisible': [('b', '=', 1)]}"/></xpath>"""
    assert_view("16.0", INHERITING % ("'x'", present), expected)
    assert_refused("17.0", INHERITING % ("'x'", ""), "<!-- present: b -->")
    kept = INHERITING % ("'x'", "")
    assert translated("18.0", VIEW % kept) == canonical(VIEW % kept)


def test_attribute_specification_takes_constants_only():
    specification = '<field name="a" position="attributes"><attribute name="%s">%s</attribute></field>'
    assert_view("16.0", specification % ("invisible", "1"), specification % ("invisible", "1"))
    assert_view("16.0", specification % ("column_invisible", "1"), specification % ("invisible", "1"))
    assert_view("16.0", specification % ("string", "a == 1"), specification % ("string", "a == 1"))
    assert_refused("16.0", specification % ("invisible", "b == 1"), "would replace", '<attribute name="invisible">')


# --- lists -------------------------------------------------------------------------------------


def test_list_is_a_tree_up_to_17():
    source = """<form><field name="line_ids" mode="list,kanban" context="{'list_view_ref': 'x.y'}">
        <list editable="bottom"><field name="a"/></list></field></form>"""
    expected = """<form><field name="line_ids" mode="tree,kanban" context="{'tree_view_ref': 'x.y'}">
        <tree editable="bottom"><field name="a"/></tree></field></form>"""
    for series in ("14.0", "15.0", "16.0", "17.0"):
        assert_view(series, source, expected)


def test_source_goes_to_18_and_19_untouched():
    source = (VIEW % "<list><!-- a  comment --><field  name='a'/></list>").encode()
    for series in ("18.0", "19.0"):
        assert translate(series, "views/a.xml", source, {}) == source


@pytest.mark.parametrize(
    ("path", "older"),
    [
        ("//list/field[@name='list']", "//tree/field[@name='list']"),
        ("//field[@name='line_ids']/list//field", "//field[@name='line_ids']/tree//field"),
        ("//div[hasclass('list')]", "//div[hasclass('list')]"),
        ("//field[@name='price_list']", "//field[@name='price_list']"),
        ("//chatter", "//div[hasclass('oe_chatter')]"),
    ],
)
def test_path_of_an_inheriting_view_names_older_elements(path, older):
    assert_view("17.0", '<xpath expr="%s" position="after"/>' % path, '<xpath expr="%s" position="after"/>' % older)


def test_path_on_a_condition_is_refused():
    assert_refused("17.0", """<xpath expr="//field[@invisible='a']"/>""", "cannot be searched for")


# --- chatter, search ---------------------------------------------------------------------------


def test_chatter_is_a_block_up_to_17():
    expected = """<form><div class="oe_chatter">
        <field name="message_follower_ids"/><field name="activity_ids"/><field name="message_ids"/>
        </div></form>"""
    assert_view("14.0", "<form><chatter/></form>", expected)
    assert_view("17.0", "<form><chatter/></form>", expected)


def test_chatter_with_options_is_refused():
    assert_refused("17.0", '<form><chatter reload_on_post="True"/></form>', "bare <chatter/>")


def test_search_panel_names_lists_both_ways_before_16():
    source = '<search><field name="a"/><searchpanel view_types="list,kanban"/></search>'
    assert_view("14.0", source, source.replace("list,kanban", "tree,list,kanban"))
    assert_view("16.0", source, source)


def test_search_group_stays():
    source = """<search><field name="a"/><group><filter name="x" context="{'group_by': 'a'}"/></group></search>"""
    assert_view("14.0", source, source)


# --- kanban ------------------------------------------------------------------------------------

CARD = '<kanban>%s<templates><t t-name="card">%s</t></templates></kanban>'
BOX = '<kanban>%s<templates><t t-name="kanban-box"><div class="%s">%s</div></t></templates></kanban>'
COLUMN = "oe_kanban_global_click d-flex flex-column"


def test_card_is_wrapped_in_what_opens_the_record():
    content = '<div>Text <field name="a" widget="badge"/> more</div><span t-if="record.b.raw_value">b</span>'
    assert_view("17.0", CARD % ("", content), BOX % ("", COLUMN, content))
    assert_view("14.0", CARD % ("", content), BOX % ("", COLUMN, content))


def test_class_of_the_card_takes_the_place_of_the_column():
    source = '<kanban><templates><t t-name="card" class="flex-row"><field name="a"/></t></templates></kanban>'
    assert_view("16.0", source, BOX % ("", "oe_kanban_global_click d-flex flex-row", '<field name="a"/>'))


def test_blocks_of_a_card_become_divisions():
    assert_view(
        "16.0",
        CARD % ("", '<aside>x</aside><main class="ps-2">y</main><footer>z</footer>'),
        BOX % ("", COLUMN, '<div class="d-flex flex-column me-2">x</div>'
               '<div class="d-flex flex-column flex-grow-1 ps-2">y</div>'
               '<div class="d-flex mt-auto pt-2 align-items-center">z</div>'),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (CARD % ("", "<table/>"), "not an element of a simple card"),
        (CARD % ("", '<field name="a" invisible="b"/>'), "as t-if"),
        (CARD % ("", '<div invisible="1"/>'), "as t-if"),
        (CARD % ("", '<field name="a" readonly="1"/>'), "as t-if"),
        ('<kanban><templates><t t-name="menu"/></templates></kanban>', "only the template 'card'"),
        (CARD % ("", '<field name="a" class="fw-bold"/>'), "write a span around"),
        (CARD % ("", '<field name="a" t-if="b"/>'), "write a span around"),
    ],
)
def test_kanban_beyond_a_simple_card_is_refused(source, reason):
    assert_refused("17.0", source, reason)


# --- widgets, classes, templates ---------------------------------------------------------------


def test_unknown_or_irreplaceable_widget_is_refused():
    assert_refused("17.0", '<form><field name="a" widget="sparkle"/></form>', "sparkle is not in")
    assert_refused("17.0", '<form><widget name="sparkle"/></form>', "sparkle is not in")
    assert_refused("14.0", '<form><field name="a" widget="analytic_distribution"/></form>', "from 16.0 on")


def test_ribbon_has_its_older_colour_and_condition():
    assert_view(
        "16.0",
        """<form><field name="active"/>
            <widget name="web_ribbon" bg_color="text-bg-danger" invisible="active == True"/></form>""",
        """<form><field name="active"/><widget name="web_ribbon" bg_color="bg-danger"
            attrs="{'invisible': [('active', '=', True)]}"/></form>""",
    )


@pytest.mark.parametrize(
    ("newer", "older"),
    [
        ("ms-2 pe-md-3 d-flex mb-1", "ml-2 pr-md-3 d-flex mb-1"),
        ("text-end fw-bold float-start", "text-right font-weight-bold float-left"),
        ("text-right text-end", "text-right"),
        ("badge text-bg-info", "badge badge-info"),
        ("card text-bg-info", "card bg-info"),
    ],
)
def test_bootstrap_classes_have_their_older_names_up_to_15(newer, older):
    form = '<form><div class="%s"/></form>'
    assert_view("15.0", form % newer, form % older)
    assert_view("16.0", form % newer, form % newer)


def test_template_prints_with_t_esc_up_to_15():
    template = '<odoo><template id="x"><td class="text-end" t-out="%s"/><t t-field="o.b"/></template></odoo>'
    older = '<odoo><template id="x"><td class="text-right" t-esc="o.a"/><t t-field="o.b"/></template></odoo>'
    assert translated("14.0", template % "o.a") == canonical(older)
    assert translated("15.0", template % "o.a") == canonical(older)
    assert translated("16.0", template % "o.a") == canonical(template % "o.a")


# --- records -----------------------------------------------------------------------------------

RECORD = '<odoo><record id="x" model="%s">%s</record></odoo>'


def test_action_has_older_view_modes():
    source = """<field name="view_mode">list,form,pivot</field>
        <field name="context">{'list_view_ref': 'a.b'}</field>
        <field name="view_ids" eval="[(0, 0, {'view_mode': 'list', 'view_id': ref('a')})]"/>
        <field name="binding_view_types">list,form</field>"""
    expected = """<field name="view_mode">tree,form,pivot</field>
        <field name="context">{'tree_view_ref': 'a.b'}</field>
        <field name="view_ids" eval="[(0, 0, {'view_mode': 'tree', 'view_id': ref('a')})]"/>
        <field name="binding_view_types">list,form</field>"""
    model = "ir.actions.act_window"
    for series in ("14.0", "17.0"):
        assert translated(series, RECORD % (model, source)) == canonical(RECORD % (model, expected))


def test_view_of_an_action_and_type_of_a_view_are_trees():
    for model, name in (("ir.actions.act_window.view", "view_mode"), ("ir.ui.view", "type")):
        field = '<field name="%s">%%s</field>' % name
        assert translated("17.0", RECORD % (model, field % "list")) == canonical(RECORD % (model, field % "tree"))


def test_scheduled_action_never_runs_out_up_to_17():
    source = '<field name="name">Post</field>'
    older = source + '<field name="numbercall" eval="-1"/><field name="doall" eval="False"/>'
    assert translated("17.0", RECORD % ("ir.cron", source)) == canonical(RECORD % ("ir.cron", older))
    assert translated("18.0", RECORD % ("ir.cron", source)) == canonical(RECORD % ("ir.cron", source))


def test_scheduled_action_of_a_series_before_18_may_say_more():
    fields = '<field name="numbercall">3</field><field name="doall">1</field>'
    source = RECORD % ("ir.cron", "<!-- series: <18.0\n%s -->" % fields)
    assert translated("16.0", source) == canonical(RECORD % ("ir.cron", fields))


# --- directives --------------------------------------------------------------------------------


@pytest.mark.parametrize(("series", "kept"), [("14.0", False), ("15.0", False), ("16.0", True), ("17.0", True)])
def test_element_after_a_directive_is_for_its_series(series, kept):
    source = '<form>a<!-- series: >=16.0 --> b <!-- other --><field name="x"/> c <field name="y"/></form>'
    expected = '<form>a b <!-- other -->%s c <field name="y"/></form>' % ('<field name="x"/>' if kept else "")
    assert_view(series, source, expected)


def test_directive_drops_whole_records():
    source = """<odoo><!-- series: >=18.0 --><record id="a" model="m"/><record id="b" model="m"/></odoo>"""
    assert translated("17.0", source) == canonical('<odoo><record id="b" model="m"/></odoo>')
    assert translated("18.0", source) == canonical('<odoo><record id="a" model="m"/><record id="b" model="m"/></odoo>')


def test_content_for_older_series_is_taken_out_of_its_comment_and_translated():
    source = """<form><!-- series: <16.0
        <field name="a" readonly="b == 1"/>
        <field name="b"/>
    --></form>"""
    assert_view(
        "15.0",
        source,
        """<form><field name="a" attrs="{'readonly': [('b', '=', 1)]}"/><field name="b"/></form>""",
    )
    assert_view("16.0", source, "<form/>")
    assert translated("18.0", VIEW % source) == canonical(VIEW % "<form/>")


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ('<!-- series: >=19.0 --><field name="a"/>', "no bound above 18.0"),
        ("<!-- series: <19.0\n<field/> -->", "no bound above 18.0"),
        ('<!-- series: <16.0 --><field name="a"/>', "is followed by the XML"),
        ('<!-- series: >=16.0\n<field/> --><field name="a"/>', "is followed by the XML"),
        ('<!-- series: =16.0 --><field name="a"/>', "write it as"),
        ('<!-- series 16 --><field name="a"/>', "write it as"),
        ("<!-- series: >=16.0 -->", "no element follows"),
        ("<!-- series: <16.0\n<field> -->", "not well-formed"),
    ],
)
def test_malformed_directive_is_refused(source, reason):
    assert_refused("14.0", "<form>%s</form>" % source, reason)


# --- rules of the source and of what was built ---------------------------------------------------


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("""<form><field name="a" attrs="{}"/></form>""", "attrs ended"),
        ("""<form><button name="a" states="draft"/></form>""", "states ended"),
        ("<tree/>", "write <list>"),
        ("""<kanban><t t-name="kanban-box"/></kanban>""", "'card'"),
        ("""<form><div class="oe_chatter"/></form>""", "write <chatter/>"),
        ("""<search><group expand="0" string="x"/></search>""", "no attributes"),
        ("""<kanban><t t-esc="a"/></kanban>""", "write t-out"),
        ("""<list><field name="a" help="b"/></list>""", "is 19.0's"),
        ("""<list group_create="0"/>""", "18.0 refuses"),
    ],
)
def test_source_in_another_dialect_is_refused_for_every_series(source, reason):
    for series in dialect.SERIES:
        assert_refused(series, source, reason)


def test_source_with_numbercall_or_tree_mode_is_refused():
    assert_refused("18.0", RECORD % ("ir.cron", '<field name="numbercall">-1</field>'), "gone since 18.0", wrap="%s")
    action = RECORD % ("ir.actions.act_window", '<field name="view_mode">tree,form</field>')
    assert_refused("18.0", action, "write list", wrap="%s")


@pytest.mark.parametrize(
    ("number", "xml", "reason"),
    [
        (17, VIEW % "<list/>", "element of 18.0"),
        (17, VIEW % '<kanban><t t-name="card"/></kanban>', "template of 18.0"),
        (17, RECORD % ("ir.actions.act_window", '<field name="view_mode">list</field>'), "mode of 18.0"),
        (17, RECORD % ("ir.cron", ""), "run once"),
        (17, VIEW % "<form><!-- series: >=16.0 --><field/></form>", "left over"),
        (16, VIEW % '<form><field name="a" invisible="b"/></form>', "is an expression"),
        (16, VIEW % '<tree><field name="a" column_invisible="1"/></tree>', "attribute of 17.0"),
        (15, VIEW % '<kanban><t t-out="b"/></kanban>', "attribute of 15.0"),
        (14, "<odoo><asset/></odoo>", "element of 15.0"),
    ],
)
def test_remains_of_a_newer_dialect_are_found(number, xml, reason):
    found = rules.xml_faults(lxml_etree.fromstring(xml), number, source=False)
    assert [text for _element, text in found if reason in text]


def test_python_of_the_addon_is_3_8_and_takes_list_from_compat():
    assert rules.python_faults("x = {'view_mode': compat.LIST, 'a': 'list'}") == []
    assert rules.python_faults("x = {'view_mode': 'kanban,form'}") == []
    assert "compat.LIST" in next(iter(rules.python_faults("\nx = {'view_mode': 'list,form'}")))[1]
    assert "not Python 3.8" in rules.python_faults("match x:\n    case 1: pass\n")[0][1]
    assert (
        "not Python 3.8"
        in rules.python_faults("def f(x: int | None = None, /): ...\nwith (a as b, c as d): pass")[0][1]
    )


# --- whole addons ------------------------------------------------------------------------------


@pytest.fixture
def source(tmp_path):
    folder = tmp_path / "source" / "my_addon"
    files = {
        "__init__.py": "",
        "__manifest__.py": MANIFEST,
        "views/a.xml": VIEW % "<list><field name='a'/></list>",
        "valuation/layers.py": "",
        "valuation/product_values.py": "",
        "i18n/fr.po": 'msgid ""\n',
        "__pycache__/x.pyc": "",
        ".hidden": "",
        "views/a.xml~": "",
        "tests/test_a.py": "",
    }
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(content)
    return folder


def listed(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_built_addon_has_the_files_of_its_series(source, tmp_path):
    common = ["__init__.py", "__manifest__.py", "i18n/fr.po", "views/a.xml"]
    for series, seam in (("14.0", "layers"), ("18.0", "layers"), ("19.0", "product_values")):
        target = tmp_path / series / "my_addon"
        dialect.build(series, source, target)
        assert listed(target) == sorted(common + ["valuation/%s.py" % seam])


def test_manifest_differs_by_the_series_before_the_version(source, tmp_path):
    dialect.build("16.0", source, tmp_path / "built")
    assert (tmp_path / "built/__manifest__.py").read_text() == MANIFEST.replace("1.0.0", "16.0.1.0.0")
    assert dialect.manifest_version(source) == "1.0.0"


def test_folder_without_manifest_and_broken_xml_are_refused(source, tmp_path):
    (source / "views/a.xml").write_text("<odoo>\n<record></odoo>")
    with pytest.raises(dialect.DialectError, match="views/a.xml:2: Opening and ending tag mismatch"):
        dialect.build("14.0", source, tmp_path / "built")
    (source / "views/a.xml").unlink()
    (source / "__manifest__.py").unlink()
    with pytest.raises(dialect.DialectError, match="__manifest__.py is missing"):
        dialect.build("14.0", source, tmp_path / "built")


@pytest.mark.parametrize("version", ["18.0.1.0.0", "1.0", "1"])
def test_manifest_with_a_version_that_is_not_bare_is_refused(source, tmp_path, version):
    (source / "__manifest__.py").write_text(MANIFEST.replace("1.0.0", version))
    with pytest.raises(dialect.DialectError, match=r"__manifest__.py: .*bare"):
        dialect.build("14.0", source, tmp_path / "built")


def test_manifest_that_is_computed_is_refused(source, tmp_path):
    (source / "__manifest__.py").write_text('{"name": x, "version": "1.0.0"}')
    with pytest.raises(dialect.DialectError, match="literal"):
        dialect.build("14.0", source, tmp_path / "built")


def test_data_file_that_is_missing_is_refused(source, tmp_path):
    (source / "views/a.xml").unlink()
    with pytest.raises(dialect.DialectError, match="views/a.xml is missing"):
        dialect.build("14.0", source, tmp_path / "built")


def test_build_names_file_line_and_element_and_writes_nothing(source, tmp_path):
    (source / "views/a.xml").write_text(VIEW % "\n<form>\n<field name='a' invisible='b == c'/></form>")
    (source / "__init__.py").write_text("match x:\n    case 1: pass\n")
    with pytest.raises(dialect.DialectError) as refusal:
        dialect.build("16.0", source, tmp_path / "built")
    assert 'views/a.xml:3: <field name="a">: compare with a literal' in str(refusal.value)
    assert "__init__.py:2: not Python 3.8" in str(refusal.value)
    assert not (tmp_path / "built").exists()


def test_unknown_series_is_refused(source, tmp_path):
    with pytest.raises(dialect.DialectError, match="unknown series 13.0"):
        dialect.build("13.0", source, tmp_path / "built")


def test_static_xml_is_left_alone(source, tmp_path):
    (source / "static").mkdir()
    (source / "static/a.xml").write_text("<templates><t t-esc='a'/></templates>")
    dialect.build("16.0", source, tmp_path / "built")
    assert (tmp_path / "built/static/a.xml").read_text() == "<templates><t t-esc='a'/></templates>"
