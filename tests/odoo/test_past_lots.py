"""Lots that have a value of their own, as of a past day: 18.0 has it; 19.0 keeps no value of lots at a date."""

from test_past_date import PastDateCase


class TestPastLots(PastDateCase):
    """Lot A 10 @ 10.00 and lot B 5 @ 20.00 at the day; since then 4 of A delivered."""

    def history(self, method):
        if not self.has_lot_valuation:
            self.skipTest("lots have a value of their own from 18.0 on")
        product = self.create_product(method, tracking="lot", lot_valuated=True)
        lots = [self.create_lot(product, "%s-%s" % (method, name)) for name in "AB"]
        self.receive(product, 10, 10, lot=lots[0])
        self.receive(product, 5, 20, lot=lots[1])
        self.pass_time(days=15)
        self.deliver(product, 4, lot=lots[0])
        self.pass_time(days=1)
        return product, lots

    def check(self, method):
        product, (first, second) = self.history(method)
        journal = self.past_journal(product, per="lot")
        if self.has_product_values:
            self.assertFalse(journal.line_ids)
            self.assertIn(product.name, journal.left_out)
            return
        line = self.line(journal, product, first)
        self.assertEqual((line.quantity, line.quantity_now), (10, 6))
        line.value_revalued = 80.00
        self.assertMoney(line.amount_in_stock, -12.00)
        self.post_past(journal)
        self.assertEqual(self.shares(journal), [8.00])
        self.assertMoney(self.lot_value(first), 48.00)
        self.assertMoney(self.lot_value(second), 100.00)
        self.assertAlmostEqual(self.cost(first), 8.00, 2)
        # both by the product: 180.00 to 150.00 is 10.00 a unit, A 100.00 (+20.00), B 50.00 (-50.00); of A 4 have left
        self.pass_time()
        journal = self.post_past(self.past_journal(product, 150.00))
        self.assertEqual(self.shares(journal), [-8.00])
        self.assertMoney(self.lot_value(first), 60.00)
        self.assertMoney(self.lot_value(second), 50.00)
        reversal = self.env["stock.revaluation.journal"].browse(journal.action_reverse()["res_id"])
        self.post_past(reversal)
        self.assertMoney(self.lot_value(first), 48.00)
        self.assertMoney(self.lot_value(second), 100.00)

    def test_lots_average(self):
        self.check("average")

    def test_lots_fifo(self):
        self.check("fifo")
