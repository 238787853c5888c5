import re
from collections import defaultdict
from copy import deepcopy

import psycopg2
from odoo import _, api, models
from odoo.exceptions import UserError

from .. import compat, tools

# Up to 15.0 Odoo puts the class of an error before its text.
ERROR_CLASS = re.compile(r"^.*?<class '[\w.]+'>:\s*", re.DOTALL)
# Wrong rows to look for beyond those that are found without writing; more would take long and help nobody.
NAMED_AT_MOST = 20
ENTERED = ("unit_cost_revalued", "value_revalued")


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
            return self._refuse_rows(messages)
        return self._load_rows(fields, data)

    def _refuse_rows(self, messages):
        messages.sort(key=lambda message: message["record"])
        return {"ids": False, "messages": self._name_rows(messages), "nextrow": 0}

    def _load_rows(self, fields, data):
        """Import rows that are right as far as it can be told without writing them."""
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
            own = [each.filtered(lambda line, journal=journal: line.journal_id == journal) for each in (changed, added)]
            journal.message_post(body=self._get_import_text(*map(len, own)))

    def _get_import_text(self, changed, added):
        text = _("Imported from a file: %(changed)d lines changed, %(added)d lines added.")
        return text % {"changed": changed, "added": added}

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
