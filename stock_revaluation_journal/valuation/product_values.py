"""Odoo 19.0, which keeps no layers: the seam's second implementation, writing side.

There a product's value follows from its cost (standard, average), its lots' costs, or what its
receipts were worth (FIFO), with `product.value` rows as the history of costs. The addon keeps
`stock.valuation.layer` itself, as the ledger of value changes, and under FIFO the layers are what
changes the value: each counts as extra value of the receipt it names.
"""

from datetime import datetime, timedelta

from odoo import models
from psycopg2.extras import execute_values

from .. import compat, tools
from ..engine.rounding import decimal

MICROSECOND = timedelta(microseconds=1)


class StockRevaluationValuation(models.AbstractModel):
    _inherit = "stock.revaluation.valuation"

    # ------------------------------------------------------------------ writing

    def _apply(self, changes, plans, forwarded, moment):
        products = self._changed_products(changes).with_company(self.env.company)
        by_product = self._by_product(changes)
        by_receipt = products.filtered(lambda product: product.cost_method == "fifo")
        lots = self._read_lots((products - by_receipt).filtered("lot_valuated"))
        vals_list, lot_costs, shares = [], {}, {}
        manual = self._read_last_manual_values(plans)
        for change in changes:
            for part in plans[change.line_id]:
                if part.extras is not None:
                    vals_list += self._receipt_layer_vals(change, part, manual)
                    shares[change.line_id] = [row[:2] + (self._money(row[2]),) for row in part.layers]
                else:
                    own = lots.get(change.key.product_id, {})
                    vals_list += [self._layer_vals(change, *part) for part in self._amounts_by_lot(change, own)]
                    lot_costs.update(self._lot_costs(change, own))
        value_changes = self._value_changes(products, plans)
        product_costs, logged = self._product_costs(products, by_product, plans, value_changes, moment)
        late_rows = self._cost_rows(products, by_product, self._read_products(products, moment), moment)
        (tools.inner(self.env, "revaluation_readings") or {}).clear()  # from here on the books are other ones
        self._write_costs("product.product", product_costs)
        self._write_costs("stock.lot", lot_costs)
        late_rows = {product_id: rows[1:] for product_id, rows in late_rows.items()}
        self._log_costs(changes, by_receipt, logged, lot_costs, moment, late_rows)
        # Odoo's own recomputation of the receipts comes to the same
        self._update_column("stock.move", "value", value_changes, "t.value + v.new")
        self._write_costs("stock.lot", self._receipt_lot_costs(by_receipt.filtered("lot_valuated")))
        moments = [moment] * len(vals_list) + [forward.movement.moment for forward in forwarded]
        vals_list += self._forwarded_vals(changes, forwarded)
        self._create_layers(vals_list, moments)
        return shares

    def _amounts_by_lot(self, change, lots):
        """Return [(amount, lot id or False)]: what a change does to each lot, which can be taken back."""
        if change.key.lot_id or not lots:
            return [(change.amount, change.key.lot_id)]
        changes = {
            lot_id: decimal(new) - decimal(old)
            for lot_id, (_quantity, old, new) in self._new_lot_values(change, lots).items()
        }
        amounts = self._whole_cents(list(changes.values()), change.amount)
        return [(float(amount), lot_id) for lot_id, amount in zip(changes, amounts) if amount]

    def _lot_costs(self, change, lots):
        """Return {lot id: unrounded cost} of the lots that a change of standard or average cost reaches."""
        if not lots:
            return {}
        if change.key.lot_id:
            return {change.key.lot_id: float(self._new_cost(change, lots[change.key.lot_id][0]))}
        if change.unit_cost is not None:
            return {lot_id: float(change.unit_cost) for lot_id in lots}
        return {
            lot_id: float(decimal(new) / decimal(quantity))
            for lot_id, (quantity, _old, new) in self._new_lot_values(change, lots).items()
            if quantity > 0
        }

    def _receipt_layer_vals(self, change, part, manual):
        """Return the values of one layer per receipt that the change of a FIFO product reaches.

        Its `receipt_value` is what the receipt's whole value grows by for the part in stock at the day to change by
        the layer's value.
        """
        lots = {layer.layer_id: layer.lot_id for layer in self._read_receipt_lots(change)}
        amounts = self._whole_cents([change for _id, _quantity, change in part.layers], change.amount)
        return [
            dict(
                self._layer_vals(change, float(amount), lots.get(move_id, False)),
                stock_move_id=move_id,
                receipt_value=float(part.extras[move_id]),
                manual_value_id=manual.get(move_id, 0),
            )
            for (move_id, _quantity, _change), amount in zip(part.layers, amounts)
            if amount or part.extras[move_id]
        ]

    def _read_receipt_lots(self, change):
        """Return the open receipts of a product valued by lot, which know their lot."""
        product = self.env["product.product"].sudo().browse(change.key.product_id)
        return self._read_layers(product).get(product.id, []) if product.lot_valuated else []

    def _read_last_manual_values(self, plans):
        """Return {receipt id: id of the last value set by hand}: what comes later replaces the layers of now."""
        move_ids = [layer[0] for parts in plans.values() for part in parts for layer in part.layers]
        self.env.cr.execute(
            "SELECT move_id, MAX(id) FROM product_value WHERE move_id = ANY(%s) GROUP BY move_id", [move_ids]
        )
        return dict(self.env.cr.fetchall())

    def _product_costs(self, products, by_product, plans, value_changes, moment):
        """Return ({product id: the cost it has now}, {product id: the cost it had at its day}), unrounded.

        A cost that was set anew since the day stays; products valued by lot log none.
        """
        then, now = self._read_products(products, moment), self._read_products(products)
        replayed = self._replayed_values(products, by_product, then, value_changes, moment)
        costs, logged = {}, {}
        for product in products:
            changes, (quantity, value) = by_product[product.id], now[product.id]
            parts = [part for change in changes for part in plans[change.line_id]]
            if product.cost_method != "fifo" and not product.lot_valuated:
                logged[product.id] = float(self._new_cost(changes[0], then[product.id][0]))
                if any(not movement.quantity for part in parts for movement in part.movements):
                    continue
            if product.cost_method == "standard" and not product.lot_valuated:
                costs[product.id] = logged[product.id]
            elif quantity > 0:
                left = sum(part.left for part in parts)
                new_value = replayed.get(product.id, float(decimal(value) + left))
                costs[product.id] = new_value / quantity
            elif product.id in logged and not parts[0].movements:
                costs[product.id] = logged[product.id]
        return costs, logged

    def _receipt_lot_costs(self, products):
        """Return {lot id: unrounded cost} of the lots in stock of `products`, lot-valued under FIFO."""
        return {
            lot.id: sum(layer.value for layer in layers) / sum(layer.quantity for layer in layers)
            for lots in (self._stocked_lots(products).values() if products else [])
            for lot in lots
            for layers in [self._receipts(lot.product_id, lot)]
            if layers
        }

    def _log_costs(self, changes, by_receipt, product_costs, lot_costs, moment, late_rows=None):
        """Log the new costs as `product.value` rows, unrounded, for Odoo to replay.

        Written by SQL: the ORM's Monetary would round the unit cost to cents, and 147 × 3.40 set to
        750.00 would fall to 749.70 at the next bill; creating the row would also revalue receipts.
        """
        products = self._changed_products(changes) - by_receipt
        line_ids = {change.key.product_id: change.line_id for change in changes}
        dates = self._row_dates(products.ids, moment)
        rows = [
            (product.id, None, product_costs[product.id], dates[product.id], False)
            for product in products
            if not product.lot_valuated
        ]
        rows += [
            (product_id, None, cost, late, True) for product_id, own in (late_rows or {}).items() for late, cost in own
        ]
        lots = self.env["stock.lot"].sudo().browse(lot_costs)
        rows += [(lot.product_id.id, lot.id, lot_costs[lot.id], dates[lot.product_id.id], False) for lot in lots]
        if not rows:
            return
        description = self.env._("Revaluation Journal")
        common = (self.env.company.id, self.env.uid, description, self.env.uid, self.env.uid)
        execute_values(
            self.env.cr._obj,
            "INSERT INTO product_value"
            " (product_id, lot_id, value, date, revaluation_late, revaluation_line_id, company_id, user_id,"
            " description, create_uid, write_uid, create_date, write_date) VALUES %s",
            [
                (product_id, lot_id, cost, date, late, line_ids[product_id]) + common
                for product_id, lot_id, cost, date, late in rows
            ],
            template="(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC')",
            page_size=5000,
        )

    def _row_dates(self, product_ids, moment):
        """Return {product id: moment} of the new rows: after every move and cost up to then, before any to come.

        Moves are dated in whole seconds, and a row in the same second as a receipt is replayed before it (19.0 of
        early 2026) or instead of it (mid-2026). Of costs of one moment the last one written counts, so any number of
        journals has room before the end of a day.
        """
        self.env.cr.execute(
            "SELECT product_id, MAX(date) FROM ("
            " SELECT product_id, date + interval '1 microsecond' AS date FROM stock_move WHERE company_id = %(company)s"
            " AND product_id = ANY(%(products)s) AND state = 'done' AND date <= %(until)s"
            " UNION ALL SELECT product_id, date FROM product_value WHERE company_id = %(company)s"
            " AND product_id = ANY(%(products)s) AND move_id IS NULL AND date <= %(until)s"
            ") t GROUP BY product_id",
            {"company": self.env.company.id, "products": product_ids, "until": moment or datetime.max},
        )
        last = dict(self.env.cr.fetchall())
        begin = (moment or datetime.utcnow().replace(microsecond=0)) - MICROSECOND
        return {
            product_id: max(begin, last[product_id]) if last.get(product_id) else begin for product_id in product_ids
        }

    def _changed_rows(self):
        return "stock_move", "state = 'done'"

    def _keep_values(self):  # run by tests/life_cycle
        """Turn what receipts were revalued to into Odoo's own manual values: their layers go with the addon.

        Dated like the last layer of each, so that the stock value at any date stays that of the ledger.
        """
        compat.flush(self.env)
        self.env.cr.execute(
            "INSERT INTO product_value (move_id, value, date, company_id, user_id, description,"
            " create_uid, write_uid, create_date, write_date)"
            " SELECT move.id, move.value, MAX(layer.create_date), move.company_id, %(user)s, %(description)s,"
            " %(user)s, %(user)s, now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC'"
            " FROM stock_valuation_layer layer JOIN stock_move move ON move.id = layer.stock_move_id"
            " GROUP BY move.id HAVING SUM(layer.receipt_value) <> 0",
            {"user": self.env.uid, "description": self.env._("Revaluation Journal")},
        )
        self.env["product.value"].invalidate_model()
