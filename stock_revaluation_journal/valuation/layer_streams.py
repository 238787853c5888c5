"""Up to 18.0: what moved since a day and what was open then, from the layers' quantities alone.

Layers are consumed first in, first out, so with receipts and issues cumulated in order a layer covers an interval of
all that came in, and what is left of it at any moment is what the issues up to then have not reached. That this holds
now is checked against what Odoo has stored.
"""

import json
from collections import defaultdict, namedtuple
from datetime import datetime, timedelta

from odoo import models

from .. import compat
from ..engine.rounding import decimal
from .shapes import Layer, Movement, Position, Stream

MICROSECOND = timedelta(microseconds=1)
# Quantities below this are dust of floating point.
DUST = 1e-6

ROWS = """
    WITH since AS (
        SELECT * FROM unnest(%(products)s::int[], %(moments)s::timestamp[], %(by_lot)s::bool[])
            AS s(product_id, moment, by_lot)
    ),
    layer AS (
        SELECT v.id, v.product_id, since.moment, v.create_date, v.quantity, v.value, v.remaining_qty, v.remaining_value,
            v.stock_move_id, v.stock_valuation_layer_id AS parent_id, v.revaluation_forwarded AS forwarded,
            CASE WHEN since.by_lot THEN {lot} END AS lot_id,
            SUM(GREATEST(v.quantity, 0)) OVER so_far AS reach,
            SUM(GREATEST(-v.quantity, 0)) OVER so_far AS issued_so_far,
            SUM(CASE WHEN v.create_date <= since.moment THEN GREATEST(-v.quantity, 0) ELSE 0 END) OVER stream
                AS issued_then,
            SUM(GREATEST(-v.quantity, 0)) OVER stream AS issued_now
        FROM stock_valuation_layer v JOIN since ON since.product_id = v.product_id
        WHERE v.company_id = %(company)s
        WINDOW stream AS (PARTITION BY v.product_id, CASE WHEN since.by_lot THEN {lot} END),
            so_far AS (PARTITION BY v.product_id, CASE WHEN since.by_lot THEN {lot} END ORDER BY v.create_date, v.id)
    )
    SELECT layer.id, layer.product_id, layer.lot_id, layer.create_date, layer.quantity::float, layer.value::float,
        COALESCE(layer.remaining_qty, 0)::float AS remaining_qty,
        ROUND(COALESCE(layer.remaining_value, 0), 6)::float AS remaining_value,
        layer.stock_move_id, layer.parent_id, layer.reach::float, layer.issued_so_far::float,
        LEAST(layer.quantity, layer.reach - layer.issued_then)::float AS quantity_then,
        layer.create_date > layer.moment AS since,
        layer.quantity > 0 AND 1e-6 < ABS(
            LEAST(layer.quantity, GREATEST(0, layer.reach - layer.issued_now)) - layer.remaining_qty) AS astray,
        move.origin_returned_move_id
    FROM layer LEFT JOIN stock_move move ON move.id = layer.stock_move_id
    WHERE layer.quantity <> 0 AND layer.create_date > layer.moment
        OR layer.quantity > 0 AND (layer.reach > layer.issued_then OR layer.remaining_qty > 0)
        OR layer.quantity = 0 AND layer.forwarded IS NOT TRUE AND (
            layer.parent_id IS NOT NULL OR layer.stock_move_id IS NULL AND layer.create_date > layer.moment)
    ORDER BY layer.product_id, layer.lot_id, layer.create_date, layer.id
"""
# Value that a layer took at some moment, and for how many units.
Addition = namedtuple("Addition", "moment value quantity")


