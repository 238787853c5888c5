"""What the last receipt of a product cost, in either way that Odoo has valued stock."""

from odoo import fields, models

from .. import compat


class StockRevaluationValuation(models.AbstractModel):
    _inherit = "stock.revaluation.valuation"

    def _read_receipt_costs(self, products, date=None):
        """Return {product id: unit cost} of the last receipt from a vendor or from production up to `date`.

        Units: company currency per stock unit, landed costs and bills included as far as the books
        have put them on the receipt, revaluations not. Customer returns, gains at counting and
        goods of other owners are no receipts.
        """
        compat.flush(self.env)
        moment = self._value_date(date) if date else None
        self.env.cr.execute(
            "SELECT DISTINCT ON (move.product_id) move.product_id, move.id, move.price_unit"
            " FROM stock_move move"
            " JOIN stock_location source ON source.id = move.location_id"
            " JOIN stock_location target ON target.id = move.location_dest_id"
            " WHERE move.state = 'done' AND move.company_id = %s AND move.product_id = ANY(%s) AND move.date <= %s"
            " AND source.usage IN ('supplier', 'production') AND target.usage IN ('internal', 'transit')"
            " AND " + self._is_valued_receipt() + " ORDER BY move.product_id, move.date DESC, move.id DESC",
            [self.env.company.id, products.ids, moment or fields.Datetime.now()],
        )
        rows = self.env.cr.fetchall()
        values = self._read_receipt_values([move_id for _product_id, move_id, _price in rows])
        products = products.with_company(self.env.company)
        standard = set(products.filtered(lambda product: product.cost_method == "standard").ids)
        return {
            product_id: self._receipt_cost(values[move_id], price if product_id in standard else 0.0)
            for product_id, move_id, price in rows
            if move_id in values
        }

    def _receipt_cost(self, figures, price):
        """Return a receipt's unit cost. Up to 18.0 standard cost values it at that cost: its price is what was paid."""
        quantity, value = figures
        return price if compat.HAS_LAYERS and price else value / quantity

    def _is_valued_receipt(self):
        if not compat.HAS_LAYERS:
            return "move.is_in"
        return "EXISTS (SELECT 1 FROM stock_valuation_layer v WHERE v.stock_move_id = move.id AND v.quantity > 0)"

    def _read_receipt_values(self, move_ids):
        """Return {move id: (quantity, value)} of receipts, without what revaluations changed."""
        moves = self.env["stock.move"].sudo().browse(move_ids)
        if not compat.HAS_LAYERS:
            revalued = self._read_move_layers("receipt_value", "revaluation_line_id IS NOT NULL", move_ids)
            found = {
                move.id: (move._get_valued_qty(), move.value - revalued.get(move.id, (0.0, 0.0))[1]) for move in moves
            }
        else:
            found = self._read_move_layers("value", "revaluation_line_id IS NULL", move_ids)
        return {move_id: figures for move_id, figures in found.items() if figures[0] > 0}

    def _read_move_layers(self, value, condition, move_ids):
        """Return {move id: (quantity, Σ `value`)} of the layers of moves; column and condition are ours."""
        self.env.cr.execute(
            "SELECT stock_move_id, SUM(quantity)::float, SUM(%s)::float FROM stock_valuation_layer"
            " WHERE stock_move_id = ANY(%%s) AND %s GROUP BY stock_move_id" % (value, condition),
            [move_ids],
        )
        return {row[0]: row[1:] for row in self.env.cr.fetchall()}
