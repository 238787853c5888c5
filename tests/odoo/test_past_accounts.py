"""Where the share of an issue is booked: to the account its cost went to, by hand; and what Odoo recomputes later."""

from datetime import timedelta

from odoo import fields
from revaluation_common import UserError
from test_past_date import PastDateCase


class TestPastAccounts(PastDateCase):
    """10 @ 10.00 on the day; since then 4 delivered, 3 of them invoiced. The day's stock to 80.00: -2 a unit."""

    def check(self, method):
        product = self.create_product(method, invoice_policy="delivery")
        self.receive(product, 10, 10)
        self.pass_time(days=15)
        order = self.sell(product, 4)
        self.pass_time(days=1)
        self.invoice(order, 3)
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

    def close(self):
        self._in_company(self.company).sudo().with_user(self.reader).sudo().action_close_stock_valuation(auto_post=True)
        self.flush()
        self.invalidate()

    def test_stock_closing_sees_the_value_of_the_day_and_of_now(self):
        if not self.has_product_values:
            self.skipTest("the stock closing came with Odoo 19.0")
        products = self.env["product.product"]
        for method in ("fifo", "average", "standard"):
            for automated in (True, False):
                product = self.create_product(method, automated, cost=10.0 if method == "standard" else 0.0)
                self.receive(product, 10, 10)
                products |= product
        self.pass_time(days=15)
        for product in products:
            self.deliver(product, 4)
        self.pass_time(days=1)
        self.close()  # everything up to now is in the ledger: 6 × 10.00 of each
        account = self.account_valuation
        self.assertMoney(self.ledger_balance(account), 60.00 * 6)
        journal = self.past_journal(products)
        journal.line_ids.value_revalued = 80.00
        self.post_past(journal)
        self.assertMoney(sum(self.stock_value(product) for product in products), 48.00 * 6)
        # at the day -20.00 each; the 8.00 each of what was delivered since the closing books today, and no cent more
        self.assertMoney(self.ledger_balance(account), 60.00 * 6 - 20.00 * 6)
        self.close()
        self.assertMoney(self.ledger_balance(account), 48.00 * 6)
        with self.assertRaises(UserError) as caught:
            self.close()
        self.assertIn("correctly closed", str(caught.exception))

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
