"""What a revaluation journal asks of Odoo's inventory valuation, whatever the series."""

from collections import defaultdict, namedtuple
from datetime import datetime, time

import pytz
from odoo import fields, models
from psycopg2.extras import execute_values

from .. import compat, tools
from ..engine.distribution import distribute
from ..engine.forwarding import Forwarded, forward_average, forward_fifo, forward_standard, spread_per_unit
from ..engine.rounding import decimal, round_to

# What a line revalues: the product as a whole, one of its lots, or one of its layers (a receipt on 19.0).
# Ids; False where the position is not narrowed to a lot or a layer.
# `whole`: the layer as it was received, with what has been issued of it.
Key = namedtuple("Key", "product_id lot_id layer_id whole", defaults=(False,))
# A position as Odoo's books have it at the end of a day. Units: stock unit of the product, company currency.
# `unit_cost`: the product's cost, where there is no stock that has a value and the cost is all that can change; else
# None. `quantity_now`: what of the product, lot or layer is in stock now.
Position = namedtuple("Position", "key quantity value unit_cost quantity_now", defaults=(None, 0.0))
# An open layer: what is left of one receipt. `layer_id` is what a layer line points to; `received`
# what the receipt brought in altogether, where (19.0) its whole value is what Odoo keeps.
Layer = namedtuple("Layer", "layer_id lot_id quantity value received", defaults=(None,))
# What is to know of a product, without its record: ids, but for the unit, of which there are few.
Facts = namedtuple("Facts", "id product_tmpl_id categ_id uom_id cost_method valuation lot_valuated")
# What moved since a day: an `Event` of the forwarding engine (key, quantity, move, origin) and when it did, in UTC.
# Up to 18.0 the key is the id of its layer, on 19.0 that of its stock move; negative where a cost was set anew.
Movement = namedtuple("Movement", "key quantity move origin moment")
# The stock of one product, or lot, at the end of a day, and what moved since: both lists in order of time.
Stream = namedtuple("Stream", "layers movements")


# What a change does to one stream: its amount at the day, of that what each layer takes as [(layer id, quantity,
# change)], and what went on. `extras` (19.0, FIFO): {receipt id: what its whole value changes by}.
class Part(namedtuple("Part", "lot_id amount layers forwarded movements extras", defaults=(None,))):
    @property
    def left(self):
        """What of the amount is in stock now, in whole cents even where layers hold fractions."""
        return decimal(self.amount) - sum(self.forwarded.shares.values())


# What of a change went on with one movement: `amount` as its layer has it, signed like a change of the stock's value;
# `account_id` where the cost went (False: no journal entry of ours), `date` the day it is booked.
Forward = namedtuple("Forward", "line_id product_id lot_id movement amount account_id date account_move_id")
# What posting asks for: `value` is the new total of the position, `amount` its signed change,
# `unit_cost` the cost to store where the accountant's unit cost decides (standard cost), else None.
Change = namedtuple("Change", "line_id journal_id key value amount unit_cost description account_move_id")


