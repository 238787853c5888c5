import math
import re
from collections import defaultdict
from copy import deepcopy

import psycopg2
from odoo import _, api, fields, models
from odoo.exceptions import UserError

from .. import compat, tools
from ..valuation.shapes import Key

# Up to 15.0 Odoo puts the class of an error before its text.
ERROR_CLASS = re.compile(r"^.*?<class '[\w.]+'>:\s*", re.DOTALL)
# Wrong rows to look for beyond those that are found without writing; more would take long and help nobody.
NAMED_AT_MOST = 20
ENTERED = ("unit_cost_revalued", "value_revalued")
# Columns that make a row one of a lot, of a receipt or of a line that exists.
NARROWING = ("lot_name", "lot_id", "receipt", "stock_move_id", "valuation_layer_id", "journal_id", "id", ".id")
DATE = re.compile(r"\d{4}-\d\d-\d\d$")
REFERENCE = re.compile(r"\[([^\]]+)\]")


class ImportRefused(Exception):
    """Leaves the savepoint of an import of which not every row is right."""


class ImportRun:
    """What is known of one import while it runs: rows tried ({row: error or None}), ids of records met and of lines."""

    def __init__(self):
        self.tried, self.met, self.changed, self.added = {}, set(), set(), set()


class StockRevaluationImport(models.AbstractModel):
    """Reading files: products found in bulk, every wrong row named, nothing imported unless all are right."""

    _name = "stock.revaluation.import"
    _description = "Import of Revaluations"

    # Where the columns of the lines are: "" in a file of lines, "line_ids/" in a file of journals.
    _import_prefix = ""

    @api.model
    def load(self, fields, data):
        """Import rows, all or none.

        Shape: as `BaseModel.load`. A product is found by internal reference, barcode or name; of
        unit cost and total one is enough, and a cell left empty enters nothing.
        """
        self._check_rights("create")
        fields, data, messages = self._resolve_products(list(fields), [list(row) for row in data])
        messages += self._check_numbers(fields, data)
        if not messages:
            messages = self._check_positions(fields, data)
        if messages:
            messages.sort(key=lambda message: message["record"])
            return {"ids": False, "messages": self._name_rows(messages), "nextrow": 0}
        try:
            with self.env.cr.savepoint():
                run = ImportRun()
                importer = self.with_context(revaluation_import=tools.Inner(run))
                result = super(StockRevaluationImport, importer).load(fields, data)
                if result["messages"]:
                    raise ImportRefused()
                self._log_import(run)
        except ImportRefused:
            return dict(result, ids=False, messages=self._name_rows(self._as_errors(result["messages"])))
        return dict(result, changed=len(run.changed), added=len(run.added))

    def _log_import(self, run):
        """Say on the journals how many lines a file has changed and added."""
        Line = self.env["stock.revaluation.journal.line"]
        changed, added = Line.browse(run.changed), Line.browse(run.added)
        for journal in (changed | added).journal_id:
            text = _("Imported from a file: %(changed)d lines changed, %(added)d lines added.")
            journal.message_post(
                body=text
                % {
                    "changed": len(changed.filtered(lambda line, journal=journal: line.journal_id == journal)),
                    "added": len(added.filtered(lambda line, journal=journal: line.journal_id == journal)),
                }
            )

    def _import_run(self):
        """Return the ImportRun that this is part of, None outside an import."""
        return tools.inner(self.env, "revaluation_import")

    def _load_records(self, data_list, *args, **kwargs):
        """Write the rows of a file; where some are wrong, find out which without writing each by itself.

        Odoo tries all rows together and then, if that fails, one after the other: minutes for thousands.
        Here halves are tried, down to the wrong rows, and Odoo's second round is told what came out.
        """
        if self._import_run() is None:
            return super()._load_records(data_list, *args, **kwargs)
        tried = self._import_run().tried
        row = data_list[0]["info"]["record"]
        if len(data_list) == 1 and row in tried:
            if tried[row]:
                raise tried[row]
            return self.browse()
        try:
            with self.env.cr.savepoint():
                return self._write_rows(data_list, *args, **kwargs)
        except psycopg2.OperationalError:
            raise  # about the request, not about a row: Odoo runs it again
        except Exception:
            self._find_wrong_rows(data_list, tried, *args, **kwargs)
            raise

    def _write_rows(self, data_list, *args, **kwargs):
        """Write rows and leave their values as they are, for another try; refuse what stands in the file twice."""
        records = super()._load_records(deepcopy(data_list), *args, **kwargs)
        compat.flush(self.env)
        run, met = self._import_run(), []
        for record in records:
            if record.id in run.met or record.id in met:
                raise UserError(_("%s stands there twice: give its figures once.", record._get_import_name()))
            met.append(record.id)
        run.met.update(met)
        return records

    def _load_records_write(self, values):
        """Write what a row of a file says otherwise than the record."""
        if self._import_run() is not None:
            values = self._without_repeated(values)
        return super()._load_records_write(values) if values else True

    def _without_repeated(self, values):
        """Return `values` of a file without what this record says already: an exported list has all its figures.

        What follows from other figures and differs from them stays, and is refused when written.
        """
        return {name: value for name, value in values.items() if name != "id" and not self._says(name, value)}

    def _says(self, name, value):
        """Tell whether `value`, from a file, is what the record has in a field."""
        field = self._fields[name]
        if field.type in ("one2many", "many2many"):
            return False
        rounded = field.type in ("float", "monetary")
        own, given = (field.convert_to_cache(each, self, validate=rounded) for each in (self[name], value))
        return (own or False) == (given or False)

    def _get_import_name(self):
        return self.display_name

    def _find_wrong_rows(self, data_list, tried, *args, **kwargs):
        """Note in {row: error or None} what is wrong with rows that cannot be written together, up to a number.

        What can be written stays until Odoo takes the whole import back, so that the second of two rows
        for one position is the wrong one.
        """
        middle = len(data_list) // 2
        for part in (data_list[:middle], data_list[middle:]) if middle else ():
            rows = [data["info"]["record"] for data in part]
            if sum(map(bool, tried.values())) >= NAMED_AT_MOST:
                tried.update(dict.fromkeys(rows))
                continue
            try:
                with self.env.cr.savepoint():
                    self._write_rows(part, *args, **kwargs)
                tried.update(dict.fromkeys(rows))
            except psycopg2.OperationalError:
                raise
            except Exception as error:
                if len(part) == 1:
                    tried[rows[0]] = error
                else:
                    self._find_wrong_rows(part, tried, *args, **kwargs)

    def _as_errors(self, messages):
        """Return the messages of Odoo's import as errors: a doubtful match is no match.

        What went wrong with all rows together comes first, under the first row (19.0), and again under its own.
        """
        texts = [message["message"] for message in messages]
        if texts[0] in texts[1:]:
            messages = messages[1:]
        return [dict(message, type="error", message=ERROR_CLASS.sub("", message["message"])) for message in messages]

    def _name_rows(self, messages):
        """Say in which row each problem is, where Odoo's dialog does not.

        Of a single problem of a column it shows the text without the row, of several the rows without the texts.
        """
        if compat.IMPORT_DIALOG_NAMES_ROWS:
            return messages
        by_field = defaultdict(list)
        for message in messages:
            if message.get("rows"):
                row = message["rows"]["from"] + 1
                message["message"] = _("Row %(row)d: %(problem)s", row=row, problem=message["message"])
                by_field[message.get("field")].append(message)
        for same in by_field.values():
            if len(same) > 1:
                same[0]["moreinfo"] = " ".join(message["message"] for message in same)
        return messages

    def _error(self, index, name, text):
        """Return the message of row `index`; `name` is the field it is about."""
        column = self._import_prefix + name
        return {
            "type": "error",
            "message": text,
            "record": index,
            "rows": {"from": index, "to": index},
            "field": column.split("/")[0],
            "field_name": self.env["stock.revaluation.journal.line"]._fields[name].string,
            "field_path": column.split("/"),
        }

    def _column(self, fields, name):
        """Return the index of a column of the lines, None if the file has none."""
        column = self._import_prefix + name
        return fields.index(column) if column in fields else None

    # ------------------------------------------------------------------ products

    def _resolve_products(self, fields, data):
        """Replace the texts of the product column by ids; return (fields, data, messages)."""
        column = self._column(fields, "product_id")
        if column is None:
            return fields, data, []
        texts = {str(row[column]).strip() for row in data if row[column]}
        found, messages = self._find_products(texts), []
        for index, row in enumerate(data):
            text = str(row[column] or "").strip()
            products = found.get(text, [])
            if len(products) == 1:
                row[column] = str(products[0])
            elif text:
                messages.append(self._error(index, "product_id", self._product_problem(text, products)))
        fields[column] = self._import_prefix + "product_id/.id"
        return fields, data, messages

    def _product_problem(self, text, products):
        if products:
            return _(
                "%(count)d products go by %(text)s: give the internal reference or barcode instead.",
                count=len(products),
                text=text,
            )
        return _("No product has the internal reference, barcode or name %s.", text)

    def _find_products(self, texts):
        """Return {text: [product ids]}: by reference, else by barcode, else by name as a list shows it."""
        Product = self.env["product.product"].with_context(active_test=False)
        company = [("company_id", "in", [False, *compat.with_parents(self.env.companies).ids])]
        references = {text: REFERENCE.match(text).group(1) if REFERENCE.match(text) else text for text in texts}
        wanted = list(texts | set(references.values()))
        by_reference, by_barcode, by_name = defaultdict(list), defaultdict(list), defaultdict(list)
        domain = company + ["|", ("default_code", "in", wanted), ("barcode", "in", wanted)]
        for product in Product.search(domain):
            by_reference[product.default_code].append(product.id)
            by_barcode[product.barcode].append(product.id)
        found = {
            text: by_reference.get(text) or by_barcode.get(text) or by_reference.get(references[text]) for text in texts
        }
        left = [text for text in texts if not found[text]]
        names = {name for text in left for name in (text, text.split(" (")[0])}
        for product in Product.search(company + [("name", "in", list(names))]) if left else []:
            for name in {product.name, product.display_name}:
                by_name[name].append(product.id)
        return dict(found, **{text: by_name.get(text, []) for text in left})

    # ------------------------------------------------------------------ figures and positions

    def _check_numbers(self, fields, data):
        """Return the messages of cells that are no numbers from zero up."""
        messages = []
        for name in ENTERED:
            column = self._column(fields, name)
            for index, row in enumerate(data if column is not None else []):
                if not self._is_amount(row[column]):
                    text = _("%s is no number from zero up.", row[column])
                    messages.append(self._error(index, name, text))
        return messages

    def _is_amount(self, cell):
        if cell in (None, False, ""):
            return True
        try:
            return math.isfinite(float(cell)) and float(cell) >= 0
        except ValueError:
            return False

    def _check_positions(self, fields, data):
        """Return the messages of new product rows that cannot become lines: all at once, and each named.

        Rows of a lot or receipt, and those that name a line that exists, are checked when written.
        """
        rows = self._get_product_rows(fields, data)
        products = self.env["product.product"].sudo()
        known = self._read_positions(set(rows.values()), self._get_import_dates(fields, data))
        existing, taken, messages = self._get_import_keys(), set(), []
        for index, product_id in rows.items():
            key = Key(product_id, False, False)
            text = None
            if key not in known:
                text = _(
                    "%s has no quantity in stock that could be revalued.",
                    self._name_product(products.browse(product_id)),
                )
            elif key in taken:
                text = _(
                    "%s stands there twice: one journal revalues a position once.",
                    self._name_product(products.browse(product_id)),
                )
            elif key not in existing:
                text = self._contradiction(fields, data[index], known[key])
            if text:
                messages.append(self._error(index, "product_id", text))
            if not self._import_prefix:
                taken.add(key)
        return messages

    def _get_product_rows(self, fields, data):
        """Return {row: product id} of the rows that make a line of a whole product."""
        column = self._column(fields, "product_id/.id")
        narrowing = [self._column(fields, name) for name in NARROWING]
        narrowing = [index for index in narrowing if index is not None]
        return {
            index: int(row[column])
            for index, row in enumerate(data if column is not None else [])
            if row[column] and not any(row[other] for other in narrowing)
        }

    def _read_positions(self, product_ids, dates):
        """Return {Key: Position} of whole products as the books have them at the end of one of `dates`."""
        journal = self.env["stock.revaluation.journal"].new({"company_id": self._get_import_company().id})
        keys, known = [Key(product_id, False, False) for product_id in product_ids], {}
        for date in sorted(dates) if keys else ():
            known.update(journal._seam()._read_keys(keys, journal._moment(date)))
        return known

    def _get_import_dates(self, fields, data):
        """Return the accounting dates of the journals in a file; what is no date Odoo's import will say."""
        dates = {str(row[fields.index("date")] or "")[:10] for row in data} if "date" in fields else {""}
        today = str(self.env["stock.revaluation.journal"]._read_date(None))
        return {date if DATE.match(date) else today for date in dates}

    def _contradiction(self, fields, row, position):
        """Return what is wrong with a row that gives both numbers, None if they agree."""
        columns = [self._column(fields, name) for name in ENTERED]
        if None in columns or any(row[column] in (None, False, "") for column in columns):
            return None
        Line = self.env["stock.revaluation.journal.line"]
        product = self.env["product.product"].sudo().browse(position.key.product_id)
        company = self._get_import_company()
        vals = dict(
            Line._book_values(position, product.with_company(company)),
            product_id=product.id,
            rounding=company.currency_id.rounding,
        )
        try:
            Line._complete(vals, {name: row[column] for name, column in zip(ENTERED, columns)}, None)
        except UserError as error:
            return str(error)
        return None

    def _get_import_keys(self):
        """Return the positions that lines of the journal have already, where a file adds to one."""
        return set()

    def _get_import_company(self):
        """Return the company whose stock a file revalues."""
        return self.env.company


