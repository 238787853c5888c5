"""Odoo 19.0, which keeps no layers: the seam's second implementation, writing side.

There a product's value follows from its cost (standard, average), its lots' costs, or what its
receipts were worth (FIFO), with `product.value` rows as the history of costs. The addon keeps
`stock.valuation.layer` itself, as the ledger of value changes, and under FIFO the layers are what
changes the value: each counts as extra value of the receipt it names.
"""

from datetime import datetime, timedelta

from odoo import models
from psycopg2.extras import execute_values

from .. import compat
from ..engine.rounding import decimal, round_to

MICROSECOND = timedelta(microseconds=1)


class StockRevaluationValuation(models.AbstractModel):
    _inherit = "stock.revaluation.valuation"

    # ------------------------------------------------------------------ writing

    def _apply(self, changes, date):
        products = self._changed_products(changes)
        products = products.with_company(self.env.company)
        value_date = self._value_date(date)
        figures = self._read_products(products)
        by_product = self._by_product(changes)
        by_receipt = products.filtered(lambda product: product.cost_method == "fifo")
        receipts = self._read_layers(by_receipt)
        lots = self._read_lots((products - by_receipt).filtered("lot_valuated"))
        vals_list, extra, product_costs, lot_costs, shares = [], {}, {}, {}, {}
        for product in products:
            product_changes, quantity = by_product[product.id], figures[product.id][0]
            new_value = decimal(figures[product.id][1]) + sum(decimal(change.amount) for change in product_changes)
            product_costs[product.id] = float(new_value / decimal(quantity))
            if product in by_receipt:
                vals_list += self._receipt_layer_vals(product_changes, receipts[product.id], new_value, extra)
                for change in product_changes:
                    reached = self._new_layer_values(change, receipts[product.id])
                    shares[change.line_id] = self._layer_shares(receipts[product.id], reached)
                continue
            for change in product_changes:
                vals_list.append(self._layer_vals(change, change.amount, change.key.lot_id))
                lot_costs.update(self._lot_costs(change, lots.get(product.id, {})))
            if not product.lot_valuated:
                product_costs[product.id] = float(self._new_cost(product_changes[0], quantity))
        self._write_costs("product.product", product_costs)
        self._write_costs("stock.lot", lot_costs)
        self._log_costs(changes, by_receipt, product_costs, lot_costs, value_date)
        # Odoo's own recomputation of the receipts comes to the same
        self._update_column("stock.move", "value", extra, "t.value + v.new")
        self._write_costs("stock.lot", self._receipt_lot_costs(by_receipt.filtered("lot_valuated")))
        layers = self.env["stock.valuation.layer"].sudo()._create_by_posting(vals_list)
        self._date_layers(layers, value_date)
        return shares

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

    def _receipt_layer_vals(self, changes, receipts, new_value, extra):
        """Return the values of one layer per receipt that the changes of a FIFO product reach.

        `extra` ({move id: amount}) gets what each receipt's whole value must grow by for the part
        still in stock to change by the layer's value. A receipt's value is whole cents, so the last
        one reached takes what the product's total still lacks.
        """
        vals_list, reached = [], []
        for change in changes:
            by_id = {receipt.layer_id: receipt for receipt in receipts}
            for move_id, new in self._new_layer_values(change, receipts).items():
                old = decimal(by_id[move_id].value)
                amount = decimal(change.amount) if change.key.layer_id else decimal(self._money(new - old))
                if not amount:
                    continue
                reached.append(move_id)
                extra[move_id] = self._whole_receipt(new - old, by_id[move_id])
                vals_list.append(
                    dict(self._layer_vals(change, float(amount)), stock_move_id=move_id, lot_id=by_id[move_id].lot_id)
                )
            self._settle_rounding(change, vals_list)
        self._settle_total(receipts, reached, new_value, extra)
        for vals in vals_list:
            vals["receipt_value"] = float(extra[vals["stock_move_id"]])
        return vals_list

    def _whole_receipt(self, amount, receipt):
        """Return what the whole receipt changes by when the part of it in stock changes by `amount`."""
        return round_to(decimal(amount) * decimal(receipt.received) / decimal(receipt.quantity), self._rounding())

    def _settle_rounding(self, change, vals_list):
        """Make the layers of `change` add up to its amount; the last one takes the rest."""
        own = [vals for vals in vals_list if vals["revaluation_line_id"] == change.line_id]
        rest = decimal(change.amount) - sum(decimal(vals["value"]) for vals in own)
        if own and rest:
            own[-1]["value"] = float(decimal(own[-1]["value"]) + rest)

    def _settle_total(self, receipts, reached, new_value, extra):
        """Move the last receipt reached by the cents that bring the product's total to `new_value`."""
        if not reached:
            return
        total = sum(
            decimal(receipt.value)
            + decimal(extra.get(receipt.layer_id, 0)) * decimal(receipt.quantity) / decimal(receipt.received)
            for receipt in receipts
        )
        last = next(receipt for receipt in receipts if receipt.layer_id == reached[-1])
        extra[last.layer_id] += self._whole_receipt(new_value - total, last)

    def _receipt_lot_costs(self, products):
        """Return {lot id: unrounded cost} of the lots in stock of `products`, lot-valued under FIFO."""
        return {
            lot.id: sum(layer.value for layer in layers) / sum(layer.quantity for layer in layers)
            for lots in (self._stocked_lots(products).values() if products else [])
            for lot in lots
            for layers in [self._receipts(lot.product_id, lot)]
            if layers
        }

    def _log_costs(self, changes, by_receipt, product_costs, lot_costs, value_date):
        """Log the new costs as `product.value` rows, unrounded, for Odoo to replay.

        Written by SQL: the ORM's Monetary would round the unit cost to cents, and 147 × 3.40 set to
        750.00 would fall to 749.70 at the next bill; creating the row would also revalue receipts.
        """
        products = self._changed_products(changes) - by_receipt
        line_ids = {change.key.product_id: change.line_id for change in changes}
        rows = [(product.id, None, product_costs[product.id]) for product in products if not product.lot_valuated]
        lots = self.env["stock.lot"].sudo().browse(lot_costs)
        rows += [(lot.product_id.id, lot.id, lot_costs[lot.id]) for lot in lots]
        if not rows:
            return
        dates = self._row_dates(products.ids, value_date)
        description = self.env._("Revaluation Journal")
        common = (self.env.company.id, self.env.uid, description, self.env.uid, self.env.uid)
        execute_values(
            self.env.cr._obj,
            "INSERT INTO product_value (product_id, lot_id, value, date, revaluation_line_id, company_id, user_id,"
            " description, create_uid, write_uid, create_date, write_date) VALUES %s",
            [
                (product_id, lot_id, cost, dates[product_id], line_ids[product_id]) + common
                for product_id, lot_id, cost in rows
            ],
            template="(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC')",
            page_size=5000,
        )

    def _row_dates(self, product_ids, value_date):
        """Return {product id: moment} of the new rows: after every move there is, before any to come.

        Moves are dated in whole seconds, and a row in the same second as a receipt is replayed before
        it (19.0 of early 2026) or instead of it (mid-2026).
        """
        moment = (value_date or datetime.utcnow().replace(microsecond=0)) - MICROSECOND
        self.env.cr.execute(
            "SELECT product_id, MAX(date) FROM stock_move"
            " WHERE company_id = %s AND product_id = ANY(%s) AND state = 'done' GROUP BY product_id",
            [self.env.company.id, product_ids],
        )
        last = dict(self.env.cr.fetchall())
        return {
            product_id: max(moment, last[product_id] + MICROSECOND) if last.get(product_id) else moment
            for product_id in product_ids
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
