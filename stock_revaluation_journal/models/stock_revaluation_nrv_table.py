from odoo import _, api, fields, models
from odoo.exceptions import ValidationError


class StockRevaluationNrvTable(models.Model):
    """What goods are worth by their age, or by how long the stock will last, in per cent of cost."""

    _name = "stock.revaluation.nrv.table"
    _description = "Ageing or Coverage Table"
    _inherit = "stock.revaluation.by.category"
    _order = "kind, sequence, id"

    _settings = ("company_id", "active", "name", "sequence", "kind", "months", "categ_ids", "line_ids")
    _writable = {"new": _settings, "saved": _settings}

    name = fields.Char("Table", required=True, help="By this name the lines of a journal say what decided.")
    sequence = fields.Integer("Sequence", default=10, help="The first of several tables for one category holds.")
    kind = fields.Selection(
        [("ageing", "Ageing: days since receipt"), ("coverage", "Coverage: months of stock")],
        "Kind",
        required=True,
        default="ageing",
        help="Ageing: how long goods have been in stock. Coverage: how long the stock lasts if issues go on as before.",
    )
    months = fields.Integer(
        "Issues of the Last Months",
        default=12,
        help="The stock is divided by what was sold or used up in so many months before the journal's date.",
    )
    categ_ids = fields.Many2many(
        "product.category",
        string="Product Categories",
        help="For products of these categories and of those below; empty: for all that no other table is for.",
    )
    line_ids = fields.One2many(
        "stock.revaluation.nrv.table.line", "table_id", "Rows", copy=True, help="From how much on which per cent holds."
    )

    @api.constrains("kind", "months")
    def _check_months(self):
        for table in self:
            if table.kind == "coverage" and not 1 <= table.months <= 120:
                raise ValidationError(_("%s: look at the issues of 1 to 120 months.", table.name))

    def _get_categories(self):
        return self.categ_ids

    def _get_rows(self):
        """Return [(from, per cent of cost)], ascending: see `engine.realisable`."""
        self.ensure_one()
        return sorted((line.start, line.percent) for line in self.line_ids)


class StockRevaluationNrvTableLine(models.Model):
    """A row of an ageing or coverage table."""

    _name = "stock.revaluation.nrv.table.line"
    _inherit = "stock.revaluation.guard"
    _description = "Row of an Ageing or Coverage Table"
    _order = "table_id, start, id"
    _rec_name = "start"

    _writable = {"new": ("table_id", "start", "percent"), "saved": ("start", "percent")}

    table_id = fields.Many2one(
        "stock.revaluation.nrv.table", "Table", required=True, ondelete="cascade", index=True, help="Whose row it is."
    )
    company_id = fields.Many2one(related="table_id.company_id", store=True, index=True)
    start = fields.Integer(
        "From", required=True, help="From so many days since receipt, or months of stock, up to the next row."
    )
    percent = fields.Float(
        "Worth % of Cost",
        digits=(16, 4),
        required=True,
        default=100.0,
        help="What the goods are worth then. Below the first row they are worth their cost.",
    )

    def _create_allowed(self, vals_list):
        lines = super()._create_allowed(vals_list)
        lines.table_id._note_writer()
        return lines

    def write(self, vals):
        result = super().write(vals)
        self.table_id._note_writer()
        return result

    def unlink(self):
        tables = self.table_id
        result = super().unlink()
        tables._note_writer()
        return result

    @api.constrains("start", "percent", "table_id")
    def _check_figures(self):
        for line in self:
            if line.start < 0 or not 0 <= line.percent <= 100:
                raise ValidationError(
                    _("%s: a row begins at zero or later, and goods are worth 0 to 100 per cent.", line.table_id.name)
                )
            if len(line.table_id.line_ids.filtered(lambda other, start=line.start: other.start == start)) > 1:
                raise ValidationError(
                    _("%(table)s has two rows from %(start)s.", table=line.table_id.name, start=line.start)
                )
