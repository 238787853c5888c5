"""What a change does: which layers and lots it reaches, what of it went on with issues, and where that is booked."""

from datetime import datetime

from odoo import models

from .. import compat
from ..engine.distribution import distribute
from ..engine.forwarding import Forwarded, forward_average, forward_fifo, forward_standard, spread_per_unit
from ..engine.rounding import decimal, round_to
from .shapes import Forward, Part, Stream


class StockRevaluationValuation(models.AbstractModel):
    """From changes to plans. Only reads."""

    _inherit = "stock.revaluation.valuation"

    def _plan(self, changes, moment):
        """Return {line id: [Part]}: what each change does at its day, and what of it went on since.

        Only reads. Parts are the lots of a lot-valued product (up to 18.0), else one; their amounts add up to the
        line's.
        """
        products = self._changed_products(changes).with_company(self.env.company)
        streams = self._read_streams(products, moment) if moment else self._streams_now(products)
        figures = self._read_products(products, moment)
        lots = self._read_lots(products.filtered(compat.is_lot_valued), moment)
        whole = self._read_whole_streams([change.key for change in changes if change.key.whole], moment)
        products = {product.id: product for product in products}
        return {
            change.line_id: [self._whole_part(change, whole[change.key])]
            if change.key.whole
            else self._get_parts(change, products[change.key.product_id], streams, figures, lots)
            for change in changes
        }

    def _streams_now(self, products):
        """Return {(product id, lot id or False): Stream} of the layers open now: nothing moved since."""
        by_receipt = products.filtered(lambda product: product.cost_method == "fifo")
        streams = {}
        for product_id, layers in self._read_layers(by_receipt).items() if by_receipt else ():
            for layer in layers:
                lot_id = self._stream_lot(layer)
                streams.setdefault((product_id, lot_id), Stream([], [])).layers.append(layer)
        return streams

    def _stream_lot(self, layer):
        """Return the lot of the stream that `layer` belongs to: one a lot up to 18.0, one a product on 19.0."""
        return layer.lot_id

    def _get_parts(self, change, product, streams, figures, lots):
        """Return the parts of one change; its amounts per lot are those of `_split_by_lot`."""
        parts = []
        for lot_id, amount, quantity, value in self._split_by_lot(change, product, figures, lots):
            stream = self._stream_of(change, lot_id, streams)
            layers = []
            if product.cost_method == "fifo":
                changes = self._layer_changes(change, amount, value, stream)
                rows = [(layer.layer_id, layer.quantity, changes.get(layer.layer_id, 0)) for layer in stream.layers]
                layers = [row for row in rows if row[0] in changes]
                forwarded = forward_fifo(rows, stream.movements, self._rounding())
                if not stream.layers:  # a value that stands on no stock
                    forwarded = Forwarded({}, decimal(amount), {})
            elif stream.movements:
                forward = forward_standard if product.cost_method == "standard" else forward_average
                forwarded = forward(amount, quantity, stream.movements, self._rounding())
            else:
                forwarded = Forwarded({}, decimal(amount), {})
            parts.append(Part(lot_id, amount, layers, forwarded, stream.movements))
        return parts

    def _stream_of(self, change, lot_id, streams):
        """Return the Stream that a part of `change` is a change of."""
        return streams.get((change.key.product_id, lot_id), Stream([], []))

    def _split_by_lot(self, change, product, figures, lots):
        """Return [(lot id or False, amount, quantity, value)]: the lots that one change reaches, with their part of it.

        Quantity and value are those of the product or lot at the day.
        """
        if not lots.get(product.id) or change.key.layer_id:
            return [(self._layer_lot(change.key), change.amount, *figures[product.id])]
        if change.key.lot_id:
            return [(change.key.lot_id, change.amount, *lots[product.id][change.key.lot_id])]
        return [
            (lot_id, float(decimal(new) - decimal(old)), quantity, old)
            for lot_id, (quantity, old, new) in self._new_lot_values(change, lots[product.id]).items()
            if decimal(new) != decimal(old)
        ]

    def _layer_lot(self, key):
        """Return the lot of a layer line's layer, False if its product is not valued by lot."""
        return False

    def _layer_changes(self, change, amount, value, stream):
        """Return {layer id: change} of the open layers of `stream` that a change under FIFO reaches.

        A layer line changes its layer alone. A lot's or a product's change is spread so that every open layer ends
        at the same unit cost (`engine.distribution`); where goods have left since the day, so that every unit
        changes by the same: what left then took its share by quantity, whatever layer it came from.
        """
        layers, step = stream.layers, self._rounding()
        if change.key.layer_id:
            return {change.key.layer_id: self._layer_amount(change, layers)}
        if not layers:
            return {}
        worth = sum(decimal(layer.value) for layer in layers)
        if any(movement.quantity < 0 for movement in stream.movements) and worth + decimal(amount) >= 0:
            changes = spread_per_unit(amount, [(layer.quantity, layer.value) for layer in layers], step)
        else:
            total = round_to(decimal(value) + decimal(amount), step)
            new = distribute(total, [layer.quantity for layer in layers], step)
            changes = [decimal(value) - decimal(layer.value) for value, layer in zip(new, layers)]
        if stream.movements:
            changes = self._whole_cents(changes, amount)
        return {layer.layer_id: changed for layer, changed in zip(layers, changes)}

    def _layer_amount(self, change, layers):
        """Return what a layer line changes its layer by."""
        return decimal(change.amount)

    def _whole_cents(self, amounts, total):
        """Round `amounts` to whole cents, the last one taking what they lack of `total`."""
        rounded = [round_to(amount, self._rounding()) for amount in amounts]
        rounded[-1] += decimal(total) - sum(rounded)
        return rounded

    def _whole_part(self, change, stream):
        """Return the part of a change of a whole receipt: what was issued of it before its day counts on that day."""
        receipt, rows = self._receipt_key(change.key), [(layer.layer_id, layer.quantity, 0) for layer in stream.layers]
        forwarded = forward_fifo(rows, stream.movements, self._rounding(), {receipt: change.amount})
        received = next(movement.quantity for movement in stream.movements if movement.key == receipt)
        layers = [(change.key.layer_id, received, decimal(change.amount))]
        return Part(self._layer_lot(change.key), change.amount, layers, forwarded, stream.movements)

    def _take_rest(self, changes, plans, rest, limit):
        """Let the last share of `changes` take a `rest` of cents; return whether there is one, and few enough cents."""
        parts = [
            (plans[change.line_id], index, part)
            for change in changes
            for index, part in enumerate(plans[change.line_id])
            if part.forwarded.shares
        ]
        if rest and parts and abs(rest) <= limit:
            own, index, part = parts[-1]
            shares = dict(part.forwarded.shares)
            shares[list(shares)[-1]] += rest
            own[index] = part._replace(forwarded=part.forwarded._replace(shares=shares, left=part.left - rest))
            return True
        return not rest

    def _receipt_key(self, key):
        """Return the key of the movement that brought in a layer."""
        return key.layer_id

    def _get_forwards(self, plans, products_by_line, moment):
        """Return [Forward] of all shares in `plans`, split by the accounts that the cost of each issue went to.

        What left before the day of a whole receipt's change is booked on that day.
        """
        moment = moment or datetime.utcnow().replace(microsecond=0)
        day, forwards = self._local_date(moment), []
        movements = {
            movement.key: movement for parts in plans.values() for part in parts for movement in part.movements
        }
        taken = {key for parts in plans.values() for part in parts for key in part.forwarded.shares}
        accounts = self._read_issue_accounts([movements[key] for key in sorted(taken)])
        for line_id, parts in plans.items():
            for part in parts:
                for key, share in part.forwarded.shares.items():
                    movement, rows, amounts = movements[key], accounts[key], [-share]
                    if movement.moment < moment:
                        movement = movement._replace(moment=moment)
                    if len(rows) > 1:
                        amounts = self._whole_cents([-share * decimal(row[0]) for row in rows], -share)
                    forwards += [
                        Forward(
                            line_id,
                            products_by_line[line_id],
                            part.lot_id,
                            movement,
                            float(amount),
                            account_id,
                            max(date, day),
                            False,
                        )
                        for amount, (_part, account_id, date) in zip(amounts, rows)
                        if amount
                    ]
        return forwards

    def _new_lot_values(self, change, lots):
        """Return {lot id: (quantity, old value, new value)} for a product line of a lot-valued product.

        Lots without quantity end at zero; the others share the total by quantity.
        """
        stocked = [lot_id for lot_id, (quantity, _value) in lots.items() if quantity > 0]
        shares = distribute(
            decimal(self._money(change.value)), [lots[lot_id][0] for lot_id in stocked], self._rounding()
        )
        new = dict(zip(stocked, shares))
        return {lot_id: (quantity, value, new.get(lot_id, 0)) for lot_id, (quantity, value) in lots.items()}
