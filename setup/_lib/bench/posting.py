"""Posting: against Odoo's own way, against raw SQL, ten times as many lines, a hundred thousand in the background."""

import time
from unittest import mock

from . import documents, floor, peer, seed
from .meter import compare, measure, sample_of, summary, transaction

METHODS = ("fifo", "average", "standard")
GROUPINGS = (("product", "items per line"), ("valuation", "items per product"), ("account", "items per account"))
TIMES = 10
WARM = 3
RAW = "raw SQL"


def post(bench):
    """Each costing method and grouping: Odoo's own way, the addon, and the same rows by raw SQL."""
    for method in METHODS:
        products, small, journals = _prepare(bench.env, "Post " + method, method, bench.lines)
        other = "Odoo: " + peer.describe(bench.env, method)
        sides = {other: _odoo(products, method)}
        for grouping, label in GROUPINGS:
            sides["addon, " + label] = _post(journals[grouping])
        with transaction(bench.env) as env:
            rows = floor.Rows(env, journals["product"])
        sides[RAW] = rows.write
        _warm(bench.env, [_odoo(small, method), _post(journals["small"])])
        bench.add(
            "post",
            "%s, %d products" % (method, bench.lines),
            compare(bench.env, sides, bench.rounds),
            against=other,
            floor=RAW,
        )


def growth(bench):
    """Ten times as many lines."""
    for method in METHODS:
        sides = {}
        for count in (bench.lines, bench.lines * TIMES):
            _products, _small, journals = _prepare(bench.env, "Grow %s %d" % (method, count), method, count)
            for grouping, label in GROUPINGS:
                sides["%d lines, %s" % (count, label)] = _post(journals[grouping])
        _warm(bench.env, [_post(journals["small"])])
        found = compare(bench.env, sides, bench.rounds)
        for _grouping, label in GROUPINGS:
            names = ["%d lines, %s" % (count, label) for count in (bench.lines, bench.lines * TIMES)]
            bench.add("growth", "%s, %s" % (method, label), {name: found[name] for name in names}, times=names[0])


def background(bench):
    """A large journal in the background: lines per second of the first and the last chunks, peak memory."""
    with transaction(bench.env, keep=True) as env:
        product_ids = seed.products(env, "Background", "average", bench.background).ids
    seed.finish(bench.env)
    with transaction(bench.env, keep=True) as env:
        journal = documents.draft(env, env["product.product"].browse(product_ids))
        journal.action_post()
    journal_id = journal.id
    chunks = []
    with _watched(type(bench.env["stock.revaluation.journal"]), chunks), transaction(bench.env) as env:
        journal = env["stock.revaluation.journal"].browse(journal_id)
        sample = sample_of(env, lambda: _run_to_the_end(journal))
        if journal.state != "posted":
            raise RuntimeError("background posting stopped: %s" % journal.problem)
    tenth = max(1, len(chunks) // 10)
    result = summary([sample])
    result.update(
        per_second=bench.background / sample["seconds"],
        first=_rate(chunks[:tenth]),
        last=_rate(chunks[-tenth:]),
        chunks=len(chunks),
    )
    bench.add("background", "average, %d lines" % bench.background, {"addon": result})


def _run_to_the_end(journal):
    """Let the scheduled action run until it has nothing left to do; each run ends in time, and calls another."""
    while journal._get_journals_to_run():
        journal._run_background()


def _prepare(env, name, method, count):
    """Return products, a few more, and {grouping or "small": id of a draft journal}, committed."""
    with transaction(env, keep=True) as own:
        documents.work_in_foreground(own)
        made = seed.products(own, name, method, count + WARM)
        products, small = made[WARM:], made[:WARM]
        journals = {grouping: documents.draft(own, products, grouping).id for grouping, _label in GROUPINGS}
        journals["small"] = documents.draft(own, small).id
    seed.finish(env)
    return products.ids, small.ids, journals


def _warm(env, actions):
    for action in actions:
        measure(env, action)


def _odoo(product_ids, method):
    return lambda env: peer.revalue(env["product.product"].browse(product_ids), method)


def _post(journal_id):
    return lambda env: env["stock.revaluation.journal"].browse(journal_id).action_post()


def _watched(model, chunks):
    """Note (lines, seconds) of each chunk posted in the background."""
    post_chunk = model._post_chunk

    def watched(journal):
        start = time.perf_counter()
        lines = post_chunk(journal)
        chunks.append((lines, time.perf_counter() - start))
        return lines

    return mock.patch.object(model, "_post_chunk", watched)


def _rate(chunks):
    return sum(lines for lines, _seconds in chunks) / sum(seconds for _lines, seconds in chunks)
