"""Inventory to Ledger: the whole report against the plain GROUP BY of both its sides."""

from . import seed
from .meter import compare, flush, transaction

LAYERS = 50  # a product: 49 receipts and a delivery
ITEMS_PER_ENTRY = 50
REPORT, PLAIN = "Inventory to Ledger", "plain GROUP BY of both sides"


def ledger(bench):
    """All products in order but one in a hundred, which lacks an entry."""
    count = bench.ledger
    with transaction(bench.env, keep=True) as env:
        bench.env.cr.commit()  # else it would hold locks on tables that foreign keys point to
        indexes = bare_tables(env)
        products = seed.products(env, "Ledger", "average", count, LAYERS - 1)
        account = products[:1].categ_id.property_stock_valuation_account_id
        book(env, account)
        for statement in indexes:
            env.cr.execute(statement)
    seed.finish(bench.env)
    sides = {PLAIN: lambda env: plain(env, account.id), REPORT: report}
    title = "%d products, %d layers, %d of them without entry" % (count, count * LAYERS, count // 100)
    bench.add("ledger", title, compare(bench.env, sides, bench.rounds), against=PLAIN, slower=True)


def bare_tables(env):
    """Take foreign keys and indexes from the large tables, for millions of rows; return what makes the indexes again.

    The database is thrown away: nothing misses the foreign keys.
    """
    tables = ["stock_valuation_layer", "stock_move", "stock_move_line", "account_move_line"]
    env.cr.execute(
        "SELECT 'ALTER TABLE ' || conrelid::regclass || ' DROP CONSTRAINT ' || quote_ident(conname) FROM pg_constraint"
        " WHERE contype = 'f' AND conrelid::regclass::text = ANY(%s)",
        [tables],
    )
    drops = [row[0] for row in env.cr.fetchall()]
    env.cr.execute(
        "SELECT 'DROP INDEX ' || indexrelid::regclass, pg_get_indexdef(indexrelid) FROM pg_index"
        " WHERE NOT indisprimary AND indrelid::regclass::text = ANY(%s) AND indexrelid NOT IN"
        " (SELECT conindid FROM pg_constraint WHERE contype = 'u')",
        [tables],
    )
    indexes = env.cr.fetchall()
    for statement in drops + [drop for drop, _create in indexes]:
        env.cr.execute(statement)
    return [create for _drop, create in indexes]


def book(env, account):
    """Insert an item for every layer (19.0: move) but one in each hundredth product, in entries of fifty items."""
    table, column, sign = (
        ("stock_valuation_layer", "account_move_id", "")
        if seed.HAS_LAYERS
        else ("stock_move", "account_move_id", "(CASE WHEN l.is_in THEN 1 ELSE -1 END) *")
    )
    model = _model_entry(env, account)
    env.cr.execute("SELECT COUNT(*) FROM %s WHERE %s IS NULL AND value <> 0" % (table, column))
    count = env.cr.fetchone()[0] // ITEMS_PER_ENTRY + 1
    seed.copies(env, "account_move", "id = %d" % model.id, count, {"name": "'BENCH/' || c.number"})
    first = seed.ids_of(env, "account_move")[0]
    env.cr.execute(
        "UPDATE {0} l SET {1} = %s + n.row / %s FROM (SELECT id, ROW_NUMBER() OVER (ORDER BY id) - 1 AS row,"
        " ROW_NUMBER() OVER (PARTITION BY product_id ORDER BY id) AS own, product_id FROM {0}"
        " WHERE {1} IS NULL AND value <> 0) n WHERE n.id = l.id AND (n.own <> 2 OR n.product_id %% 100 <> 0)".format(
            table, column
        ),
        [first, ITEMS_PER_ENTRY],
    )
    _copy_item(env, model, "%s l" % table, "l.%s >= %d" % (column, first), sign + " l.value", "l." + column)


def _model_entry(env, account):
    """Return a posted entry of nothing worth, whose item on the account is copied."""
    other = seed.account(env, "690001", "Bench Expense", "expense")
    lines = [(0, 0, {"name": "Bench", "account_id": item.id, "debit": 0.0, "credit": 0.0}) for item in (account, other)]
    journal = env["account.journal"].search([("type", "=", "general"), ("company_id", "=", env.company.id)], limit=1)
    entry = env["account.move"].create({"journal_id": journal.id, "line_ids": lines})
    entry.action_post() if hasattr(entry, "action_post") else entry.post()
    flush(env)
    return entry


def _copy_item(env, entry, source, condition, value, entry_id):
    """Insert a copy of the entry's first item for each row of `source`."""
    env.cr.execute("SELECT column_name FROM information_schema.columns WHERE table_name = 'account_move_line'")
    columns = [row[0] for row in env.cr.fetchall() if row[0] != "id"]
    changed = {
        "move_id": entry_id,
        "product_id": "l.product_id",
        "balance": "round(%s, 2)" % value,
        "amount_currency": "round(%s, 2)" % value,
        "debit": "GREATEST(round(%s, 2), 0)" % value,
        "credit": "GREATEST(-round(%s, 2), 0)" % value,
    }
    env.cr.execute(
        "INSERT INTO account_move_line (%s) SELECT %s FROM %s, account_move_line t WHERE t.id = %d AND %s"
        % (
            ", ".join('"%s"' % name for name in columns),
            ", ".join(changed.get(name, 't."%s"' % name) for name in columns),
            source,
            entry.line_ids[0].id,
            condition,
        )
    )


def plain(env, account_id):
    """Group both sides and fetch the sums."""
    value, table, condition = (
        ("value", "stock_valuation_layer", "")
        if seed.HAS_LAYERS
        else ("CASE WHEN is_in THEN value ELSE -value END", "stock_move", " AND state = 'done'")
    )
    env.cr.execute(
        "SELECT product_id, SUM(%s) FROM %s WHERE company_id = %d%s GROUP BY product_id"
        % (value, table, env.company.id, condition)
    )
    env.cr.fetchall()
    env.cr.execute(
        "SELECT account_id, product_id, SUM(balance) FROM account_move_line WHERE company_id = %s"
        " AND parent_state = 'posted' AND date <= now()::date AND account_id = %s GROUP BY account_id, product_id",
        [env.company.id, account_id],
    )
    env.cr.fetchall()


def report(env):
    """Make a report from nothing, lines and causes included."""
    made = env["stock.revaluation.ledger"].create({})
    made.action_compute()
    assert made.line_count, "the report is empty"
