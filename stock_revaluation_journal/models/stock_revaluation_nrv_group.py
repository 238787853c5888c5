from odoo import _, api, fields, models
from odoo.exceptions import ValidationError


class StockRevaluationNrvGroup(models.Model):
    """Similar items that the lower of cost and net realisable value is tested for together.

    Source: IAS 2.29: items of one product line, of similar purpose, sold in one area, that cannot practicably be
    looked at one by one. A whole class of inventory, such as finished goods, is no such group.
    """

    _name = "stock.revaluation.nrv.group"
    _description = "Group of Similar Items"
    _inherit = "stock.revaluation.by.category"
    _order = "name, id"

    _settings = ("company_id", "active", "name", "categ_ids", "note")
    _writable = {"new": _settings, "saved": _settings}

    name = fields.Char("Group", required=True, help="By this name the lines of a journal say how they were tested.")
    categ_ids = fields.Many2many(
        "product.category",
        string="Product Categories",
        required=True,
        help="Products of these categories, and of those below, are tested together: what lies above its cost"
        " makes up for what lies below.",
    )
    note = fields.Char("Note", help="Why the items are similar: the auditor will ask.")

    @api.constrains("name", "categ_ids")
    def _check_categories(self):
        for group in self:
            if not group.categ_ids:
                raise ValidationError(_("%s: say which categories hold similar items.", group.name))

    def _get_categories(self):
        return self.categ_ids
