"""Odoo 19.0: what moved since a day, what was open then, and what Odoo itself makes of a change of that day.

Odoo keeps no shares of a change: it works out what stock is worth now from its receipts and costs. So what of a change
is still in stock is what that comes to, to the cent, and what went on is the rest.
"""

from collections import defaultdict
from datetime import timedelta

from odoo import _, models
from odoo.exceptions import UserError

from .. import compat, tools
from ..engine.forwarding import forward_average
from ..engine.rounding import decimal, round_to
from .product_value_reader import MOVES
from .shapes import Movement, Position, Stream

MICROSECOND = timedelta(microseconds=1)


class StockRevaluationValuation(models.AbstractModel):
    _inherit = "stock.revaluation.valuation"

    # ------------------------------------------------------------------ reading

    def _stream_lot(self, layer):
        return False

    def _split_by_lot(self, change, product, figures, lots):
        return [
            (
                change.key.lot_id,
                change.amount,
                *(lots.get(product.id, {}).get(change.key.lot_id) or figures[product.id]),
            )
        ]

    def _stream_of(self, change, lot_id, streams):
        stream = streams.get((change.key.product_id, False), Stream([], []))
        if not lot_id:
            return stream
        return stream._replace(layers=[layer for layer in stream.layers if layer.lot_id == lot_id])

    def _read_streams(self, products, moment):
        compat.flush(self.env)
        movements = self._read_movements(products, dict.fromkeys(products.ids, moment))
        by_lot = products.filtered("lot_valuated")
        fifo = products.filtered(lambda product: product.cost_method == "fifo")
        layers = self._open_receipts(*self._then(fifo - by_lot, moment))
        layers.update(self._read_layers(fifo & by_lot) if fifo & by_lot else {})
        return {
            (product.id, False): Stream(layers.get(product.id, []), movements.get(product.id, []))
            for product in products
        }

    def _read_unfit(self, products, moment):
        """Products valued by lot that have moved since: Odoo keeps no value of lots at a date."""
        by_lot = products.filtered("lot_valuated")
        movements = self._read_movements(by_lot, dict.fromkeys(by_lot.ids, moment)) if by_lot else {}
        return {product.id: "lots_then" for product in by_lot if movements.get(product.id)}

    def _then(self, products, moment):
        """Return (products, their quantities at `moment`, `moment`)."""
        products = self._valued(products)
        return products, self._read_quantities(products, moment), moment

    def _read_movements(self, products, moments):
        """Return {product id: [Movement]} of what moved since its moment, costs set anew among them.

        Source: the order of `product.product._run_avco`: a cost counts before a move of the same moment.
        """
        methods = {product.id: product.cost_method for product in products.with_company(self.env.company)}
        params = dict(self._move_params(products), since=[moments[product.id] for product in products])
        self.env.cr.execute(
            "WITH since AS ("
            " SELECT * FROM unnest(%(products)s::int[], %(since)s::timestamp[]) AS s(product_id, moment)),"
            " moved AS (" + MOVES + " AND (move.is_in OR move.is_out) GROUP BY move.id)"
            " SELECT * FROM (SELECT moved.product_id, id, COALESCE(received, -issued, 0) AS quantity, id AS move_id,"
            " m.origin_returned_move_id, moved.date"
            " FROM moved JOIN since USING (product_id) JOIN stock_move m USING (id) WHERE moved.date > moment"
            " UNION ALL SELECT cost.product_id, -cost.id, 0, NULL, NULL, cost.date"
            " FROM product_value cost JOIN since USING (product_id)"
            " WHERE cost.move_id IS NULL AND cost.lot_id IS NULL AND cost.date > moment"
            " AND (cost.revaluation_line_id IS NULL OR cost.company_id = %(company)s)"
            " AND cost.revaluation_late IS NOT TRUE) t ORDER BY date, quantity = 0 DESC, id",
            params,
        )
        movements = defaultdict(list)
        for product_id, key, quantity, move_id, origin_id, moment in self.env.cr.fetchall():
            if quantity or methods[product_id] != "fifo":
                movements[product_id].append(Movement(key, quantity, move_id, origin_id, moment))
        return movements

    # ------------------------------------------------------------------ planning

    def _plan(self, changes, moment):
        """Complete the plan by what the whole receipts change by, and by what Odoo makes of it now."""
        plans = super()._plan(changes, moment)
        by_product = self._by_product(changes)
        products = self._changed_products(changes).with_company(self.env.company)
        then, now = self._read_products(products, moment), self._read_products(products)
        fifo = products.filtered(lambda product: product.cost_method == "fifo")
        receipts, reversed_layers = self._read_receipts_then(fifo, moment), self._read_reversed_layers(changes)
        for product in fifo:
            own = receipts.get(product.id, [])
            self._set_extras(by_product[product.id], plans, own, then[product.id][1], reversed_layers)
        moved = products.filtered(
            lambda product: any(part.movements for change in by_product[product.id] for part in plans[change.line_id])
        )
        value_changes = self._value_changes(moved, plans)
        left = self._left_by_odoo(moved, by_product, plans, then, now, value_changes, moment)
        for product in moved:
            self._settle_left(product, by_product[product.id], plans, left[product.id])
        return plans

    def _read_receipts_then(self, products, moment):
        """Return {product id: [Layer]} of the receipts open at `moment`."""
        by_lot = products.filtered("lot_valuated")
        layers = self._open_receipts(*self._then(products - by_lot, moment))
        layers.update(self._read_layers(by_lot) if by_lot else {})
        return layers

    def _read_reversed_layers(self, changes):
        """Return {receipt id: (value, change of the receipt)} of the journal that these `changes` reverse, if any."""
        journals = self.env["stock.revaluation.journal"].browse({change.journal_id for change in changes})
        self.env.cr.execute(
            "SELECT layer.stock_move_id, SUM(layer.value), SUM(layer.receipt_value)"
            " FROM stock_valuation_layer layer JOIN stock_revaluation_journal reversal"
            " ON reversal.reversed_journal_id = layer.revaluation_journal_id"
            " WHERE reversal.id = ANY(%s) AND layer.revaluation_forwarded IS NOT TRUE AND layer.receipt_value <> 0"
            " GROUP BY layer.stock_move_id",
            [journals._origin.ids],  # a form that is not saved yet asks as well
        )
        return {move_id: tuple(map(decimal, amounts)) for move_id, *amounts in self.env.cr.fetchall()}

    def _set_extras(self, changes, plans, receipts, value, reversed_layers):
        """Say on the parts of a FIFO product what the whole value of each receipt changes by.

        That is whole cents, so the last receipt reached takes what the product's total still lacks, if that is seen:
        half a cent of it may be right already. What a receipt took of 1.47, be it 2.20 or 2.21, a reversal gives back.
        """
        by_id, extras = {receipt.layer_id: receipt for receipt in receipts}, {}
        for change in changes:
            for index, part in enumerate(plans[change.line_id]):
                own = {}
                for move_id, _quantity, amount in part.layers:
                    receipt = by_id.get(move_id)
                    taken, extra = reversed_layers.get(move_id, (0, 0))
                    is_undone = amount and amount == -taken
                    whole = amount if change.key.whole else self._whole_receipt(amount, receipt)
                    own[move_id] = -extra if is_undone else whole
                plans[change.line_id][index] = part._replace(extras=own)
                extras.update(own)
        reached = [move_id for move_id in extras if move_id in by_id]
        if not reached or any(change.key.whole for change in changes):
            return
        new_value = decimal(value) + sum(decimal(change.amount) for change in changes)
        total = sum(
            decimal(receipt.value)
            + decimal(extras.get(receipt.layer_id, 0)) * decimal(receipt.quantity) / decimal(receipt.received)
            for receipt in receipts
        )
        last = by_id[reached[-1]]
        if decimal(self._money(total)) == new_value:
            return
        for change in changes:
            for part in plans[change.line_id]:
                if last.layer_id in part.extras:
                    part.extras[last.layer_id] += self._whole_receipt(new_value - total, last)

    def _whole_receipt(self, amount, receipt):
        """Return what the whole receipt changes by when the part of it in stock changes by `amount`."""
        return round_to(decimal(amount) * decimal(receipt.received) / decimal(receipt.quantity), self._rounding())

    def _value_changes(self, products, plans):
        """Return {stock move id: amount} of what posting changes the values of moves by.

        Receipts by their extras; issues and their returns by the shares they took or brought back, so that coming
        invoices, returns and margins are right.
        """
        changes = defaultdict(float)
        for part in (part for parts in plans.values() for part in parts):
            for move_id, amount in (part.extras or {}).items():
                changes[move_id] += float(amount)
            for movement in part.movements:
                share = float(part.forwarded.shares.get(movement.key, 0))
                if share and movement.quantity < 0:
                    changes[movement.key] += share
                elif share and movement.origin:
                    changes[movement.key] -= share
        return changes

    def _left_by_odoo(self, products, by_product, plans, then, now, value_changes, moment):
        """Return {product id: amount}: by how much the value of `products` that Odoo shows now will change."""
        left = {}
        fifo = products.filtered(lambda product: product.cost_method == "fifo")
        open_now = self._read_layers(fifo) if fifo else {}
        replayed = self._replayed_values(products, by_product, then, value_changes, moment)
        for product in products:
            quantity, value = now[product.id]
            if product in fifo and quantity <= 0:
                after = decimal(value)  # stock below zero has the product's cost, which stays
            elif product in fifo:
                receipts = open_now.get(product.id, [])
                after = sum(
                    decimal(receipt.value)
                    + decimal(value_changes.get(receipt.layer_id, 0))
                    * decimal(receipt.quantity)
                    / decimal(receipt.received)
                    for receipt in receipts
                )
            elif product.id in replayed:
                after = decimal(replayed[product.id])
            else:
                (change,) = by_product[product.id]
                reset = any(not movement.quantity for movement in plans[change.line_id][0].movements)
                after = decimal(value) if reset else self._new_cost(change, then[product.id][0]) * decimal(quantity)
            left[product.id] = decimal(self._money(after)) - decimal(value)
        return left

    def _replayed_values(self, products, by_product, then, value_changes, moment):
        """Return {product id: value now} under average cost once the new cost of its day counts, by Odoo's replay."""
        costs = self._cost_rows(products, by_product, then, moment)
        average = self._valued(products.filtered(lambda product: product.id in costs))
        return self._values_of_replay(average, self._read_quantities(average), costs=costs, changes=value_changes)

    def _cost_rows(self, products, by_product, then, moment):
        """Return {product id: [(moment, unit cost)]} of the costs to log for products under average cost at a past day.

        The new cost of the day; and where a bill or a landed cost came since for what had been received by then, a
        second one of that moment: Odoo counts such a cost from the receipt on, so the first row alone would lose it.
        So where stock is below zero now, at the moment it fell there: what is missing keeps its cost.
        """
        average = products.filtered(
            lambda product: moment and product.cost_method == "average" and not product.lot_valuated
        )
        if not average:
            return {}
        return self._read_once(("costs", moment), average, self._cost_rows_now, by_product, then, moment)

    def _cost_rows_now(self, average, by_product, then, moment):
        dates = self._row_dates(average.ids, moment)
        rows = {
            product.id: [(dates[product.id], float(self._new_cost(by_product[product.id][0], then[product.id][0])))]
            for product in average
        }
        late_moments = self._read_emptied(average, moment)
        late_moments.update(self._read_late_corrections(average, moment))
        for product_id, late in late_moments.items():
            product = self._valued(average.browse(product_id))
            quantity = self._read_quantities(product, late)[product_id]
            if not tools.uom_is_zero(product.uom_id, quantity):
                value = self._values_of_replay(product, {product_id: quantity}, late, current=True)[product_id]
                movements = self._read_movements(product, {product_id: moment}).get(product_id, [])
                movements = [movement for movement in movements if movement.moment <= late]
                change = by_product[product_id][0]
                left = forward_average(change.amount, then[product_id][0], movements, 1e-6).left
                late_row = self._row_dates([product_id], late)[product_id]
                rows[product_id].append((late_row, (value + float(left)) / quantity))
        return rows

    def _read_emptied(self, products, moment):
        """Return {product id: moment since `moment` at which its stock last fell below zero}, where it still is."""
        below = self._valued(products)
        below = below.browse([product_id for product_id, now in self._read_quantities(below).items() if now < 0])
        emptied, movements = {}, self._read_movements(below, dict.fromkeys(below.ids, moment)) if below else {}
        for product_id, stock in (self._read_quantities(below, moment) if below else {}).items():
            for movement in movements.get(product_id, ()):
                if stock >= 0 > stock + movement.quantity:
                    emptied[product_id] = movement.moment
                stock += movement.quantity
        return emptied

    def _read_late_corrections(self, products, moment):
        """Return {product id: moment} of the last correction since `moment` of what had been received by then.

        The second costs that journals of earlier days have logged for such ones are among them.
        """
        self.env.cr.execute(
            "SELECT id, product_id FROM stock_move WHERE company_id = %(company)s AND product_id = ANY(%(products)s)"
            " AND state = 'done' AND is_in AND date <= %(moment)s",
            self._move_params(products, moment),
        )
        owners, late = dict(self.env.cr.fetchall()), {}
        corrected = [(owners[move_id], when) for move_id, when in self._read_corrections(list(owners), moment).items()]
        self.env.cr.execute(
            "SELECT product_id, date FROM product_value WHERE revaluation_late AND company_id = %(company)s"
            " AND product_id = ANY(%(products)s) AND date > %(moment)s",
            self._move_params(products, moment),
        )
        for product_id, when in corrected + self.env.cr.fetchall():
            late[product_id] = max(when, late.get(product_id, when))
        return late

    def _settle_left(self, product, changes, plans, left):
        """Let the last share take the cents by which Odoo's own figure differs from what the shares leave."""
        parts = [part for change in changes for part in plans[change.line_id]]
        limit = decimal(self._rounding()) * sum(len(part.layers) + len(part.movements) + 1 for part in parts)
        if not self._take_rest(changes, plans, sum(part.left for part in parts) - left, limit):
            raise UserError(
                _(
                    "%(product)s: what has moved since %(moment)s cannot be followed, so its value cannot change at"
                    " that date. Choose today.",
                    product=product.display_name,
                    moment=self._local_date(parts[0].movements[0].moment),
                )
            )

    # ------------------------------------------------------------------ whole receipts

    def _read_whole_receipts(self, keys, moment):
        """Return the positions of receipts as they came in, with what they have taken since until `moment`."""
        moves = self.env["stock.move"].sudo().browse([key.layer_id for key in keys]).exists()
        moves = moves.filtered(lambda move: move.is_in and move.company_id == self.env.company)
        values = self._values_then({move.id: move.value for move in moves}, moment)
        open_now = self._read_layers(moves.product_id) if moves else {}
        positions = []
        for key in keys:
            move = moves.filtered(lambda move, key=key: move.id == key.layer_id)
            if move and move.product_id.id == key.product_id and (not moment or move.date <= moment):
                now = {layer.layer_id: layer.quantity for layer in open_now.get(key.product_id, [])}
                positions.append(
                    Position(
                        key, move._get_valued_qty(), self._money(values[move.id]), quantity_now=now.get(move.id, 0.0)
                    )
                )
        return positions

    def _read_whole_streams(self, keys, moment):
        """Return {key: Stream} of whole receipts: all that moved since just before each came in."""
        streams = {}
        for key in keys:
            receipt = self.env["stock.move"].sudo().browse(key.layer_id)
            streams[key] = self._read_streams(receipt.product_id, receipt.date - MICROSECOND)[key.product_id, False]
        return streams
