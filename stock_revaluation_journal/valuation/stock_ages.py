"""How old stock is, and how fast it goes, in either way that Odoo has valued stock.

What counts as receipt: goods that come into the company's stock from a vendor, from production or from another
company, and were not there before. No receipts are: transfers between the company's own warehouses, what
customers bring back, what vendors send back, gains at counting, and components that an unbuild order gives back.
"""

from collections import namedtuple

from odoo import fields, models

from .. import compat

# Part of a stock that came in on one day. `layer_ids`: the open layers (19.0: the receipt) that hold it; empty if no
# receipt explains it.
Age = namedtuple("Age", "received_on quantity layer_ids")

# Of each receipt: what it brought, whether it makes stock young, and the layers it is known by. Where its layers and
# its move have different dates (a receipt that was dated back), it counts from the earlier one.
RECEIVED_LAYERS = (
    "SELECT layer.product_id, %(lot)s AS lot_id, move.id AS move_id, LEAST(MIN(layer.create_date), move.date) AS date,"
    " SUM(layer.quantity) AS received, ARRAY_AGG(layer.id) AS layer_ids, %(is_receipt)s AS is_receipt"
    " FROM stock_valuation_layer layer LEFT JOIN stock_move move ON move.id = layer.stock_move_id"
    " LEFT JOIN stock_location source ON source.id = move.location_id"
    " LEFT JOIN stock_location target ON target.id = move.location_dest_id"
    " WHERE layer.company_id = %%(company)s AND layer.product_id = ANY(%%(products)s)"
    " AND layer.create_date <= %%(moment)s AND (target.usage IN ('internal', 'transit') OR move.id IS NULL)"
    " GROUP BY layer.product_id, %(lot)s, move.id, source.id HAVING SUM(layer.quantity) > 0"
)
RECEIVED_MOVES = (
    "SELECT move.product_id, COALESCE(line.lot_id, 0) AS lot_id, move.id AS move_id, move.date,"
    " SUM(line.quantity_product_uom) AS received, ARRAY[move.id] AS layer_ids, %(is_receipt)s AS is_receipt"
    " FROM stock_move move JOIN stock_move_line line ON line.move_id = move.id AND line.picked"
    " AND (line.owner_id IS NULL OR line.owner_id = %%(partner)s)"
    " JOIN stock_location source ON source.id = line.location_id"
    " WHERE move.company_id = %%(company)s AND move.product_id = ANY(%%(products)s)"
    " AND move.state = 'done' AND move.is_in AND move.date <= %%(moment)s"
    " GROUP BY move.id, COALESCE(line.lot_id, 0), source.id"
)
IS_RECEIPT = (
    "(COALESCE(source.usage IN ('supplier', 'production') OR (source.usage = 'transit' AND source.company_id IS NULL),"
    " FALSE) AND move.origin_returned_move_id IS NULL%s)"
)
# The newest receipts that together make up each stock; what they do not explain is as old as the first goods that
# ever came in. A stock that is one layer has the age of that layer.
AGES = (
    "WITH stock AS (SELECT * FROM unnest(%%(numbers)s, %%(stocks)s, %%(lots)s, %%(layers)s, %%(quantities)s)"
    " AS s(number, product_id, lot_id, layer_id, quantity)),"
    " incoming AS (%s),"
    " held AS (SELECT stock.number, stock.quantity, stock.layer_id, incoming.*,"
    " SUM(CASE WHEN is_receipt THEN received ELSE 0 END)"
    " OVER (PARTITION BY stock.number ORDER BY date DESC, move_id DESC, incoming.lot_id) AS reach"
    " FROM stock JOIN incoming ON incoming.product_id = stock.product_id"
    " AND (stock.lot_id = 0 OR incoming.lot_id = stock.lot_id)),"
    " age AS (SELECT number, date, layer_ids, CASE WHEN layer_id <> 0 THEN quantity"
    " ELSE LEAST(received, quantity - reach + received) END AS quantity"
    " FROM held WHERE is_receipt AND (layer_id = ANY(layer_ids)"
    " OR (layer_id = 0 AND reach - received < quantity - 0.000001))"
    " UNION ALL"
    " SELECT number, MIN(date), ARRAY[]::integer[], quantity - MAX(reach) FROM held"
    " WHERE layer_id = 0 GROUP BY number, quantity HAVING quantity - MAX(reach) > 0.000001)"
    " SELECT number, (date AT TIME ZONE 'UTC' AT TIME ZONE %%(timezone)s)::date, quantity::float, layer_ids"
    " FROM age ORDER BY number, date"
)
ISSUED_LAYERS = (
    "SELECT layer.product_id, -SUM(layer.quantity)::float FROM stock_valuation_layer layer"
    " JOIN stock_move move ON move.id = layer.stock_move_id"
    " JOIN stock_location source ON source.id = move.location_id"
    " JOIN stock_location target ON target.id = move.location_dest_id"
    " WHERE layer.company_id = %(company)s AND layer.product_id = ANY(%(products)s)"
    " AND layer.create_date > %(since)s AND layer.create_date <= %(moment)s"
    " AND (source.usage = 'customer' OR " + "{issue}) GROUP BY layer.product_id"
)
ISSUED_MOVES = (
    "SELECT move.product_id,"
    " SUM(CASE WHEN move.is_out THEN line.quantity_product_uom ELSE -line.quantity_product_uom END)::float"
    " FROM stock_move move JOIN stock_move_line line ON line.move_id = move.id AND line.picked"
    " AND (line.owner_id IS NULL OR line.owner_id = %(partner)s)"
    " JOIN stock_location source ON source.id = line.location_id"
    " JOIN stock_location target ON target.id = line.location_dest_id"
    " WHERE move.company_id = %(company)s AND move.product_id = ANY(%(products)s) AND move.state = 'done'"
    " AND move.date > %(since)s AND move.date <= %(moment)s"
    " AND ((move.is_in AND source.usage = 'customer') OR (move.is_out AND {issue})) GROUP BY move.product_id"
)
ISSUE = "(target.usage IN ('customer', 'production') OR (target.usage = 'transit' AND target.company_id IS NULL))"


