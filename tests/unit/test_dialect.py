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


# --- views: the form of each series ------------------------------------------------------------

FORM, COLUMN = "<form>%s</form>", "oe_kanban_global_click d-flex flex-column"
CARD = '<kanban><templates><t t-name="card">%s</t></templates></kanban>'
BOX = '<kanban><templates><t t-name="kanban-box"><div class="%s">%s</div></t></templates></kanban>'
CONTENT = '<div>Text <field name="a" widget="badge"/> more</div><span t-if="record.b.raw_value">b</span>'
CHATTER = """<div class="oe_chatter"><field name="message_follower_ids"/><field name="activity_ids"/>
    <field name="message_ids"/></div>"""
SPECIFICATION = '<field name="a" position="attributes"><attribute name="%s">%s</attribute></field>'
BUTTON = """<xpath expr="//div[@name='button_box']" position="inside">
    <button name="x" type="object" groups="a.b" %s><field name="n"/></button></xpath>"""
READONLY = """<field name="state"/><field name="date" readonly="state != 'draft'" required="state == 'draft'"/>"""

# what it is: (series, source, expected: None where it stays)
VIEWS = {
    "conditions of an element become one attrs up to 16": (
        "14.0 16.0", FORM % READONLY,
        """<form><field name="state"/><field name="date"
        attrs="{'readonly': [('state', '!=', 'draft')], 'required': [('state', '=', 'draft')]}"/></form>""",
    ),
    "conditions are 17's own": ("17.0", FORM % READONLY, None),
    "constant conditions of a form stay attributes": (
        "14.0",
        FORM % """<field name="a" invisible="1" readonly="True" required="0"/>
            <field name="b" invisible="0" readonly="0"/>""",
        FORM % """<field name="a" invisible="1" readonly="True" required="0"/><field name="b" readonly="0"/>""",
    ),
    "a condition on context alone stays an attribute": (
        "14.0",
        """<list><field name="a" column_invisible="context.get('hide')"/></list>""",
        """<tree><field name="a" invisible="context.get('hide')"/></tree>""",
    ),
    "column_invisible, constant, becomes invisible": (
        "16.0",
        '<list><field name="a" column_invisible="1"/><field name="b" column_invisible="False"/></list>',
        '<tree><field name="a" invisible="1"/><field name="b"/></tree>',
    ),
    "column_invisible on parent, and a cell's invisible, become attrs": (
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
    ),
    "a field read by a condition is added to the sheet": (
        "16.0",
        '<form><header/><sheet><field name="a" invisible="b == 1 or c"/></sheet></form>',
        """<form><header/><sheet><field name="b" invisible="1"/><field name="c" invisible="1"/>
        <field name="a" attrs="{'invisible': ['|', ('b', '=', 1), ('c', 'not in', [False, 0, ''])]}"/>
        </sheet></form>""",
    ),
    "… first to a form without sheet": (
        "16.0",
        '<form><field name="a" invisible="b == 1"/><footer/></form>',
        """<form><field name="b" invisible="1"/>
        <field name="a" attrs="{'invisible': [('b', '=', 1)]}"/><footer/></form>""",
    ),
    "a field read by a decoration, domain or context is added once": (
        "14.0",
        """<list decoration-danger="amount &lt; 0 and not done">
            <field name="a" domain="[('x', '=', company_id), ('y', '=', uid)]"
             context="{'default_z': amount}"/></list>""",
        """<tree decoration-danger="amount &lt; 0 and not done">
            <field name="a" domain="[('x', '=', company_id), ('y', '=', uid)]"
             context="{'default_z': amount}"/>
            <field name="amount" invisible="1"/><field name="done" invisible="1"/>
            <field name="company_id" invisible="1"/></tree>""",
    ),
    "a parent's field is added to the form around the list": (
        "14.0",
        """<form><field name="line_ids"><list>
            <field name="a" readonly="parent.state == 'x' or id"/></list></field></form>""",
        """<form><field name="state" invisible="1"/><field name="line_ids"><tree><field name="a"
            attrs="{'readonly': ['|', ('parent.state', '=', 'x'), ('id', 'not in', [False, 0, ''])]}"/>
            </tree></field></form>""",
    ),
    "… of a list standing alone nowhere": (
        "14.0",
        '<list><field name="a" readonly="parent.b == 1"/></list>',
        """<tree><field name="a" attrs="{'readonly': [('parent.b', '=', 1)]}"/></tree>""",
    ),
    "the same name in another view does not count as present": (
        "14.0",
        """<form><field name="line_ids"><list><field name="b"/></list></field>
            <field name="a" invisible="b == 1"/></form>""",
        """<form><field name="b" invisible="1"/><field name="line_ids"><tree><field name="b"/></tree></field>
            <field name="a" attrs="{'invisible': [('b', '=', 1)]}"/></form>""",
    ),
    "a field for some groups does not count as present": (
        "16.0",
        FORM % '<group groups="base.group_no_one"><field name="b"/></group><field name="a" readonly="b == 1"/>',
        """<form><field name="b" invisible="1"/><group groups="base.group_no_one"><field name="b"/></group>
            <field name="a" attrs="{'readonly': [('b', '=', 1)]}"/></form>""",
    ),
    "a field for the groups of its reader counts as present": (
        "16.0", BUTTON % 'invisible="n == 0"', BUTTON % """attrs="{'invisible': [('n', '=', 0)]}\"""",
    ),
    "17 gets the fields too, and keeps the conditions": (
        "17.0",
        """<form><field name="a" invisible="b == 1"/><field name="line_ids">
            <list decoration-info="c"><field name="d"/></list></field></form>""",
        """<form><field name="b" invisible="1"/><field name="a" invisible="b == 1"/><field name="line_ids">
            <tree decoration-info="c"><field name="d"/><field name="c" column_invisible="1"/></tree>
            </field></form>""",
    ),
    "a search view gets no fields": ("14.0", """<search><field name="a" domain="[('x', '=', b)]"/></search>""", None),
    "a specification of something else": ("16.0", SPECIFICATION % ("string", "a == 1"), None),
    "a list is a tree up to 17": (
        "14.0 15.0 16.0 17.0",
        """<form><field name="line_ids" mode="list,kanban" context="{'list_view_ref': 'x.y'}">
        <list editable="bottom"><field name="a"/></list></field></form>""",
        """<form><field name="line_ids" mode="tree,kanban" context="{'tree_view_ref': 'x.y'}">
        <tree editable="bottom"><field name="a"/></tree></field></form>""",
    ),
    "the chatter is a block up to 17": ("14.0 17.0", "<form><chatter/></form>", FORM % CHATTER),
    "a search view's group stays": ("14.0", '<search><group><filter name="b"/></group></search>', None),
    "a card is wrapped in what opens the record": ("14.0 17.0", CARD % CONTENT, BOX % (COLUMN, CONTENT)),
    "the class of a card takes the place of the column": (
        "16.0",
        '<kanban><templates><t t-name="card" class="flex-row"><field name="a"/></t></templates></kanban>',
        BOX % ("oe_kanban_global_click d-flex flex-row", '<field name="a"/>'),
    ),
    "a ribbon has its older colour and condition": (
        "16.0",
        """<form><field name="active"/>
            <widget name="web_ribbon" bg_color="text-bg-danger" invisible="active == True"/></form>""",
        """<form><field name="active"/><widget name="web_ribbon" bg_color="bg-danger"
            attrs="{'invisible': [('active', '=', True)]}"/></form>""",
    ),
}  # fmt: skip
for tag in ("button", "group", "page", "div", "span", "label", "separator", "notebook"):
    VIEWS["the condition of a %s becomes attrs" % tag] = (
        "14.0",
        FORM % '<field name="a"/><%s invisible="a == 1"/>' % tag,
        FORM % """<field name="a"/><%s attrs="{'invisible': [('a', '=', 1)]}"/>""" % tag,
    )
