from odoo import _, models
from odoo.exceptions import UserError


class StockRevaluationJournal(models.Model):
    """Files imported into a journal that has lines: those that are there take the new figures."""

    _inherit = "stock.revaluation.journal"

    def _load_records_create(self, vals_list):
        journals = super()._load_records_create(vals_list)
        if self._import_run() is not None:
            self._import_run().added.update(journals.line_ids.ids)
        return journals

    def _load_records_write(self, values):
        before = self.line_ids
        result = super()._load_records_write(values)
        if self._import_run() is not None:
            self._import_run().added.update((self.line_ids - before).ids)
        return result

    def _without_repeated(self, values):
        kept = super()._without_repeated(values)
        if "line_ids" in kept:
            kept["line_ids"] = self._onto_lines(kept["line_ids"])
        return kept

    def _onto_lines(self, commands):
        """Return `commands` for the lines, those of positions that the journal has as changes of their lines."""
        Line = self.env["stock.revaluation.journal.line"]
        lines, result = self._lines_by_position(), []
        for code, line_id, vals in commands:
            if code == 0:
                line = lines.pop((self.id, Line._named_key(vals)), Line)
            else:
                line = Line.browse(line_id if code == 1 else [])
            if line:
                vals = line._without_repeated(Line._resolved(vals))
                code, line_id = 1, line.id
                self._import_run().changed.update(line.ids if vals else ())
            result.append((code, line_id, vals))
        return result

    def _lines_by_position(self):
        """Return {(journal id, Key): line}."""
        return {(line.journal_id.id, line._key()): line for line in self.line_ids}


class StockRevaluationJournalLine(models.Model):
    _inherit = "stock.revaluation.journal.line"

    def _load_records_create(self, vals_list):
        """Let rows of positions that the journal has already change their lines; create the others."""
        run = self._import_run()
        if run is None:
            return super()._load_records_create(vals_list)
        default = {"journal_id": self.env.context.get("default_journal_id")}
        vals_list = [dict(default, **self._resolved(vals)) for vals in vals_list]
        journals = self.env["stock.revaluation.journal"].browse({vals["journal_id"] for vals in vals_list} - {None})
        lines = journals._lines_by_position()
        found = [lines.pop((vals["journal_id"], self._vals_key(vals)), self.browse()) for vals in vals_list]
        for line, vals in zip(found, vals_list):
            if line:
                line._load_records_write(vals)
        new = [vals for line, vals in zip(found, vals_list) if not line]
        created = super()._load_records_create([self._settable(vals) for vals in new]) if new else self.browse()
        for line, vals in zip(created, new):
            line._check_figures(vals)
        run.added.update(created.ids)
        created = iter(created)
        return self.browse().concat(*(line or next(created) for line in found))

    def _load_records_write(self, values):
        run = self._import_run()
        if run is not None:
            values = self._without_repeated(self._resolved(values))
            run.changed.update(self.ids if values else ())
        return super()._load_records_write(values)

    def _resolved(self, vals):
        """Return `vals` of a row with what its names of lots and receipts mean."""
        vals = dict(vals)
        self._resolve_position_names([vals])
        return vals

    def _named_key(self, vals):
        return self._vals_key(self._resolved(vals))

    def _settable(self, vals):
        """Return `vals` without the figures that follow from others, which an exported list has as well."""
        return {name: value for name, value in vals.items() if not self._is_protected("new", name)}

    def _check_figures(self, vals):
        """Raise UserError if a file has other figures than the books for what nobody enters."""
        for name in vals.keys() - self._settable(vals).keys():
            if not self._says(name, vals[name]):
                raise UserError(
                    _(
                        "%(line)s: %(field)s is %(own)s here and %(value)s in the file. It cannot be entered: leave"
                        " the column out, or take the file of this stock.",
                        line=self._get_import_name(),
                        field=self._fields[name].string,
                        own=self[name],
                        value=vals[name],
                    )
                )
