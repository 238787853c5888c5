"""New costs of products without stock: nothing changes in value, so there is no layer and no entry."""

from odoo import models

from .. import compat
from .shapes import Key, Position


class StockRevaluationValuation(models.AbstractModel):
    _inherit = "stock.revaluation.valuation"

    def _cost_positions(self, products, left_out):
        """Return a Position of quantity zero for each product whose cost alone can change.

        Those are active products under standard cost without stock; `left_out`, of `_positions`, is rid of them.
        """
        empty = products.filtered(lambda product: left_out.get(product.id) in ("zero", "no_layers"))
        found = empty.filtered(lambda product: product.active and product.cost_method == "standard")
        for product in found:
            del left_out[product.id]
        return [Position(Key(product.id, False, False), 0.0, 0.0, product.standard_price) for product in found]

    def _read_cost_keys(self, keys):
        """Return {Key: Position} of those `keys` that are whole products whose cost alone can change."""
        ids = [key.product_id for key in keys if not key.lot_id and not key.layer_id]
        products = self.env["product.product"].sudo().with_company(self.env.company).browse(ids)
        found = self._cost_positions(products, self._positions(products)[1]) if products else []
        return {position.key: position for position in found}

    def _apply_costs(self, changes, moment):
        """Write the new unit costs of `changes`, which change no value, of products already locked."""
        costs = {change.key.product_id: self._cost(change.unit_cost) for change in changes}
        products = self._changed_products(changes).with_company(self.env.company)
        by_lot = products.filtered(compat.is_lot_valued)
        lots = self.env[compat.LOT_MODEL].sudo().search([("product_id", "in", by_lot.ids)]) if by_lot else ()
        lot_costs = {lot.id: costs[lot.product_id.id] for lot in lots}
        self._write_costs("product.product", costs)
        self._write_costs(compat.LOT_MODEL, lot_costs)
        if changes and not compat.HAS_LAYERS:
            self._log_costs(changes, products.browse(), costs, lot_costs, moment)