class StockRevaluationValuation(models.AbstractModel):
    """Positions in, changes out. Always in `self.env.company`, with that company alone allowed.

    The implementation gives figures of products, lots and layers and writes changes; how
    positions are made of them is the same on every series and stands here.
    """

    _name = "stock.revaluation.valuation"
    _description = "Valuation Seam of the Revaluation Journal"

    # ------------------------------------------------------------------ implemented per series

    # `moment` (UTC) is the end of a past day, as `_value_date` gives it; None is now.

    def _read_products(self, products, moment=None):
        """Return {product id: (quantity, value)} for those `products` that have a history of value."""
        raise NotImplementedError

    def _read_lots(self, products, moment=None):
        """Return {product id: {lot id or False: (quantity, value)}} of lot-valued `products`."""
        raise NotImplementedError

    def _read_layers(self, products):
        """Return {product id: [Layer]} of the layers open now, first in first out."""
        raise NotImplementedError

    def _read_streams(self, products, moment):
        """Return ({(product id, lot id or False): Stream}, {product id: reason}) of what moved since `moment`.

        Products of which nothing moved may be missing; those with a reason cannot be revalued at that moment.
        """
        raise NotImplementedError

    def _measure(self, products, moment=None):
        """Return {product id: value}, as Odoo itself shows the inventory value."""
        raise NotImplementedError

    def _changed_rows(self):
        """Return (table, condition) of the rows that every change of stock value creates or writes."""
        raise NotImplementedError

    def _apply(self, changes, plans, forwarded, moment):
        """Write `changes` (list of Change, products already locked): layers, costs.

        Shape: `plans` as `_plan` returned it, `forwarded` [Forward] with their entries.
        Returns {line id: [(layer id, quantity, amount)]}: what each open layer took, where there are any.
        """
        raise NotImplementedError

    def _read_issue_accounts(self, movements):
        """Return {movement key: [(part, account id or False, date)]}: where the cost of what moved went.

        Parts add up to 1; an account that is False makes no journal entry: Odoo books that part by itself later.
        """
        raise NotImplementedError

    def _posts_entry(self, product):
        """Tell whether revaluing `product` makes a journal entry."""
        raise NotImplementedError

    def _keep_values(self):
        """Before the addon is uninstalled: let stock keep its value. Layers and costs do so by themselves."""

    # ------------------------------------------------------------------ positions

    def _candidates(self, domain):
        """Storable products of the company that satisfy `domain`, archived ones included."""
        products = self.env["product.product"].with_context(active_test=False).sudo()
        company = [("company_id", "in", [False, *compat.with_parents(self.env.company).ids])]
        return products.search(compat.storable_domain(self.env) + company + list(domain))

    def _facts(self, products):
        """Return [Facts] of `products`, in their order: read for all at once.

        Costing method and valuation are those of the category: one product of each is asked, as Odoo has them.
        """
        compat.flush(self.env)
        lot_valuated = "t.lot_valuated" if "lot_valuated" in self.env["product.template"]._fields else "FALSE"
        self.env.cr.execute(
            "SELECT p.id, t.id, t.categ_id, t.uom_id, t.company_id, COALESCE(" + lot_valuated + ", FALSE)"
            " FROM unnest(%s::int[]) WITH ORDINALITY AS u(id, n) JOIN product_product p ON p.id = u.id"
            " JOIN product_template t ON t.id = p.product_tmpl_id ORDER BY u.n",
            [products.ids],
        )
        units, methods, facts = {}, {}, []
        for product_id, template_id, categ_id, uom_id, company_id, by_lot in self.env.cr.fetchall():
            if uom_id not in units:
                units[uom_id] = self.env["uom.uom"].sudo().browse(uom_id)
            if (categ_id, company_id) not in methods:
                one = self.env["product.product"].sudo().with_company(self.env.company).browse(product_id)
                methods[categ_id, company_id] = (one.cost_method, one.valuation)
            facts.append(
                Facts(product_id, template_id, categ_id, units[uom_id], *methods[categ_id, company_id], by_lot)
            )
        return facts

    def _positions(self, products, calculate_per="product", moment=None):
        """Return ([Position], {product id: reason}) for `products`: what can be revalued, and what not.

        Reasons are keys: "no_layers", "zero", "negative", "no_lots", "not_fifo", "lots_then", "layers_then".
        """
        figures = self._read_products(products, moment)
        left_out, stocked = {}, []
        for product in self._facts(products):
            quantity = figures.get(product.id, (None,))[0]
            if quantity is None:
                left_out[product.id] = "zero" if moment else "no_layers"
            elif tools.uom_compare(product.uom_id, quantity, 0) <= 0:
                left_out[product.id] = "zero" if tools.uom_is_zero(product.uom_id, quantity) else "negative"
            else:
                stocked.append(product)
        streams, quantities = None, {product_id: now[0] for product_id, now in figures.items()}
        if moment:
            streams, unfit = self._read_streams(self._records(stocked), moment)
            left_out.update(unfit)
            stocked = [product for product in stocked if product.id not in unfit]
            now = self._read_products(self._records(stocked))
            quantities = {product_id: quantity for product_id, (quantity, _value) in now.items()}
        pieces, unknown = self._pieces(stocked, calculate_per, moment, streams)
        left_out.update(unknown)
        positions = []
        for product in stocked:
            kind = self._split_by(product, calculate_per)
            if not kind:
                key = Key(product.id, False, False)
                now = quantities.get(product.id, 0.0)
                positions.append(Position(key, *figures[product.id], quantity_now=now))
            elif pieces.get(product.id):
                positions += pieces[product.id]
            elif product.id not in left_out:
                left_out[product.id] = "no_lots" if kind == "lot" else "no_layers"
        return positions, left_out

    def _split_by(self, product, calculate_per):
        """Return "layer" or "lot" if `product` gets a line for each, None if it gets one line."""
        if calculate_per == "layer" and product.cost_method == "fifo":
            return "layer"
        return "lot" if calculate_per != "product" and compat.is_lot_valued(product) else None

    def _pieces(self, products, calculate_per, moment, streams):
        """Return ({product id: [Position]}, {product id: reason}) of the layers or lots of `products` ([Facts])."""
        by_layer = [product for product in products if self._split_by(product, calculate_per) == "layer"]
        by_lot = [product for product in products if self._split_by(product, calculate_per) == "lot"]
        pieces, left_out = {}, {}
        layers_now = self._read_layers(self._records(by_layer)) if by_layer else {}
        layers_then = layers_now
        if moment and by_layer:
            layers_then = self._layers_of(streams)
            left_out = self._unknown_layers(self._records(by_layer), moment, streams)
        for product in by_layer:
            if product.id in left_out:
                continue
            now = {layer.layer_id: layer.quantity for layer in layers_now.get(product.id, [])}
            # Up to 15.0 a layer that is used up may keep 0.000000000000007 of a kilogram
            pieces[product.id] = [
                Position(
                    Key(product.id, False, layer.layer_id),
                    layer.quantity,
                    self._money(layer.value),
                    quantity_now=now.get(layer.layer_id, 0.0),
                )
                for layer in layers_then.get(product.id, [])
                if tools.uom_compare(product.uom_id, layer.quantity, 0) > 0
            ]
        lots_then = self._read_lots(self._records(by_lot), moment) if by_lot else {}
        lots_now = self._read_lots(self._records(by_lot)) if by_lot and moment else lots_then
        for product in by_lot:
            pieces[product.id] = [
                Position(
                    Key(product.id, lot_id, False),
                    quantity,
                    value,
                    quantity_now=lots_now.get(product.id, {}).get(lot_id, (0.0,))[0],
                )
                for lot_id, (quantity, value) in lots_then.get(product.id, {}).items()
                if lot_id and tools.uom_compare(product.uom_id, quantity, 0) > 0
            ]
        return pieces, left_out

    def _records(self, facts):
        """Return the products of `facts` as records."""
        return self.env["product.product"].sudo().with_company(self.env.company).browse([each.id for each in facts])

    def _layers_of(self, streams):
        """Return {product id: [Layer]} of the layers of `streams`."""
        layers = defaultdict(list)
        for (product_id, _lot_id), stream in streams.items():
            layers[product_id] += stream.layers
        return layers

    def _unknown_layers(self, products, moment, streams):
        """Return {product id: reason} of products whose layers at a past moment do not make up their value then."""
        figures, layers = self._read_products(products, moment), self._layers_of(streams)
        return {
            product.id: "layers_then"
            for product in products
            if abs(sum(float(layer.value) for layer in layers[product.id]) - figures[product.id][1])
            > self._rounding() * (len(layers[product.id]) + 0.5)
        }

    def _read_keys(self, keys, moment=None):
        """Return {Key: Position} as the books have them; a key without stock is missing."""
        wanted = {"product": set(), "lot": set(), "layer": set()}
        for key in keys:
            if not key.whole:
                wanted["layer" if key.layer_id else "lot" if key.lot_id else "product"].add(key.product_id)
        positions = self._read_whole_receipts([key for key in keys if key.whole], moment)
        for calculate_per, product_ids in wanted.items():
            if product_ids:
                products = self.env["product.product"].sudo().browse(product_ids)
                positions += self._positions(products.with_company(self.env.company), calculate_per, moment)[0]
        keys = set(keys)
        return {position.key: position for position in positions if position.key in keys}

    # ------------------------------------------------------------------ locks

    def _lock(self, products):
        """Let no stock operation on `products` mix with this transaction, on either side.

        Whatever changes a stock value shares a lock on its product rows (`_share_lock`); posting
        changes those rows. So an operation that began before a post was committed is refused by
        PostgreSQL (serialization failure) and run again by Odoo, on the new cost; and a post waits
        for operations in flight and then looks, below, for what they left.
        Odoo alone has no such lock for standard cost: 10 units revalued 10 to 12 while 4 are
        delivered leave 80.00 for 6 x 12 = 72.00.
        """
        ids = sorted(products.ids)
        compat.flush(self.env)
        self.env.cr.execute(
            "WITH own AS (SELECT id FROM product_product WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE)"
            " UPDATE product_product p SET write_date = p.write_date FROM own WHERE p.id = own.id",
            [ids],
        )
        self._check_snapshot(ids)

    def _check_snapshot(self, product_ids):
        """Raise a serialization failure, for Odoo to run the post again, if this transaction sees old figures.

        Under repeatable read nothing shows here that was committed since the transaction began; a
        cursor of its own sees it. What this transaction wrote itself the other one does not see.
        While modules are installed (demo data) nobody else gets at these tables: this transaction has just altered
        them, and a cursor of its own would wait for it for ever.
        """
        if not self.env.registry.ready:
            return
        query = (
            "SELECT id, write_date FROM %s WHERE %s AND product_id = ANY(%%s) AND company_id = %%s"
            " AND write_date > now() AT TIME ZONE 'UTC' - interval '6 hours'" % self._changed_rows()
        )
        params = [product_ids, self.env.company.id]
        with self.env.registry.cursor() as fresh_cr:
            fresh_cr.execute(query, params)
            committed = fresh_cr.fetchall()
        self.env.cr.execute(query, params)
        seen = dict(self.env.cr.fetchall())
        if any(row_id not in seen or seen[row_id] < version for row_id, version in committed):
            tools.ask_to_run_again(self.env.cr)

    def _share_lock(self, product_ids):
        """Called by every change of stock value: see `_lock`."""
        if product_ids:
            self.env.cr.execute(
                "SELECT id FROM product_product WHERE id = ANY(%s) ORDER BY id FOR SHARE",
                [sorted(product_ids)],
                log_exceptions=False,
            )

    # ------------------------------------------------------------------ what a change does

    def _plan(self, changes, moment):
        """Return {line id: [Part]}: what each change does at its day, and what of it went on since.

        Only reads. Parts are the lots of a lot-valued product (up to 18.0), else one; their amounts add up to the
        line's.
        """
        products = self._changed_products(changes).with_company(self.env.company)
        streams = self._read_streams(products, moment)[0] if moment else self._streams_now(products)
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

    def _receipt_key(self, key):
        """Return the key of the movement that brought in a layer."""
        return key.layer_id

    def _get_forwards(self, plans, products_by_line, moment):
        """Return [Forward] of all shares in `plans`, split by the accounts that the cost of each issue went to.

        What left before the day of a whole receipt's change is booked on that day.
        """
        movements = {
            movement.key: movement for parts in plans.values() for part in parts for movement in part.movements
        }
        taken = {key for parts in plans.values() for part in parts for key in part.forwarded.shares}
        accounts = self._read_issue_accounts([movements[key] for key in sorted(taken)])
        forwards = []
        for line_id, parts in plans.items():
            for part in parts:
                for key, share in part.forwarded.shares.items():
                    movement = movements[key]._replace(moment=max(movements[key].moment, moment))
                    rows = accounts[key]
                    amounts = self._whole_cents([-share * decimal(row[0]) for row in rows], -share)
                    forwards += [
                        Forward(
                            line_id,
                            products_by_line[line_id],
                            part.lot_id,
                            movement,
                            float(amount),
                            account_id,
                            max(date, self._local_date(movement.moment)),
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

    # ------------------------------------------------------------------ tools

    def _layer_vals(self, change, value, lot_id=False):
        """Return the values of one new layer, what it stores of line and product included: no update follows.

        `stock_valuation_layer_id` stays empty: from 16.0 on vendor bills add up the layers linked that way and
        would take the revaluation back as a price difference.
        """
        Layer = self.env["stock.valuation.layer"]
        vals = {
            "company_id": self.env.company.id,
            "product_id": change.key.product_id,
            "quantity": 0,
            "unit_cost": 0,
            "value": value,
            "description": change.description,
            "account_move_id": change.account_move_id,
            "revaluation_line_id": change.line_id,
            "revaluation_journal_id": change.journal_id,
        }
        if lot_id:
            vals["lot_id"] = lot_id
        if Layer._fields["categ_id"].store:
            vals["categ_id"] = self.env["product.product"].sudo().browse(change.key.product_id).categ_id.id
        return vals

    def _rounding(self):
        return self.env.company.currency_id.rounding

    def _money(self, value):
        """Round to the company's currency; Odoo's own rounding leaves 34.730000000000004."""
        return float(round_to(value, self._rounding()))

    def _new_cost(self, change, quantity):
        """Return the unit cost that a change of a whole product or lot gives, unrounded."""
        if change.unit_cost is not None:
            return decimal(change.unit_cost)
        return decimal(change.value) / decimal(quantity)

    def _cost(self, unit_cost):
        """Return a unit cost as Odoo stores it."""
        return float(unit_cost)

    def _changed_products(self, changes):
        """Return the products of `changes`, in their order."""
        return self.env["product.product"].sudo().browse(dict.fromkeys(change.key.product_id for change in changes))

    def _by_product(self, changes):
        """Return {product id: [Change]}."""
        grouped = defaultdict(list)
        for change in changes:
            grouped[change.key.product_id].append(change)
        return grouped

    def _value_date(self, date):
        """Return the moment, in UTC, at which a change of accounting date `date` counts, None for now.

        A past date counts at its end in the company's time zone, as reports at that date expect.
        """
        if date >= fields.Date.context_today(self):
            return None
        local_end = self._timezone().localize(datetime.combine(date, time(23, 59, 59)))
        return min(local_end.astimezone(pytz.utc).replace(tzinfo=None), datetime.utcnow())

    def _local_date(self, moment):
        """Return the day of a moment in UTC where the company is."""
        return pytz.utc.localize(moment).astimezone(self._timezone()).date()

    def _timezone(self):
        return pytz.timezone(self.env.company.partner_id.tz or self.env.user.tz or "UTC")

    def _write_costs(self, model, costs):
        """Set the company's `standard_price` of products or lots in one statement.

        Shape: `costs` is {record id: unit cost in company currency}.
        Odoo's own write would log a value of its own for each (a layer, an entry, a product value).
        """
        if not costs:
            return
        if "ir.property" in self.env:
            compat.flush(self.env)
            self._write_properties(model, costs)
            compat.written(self.env[model].sudo().browse(costs), ["standard_price"])
        else:
            stored = "COALESCE(t.standard_price, '{}'::jsonb) || jsonb_build_object('%d', v.new)" % self.env.company.id
            self._update_column(model, "standard_price", costs, stored)

    def _write_properties(self, model, costs):
        """Up to 17.0 a cost is a row of `ir.property` per record and company: change them, add those that lack."""
        self.env.cr.execute("SELECT id FROM ir_model_fields WHERE model = %s AND name = 'standard_price'", [model])
        params = (self.env.cr.fetchone()[0], self.env.company.id, self.env.uid)
        execute_values(
            self.env.cr._obj,
            "WITH given AS (SELECT v.res_id, v.cost, {0} AS fields_id, {1} AS company_id"
            " FROM (VALUES %s) v(res_id, cost)),"
            " changed AS (UPDATE ir_property p SET value_float = given.cost, write_uid = {2},"
            " write_date = now() AT TIME ZONE 'UTC' FROM given WHERE p.res_id = given.res_id"
            " AND p.fields_id = given.fields_id AND p.company_id = given.company_id RETURNING p.res_id)"
            " INSERT INTO ir_property (name, type, company_id, fields_id, res_id, value_float,"
            " create_uid, write_uid, create_date, write_date)"
            " SELECT 'standard_price', 'float', company_id, fields_id, res_id, cost, {2}, {2},"
            " now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC'"
            " FROM given WHERE res_id NOT IN (SELECT res_id FROM changed)".format(*params),
            [("%s,%d" % (model, record_id), cost) for record_id, cost in costs.items()],
            template="(%s, %s::float)",
            page_size=5000,
        )

    def _update_column(self, model, name, new_by_id, stored="v.new"):
        """Write the number {record id: new} of each record into column `name`, in one statement.

        `stored` is the SQL of what the column gets, where that is not the number itself: t is the table.
        """
        if not new_by_id:
            return
        records = self.env[model].sudo().browse(new_by_id)
        compat.flush(self.env)
        execute_values(
            self.env.cr._obj,
            "UPDATE %s t SET %s = %s, write_uid = %d, write_date = now() AT TIME ZONE 'UTC'"
            " FROM (VALUES %%s) AS v(id, new) WHERE t.id = v.id" % (records._table, name, stored, self.env.uid),
            list(new_by_id.items()),
            template="(%s, %s::numeric)",
            page_size=5000,
        )
        compat.written(records, [name, "write_uid", "write_date"])

    def _date_layers(self, layers, moments):
        """Give new layers the moments at which they count; Odoo values stock at a date by `create_date`.

        Shape: `moments` one for each of `layers`, None for now.
        """
        rows = [(layer_id, moment) for layer_id, moment in zip(layers.ids, moments) if moment]
        if rows:
            compat.flush(self.env)
            execute_values(
                self.env.cr._obj,
                "UPDATE stock_valuation_layer t SET create_date = v.moment FROM (VALUES %s) AS v(id, moment)"
                " WHERE t.id = v.id",
                rows,
                template="(%s, %s::timestamp)",
                page_size=5000,
            )
            compat.written(layers, ["create_date"])
