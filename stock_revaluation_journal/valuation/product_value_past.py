"""Odoo 19.0: what stock was worth at a past moment, read in a few queries for any number of products.

Odoo's own arithmetic of `total_value` with `to_date`, in bulk: quantities are those of now less what moved since;
standard cost takes the last cost row, average is replayed, FIFO takes the newest receipts; receipts count with the
value that the documents up to the date give them. Where a product is unusual Odoo's own figure is asked for.
"""

from collections import defaultdict

from odoo import models

from .. import compat, tools
from .product_value_reader import MOVES

SINCE = (
    "SELECT product_id, SUM(COALESCE(received, 0) - COALESCE(issued, 0)) FROM ("
    + MOVES
    + " AND move.date > %(moment)s GROUP BY move.id) moved GROUP BY product_id"
)
IN_STOCK = (
    "SELECT quant.product_id, SUM(quant.quantity)::float FROM stock_quant quant"
    " JOIN stock_location place ON place.id = quant.location_id WHERE place.company_id = %(company)s"
    " AND place.usage IN ('internal', 'transit') AND quant.product_id = ANY(%(products)s)"
    " AND (quant.owner_id IS NULL OR quant.owner_id = %(partner)s) GROUP BY quant.product_id"
)
COST_ROWS = (
    "SELECT product_id, date, value::float FROM product_value WHERE product_id = ANY(%(products)s)"
    " AND move_id IS NULL AND lot_id IS NULL AND (revaluation_line_id IS NULL OR company_id = %(company)s)"
    " ORDER BY product_id, date, id"
)
MOVES_UNTIL = (
    MOVES + " AND (is_in OR is_out OR is_dropship) AND move.date <= %(moment)s"
    " GROUP BY move.id ORDER BY move.product_id, move.date, move.id"
)
# Receipts that documents of after the date have changed, or that are valued at the product's cost of today.
RECEIPTS = (
    "SELECT move.id, {at_cost} FROM stock_move move WHERE move.company_id = %(company)s AND move.state = 'done'"
    " AND (move.is_in OR move.is_dropship) AND move.product_id = ANY(%(products)s) AND move.date <= %(moment)s"
    " AND ({at_cost} OR EXISTS (SELECT 1 FROM product_value value WHERE value.move_id = move.id"
    " AND value.date > %(moment)s) OR EXISTS (SELECT 1 FROM stock_valuation_layer layer"
    " WHERE layer.stock_move_id = move.id AND layer.create_date > %(moment)s){later})"
)
LATER_BILL = (
    " OR EXISTS (SELECT 1 FROM account_move_line item WHERE item.purchase_line_id = move.purchase_line_id"
    " AND item.parent_state = 'posted' AND item.date > %(date)s)"
)
LATER_LANDED_COST = (
    " OR EXISTS (SELECT 1 FROM stock_valuation_adjustment_lines line JOIN stock_landed_cost cost"
    " ON cost.id = line.cost_id WHERE line.move_id = move.id AND cost.state = 'done' AND cost.date > %(date)s)"
)


class StockRevaluationValuation(models.AbstractModel):
    _inherit = "stock.revaluation.valuation"

    def _read_values_at(self, products, moment, date):
        """Return {product id: value, unrounded} of `products` at the end of a past `date`, `moment` in UTC."""
        compat.flush(self.env)
        products = self._valued(products)
        params = dict(self._move_params(products), moment=moment, date=date)
        quantities = self._quantities_at(params)
        stocked = products.filtered(lambda product: not tools.uom_is_zero(product.uom_id, quantities[product.id]))
        values = dict.fromkeys(products.ids, 0.0)
        by_lot = products.filtered("lot_valuated")
        asked, stocked = by_lot, stocked - by_lot
        if hasattr(products, "_run_average_batch"):
            asked, stocked = asked | stocked, products.browse()
        costs = self._fetch_by_product(COST_ROWS, params)
        for product in stocked.filtered(lambda product: product.cost_method == "standard"):
            known = [cost for day, cost in costs[product.id] if day <= moment] or [
                cost for _day, cost in costs[product.id][:1]
            ]
            values[product.id] = (known[-1] if known else product.standard_price) * quantities[product.id]
        replayed = stocked.filtered(lambda product: product.cost_method != "standard")
        found = self._replay_until(replayed, dict(params, products=replayed.ids), quantities, costs)
        values.update(found)
        asked |= replayed.filtered(lambda product: product.id not in found)
        asked = asked.with_context(to_date=moment)
        values.update((product.id, product.total_value) for product in asked)
        return values

    def _quantities_at(self, params):
        """Return {product id: quantity} at the moment, without goods of other owners."""
        quantities = defaultdict(float, self._quantities_in_stock(params))
        self.env.cr.execute(SINCE, params)
        for product_id, quantity in self.env.cr.fetchall():
            quantities[product_id] -= quantity
        return quantities

    def _quantities_in_stock(self, params):
        """Return {product id: quantity} now, without goods of other owners."""
        self.env.cr.execute(IN_STOCK, params)
        return dict(self.env.cr.fetchall())

    def _fetch_by_product(self, statement, params):
        """Return {product id: [the other columns of its rows]}."""
        self.env.cr.execute(statement, params)
        rows = defaultdict(list)
        for product_id, *columns in self.env.cr.fetchall():
            rows[product_id].append(columns)
        return rows

    def _replay_until(self, products, params, quantities, costs):
        """Return {product id: value} of average and FIFO products; those that Odoo has to be asked for are missing."""
        if not products:
            return {}
        changed = self._receipt_values_at(products, params)
        self.env.cr.execute(MOVES_UNTIL, params)
        moves = defaultdict(list)
        for move_id, product_id, day, is_in, is_out, is_dropship, value, *counted in self.env.cr.fetchall():
            moves[product_id].append((day, is_in, is_out, is_dropship, changed.get(move_id, value), *counted))
        values = {}
        for product in products:
            history, quantity = moves[product.id], quantities[product.id]
            if any(is_dropship for _day, _in, _out, is_dropship, *_rest in history):
                continue
            if product.cost_method == "average":
                known = [(day, cost) for day, cost in costs[product.id] if day <= params["moment"]]
                values[product.id] = self._replay(history, known, quantity)
            elif quantity > 0:
                value = self._value_of_newest(history, quantity, product.uom_id)
                if value is not None:
                    values[product.id] = value
        return values

    def _value_of_newest(self, history, quantity, uom):
        """Return what the newest receipts that hold `quantity` are worth, None if they do not hold as much."""
        value = 0.0
        for _day, is_in, _out, _dropship, worth, received, _issued in reversed(history):
            if is_in and received:
                taken = min(received, quantity)
                value += worth * taken / received
                quantity -= taken
                if tools.uom_compare(uom, quantity, 0) <= 0:
                    return value
        return None

    def _receipt_values_at(self, products, params):
        """Return {move id: value at the date} of the receipts that were worth something else than now."""
        Move, at_cost = self.env["stock.move"], "TRUE"
        later = LATER_LANDED_COST if "stock.landed.cost" in self.env else ""
        for name in ("purchase_line_id", "production_id"):
            at_cost += " AND move.%s IS NULL" % name if name in Move._fields else ""
        if "purchase_line_id" in Move._fields:
            later += LATER_BILL
        at_cost = "(%s AND move.origin_returned_move_id IS NULL)" % at_cost
        self.env.cr.execute(RECEIPTS.format(at_cost=at_cost, later=later), params)
        moves = self._valued(Move.browse(row[0] for row in self.env.cr.fetchall()))
        return {move.id: move._get_value(at_date=params["moment"]) for move in moves}
