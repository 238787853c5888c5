import base64
import io
from collections import defaultdict, namedtuple
from datetime import timedelta
from decimal import Decimal

import xlsxwriter
from dateutil.relativedelta import relativedelta
from odoo import _, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from .. import compat, tools
from ..engine import write_downs
from ..engine.rounding import decimal, round_to

MONTHS = {"month": 1, "quarter": 3, "year": 12}
FIGURES = ("opening", "written_down", "reversed", "released", "closing", "carrying", "carrying_nrv")
# The key of a row: what it is about. `account` names the allowance account, empty where the cost changed.
RowKey = namedtuple("RowKey", "categ_id product_id account")
Period = namedtuple("Period", "start end")
NOTHING = write_downs.Movement(*[Decimal(0)] * 5)


class StockRevaluationWriteDownReport(models.TransientModel):
    """Write-Downs: what was written down, reversed and released in each period, and what is left.

    Written down to cost: what the posted lines tracked (`stock_revaluation_write_down`); to an allowance account: the
    posted lines on it, so that the closing figure is the account's balance.
    Source: IAS 2.36 (b), (c), (e) to (g); ASC 330-10-50.
    """

    _name = "stock.revaluation.write.down.report"
    _inherit = "stock.revaluation.guard"
    _description = "Write-Downs"

    _settings = ("company_ids", "date_from", "date_to", "period", "categ_ids")
    _writable = {"new": _settings, "saved": _settings}

    company_ids = fields.Many2many(
        "res.company",
        string="Companies",
        required=True,
        default=lambda self: self.env.company,
        help="Each company's write-downs, in its currency.",
    )
    date_from = fields.Date(
        "From", required=True, default=lambda self: self._default_date_from(), help="First day of the first period."
    )
    date_to = fields.Date(
        "To", required=True, default=fields.Date.context_today, help="Last day; figures are those at its end."
    )
    period = fields.Selection(
        [("whole", "One"), ("year", "Years"), ("quarter", "Quarters"), ("month", "Months")],
        "Periods",
        default="whole",
        required=True,
        help="Into which periods the time is divided, each with opening and closing figures.",
    )
    categ_ids = fields.Many2many(
        "product.category", string="Product Categories", help="Only these and those below; empty: all."
    )
    line_ids = fields.One2many("stock.revaluation.write.down.report.line", "report_id", "Lines", readonly=True)
    file = fields.Binary("File", readonly=True, attachment=False)

    @api.model
    def _default_date_from(self):
        return self.env["stock.revaluation.journal"]._get_fiscal_year_start(self.env.company)

    # ------------------------------------------------------------------ actions

    def action_view(self):
        """Show the figures as a list, pivot or graph."""
        self._check_rights("write")
        self._fill()
        group_by = ["date_to"] * (self.period != "whole") + ["company_id"] * (len(self.company_ids) > 1) + ["categ_id"]
        return {
            "type": "ir.actions.act_window",
            "name": self._get_title(),
            "res_model": "stock.revaluation.write.down.report.line",
            "view_mode": "%s,pivot,graph" % compat.LIST,
            "domain": [("report_id", "=", self.id)],
            "context": {"group_by": group_by, "create": False, "edit": False, "delete": False},
        }

    def action_print(self):
        """Print the figures as PDF."""
        self._check_rights("write")
        self._fill()
        return self.env.ref("stock_revaluation_journal.action_report_write_downs").report_action(self)

    def action_export(self):
        """Give the figures as a workbook of Excel."""
        self._check_rights("write")
        self._fill()
        self._write_protected({"file": base64.b64encode(self._get_workbook())})
        return {
            "type": "ir.actions.act_url",
            "url": "/web/content/?model=%s&id=%d&field=file&filename=%s.xlsx&download=true"
            % (self._name, self.id, _("Write-Downs")),
            "target": "self",
        }

    def _get_title(self):
        return _(
            "Write-Downs %(start)s – %(end)s",
            start=format_date(self.env, self.date_from),
            end=format_date(self.env, self.date_to),
        )

    # ------------------------------------------------------------------ figures

    def _fill(self):
        """Work the lines out anew."""
        self.ensure_one()
        if self.date_from > self.date_to:
            raise UserError(_("The first day lies after the last one."))
        if self.company_ids - self.env.companies:
            raise UserError(_("Choose companies that you are working in: the switch at the top right says which."))
        self.line_ids.unlink()
        vals_list = [vals for company in self.company_ids for vals in self._get_lines(company)]
        self.env["stock.revaluation.write.down.report.line"]._create_protected(vals_list)

    def _get_periods(self):
        """Return [Period] from the first day to the last one, whole but for the first and the last."""
        periods, start = [], self.date_from
        while start <= self.date_to:
            end = self.date_to
            if self.period != "whole":
                months = MONTHS[self.period]
                first = start.replace(day=1, month=(start.month - 1) // months * months + 1)
                end = min(first + relativedelta(months=months, days=-1), end)
            periods.append(Period(start, end))
            start = end + timedelta(days=1)
        return periods

    def _get_lines(self, company):
        """Return the values of the report's lines of one company.

        Read by superuser, in that company alone: the report is of amounts, for who may prepare revaluations.
        """
        report = self.sudo().with_context(allowed_company_ids=company.ids).with_company(company)
        products = report._get_products(company)
        found = report._get_cost_rows(products), report._get_allowance_rows(products, company)
        vals_list = []
        for period in self._get_periods():
            rows = {}
            for read in found:
                rows.update(read(period))
            vals_list += report._complete_rows(rows, products, company, period)
        return vals_list

    def _get_products(self, company):
        domain = [("categ_id", "child_of", self.categ_ids.ids)] if self.categ_ids else []
        return self._seam()._candidates(domain)

    def _seam(self):
        return self.env["stock.revaluation.valuation"]

    def _get_cost_rows(self, products):
        """Return a function that gives {RowKey: Movement} of a period, of write-downs posted to cost."""
        day_of, by_product = self._seam()._local_date, defaultdict(list)
        Journal = self.env["stock.revaluation.journal"]
        for followed in Journal._follow_write_downs(products.ids, self.date_to):
            by_product[followed.change.key.product_id].append(followed)

        def read(period):
            rows = {
                RowKey(products.browse(product_id).categ_id.id, product_id, ""): write_downs.movement_of(
                    followed,
                    lambda change: change.key.kind == "write_down_reversal",
                    lambda moment: day_of(moment) < period.start,
                    lambda moment: day_of(moment) <= period.end,
                )
                for product_id, followed in by_product.items()
            }
            return {key: movement for key, movement in rows.items() if any(movement)}

        return read

    def _get_allowance_rows(self, products, company):
        """Return a function that gives {RowKey: Movement} of a period, of what was posted to allowance accounts."""
        compat.flush(self.env)
        self.env.cr.execute(
            "SELECT product_id, allowance_account_id, date, amount, COALESCE(allowance_booked, 0),"
            " allowance_required, COALESCE(allowance_released, 0) FROM stock_revaluation_journal_line"
            " WHERE company_id = %s AND state = 'posted' AND allowance_account_id IS NOT NULL"
            " AND product_id = ANY(%s) AND date <= %s ORDER BY id",
            [company.id, products.ids, self.date_to],
        )
        posted = self.env.cr.fetchall()
        names = {
            account.id: account.display_name
            for account in self.env["account.account"].browse({row[1] for row in posted})
        }

        def read(period):
            rows = {}
            for product_id, account_id, date, *figures in posted:
                if date > period.end:
                    continue
                key = RowKey(products.browse(product_id).categ_id.id, product_id, names[account_id])
                rows[key] = self._add_posted(rows.get(key, NOTHING), date < period.start, *map(decimal, figures))
            return {key: movement for key, movement in rows.items() if any(movement)}

        return read

    def _add_posted(self, movement, is_before, amount, booked, required, released):
        """Add a posted line of an allowance to a Movement."""
        if is_before:
            return movement._replace(opening=movement.opening - amount, closing=movement.closing - amount)
        change = required - (booked - released)
        return movement._replace(
            written_down=movement.written_down + max(change, Decimal(0)),
            reversed=movement.reversed + max(-change, Decimal(0)),
            released=movement.released + released,
            closing=movement.closing - amount,
        )

    def _complete_rows(self, rows, products, company, period):
        """Return the values of a period's lines: carrying amounts and reasons, and a line for what else is in stock."""
        step = company.currency_id.rounding
        values = {
            product_id: round_to(value, step)
            for product_id, value in self._seam()._read_values_then(products, period.end).items()
        }
        reasons = self._read_reasons(products, company, period)
        others, vals_list, carried = defaultdict(Decimal), [], set()
        for key, movement in sorted(rows.items()):
            carrying = Decimal(0) if key.product_id in carried else values.get(key.product_id, Decimal(0))
            carried.add(key.product_id)
            if key.account:
                carrying -= movement.closing
            figures = dict(movement._asdict(), carrying=carrying, carrying_nrv=carrying if movement.closing else 0)
            vals_list.append(
                dict(
                    self._prepare_line_vals(key, company, period, figures),
                    reasons="\n".join(reasons.get((key.product_id, key.account), ())),
                )
            )
        for product in products.filtered(lambda product: product.id not in carried):
            others[product.categ_id.id] += values.get(product.id, Decimal(0))
        for categ_id, carrying in others.items():
            if carrying:
                key = RowKey(categ_id, False, "")
                vals_list.append(self._prepare_line_vals(key, company, period, {"carrying": carrying}))
        return vals_list

    def _prepare_line_vals(self, key, company, period, figures):
        return dict(
            {name: float(figures.get(name, 0)) for name in FIGURES},
            report_id=self.id,
            company_id=company.id,
            date_from=period.start,
            date_to=period.end,
            categ_id=key.categ_id,
            product_id=key.product_id,
            posting="allowance" if key.account else "cost",
            account=key.account,
        )

    def _read_reasons(self, products, company, period):
        """Return {(product id, allowance account's name): [reasons and descriptions of journals]} of a period."""
        lines = self.env["stock.revaluation.journal.line"].search(
            [
                ("company_id", "=", company.id),
                ("state", "=", "posted"),
                ("product_id", "in", products.ids),
                ("reason_id.kind", "in", ("write_down", "write_down_reversal")),
                ("date", ">=", period.start),
                ("date", "<=", period.end),
            ],
            order="date, id",
        )
        reasons = defaultdict(dict)
        for line in lines:
            text = [line.reason_id.display_name, line.journal_id.description, line.note]
            key = (line.product_id.id, line.allowance_account_id.display_name or "")
            reasons[key][" – ".join(filter(None, text))] = True
        return reasons

    # ------------------------------------------------------------------ print, workbook

    def _get_printed_groups(self):
        """Return [(company, period, [(category, {figure: amount}, reasons)], totals)] for the printed report."""
        groups = defaultdict(lambda: defaultdict(lambda: self.env["stock.revaluation.write.down.report.line"]))
        for line in self.line_ids:
            groups[line.company_id, Period(line.date_from, line.date_to)][line.categ_id] |= line
        return [
            (
                company,
                period,
                [
                    (category, self._sum_figures(lines), self._join_reasons(lines))
                    for category, lines in sorted(by_category.items(), key=lambda item: item[0].display_name)
                ],
                self._sum_figures(self.line_ids.browse([i for lines in by_category.values() for i in lines.ids])),
            )
            for (company, period), by_category in groups.items()
        ]

    def _get_printed_figures(self):
        return ("carrying", "carrying_nrv", *FIGURES[:5])

    def _print_money(self, company, amount):
        return tools.format_amount(self.env, amount, company.currency_id)

    def _get_framework_name(self, company):
        field = company.fields_get(["revaluation_framework"])["revaluation_framework"]
        return dict(field["selection"])[company.sudo().revaluation_framework]

    def _sum_figures(self, lines):
        return {name: sum(lines.mapped(name)) for name in FIGURES}

    def _join_reasons(self, lines):
        return list(dict.fromkeys(text for line in lines for text in (line.reasons or "").split("\n") if text))

    def _get_workbook(self):
        """Return the lines as the bytes of an XLSX workbook."""
        file = io.BytesIO()
        workbook = xlsxwriter.Workbook(file, {"in_memory": True})
        sheet = workbook.add_worksheet(_("Write-Downs"))
        bold, money = workbook.add_format({"bold": True}), workbook.add_format({"num_format": "#,##0.00"})
        day = workbook.add_format({"num_format": "yyyy-mm-dd"})
        sheet.write(0, 0, self._get_title(), bold)
        names = ["company_id", "date_from", "date_to", "categ_id", "product_id", "account", *FIGURES, "reasons"]
        labels = self.line_ids.fields_get(names, ["string"])
        for column, name in enumerate(names):
            sheet.write(2, column, labels[name]["string"], bold)
            sheet.set_column(column, column, 14 if name in FIGURES else 18)
        for row, line in enumerate(self.line_ids, 3):
            for column, name in enumerate(names):
                value = line[name]
                if name in FIGURES:
                    sheet.write_number(row, column, value, money)
                elif name in ("date_from", "date_to"):
                    sheet.write_datetime(row, column, fields.Datetime.to_datetime(value), day)
                else:
                    text = value.display_name if isinstance(value, models.BaseModel) else value
                    sheet.write_string(row, column, text or "")
        sheet.freeze_panes(3, 0)
        workbook.close()
        return file.getvalue()


class StockRevaluationWriteDownReportLine(models.TransientModel):
    """Write-downs of a product in a period; without a product: what else is in stock of a category."""

    _name = "stock.revaluation.write.down.report.line"
    _inherit = "stock.revaluation.guard"
    _description = "Write-Downs of a Product"
    _order = "date_to, company_id, categ_id, product_id, id"

    report_id = fields.Many2one("stock.revaluation.write.down.report", "Report", required=True, ondelete="cascade")
    company_id = fields.Many2one("res.company", "Company", readonly=True, help="Whose stock was written down.")
    currency_id = fields.Many2one(related="company_id.currency_id")
    date_from = fields.Date("From", readonly=True)
    date_to = fields.Date("Period to", readonly=True, help="Last day of the period.")
    categ_id = fields.Many2one(
        "product.category", "Product Category", readonly=True, help="Category of the product that was written down."
    )
    product_id = fields.Many2one("product.product", "Product", readonly=True, help="The product that was written down.")
    posting = fields.Selection(
        [("cost", "Stock value and cost"), ("allowance", "Allowance account")],
        "Posted To",
        readonly=True,
        help="Whether the write-down lowered the cost of the stock, or stands on an allowance account.",
    )
    account = fields.Char(
        "Allowance Account", readonly=True, help="The account that holds the allowance; empty if the cost was lowered."
    )
    opening = fields.Monetary("Opening", readonly=True, help="Left of write-downs when the period began.")
    written_down = fields.Monetary("Written Down", readonly=True, help="Write-downs posted in the period.")
    reversed = fields.Monetary("Reversed", readonly=True, help="Reversals of write-downs posted in the period.")
    released = fields.Monetary(
        "Released by Issue", readonly=True, help="What went with goods that left: their cost was lower by it."
    )
    closing = fields.Monetary(
        "Closing", readonly=True, help="Opening + written down − reversed − released: left when the period ended."
    )
    carrying = fields.Monetary(
        "Carrying Amount", readonly=True, help="Inventory value at the end of the period, less allowances."
    )
    carrying_nrv = fields.Monetary(
        "Of It at NRV", readonly=True, help="Carrying amount of goods of which a write-down is left."
    )
    reasons = fields.Text("Reasons", readonly=True, help="Reasons and notes of what was posted in the period.")
