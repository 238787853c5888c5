from odoo import _, api, fields, models
from odoo.exceptions import ValidationError

# Above this a number is a slip of the hand; what is no number at all is not below it either.
LIMIT = 1e12


class StockRevaluationNrv(models.Model):
    """A net realisable value that somebody knows: entered, or imported from a file."""

    _name = "stock.revaluation.nrv"
    _inherit = "stock.revaluation.kept"
    _description = "Net Realisable Value of a Product"
    _order = "date desc, product_id, id desc"
    _rec_name = "product_id"
    _check_company_auto = True

    _settings = ("company_id", "product_id", "date", "date_end", "unit_value", "note")
    _writable = {"new": _settings, "saved": _settings}

    company_id = fields.Many2one(
        "res.company",
        "Company",
        required=True,
        default=lambda self: self.env.company,
        index=True,
        help="Whose stock it is for.",
    )
    product_id = fields.Many2one(
        "product.product",
        "Product",
        required=True,
        index=True,
        ondelete="cascade",
        check_company=True,
        help="In a file: its internal reference, barcode or name.",
    )
    date = fields.Date(
        "From",
        required=True,
        default=fields.Date.context_today,
        help="The day it was found out for. It holds for journals of that day and later, until a newer one does.",
    )
    date_end = fields.Date("Until", help="The last day that it holds for; empty: until a newer one does.")
    unit_value = fields.Float(
        "Net Realisable Value per Unit",
        digits="Revaluation Unit Cost",
        required=True,
        help="What a stock unit brings, less what it costs to complete and to sell; company currency.",
    )
    note = fields.Char("Source", help="A contract, an offer, an appraisal: what the auditor may ask for.")

    @api.constrains("unit_value", "date", "date_end")
    def _check_figures(self):
        for record in self:
            if not 0 <= record.unit_value < LIMIT:
                raise ValidationError(
                    _("%s: a net realisable value is a number from zero up.", record.product_id.display_name)
                )
            if record.date_end and record.date_end < record.date:
                raise ValidationError(
                    _("%s: a net realisable value cannot end before it begins.", record.product_id.display_name)
                )

    @api.constrains("company_id", "product_id", "date")
    def _check_single(self):
        for record in self:
            same = [(name, "=", record[name].id) for name in ("company_id", "product_id")]
            if self.search_count(same + [("date", "=", record.date)]) > 1:
                raise ValidationError(
                    _(
                        "%(product)s has a net realisable value of %(date)s already: change that one.",
                        product=record.product_id.display_name,
                        date=fields.Date.to_string(record.date),
                    )
                )

    @api.model
    def _get_values(self, products, company, date):
        """Return {product id: the newest record that holds at `date`}."""
        domain = [("company_id", "=", company.id), ("product_id", "in", products.ids), ("date", "<=", date)]
        found = {}
        for record in self.sudo().search(domain, order="date desc, id desc"):
            found.setdefault(record.product_id.id, record)
        return {
            product_id: record for product_id, record in found.items() if not record.date_end or record.date_end >= date
        }
