from collections import defaultdict

from odoo import _, models
from odoo.exceptions import UserError

from .. import compat
from ..valuation.shapes import Key
from .stock_revaluation_import import ENTERED, NAMED_AT_MOST, ImportRefused
from .stock_revaluation_journal_line import POSITION_NAMES
from .stock_revaluation_journal_line_entry import FIGURES_OF_ENTRY
from .stock_revaluation_journal_steps import CALCULATE_PARAMETER

# Columns of a plain file: products, their lots and receipts, with new figures.
PLAIN = {"product_id/.id", "note", *POSITION_NAMES, *ENTERED}
KNOWN = tuple(dict.fromkeys(FIGURES_OF_ENTRY + ENTERED + ("entered", "entered_by", "note")))
ROWS_PER_STEP = 5000


class StockRevaluationJournalLine(models.Model):
    """Plain files for the lines of a journal, written by statements and not row by row; very long ones in steps.

    A row is {"key": its position, column: number or text}; an empty cell of a number enters nothing, and is not there.
    """

    _inherit = "stock.revaluation.journal.line"

    def _load_rows(self, fields, data):
        journal = self.env["stock.revaluation.journal"].browse(self.env.context.get("default_journal_id") or [])
        rows = self._get_plain_rows(fields, data)
        if not journal or journal.state != "draft" or journal.task or rows is None:
            return super()._load_rows(fields, data)
        journal._check_rights("write")
        limit = self.env.context.get("_import_limit") or len(rows)
        nextrow, problems = limit if limit < len(rows) else 0, self._find_row_problems(journal, rows)
        ids, changed, added = [], 0, 0
        if not problems:
            ids, changed, added, problems = self._import_plain(journal, rows[:limit])
        if problems:
            return self._refuse_rows([self._error(index, "product_id", text) for index, text in problems.items()])
        return {"ids": ids, "messages": [], "nextrow": nextrow, "changed": changed, "added": added}

    def _import_into(self, journal, rows):
        """Import rows into a new journal; return {index: problem}, and write nothing if there is one."""
        return self._find_row_problems(journal, rows) or self._import_plain(journal, rows)[3]

    def _import_plain(self, journal, rows):
        """Import rows, very many of them in steps; return as `_import_rows`."""
        if len(rows) > journal._get_size(CALCULATE_PARAMETER):
            journal._start_task("import", len(rows), rows=rows, checked=0, problems=[], changed=0, added=0, after=0)
            return [], 0, 0, {}
        found = ids, changed, added, _problems = self._import_rows(journal, rows)
        if ids:
            journal.message_post(body=self._get_import_text(changed, added))
        return found

    def _get_plain_rows(self, fields, data):
        """Return the rows of a plain file, None if it is no such file."""
        if len(set(fields)) < len(fields) or not {"product_id/.id"} <= set(fields) <= PLAIN:
            return None
        column = fields.index("product_id/.id")
        if not all(row[column] for row in data):
            return None
        rows = []
        for cells in data:
            row = dict(zip(fields, cells))
            given = {name: float(row[name]) for name in ENTERED if row.get(name) not in (None, False, "")}
            given.update({name: str(row[name]).strip() for name in POSITION_NAMES if row.get(name)})
            if "note" in row:
                given["note"] = row["note"] or False
            rows.append(dict(given, key=Key(int(row["product_id/.id"]), False, False)))
        return rows

    # ------------------------------------------------------------------ what the rows are about

    def _find_row_problems(self, journal, rows):
        """Let `rows` have the key of the lots and receipts they name; return {index: text} of those that cannot stand.

        None of two rows, nor a row and a line of other rows' positions, may name the same stock.
        """
        problems = self._resolve_rows(journal, rows)
        known, taken = self._get_ids_by_key(journal, rows), journal._existing_keys()
        met = set()
        for index, row in enumerate(rows):
            key = row["key"]
            if index in problems:
                continue
            if key in met:
                problems[index] = self._get_twice_text(row)
            elif key not in known and journal._overlaps(key, taken):
                problems[index] = self._get_overlap_text(journal, key)
            met.add(key)
            taken |= journal._taken_by(key)
        return problems

    def _get_twice_text(self, row):
        names = [self._product_name(row["key"]._asdict())] + [
            row[name] for name in sorted(POSITION_NAMES) if name in row
        ]
        return _("%s stands there twice: give its figures once.", ", ".join(names))

    def _resolve_rows(self, journal, rows):
        """Put lots and receipts that `rows` name into their keys; return {index: text} of those that are none."""
        problems = {}
        lots = self._find_named(rows, "lot_name", self.env[compat.LOT_MODEL], "name", [])
        done = [("state", "=", "done")]
        moves = self._find_named(rows, "receipt", self.env["stock.move"].sudo(), "reference", done)
        layers = self._get_layers_of({move_id for ids in moves.values() for move_id in ids})
        for index, row in enumerate(rows):
            key = row["key"]
            product = {"product_id": key.product_id}
            if "lot_name" in row:
                found = lots.get((key.product_id, row["lot_name"]), [])
                if len(found) != 1:
                    problems[index] = self._get_no_lot_text(product, row["lot_name"])
                key = key._replace(lot_id=found[0] if found else False)
            if "receipt" in row:
                found = moves.get((key.product_id, row["receipt"]), [])
                if len(found) != 1:
                    problems.setdefault(index, self._get_no_receipt_text(product, row["receipt"], len(found)))
                elif found[0] not in layers:
                    problems.setdefault(index, self._get_no_stock_text(journal, key.product_id))
                key = key._replace(layer_id=layers.get(found[0], False) if found else False)
            row["key"] = key
        return problems

    def _find_named(self, rows, column, model, field, domain):
        """Return {(product id, name): [ids]} of the records that a column of `rows` names."""
        named, found = [row for row in rows if column in row], defaultdict(list)
        if named:
            domain = domain + [("product_id", "in", list({row["key"].product_id for row in named}))]
            domain += [(field, "in", list({row[column] for row in named}))]
            for record in model.search(domain).read(["product_id", field], load="_classic_write"):
                found[record["product_id"], record[field]].append(record["id"])
        return found

    def _get_layers_of(self, move_ids):
        """Return {receipt id: id of what its lines point to}: its open layer, the receipt itself on 19.0."""
        if not compat.HAS_LAYERS:
            return dict(zip(move_ids, move_ids))
        domain = [("stock_move_id", "in", list(move_ids)), ("remaining_qty", ">", 0)]
        layers = self.env["stock.valuation.layer"].sudo().search(domain, order="id desc")
        return {row["stock_move_id"]: row["id"] for row in layers.read(["stock_move_id"], load="_classic_write")}

    def _get_ids_by_key(self, journal, rows):
        """Return {Key: line id} of the lines that `journal` has of the products of `rows`."""
        compat.flush(self.env)
        self.env.cr.execute(
            "SELECT product_id, COALESCE(lot_id, 0), COALESCE(%s, 0), id FROM stock_revaluation_journal_line"
            " WHERE journal_id = %%s AND product_id = ANY(%%s) AND whole_receipt IS NOT TRUE" % compat.LAYER_FIELD,
            [journal.id, list({row["key"].product_id for row in rows})],
        )
        return {
            Key(product_id, lot_id or False, layer_id or False): line_id
            for product_id, lot_id, layer_id, line_id in self.env.cr.fetchall()
        }

    # ------------------------------------------------------------------ import

    def _import_rows(self, journal, rows):
        """Write plain rows; return (ids of their lines, how many changed, how many are new, {index: problem}).

        Nothing is written if there is a problem.
        """
        ids, changes, new, problems = self._prepare_rows(journal, rows)
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
        return [ids[row["key"]] for row in rows], len(changes), len(new), {}

    def _prepare_rows(self, journal, rows):
        """Return ({Key: line id}, [values to write], {Key: values of a new line}, {index: problem}); write nothing."""
        ids, problems = self._get_ids_by_key(journal, rows), {}
        known = {figures["id"]: figures for figures in self.browse(ids.values())._read_rows(*KNOWN)}
        new, changes = self._get_book_rows(journal, [row["key"] for row in rows if row["key"] not in ids]), []
        for index, row in enumerate(rows):
            key = row["key"]
            figures = known[ids[key]] if key in ids else new.get(key)
            if figures is None:
                problems[index] = self._get_no_stock_text(journal, key.product_id)
                continue
            try:
                entered = self._enter_row(journal, figures, row)
            except UserError as error:
                problems[index] = str(error)
                continue
            if key in new:
                new[key] = entered
            elif entered:
                changes.append(dict(entered, id=figures["id"]))
        return ids, changes, new, problems

    def _get_book_rows(self, journal, keys):
        """Return {Key: values of a new line}, in the order of `keys`, of those that are in stock."""
        positions, last = journal._find_positions(keys), journal._get_last_sequence()
        keys = [key for key in keys if key in positions]
        products = self.env["product.product"].sudo().browse(dict.fromkeys(key.product_id for key in keys))
        facts, found = {product.id: product for product in journal._seam()._facts(products)}, {}
        for sequence, key in enumerate(keys, last + 1):
            values = self._book_values(positions[key], facts[key.product_id])
            found[key] = dict(values, sequence=sequence, **self._key_values(key))
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
    """Files of whole journals: Odoo's import makes the journals, statements make their lines."""

    _inherit = "stock.revaluation.journal"

    def _load_rows(self, fields, data):
        own = [index for index, name in enumerate(fields) if not name.startswith(self._import_prefix)]
        of_lines = [index for index in range(len(fields)) if index not in own]
        names = [fields[index][len(self._import_prefix) :] for index in of_lines]
        Line = self.env["stock.revaluation.journal.line"]
        rows = Line._get_plain_rows(names, [[row[index] for index in of_lines] for row in data])
        if rows is None or not own or {"id", ".id"} & set(fields):
            return super()._load_rows(fields, data)
        # a row without a value of its own goes on with the journal above
        starts = [index for index, row in enumerate(data) if not index or any(row[column] for column in own)]
        limit = self.env.context.get("_import_limit") or len(rows)
        ends = starts[1:] + [len(rows)]
        spans = [(start, end) for start, end in zip(starts, ends) if start < limit]
        heads = [[data[start][column] for column in own] for start, _end in spans]
        problems = {}
        try:
            with self.env.cr.savepoint():
                every = self.with_context(_import_limit=None)
                result = super(StockRevaluationJournal, every)._load_rows([fields[column] for column in own], heads)
                for journal_id, (start, end) in zip(result["ids"] or [], spans):
                    found = Line._import_into(self.browse(journal_id), rows[start:end])
                    problems.update({start + index: text for index, text in found.items()})
                if problems:
                    raise ImportRefused()
        except ImportRefused:
            return self._refuse_rows([self._error(index, "product_id", text) for index, text in problems.items()])
        if result["messages"]:
            return super()._load_rows(fields, data)  # Odoo names the rows of the file
        nextrow = spans[-1][1]
        return dict(result, nextrow=nextrow if nextrow < len(rows) else 0)

    def _step_import(self, data):
        """Look at all rows first, step by step; then write them, step by step."""
        Line, start = self.env["stock.revaluation.journal.line"], data["checked"]
        checking = start < len(data["rows"])
        start = start if checking else data["after"]
        rows = [dict(row, key=Key(*row["key"])) for row in data["rows"][start : start + ROWS_PER_STEP]]
        if checking:
            problems = Line._prepare_rows(self, rows)[3]
            data["checked"] += len(rows)
        else:
            _ids, changed, added, problems = Line._import_rows(self, rows)
            data["changed"] += changed
            data["added"] += added
            data["after"] += len(rows)
        for index in sorted(problems)[: NAMED_AT_MOST - len(data["problems"])]:
            data["problems"].append(_("Row %(row)d: %(problem)s", row=start + index + 1, problem=problems[index]))
        if data["problems"] and (not checking or data["checked"] == len(data["rows"])):
            raise UserError("\n".join(data["problems"]))
        if data["after"] == len(data["rows"]):
            self._close_task(Line._get_import_text(data["changed"], data["added"]))
        return 0 if checking else len(rows)
