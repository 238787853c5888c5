"""All that ever moved of products, for what follows the goods to be worked out: see `engine.write_downs`."""

from collections import defaultdict, namedtuple

from odoo import fields, models

from .. import compat

# An `Event` of the forwarding engine and its moment, in UTC. `key` is a layer up to 18.0, a stock move on 19.0; a
# quantity of zero is a cost set anew.
Moved = namedtuple("Moved", "key quantity move origin moment")

# Up to 18.0: layers with a quantity, and under standard cost what set it anew, which posted corrections do not.
LAYERS = """
    SELECT v.product_id, CASE WHEN p.by_lot THEN {lot} END, v.id, v.quantity::float, v.stock_move_id,
        m.origin_returned_move_id, v.create_date
    FROM stock_valuation_layer v JOIN p USING (product_id) LEFT JOIN stock_move m ON m.id = v.stock_move_id
    LEFT JOIN stock_revaluation_journal_line l ON l.id = v.revaluation_line_id
    LEFT JOIN stock_revaluation_reason r ON r.id = l.reason_id
    WHERE v.company_id = %(company)s AND (v.quantity <> 0 OR p.method = 'standard'
        AND v.stock_move_id IS NULL AND v.stock_valuation_layer_id IS NULL
        AND (v.revaluation_line_id IS NULL OR r.kind = 'standard_cost'))
    ORDER BY v.create_date, v.id
"""
# 19.0: moves between inside and outside, without goods of other owners, and costs set anew, which count before a move
# of the same moment.
MOVES = """
    SELECT * FROM (
        SELECT m.product_id, CASE WHEN p.by_lot THEN line.lot_id END AS lot_id, m.id AS key,
            SUM(CASE WHEN m.is_in THEN 1 ELSE -1 END * line.quantity_product_uom)::float AS quantity,
            m.id AS move_id, m.origin_returned_move_id, m.date
        FROM stock_move m JOIN p USING (product_id) JOIN stock_move_line line ON line.move_id = m.id AND line.picked
        WHERE m.company_id = %(company)s AND m.state = 'done' AND m.is_in IS DISTINCT FROM m.is_out
            AND (line.owner_id IS NULL OR line.owner_id = %(partner)s)
        GROUP BY m.id, 2
        UNION ALL
        SELECT c.product_id, c.lot_id, -c.id, 0, NULL, NULL, c.date
        FROM product_value c JOIN p USING (product_id)
        LEFT JOIN stock_revaluation_journal_line l ON l.id = c.revaluation_line_id
        LEFT JOIN stock_revaluation_reason r ON r.id = l.reason_id
        WHERE c.company_id = %(company)s AND c.move_id IS NULL AND p.method = 'standard'
            AND (c.revaluation_line_id IS NULL OR r.kind = 'standard_cost')
    ) moved ORDER BY date, quantity <> 0, key
"""


class StockRevaluationValuation(models.AbstractModel):
    _inherit = "stock.revaluation.valuation"

    def _read_histories(self, products):
        """Return {(product id, lot id or False): [Moved]} in order of time; by lot where products are valued by lot."""
        products = products.with_company(self.env.company)
        compat.flush(self.env)
        lot = "v.lot_id" if "lot_id" in self.env["stock.valuation.layer"]._fields else "NULL::int"
        self.env.cr.execute(
            "WITH p AS (SELECT * FROM unnest(%(products)s, %(methods)s, %(by_lot)s) AS p(product_id, method, by_lot))"
            + (LAYERS.format(lot=lot) if compat.HAS_LAYERS else MOVES),
            {
                "company": self.env.company.id,
                "partner": self.env.company.partner_id.id,
                "products": products.ids,
                "methods": [product.cost_method for product in products],
                "by_lot": [compat.is_lot_valued(product) for product in products],
            },
        )
        histories = defaultdict(list)
        for product_id, lot_id, *moved in self.env.cr.fetchall():
            histories[product_id, lot_id or False].append(Moved(*moved))
        return histories

    def _read_values_then(self, products, date):
        """Return {product id: inventory value} at the end of `date`."""
        moment = self._value_date(date)
        if not compat.HAS_LAYERS:  # all at once: Odoo's own takes minutes for ten thousand products
            return self._ledger_read_values(products, {"is_past": bool(moment), "moment": moment, "date": date})
        if not moment:
            return self._measure(products)
        compat.flush(self.env)
        self.env.cr.execute(
            "SELECT product_id, SUM(value)::float FROM stock_valuation_layer"
            " WHERE company_id = %s AND product_id = ANY(%s) AND create_date <= %s GROUP BY product_id",
            [self.env.company.id, products.ids, moment],
        )
        return dict(self.env.cr.fetchall())

    def _get_posting_moment(self, date):
        """Return the moment, in UTC, at which what is posted now at `date` counts among those of `_read_histories`.

        A layer bears the time of its transaction, a stock move that of the clock, in whole seconds.
        """
        moment = self._value_date(date)
        if moment or not compat.HAS_LAYERS:
            return moment or fields.Datetime.now()
        self.env.cr.execute("SELECT now() AT TIME ZONE 'UTC'")
        return self.env.cr.fetchone()[0]
