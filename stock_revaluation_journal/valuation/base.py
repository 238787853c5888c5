"""What a revaluation journal asks of Odoo's inventory valuation, whatever the series."""

from collections import defaultdict
from datetime import datetime, time

import pytz
from odoo import fields, models

from .. import compat, tools
from ..engine.rounding import round_to
from .shapes import Facts, Key, Position


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

    def _read_quantities(self, products, moment=None):
        """Return {product id: quantity}; products without a history of value may be missing."""
        raise NotImplementedError

    def _read_lots(self, products, moment=None):
        """Return {product id: {lot id or False: (quantity, value)}} of lot-valued `products`."""
        raise NotImplementedError

    def _read_layers(self, products):
        """Return {product id: [Layer]} of the layers open now, first in first out."""
        raise NotImplementedError

    def _read_streams(self, products, moment):
        """Return {(product id, lot id or False): Stream} of what moved since `moment`.

        Products of which nothing moved may be missing.
        """
        raise NotImplementedError

    def _read_unfit(self, products, moment):
        """Return {product id: reason} of `products` that cannot be revalued at `moment`."""
        raise NotImplementedError

    def _measure(self, products, moment=None):
        """Return {product id: value}, as Odoo itself shows the inventory value."""
        raise NotImplementedError

    def _values_of_products(self, products, moment=None):
        """Return {product id: value}, as lines show it."""
        return {product_id: value for product_id, (_quantity, value) in self._read_products(products, moment).items()}

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
        quantities = {product_id: now[0] for product_id, now in figures.items()}
        if moment:
            unfit = self._read_unfit(self._records(stocked), moment)
            left_out.update(unfit)
            stocked = [product for product in stocked if product.id not in unfit]
            quantities = self._read_quantities(self._records(stocked))
        pieces, unknown = self._pieces(stocked, calculate_per, moment)
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

    def _pieces(self, products, calculate_per, moment):
        """Return ({product id: [Position]}, {product id: reason}) of the layers or lots of `products` ([Facts])."""
        by_layer = [product for product in products if self._split_by(product, calculate_per) == "layer"]
        by_lot = [product for product in products if self._split_by(product, calculate_per) == "lot"]
        pieces, left_out = {}, {}
        layers_now = self._read_layers(self._records(by_layer)) if by_layer else {}
        layers_then = layers_now
        if moment and by_layer:
            layers_then = self._read_layers_at(self._records(by_layer), moment)
            left_out = self._unknown_layers(self._records(by_layer), moment, layers_then)
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

    def _read_layers_at(self, products, moment):
        """Return {product id: [Layer]} of the layers open at `moment`, now if that is None."""
        if not moment:
            return self._read_layers(products)
        layers = defaultdict(list)
        for (product_id, _lot_id), stream in self._read_streams(products, moment).items():
            layers[product_id] += stream.layers
        return layers

    def _unknown_layers(self, products, moment, layers):
        """Return {product id: reason} of products whose `layers` at a past moment do not make up their value then."""
        figures = self._read_products(products, moment)
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

    # ------------------------------------------------------------------ tools

    def _read_once(self, kind, products, read, *args):
        """Return {product id: what `read(products, *args)` has of it}; for one posting each is read once.

        Shape: `kind` names what is read, and of which moment.
        """
        known = tools.inner(self.env, "revaluation_readings")
        if known is None:
            return read(products, *args)
        known = known.setdefault(kind, {})
        missing = products.browse([product_id for product_id in products.ids if product_id not in known])
        if missing:
            found = read(missing, *args)
            known.update((product_id, found.get(product_id)) for product_id in missing.ids)
        return {product_id: known[product_id] for product_id in products.ids if known[product_id] is not None}

    def _rounding(self):
        return self.env.company.currency_id.rounding

    def _money(self, value):
        """Round to the company's currency; Odoo's own rounding leaves 34.730000000000004."""
        return float(round_to(value, self._rounding()))

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
        return self._timezone().fromutc(moment).date()

    def _timezone(self):
        return pytz.timezone(self.env.company.partner_id.tz or self.env.user.tz or "UTC")
