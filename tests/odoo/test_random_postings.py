"""Random stories of receipts, bills, landed costs, deliveries, returns and revaluations: the rules hold in all.

A case is one product with a history of its own, told by its name alone ("3:17": seed 3, number 17). The
cases of a seed go through their steps together, in one receipt, one delivery, one revaluation journal,
so that each of them costs little. A failure names the case; both of these tell it again:

    setup/test 19.0 tests/odoo/test_random_postings.py -k seed_3
    REVALUATION_RANDOM_CASE=3:17 setup/test 19.0 tests/odoo/test_random_postings.py

`REVALUATION_RANDOM_SEEDS=1-40` takes more seeds than the three of every run.
"""

import os
import random
from collections import Counter

from odoo import fields
from odoo.release import version_info
from revaluation_common import RevaluationCase

SEEDS = os.environ.get("REVALUATION_RANDOM_SEEDS", "1-3")
CASES_PER_SEED = 70
ONE_CASE = os.environ.get("REVALUATION_RANDOM_CASE")

KINDS = ("standard", "average", "fifo", "average", "fifo", "lot")
METHODS = ("standard", "average", "fifo")
PIECES = (1, 2, 3, 7, 10, 33, 147, 1000)
WEIGHTS = (0.01, 0.37, 1.25, 2.5, 10.01, 33.33, 147.0)
FACTORS = (0.0, 0.0, 0.31, 0.5, 0.999, 1.0, 1.07, 3.3, 100.0)


class Case:
    """A product and what happens to it; every choice is drawn from its own generator."""

    def __init__(self, seed, number):
        self.name = "%s:%s" % (seed, number)
        self.rng = random.Random(self.name)
        self.kind = self.rng.choice(KINDS)
        self.method = self.kind if self.kind in METHODS else self.rng.choice(METHODS)
        self.automated = self.rng.random() < 0.5
        self.unit = self.rng.choice(("pieces", "pieces", "dozens", "weight"))
        self.cost = self.price() if self.method == "standard" else 0.0
        self.product, self.quantity = None, 0.0
        self.lots, self.stock = [], Counter()  # {lot or None: quantity}
        self.receipts, self.deliveries = [], []

    def chance(self, probability):
        return self.rng.random() < probability

    def price(self):
        """A purchase price: cents, now and then nothing at all or a lot."""
        if self.chance(0.03):
            return 0.0
        return round(self.rng.uniform(0.01, 4000.0 if self.chance(0.1) else 40.0), 2)

    def incoming(self):
        """How much comes in, in the unit it is bought in."""
        return self.rng.choice(WEIGHTS if self.unit == "weight" else PIECES)

    def part(self, quantity):
        """A part of `quantity`, in the digits of the unit; 0 if there is none."""
        digits = 2 if self.unit == "weight" else 0
        taken = round(quantity * self.rng.uniform(0.05, 0.95), digits)
        return taken if 0 < taken < quantity else 0

    def add(self, quantity, lot=None):
        self.stock[lot] = round(self.stock[lot] + quantity, 6)
        self.quantity = round(sum(self.stock.values()), 6)