for path, older in (
    ("//list/field[@name='list']", "//tree/field[@name='list']"),
    ("//field[@name='line_ids']/list//field", "//field[@name='line_ids']/tree//field"),
    ("//div[hasclass('list')]", "//div[hasclass('list')]"),
    ("//field[@name='price_list']", "//field[@name='price_list']"),
    ("//chatter", "//div[hasclass('oe_chatter')]"),
):
    VIEWS["the path " + path] = (
        "17.0", '<xpath expr="%s" position="after"/>' % path, '<xpath expr="%s" position="after"/>' % older,
    )  # fmt: skip
for newer, older in (
    ("ms-2 pe-md-3 d-flex mb-1", "ml-2 pr-md-3 d-flex mb-1"),
    ("text-end fw-bold float-start", "text-right font-weight-bold float-left"),
    ("text-right text-end", "text-right"),
    ("badge text-bg-info", "badge badge-info"),
    ("card text-bg-info", "card bg-info"),
):
    form = '<form><div class="%s"/></form>'
    VIEWS["classes up to 15: " + newer] = ("15.0", form % newer, form % older)
    VIEWS["classes of 16: " + newer] = ("16.0", form % newer, None)


@pytest.mark.parametrize("case", VIEWS)
def test_view_has_the_form_of_the_series(case):
    names, source, expected = VIEWS[case]
    for series in names.split():
        assert_view(series, source, source if expected is None else expected)


