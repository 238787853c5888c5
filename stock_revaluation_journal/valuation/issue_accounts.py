"""Where the cost of what moved since a day went, for its share of a revaluation to follow.

Up to 18.0 a stock move has an entry of its own: the share goes to the account on its other side. What a customer's
invoice has moved on from there to the cost of goods sold follows it; what is not invoiced yet stays, and the invoice
takes it along by itself. On 19.0 most moves have no entry: what is invoiced goes to the cost of goods sold, the rest
waits for its invoice, or the next stock closing.
"""

from collections import namedtuple

from odoo import models

from .. import compat
from ..engine.rounding import decimal

# What is known of a movement: its product, stock move (an id), quantity and date, the account on the other side of its
# own entry, the day of which is `date`.
Own = namedtuple("Own", "key product move_id quantity account_id date")
# A delivery, return or receipt of an order line: which part of it has been invoiced, and when last.
Invoiced = namedtuple("Invoiced", "part date")
NOTHING = Invoiced(0, None)

OWN_ACCOUNTS = (
    "SELECT {key}, t.product_id, {move}, {quantity}, {moment}, ("
    " SELECT item.account_id FROM account_move_line item WHERE item.move_id = t.account_move_id"
    " AND (item.product_id = t.product_id{linked}) AND item.balance * {sign} < 0"
    " ORDER BY ABS(item.balance) DESC, item.id LIMIT 1)"
    " FROM {table} WHERE {id} = ANY(%s)"
)
# An item of a journal's entry may stand for many products.
LINKED = (
    " OR item.id IN (SELECT account_move_line_id FROM stock_revaluation_line_account_move_line_rel rel"
    " WHERE rel.line_id = t.revaluation_line_id)"
)
OF_LAYERS = {
    "id": "t.id",
    "key": "CASE WHEN quantity = 0 THEN -id ELSE id END",
    "move": "stock_move_id",
    "quantity": "quantity::float",
    "moment": "create_date",
    "sign": "t.value",
    "linked": LINKED,
    "table": "stock_valuation_layer t",
}
OF_MOVES = {
    "id": "t.id",
    "key": "id",
    "move": "id",
    "quantity": "CASE WHEN is_out THEN -1 ELSE 1 END",
    "moment": "date",
    "sign": "CASE WHEN t.is_out THEN -1 ELSE 1 END",
    "linked": "",
    "table": "stock_move t",
}
# 19.0: the costs that later journals have set, with the entries of those journals.
OF_COSTS = {
    "id": "cost.id",
    "key": "-cost.id",
    "move": "NULL::int",
    "quantity": "0",
    "moment": "cost.date",
    "sign": "t.value",
    "linked": LINKED,
    "table": "product_value cost JOIN stock_valuation_layer t ON t.revaluation_line_id = cost.revaluation_line_id"
    " AND t.revaluation_forwarded IS NOT TRUE",
}


