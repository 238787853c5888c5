from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    revaluation_approval_amount = fields.Monetary(
        "Approval Above",
        help="A revaluation journal whose increases and decreases together, not netted, exceed this amount is posted by"
        " another manager than the one who entered the figures. Zero: no limit.",
    )
    revaluation_approval_percent = fields.Float(
        "Approval Above %",
        help="The same for a journal whose increases and decreases together exceed this percentage of the inventory"
        " value of its lines. Zero: no limit.",
    )
    revaluation_warning_percent = fields.Float(
        "Warn Above %",
        default=50.0,
        help="Preview warns of lines whose inventory value changes by more than this percentage, up or down. Zero: no"
        " warning.",
    )
    revaluation_framework = fields.Selection(
        [("ifrs", "IFRS (IAS 2)"), ("us_gaap", "US GAAP (ASC 330)"), ("hgb", "HGB (§ 253)")],
        "Accounting Framework",
        default="ifrs",
        required=True,
        help="What holds for reversing write-downs. IFRS: up to what is left of them. US GAAP: only write-downs of the"
        " same fiscal year. HGB: as IFRS, and a reversal is suggested whenever the reason is gone.",
    )
