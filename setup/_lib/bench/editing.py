"""Opening a journal, changing one unit cost and saving, as the web client asks for it."""

from . import documents, seed
from .meter import compare, transaction

PAGE = 40  # lines that a form shows at once
LINE_FIELDS = """
    product_id quantity unit_cost_calculated value_calculated unit_cost_revalued value_revalued amount amount_percent
    rounding_difference is_stale state note
    """.split()
TOTALS = ("line_count", "value_calculated", "value_revalued", "amount", "amount_increase", "amount_decrease")


def edit(bench):
    """A small journal and a large one."""
    counts = (bench.lines // 10, bench.lines * 10)
    journals = {}
    for count in counts:
        with transaction(bench.env, keep=True) as env:
            documents.work_in_foreground(env)
            journals[count] = documents.draft(env, seed.products(env, "Edit %d" % count, "average", count)).id
    seed.finish(bench.env)
    for label, action in (("open", open_form), ("change a unit cost", change), ("save", save), ("refresh", refresh)):
        sides = {"%d lines" % count: _on(action, journals[count]) for count in counts}
        bench.add("edit", label, compare(bench.env, sides, bench.rounds + 1), times="%d lines" % counts[0])


def _on(action, journal_id):
    return lambda env: action(env["stock.revaluation.journal"].browse(journal_id))


def open_form(journal):
    """Read the document and the first page of its lines."""
    if hasattr(journal, "web_read"):
        journal.web_read(dict({name: {} for name in _form_fields(journal)}, line_ids=_line_specification()))
        return
    ids = journal.read(_form_fields(journal) + ["line_ids"])[0]["line_ids"]
    journal.env["stock.revaluation.journal.line"].browse(ids[:PAGE]).read(LINE_FIELDS)


def change(journal):
    """Type a unit cost: the line's onchange, then the document's."""
    line = journal.line_ids[0]
    new = line.unit_cost_revalued + 1
    values = {name: _plain(line, name) for name in LINE_FIELDS}
    values.update(id=line.id, unit_cost_revalued=new, product_id=line.product_id.id)
    if hasattr(journal, "web_read"):
        line.onchange({"unit_cost_revalued": new}, ["unit_cost_revalued"], {name: {} for name in LINE_FIELDS})
        journal.onchange(
            {"line_ids": [(1, line.id, {"unit_cost_revalued": new})]},
            ["line_ids"],
            dict({name: {} for name in TOTALS}, line_ids=_line_specification()),
        )
        return
    line.onchange(values, "unit_cost_revalued", dict.fromkeys(LINE_FIELDS, "1"))
    commands = [(4, line_id, False) for line_id in journal.line_ids.ids[1:]]
    whole = dict(
        {name: journal[name] for name in TOTALS}, line_ids=[(1, line.id, {"unit_cost_revalued": new})] + commands
    )
    journal.onchange(whole, "line_ids", dict(dict.fromkeys(TOTALS, ""), line_ids="1"))


def save(journal):
    """Save the change."""
    line = journal.line_ids[0]
    journal.write({"line_ids": [(1, line.id, {"unit_cost_revalued": line.unit_cost_revalued + 1})]})


def refresh(journal):
    """Read the figures again; nothing has changed."""
    journal.action_refresh()


def _form_fields(journal):
    """Return the fields of the form itself that anyone may read."""
    return [
        name for name, field in journal._fields.items() if field.store and field.type not in ("one2many", "many2many")
    ] + ["progress", "account_move_count", "valuation_layer_count"]


def _line_specification():
    return {
        "fields": dict({name: {} for name in LINE_FIELDS}, product_id={"fields": {"display_name": {}}}),
        "limit": PAGE,
    }


def _plain(record, name):
    value = record[name]
    return value.id if hasattr(value, "id") else value