class StockRevaluationValuation(models.AbstractModel):
    _inherit = "stock.revaluation.valuation"

    def _read_issue_accounts(self, movements):
        own = self._read_own_accounts(movements)
        invoiced = self._read_invoiced([each.move_id for each in own if each.move_id])
        products = {each.product for each in own}
        accounts = {
            product: product.product_tmpl_id.get_product_accounts()
            for product in products
            if product and product.valuation == "real_time"
        }
        return {
            each.key: self._get_account_parts(each, accounts.get(each.product), invoiced.get(each.move_id, NOTHING))
            for each in own
        }

    def _read_own_accounts(self, movements):
        """Return [Own] of `movements`."""
        compat.flush(self.env)
        rows, keys = [], [movement.key for movement in movements]
        for statement, ids in self._own_account_statements(keys):
            self.env.cr.execute(statement, [ids])
            rows += self.env.cr.fetchall()
        Product, day_of = self.env["product.product"].sudo().with_company(self.env.company), self._timezone().fromutc
        products = {product.id: product for product in Product.browse({row[1] for row in rows})}
        found = [
            Own(key, products[product_id], move_id, quantity, account_id, day_of(moment).date())
            for key, product_id, move_id, quantity, moment, account_id in rows
        ]
        known = {each.key for each in found}
        return found + [  # a cost set by hand on 19.0: the next stock closing books it
            Own(movement.key, Product, None, 0.0, False, day_of(movement.moment).date())
            for movement in movements
            if movement.key not in known
        ]

    def _own_account_statements(self, keys):
        """Return [(statement, ids)] that read the accounts of movements with these `keys`."""
        if compat.HAS_LAYERS:
            return [(OWN_ACCOUNTS.format(**OF_LAYERS), [abs(key) for key in keys])]
        return [
            (OWN_ACCOUNTS.format(**OF_MOVES), [key for key in keys if key > 0]),
            (OWN_ACCOUNTS.format(**OF_COSTS), [-key for key in keys if key < 0]),
        ]

    def _get_account_parts(self, own, accounts, invoiced):
        """Return [(part, account id or False, date)] of one movement; `accounts` None: it has no entry."""
        if not accounts:
            return [(1, False, own.date)]
        account_id = own.account_id
        if compat.HAS_LAYERS and not account_id:
            role = "stock_output" if own.quantity < 0 else "stock_input" if own.quantity > 0 else "expense"
            account_id = (accounts.get(role) or accounts["expense"]).id
        part = invoiced.part and decimal(invoiced.part)
        if not part or (not compat.HAS_LAYERS and account_id):
            return [(1, account_id or False, own.date)]
        if own.quantity > 0 and not self.env["stock.move"].sudo().browse(own.move_id).origin_returned_move_id:
            invoiced_account = self._price_difference_account(own.product) or (
                not compat.HAS_LAYERS and accounts["expense"]
            )
            invoiced_id = invoiced_account.id if invoiced_account else account_id
        else:
            invoiced_id = accounts["expense"].id
        date = own.date if compat.HAS_LAYERS else max(own.date, invoiced.date)
        parts = [(part, invoiced_id, date), (1 - part, account_id or False, own.date)]
        return [row for row in parts if row[0]]

    def _price_difference_account(self, product):
        """Return the account of differences between standard cost and vendors' bills, an empty one if there is none."""
        for record, name in (
            (product, "property_account_creditor_price_difference"),
            (product.categ_id, "property_account_creditor_price_difference_categ"),
            (product.categ_id, "property_price_difference_account_id"),
        ):
            if name in record._fields and record[name]:
                return record[name]
        return self.env["account.account"]

    # ------------------------------------------------------------------ what has been invoiced

    def _read_invoiced(self, move_ids):
        """Return {move id: Invoiced} of deliveries, customer returns and receipts by their order lines.

        Invoices take deliveries in order of time, bills take receipts; credit notes take returns. A credit note of
        goods that did not come back undoes the cost of its invoice, so the last ones invoiced count as not invoiced.
        """
        invoiced = {}
        if not compat.HAS_LAYERS or self.env.company.anglo_saxon_accounting:
            if "sale_line_id" in self.env["stock.move"]._fields:
                for line in self._read_order_lines("sale.order.line", "sale_line_id", move_ids):
                    done = line.move_ids.filtered(lambda move: move.state == "done")
                    returns = done.filtered(lambda move: move.location_dest_id.usage != "customer")
                    invoiced.update(self._split_invoiced(done - returns, line.invoice_lines, "out_invoice", returns))
                    invoiced.update(self._split_invoiced(returns, line.invoice_lines, "out_refund"))
            if "purchase_line_id" in self.env["stock.move"]._fields:
                for line in self._read_order_lines("purchase.order.line", "purchase_line_id", move_ids):
                    done = line.move_ids.filtered(
                        lambda move: move.state == "done" and move.location_id.usage == "supplier"
                    )
                    invoiced.update(self._split_invoiced(done, line.invoice_lines, "in_invoice"))
        return invoiced

    def _read_order_lines(self, model, column, move_ids):
        """Return the order lines of stock moves, without reading all the moves."""
        self.env.cr.execute(
            "SELECT DISTINCT {0} FROM stock_move WHERE id = ANY(%s) AND {0} IS NOT NULL".format(column), [move_ids]
        )
        return self.env[model].sudo().browse(row[0] for row in self.env.cr.fetchall())

    def _split_invoiced(self, moves, items, kind, returns=None):
        """Return {move id: Invoiced}: `moves` in order of time are invoiced by the posted `items` of `kind`.

        Less what credit notes took back beyond `returns`, where these are given.
        """
        left, date = self._get_invoiced(items, kind)
        if returns is not None:
            left -= max(0.0, self._get_invoiced(items, "out_refund")[0] - sum(map(self._get_done_quantity, returns)))
        parts = {}
        for move in moves.sorted(lambda move: (move.date, move.id)) if left > 0 else ():
            quantity = self._get_done_quantity(move)
            taken = min(left, quantity)
            left -= taken
            if taken > 0:
                parts[move.id] = Invoiced(decimal(taken) / decimal(quantity), date)
        return parts

    def _get_invoiced(self, items, kind):
        """Return (quantity in the product's unit, last date) of those posted `items` that are of `kind`."""
        items = items.filtered(lambda item: item.move_id.state == "posted" and item.move_id.move_type == kind)
        quantities = [
            item.product_uom_id._compute_quantity(item.quantity, item.product_id.uom_id, round=False) for item in items
        ]
        return sum(quantities), max(items.mapped("move_id.date"), default=None)

    def _get_done_quantity(self, move):
        """Return what `move` moved, in the product's unit."""
        return move.product_uom._compute_quantity(compat.done_quantity(move), move.product_id.uom_id, round=False)
