"""Where the share of an issue is booked: to the account its cost went to, by hand; and what Odoo recomputes later."""

from datetime import timedelta

import test_invoices
from odoo import fields
from test_past_date import PastDateCase


class TestPastAccounts(PastDateCase):
    """10 @ 10.00 on the day; since then 4 delivered, 3 of them invoiced. The day's stock to 80.00: -2 a unit."""

    sale_vals = test_invoices.TestDeliveredNotInvoiced.sale_vals
    invoice = test_invoices.TestDeliveredNotInvoiced.invoice

    def sell(self, product):
        order = self.env["sale.order"].create(
            {
                "partner_id": self.customer.id,
                "company_id": self.company.id,
                "warehouse_id": self.warehouse.id,
                "order_line": [(0, 0, self.sale_vals(product))],
            }
        )
        order.action_confirm()
        move = order.order_line.move_ids
        self._set_move_done(move, 4)
        move.picking_id._action_done()
        self.flush()
        self.invalidate()
        return order

    def check(self, method):
        product = self.create_product(method, invoice_policy="delivery")
        self.receive(product, 10, 10)
        self.pass_time(days=15)
        order = self.sell(product)
        self.pass_time(days=1)
        invoice = order._create_invoices()
        invoice.invoice_date = fields.Date.today()
        line = invoice.invoice_line_ids
        invoice.write({"invoice_line_ids": [(1, line.id, {"quantity": 3})]})
        invoice.action_post()
        self.flush()
        self.invalidate()
        self.assertMoney(self.ledger_balance(self.account_expense, product), 30.00)
        journal = self.past_journal(product, 80.00, counterpart_account_id=self.account_revaluation.id)
        self.post_past(journal)
        # 3 of the 4 are invoiced: 6.00 to the cost of goods sold, 2.00 where the goods wait for their invoice
        self.assertMoney(self.ledger_balance(self.account_expense, product), 24.00, method)
        forwarded = journal.sudo().forwarded_layer_ids
        self.assertEqual(sorted(forwarded.mapped("value")), [2.00, 6.00])
        to_expense = forwarded.filtered(lambda layer: layer.revaluation_account_id == self.account_expense)
        self.assertEqual(to_expense.mapped("value"), [6.00])
        # the invoice of the fourth takes 8.00 along by itself: 4 × 8.00 altogether
        self.invoice(order)
        self.assertMoney(self.ledger_balance(self.account_expense, product), 32.00, method)
        self.assertMoney(self.stock_value(product), 48.00, method)
        # 19.0 books a receipt with its bill, which has not come: 100.00
        unbilled = 100.00 if self.has_product_values else 0.0
        ledger = self.ledger_balance(self.valuation_account(product), product)
        self.assertMoney(ledger, 48.00 - unbilled, method)

    def test_delivery_partly_invoiced_fifo(self):
        self.check("fifo")

    def test_delivery_partly_invoiced_average(self):
        self.check("average")

    def test_value_set_by_hand_keeps_the_revaluation_of_an_earlier_day(self):
        if not self.has_product_values:
            self.skipTest("up to 18.0 a receipt's value is not computed again")
        product = self.create_product("fifo")
        receipt = self.receive(product, 10, 10)
        self.pass_time(days=20)
        self.env["product.value"].create(
            {
                "move_id": receipt.id,
                "value": 150.0,
                "company_id": self.company.id,
                "date": fields.Datetime.now() - timedelta(days=15),
            }
        )
        self.flush()
        self.invalidate()
        self.post_past(self.past_journal(product, 200.00))
        receipt._set_value()
        self.flush()
        self.invalidate()
        self.assertMoney(self.stock_value(product), 200.00)
        # a value set by hand after it replaces both
        self.env["product.value"].create({"move_id": receipt.id, "value": 90.0, "company_id": self.company.id})
        self.flush()
        self.invalidate()
        self.assertMoney(self.stock_value(product), 90.00)

    def test_revaluation_in_the_second_of_a_change_of_cost(self):
        for method in ("average", "standard"):
            product = self.create_product(method, cost=10.0 if method == "standard" else 0.0)
            self.receive(product, 10, 10)
            self.pass_time()
            self._in_company(product).sudo().standard_price = 11.0
            self.flush()
            journal = self.calculate(product)
            journal.line_ids.value_revalued = 120.00
            journal.action_post()
            self.flush()
            self.invalidate()
            self.assertMoney(self.stock_value(product), 120.00, method)
