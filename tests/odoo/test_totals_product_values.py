"""19.0: what all stock is worth, read at once, is Odoo's `total_value`, now and at the end of past days.

What documents and purchase orders do is checked through Inventory to Ledger; here is what it meets seldom: receipts
without a document, which Odoo values at the cost of today; moves of several lines; stock below zero; other owners'
goods.
"""

import unittest
from datetime import timedelta

from odoo import fields
from odoo.addons.stock_revaluation_journal import compat
from revaluation_common import RevaluationCase


@unittest.skipIf(compat.HAS_LAYERS, "layers up to 18.0 are summed as they stand")
class TestTotalsProductValues(RevaluationCase):
    """Totals of the seam against Odoo's own, to the cent."""

    def find(self, product, quantity, lots=()):
        """Let goods come in without an order, one line for each lot."""
        self.pass_time()
        move = self._prepare_transfer(
            product, quantity, self.supplier_location, self.stock_location, self.warehouse.in_type_id, *lots[:1]
        )
        for lot in lots[1:]:
            move.move_line_ids[0].copy({"lot_id": lot.id, "quantity": 3, "picked": True})
        move.picking_id._action_done()
        self.flush()
        return move

    def live(self, method):
        """Return products of a costing method, each with a story of its own over three days."""
        usual, below, tracked, sold = products = [self.create_product(method, cost=10) for _number in range(4)]
        tracked.tracking = "lot"
        lots = [self.create_lot(tracked, name) for name in "AB"]
        self.receive_consigned(usual, 2, self.customer)
        self.receive(usual, 7, 10.03)
        self.find(usual, 5)
        self.deliver(tracked, 2, lot=lots[0])
        self.deliver(below, 5)
        self.receive(sold, 3, 8)
        self.deliver(sold, 3)
        self.pass_time(days=1)
        self.find(below, 3)
        self.find(tracked, 4, lots)
        self.find(sold, 2)
        self.deliver(usual, 4)
        self.pass_time(days=1)
        for product in products if method != "fifo" else ():
            product.standard_price = 13.21
        receipt = self.receive(usual, 6, 14.11)
        self.find(usual, 1)
        self.deliver(tracked, 3, lot=lots[1])
        self.pass_time(days=1)
        self.bill(receipt, 15)
        if method != "standard":
            self.landed_cost(receipt, 7.77)
        self.deliver(sold, 1)
        return self.env["product.product"].union(*products)

    def test_totals_standard_agree(self):
        """Standard cost."""
        self.check("standard")

    def test_totals_average_agree(self):
        """Average cost."""
        self.check("average")

    def test_totals_fifo_agree(self):
        """FIFO."""
        self.check("fifo")

    def check(self, method):
        products, today = self.live(method), fields.Date.today()
        seam = self.create_journal()._seam()
        for days in range(5):
            date = today - timedelta(days=days)
            found = seam._read_totals(products.sudo(), seam._value_date(date), date)
            for number, product in enumerate(products):
                expected = self.stock_value(product, at_date="%s 23:59:59" % date if days else None)
                self.assertMoney(seam._money(found[product.id]), expected, "%s, %d days ago" % (number, days))
