from collections import namedtuple

from odoo import api, models

from .. import compat
from ..engine.rounding import decimal

# What a new cost is asked for: a journal line, or a product with its stock.
# Units: quantity in the product's stock unit, `value` as the books have it, `value_now` and
# `unit_cost_now` as they are entered at present, company currency. `key` is the record's id.
# `unit_cost`: the cost in the books of a line without stock, else None. `journal_id`: the line's journal. `position`:
# what it is narrowed to, a lot or a layer; None for a whole product. `booked`: the allowance booked for it.
Item = namedtuple(
    "Item",
    "key product_id quantity value cost_method unit_cost_now value_now unit_cost journal_id position booked",
    defaults=(None, False, None, 0.0),
)
# What is read of a line for its Item.
LINE_FIGURES = (
    "product_id",
    "quantity",
    "value_calculated",
    "cost_method",
    "unit_cost_revalued",
    "value_revalued",
    "unit_cost_calculated",
    "journal_id",
    "lot_id",
    compat.LAYER_FIELD,
    "whole_receipt",
    "allowance_booked",
)


class StockRevaluationCostSource(models.AbstractModel):
    """What a new cost is asked for: journal lines, read without a record for each, or products with their stock."""

    _inherit = "stock.revaluation.cost.source"

    @api.model
    def _get_items(self, records, company, date=None):
        """Return the items of journal lines, or of products with their stock in `company` at the end of `date`."""
        if records._name == "stock.revaluation.journal.line":
            rows = compat.readable(records)._read_rows(*LINE_FIGURES)
            journals = self.env["stock.revaluation.journal"].browse({row["journal_id"] for row in rows})
            allowances = {journal.id for journal in journals if journal._books_allowance()}
            return [self._line_item(records, row, row["journal_id"] in allowances) for row in rows]
        seam = self.env["stock.revaluation.valuation"].with_context(allowed_company_ids=company.ids)
        seam, products = seam.with_company(company), records.sudo().with_company(company)
        moment = seam._value_date(date) if date else None
        found = {position.key.product_id: position for position in seam._positions(products, "product", moment)[0]}
        return [self._product_item(product, found.get(product.id)) for product in products]

    def _line_item(self, lines, row, books_allowance):
        return Item(
            row["id"],
            row["product_id"],
            row["quantity"],
            row["value_calculated"],
            row["cost_method"],
            row["unit_cost_revalued"],
            row["value_revalued"],
            None if row["quantity"] or books_allowance else row["unit_cost_calculated"],
            row["journal_id"],
            lines._vals_key(row),
            row["allowance_booked"] if books_allowance else 0.0,
        )

    def _product_item(self, product, position):
        if position is None:
            return Item(product.id, product.id, 0.0, 0.0, product.cost_method, 0.0, 0.0)
        unit_cost = float(decimal(position.value) / decimal(position.quantity))
        return Item(
            product.id, product.id, position.quantity, position.value, product.cost_method, unit_cost, position.value
        )
