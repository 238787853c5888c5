"""What a revaluation journal asks of Odoo's inventory valuation, whatever the series."""

from collections import defaultdict, namedtuple
from datetime import datetime, time

import pytz
from odoo import fields, models
from psycopg2.extras import execute_values

from .. import compat, tools
from ..engine.distribution import distribute
from ..engine.rounding import decimal, round_to

# What a line revalues: the product as a whole, one of its lots, or one of its layers (a receipt on 19.0).
# Ids; False where the position is not narrowed to a lot or a layer.
Key = namedtuple("Key", "product_id lot_id layer_id")
# A position as Odoo's books have it. Units: stock unit of the product, company currency. `unit_cost`: the product's
# cost, where there is no stock that has a value and the cost is all that can change; else None.
Position = namedtuple("Position", "key quantity value unit_cost", defaults=(None,))
# An open layer: what is left of one receipt. `layer_id` is what a layer line points to; `received`
# what the receipt brought in altogether, where (19.0) its whole value is what Odoo keeps.
Layer = namedtuple("Layer", "layer_id lot_id quantity value received", defaults=(None,))
# What is to know of a product, without its record: ids, but for the unit, of which there are few.
Facts = namedtuple("Facts", "id product_tmpl_id categ_id uom_id cost_method valuation lot_valuated")
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

    def _read_products(self, products):
        """Return {product id: (quantity, value)} for those `products` that have a history of value."""
        raise NotImplementedError

    def _read_lots(self, products):
        """Return {product id: {lot id or False: (quantity, value)}} of lot-valued `products`."""
        raise NotImplementedError

    def _read_layers(self, products):
        """Return {product id: [Layer]} of the open layers, first in first out."""
        raise NotImplementedError

    def _measure(self, products):
        """Return {product id: value}, as Odoo itself shows the inventory value now."""
        raise NotImplementedError

    def _changed_rows(self):
        """Return (table, condition) of the rows that every change of stock value creates or writes."""
        raise NotImplementedError

    def _apply(self, changes, date):
        """Write `changes` (list of Change, products already locked): layers, costs.

        Returns {line id: [(layer id, quantity, amount)]}: what each open layer took, where there are any.
        """
        raise NotImplementedError

    def _posts_entry(self, product):
        """Tell whether revaluing `product` makes a journal entry."""
        raise NotImplementedError

    def _date_problem(self, products, date):
        """Return the products that cannot be revalued at the past `date`, and an empty set if all can."""
        return products.browse()

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

    def _positions(self, products, calculate_per="product"):
        """Return ([Position], {product id: reason}) for `products`: what can be revalued, and what not.

        Reasons are keys: "no_layers", "zero", "negative", "no_lots".
        """
        figures = self._read_products(products)
        left_out, stocked = {}, []
        for product in self._facts(products):
            quantity = figures.get(product.id, (None,))[0]
            if quantity is None:
                left_out[product.id] = "no_layers"
            elif tools.uom_compare(product.uom_id, quantity, 0) <= 0:
                left_out[product.id] = "zero" if tools.uom_is_zero(product.uom_id, quantity) else "negative"
            else:
                stocked.append(product)
        pieces = self._pieces(stocked, calculate_per)
        positions = []
        for product in stocked:
            kind = self._split_by(product, calculate_per)
            if not kind:
                positions.append(Position(Key(product.id, False, False), *figures[product.id]))
            elif pieces.get(product.id):
                positions += pieces[product.id]
            else:
                left_out[product.id] = "no_lots" if kind == "lot" else "no_layers"
        return positions, left_out

    def _split_by(self, product, calculate_per):
        """Return "layer" or "lot" if `product` gets a line for each, None if it gets one line."""
        if calculate_per == "layer" and product.cost_method == "fifo":
            return "layer"
        return "lot" if calculate_per != "product" and compat.is_lot_valued(product) else None

    def _pieces(self, products, calculate_per):
        """Return {product id: [Position]} of the layers or lots of `products` ([Facts]) with a quantity left."""
        by_layer = [product for product in products if self._split_by(product, calculate_per) == "layer"]
        by_lot = [product for product in products if self._split_by(product, calculate_per) == "lot"]
        pieces = {}
        layers_by_product = self._read_layers(self._records(by_layer)) if by_layer else {}
        for product in by_layer:
            # Up to 15.0 a layer that is used up may keep 0.000000000000007 of a kilogram
            pieces[product.id] = [
                Position(Key(product.id, False, layer.layer_id), layer.quantity, self._money(layer.value))
                for layer in layers_by_product.get(product.id, [])
                if tools.uom_compare(product.uom_id, layer.quantity, 0) > 0
            ]
        lots_by_product = self._read_lots(self._records(by_lot)) if by_lot else {}
        for product in by_lot:
            pieces[product.id] = [
                Position(Key(product.id, lot_id, False), quantity, value)
                for lot_id, (quantity, value) in lots_by_product.get(product.id, {}).items()
                if lot_id and tools.uom_compare(product.uom_id, quantity, 0) > 0
            ]
        return pieces

    def _records(self, facts):
        """Return the products of `facts` as records."""
        return self.env["product.product"].sudo().browse([product.id for product in facts])

    def _read_keys(self, keys):
        """Return {Key: Position} as the books have them now; a key without stock is missing."""
        wanted = {"product": set(), "lot": set(), "layer": set()}
        for key in keys:
            wanted["layer" if key.layer_id else "lot" if key.lot_id else "product"].add(key.product_id)
        positions = []
        for calculate_per, product_ids in wanted.items():
            if product_ids:
                products = self.env["product.product"].sudo().browse(product_ids)
                positions += self._positions(products, calculate_per)[0]
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

    # ------------------------------------------------------------------ shares of a change

    def _new_layer_values(self, change, layers):
        """Return {layer id: new value} of the open `layers` that `change` reaches.

        A layer line changes its layer alone; a lot's or a product's total is spread so that every
        open layer ends at the same unit cost (see `engine.distribution`).
        """
        if change.key.layer_id:
            old = next(layer.value for layer in layers if layer.layer_id == change.key.layer_id)
            return {change.key.layer_id: decimal(old) + decimal(change.amount)}
        if change.key.lot_id:
            layers = [layer for layer in layers if layer.lot_id == change.key.lot_id]
        if not layers:
            return {}
        shares = distribute(decimal(self._money(change.value)), [layer.quantity for layer in layers], self._rounding())
        return dict(zip((layer.layer_id for layer in layers), shares))

    def _layer_shares(self, layers, new_values):
        """Return [(layer id, quantity, amount)] of the `layers` that {layer id: new value} changes.

        A reversal takes each share back, as far as its layer is still in stock.
        """
        return [
            (layer.layer_id, layer.quantity, self._money(decimal(new_values[layer.layer_id]) - decimal(layer.value)))
            for layer in layers
            if layer.layer_id in new_values
        ]

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
        timezone = pytz.timezone(self.env.company.partner_id.tz or self.env.user.tz or "UTC")
        local_end = timezone.localize(datetime.combine(date, time(23, 59, 59)))
        return min(local_end.astimezone(pytz.utc).replace(tzinfo=None), datetime.utcnow())

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

    def _date_layers(self, layers, value_date):
        """Give new layers the moment at which they count; Odoo values stock at a date by `create_date`."""
        if value_date and layers:
            compat.flush(self.env)
            self.env.cr.execute(
                "UPDATE stock_valuation_layer SET create_date = %s WHERE id = ANY(%s)", [value_date, layers.ids]
            )
            compat.written(layers, ["create_date"])