class StockRevaluationValuation(models.AbstractModel):
    _inherit = "stock.revaluation.valuation"

    def _read_streams(self, products, moment):
        products = products.with_company(self.env.company)
        rows_by_stream, additions = defaultdict(list), self._read_revaluations(products)
        for row in self._read_rows(products, dict.fromkeys(products.ids, moment)):
            rows_by_stream[row.product_id, row.lot_id or False].append(row)
        methods = {product.id: product.cost_method for product in products}
        streams = {}
        for (product_id, lot_id), rows in rows_by_stream.items():
            movements = self._get_movements(rows, methods[product_id])
            layers = []
            if methods[product_id] == "fifo":
                layers = self._layers_then(rows, additions, moment, moved=bool(movements))
            streams[product_id, lot_id] = Stream(layers, movements)
        return streams

    def _read_unfit(self, products, moment):
        """Products under FIFO that have moved since, and whose layers were not used first in, first out."""
        fifo = self._records([product for product in self._facts(products) if product.cost_method == "fifo"])
        astray = "SELECT product_id FROM (%s) t GROUP BY product_id, lot_id HAVING" % ROWS
        astray += " BOOL_OR(astray) AND BOOL_OR(since AND quantity <> 0)"
        rows = self._read_rows(fifo, dict.fromkeys(fifo.ids, moment), astray) if fifo else []
        return {row.product_id: "not_fifo" for row in rows}

    def _read_rows(self, products, moments, statement=ROWS):
        """Return the layers that matter since `moments` ({product id: moment}): open then, or moved since."""
        compat.flush(self.env)
        lot = "v.lot_id" if "lot_id" in self.env["stock.valuation.layer"]._fields else "NULL::int"
        params = {
            "company": self.env.company.id,
            "products": products.ids,
            "moments": [moments[product.id] for product in products],
            "by_lot": [compat.is_lot_valued(product) for product in products],
        }
        self.env.cr.execute(statement.format(lot=lot), params)
        Row = namedtuple("Row", [column.name for column in self.env.cr.description])
        return list(map(Row._make, self.env.cr.fetchall()))

    def _get_movements(self, rows, method):
        """Return the movements among the `rows` of a stream; under standard cost a change of it is one, too."""
        return [
            Movement(
                row.id if row.quantity else -row.id,
                row.quantity,
                row.stock_move_id,
                row.origin_returned_move_id,
                row.create_date,
            )
            for row in rows
            if row.since and (row.quantity or (method == "standard" and not row.parent_id))
        ]

    def _plan(self, changes, moment):
        """Complete the plan: what is written to nothing may not end a cent below it.

        Odoo values issues at a cost of few digits, so they may have taken more than their share by now.
        """
        plans = super()._plan(changes, moment)
        if not moment:
            return plans
        by_product, step = self._by_product(changes), decimal(self._rounding())
        half = decimal(0.5).scaleb(-self.env["decimal.precision"].precision_get("Product Price"))
        figures = self._read_products(self._changed_products(changes))
        for product_id, own in by_product.items():
            parts = [part for change in own for part in plans[change.line_id] if not part.layers]
            value = decimal(figures[product_id][1])
            below = min(value + sum(part.left for part in parts), 0) if value >= 0 else 0
            if below:
                movements = [movement for part in parts for movement in part.movements]
                limit = sum(half * abs(decimal(movement.quantity)) + step for movement in movements)
                self._take_rest(own, plans, below, limit)
        return plans

    # ------------------------------------------------------------------ what a layer was worth

    def _layers_then(self, rows, additions, moment, moved):
        """Return the layers that were open at `moment`, in order, with what they were worth then."""
        reach = {row.id: row for row in rows if row.quantity > 0}
        additions = {layer_id: list(own) for layer_id, own in additions.items()}
        for row in rows:
            parent = reach.get(row.parent_id)
            if not row.quantity and parent:
                open_then = min(parent.quantity, parent.reach - row.issued_so_far)
                additions.setdefault(parent.id, []).append(Addition(row.create_date, row.value, open_then))
        layers = []
        for row in reach.values():
            quantity = row.quantity_then if moved else row.remaining_qty
            if not row.since and quantity > DUST:
                value = self._value_then(row, quantity, additions.get(row.id, []), moment)
                layers.append(Layer(row.id, row.lot_id or False, quantity, value))
        return layers

    def _value_then(self, row, quantity, additions, moment):
        """Return what `quantity` of a layer was worth at `moment`.

        What it came in at, and what bills, landed costs and revaluations had added by then, per unit; but what is
        stored now, if nothing changed its unit value since and that is not the same but for the cents, of which a
        small rest of a layer makes many.
        """
        added = [each for each in additions if each.moment <= moment and each.quantity > DUST]
        unit_value = row.value / row.quantity + sum(each.value / each.quantity for each in added)
        if row.remaining_qty > DUST and not any(addition.moment > moment for addition in additions):
            if abs(row.remaining_qty - quantity) <= DUST:
                return row.remaining_value
            cents = self._rounding() * (1 + len(added))
            if abs(row.remaining_value - unit_value * row.remaining_qty) > cents:
                return self._money(row.remaining_value * quantity / row.remaining_qty)
        return self._money(unit_value * quantity)

    def _read_revaluations(self, products):
        """Return {layer id: [Addition]} of what posted journals changed layers of FIFO products by."""
        self.env.cr.execute(
            "SELECT line.layer_shares, MIN(v.create_date) FROM stock_revaluation_journal_line line"
            " JOIN stock_valuation_layer v ON v.revaluation_line_id = line.id AND v.revaluation_forwarded IS NOT TRUE"
            " WHERE line.product_id = ANY(%s) AND line.company_id = %s AND line.state = 'posted'"
            " AND line.cost_method = 'fifo' AND line.layer_shares IS NOT NULL GROUP BY line.id",
            [products.ids, self.env.company.id],
        )
        additions = defaultdict(list)
        for shares, moment in self.env.cr.fetchall():
            for layer_id, quantity, amount in json.loads(shares):
                additions[layer_id].append(Addition(moment, amount, quantity))
        return additions

    # ------------------------------------------------------------------ whole receipts

    def _read_whole_receipts(self, keys, moment):
        """Return the positions of layers as they were received, with what they have taken since until `moment`."""
        layers = self.env["stock.valuation.layer"].sudo().browse([key.layer_id for key in keys]).exists()
        layers = layers.filtered(lambda layer: layer.quantity > 0 and layer.company_id == self.env.company)
        additions = self._read_revaluations(layers.product_id) if layers else {}
        until, positions = moment or datetime.max, []
        for key in keys:
            layer = layers.filtered(lambda layer, key=key: layer.id == key.layer_id)
            if not layer or layer.product_id.id != key.product_id or layer.create_date > until:
                continue
            linked = layer.stock_valuation_layer_ids.filtered(lambda each: each.create_date <= until)
            revalued = [each.value for each in additions.get(layer.id, []) if each.moment <= until]
            value = self._money(layer.value + sum(linked.mapped("value")) + sum(revalued))
            positions.append(Position(key, layer.quantity, value, quantity_now=layer.remaining_qty))
        return positions

    def _read_whole_streams(self, keys, moment):
        """Return {key: Stream} of whole receipts: all that moved since just before each came in."""
        layers = self.env["stock.valuation.layer"].sudo().browse([key.layer_id for key in keys])
        before = {layer.id: layer.create_date - MICROSECOND for layer in layers}
        streams = {}
        for key in keys:
            product = self.env["product.product"].sudo().browse(key.product_id)
            found = self._read_streams(product, before[key.layer_id])
            streams[key] = found[key.product_id, self._layer_lot(key)]
        return streams