class StockRevaluationJournal(models.Model):
    _name = "stock.revaluation.journal"
    _inherit = ["stock.revaluation.journal", "stock.revaluation.import"]

    _import_prefix = "line_ids/"

    @api.model
    def get_import_templates(self):
        """Return the file that the import dialog offers for whole journals."""
        self._check_rights("read")
        return [
            {
                "label": _("Import Template for Revaluation Journals"),
                "template": "/stock_revaluation_journal/static/xls/revaluation_journals.xlsx",
            }
        ]

    def action_view_lines(self):
        """Open the lines in a list of their own: to search, to edit many, to export and to import."""
        self._check_rights("read")
        self.ensure_one()
        view = self.env.ref("stock_revaluation_journal.view_revaluation_journal_line_edit_list")
        action = self.env["stock.revaluation.journal.line"]._window([("journal_id", "=", self.id)])
        if self.state == "draft":
            action.update(
                views=[(view.id, compat.LIST)], view_mode=compat.LIST, context={"default_journal_id": self.id}
            )
        return dict(action, name=_("Lines of %s", self.name))


class StockRevaluationJournalLine(models.Model):
    _name = "stock.revaluation.journal.line"
    _inherit = ["stock.revaluation.journal.line", "stock.revaluation.import"]

    lot_name = fields.Char(
        "Lot/Serial Number Name",
        compute="_compute_position_names",
        readonly=False,
        help="For files: the lot's name, for products valued by lot. Empty: the whole product.",
    )
    receipt = fields.Char(
        "Receipt Number",
        compute="_compute_position_names",
        readonly=False,
        help="For files: the number of the receipt whose stock is revalued, under FIFO. Empty: the whole product.",
    )

    @api.depends("lot_id", "stock_move_id")
    def _compute_position_names(self):
        for line in self:
            line.lot_name = line.lot_id.name
            line.receipt = line.stock_move_id.sudo().reference

    @api.model
    def get_import_templates(self):
        """Return the file that the import dialog offers for lines."""
        self._check_rights("read")
        return [
            {
                "label": _("Import Template for Revaluation Lines"),
                "template": "/stock_revaluation_journal/static/xls/revaluation_lines.xlsx",
            }
        ]

    def _get_import_company(self):
        journal_id = self.env.context.get("default_journal_id")
        return self.env["stock.revaluation.journal"].browse(journal_id or []).company_id or self.env.company

    def _get_import_dates(self, fields, data):
        """Return the date of the journal that a file of lines is imported into."""
        journal = self.env["stock.revaluation.journal"].browse(self.env.context.get("default_journal_id") or [])
        return {str(journal.date)} if journal else super()._get_import_dates([], [])

    def _get_import_keys(self):
        journal_id = self.env.context.get("default_journal_id")
        return self.env["stock.revaluation.journal"].browse(journal_id or [])._existing_keys()

    def _get_import_name(self):
        return self._get_title()

    # ------------------------------------------------------------------ names of lots and receipts

    def _resolve_position_names(self, vals_list):
        """Replace names of lots and numbers of receipts in the values of new lines by what they name."""
        for vals in vals_list:
            lot_name, receipt = vals.pop("lot_name", None), vals.pop("receipt", None)
            if lot_name:
                vals["lot_id"] = self._find_lot(vals.get("product_id"), lot_name).id
            if receipt:
                vals["stock_move_id"] = self._find_receipt(vals.get("product_id"), receipt).id
            if compat.HAS_LAYERS and vals.get("stock_move_id") and not vals.get("valuation_layer_id"):
                move = self.env["stock.move"].sudo().browse(vals["stock_move_id"])
                layers = move.stock_valuation_layer_ids.filtered(lambda layer: layer.remaining_qty > 0)
                vals["valuation_layer_id"] = layers[:1].id

    def _find_lot(self, product_id, name):
        lots = self.env[compat.LOT_MODEL].search([("product_id", "=", product_id), ("name", "=", name)])
        if len(lots) != 1:
            raise UserError(
                _(
                    "%(product)s has no lot or serial number %(name)s.",
                    product=self._product_name({"product_id": product_id}),
                    name=name,
                )
            )
        return lots

    def _find_receipt(self, product_id, number):
        """Return the done move of a product that a receipt of this number brought in."""
        moves = (
            self.env["stock.move"]
            .sudo()
            .search([("product_id", "=", product_id), ("state", "=", "done"), ("reference", "=", number)])
        )
        if len(moves) != 1:
            raise UserError(
                _(
                    "%(product)s: %(count)d receipts have the number %(number)s; there must be one.",
                    product=self._product_name({"product_id": product_id}),
                    count=len(moves),
                    number=number,
                )
            )
        return moves

    def _entries(self, vals):
        """Take the entered numbers out of `vals` and return them as {field: number}.

        In a file an empty cell enters nothing, and neither does a column that says what the line says
        already, where the other one was edited.
        """
        entry = super()._entries(vals)
        if self._import_run() is None:
            return entry
        entry = {name: number for name, number in entry.items() if number is not None and number is not False}
        return {name: number for name, number in entry.items() if not self or not self._says(name, number)}

    def _says(self, name, value):
        """Compare figures as an export writes them; an empty cell enters nothing."""
        if name not in ENTERED:
            return super()._says(name, value)
        return value is None or value is False or not self._differs_from_shown(name, value)

    def _differs_from_shown(self, name, number):
        """Tell whether `number` is another one than the line shows, and so a file would give back."""
        step = self.currency_id.rounding if name == "value_revalued" else 10 ** -self._digits("Revaluation Unit Cost")
        return abs(number - self[name]) > step / 2.0
