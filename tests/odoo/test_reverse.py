"""Reverse: a new draft that takes the amounts back, scaled to what is still there."""

from revaluation_common import REFUSALS, RevaluationCase


class TestReverse(RevaluationCase):
    def stocked(self, method, *receipts, **options):
        product = self.create_product(method, cost=receipts[0][1] if method == "standard" else 0.0, **options)
        for quantity, cost in receipts:
            self.receive(product, quantity, cost)
        return product

    def reverse(self, journal):
        """Press Reverse; return the new draft."""
        known = journal.reversal_journal_ids
        journal.action_reverse()
        reversal = journal.reversal_journal_ids - known
        self.assertEqual(len(reversal), 1)
        self.assertEqual(reversal.state, "draft")
        self.assertEqual(reversal.reversed_journal_id, journal)
        self.assertEqual(reversal.company_id, journal.company_id)
        return reversal

    def test_reverse_mirrors_exactly_if_nothing_moved(self):
        for method in ("standard", "average", "fifo"):
            product = self.stocked(method, (10, 10.00))
            journal = self.revalue(product, value=125.00).journal_id
            reversal = self.reverse(journal)
            self.assertMoney(self.line(reversal, product).amount, -25.00, method)
            self.post(reversal)
            self.assertMoney(self.stock_value(product), 100.00, method)
            self.assertMoney(self.ledger_balance(self.account_revaluation, product), 0.0, method)

    def test_reverse_147_units_average_exactly(self):
        product = self.stocked("average", (147, 3.40))
        journal = self.revalue(product, value=750.00).journal_id
        self.post(self.reverse(journal))
        self.assertMoney(self.stock_value(product), 499.80)
        self.assertAlmostEqual(self.cost(product), 3.40, 6)

    def test_reverse_decrease(self):
        product = self.stocked("fifo", (5, 5.00), (5, 10.00))
        journal = self.revalue(product, value=0.0).journal_id
        self.post(self.reverse(journal))
        self.assertMoney(self.stock_value(product), 75.00)

    def test_reverse_uneven_layers_gives_each_back_what_it_lost(self):
        product = self.stocked("fifo", (5, 5.00), (5, 10.00))
        journal = self.revalue(product, value=0.0).journal_id
        self.post(self.reverse(journal))
        self.assertLayers(product, [(5, 25.00), (5, 50.00)])

    def test_reverse_scales_to_the_quantity_still_there_fifo(self):
        product = self.stocked("fifo", (10, 10.00))
        journal = self.revalue(product, value=150.00).journal_id
        self.deliver(product, 4)
        reversal = self.reverse(journal)
        # + 50.00 on 10; 6 are left: 30.00 to take back
        self.post(reversal)
        self.assertMoney(reversal.amount, -30.00)
        self.assertMoney(self.stock_value(product), 60.00)

    def test_reverse_scales_to_the_quantity_still_there_average(self):
        product = self.stocked("average", (10, 10.00))
        journal = self.revalue(product, value=150.00).journal_id
        self.deliver(product, 4)
        reversal = self.reverse(journal)
        self.post(reversal)
        self.assertMoney(reversal.amount, -30.00)
        self.assertMoney(self.stock_value(product), 60.00)

    def test_reverse_scales_to_the_quantity_still_there_standard(self):
        product = self.stocked("standard", (10, 10.00))
        journal = self.revalue(product, unit_cost=12.00).journal_id
        self.deliver(product, 4)
        reversal = self.reverse(journal)
        self.post(reversal)
        # 6 × (10 − 12)
        self.assertMoney(reversal.amount, -12.00)
        self.assertMoney(self.stock_value(product), 60.00)

    def test_reverse_leaves_later_receipts_alone_fifo(self):
        product = self.stocked("fifo", (10, 10.00))
        journal = self.revalue(product, value=150.00).journal_id
        self.deliver(product, 4)
        self.receive(product, 10, 20.00)
        reversal = self.reverse(journal)
        self.post(reversal)
        self.assertLayers(product, [(6, 60.00), (10, 200.00)])

    def test_reverse_layer_lines(self):
        product = self.stocked("fifo", (5, 5.00), (5, 10.00))
        journal = self.calculate(product, "layer")
        first, second = self.lines_by_layer(journal, product)
        first.write({"value_revalued": 35.00})
        second.write({"value_revalued": 20.00})
        self.post(journal)
        self.deliver(product, 2)
        # First: 21.00 left of 35.00, of the 10.00 added 6.00; second: 20.00, of −30.00 all
        reversal = self.reverse(journal)
        self.post(reversal)
        self.assertLayers(product, [(3, 15.00), (5, 50.00)])

    def test_reverse_lots(self):
        if not self.has_lot_valuation:
            self.skipTest("Odoo values no lots before 18.0")
        product = self.create_product("average", tracking="lot", lot_valuated=True)
        one, two = self.create_lot(product, "ONE"), self.create_lot(product, "TWO")
        self.receive(product, 6, 10.00, lot=one)
        self.receive(product, 10, 20.00, lot=two)
        journal = self.calculate(product, "lot")
        self.line(journal, product, one).write({"value_revalued": 90.00})
        self.post(journal)
        self.deliver(product, 2, lot=one)
        reversal = self.reverse(journal)
        self.post(reversal)
        # 90.00 × 4 / 6 = 60.00; of the 30.00 added 20.00 are still there
        self.assertMoney(self.lot_value(one), 40.00)
        self.assertMoney(self.lot_value(two), 200.00)

    def test_reverse_when_nothing_is_left_is_refused_with_the_reason(self):
        product = self.stocked("fifo", (10, 10.00), name="Gone product")
        journal = self.revalue(product, value=150.00).journal_id
        self.deliver(product, 10)
        try:
            journal.action_reverse()
        except REFUSALS as refusal:
            self.assertIn(journal.name, str(refusal))
            return
        reversal = journal.reversal_journal_ids
        self.assertFalse(reversal.line_ids)
        self.assertIn(product.name, reversal.left_out)

    def test_reverse_a_reversal(self):
        product = self.stocked("average", (10, 10.00))
        journal = self.revalue(product, value=125.00).journal_id
        reversal = self.reverse(journal)
        self.post(reversal)
        again = self.reverse(reversal)
        self.post(again)
        self.assertMoney(again.amount, 25.00)
        self.assertMoney(self.stock_value(product), 125.00)

    def test_reverse_uses_the_accounts_of_the_original(self):
        product = self.stocked("average", (10, 10.00))
        self.reason.with_context(allowed_company_ids=self.company.ids).write(
            {
                "increase_account_id": self.account_increase.id,
                "decrease_account_id": self.account_decrease.id,
            }
        )
        journal = self.revalue(product, value=125.00, counterpart_account_id=False, reason_id=self.reason.id).journal_id
        self.post(self.reverse(journal))
        # What the increase booked is taken back there, not booked as a decrease
        self.assertMoney(self.ledger_balance(self.account_increase), 0.0)
        self.assertMoney(self.ledger_balance(self.account_decrease), 0.0)

    def test_reverse_of_a_draft_is_refused(self):
        product = self.stocked("average", (10, 10.00))
        journal = self.calculate(product)
        with self.assertRaises(REFUSALS):
            journal.action_reverse()

    def test_reverse_twice_does_not_take_back_twice(self):
        product = self.stocked("average", (10, 10.00))
        journal = self.revalue(product, value=125.00).journal_id
        self.post(self.reverse(journal))
        try:
            second = self.reverse(journal)
            second.action_post()
        except REFUSALS:
            pass
        self.flush()
        self.invalidate()
        self.assertMoney(self.stock_value(product), 100.00)
