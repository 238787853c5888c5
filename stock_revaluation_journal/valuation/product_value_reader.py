"""Odoo 19.0: what stock is worth, read in a few queries for any number of products.

Odoo works out `total_value` one product at a time. Here the same arithmetic runs on all of them at
once, to the cent (a test compares the two on every costing method); where a product is unusual
(lots, dropshipping, more stock than receipts) Odoo's own figure is asked for. What posting
measures is always Odoo's own.
"""

from collections import defaultdict

from odoo import SUPERUSER_ID, models
from odoo.tools import SQL

from .. import compat, tools
from ..engine.rounding import settled
from .shapes import Layer

# Odoo values what lies in locations of a company, `stock.location._should_be_valued` in SQL.
VALUED = "(%(location)s.company_id IS NOT NULL AND %(location)s.usage IN ('internal', 'transit'))"
INCOMING = "NOT %s AND %s" % (VALUED % {"location": "source"}, VALUED % {"location": "target"})
OUTGOING = "%s AND NOT %s" % (VALUED % {"location": "source"}, VALUED % {"location": "target"})
# Moves with the quantities that count: done lines of goods that the company owns.
MOVES = (
    "SELECT move.id, move.product_id, move.date, move.is_in, move.is_out, move.is_dropship,"
    " COALESCE(move.value, 0)::float AS value,"
    " SUM(line.quantity_product_uom) FILTER (WHERE " + INCOMING + ")::float AS received,"
    " SUM(line.quantity_product_uom) FILTER (WHERE " + OUTGOING + ")::float AS issued"
    " FROM stock_move move"
    " LEFT JOIN stock_move_line line ON line.move_id = move.id AND line.picked"
    " AND (line.owner_id IS NULL OR line.owner_id = %(partner)s)"
    " LEFT JOIN stock_location source ON source.id = line.location_id"
    " LEFT JOIN stock_location target ON target.id = line.location_dest_id"
    " WHERE move.company_id = %(company)s AND move.product_id = ANY(%(products)s) AND move.state = 'done'"
    " AND move.date <= COALESCE(%(until)s, 'infinity'::timestamp)"
)
# The newest receipts that together hold what is in stock, oldest first.
OPEN_RECEIPTS = (
    "WITH receipt AS (" + MOVES + " AND move.is_in GROUP BY move.id),"
    " stock AS (SELECT * FROM unnest(%(products)s, %(quantities)s, %(roundings)s)"
    " AS s(product_id, quantity, rounding)),"
    " stack AS (SELECT receipt.*, SUM(received) OVER (PARTITION BY product_id ORDER BY date DESC, id DESC) AS reach"
    " FROM receipt WHERE received > 0)"
    " SELECT stack.product_id, stack.id, LEAST(received, quantity - reach + received), value, received"
    " FROM stack JOIN stock ON stock.product_id = stack.product_id"
    " WHERE reach - received < quantity - rounding / 2"
    " ORDER BY stack.product_id, stack.date, stack.id"
)


# What Odoo looks at when it values a product by its moves and costs.
MOVE_FIELDS = (
    "product_id",
    "company_id",
    "date",
    "is_in",
    "is_out",
    "is_dropship",
    "location_id",
    "location_dest_id",
    "move_line_ids",
    "picked",
    "value",
    "quantity",
    "product_uom",
)
MOVE_LINE_FIELDS = (
    "company_id",
    "location_id",
    "location_dest_id",
    "lot_id",
    "owner_id",
    "picked",
    "quantity_product_uom",
)
COST_FIELDS = ("product_id", "move_id", "lot_id", "company_id", "date", "value", "revaluation_line_id")


