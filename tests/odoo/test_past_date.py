"""A journal dated in the past: figures of that day, shares to what was issued since. The worked histories by hand."""

from datetime import timedelta

from odoo import fields
from revaluation_common import Form, RevaluationCase


class PastDateCase(RevaluationCase):
    """Histories before and after a day ten days ago; what a journal of that day does to it."""

    @classmethod
    def set_up_builders(cls):
        super().set_up_builders()
        cls.day = fields.Date.today() - timedelta(days=10)

    def days_ago(self, days):
        return fields.Date.today() - timedelta(days=days)

    def value_then(self, product):
        """Return Odoo's own inventory value at the end of the day."""
        return self.stock_value(product, at_date="%s 23:59:59" % self.day)

    def past_journal(self, product, value=None, per="product", **vals):
        journal = self.calculate(product, calculate_per=per, date=self.day, **vals)
        if value is not None:
            journal.line_ids.write({"value_revalued": value})
        return journal

    def post_past(self, journal):
        """Post, and prove what holds for any past date: value then and now, layers and shares, nothing earlier."""
        self.flush()
        products = journal.line_ids.product_id
        earlier = "%s 23:59:59" % (self.day - timedelta(days=1))
        before = {p: (self.value_then(p), self.stock_value(p), self.stock_value(p, at_date=earlier)) for p in products}
        ledgers = {p: self.ledger_balance(self.valuation_account(p), p, self.day) for p in products}
        self.carry_out(journal)
        self.flush()
        self.invalidate()
        self.assertEqual(journal.state, "posted")
        for product in products:
            lines = journal.line_ids.filtered(lambda line, product=product: line.product_id == product)
            amount, left = sum(lines.mapped("amount")), sum(lines.mapped("amount_in_stock"))
            then, now, ever = before[product]
            if not self.fifo_has_no_past or self._in_company(product).cost_method != "fifo":
                self.assertMoney(self.stock_value(product, at_date=earlier), ever, "earlier")
            self.assertMoney(self.value_then(product), then + amount, "value then")
            self.assertMoney(self.stock_value(product), now + left, "value now")
            if self.stock_quantity(product) >= 0:
                self.assertGreaterEqual(self.stock_value(product), min(now, 0.0))
            self.assertMoney(sum(lines.mapped("amount_forwarded")), amount - left)
            layers = lines.sudo().valuation_layer_ids
            self.assertMoney(sum(layers.mapped("value")), left, "layers")
            forwarded = lines.sudo().forwarded_layer_ids
            self.assertMoney(-sum(forwarded.mapped("value")), amount - left, "forwarded layers")
            ledger = self.ledger_balance(self.valuation_account(product), product, self.day) - ledgers[product]
            self.assertMoney(ledger, amount if self.is_booked(product) else 0.0, "ledger then")
        return journal

    def carry_out(self, journal):
        journal.action_post()

    def shares(self, journal):
        """Return [amount forwarded to each movement], in order of time, of the same sign as in the books' words."""
        layers = journal.sudo().forwarded_layer_ids.sorted(lambda layer: (layer.create_date, layer.id))
        return [layer.value for layer in layers]