@pytest.mark.parametrize(
    ("series", "source", "reason"),
    [
        ("16.0", '<list><field name="a" invisible="1"/></list>', "write column_invisible"),
        ("16.0", '<list><field name="a" column_invisible="b"/></list>', "only fields of the parent"),
        ("16.0", '<form><field name="a" column_invisible="1"/></form>', "for the columns of a list"),
        ("16.0", '<form><field name="a" column_invisible="parent.b"/></form>', "for the columns of a list"),
        ("16.0", '<list><header><button name="x" invisible="a"/></header></list>', "list's header"),
        ("16.0", '<pivot><field name="a" invisible="b"/></pivot>', "forms and lists"),
        ("16.0", '<search><filter name="a" invisible="b"/></search>', "forms and lists"),
        ("16.0", '<form><field name="a" invisible="b == c"/></form>', "literal value"),
        ("16.0", SPECIFICATION % ("invisible", "b == 1"), "would replace"),
        ("16.0", SPECIFICATION % ("column_invisible", "1"), "would replace"),
        ("18.0", '<search><searchpanel view_types="list,kanban"/></search>', "name lists in another way"),
        ("17.0", """<xpath expr="//field[@invisible='a']"/>""", "cannot be searched for"),
        ("17.0", '<form><chatter reload_on_post="True"/></form>', "bare <chatter/>"),
        ("17.0", CARD % "<table/>", "not an element of a simple card"),
        ("17.0", CARD % "<aside>x</aside>", "not an element of a simple card"),
        ("17.0", CARD % '<field name="a" invisible="b"/>', "as t-if"),
        ("17.0", CARD % '<div invisible="1"/>', "as t-if"),
        ("17.0", CARD % '<field name="a" readonly="1"/>', "as t-if"),
        ("17.0", '<kanban><templates><t t-name="menu"/></templates></kanban>', "only the template 'card'"),
        ("17.0", CARD % '<field name="a" class="fw-bold"/>', "write a span around"),
        ("17.0", CARD % '<field name="a" t-if="b"/>', "write a span around"),
        ("17.0", '<form><field name="a" widget="sparkle"/></form>', "sparkle is not in"),
        ("17.0", '<form><widget name="sparkle"/></form>', "sparkle is not in"),
        ("14.0", '<form><field name="a" widget="analytic_distribution"/></form>', "from 16.0 on"),
    ],
)
def test_view_that_cannot_be_translated_is_refused_with_its_element(series, source, reason):
    assert_refused(series, source, reason, "1: <")


def test_refusal_names_the_line_and_the_element():
    with pytest.raises(dialect.DialectError) as refusal:
        translated("16.0", VIEW % '\n\n<form>\n<field name="a" invisible="b == c"/></form>')
    assert str(refusal.value) == '4: <field name="a">: compare with a literal value: b == c'


