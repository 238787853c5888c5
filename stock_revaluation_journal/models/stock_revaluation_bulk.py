"""Lines written many at once: a statement for all of them, no record for each.

A hundred thousand lines are calculated, entered and refreshed in seconds that way. What the ORM would have done for
a record is done for all: defaults, stored computed fields, the totals of the journal. Fields that other addons put
on a line (or compute from lines) are not known here: they get their defaults and are computed by the ORM, as
ever; that costs what it costs, and only where there are such fields.
"""

from itertools import islice

from odoo import models
from odoo.tools.misc import clean_context

from .. import compat
from ..valuation.base import Key

ADDON = "stock_revaluation_journal"
# Fields of every model, filled in by PostgreSQL or the statement.
AUTOMATIC = ("id", "display_name", "create_uid", "create_date", "write_uid", "write_date", "__last_update")
# Rows of one statement: what they take in memory is bounded.
ROWS_PER_STATEMENT = 10000
# Stored computed fields that the statements fill in. One that is not here is left to the ORM.
COMPUTED = ("company_id", "date", "reason_id", "kind", "categ_id", "stock_move_id")
FOLLOWS = (
    "amount",
    "amount_percent",
    "unit_cost_percent",
    "direction",
    "rounding_difference",
    "allowance_required",
    "sets_cost",
    "amount_in_stock",
    "amount_forwarded",
)
TOTALS = (
    "line_count",
    "value_calculated",
    "value_revalued",
    "amount",
    "amount_increase",
    "amount_decrease",
)
# What the computed figures follow from.
FIGURES = (
    "quantity",
    "cost_method",
    "lot_id",
    "entered",
    "unit_cost_calculated",
    "unit_cost_revalued",
    "value_calculated",
    "value_revalued",
    "allowance_booked",
)


