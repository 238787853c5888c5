"""The floor: the very rows that posting leaves, put into the tables by batched SQL and nothing else."""

from collections import defaultdict

from odoo.addons.stock_revaluation_journal.compat import NO_ANALYTIC, item_amounts
from psycopg2.extras import Json, execute_values

from .meter import flush
from .seed import HAS_LAYERS

PAGE = 5000
INSERTED = ("account_move", "account_move_line", "stock_valuation_layer", "product_value")
LINKS = ("stock_revaluation_line_account_move_line_rel", "line_id", "account_move_line_id")


class Rows:
    """What posting `journal` writes, recorded in a transaction that is rolled back."""

    def __init__(self, env, journal_id):
        journal = env["stock.revaluation.journal"].browse(journal_id)
        self.products = journal.line_ids.product_id.ids
        marks = {
            table: _one(env, "SELECT COALESCE(MAX(id), 0) FROM " + table) for table in INSERTED if _exists(env, table)
        }
        journal.action_post()
        flush(env)
        self.inserted = {
            table: _rows(env, "SELECT * FROM %s WHERE id > %d ORDER BY id" % (table, mark))
            for table, mark in marks.items()
        }
        self.links = _rows(
            env,
            "SELECT r.* FROM %s r JOIN stock_revaluation_journal_line l ON l.id = r.line_id"
            " WHERE l.journal_id = %d" % (LINKS[0], journal_id),
        )
        self.updated = [
            (table, column, _rows(env, "SELECT id, %s FROM %s WHERE %s" % (column, table, condition)))
            for table, column, condition in self._updates(env, journal_id, marks)
        ]

    def _updates(self, env, journal_id, marks):
        """Yield (table, column, condition) of what posting changes in place."""
        ids = ",".join(map(str, self.products))
        yield "stock_revaluation_journal_line", "layer_shares", "journal_id = %d" % journal_id
        if "ir.property" in env:
            names = ",".join("'product.product,%d'" % product_id for product_id in self.products)
            yield "ir_property", "value_float", "name = 'standard_price' AND res_id IN (%s)" % names
        else:
            yield "product_product", "standard_price", "id IN (%s)" % ids
        if "product_value" in marks:
            yield "stock_move", "value", "is_in AND product_id IN (%s)" % ids
        else:
            yield "stock_valuation_layer", "remaining_value", "remaining_qty > 0 AND product_id IN (%s)" % ids

    def only_forwarded(self, env, journal_id):
        """Keep what a journal of today does not write: shares, their entries, and on 19.0 the values of moves."""
        shares = "FROM stock_valuation_layer WHERE revaluation_forwarded AND revaluation_journal_id = %d" % journal_id
        entries = "SELECT account_move_id " + shares
        items = "SELECT id FROM account_move_line WHERE move_id IN (%s)" % entries
        self.inserted = {
            "account_move": _rows(env, "SELECT * FROM account_move WHERE id IN (%s) ORDER BY id" % entries),
            "account_move_line": _rows(env, "SELECT * FROM account_move_line WHERE id IN (%s) ORDER BY id" % items),
            "stock_valuation_layer": _rows(env, "SELECT * " + shares),
        }
        self.links = _rows(env, "SELECT * FROM %s WHERE account_move_line_id IN (%s)" % (LINKS[0], items))
        moves = "SELECT id, value FROM stock_move WHERE id IN (SELECT stock_move_id %s)" % shares
        self.updated = [] if HAS_LAYERS else [("stock_move", "value", _rows(env, moves))]

    def write_with_entries(self, env):
        """Write them again, the entries made and posted by Odoo, all at once and as it likes them best."""
        items = defaultdict(list)
        for item in _dicts(self.inserted["account_move_line"]):
            amounts = dict(item_amounts(float(item["balance"])), amount_currency=float(item["balance"]))
            kept = {name: item[name] for name in ("name", "account_id", "product_id", "quantity", "currency_id")}
            items[item["move_id"]].append((0, 0, dict(kept, tax_ids=[(6, 0, [])], **NO_ANALYTIC, **amounts)))
        names = ("move_type", "journal_id", "company_id", "date", "ref")
        entries = [
            dict({name: entry[name] for name in names}, line_ids=items[entry["id"]])
            for entry in _dicts(self.inserted["account_move"])
        ]
        made = env["account.move"].create(entries)
        if made:
            made._post(soft=False)
            flush(env)
        cursor, table = env.cr._obj, "stock_valuation_layer"
        _insert(cursor, table, *self._pointing(table, "account_move_id", "account_move", made))
        _insert(cursor, LINKS[0], *self._pointing(None, LINKS[2], "account_move_line", made.line_ids.sorted("id")))
        self._update(env)

    def _pointing(self, table, column, other, made):
        """Return (columns, rows) of `table`, of the links if None: `column` names `made` instead of rows of `other`."""
        columns, rows = self.inserted[table] if table else self.links
        ids = dict(zip((row["id"] for row in _dicts(self.inserted[other])), made.ids))
        index = columns.index(column)
        return columns, [row[:index] + (ids.get(row[index]),) + row[index + 1 :] for row in rows]

    def write(self, env):
        """Write them again."""
        cursor = env.cr._obj
        for table, (columns, rows) in self.inserted.items():
            _insert(cursor, table, columns, rows)
        _insert(cursor, LINKS[0], *self.links)
        self._update(env)

    def _update(self, env):
        for table, column, (_columns, rows) in self.updated:
            if rows:
                execute_values(
                    env.cr._obj,
                    "UPDATE %s t SET %s = v.new FROM (SELECT d.id, d.new::%s AS new FROM (VALUES %%s) d(id, new)) v"
                    " WHERE t.id = v.id" % (table, column, _type(env, table, column)),
                    rows,
                    page_size=PAGE,
                )


def _insert(cursor, table, columns, rows):
    if rows:
        execute_values(
            cursor,
            "INSERT INTO %s (%s) VALUES %%s" % (table, ", ".join('"%s"' % name for name in columns)),
            rows,
            page_size=PAGE,
        )


def _rows(env, query):
    """Return (columns, rows)."""
    env.cr.execute(query)
    columns = [column[0] for column in env.cr._obj.description]
    rows = [
        tuple(Json(value) if isinstance(value, (dict, list)) else value for value in row) for row in env.cr.fetchall()
    ]
    return columns, rows


def _dicts(found):
    columns, rows = found
    return [dict(zip(columns, row)) for row in rows]


def _one(env, query):
    env.cr.execute(query)
    return env.cr.fetchone()[0]


def _exists(env, table):
    return _one(env, "SELECT to_regclass('%s') IS NOT NULL" % table)


def _type(env, table, column):
    return _one(
        env,
        "SELECT format_type(atttypid, NULL) FROM pg_attribute WHERE attrelid = '%s'::regclass"
        " AND attname = '%s'" % (table, column),
    )