class StockRevaluationValuation(models.AbstractModel):
    _inherit = "stock.revaluation.valuation"

    def _read_ages(self, quantities, date):
        """Return {Key: [Age]}, the oldest first, of stocks at the end of `date`.

        Shape: `quantities` {Key: quantity}. A stock without any incoming move is missing.
        A layer that is no receipt is as old as the oldest goods that the product has in stock.
        """
        stocks = self._stocks_to_age(quantities, self._value_date(date))
        if not stocks:
            return {}
        compat.flush(self.env)
        self.env.cr.execute(AGES % self._received_sql(), self._age_params(stocks, date))
        found = {}
        for number, received_on, quantity, layer_ids in self.env.cr.fetchall():
            found.setdefault(stocks[number][0], []).append(Age(received_on, quantity, layer_ids))
        ages = {key: sorted(found[key]) for key in quantities if key in found}
        for key, quantity in quantities.items():
            whole = found.get(key.product_id)
            if key.layer_id and key not in ages and whole:
                ages[key] = [Age(min(whole).received_on, quantity, [])]
        return ages

    def _stocks_to_age(self, quantities, moment):
        """Return [(Key, or product id for what its layers hold together; lot id; layer id; quantity)] to read.

        A product that is valued by lot is as old as each of its lots.
        """
        product_ids = {key.product_id for key in quantities if not key.lot_id and not key.layer_id}
        products = self.env["product.product"].sudo().browse(product_ids)
        lots = self._read_lots(products.filtered(compat.is_lot_valued), moment)
        stocks, together = [], {}
        for key, quantity in quantities.items():
            if key.layer_id:
                together[key.product_id] = together.get(key.product_id, 0.0) + quantity
            own = lots.get(key.product_id) if not key.lot_id and not key.layer_id else None
            pieces = [(lot_id or 0, held) for lot_id, (held, _value) in own.items() if held > 0] if own else []
            for lot_id, held in pieces or [(key.lot_id or 0, quantity)]:
                stocks.append((key, key.product_id, lot_id, key.layer_id or 0, held))
        stocks += [(product_id, product_id, 0, 0, quantity) for product_id, quantity in together.items()]
        return stocks

    def _age_params(self, stocks, date):
        timezone = self.env.company.partner_id.tz or self.env.user.tz or "UTC"
        return {
            "company": self.env.company.id,
            "partner": self.env.company.partner_id.id,
            "products": list({stock[1] for stock in stocks}),
            "numbers": list(range(len(stocks))),
            "stocks": [stock[1] for stock in stocks],
            "lots": [stock[2] for stock in stocks],
            "layers": [stock[3] for stock in stocks],
            "quantities": [float(stock[4]) for stock in stocks],
            "moment": self._value_date(date) or fields.Datetime.now(),
            "timezone": timezone,
        }

    def _received_sql(self):
        """Return the query of what came in, receipts and others."""
        unbuild = " AND move.unbuild_id IS NULL" if "unbuild_id" in self.env["stock.move"]._fields else ""
        # not 0 alone: GROUP BY 0 would be a column's number
        lot = "layer.lot_id" if "lot_id" in self.env["stock.valuation.layer"]._fields else "NULL::integer"
        received = RECEIVED_LAYERS if compat.HAS_LAYERS else RECEIVED_MOVES
        return received % {"lot": "COALESCE(%s, 0)" % lot, "is_receipt": IS_RECEIPT % unbuild}

    def _read_issued(self, products, since, date):
        """Return {product id: quantity} that was sold or used up after `since` and up to `date`, returns taken off.

        Scrap, losses at counting and what goes back to vendors is no demand and does not count.
        """
        compat.flush(self.env)
        self.env.cr.execute(
            (ISSUED_LAYERS if compat.HAS_LAYERS else ISSUED_MOVES).format(issue=ISSUE),
            {
                "company": self.env.company.id,
                "partner": self.env.company.partner_id.id,
                "products": products.ids,
                "since": self._value_date(since),
                "moment": self._value_date(date) or fields.Datetime.now(),
            },
        )
        return dict(self.env.cr.fetchall())