class StockRevaluationJournalLine(models.Model):
    _inherit = "stock.revaluation.journal.line"

    # ------------------------------------------------------------------ insert, update, delete

    def _insert_rows(self, journal, rows):
        """Insert lines of `journal` and return them.

        Shape: `rows` dictionaries of column values, all with the same names; they are taken as they come.
        """
        compat.check_access(self.browse(), "create")
        compat.flush(self.env)
        clean = self.with_context(clean_context(self.env.context))  # pylint: disable=context-overridden
        common, own = clean._common_values(journal)
        rows, ids = iter(rows), []
        while True:
            batch = [dict(clean.default_get(own), **row) if own else row for row in islice(rows, ROWS_PER_STATEMENT)]
            if not batch:
                break
            ids += clean._insert_statement(journal, batch, common)
        lines = self.browse(ids)
        clean.browse(ids)._after_statement(journal, self._fields, created=True)
        return lines

    def _common_values(self, journal):
        """Return ({column: value}, names) of what the ORM adds to new records.

        Defaults, and what they take from the journal; and the fields of others that have a default for each record.
        """
        stored = [name for name, field in self._fields.items() if field.store and field.column_type]
        wanted = [name for name in stored if not self._fields[name].compute and not self._fields[name].related]
        defaults = self._add_missing_default_values({})  # the guard's: a user's own defaults decide nothing
        common = dict(dict.fromkeys(FIGURES, False), **{name: defaults[name] for name in wanted if name in defaults})
        common.update(journal_id=journal.id, company_id=journal.company_id.id)
        common.update(date=journal.date, reason_id=journal.reason_id.id, kind=journal.reason_id.kind)
        own = [name for name in self._foreign_fields() if name in wanted and self._fields[name].default]
        return common, own

    def _foreign_fields(self):
        """Return the names of the fields that other addons, or users, have put on lines."""
        return [name for name, field in self._fields.items() if name not in AUTOMATIC and ADDON not in field._modules]

    def _filled_in(self):
        """Return the stored computed fields that the statements fill in: not those that another addon computes."""
        return [self._fields[name] for name in COMPUTED + tuple(filter(self._is_own_compute, FOLLOWS))]

    def _is_own_compute(self, name):
        return getattr(type(self), self._fields[name].compute).__module__.split(".")[2:3] == [ADDON]

    def _is_computed_here(self):
        """Tell whether what follows from the figures is what the statements say: no other addon computes it."""
        return all(map(self._is_own_compute, FOLLOWS))

    def _insert_statement(self, journal, rows, common):
        names = [name for name in {**common, **rows[0]} if name in self._fields and self._fields[name].column_type]
        source, params = self._rows_as_table(names, rows, common)
        follows = self._following_columns(journal)
        columns = names + list(follows) + ["categ_id"]
        values = ["v." + name for name in names] + list(follows.values()) + ["template.categ_id"]
        if compat.LAYER_FIELD == "valuation_layer_id":
            columns.append("stock_move_id")
            values.append("layer.stock_move_id")
            source += " LEFT JOIN stock_valuation_layer layer ON layer.id = v.valuation_layer_id"
        self.env.cr.execute(
            "INSERT INTO stock_revaluation_journal_line (%s, create_uid, write_uid, create_date, write_date)"
            " SELECT %s, %d, %d, now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC' FROM %s"
            " JOIN product_product product ON product.id = v.product_id"
            " JOIN product_template template ON template.id = product.product_tmpl_id"
            " ORDER BY v.sequence RETURNING id"
            % (", ".join('"%s"' % name for name in columns), ", ".join(values), self.env.uid, self.env.uid, source),
            params,
        )
        return [row[0] for row in self.env.cr.fetchall()]

    def _update_rows(self, journal, rows):
        """Write figures of lines of `journal`; what is computed from them follows.

        Shape: `rows` a list of dictionaries with the line's `id`, all with the same names.
        """
        compat.check_access(self.browse(), "write")
        compat.flush(self.env)
        for start in range(0, len(rows), ROWS_PER_STATEMENT):
            self._update_statement(journal, rows[start : start + ROWS_PER_STATEMENT])
        lines = self.browse([row["id"] for row in rows])
        lines._after_statement(journal, rows[0] if rows else ())

    def _update_statement(self, journal, rows):
        names = [name for name in rows[0] if name != "id"]
        given, params = self._rows_as_table(["id"] + names, rows)
        kept = ["l." + name for name in FIGURES if name not in names]
        follows = self._following_columns(journal)
        changes = ["%s = v.%s" % (name, name) for name in names] + ["%s = %s" % pair for pair in follows.items()]
        self.env.cr.execute(
            "UPDATE stock_revaluation_journal_line t SET %s, write_uid = %d, write_date = now() AT TIME ZONE 'UTC'"
            " FROM (SELECT %s FROM %s JOIN stock_revaluation_journal_line l ON l.id = v.id) v WHERE t.id = v.id"
            % (", ".join(changes), self.env.uid, ", ".join(["v.*"] + kept), given),
            params,
        )

    def _compute_again(self, journal):
        """Work out again what follows from the figures of the draft lines of `journal`; mend what is stored wrong."""
        compat.flush(self.env)
        follows = self._following_columns(journal)
        self.env.cr.execute(
            "UPDATE stock_revaluation_journal_line t SET %s FROM (SELECT l.id, %s FROM stock_revaluation_journal_line l"
            " WHERE l.journal_id = %%s AND l.state = 'draft') v WHERE t.id = v.id AND t.amount IS DISTINCT FROM %s"
            % (  # pylint: disable=sql-injection  # columns and our own expressions
                ", ".join("%s = %s" % pair for pair in follows.items()),
                ", ".join("l." + name for name in FIGURES),
                follows["amount"],
            ),
            [journal.id],
        )
        compat.invalidate(self.env)
        journal._sum_up()

    # ------------------------------------------------------------------ SQL

    def _rows_as_table(self, names, rows, common=()):
        """Return the SQL of a table `v` of the `rows`, its columns as the ORM would store them, and its parameters.

        What is `common` to all rows, or the same in all, goes over once.
        """
        arrays, columns, values, params = ["%s::int4[]"], [], [], [_array(range(len(rows)), "int4")]
        for name in names:
            kind = self._fields[name].column_type[0]
            raw = "float8" if kind in ("numeric", "float8") else kind
            column = [row[name] for row in rows] if name in rows[0] else [common[name]]
            if column.count(column[0]) == len(column):
                columns.append(self._stored_sql(name, "%%s::%s" % raw))
                values.append(None if column[0] is False and raw != "bool" else column[0])
            else:
                columns.append(self._stored_sql(name, "u.c%d" % len(arrays)))
                arrays.append("%%s::%s[]" % raw)
                params.append(_array(column, raw))
        unnested = "unnest(%s) AS u(%s)" % (", ".join(arrays), ", ".join("c%d" % n for n in range(len(arrays))))
        return "(SELECT %s FROM %s) v" % (", ".join(columns), unnested), values + params

    def _stored_sql(self, name, value):
        """Return the SQL of `value` rounded as the ORM stores field `name`."""
        field = self._fields[name]
        digits = field.get_digits(self.env) if field.type == "float" else None
        if digits:
            value = "ROUND(%s::numeric, %d)" % (value, digits[1])
        elif field.column_type[0] == "numeric":
            value += "::numeric"
        return "%s AS %s" % (value, name)

    def _following_columns(self, journal):
        """Return {column: SQL} of what follows from the figures of a row `v`: `_compute_amount` and its like."""
        step, allowance = "%s::numeric" % journal.currency_id.rounding, journal._books_allowance()
        change = "(v.value_revalued - v.value_calculated)"
        required = "GREATEST(0, ROUND(-%s / %s) * %s)" % (change, step, step) if allowance else "0"
        if allowance:
            change = "(COALESCE(v.allowance_booked, 0) - %s)" % required
        amount = "ROUND(%s / %s) * %s" % (change, step, step)
        return {
            "allowance_required": required,
            "amount": amount,
            "direction": "CASE SIGN(%s) WHEN 1 THEN 'increase' WHEN -1 THEN 'decrease' ELSE 'none' END" % amount,
            "amount_percent": "COALESCE(ROUND(100 * %s / NULLIF(v.value_calculated, 0), 2), 0)" % change,
            "unit_cost_percent": "COALESCE(ROUND(100 * (v.unit_cost_revalued - v.unit_cost_calculated)"
            " / NULLIF(v.unit_cost_calculated, 0), 2), 0)",
            "rounding_difference": "0" if allowance else self._rounding_difference_sql(step),
            "sets_cost": "FALSE"
            if allowance
            else "(v.cost_method = 'standard' AND v.entered = 'unit_cost'"
            " AND v.lot_id IS NULL AND %s = 0 AND ROUND(v.unit_cost_revalued - v.unit_cost_calculated, %d) <> 0)"
            " IS TRUE" % (amount, self._digits("Revaluation Unit Cost")),
            # as of today; else `_after_statement` lets the ORM follow what was issued since
            "amount_in_stock": amount,
            "amount_forwarded": "0",
        }

    def _rounding_difference_sql(self, step):
        if not compat.COST_IS_ROUNDED:
            return "0"
        cost = "ROUND(v.value_revalued / NULLIF(v.quantity, 0), %d)" % self._price_digits()
        rest = "ROUND(v.value_revalued / {0}) * {0} - ROUND(v.quantity * {1} / {0}) * {0}".format(step, cost)
        return "CASE WHEN v.cost_method = 'average' THEN COALESCE(%s, 0) ELSE 0 END" % rest

    # ------------------------------------------------------------------ what the ORM has to know

    def _after_statement(self, journal, names, created=False):
        """Let everything follow that is not ours, and the journal's totals, after a statement wrote `names`."""
        compat.invalidate(self.env)
        names = [name for name in names if name in self._fields and name != "id"] + list(FOLLOWS)
        ours = self._filled_in()
        totals = [journal._fields[name] for name in TOTALS]
        # One line tells what depends on lines: asked of all of them the ORM would read every one.
        for lines in (self[:1], self):
            if created:
                lines._mark_foreign_computes()
            lines.modified(names)
            for field in ours:
                self.env.remove_to_compute(field, lines)
            for field in totals:
                self.env.remove_to_compute(field, journal)
            if not list(self.env.fields_to_compute()):
                break
        if created:
            self._write_foreign_defaults()
            if self._constraint_methods:
                self._validate_fields(list(self._fields))
        journal._sum_up()
        if journal._moment() or any(row["whole_receipt"] for row in self._read_rows("whole_receipt")):
            for name in ("amount_in_stock", "amount_forwarded"):
                self.env.add_to_compute(self._fields[name], self)

    def _mark_foreign_computes(self):
        """Let the ORM compute the stored fields of these new lines that the statements do not know."""
        ours = set(self._filled_in())
        for field in self._fields.values():
            if field.store and field.compute and field not in ours:
                self.env.add_to_compute(field, self)

    def _write_foreign_defaults(self):
        """Write the defaults of other addons' fields that have no column of the table: many2many and the like."""
        names = [name for name in self._foreign_fields() if self._fields[name].store]
        names = [name for name in names if not self._fields[name].column_type and self._fields[name].default]
        if names and self:
            self._write_protected(self.default_get(names))

    # ------------------------------------------------------------------ reading

    def _read_keys_of(self, journal):
        """Return [Key] of the lines of `journal`."""
        compat.flush(self.env)
        self.env.cr.execute(
            "SELECT product_id, COALESCE(lot_id, 0), COALESCE(%s, 0) FROM stock_revaluation_journal_line"
            " WHERE journal_id = %%s" % compat.LAYER_FIELD,
            [journal.id or 0],
        )
        return [
            Key(product_id, lot_id or False, layer_id or False)
            for product_id, lot_id, layer_id in self.env.cr.fetchall()
        ]

    def _read_journal_ids(self):
        """Return the ids of the journals of these lines."""
        return list({row["journal_id"] for row in self._read_rows("journal_id")})

    def _read_rows(self, *names):
        """Return [{name: value}] of these lines, in their order, without a record for each.

        Empty many2ones and texts are False, as in records.
        """
        compat.flush(self.env)
        self.env.cr.execute(
            "SELECT l.id, %s FROM unnest(%%s::int[]) WITH ORDINALITY AS u(id, n)"
            " JOIN stock_revaluation_journal_line l ON l.id = u.id ORDER BY u.n"
            % ", ".join("l." + name for name in names),
            [self.ids],
        )
        numeric = {name for name in names if self._fields[name].type in ("float", "monetary")}
        return [
            {
                name: float(value or 0.0) if name in numeric else False if value is None else value
                for name, value in zip(("id",) + names, row)
            }
            for row in self.env.cr.fetchall()
        ]


