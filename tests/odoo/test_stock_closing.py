"""19.0: the periodic stock closing finds the revaluation booked, and nothing else to do."""

from contextlib import suppress

from odoo.exceptions import UserError
from revaluation_common import RevaluationCase


class TestStockClosing(RevaluationCase):
    def setUp(self):
        super().setUp()
        if not self.has_product_values:
            self.skipTest("the stock closing came with Odoo 19.0")

    def closing(self):
        self.flush()
        self.invalidate()
        return self._in_company(self.company).sudo().with_user(self.reader).sudo()

    def close(self):
        self.closing().action_close_stock_valuation(auto_post=True)
        self.flush()
        self.invalidate()

    def assertClosed(self):
        """The closing says that there is nothing to do."""
        with self.assertRaises(UserError) as caught:
            self.closing().action_close_stock_valuation()
        self.assertIn("correctly closed", str(caught.exception))

    def check(self, *kinds, **options):
        """Receive, close, revalue products of these (method, automated), find all closed."""
        products = self.env["product.product"]
        for method, automated in kinds:
            product = self.create_product(method, automated, cost=10.0 if method == "standard" else 0.0)
            self.receive(product, 3, 10.00)
            products |= product
        self.close()
        self.assertClosed()
        journal = self.calculate(products, **options)
        for line in journal.line_ids:
            line.write({"value_revalued": 40.00})
        self.post(journal)
        self.assertClosed()
        self.assertMoney(self.ledger_balance(self.account_valuation), 40.00 * len(products))

    def test_closing_automated(self):
        self.check(("standard", True), ("average", True), ("fifo", True))

    def test_closing_periodic(self):
        self.check(("standard", False), ("average", False), ("fifo", False))

    def test_closing_both(self):
        self.check(("average", True), ("fifo", False))

    def test_closing_where_variation_and_expense_accounts_are_set_counterpart_variation(self):
        self.account_valuation.account_stock_expense_id = self.account_expense
        self.account_valuation.account_stock_variation_id = self.account_variation
        product = self.create_product("average")
        self.receive(product, 3, 10.00)
        self.close()
        with suppress(UserError):
            self.close()
        self.assertClosed()
        self.revalue(product, value=40.00, counterpart_account_id=self.account_variation.id)
        self.assertClosed()

    def test_closing_before_any_and_after_revaluation_books_the_receipt_only(self):
        product = self.create_product("average")
        self.receive(product, 3, 10.00)
        self.revalue(product, value=40.00)
        self.close()
        self.assertClosed()
        # The receipt's 30.00 came in with the closing, the 10.00 with the revaluation
        self.assertMoney(self.ledger_balance(self.account_valuation), 40.00)
        self.assertMoney(self.ledger_balance(self.account_revaluation), -10.00)
        self.assertMoney(self.ledger_balance(self.account_variation), -30.00)

    def test_closing_after_a_delivery_on_the_new_value(self):
        product = self.create_product("fifo")
        self.receive(product, 10, 10.00)
        self.close()
        self.revalue(product, value=150.00)
        self.deliver(product, 4)
        self.close()
        self.assertClosed()
        self.assertMoney(self.ledger_balance(self.account_valuation), 90.00)

    def test_closing_lots(self):
        for method in ("average", "fifo", "standard"):
            product = self.create_product(
                method, cost=10.0 if method == "standard" else 0.0, tracking="lot", lot_valuated=True
            )
            lot = self.create_lot(product, "L-%s" % method)
            self.receive(product, 3, 10.00, lot=lot)
            self.close()
            self.assertClosed()
            journal = self.calculate(product, "lot")
            self.line(journal, product, lot).write({"value_revalued": 40.00})
            self.post(journal)
            self.assertClosed()

    def test_closing_and_reversal(self):
        product = self.create_product("fifo")
        self.receive(product, 10, 10.00)
        self.close()
        line = self.revalue(product, value=150.00)
        self.deliver(product, 4)
        self.close()
        line.journal_id.action_reverse()
        reversal = line.journal_id.reversal_journal_ids
        self.post(reversal)
        self.assertClosed()
        self.assertMoney(self.ledger_balance(self.account_valuation), 60.00)
