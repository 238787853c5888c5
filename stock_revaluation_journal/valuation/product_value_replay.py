"""Odoo 19.0 of early 2026: what stock under average cost is worth, found by replaying the history of each product.

Odoo does so one product and one move at a time. Here PostgreSQL hands over each product's history as a few arrays.
"""

from odoo import models

from .product_value_reader import MOVES

# In order: moves (kind 1 in, 2 out, 3 both), and costs that were set (kind 0), which come first within their moment.
HISTORY = (
    "WITH moved AS (" + MOVES + " AND (is_in OR is_out OR is_dropship) GROUP BY move.id), event AS ("
    " SELECT product_id, date, 1 AS late, id::bigint, COALESCE(is_in, FALSE)::int + 2 * COALESCE(is_out, FALSE)::int"
    " AS kind, COALESCE(NULLIF(received, 0), issued, 0) AS counted, value, is_dropship FROM moved"
    " UNION ALL SELECT product_id, date, 0, id, 0, 0, value::float, FALSE FROM product_value"
    " WHERE product_id = ANY(%(products)s) AND move_id IS NULL AND lot_id IS NULL"
    " AND (revaluation_line_id IS NULL OR company_id = %(company)s)"
    " AND date <= COALESCE(%(moment)s, 'infinity'::timestamp)"
    " UNION ALL SELECT product_id, date, 0, 2147483647 + number, 0, 0, value, FALSE"
    " FROM unnest(%(cost_products)s::int[], %(cost_dates)s::timestamp[], %(costs)s::float8[]) WITH ORDINALITY"
    " AS given(product_id, date, value, number))"
    " SELECT product_id, array_agg(id), array_agg(kind), array_agg(counted), array_agg(value), bool_or(is_dropship),"
    " COALESCE(MAX(date) FILTER (WHERE kind = 0) > MAX(date) FILTER (WHERE kind IN (1, 3)), bool_or(kind = 0))"
    " FROM (SELECT * FROM event ORDER BY product_id, date, late, id) ordered GROUP BY product_id"
)
NOTHING = ((), (), (), (), False, False)


class StockRevaluationValuation(models.AbstractModel):
    _inherit = "stock.revaluation.valuation"

    def _values_of_replay(self, products, quantities, moment=None, costs=None, changes=None, current=False):
        """Return {product id: value} under average cost, as 19.0 of early 2026 has it: by replaying its history.

        Shape: as they would be with `costs` {product id: [(date, unit cost)]} set as well, and with the values of
        moves changed by `changes` {move id: amount}. `current`: receipts count with what they are worth now, at a
        past moment too, as where Odoo replays up to now.
        """
        if not products:
            return {}
        given = [(product_id, *row) for product_id, rows in (costs or {}).items() for row in rows]
        params = dict(
            self._move_params(products, moment),
            cost_products=[row[0] for row in given],
            cost_dates=[row[1] for row in given],
            costs=[float(row[2]) for row in given],
        )
        self.env.cr.execute(HISTORY, params)
        histories = {row[0]: row[1:] for row in self.env.cr.fetchall()}
        if changes or (moment and not current):
            self._restate_moves(histories, None if current else moment, changes or {})
        values = {}
        for product in products:
            _ids, kinds, counted, amounts, has_dropship, is_set = histories.get(product.id, NOTHING)
            if has_dropship:
                values[product.id] = product.with_context(to_date=moment or False).total_value
            elif is_set:
                last = max(index for index, kind in enumerate(kinds) if not kind)
                values[product.id] = amounts[last] * quantities[product.id]
            else:
                values[product.id] = _replay(kinds, counted, amounts)
        return values

    def _restate_moves(self, histories, moment, changes):
        """Let the moves of `histories` be worth what they were at a past moment, and `changes` more."""
        receipts = {
            move_id: value
            for ids, kinds, _counted, values, *_rest in histories.values()
            for move_id, kind, value in zip(ids, kinds, values)
            if kind & 1
        }
        receipts = self._values_then(receipts, moment)
        for ids, kinds, _counted, values, *_rest in histories.values():
            for index, (move_id, kind) in enumerate(zip(ids, kinds)):
                if kind:
                    values[index] = receipts.get(move_id, values[index]) + float(changes.get(move_id, 0.0))

    def _replay(self, moves, costs, quantity_now):
        """Return the value that receipts, deliveries and changes of cost lead to.

        Shape: `moves` [(date, is_in, is_out, is_dropship, value, received, issued)] and `costs`
        [(date, unit cost)], each in order.
        Source: `product.product._run_avco` of 19.0, February 2026.
        """
        receipts = [move[0] for move in moves if move[1]]
        if costs and (not receipts or costs[-1][0] > receipts[-1]):
            return costs[-1][1] * quantity_now
        events = [(date, 0, 0, 0.0, cost) for date, cost in costs]
        events += [
            (date, 1, bool(is_in) + 2 * bool(is_out), received or issued or 0.0, value)
            for date, is_in, is_out, _is_dropship, value, received, issued in moves
        ]
        events.sort(key=lambda event: event[:2])
        return _replay(*zip(*(event[2:] for event in events))) if events else 0.0


def _replay(kinds, counted, values):
    """Return the value that a history leads to. Shape: as HISTORY has it, three lists; `counted` are quantities."""
    quantity = average = total = 0.0
    for kind, number, value in zip(kinds, counted, values):
        if not kind:
            average = value
            total = average * quantity
        if kind & 1:
            quantity += number
            if quantity - number > 0:
                total += value
                average = total / quantity
            else:
                average = value / number if number else average
                total = average * quantity
        if kind & 2:
            total -= number * average
            quantity -= number
    return total