class StockRevaluationValuation(models.AbstractModel):
    _inherit = "stock.revaluation.valuation"

    def _valued(self, products):
        """`products` (or lots) as Odoo values them in this company alone, whoever asks.

        By the superuser: the computation itself drops `sudo()`, and a revaluation manager needs no
        access to stock moves.
        """
        context = {"allowed_company_ids": self.env.company.ids, "revaluation_company_only": tools.Inner()}
        return products.with_user(SUPERUSER_ID).with_company(self.env.company).with_context(**context)

    def _is_batch(self):
        """Tell whether this is 19.0 of mid-2026, which values products in batches, and differs here and there."""
        return hasattr(self.env["product.product"], "_run_average_batch")

    # ------------------------------------------------------------------ products

    def _read_products(self, products, moment=None):
        return self._read_once(("figures", moment), products, self._read_products_now, moment)

    def _read_products_now(self, products, moment):
        compat.flush(self.env)
        products = self._valued(products.browse(self._moved(products)))
        facts = self._facts(products)
        quantities = self._read_quantities(products, moment, facts)
        values = self._read_values(products, quantities, moment, facts)
        return {product.id: (quantities[product.id], self._money(values[product.id])) for product in products}

    def _positions(self, products, calculate_per="product", moment=None):
        consigned = self._valued_for_others(products)
        positions, left_out = super()._positions(products - consigned, calculate_per, moment)
        left_out.update(dict.fromkeys(consigned.ids, "consigned"))
        return positions, left_out

    def _valued_for_others(self, products):
        """Return the `products` of which Odoo values goods of other owners as well.

        Under FIFO 19.0 of early 2026 counts them, at the cost of the last receipt: that cost changed, their
        value would change as well, which is no revaluation of the company's stock.
        """
        _by_lot, fifo, _average, _standard = self._by_method(products)
        if not fifo or "owners" in fifo[:1]._with_valuation_context().env.context:
            return products.browse()
        compat.flush(self.env)
        self.env.cr.execute(
            "SELECT DISTINCT quant.product_id FROM stock_quant quant JOIN stock_location place"
            " ON place.id = quant.location_id WHERE place.company_id = %s AND place.usage IN ('internal', 'transit')"
            " AND quant.product_id = ANY(%s) AND quant.owner_id <> %s AND quant.quantity <> 0",
            [self.env.company.id, fifo.ids, self.env.company.partner_id.id],
        )
        return products.browse([row[0] for row in self.env.cr.fetchall()])

    def _moved(self, products):
        """Return the ids of the `products` that have moved in or out of the company's stock, in their order."""
        self.env.cr.execute(
            "SELECT DISTINCT product_id FROM stock_move"
            " WHERE company_id = %s AND product_id = ANY(%s) AND state = 'done'",
            [self.env.company.id, products.ids],
        )
        moved = {row[0] for row in self.env.cr.fetchall()}
        return [product_id for product_id in products.ids if product_id in moved]

    def _by_method(self, products, facts=None):
        """Return (valued by lot, FIFO, average, standard): `products`, or those of `facts`, by how they are valued."""
        ids = defaultdict(list)
        for product in self._facts(products) if facts is None else facts:
            ids["lot" if product.lot_valuated else product.cost_method].append(product.id)
        return [products.browse(ids[kind]) for kind in ("lot", "fifo", "average", "standard")]

    def _read_quantities(self, products, moment=None, facts=None):
        """Return {product id: quantity valued}: Odoo's own, in the contexts that Odoo values in.

        Lots as they are now: at a past moment products valued by lot are left out if they have moved since.
        """
        return self._read_once(("quantities", moment), self._valued(products), self._read_quantities_now, moment, facts)

    def _read_quantities_now(self, products, moment, facts):
        by_lot, fifo, average, standard = self._by_method(products, facts)
        quantities = dict.fromkeys(products.ids, 0.0)
        for product_id, lots in self._read_lots(by_lot).items():
            quantities[product_id] = sum(quantity for quantity, _value in lots.values())
        for group in (fifo, average + standard):
            context = group[:1]._with_valuation_context().env.context if group else {}
            figures = group.with_context(**context)._compute_quantities_dict(None, None, None, to_date=moment or False)
            quantities.update((product_id, own["qty_available"]) for product_id, own in figures.items())
        return quantities

    def _read_values(self, products, quantities, moment, facts):
        """Return {product id: value, unrounded}; zero for products without quantity."""
        values = dict.fromkeys(products.ids, 0.0)
        stocked = [product for product in facts if not tools.uom_is_zero(product.uom_id, quantities[product.id])]
        by_lot, fifo, average, standard = self._by_method(products, stocked)
        replays = moment or not self._is_batch()
        values.update(self._values_of_receipts(fifo, quantities, moment))
        if replays:
            values.update(self._values_of_replay(average, quantities, moment))
        values.update((product.id, product.total_value) for product in by_lot)
        costs = self._read_costs((standard if replays else average + standard).ids, moment)
        values.update((product_id, cost * quantities[product_id]) for product_id, cost in costs.items())
        return values

    def _read_costs(self, product_ids, moment=None):
        """Return {product id: unit cost}: the product's own, at a past moment that of its history of costs."""
        if not product_ids:
            return {}
        own = self.env["product.product"].with_user(SUPERUSER_ID).with_company(self.env.company)
        cost = own._field_to_sql("product", "standard_price")
        self.env.cr.execute(
            SQL("SELECT id, COALESCE(%s, 0)::float FROM product_product product WHERE id = ANY(%s)", cost, product_ids)
        )
        costs = dict(self.env.cr.fetchall())
        if moment:
            self.env.cr.execute(
                "SELECT DISTINCT ON (product_id) product_id, value::float FROM product_value"
                " WHERE product_id = ANY(%(products)s) AND move_id IS NULL AND lot_id IS NULL"
                " AND (revaluation_line_id IS NULL OR company_id = %(company)s)"
                " ORDER BY product_id, date <= %(moment)s DESC,"
                " CASE WHEN date <= %(moment)s THEN date END DESC, CASE WHEN date <= %(moment)s THEN id END DESC,"
                " date, id",
                {"products": product_ids, "company": self.env.company.id, "moment": moment},
            )
            costs.update(self.env.cr.fetchall())
        return costs

    def _values_of_receipts(self, products, quantities, moment=None):
        """Return {product id: value} under FIFO: what the open receipts are worth."""
        layers_by_product = self._open_receipts(products, quantities, moment)
        values = {}
        for product in products:
            layers = layers_by_product.get(product.id, [])
            covered = sum(layer.quantity for layer in layers)
            if tools.uom_compare(product.uom_id, covered, quantities[product.id]) == 0:
                values[product.id] = sum(layer.value for layer in layers)
            else:
                values[product.id] = product.with_context(to_date=moment or False).total_value
        return values

    def _move_params(self, products, moment=None):
        return {
            "moment": moment,
            "until": moment,
            "company": self.env.company.id,
            "partner": self.env.company.partner_id.id,
            "products": products.ids,
        }

    # ------------------------------------------------------------------ lots

    def _stocked_lots(self, products):
        """Return {product id: lots} of the lots of `products` with a quantity."""
        lots = self.env["stock.lot"].sudo().search([("product_id", "in", products.ids), ("product_qty", "!=", 0)])
        return self._valued(lots).grouped(lambda lot: lot.product_id.id)

    def _read_lots(self, products, moment=None):
        if not products:
            return {}
        return {
            product_id: {lot.id: (self._lot_quantity(lot), self._money(lot.total_value)) for lot in lots.sorted("id")}
            for product_id, lots in self._stocked_lots(products).items()
        }

    def _lot_quantity(self, lot):
        return lot.product_id.with_context(lot_id=lot.id).qty_available

    # ------------------------------------------------------------------ open receipts

    def _read_layers(self, products):
        """The open receipts, of the product or of each of its lots; values unrounded."""
        by_lot = self._valued(products).filtered("lot_valuated")
        fifo = self._valued(products).filtered(lambda product: product.cost_method == "fifo") - by_lot
        lots_by_product = self._stocked_lots(by_lot) if by_lot else {}
        layers = self._open_receipts(fifo, self._read_quantities(fifo))
        layers.update(
            (product.id, self._lot_receipts(product, lots_by_product.get(product.id, []))) for product in by_lot
        )
        return {product_id: found for product_id, found in layers.items() if found}

    def _open_receipts(self, products, quantities, moment=None):
        """Return {product id: [Layer]} of FIFO products, by the quantities in stock then.

        Source: `product.product._run_fifo_get_stack` of 19.0.
        """
        if not products:
            return {}
        return self._read_once(("receipts", moment), products, self._open_receipts_now, quantities, moment)

    def _open_receipts_now(self, products, quantities, moment):
        params = dict(
            self._move_params(products, moment),
            quantities=[float(quantities[product.id]) for product in products],
            roundings=[compat.unit_rounding(product.uom_id) for product in products],
        )
        self.env.cr.execute(OPEN_RECEIPTS, params)
        rows, layers = self.env.cr.fetchall(), defaultdict(list)
        values = self._values_then({row[1]: row[3] for row in rows}, moment)
        for product_id, move_id, quantity, _value, received in rows:
            layers[product_id].append(Layer(move_id, False, quantity, values[move_id] * quantity / received, received))
        return dict(layers)

    def _values_then(self, values, moment):
        """Return {receipt id: value} at a past moment, of receipts that are worth `values` now.

        Revaluations since are taken off; where a bill, a landed cost or a value set by hand came since, Odoo is asked.
        19.0 of mid-2026 counts receipts at any date with what they are worth now.
        """
        if not moment or not values or self._is_batch():
            return values
        params = {"moves": list(values), "moment": moment}
        self.env.cr.execute(
            "SELECT stock_move_id, SUM(receipt_value)::float FROM stock_valuation_layer"
            " WHERE stock_move_id = ANY(%(moves)s) AND create_date > %(moment)s GROUP BY stock_move_id",
            params,
        )
        values = dict(values)
        for move_id, revalued in self.env.cr.fetchall():
            values[move_id] -= revalued
        moves = self.env["stock.move"].with_user(SUPERUSER_ID).with_company(self.env.company)
        for move_id in self._read_corrections(list(values), moment):
            values[move_id] = moves.browse(move_id)._get_value(at_date=moment)
        return values

    def _read_corrections(self, move_ids, moment):
        """Return {receipt id: moment of the last one} where a bill, a landed cost or a value set by hand came since."""
        queries = [
            "SELECT move_id, date AS moment FROM product_value WHERE move_id = ANY(%(moves)s) AND date > %(moment)s"
        ]
        if "purchase_line_id" in self.env["account.move.line"]._fields:
            queries.append(
                "SELECT move.id, item.date + time '23:59:59' FROM stock_move move JOIN account_move_line item"
                " ON item.purchase_line_id = move.purchase_line_id"
                " WHERE move.id = ANY(%(moves)s) AND item.parent_state = 'posted' AND item.date > %(moment)s::date"
            )
        if "stock.valuation.adjustment.lines" in self.env:
            queries.append(
                "SELECT part.move_id, cost.date + time '23:59:59'"
                " FROM stock_valuation_adjustment_lines part JOIN stock_landed_cost cost ON cost.id = part.cost_id"
                " WHERE part.move_id = ANY(%(moves)s) AND cost.state = 'done' AND cost.date > %(moment)s::date"
            )
        self.env.cr.execute(
            "SELECT move_id, LEAST(MAX(moment), now() AT TIME ZONE 'UTC') FROM (%s) t GROUP BY move_id"
            % " UNION ALL ".join(queries),
            {"moves": move_ids, "moment": moment},
        )
        return dict(self.env.cr.fetchall())

    def _receipts(self, product, lot):
        """Return the open receipts of one lot as layers: Odoo's own FIFO stack."""
        moves, first_quantity = product._run_fifo_get_stack(lot=lot)
        layers = []
        for index, move in enumerate(moves):
            received = move._get_valued_qty()
            quantity = move._get_valued_qty(lot) if index else min(first_quantity, received)
            layers.append(Layer(move.id, lot.id, quantity, move.value * quantity / received, received))
        return layers

    def _lot_receipts(self, product, lots):
        """Return the open receipts of all lots of a product; a receipt of several lots stands once."""
        merged = {}
        for lot in lots:
            for layer in self._receipts(product, lot):
                known = merged.get(layer.layer_id)
                if known is not None:
                    layer = layer._replace(
                        lot_id=False, quantity=known.quantity + layer.quantity, value=known.value + layer.value
                    )
                merged[layer.layer_id] = layer
        moves = self.env["stock.move"].sudo().browse(merged).sorted(lambda move: (move.date, move.id))
        return [merged[move.id] for move in moves]

    # ------------------------------------------------------------------ checks

    def _measure(self, products, moment=None):
        compat.invalidate(self.env)
        if moment:  # Odoo's own takes seconds for a hundred products; tests compare the two
            return self._values_of_products(products, moment)
        # From their ids: records that came through a relation would now be read, and valued, one by one
        products = self._read_ahead(self._valued(products.browse(products.ids)))
        return {product.id: self._money(product.total_value) for product in products}

    def _money(self, value):
        """Round as elsewhere what Odoo works out in floats, here in another order: both come to the same half cent."""
        return super()._money(settled(value))

    def _read_ahead(self, products):
        """Return `products` with what valuing each of them asks for read already, for all at once.

        The contexts to value in, which Odoo finds out again for every product; moves and costs, which it
        searches for and reads one product at a time.
        """
        fifo = products.filtered(lambda product: product.cost_method == "fifo")
        contexts = {}
        for group in filter(None, (fifo, products - fifo)):
            context = group[:1]._with_valuation_context().env.context
            contexts[group[0].cost_method == "fifo"] = {
                name: context[name] for name in ("location", "owners") if name in context
            }
        products = products.with_context(revaluation_contexts=tools.Inner(contexts))
        searched = products.filtered(lambda product: product.cost_method != "standard" and not product.lot_valuated)
        flags = ["|", "|", ("is_in", "=", True), ("is_out", "=", True), ("is_dropship", "=", True)]
        moves = self._find_by_product(searched, "stock.move", [("company_id", "=", self.env.company.id)] + flags)
        moves.fetch(MOVE_FIELDS)
        moves.move_line_ids.fetch(MOVE_LINE_FIELDS)
        costs = self._find_by_product(searched, "product.value", [("move_id", "=", False)])
        costs.fetch(COST_FIELDS)
        known = {}
        for records in (moves, costs):
            found = records.grouped(lambda record: record.product_id.id)
            known[records._name] = {
                product_id: found.get(product_id, records.browse()).ids for product_id in searched.ids
            }
        return products.with_context(revaluation_read_ahead=tools.Inner(known))

    def _find_by_product(self, products, model, domain):
        """Return the records of `model` about `products` that satisfy `domain`, by date."""
        return self.env[model].sudo().search([("product_id", "in", products.ids)] + domain, order="date, id")

    def _posts_entry(self, product):
        """Periodic products too: the next closing then neither repeats nor misses the change."""
        return True