class TestWorkedHistories(PastDateCase):
    """F1 to S2 of the design."""

    def test_f1_fifo_two_issues_over_two_layers(self):
        product = self.create_product("fifo")
        self.receive(product, 10, 10)
        self.receive(product, 10, 12)
        self.deliver(product, 6)
        self.pass_time(days=15)
        self.deliver(product, 5)
        self.receive(product, 5, 20)
        self.deliver(product, 3)
        self.pass_time(days=1)
        journal = self.past_journal(product)
        line = journal.line_ids
        # 4 @ 10 + 10 @ 12
        self.assertEqual((line.quantity, line.quantity_now), (14, 11))
        self.assertMoney(line.value_calculated, 160.00)
        with Form(journal) as form, form.line_ids.edit(0) as edited:
            edited.value_revalued = 132.00  # the form asks for the shares before it is saved
        # -28 / 14 = -2 a unit: 5 and 3 went, 6 are there
        self.assertMoney(line.amount_forwarded, -16.00)
        self.assertMoney(line.amount_in_stock, -12.00)
        self.post_past(journal)
        self.assertEqual(self.shares(journal), [10.00, 6.00])
        self.assertMoney(self.stock_value(product), 160.00)
        self.assertLayers(product, [(6, 60.00), (5, 100.00)])
        self.deliver(product, 11)
        self.assertMoney(self.stock_value(product), 0.00)

    def test_f2_fifo_customer_return(self):
        product = self.create_product("fifo")
        self.receive(product, 10, 10)
        self.pass_time(days=15)
        delivery = self.deliver(product, 4)
        self.return_(delivery, 1)
        self.pass_time(days=1)
        journal = self.post_past(self.past_journal(product, 80.00))
        self.assertEqual(self.shares(journal), [8.00, -2.00])
        self.assertMoney(journal.line_ids.amount_in_stock, -14.00)
        self.assertMoney(self.stock_value(product), 56.00)
        # one more comes back, at what it costs now: 8.00
        self.return_(delivery, 1)
        self.assertMoney(self.stock_value(product), 64.00)

    def test_f3_fifo_stock_below_zero(self):
        product = self.create_product("fifo")
        self.receive(product, 4, 10)
        self.pass_time(days=15)
        self.deliver(product, 9)
        self.receive(product, 10, 12)
        self.pass_time(days=1)
        journal = self.post_past(self.past_journal(product, 32.00))
        self.assertEqual(self.shares(journal), [8.00])
        self.assertMoney(journal.line_ids.amount_in_stock, 0.00)
        self.assertMoney(self.stock_value(product), 60.00)

    def test_a1_average_receipt_between_two_issues(self):
        product = self.create_product("average")
        self.receive(product, 10, 10)
        self.pass_time(days=15)
        self.deliver(product, 4)
        self.receive(product, 6, 16)
        self.deliver(product, 3)
        self.pass_time(days=1)
        journal = self.post_past(self.past_journal(product, 80.00))
        self.assertEqual(self.shares(journal), [8.00, 3.00])
        self.assertMoney(journal.line_ids.amount_in_stock, -9.00)
        self.assertMoney(self.stock_value(product), 108.00)
        self.assertAlmostEqual(self.cost(product), 12.00, 4)
        self.deliver(product, 9)
        self.assertMoney(self.stock_value(product), 0.00)

    def test_a2_average_thirds_of_a_cent(self):
        product = self.create_product("average")
        self.receive(product, 3, 3.33)
        self.pass_time(days=15)
        self.deliver(product, 1)
        self.deliver(product, 1)
        self.pass_time(days=1)
        journal = self.post_past(self.past_journal(product, 10.99))
        shares = self.shares(journal)
        self.assertEqual(sorted(round(share, 2) for share in shares)[1], -0.33)
        self.assertIn(round(min(shares), 2), (-0.34, -0.33))
        self.assertMoney(-sum(shares) + journal.line_ids.amount_in_stock, 1.00)

    def test_s1_standard_receipt_since(self):
        product = self.create_product("standard", cost=10.0)
        self.receive(product, 10, 10)
        self.pass_time(days=15)
        self.deliver(product, 4)
        self.receive(product, 2, 10)
        self.pass_time(days=1)
        journal = self.post_past(self.past_journal(product, 80.00))
        self.assertEqual(self.shares(journal), [8.00, -4.00])
        self.assertMoney(journal.line_ids.amount_in_stock, -16.00)
        self.assertMoney(self.stock_value(product), 64.00)
        self.assertAlmostEqual(self.cost(product), 8.00, 4)

    def test_s2_standard_cost_set_since(self):
        product = self.create_product("standard", cost=10.0)
        self.receive(product, 10, 10)
        self.pass_time(days=15)
        self.deliver(product, 4)
        self.pass_time(days=1)
        self._in_company(product).sudo().standard_price = 12.0
        self.flush()
        self.pass_time(days=1)
        self.assertMoney(self.stock_value(product), 72.00)
        journal = self.post_past(self.past_journal(product, 80.00))
        # 4 × 2 went with the delivery; the change to 12.00 is worth 6 × 4 = 24.00 instead of 12.00
        self.assertEqual(self.shares(journal), [8.00, 12.00])
        self.assertMoney(journal.line_ids.amount_in_stock, 0.00)
        self.assertMoney(self.stock_value(product), 72.00)
        self.assertAlmostEqual(self.cost(product), 12.00, 4)