class TestRandomPostings(RevaluationCase):
    """One test per seed, at the end of this file."""

    def tell(self, seed, numbers):
        """Let the cases of a seed live through two rounds, and then deliver all they have."""
        self.lines_posted, self.money_moved = 0, 0.0
        self.rng = random.Random(seed)  # of what concerns all cases
        self.freight = round(self.rng.uniform(0.01, 50.0), 2)
        self.cases = [self.begin(Case(seed, number)) for number in numbers]
        for busy in (0.4, 0.2):
            self.receive_some(busy)
            self.bill_some()
            self.deliver_some(busy)
            self.return_some()
            self.revalue_some()
        left = self.deliver_all()
        print(
            "\nseed %s: %d cases, %d lines posted, %.2f moved, %d with a rest on zero stock that Odoo leaves"
            % (seed, len(self.cases), self.lines_posted, self.money_moved, left)
        )

    def begin(self, case):
        by_lot = case.kind == "lot" and self.has_lot_valuation
        vals = {"tracking": "lot", "lot_valuated": True} if by_lot else {}
        if case.unit == "weight":
            vals["uom_id"] = self.kilogram.id
            if "uom_po_id" in self.env["product.template"]._fields:
                vals["uom_po_id"] = self.kilogram.id
        name = "case %s %s%s" % (case.name, case.method, " by lot" if by_lot else "")
        case.product = self.create_product(case.method, case.automated, cost=case.cost, name=name, **vals)
        if by_lot:
            case.lots = [self.create_lot(case.product, "%s %d" % (case.name, number)) for number in (1, 2)]
        return case

    # ------------------------------------------------------------------ stock operations, for all at once

    def receive_some(self, busy):
        """Receive from two orders; at first, everything needs stock."""
        for _order in range(2):
            chosen = [case for case in self.cases if case.quantity == 0 or case.chance(busy / 2)]
            freighted = [case for case in chosen if case.chance(0.15) and self.takes_landed_costs(case)]
            self.receive_together([case for case in chosen if case not in freighted])
            self.receive_together(freighted)
            if freighted:
                receipts = self.env["stock.move"].union(*[case.receipts[-1] for case in freighted])
                # in equal parts: the same for a case whatever others there are
                self.landed_cost(receipts, self.currency.round(self.freight * len(freighted)))

    def takes_landed_costs(self, case):
        return case.method != "standard" and (case.automated or version_info[0] >= 16)

    def receive_together(self, cases):
        """Receive something of each case, from one purchase order."""
        if not cases:
            return
        self.pass_time()
        order = self.env["purchase.order"].create(
            {
                "partner_id": self.vendor.id,
                "company_id": self.company.id,
                "currency_id": self.currency.id,
                "picking_type_id": self.warehouse.in_type_id.id,
                "order_line": [(0, 0, self.purchase_vals(case)) for case in cases],
            }
        )
        order.button_confirm()
        moves = {move.product_id: move for move in order.order_line.move_ids}
        for case in cases:
            move = moves[case.product]
            lot = case.rng.choice(case.lots) if case.lots else None
            if lot or "picked" not in move._fields:
                self._set_move_done(move, move.product_uom_qty, lot=lot)
            case.add(move.product_uom._compute_quantity(move.product_uom_qty, case.product.uom_id), lot)
            case.receipts.append(move)
        if "picked" in order.order_line.move_ids._fields:
            order.order_line.move_ids.picked = True  # from 17.0 on a receipt is complete as it is made
        self.finish(order.picking_ids)

    def purchase_vals(self, case):
        Line = self.env["purchase.order.line"]
        uom = self.dozen if case.unit == "dozens" else case.product.uom_id
        return {
            "name": case.product.name,
            "product_id": case.product.id,
            "product_qty": case.incoming(),
            "price_unit": case.price(),
            "date_planned": fields.Datetime.now(),
            "product_uom" if "product_uom" in Line._fields else "product_uom_id": uom.id,
            "taxes_id" if "taxes_id" in Line._fields else "tax_ids": [(6, 0, [])],
        }

    def bill_some(self):
        """Bill some receipts, one or the other at another price than ordered."""
        entries = []
        for case in self.cases:
            if case.receipts and case.chance(0.15):
                receipt = case.receipts.pop()
                ordered = receipt.purchase_line_id.price_unit
                entries.append((receipt, round(ordered * case.rng.choice((1.0, 0.9, 1.5)), 2), None))
        if entries:
            self.bill_all(entries)

    def deliver_some(self, busy):
        wanted = []
        for case in self.cases:
            lot = case.rng.choice(sorted(case.stock, key=lambda lot: lot.id if lot else 0))
            quantity = case.part(case.stock[lot]) if case.chance(busy) else 0
            if quantity:
                wanted.append((case, quantity, lot, {}))
        for (case, quantity, lot, _vals), move in zip(wanted, self.transfer(wanted, outgoing=True)):
            case.deliveries.append((move, quantity, lot))

    def return_some(self):
        """Customers send some of it back, and the vendor gets back a part of what came in."""
        back = []
        for case in self.cases:
            if case.deliveries and case.chance(0.3):
                move, quantity, lot = case.deliveries.pop()
                quantity = case.part(quantity) or quantity
                back.append((case, quantity, lot, {"origin_returned_move_id": move.id, "to_refund": True}))
        self.transfer(back, outgoing=False)

    def transfer(self, wanted, outgoing):
        """Move [(case, quantity, lot, more values of the move)] to or from the customer; return the moves."""
        if not wanted:
            return self.env["stock.move"]
        self.pass_time()
        source, target = self.stock_location, self.customer_location
        source, target = (source, target) if outgoing else (target, source)
        picking_type = self.warehouse.out_type_id if outgoing else self.warehouse.in_type_id
        common = {
            "picking_type_id": picking_type.id,
            "location_id": source.id,
            "location_dest_id": target.id,
            "company_id": self.company.id,
        }
        picking = self.env["stock.picking"].create(dict(common, partner_id=self.customer.id))
        common["picking_id"] = picking.id
        if "name" in self.env["stock.move"]._fields:
            common["name"] = "random"
        moves = self.env["stock.move"].create(
            [
                dict(
                    common,
                    product_id=case.product.id,
                    product_uom=case.product.uom_id.id,
                    product_uom_qty=quantity,
                    **vals,
                )
                for case, quantity, _lot, vals in wanted
            ]
        )
        picking.action_confirm()
        picking.action_assign()
        for (case, quantity, lot, _vals), move in zip(wanted, moves):
            self._set_move_done(move, quantity, lot=lot)
            case.add(-quantity if outgoing else quantity, lot)
        self.finish(picking)
        return moves

    def finish(self, picking):
        picking._action_done()
        moves = picking["move_ids" if "move_ids" in picking._fields else "move_lines"]
        self.assertEqual(set(moves.mapped("state")), {"done"})
        self.flush()
        self.invalidate()

    # ------------------------------------------------------------------ revaluations

    def revalue_some(self):
        """Revalue in one journal: products, layers and lots, costs and totals, up, down and to nothing."""
        stocked = [case for case in self.cases if case.quantity > 0 and case.chance(0.85)]
        choice = {"product": [], "layer": [], "lot": []}
        for case in stocked:
            choice[case.rng.choice(sorted(choice))].append(case)
        journal = self.create_journal()
        for calculate_per, cases in choice.items():
            if cases:
                products = [case.product.id for case in cases]
                journal.calculate(calculate_per, product_ids=products, existing_lines="keep")
        found = {case.product: 0.0 for case in stocked}
        by_product = {case.product: case for case in stocked}
        for line in journal.line_ids:
            found[line.product_id.with_env(self.env)] += line.quantity
            self.enter_figure(line, by_product[line.product_id])
        for case in stocked:
            self.assertAlmostEqual(found[case.product], case.quantity, 6, case.product.name)
        pieces = {case: self.open_layers(case.product) for case in stocked}
        self.post(journal)
        for case in stocked:
            self.assert_pieces(journal, case, pieces[case])
        self.lines_posted += len(journal.valuation_layer_ids.sudo().revaluation_line_id)
        self.money_moved += journal.amount_increase - journal.amount_decrease
        if self.rng.random() < 0.3:
            self.reverse(journal, stocked)

    def enter_figure(self, line, case):
        """Enter a unit cost or a total, of cents that need not divide well."""
        factor, more = case.rng.choice(FACTORS), case.rng.choice((0, 0, 0.01))
        value = max(0.0, line.value_calculated)  # a lower bill after a write-down can leave less than nothing
        if case.chance(0.5):
            line.write({"unit_cost_revalued": round(value / line.quantity * factor + more, 4)})
        else:
            line.write({"value_revalued": self.currency.round(value * factor + more)})

    def assert_pieces(self, journal, case, before):
        """Σ of the changes of the open layers = Σ amounts of the product, and none is below zero."""
        if case.method == "standard" or case.lots:
            return
        lines = journal.line_ids.filtered(lambda line: line.product_id == case.product)
        after = self.open_layers(case.product)
        self.assertEqual([quantity for quantity, _value in after], [quantity for quantity, _value in before])
        self.assertGreaterEqual(min(value for _quantity, value in after), 0.0, case.product.name)
        if case.method == "fifo":
            change = sum(value for _quantity, value in after) - sum(value for _quantity, value in before)
            # What is read here is rounded: a share of a receipt on 19.0, up to 15.0 layers with fractions of a cent
            rounded = 1 if self.has_product_values else len(after) * self.keeps_fractions
            slack = self.currency.rounding * (rounded + 0.49)
            self.assertAlmostEqual(change, sum(lines.mapped("amount")), delta=slack, msg=case.product.name)

    def reverse(self, journal, stocked):
        """Take it all back: nothing has moved, so every total is what it was."""
        was = {line: (line._key(), line.value_calculated) for line in journal.line_ids if line.state == "posted"}
        journal.action_reverse()
        reversal = journal.reversal_journal_ids
        self.post(reversal)
        if not self.has_product_values:
            # A total under standard cost snaps to what the cost gives
            was = {line: figures for line, figures in was.items() if line.cost_method != "standard"}
        for line, (key, value) in was.items():
            back = reversal.line_ids.filtered(lambda each, key=key: each._key() == key)
            if back:
                self.assertMoney(back.value_revalued, value, line.product_id.name)

    # ------------------------------------------------------------------ the end

    def deliver_all(self):
        """Deliver everything, in one or two goes, and find no value left; return how many had a rest.

        What Odoo itself leaves is known to the cent, see `rest`. Of a product valued by lot 18.0 delivers a
        lot without cost at the product's, and rounds a lot by the whole product's value: only FIFO is looked
        at there.
        """
        start = {case: (self.exact_value(case.product), self.cost(case.product)) for case in self.cases}
        gone = {case: [] for case in self.cases}
        for last in (False, True):
            wanted = []
            for case in self.cases:
                for lot, stock in sorted(case.stock.items(), key=lambda item: item[0].id if item[0] else 0):
                    quantity = stock if last else case.part(stock) if case.chance(0.3) else 0
                    if quantity:
                        gone[case].append(quantity)
                        wanted.append((case, quantity, lot, {}))
            for batch in self.one_lot_at_a_time(wanted):
                self.transfer(batch, outgoing=True)
        return sum(self.assert_nothing_left(case, *start[case], gone=gone[case]) for case in self.cases)

    @staticmethod
    def one_lot_at_a_time(wanted):
        """Odoo merges moves of one product in a delivery: put them into deliveries of their own."""
        batches = []
        for entry in wanted:
            free = [batch for batch in batches if entry[0] not in [each[0] for each in batch]]
            if free:
                free[0].append(entry)
            else:
                batches.append([entry])
        return batches

    @property
    def keeps_fractions(self):
        """Odoo stores quantity × cost with all its decimals: 14.0, and early code of 15.0."""
        return not self.has_product_values and not self.outs_are_corrected

    def rest(self, case, value, cost, gone, limit_in_cents):
        """Return what Odoo leaves of `value` when it delivers `gone` (quantities) at the cost that it has in cents.

        Nothing under FIFO (14.0 half a cent a layer, stored unrounded) and on 19.0. Under standard cost up to
        18.0, and average in 14.0, what the cost cannot carry. Under average cost 15.0 to 18.0 let every delivery
        take its share of that along, if it is not above half a cent a unit: a limit that later code of these
        series rounds to cents.
        """
        if case.method == "fifo" or self.has_product_values:
            return 0.0
        quantity = sum(gone)
        for each in gone:
            share = 0.0
            if case.method == "average" and self.outs_are_corrected:
                share = self.currency.round((cost * quantity - value) * each / quantity)
                limit = max(each * self.currency.rounding / 2, self.currency.rounding)
                limit = self.currency.round(limit) if limit_in_cents else limit
                share = share if abs(share) <= limit else 0.0
            value -= (each * cost if self.keeps_fractions else self.currency.round(each * cost)) - share
            quantity -= each
        return value

    def exact_value(self, product):
        """Return the value as stored: in 14.0 with fractions of a cent."""
        if self.has_product_values:
            return self.stock_value(product)
        return sum(self.layers(product).mapped("value"))

    def layers(self, product):
        return self.env["stock.valuation.layer"].sudo().search([("product_id", "=", product.id)])

    def assert_nothing_left(self, case, value, cost, gone):
        """No layer is open and no value left; return whether there is the rest that Odoo leaves."""
        name = case.product.name
        self.assertAlmostEqual(self.stock_quantity(case.product), 0.0, 6, name)
        self.assertEqual(self.open_layers(case.product), [], name)
        if case.lots and case.method != "fifo" and not self.has_product_values:
            return False
        left, slack = self.stock_value(case.product), 0.0051  # what is shown of a rest of exactly half a cent
        rests = [self.rest(case, value, cost, gone, limit_in_cents) for limit_in_cents in (False, True)]
        rest = min(rests, key=lambda each: abs(each - left))
        if self.keeps_fractions and case.method == "fifo":
            slack += 0.005 * len(self.layers(case.product))
        elif case.method == "average" and self.outs_are_corrected:
            slack += self.currency.rounding  # 15.0 to 18.0 round shares of exactly half a cent either way
        self.assertAlmostEqual(left, rest, delta=slack, msg=name)
        for lot in case.lots:
            self.assertMoney(self.lot_value(lot), 0.0, "%s %s" % (name, lot.name))
        return not self.currency.is_zero(rest)


def seeds():
    """The seeds of this run, with the numbers of their cases."""
    if ONE_CASE:
        seed, number = ONE_CASE.split(":")
        return {int(seed): [int(number)]}
    first, last = (SEEDS.split("-") * 2)[:2]
    return {seed: range(1, CASES_PER_SEED + 1) for seed in range(int(first), int(last) + 1)}


def story(seed, numbers):
    return lambda self: self.tell(seed, numbers)


for each, case_numbers in seeds().items():
    setattr(TestRandomPostings, "test_random_seed_%d" % each, story(each, case_numbers))