class StockRevaluationJournal(models.Model):
    _inherit = "stock.revaluation.journal"

    def _delete_lines(self):
        """Delete all lines of this draft, as `unlink` does, in a few statements."""
        compat.check_access(self.env["stock.revaluation.journal.line"], "unlink")
        compat.flush(self.env)
        lines = "(SELECT id FROM stock_revaluation_journal_line WHERE journal_id = %s)"
        for query in (
            "DELETE FROM ir_model_data WHERE model = 'stock.revaluation.journal.line' AND res_id IN ",
            "DELETE FROM ir_attachment WHERE res_model = 'stock.revaluation.journal.line' AND res_id IN ",
            "DELETE FROM stock_revaluation_journal_line WHERE id IN ",
        ):
            self.env.cr.execute(query + lines, [self.id])
        compat.invalidate(self.env)
        self._sum_up()

    def _get_last_sequence(self):
        """Return the sequence of the last line, 0 without lines."""
        compat.flush(self.env)
        self.env.cr.execute(
            "SELECT COALESCE(MAX(sequence), 0) FROM stock_revaluation_journal_line WHERE journal_id = %s", [self.id]
        )
        return self.env.cr.fetchone()[0]

    def _sum_up(self):
        """Write the totals of the lines, as `_compute_totals` has them."""
        self.env.cr.execute(
            "UPDATE stock_revaluation_journal j SET line_count = s.number, value_calculated = s.calculated,"
            " value_revalued = s.revalued, amount = s.up + s.down, amount_increase = s.up, amount_decrease = s.down"
            " FROM (SELECT COUNT(*) AS number, COALESCE(SUM(value_calculated), 0) AS calculated,"
            " COALESCE(SUM(value_revalued), 0) AS revalued, COALESCE(SUM(amount) FILTER (WHERE amount > 0), 0) AS up,"
            " COALESCE(SUM(amount) FILTER (WHERE amount < 0), 0) AS down"
            " FROM stock_revaluation_journal_line WHERE journal_id = %s) s WHERE j.id = %s",
            [self.id, self.id],
        )
        for name in TOTALS:
            self.env.remove_to_compute(self._fields[name], self)
        compat.written(self, TOTALS)


def _array(values, kind):
    """Return `values` as PostgreSQL takes an array: numbers as one text, which costs least."""
    if kind in ("int4", "int8", "float8"):
        return "{%s}" % ",".join("NULL" if value is None or value is False else repr(value) for value in values)
    if kind == "bool":
        return "{%s}" % ",".join("t" if value else "f" for value in values)
    return [None if value is False else value for value in values]
