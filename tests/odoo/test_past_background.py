"""A large journal of a past day: posted in the background, chunk by chunk, each with what went on."""

from datetime import timedelta

from odoo import fields
from test_background import BackgroundCase


class TestPastBackground(BackgroundCase):
    """Nine products, 10 at 10.00 each at the day, 4 of each delivered since; to 12.00: +20.00, of it +12.00 left."""

    def test_chunks_forward_their_shares(self):
        self.pass_time(days=15)
        for product in self.products:
            self.deliver(product, 4)
        self.journal.date = fields.Date.today() - timedelta(days=10)
        self.journal.line_ids.filtered(lambda line: line.product_id != self.unchanged).unit_cost_revalued = 12.00
        self.assertMoney(self.journal.amount, 180.00)
        self.assertMoney(self.journal.amount_in_stock, 108.00)
        self.restart()
        self.start()
        self.run_background()
        self.assertEqual((self.journal.state, self.journal.problem), ("posted", False))
        forwarded = self.journal.sudo().forwarded_layer_ids
        self.assertEqual(set(forwarded.mapped("value")), {-8.00})
        self.assertEqual(forwarded.product_id, self.products)
        for product in self.products:
            self.assertMoney(self.stock_value(product), 72.00, product.name)
            self.assertMoney(self.stock_value(product, at_date="%s 23:59:59" % self.journal.date), 120.00)

    def test_what_moved_since_is_work_as_well(self):
        """Six deliveries of each product since: of ten lines each is as much work as 1 + 6 / 3 = 3 of today."""
        limit, chunk = self.journal._get_background_limit(), self.journal._get_chunk_size()
        self.pass_time(days=15)
        for product in self.products | self.unchanged:
            for _number in range(6):
                self.deliver(product, 1)
        self.assertEqual(self.journal._get_weight(), 1)
        self.journal.date = fields.Date.today() - timedelta(days=10)
        self.assertEqual(len(self.journal.line_ids), 10)
        self.assertEqual(self.journal._get_weight(), 3)
        self.assertEqual(self.journal._get_background_limit(), max(1, limit // 3))
        self.assertEqual(self.journal._get_chunk_size(), max(1, chunk // 3))
