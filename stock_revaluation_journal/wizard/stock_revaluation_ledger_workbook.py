import base64
import io

import xlsxwriter
from odoo import _, models

LINE_COLUMNS = ("account_id", "product_id", "categ_id", "valuation", "value", "balance", "difference", "kind")
CAUSE_COLUMNS = ("account_id", "product_id", "categ_id", "kind", "amount", "item_count", "explanation")


class StockRevaluationLedger(models.TransientModel):
    """The report as a workbook."""

    _inherit = "stock.revaluation.ledger"

    def _make_workbook(self):
        """Return the workbook, base64: a sheet of accounts and products, one of causes."""
        stream = io.BytesIO()
        workbook = xlsxwriter.Workbook(stream, {"constant_memory": True})
        self._write_sheet(workbook, _("Products"), "stock.revaluation.ledger.line", LINE_COLUMNS)
        self._write_sheet(workbook, _("Causes"), "stock.revaluation.ledger.cause", CAUSE_COLUMNS)
        workbook.close()
        return base64.b64encode(stream.getvalue())

    def _write_sheet(self, workbook, title, model, columns):
        """Add a sheet with a heading, the rows of `model` and the sums of what can be added up."""
        bold, money = workbook.add_format({"bold": True}), workbook.add_format({"num_format": "#,##0.00"})
        total = workbook.add_format({"bold": True, "num_format": "#,##0.00"})
        sheet = workbook.add_worksheet(title[:31])
        Model = self.env[model]
        labels = Model.fields_get(columns)
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, len(columns) - 1, 24)
        for column, name in enumerate(columns):
            sheet.write_string(0, column, labels[name]["string"], bold)
        row, sums = 0, dict.fromkeys(range(len(columns)), 0.0)
        for row, values in enumerate(self._iterate_rows(Model, columns, labels), 1):
            for column, value in enumerate(values):
                if isinstance(value, float):
                    sums[column] += value
                    sheet.write_number(row, column, value, money)
                else:
                    sheet.write(row, column, value)
        for column, name in enumerate(columns):
            if row and labels[name]["type"] == "monetary":
                letter = chr(ord("A") + column)
                sheet.write_formula(row + 1, column, "=SUM(%s2:%s%d)" % (letter, letter, row + 1), total, sums[column])

    def _iterate_rows(self, Model, columns, labels):
        """Yield the rows of the report as texts and numbers, a thousand read at a time."""
        ids = Model.search([("ledger_id", "=", self.id)]).ids
        choices = {name: dict(labels[name].get("selection", ())) for name in columns}
        for start in range(0, len(ids), 1000):
            records = Model.browse(ids[start : start + 1000])
            for record in records:
                yield [self._cell(record[name], choices[name]) for name in columns]
            records.invalidate_recordset() if hasattr(records, "invalidate_recordset") else records.invalidate_cache()

    def _cell(self, value, choices):
        if isinstance(value, models.BaseModel):
            return value.display_name or ""
        return choices.get(value, value) or ("" if not isinstance(value, (int, float)) or value is False else value)
