"""Goods delivered before a revaluation and invoiced after it: what Odoo books as their cost, and that books agree."""

from contextlib import suppress

from revaluation_common import RevaluationCase, UserError


class TestDeliveredNotInvoiced(RevaluationCase):
    """10 units at 10.00, 4 of them sold and delivered; the other 6 revalued from 60.00 to 90.00; then the invoice."""

    def sold(self, method):
        product = self.create_product(method, cost=10.0 if method == "standard" else 0.0, invoice_policy="delivery")
        self.receive(product, 10, 10.00)
        order = self.sell(product, 4)
        self.assertEqual(order.order_line.qty_delivered, 4)
        return product, order

    def warns(self, product):
        journal = self.calculate(product)
        self.line(journal, product).write({"value_revalued": 96.00})
        warnings = journal.get_preview()["warnings"]
        journal.unlink()
        return any("Delivered and not invoiced" in text and product.name in text for text in warnings)

    def check(self, method, cost_of_goods_sold):
        product, order = self.sold(method)
        self.assertEqual(self.warns(product), cost_of_goods_sold != 40.00)
        self.revalue(product, value=90.00)
        self.invoice(order)
        self.assertMoney(self.ledger_balance(self.account_expense), cost_of_goods_sold, method)
        self.assertMoney(self.stock_value(product), 90.00, method)
        if self.has_product_values:
            with suppress(UserError):  # nothing left to close
                self._in_company(self.company).sudo().action_close_stock_valuation(auto_post=True)
            self.flush()
            self.invalidate()
        self.assertMoney(self.ledger_balance(self.account_valuation), 90.00, method)
        self.assertFalse(self.warns(product))

    # 4 × 10.00 as delivered; 19.0 takes the cost of the day of the invoice, 15.00, and says so before

    def test_invoice_after_the_revaluation_standard(self):
        self.check("standard", 60.00 if self.has_product_values else 40.00)

    def test_invoice_after_the_revaluation_average(self):
        self.check("average", 60.00 if self.has_product_values else 40.00)

    def test_invoice_after_the_revaluation_fifo(self):
        self.check("fifo", 40.00)