class ProductProduct(models.Model):
    _inherit = "product.product"

    def _compute_average_price(self, qty_invoiced, qty_to_invoice, stock_moves, *args, **kwargs):
        """Tell Odoo what the goods invoiced before have cost by now: it knows what the invoices booked alone.

        From 15.0 on an invoice takes what its deliveries' layers are worth together, less what was invoiced before.
        The share of a revaluation that followed the invoiced goods stands in the layers, and on no invoice; what of it
        came back with goods returned and credited neither.
        """
        known, own = self.env.context.get("value_invoiced"), self
        if known:
            returned = kwargs.get("is_returned", self.env.context.get("is_returned", False))
            moves = stock_moves.sudo().filtered(
                lambda move: move.product_id == self and (move.origin_returned_move_id or not returned)
            )
            expense = self.product_tmpl_id.get_product_accounts()["expense"]
            layers = moves.stock_valuation_layer_ids.filtered(
                lambda layer: layer.revaluation_forwarded and layer.revaluation_account_id == expense
            )
            followed = sum(layers.mapped("value"))
            own = self.with_context(value_invoiced=known + (followed if returned else -followed))
        return super(ProductProduct, own)._compute_average_price(
            qty_invoiced, qty_to_invoice, stock_moves, *args, **kwargs
        )
