"""The floor: the very rows that posting leaves, put into the tables by batched SQL and nothing else."""

from psycopg2.extras import Json, execute_values

from .meter import flush

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

    def only(self, *tables):
        """Keep of them what goes into `tables`."""
        self.inserted = {table: rows for table, rows in self.inserted.items() if table in tables}
        self.links, self.updated = ([], []), []

    def write(self, env):
        """Write them again."""
        cursor = env.cr._obj
        for table, (columns, rows) in self.inserted.items():
            _insert(cursor, table, columns, rows)
        _insert(cursor, LINKS[0], *self.links)
        for table, column, (_columns, rows) in self.updated:
            if rows:
                execute_values(
                    cursor,
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
