"""Odoo 19.0: what stock is worth now or was at a past moment, read in a few queries for all products of a company.

Odoo's own arithmetic of `total_value`, in bulk: quantities are those of now less what moved since; standard cost takes
the cost, or the last cost row; average is replayed, FIFO takes the newest receipts; receipts count with the value that
the documents up to the date give them. Where a product is unusual Odoo's own figure is asked for.
"""

from odoo import models

from .. import compat, tools
from ..engine.histories import replay_average, take_newest
from .product_value_reader import INCOMING, OUTGOING, VALUED

# Of each product: quantity of the company's own, quantity with what it keeps for others.
IN_STOCK = (
    "SELECT product_id, SUM(quantity) FILTER (WHERE is_own)::float, SUM(quantity)::float FROM ("
    "SELECT quant.product_id, quant.quantity, COALESCE(quant.owner_id, %(partner)s) = %(partner)s AS is_own"
    " FROM stock_quant quant JOIN stock_location place ON place.id = quant.location_id"
    " WHERE place.company_id = %(company)s AND " + VALUED % {"location": "place"} + "{since}) held"
    " WHERE product_id = ANY(%(products)s) GROUP BY product_id"
)
# Odoo takes off all that moved since, goods of other owners too.
SINCE = (
    " UNION ALL SELECT move.product_id, CASE WHEN " + INCOMING + " THEN -1 WHEN " + OUTGOING + " THEN 1 ELSE 0 END"
    " * line.quantity_product_uom, TRUE"
    " FROM stock_move move JOIN stock_move_line line ON line.move_id = move.id AND line.picked"
    " JOIN stock_location source ON source.id = line.location_id"
    " JOIN stock_location target ON target.id = line.location_dest_id"
    " WHERE move.company_id = %(company)s AND move.state = 'done' AND move.date > %(moment)s"
)
# Receipts that Odoo has to be asked about: what was written or booked since has changed them; or they are valued at
# the product's cost, but somebody has given them a value as well.
TOUCHED = (
    "SELECT DISTINCT move.id FROM ("
    "SELECT move_id, date > %(moment)s AS is_later FROM product_value WHERE move_id IS NOT NULL"
    " UNION ALL SELECT stock_move_id, create_date > %(moment)s FROM stock_valuation_layer"
    " WHERE stock_move_id IS NOT NULL{documents}) touched JOIN stock_move move ON move.id = touched.move_id"
    " WHERE (touched.is_later OR {at_cost}) AND move.company_id = %(company)s AND move.state = 'done' AND move.is_in"
    " AND move.date <= %(moment)s AND move.product_id = ANY(%(products)s)"
)
BILLS = (
    " UNION ALL SELECT bought.id, TRUE FROM account_move_line item"
    " JOIN stock_move bought ON bought.purchase_line_id = item.purchase_line_id"
    " WHERE item.parent_state = 'posted' AND item.date > %(date)s"
)
LANDED_COSTS = (
    " UNION ALL SELECT part.move_id, cost.date > %(date)s FROM stock_valuation_adjustment_lines part"
    " JOIN stock_landed_cost cost ON cost.id = part.cost_id WHERE cost.state = 'done'"
)
# Products whose moves Odoo has in memory at one time, where it is asked.
PRODUCTS_AT_ONCE = 2000


