from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    revaluation_warning_percent = fields.Float(
        "Revaluation: Warn Above %",
        default=50.0,
        help="Preview warns of lines whose inventory value changes by more than this percentage, up or down. Zero: no"
        " warning.",
    )
