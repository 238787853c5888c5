"""Odoo 19.0: what stock is worth by the history of each product, average cost replayed, FIFO taken from the newest.

Odoo does so one product and one move at a time. Here PostgreSQL hands over each product's history as a few arrays, in
the order that Odoo has, some products at a time: memory does not grow with the number of moves.
"""

from odoo import models

from ..engine.histories import merge_lines, replay_average
from .product_value_reader import VALUED

# Of each product what happened to it in order: counted quantities, below zero for issues, NULL where a cost was set,
# which comes first within its moment; what a receipt is worth, or the cost that was set. A line of a move each; a value
# that is NULL is the quantity at the product's cost.
HISTORY = (
    "DECLARE revaluation_history NO SCROLL CURSOR FOR WITH event AS ("
    " SELECT move.product_id, move.date, 1 AS late, move.id::bigint, CASE WHEN move.is_in"
    "  THEN CASE WHEN line.location_id <> ALL(%(places)s) AND line.location_dest_id = ANY(%(places)s)"
    "   THEN line.quantity_product_uom::float8 ELSE 0 END"
    "  ELSE CASE WHEN line.location_id = ANY(%(places)s) AND line.location_dest_id <> ALL(%(places)s)"
    "   THEN -line.quantity_product_uom::float8 ELSE 0 END END AS counted,"
    " CASE WHEN move.is_in THEN COALESCE({given}, CASE WHEN NOT {at_cost} THEN COALESCE(move.value, 0)::float8 END)"
    "  ELSE 0 END AS value, move.is_dropship OR (move.is_in AND move.is_out) AS is_odd"
    " FROM stock_move move LEFT JOIN stock_move_line line ON line.move_id = move.id AND line.picked"
    " AND (line.owner_id IS NULL OR line.owner_id = %(partner)s)"
    "{join_given}"
    " WHERE move.company_id = %(company)s AND move.state = 'done' AND move.product_id = ANY(%(products)s)"
    " AND (move.is_in OR move.is_out OR move.is_dropship) AND move.date <= COALESCE(%(moment)s, 'infinity'::timestamp)"
    " UNION ALL SELECT product_id, date, 0, id, NULL, COALESCE(value, 0)::float8, FALSE FROM product_value"
    " WHERE product_id = ANY(%(products)s) AND move_id IS NULL AND lot_id IS NULL"
    " AND (revaluation_line_id IS NULL OR company_id = %(company)s)"
    " AND date <= COALESCE(%(moment)s, 'infinity'::timestamp)"
    " UNION ALL SELECT product_id, date, 0, 2147483647 + number, NULL, value, FALSE"
    " FROM unnest(%(cost_products)s::int[], %(cost_dates)s::timestamp[], %(costs)s::float8[]) WITH ORDINALITY"
    " AS cost(product_id, date, value, number))"
    " SELECT product_id, array_agg(id), array_agg(counted), array_agg(value), COALESCE(bool_or(is_odd), FALSE)"
    " FROM (SELECT * FROM event ORDER BY product_id, date, late, id) ordered GROUP BY product_id"
)
GIVEN = (
    " LEFT JOIN unnest(%(given_moves)s::int[], %(given_values)s::float8[]) AS given(id, value) ON given.id = move.id"
)
PLACES = "SELECT id FROM stock_location place WHERE " + VALUED % {"location": "place"}
# Products whose histories are in memory at one time.
HISTORIES_AT_ONCE = 500


class StockRevaluationValuation(models.AbstractModel):
    _inherit = "stock.revaluation.valuation"

    def _histories(self, product_ids, moment=None, given=None, costs=(), at_cost="FALSE"):
        """Yield (product id, move ids, counted quantities, values, is odd) of each product: see HISTORY.

        Shape: `given` {move id: value} instead of what the moves have; `costs` [(product id, date, unit cost)] set as
        well; `at_cost` SQL, which receipts are worth what the product costs. Odd are products that were dropshipped.
        """
        if not product_ids:
            return
        params = {
            "company": self.env.company.id,
            "partner": self.env.company.partner_id.id,
            "products": product_ids,
            "moment": moment,
            "given_moves": list(given or ()),
            "given_values": list((given or {}).values()),
            "cost_products": [product_id for product_id, _date, _cost in costs],
            "cost_dates": [date for _product_id, date, _cost in costs],
            "costs": [float(cost) for _product_id, _date, cost in costs],
        }
        self.env.cr.execute(PLACES)
        params["places"] = [row[0] for row in self.env.cr.fetchall()]
        self.env.cr.execute("SET LOCAL cursor_tuple_fraction = 1")  # all rows are read, not the first ones
        parts = {"at_cost": at_cost, "given": "given.value" if given else "NULL", "join_given": GIVEN if given else ""}
        self.env.cr.execute(HISTORY.format(**parts), params)
        while True:
            self.env.cr.execute("FETCH %s FROM revaluation_history", [HISTORIES_AT_ONCE])
            rows = self.env.cr.fetchall()
            for product_id, ids, counted, values, is_odd in rows:
                yield (product_id, *merge_lines(ids, counted, values), is_odd)
            if len(rows) < HISTORIES_AT_ONCE:
                break
        self.env.cr.execute("CLOSE revaluation_history")

    def _values_of_replay(self, products, quantities, moment=None, costs=None, changes=None, current=False):
        """Return {product id: value} under average cost, as 19.0 of early 2026 has it: by replaying its history.

        Shape: as they would be with `costs` {product id: [(date, unit cost)]} set as well, and with the values of
        moves changed by `changes` {move id: amount}. `current`: receipts count with what they are worth now, at a
        past moment too, as where Odoo replays up to now.
        """
        given = [(product_id, *row) for product_id, rows in (costs or {}).items() for row in rows]
        histories = {row[0]: row[1:] for row in self._histories(products.ids, moment, costs=given)}
        if changes or (moment and not current):
            self._restate_moves(histories, None if current else moment, changes or {})
        values = {}
        for product in products:
            _ids, counted, amounts, is_odd = histories.get(product.id, ((), (), (), False))
            if is_odd:
                values[product.id] = product.with_context(to_date=moment or False).total_value
            else:
                values[product.id] = replay_average(counted, amounts, quantities[product.id])
        return values

    def _restate_moves(self, histories, moment, changes):
        """Let the receipts of `histories` be worth what they were at a past moment, and `changes` more."""
        receipts = {
            move_id: value
            for ids, counted, values, _is_odd in histories.values()
            for move_id, number, value in zip(ids, counted, values)
            if number is not None and number >= 0
        }
        receipts = self._values_then(receipts, moment)
        for ids, counted, values, _is_odd in histories.values():
            for index, (move_id, number) in enumerate(zip(ids, counted)):
                if number is not None and number >= 0:
                    values[index] = receipts[move_id] + float(changes.get(move_id, 0.0))
