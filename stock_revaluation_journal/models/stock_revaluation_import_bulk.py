from collections import defaultdict

from odoo import models
from odoo.exceptions import UserError

from .. import compat
from ..valuation.shapes import Key
from .stock_revaluation_import import ENTERED
from .stock_revaluation_journal_line_entry import FIGURES_OF_ENTRY
from .stock_revaluation_journal_steps import CALCULATE_PARAMETER

# Columns of a plain file: products with their new figures.
PLAIN = {"product_id/.id", "note", *ENTERED}
KNOWN = tuple(dict.fromkeys(FIGURES_OF_ENTRY + ENTERED + ("entered", "entered_by", "note")))
ROWS_PER_STEP = 5000


class StockRevaluationJournalLine(models.Model):
    """Plain files for the lines of a journal, written by statements and not row by row; very long ones in steps."""

    _inherit = "stock.revaluation.journal.line"

    def _load_rows(self, fields, data):
        journal = self.env["stock.revaluation.journal"].browse(self.env.context.get("default_journal_id") or [])
        rows = self._get_plain_rows(fields, data)
        if not journal or journal.state != "draft" or journal.task or rows is None:
            return super()._load_rows(fields, data)
        journal._check_rights("write")
        limit = self.env.context.get("_import_limit") or len(rows)
        nextrow, rows, problems = limit if limit < len(rows) else 0, rows[:limit], self._find_overlaps(journal, rows)
        ids, changed, added = [], 0, 0
        if not problems and len(rows) > journal._get_size(CALCULATE_PARAMETER):
            journal._start_task("import", len(rows), rows=rows, changed=0, added=0)
        elif not problems:
            ids, changed, added, problems = self._import_rows(journal, rows)
        if problems:
            return self._refuse_rows([self._error(index, "product_id", text) for index, text in problems.items()])
        if ids:
            journal.message_post(body=self._get_import_text(changed, added))
        return {"ids": ids, "messages": [], "nextrow": nextrow, "changed": changed, "added": added}

    def _get_plain_rows(self, fields, data):
        """Return the rows of a plain file as {"product_id": id, column: number or text}, None if it is no such file.

        An empty cell of a number enters nothing, and is not there.
        """
        if len(set(fields)) < len(fields) or not {"product_id/.id"} <= set(fields) <= PLAIN:
            return None
        column = fields.index("product_id/.id")
        if not all(row[column] for row in data):
            return None
        rows = []
        for cells in data:
            row = dict(zip(fields, cells))
            given = {name: float(row[name]) for name in ENTERED if row.get(name) not in (None, False, "")}
            if "note" in row:
                given["note"] = row["note"] or False
            rows.append(dict(given, product_id=int(row["product_id/.id"])))
        return rows

    def _find_overlaps(self, journal, rows):
        """Return {index: text} of the rows of products whose lots or layers have lines."""
        taken, found = journal._existing_keys(), {}
        for index, row in enumerate(rows):
            key = Key(row["product_id"], False, False)
            if key not in taken and journal._overlaps(key, taken):
                found[index] = self._get_overlap_text(journal, key)
        return found

    def _import_rows(self, journal, rows):
        """Write plain rows; return (ids of their lines, how many changed, how many are new, {index: problem}).

        Nothing is written if there is a problem.
        """
        ids, problems = self._get_ids_by_product(journal, rows), {}
        known = {figures["id"]: figures for figures in self.browse(ids.values())._read_rows(*KNOWN)}
        new, changes = self._get_book_rows(journal, [row for row in rows if row["product_id"] not in ids]), []
        for index, row in enumerate(rows):
            product_id = row["product_id"]
            figures = known[ids[product_id]] if product_id in ids else new.get(product_id)
            if figures is None:
                problems[index] = self._get_no_stock_text(journal, product_id)
                continue
            try:
                entered = self._enter_row(journal, figures, row)
            except UserError as error:
                problems[index] = str(error)
                continue
            if product_id in new:
                new[product_id] = entered
            elif entered:
                changes.append(dict(entered, id=figures["id"]))
        if problems:
            return [], 0, 0, problems
        journal._withdraw_schedule()
        by_names = defaultdict(list)
        for change in changes:
            by_names[tuple(change)].append(change)
        for same in by_names.values():
            self._update_rows(journal, same)
        if new:
            ids.update(zip(new, self._insert_rows(journal, list(new.values())).ids))
        return [ids[row["product_id"]] for row in rows], len(changes), len(new), {}

    def _get_ids_by_product(self, journal, rows):
        """Return {product id: line id} of the lines of whole products that `journal` has for `rows`."""
        compat.flush(self.env)
        self.env.cr.execute(
            "SELECT product_id, id FROM stock_revaluation_journal_line WHERE journal_id = %%s"
            " AND product_id = ANY(%%s) AND lot_id IS NULL AND %s IS NULL" % compat.LAYER_FIELD,
            [journal.id, [row["product_id"] for row in rows]],
        )
        return dict(self.env.cr.fetchall())

    def _get_book_rows(self, journal, rows):
        """Return {product id: values of a new line}, in the order of `rows`, of those that are in stock."""
        keys = [Key(row["product_id"], False, False) for row in rows]
        positions, sequence = journal._find_positions(keys), journal._get_last_sequence()
        products = self.env["product.product"].sudo().browse([key.product_id for key in keys if key in positions])
        found = {}
        for product in journal._seam()._facts(products):
            position, sequence = positions[Key(product.id, False, False)], sequence + 1
            found[product.id] = dict(
                self._book_values(position, product), sequence=sequence, **self._key_values(position.key)
            )
        return found

    def _enter_row(self, journal, figures, row):
        """Return what a row changes of the `figures` of a line that is there, all of a new one.

        A column that says what the line shows already enters nothing. Raises: UserError if two contradict each other.
        """
        line_id, step = figures.get("id"), journal.currency_id.rounding
        steps = {"value_revalued": step, "unit_cost_revalued": 10 ** -self._digits("Revaluation Unit Cost")}
        entry = {
            name: row[name]
            for name in ENTERED
            if name in row and not (line_id and abs(row[name] - figures[name]) <= steps[name] / 2.0)
        }
        known = dict(figures, rounding=step, journal_id=journal.id)
        entered = self.browse()._complete(dict(known), entry, None)
        if "note" in row:
            entered["note"] = row["note"]
        if line_id:
            return {name: value for name, value in entered.items() if name not in known or value != known[name]}
        entered = dict({"entered_by": False, "note": False}, **entered)
        return {name: value for name, value in entered.items() if name != "rounding"}


class StockRevaluationJournal(models.Model):
    _inherit = "stock.revaluation.journal"

    def _step_import(self, data):
        Line = self.env["stock.revaluation.journal.line"]
        rows, data["rows"] = data["rows"][:ROWS_PER_STEP], data["rows"][ROWS_PER_STEP:]
        _ids, changed, added, problems = Line._import_rows(self, rows)
        if problems:
            raise UserError("\n".join(problems.values()))
        data["changed"] += changed
        data["added"] += added
        if not data["rows"]:
            self._close_task(Line._get_import_text(data["changed"], data["added"]))
        return len(rows)