def test_source_goes_to_18_and_19_untouched():
    source = (VIEW % "<list><!-- a  comment --><field  name='a'/></list>").encode()
    for series in ("18.0", "19.0"):
        assert translate(series, "views/a.xml", source, {}) == source


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


# --- records -----------------------------------------------------------------------------------

RECORD = '<odoo><record id="x" model="%s">%s</record></odoo>'
ACTION = """<field name="view_mode">{0},form,pivot</field>
    <field name="context">{{'{0}_view_ref': 'a.b'}}</field>
    <field name="view_ids" eval="[(0, 0, {{'view_mode': '{0}', 'view_id': ref('a')}})]"/>
    <field name="binding_view_types">list,form</field>"""
CRON, MORE = '<field name="name">Post</field>', '<field name="numbercall">3</field><field name="doall">1</field>'
TEMPLATE = '<odoo><template id="x"><td class="%s" %s="o.a"/><t t-field="o.b"/></template></odoo>'


@pytest.mark.parametrize(
    ("names", "source", "expected"),
    [
        (
            "14.0 17.0",
            RECORD % ("ir.actions.act_window", ACTION.format("list")),
            RECORD % ("ir.actions.act_window", ACTION.format("tree")),
        ),
        *(
            ("17.0", *(RECORD % (model, '<field name="%s">%s</field>' % (name, mode)) for mode in ("list", "tree")))
            for model, name in (("ir.actions.act_window.view", "view_mode"), ("ir.ui.view", "type"))
        ),
        (
            "17.0",
            RECORD % ("ir.cron", CRON),
            RECORD % ("ir.cron", CRON + '<field name="numbercall" eval="-1"/><field name="doall" eval="False"/>'),
        ),
        ("18.0", RECORD % ("ir.cron", CRON), RECORD % ("ir.cron", CRON)),
        ("16.0", RECORD % ("ir.cron", "<!-- series: <18.0\n%s -->" % MORE), RECORD % ("ir.cron", MORE)),
        ("14.0 15.0", TEMPLATE % ("text-end", "t-out"), TEMPLATE % ("text-right", "t-esc")),
        ("16.0", TEMPLATE % ("text-end", "t-out"), TEMPLATE % ("text-end", "t-out")),
        (
            "17.0",
            '<odoo><!-- series: >=18.0 --><record id="a" model="m"/><record id="b" model="m"/></odoo>',
            '<odoo><record id="b" model="m"/></odoo>',
        ),
        (
            "18.0",
            '<odoo><!-- series: >=18.0 --><record id="a" model="m"/></odoo>',
            '<odoo><record id="a" model="m"/></odoo>',
        ),
    ],
)
def test_record_has_the_form_of_the_series(names, source, expected):
    for series in names.split():
        assert translated(series, source) == canonical(expected)


# --- directives --------------------------------------------------------------------------------


@pytest.mark.parametrize(("series", "kept"), [("14.0", False), ("15.0", False), ("16.0", True), ("17.0", True)])
def test_element_after_a_directive_is_for_its_series(series, kept):
    source = '<form>a<!-- series: >=16.0 --> b <!-- other --><field name="x"/> c <field name="y"/></form>'
    expected = '<form>a b <!-- other -->%s c <field name="y"/></form>' % ('<field name="x"/>' if kept else "")
    assert_view(series, source, expected)


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


@pytest.mark.parametrize(
    ("path", "content", "reason"),
    [
        ("views/a.xml", "<odoo>\n<record></odoo>", "views/a.xml:2: Opening and ending tag mismatch"),
        ("views/a.xml", None, "views/a.xml is missing"),
        ("__manifest__.py", None, "__manifest__.py is missing"),
        ("__manifest__.py", '{"name": x, "version": "1.0.0"}', "literal"),
        *(
            ("__manifest__.py", MANIFEST.replace("1.0.0", version), "__manifest__.py: .*bare")
            for version in ("18.0.1.0.0", "1.0", "1")
        ),
    ],
)
def test_addon_that_is_not_whole_is_refused(source, tmp_path, path, content, reason):
    if content is None:
        (source / path).unlink()
    else:
        (source / path).write_text(content)
    with pytest.raises(dialect.DialectError, match=reason):
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
