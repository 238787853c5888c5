"""A journal dated in the past beside the same one dated today, and the reading of who took what in one query."""

import datetime

from . import documents, floor, seed
from .meter import compare, transaction

RECEIPTS = ISSUES = 50
TODAY, PAST = "dated today", "dated in the past"
# The goal: posting takes at most twice today's time and that of what is written more, whoever writes it.
ROWS, ENTRIES = "what it writes more, raw SQL", "… its entries made by Odoo"


def past(bench):
    """Each costing method: calculate and post as of a day since which every product was issued fifty times.

    With items grouped by account: what Odoo takes for one journal item is not what is measured.
    """
    for method in ("fifo", "average", "standard"):
        with transaction(bench.env, keep=True) as env:
            documents.work_in_foreground(env)
            made = seed.products(env, "Past " + method, method, bench.past + 3, RECEIPTS, issues=ISSUES)
            products, small = made[3:], made[:3]
            day = datetime.date.today() - datetime.timedelta(days=seed.PAST)
            drafts = {
                TODAY: documents.draft(env, products, "account"),
                PAST: documents.draft(env, products, "account", date=day),
            }
            journals = {name: journal.id for name, journal in drafts.items()}
            warm = documents.draft(env, small, "account", date=day).id
        seed.finish(bench.env)
        size = "%s, %d products × %d receipts, %d issues since" % (method, bench.past, RECEIPTS, ISSUES)
        ids = products.ids
        bench.add("past", "calculate " + size, _calculate(bench, ids, day), against=TODAY, slower=True)
        posted = _post(bench, journals, warm)
        bench.add("past", "post " + size, posted, against=TODAY, slower=True, more=(ROWS, ENTRIES))
    _read(bench, day)


def _calculate(bench, ids, day):
    def calculate(date):
        return lambda env: documents.draft(env, env["product.product"].browse(ids), date=date, changed=False)

    return compare(bench.env, {TODAY: calculate(None), PAST: calculate(day)}, bench.rounds)


def _post(bench, journals, warm):
    def post(journal_id):
        return lambda env: env["stock.revaluation.journal"].browse(journal_id).action_post()

    compare(bench.env, {"warm": post(warm)}, 1)
    with transaction(bench.env) as env:
        rows = floor.Rows(env, journals[PAST])
        rows.only_forwarded(env, journals[PAST])
    sides = {TODAY: post(journals[TODAY]), PAST: post(journals[PAST])}
    return compare(bench.env, dict(sides, **{ROWS: rows.write, ENTRIES: rows.write_with_entries}), bench.rounds)


def _read(bench, day):
    """Who took what of a million layers: half of them receipts, half issues since."""
    count = bench.million // (RECEIPTS + ISSUES)
    with transaction(bench.env, keep=True) as env:
        ids = seed.products(env, "Million", "fifo", count, RECEIPTS, issues=ISSUES).ids
    seed.finish(bench.env)

    def read(env):
        seam = env["stock.revaluation.valuation"]
        streams = seam._read_streams(env["product.product"].browse(ids), seam._value_date(day))
        assert len(streams) == count

    bench.add("past", "read %d layers" % (count * (RECEIPTS + ISSUES)), compare(bench.env, {"streams": read}, 1))