class StockRevaluationValuation(models.AbstractModel):
    _inherit = "stock.revaluation.valuation"

    def _read_totals(self, products, moment=None, date=None, asked_receipts=None):
        """Return {product id: value, unrounded} now, or at the end of a past `date`, which is `moment` in UTC.

        `asked_receipts` keeps what Odoo was asked about, see `_read_receipts_at`.
        """
        compat.flush(self.env)
        facts = self._facts(products)
        quantities = self._read_stock(facts, moment)
        stocked = [
            product
            for product in facts
            if product.id in quantities
            and (product.lot_valuated or not tools.uom_is_zero(product.uom_id, quantities[product.id]))
        ]
        is_batch = self._is_batch()
        at_cost, replayed, asked = [], {}, []
        for product in stocked:
            fifo = product.cost_method == "fifo"
            if product.lot_valuated or (moment and (is_batch or (fifo and quantities[product.id] < 0))):
                asked.append(product.id)
            elif product.cost_method == "standard" or (is_batch and not fifo) or (fifo and quantities[product.id] < 0):
                at_cost.append(product.id)
            else:
                replayed[product.id] = product
        values = dict.fromkeys(products.ids, 0.0)
        costs = self._read_costs(at_cost, moment)
        values.update((product_id, cost * quantities[product_id]) for product_id, cost in costs.items())
        found = self._replay_totals(replayed, quantities, moment, date, asked_receipts)
        values.update(found)
        values.update(self._ask_totals(asked + [each for each in replayed if each not in found], moment))
        return values

    def _read_stock(self, facts, moment):
        """Return {product id: quantity} of what Odoo values of products ([Facts]); those never in stock may be missing.

        Under FIFO 19.0 of early 2026 values what is kept for others as well.
        """
        fifo = {product.id for product in facts if product.cost_method == "fifo"}
        one = self.env["product.product"].with_company(self.env.company).browse(list(fifo)[:1])
        kept_too = () if "owners" in one._with_valuation_context().env.context else fifo
        params = dict(self._move_params(self._records(facts)), moment=moment)
        self.env.cr.execute(IN_STOCK.replace("{since}", SINCE if moment else ""), params)
        rows = self.env.cr.fetchall()
        return {product_id: (kept if product_id in kept_too else own) or 0.0 for product_id, own, kept in rows}

    def _replay_totals(self, facts, quantities, moment, date, asked_receipts):
        """Return {product id: value} of average and FIFO products; those that Odoo has to be asked for are missing.

        Shape: `facts` {product id: Facts}.
        """
        product_ids, given, costs, at_cost = list(facts), None, {}, "FALSE"
        if moment:
            given, costs = self._read_receipts_at(product_ids, moment, date, asked_receipts)
            at_cost = self._is_at_cost()
        values = {}
        for product_id, _ids, counted, worth, is_odd in self._histories(product_ids, moment, given, at_cost=at_cost):
            if None in worth:
                pairs = zip(counted, worth)
                worth = [number * costs[product_id] if value is None else value for number, value in pairs]
            if facts[product_id].cost_method == "fifo":
                rounding = compat.unit_rounding(facts[product_id].uom_id)
                value = take_newest(counted, worth, quantities[product_id], rounding)
            else:
                value = None if is_odd else replay_average(counted, worth, quantities[product_id])
            if value is not None:
                values[product_id] = value
        return values

    def _ask_totals(self, product_ids, moment):
        """Return {product id: value}, Odoo's own."""
        values = {}
        for start in range(0, len(product_ids), PRODUCTS_AT_ONCE):
            some = self.env["product.product"].browse(product_ids[start : start + PRODUCTS_AT_ONCE])
            products = self._valued(some).with_context(to_date=moment or False)
            values.update((product.id, product.total_value) for product in products)
            compat.invalidate(self.env)  # the next ones need the memory
        return values

    # ------------------------------------------------------------------ receipts at a past moment

    def _is_at_cost(self):
        """Return the SQL that tells whether a receipt has no document: it is worth what its product costs, today."""
        fields = self.env["stock.move"]._fields
        names = ["origin_returned_move_id", *(name for name in ("purchase_line_id", "production_id") if name in fields)]
        return "(%s)" % " AND ".join("move.%s IS NULL" % name for name in names)

    def _read_receipts_at(self, product_ids, moment, date, asked=None):
        """Return ({move id: value then} of receipts that need Odoo's own, {product id: cost} for those at cost).

        Shape: `asked` {move id: value then}, what Odoo has been asked about before; new ones are added.
        """
        documents = BILLS if "purchase_line_id" in self.env["stock.move"]._fields else ""
        documents += LANDED_COSTS if "stock.landed.cost" in self.env else ""
        params = {"company": self.env.company.id, "products": product_ids, "moment": moment, "date": date}
        self.env.cr.execute(TOUCHED.format(documents=documents, at_cost=self._is_at_cost()), params)
        ids, asked = [row[0] for row in self.env.cr.fetchall()], {} if asked is None else asked
        for move in self._valued(self.env["stock.move"].browse(each for each in ids if each not in asked)):
            asked[move.id] = move._get_value(at_date=moment)
        return {move_id: asked[move_id] for move_id in ids}, self._read_costs(product_ids)
