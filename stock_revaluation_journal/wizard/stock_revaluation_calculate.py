from odoo import _, fields, models
from odoo.exceptions import UserError

from .. import compat


class StockRevaluationCalculate(models.TransientModel):
    """Calculate Inventory Value: fill a revaluation journal with the figures of the books."""

    _name = "stock.revaluation.calculate"
    _inherit = "stock.revaluation.guard"
    _description = "Calculate Inventory Value"

    _settings = (
        "journal_id",
        "calculate_per",
        "product_ids",
        "categ_ids",
        "cost_methods",
        "warehouse_ids",
        "lot_ids",
        "min_value",
        "also_without_stock",
        "existing_lines",
    )
    _writable = {"new": _settings, "saved": _settings}
    _guard_documents = ("journal_id",)

    journal_id = fields.Many2one("stock.revaluation.journal", "Journal", required=True, ondelete="cascade")
    company_id = fields.Many2one(related="journal_id.company_id")
    currency_id = fields.Many2one(related="company_id.currency_id")
    date = fields.Date(related="journal_id.date", string="As Of", help="The journal's accounting date.")
    calculate_per = fields.Selection(
        [("product", "Product"), ("layer", "Layer"), ("lot", "Lot/Serial Number")],
        "Calculate Per",
        default="product",
        required=True,
        help="Product: one line each. Layer: under FIFO one line per receipt still in stock. Lot: one line per lot of"
        " products valued by lot. Other products get one line in any case.",
    )
    product_ids = fields.Many2many(
        "product.product",
        string="Products",
        domain=compat.USED_BY_COMPANY,
        help="Only these products; empty: all.",
    )
    categ_ids = fields.Many2many(
        "product.category", string="Product Categories", help="Only products of these categories and of those below."
    )
    cost_methods = fields.Selection(
        [("standard", "Standard Price"), ("fifo", "First In First Out (FIFO)"), ("average", "Average Cost (AVCO)")],
        "Costing Method",
        help="Only products of this costing method; empty: all.",
    )
    warehouse_ids = fields.Many2many(
        "stock.warehouse",
        string="Warehouses",
        domain="[('company_id', '=', company_id)]",
        help="Only products in stock there. Their value is the company's all the same: Odoo values stock per company.",
    )
    lot_ids = fields.Many2many(
        compat.LOT_MODEL, string="Lots/Serial Numbers", help="Only these lots, of products valued by lot."
    )
    min_value = fields.Monetary("Minimum Value", help="Leave out positions worth less than this.")
    also_without_stock = fields.Boolean(
        "Also Without Stock",
        help="Take products under standard cost that have no stock too: their lines have quantity 0, and posting them"
        " sets the new cost and nothing else.",
    )
    existing_lines = fields.Selection(
        [("replace", "Replace them"), ("keep", "Keep them and add the missing")],
        "Existing Lines",
        default="replace",
        required=True,
        help="What happens to the lines that the journal has already. Kept lines keep what was entered.",
    )
    line_count = fields.Integer(related="journal_id.line_count")

    def action_calculate(self):
        """Fill the journal, and say when nothing was found."""
        self._check_rights("write")
        self.ensure_one()
        count = self.journal_id.calculate(**self._get_arguments())
        if self.journal_id.task:
            return self.journal_id._notify_background()
        if not count and not self.journal_id.line_ids:
            raise UserError(_("No stock to revalue with these settings.") + "\n" + (self.journal_id.left_out or ""))
        return {"type": "ir.actions.act_window_close"}

    def _get_arguments(self):
        """Return the arguments of `stock.revaluation.journal.calculate`."""
        return {
            "calculate_per": self.calculate_per,
            "product_ids": self.product_ids.ids,
            "categ_ids": self.categ_ids.ids,
            "cost_methods": [self.cost_methods] if self.cost_methods else [],
            "warehouse_ids": self.warehouse_ids.ids,
            "lot_ids": self.lot_ids.ids,
            "min_value": self.min_value,
            "existing_lines": self.existing_lines,
            "also_without_stock": self.also_without_stock,
        }
