"""Goods sold, invoiced and credited after a journal of an earlier day has forwarded their share: books stay tied."""

from odoo import fields
from test_past_date import PastDateCase

CASES = ("all_returned", "one_returned", "credited_from_order", "nothing_returned", "invoiced_in_parts")
CREDITED_BEFORE = ("all", "one", "one_dated_before_the_day", "one_of_three", "one_invoiced_again", "one_returned")


class TestPastCreditNotes(PastDateCase):
    """10 @ 10.00 on the day, billed; since then 4 sold and invoiced at 40.00. The day's stock from 100.00 to 80.00.

    -2.00 a unit: 8.00 of it to the cost of goods sold, which is 32.00 then, and 48.00 for the 6 in stock.
    """

    def test_credit_notes_after_a_journal_of_an_earlier_day(self):
        orders = self.stock_of(CASES)
        for product, (method, case) in orders.items():
            order = self.sell(product, 4)
            invoice = self.invoice(order, 3 if case == "invoiced_in_parts" else None)
            orders[product] = (method, case, order, invoice)
        self.revalue_all(orders)
        for product, (method, case, order, invoice) in orders.items():
            with self.subTest(method=method, case=case):
                if case != "invoiced_in_parts":
                    self.assert_books(product, 48.00, 32.00)
                getattr(self, "check_" + case)(product, order, invoice)

    def check_all_returned(self, product, order, invoice):
        self.return_sold(order, 4)
        self.credit(invoice)
        # all 10 are back, at 8.00
        self.assert_books(product, 80.00, 0.00)

    def check_one_returned(self, product, order, invoice):
        self.return_sold(order, 1)
        self.credit(invoice, 1)
        # 7 at 8.00; 3 stay sold
        self.assert_books(product, 56.00, 24.00)

    def check_credited_from_order(self, product, order, _invoice):
        self.return_sold(order, 1)
        note = order._create_invoices(final=True)
        self.assertEqual(note.move_type, "out_refund")
        self.post_note(note)
        self.assert_books(product, 56.00, 24.00)

    def check_nothing_returned(self, product, order, invoice):
        self.credit(invoice)
        # the 4 are delivered and not invoiced: 32.00 wait for their invoice
        self.assert_books(product, 48.00, 0.00, 32.00)
        self.invoice(order)
        self.assert_books(product, 48.00, 32.00)

    def check_invoiced_in_parts(self, product, order, first):
        # 3 of 4 were invoiced before the journal: 30.00 - 6.00; the fourth for 8.00 after it
        self.assert_books(product, 48.00, 24.00, 8.00)
        second = self.invoice(order)
        self.assert_books(product, 48.00, 32.00)
        self.return_sold(order, 4)
        self.credit(second)
        # 8.00 of the second invoice; the 24.00 of the first one's goods are back and not credited
        self.assert_books(product, 80.00, 24.00, -24.00)
        self.credit(first)
        self.assert_books(product, 80.00, 0.00)

    def test_credit_notes_without_return_before_a_journal_of_an_earlier_day(self):
        """The cost of what is credited waits for its next invoice again, and so does its share of the change."""
        orders = self.stock_of(CREDITED_BEFORE)
        for product, (method, case) in orders.items():
            order = self.sell(product, 4)
            invoice = self.invoice(order, 3 if case == "one_of_three" else None)
            if case == "one_returned":
                self.return_sold(order, 1)
            date = self.days_ago(11) if case == "one_dated_before_the_day" else None
            self.credit(invoice, None if case == "all" else 1, date)
            if case == "one_invoiced_again":
                self.invoice(order)
            orders[product] = (method, case, order, invoice)
        self.revalue_all(orders)
        # -2.00 a unit of 10: the stock has 6 at 8.00, what was sold cost 8.00 each, invoiced or not
        for product, (method, case, order, invoice) in orders.items():
            with self.subTest(method=method, credited=case):
                getattr(self, "check_credited_" + case)(product, order, invoice)

    def check_credited_all(self, product, order, _invoice):
        self.assert_books(product, 48.00, 0.00, 32.00)
        self.invoice(order)
        self.assert_books(product, 48.00, 32.00)

    def check_credited_one(self, product, order, invoice):
        # 3 at 8.00, one waits
        self.assert_books(product, 48.00, 24.00, 8.00)
        self.credit(invoice, 1)
        self.assert_books(product, 48.00, 16.00, 16.00)
        self.invoice(order)
        self.assert_books(product, 48.00, 32.00)

    def check_credited_one_dated_before_the_day(self, product, order, _invoice):
        self.assert_books(product, 48.00, 24.00, 8.00)
        self.return_sold(order, 1)
        # it comes back at 8.00: 7 in stock
        self.assert_books(product, 56.00, 24.00)

    def check_credited_one_of_three(self, product, order, _invoice):
        # 2 at 8.00; one that was credited and one that was not invoiced yet wait
        self.assert_books(product, 48.00, 16.00, 16.00)
        self.invoice(order)
        self.assert_books(product, 48.00, 32.00)

    def check_credited_one_invoiced_again(self, product, order, _invoice):
        self.assert_books(product, 48.00, 32.00)
        self.deliver_more(order, 1)
        self.invoice(order)
        # 5 at 8.00
        self.assert_books(product, 40.00, 40.00)

    def check_credited_one_returned(self, product, order, _invoice):
        # 3 stay sold, 7 are in stock
        self.assert_books(product, 56.00, 24.00)
        self.deliver_more(order, 1)
        self.invoice(order)
        self.assert_books(product, 48.00, 32.00)

    def stock_of(self, cases):
        """Return {product: (method, case)} of each costing method and case, received and billed before the day."""
        found = {}
        for method in ("fifo", "average", "standard"):
            for case in cases:
                cost = 10.0 if method == "standard" else 0.0
                found[self.create_product(method, cost=cost, invoice_policy="delivery")] = (method, case)
        self.bill_all([(self.receive(product, 10, 10), 10.00, None) for product in found])
        self.pass_time(days=15)
        return found

    def revalue_all(self, products):
        """Post the journal of the day, every product to 80.00."""
        self.pass_time(days=1)
        products = self.env["product.product"].concat(*products)
        self.post_past(self.past_journal(products, 80.00, counterpart_account_id=self.account_revaluation.id))

    def assert_books(self, product, stock, expense, delivered=0.0):
        """Stock value, cost of goods sold, and the cost of what is delivered and not invoiced.

        Up to 18.0 that stands on the interim account, on 19.0 it is still in the stock account.
        """
        self.assertMoney(self.stock_value(product), stock)
        self.assertMoney(self.ledger_balance(self.account_expense, product), expense)
        in_stock_account = delivered if self.has_product_values else 0.0
        ledger = self.ledger_balance(self.valuation_account(product), product)
        self.assertMoney(ledger, stock + in_stock_account)
        if not self.has_product_values:
            self.assertMoney(self.ledger_balance(self.account_output, product), delivered)

    def return_sold(self, order, quantity):
        """Take back what an order has delivered, as Odoo's own Return does it: the move is one of the order's."""
        move = order.order_line.move_ids
        vals = {"origin_returned_move_id": move.id, "to_refund": True, "sale_line_id": order.order_line.id}
        return self._transfer(
            move.product_id, quantity, move.location_dest_id, move.location_id, self.warehouse.in_type_id, **vals
        )

    def deliver_more(self, order, quantity):
        """Deliver `quantity` more on the line of an order."""
        move = order.order_line.move_ids.filtered(lambda move: move.location_dest_id == self.customer_location)
        vals = {"sale_line_id": order.order_line.id}
        self._transfer(
            move.product_id, quantity, move.location_id, move.location_dest_id, self.warehouse.out_type_id, **vals
        )

    def credit(self, invoice, quantity=None, date=None):
        """Post the credit note of an invoice, or of `quantity` of it."""
        note = invoice._reverse_moves([{"date": date or fields.Date.today()}])
        if quantity is not None:
            note.write({"invoice_line_ids": [(1, note.invoice_line_ids.id, {"quantity": quantity})]})
        self.post_note(note, date)

    def post_note(self, note, date=None):
        note.invoice_date = date or fields.Date.today()
        note.action_post()
        self.flush()
        self.invalidate()
