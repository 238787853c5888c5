"""19.0: positions read in a few queries, and values measured with reading ahead, are Odoo's `total_value`.

Random histories of receipts, deliveries, returns, bills, landed costs and new costs; every costing method, automated
and periodic, with lots and in dozens. Compared after each step, since a figure may be right again by chance later.
"""

import random
import unittest

from odoo.addons.stock_revaluation_journal import compat
from revaluation_common import RevaluationCase

HISTORIES = 3
STEPS = 6


@unittest.skipIf(compat.HAS_LAYERS, "layers up to 18.0 are read as they stand")
class TestPositionsProductValues(RevaluationCase):
    """Figures of the seam against Odoo's own, to the cent."""

    def test_standard_automated_agrees(self):
        """Standard cost, automated valuation."""
        self.check("standard")

    def test_standard_periodic_agrees(self):
        """Standard cost, periodic valuation."""
        self.check("standard", automated=False)

    def test_average_automated_agrees(self):
        """Average cost, automated valuation."""
        self.check("average")

    def test_average_periodic_agrees(self):
        """Average cost, periodic valuation."""
        self.check("average", automated=False)

    def test_fifo_automated_agrees(self):
        """FIFO, automated valuation."""
        self.check("fifo")

    def test_fifo_periodic_agrees(self):
        """FIFO, periodic valuation."""
        self.check("fifo", automated=False)

    def test_average_lots_agree(self):
        """Average cost by lot."""
        self.check("average", lots=True)

    def test_fifo_lots_agree(self):
        """FIFO by lot."""
        self.check("fifo", lots=True)

    def test_revalued_products_agree(self):
        """Products that a journal has revalued, and that moved on afterwards."""
        for method in ("standard", "average", "fifo"):
            product = self.create_product(method, cost=10)
            self.receive(product, 7, 10)
            self.receive(product, 3, 11.37)
            self.revalue(product, value=77.77)
            self.assert_agree(product, method)
            self.deliver(product, 4)
            self.receive(product, 5, 9.99)
            self.assert_agree(product, method)

    # ------------------------------------------------------------------ histories

    def check(self, method, automated=True, lots=False):
        """Let several products live through histories of their own; compare all after each step."""
        stories = [Story(self, method, automated, lots, seed) for seed in range(HISTORIES)]
        products = self.env["product.product"].union(*(story.product for story in stories))
        for _step in range(STEPS):
            done = [story.go_on() for story in stories]
            self.assert_agree(products, done)

    def assert_agree(self, products, story):
        """Check quantity and value of `products`, read at once, against Odoo's."""
        self.flush()
        self.invalidate()
        seam = self.create_journal()._seam()
        found = seam._read_products(products.sudo())
        measured = seam._measure(products.sudo())
        self.invalidate()
        for product in products:
            quantity, value = found.get(product.id, (0.0, 0.0))
            self.assertAlmostEqual(quantity, self.stock_quantity(product), 6, story)
            self.assertMoney(value, self.stock_value(product), str(story))
            self.assertMoney(measured[product.id], self.stock_value(product), str(story))


class Story:
    """One product and what happens to it."""

    def __init__(self, case, method, automated, lots, seed):
        self.case, self.method, self.lots = case, method, []
        self.random = random.Random("%s %s %s %s" % (method, automated, lots, seed))
        vals = {"tracking": "lot", "lot_valuated": True} if lots else {}
        self.product = case.create_product(method, automated, cost=10, **vals)
        self.lots = [case.create_lot(self.product, "S%d" % number) for number in range(2)] if lots else [None]
        self.stock = dict.fromkeys(self.lots, 0)
        self.receipts = []

    def go_on(self):
        """Do something that is possible now; return its name."""
        possible = ["receive", "receive_dozen"]
        if self.receipts:
            possible += ["deliver", "deliver", "give_back", "change_cost"]
            if not self.lots[0]:
                possible += ["bill", "landed_cost"] if self.method != "standard" else ["bill"]
        name = self.random.choice(possible)
        getattr(self, name)()
        return "%s (seed state %s)" % (name, sum(self.stock.values()))

    def _price(self):
        return round(self.random.uniform(5, 15), 2)

    def receive(self):
        """Receive some units."""
        lot, quantity = self.random.choice(self.lots), self.random.randint(1, 9)
        self.receipts.append((self.case.receive(self.product, quantity, self._price(), lot=lot), lot, quantity))
        self.stock[lot] += quantity

    def receive_dozen(self):
        """Receive dozens of a product kept in units (lots: one unit as well, in pieces)."""
        if self.lots[0]:
            return self.receive()
        move = self.case.receive(self.product, 1, 12 * self._price(), uom=self.case.dozen)
        self.receipts.append((move, None, 12))
        self.stock[None] += 12
        return None

    def deliver(self):
        """Deliver part of what is there, or all of it."""
        lot = self.random.choice(self.lots)
        if self.stock[lot] > 0:
            quantity = self.random.randint(1, self.stock[lot])
            self.case.deliver(self.product, quantity, lot=lot)
            self.stock[lot] -= quantity

    def give_back(self):
        """Return a unit of a receipt to the vendor."""
        move, lot, quantity = self.random.choice(self.receipts)
        if not lot and self.stock[lot] >= 1 and quantity < 12:
            self.case.return_(move, 1)
            self.stock[lot] -= 1

    def change_cost(self):
        """Write a new cost by hand, as Odoo offers it."""
        if self.method != "fifo" and not self.lots[0]:
            self.case.pass_time()
            self.product.standard_price = self._price()
            self.case.flush()

    def bill(self):
        """Bill a receipt at another price."""
        move, _lot, _quantity = self.receipts.pop()
        self.case.bill(move, self._price())
        self.receipts.append((move, _lot, _quantity))

    def landed_cost(self):
        """Put a landed cost on a receipt."""
        self.case.landed_cost(self.random.choice(self.receipts)[0], self._price())
