"""What else a journal of a past day must do: layers, stock below zero, locks, whole receipts, what comes between."""

from odoo import fields
from test_past_date import PastDateCase


class TestPastRules(PastDateCase):
    """What else a journal of a past day must do."""

    def history(self, method="fifo", delivered=4, **vals):
        """10 @ 10 before the day; since then 4, or more, delivered."""
        product = self.create_product(method, cost=10.0 if method == "standard" else 0.0, **vals)
        self.receive(product, 10, 10)
        self.pass_time(days=15)
        delivery = self.deliver(product, delivered)
        self.pass_time(days=1)
        return product, delivery

    def test_journal_of_today_forwards_nothing(self):
        product, _delivery = self.history()
        journal = self.calculate(product)
        self.assertFalse(journal.is_past or journal.has_forwarded)
        journal.line_ids.value_revalued = 30.00
        self.assertMoney(journal.line_ids.amount_in_stock, -30.00)
        self.post(journal)
        self.assertFalse(journal.forwarded_layer_ids)

    def test_past_day_without_a_movement_since_is_like_today(self):
        product = self.create_product("fifo")
        self.receive(product, 5, 5)
        self.receive(product, 5, 10)
        self.pass_time(days=15)
        journal = self.past_journal(product, 0.00)
        self.assertTrue(journal.is_past)
        self.assertFalse(journal.has_forwarded)
        self.post_past(journal)
        self.assertMoney(self.stock_value(product), 0.00)

    def test_writing_uneven_layers_to_nothing_leaves_nothing_anywhere(self):
        # 5 @ 5 and 5 @ 10: nothing may fall below zero, so the delivery of the first five takes 25.00
        product = self.create_product("fifo")
        self.receive(product, 5, 5)
        self.receive(product, 5, 10)
        self.pass_time(days=15)
        self.deliver(product, 5)
        self.pass_time(days=1)
        journal = self.post_past(self.past_journal(product, 0.00))
        self.assertEqual(self.shares(journal), [25.00])
        self.assertMoney(self.stock_value(product), 0.00)

    def test_stock_below_zero_now(self):
        # 10 @ 10; since then 12 delivered: 2 lacking, at 10.00 each. FIFO and average: what was there left with its
        # whole change. Standard: 12 × 2 went, and what is lacking is worth 4 more: -2 × 8
        for method, forwarded, left in (("fifo", 20.00, 0.00), ("average", 20.00, 0.00), ("standard", 24.00, 4.00)):
            product, _delivery = self.history(method, delivered=12)
            self.assertMoney(self.stock_value(product), -20.00, method)
            journal = self.post_past(self.past_journal(product, 80.00))
            self.assertEqual(self.shares(journal), [forwarded], method)
            self.assertMoney(self.stock_value(product), left - 20.00, method)
            reversal = self.env["stock.revaluation.journal"].browse(journal.action_reverse()["res_id"])
            self.post_past(reversal)
            self.assertMoney(self.stock_value(product), -20.00, method)
            self.receive(product, 10, 10)
            self.assertMoney(self.stock_value(product), 80.00, method)

    def test_writing_to_nothing_what_left_at_a_rounded_cost_since(self):
        # 8 for 31.65 cost 3.95625 each. Three left since, at 3.96 up to 14.0: 11.88 where their share is 11.87
        product = self.create_product("average")
        self.receive(product, 7, 3.95)
        self.receive(product, 1, 4.00)
        self.pass_time(days=15)
        self.deliver(product, 3)
        self.pass_time(days=1)
        journal = self.past_journal(product)
        self.assertMoney(journal.line_ids.value_calculated, 31.65)
        journal.line_ids.value_revalued = 0.00
        self.post_past(journal)
        self.assertMoney(self.stock_value(product), 0.00)

    def test_journal_of_today_in_between(self):
        # 10 @ 10, 4 delivered, today's 6 from 60 to 90; then the 10 of the day to 80: 8 went with the delivery.
        # A cost that was set since (standard; 19.0 average as well) holds: its change is worth 12 more, booked where
        # that journal was booked. Else the 12 come off what is there
        for method in ("fifo", "average", "standard"):
            product, _delivery = self.history(method)
            self.revalue(
                product, value=90.00, counterpart_account_id=self.account_increase.id, entry_grouping="account"
            )
            self.pass_time()
            resets = method == "standard" or (self.has_product_values and method == "average")
            journal = self.post_past(self.past_journal(product, 80.00))
            self.assertEqual(self.shares(journal), [8.00, 12.00] if resets else [8.00], method)
            self.assertMoney(self.stock_value(product), 90.00 if resets else 78.00, method)
            forwarded = journal.sudo().forwarded_layer_ids
            to_increase = forwarded.filtered(lambda layer: layer.revaluation_account_id == self.account_increase)
            self.assertEqual(to_increase.mapped("value"), [12.00] if resets else [], method)
            self.assertEqual(bool(to_increase.account_move_id), resets, method)
            reversal = self.env["stock.revaluation.journal"].browse(journal.action_reverse()["res_id"])
            self.post_past(reversal)
            self.assertMoney(self.stock_value(product), 90.00, method)

    def test_customer_returns_after_posting_at_what_it_took(self):
        # 4 of 10 @ 10 left; the day's 10 to 80; 2 come back at 8.00 each: 48 + 16
        for method in ("fifo", "average"):
            product, delivery = self.history(method)
            self.post_past(self.past_journal(product, 80.00))
            self.return_(delivery, 2)
            self.assertMoney(self.stock_value(product), 64.00, method)
            self.assertAlmostEqual(self.cost(product), 8.00, 4, method)
            self.deliver(product, 8)
            self.assertMoney(self.stock_value(product), 0.00, method)

    def test_layer_line(self):
        product = self.create_product("fifo")
        self.receive(product, 4, 10)
        self.receive(product, 10, 12)
        self.pass_time(days=15)
        self.deliver(product, 6)
        self.pass_time(days=1)
        journal = self.past_journal(product, per="layer")
        first, second = self.lines_by_layer(journal, product)
        self.assertEqual((first.quantity, first.quantity_now), (4, 0))
        self.assertMoney(first.value_calculated, 40.00)
        self.assertEqual((second.quantity, second.quantity_now), (10, 8))
        # the second to 11 a unit: -10, of which the delivery took 2 units
        second.unit_cost_revalued = 11.0
        self.assertMoney(second.amount_forwarded, -2.00)
        self.post_past(journal)
        self.assertEqual(self.shares(journal), [2.00])
        self.assertLayers(product, [(8, 88.00)])

    def test_reversing_as_of_the_day_restores_every_figure(self):
        for method in ("fifo", "average", "standard"):
            product, _delivery = self.history(method)
            before = (self.value_then(product), self.stock_value(product), self.cost(product))
            ledger = self.ledger_balance(self.valuation_account(product), product)
            journal = self.post_past(self.past_journal(product, 80.00))
            reversal = self.env["stock.revaluation.journal"].browse(journal.action_reverse()["res_id"])
            self.assertEqual(reversal.date, self.day)
            self.post_past(reversal)
            after = (self.value_then(product), self.stock_value(product), self.cost(product))
            self.assertEqual([round(x, 4) for x in after], [round(x, 4) for x in before], method)
            self.assertMoney(self.ledger_balance(self.valuation_account(product), product), ledger, method)

    def test_reversing_where_little_is_left_of_a_layer(self):
        """70 @ 1.00 and 2 @ 1.00 to 72.30, of which 69 have left since: of 0.29 the one left of the first has nothing.

        Both layers end at 72.30 / 72: 70.29 and 2.01. The 69 took 69 / 70 of 0.29, 0.2859, and so all of it: the one
        left is worth 1.00, and seventy times that is not what the layer was worth at the day.
        """
        product = self.create_product("fifo")
        self.receive(product, 70, 1)
        self.receive(product, 2, 1)
        self.pass_time(days=15)
        self.deliver(product, 69)
        self.pass_time(days=1)
        journal = self.post_past(self.past_journal(product, 72.30))
        self.assertMoney(self.stock_value(product), 3.01)
        reversal = self.env["stock.revaluation.journal"].browse(journal.action_reverse()["res_id"])
        self.post_past(reversal)
        self.assertMoney(self.value_then(product), 72.00)
        self.assertMoney(self.stock_value(product), 3.00)

    def test_reversing_gives_a_receipt_the_very_cents_it_had(self):
        """19.0 keeps the value of the whole receipt, of which 4 of 6 were there: 1.47 of them are 2.205 of it.

        6 @ 3.33 and 1.33 × 6 / 4 are 21.98, 2.20 more make 4 of 6 worth 16.12. Taking 2.21 back, 4 of 6 would be
        14.65 again (14.6467), but the 2 still there now 7.32 instead of 7.33.
        """
        product = self.create_product("fifo")
        self.receive(product, 6, 3.33)
        self.deliver(product, 2)
        self.pass_time(days=15)
        self.deliver(product, 2)
        self.pass_time(days=1)
        first = self.post_past(self.past_journal(product, 14.65))
        value = self.stock_value(product)
        if self.has_product_values:
            self.assertMoney(value, 7.33)
        second = self.post_past(self.past_journal(product, 16.12))
        for journal, expected in ((second, value), (first, 6.66)):
            reversal = self.env["stock.revaluation.journal"].browse(journal.action_reverse()["res_id"])
            self.post_past(reversal)
            self.assertMoney(self.stock_value(product), expected)
        self.assertMoney(self.value_then(product), 13.32)

    def test_half_a_cent_of_a_receipt_with_nothing_issued_since_to_take_it(self):
        """19.0: 10 @ 10, of which 9, to 152.85: 62.85 × 10 / 9 are 69.83 of the receipt. 5 @ 10 to 84.91.

        -166.43 of both: to 9 / 14 of 71.33, 45.86, so -106.99 and -118.88 of the receipt; -59.44. Then they are
        9 / 10 × 50.95 and 25.47: 71.325, which is 71.33 already. A cent more would be 71.34, and 6 @ 10 came since.
        """
        product = self.create_product("fifo")
        self.receive(product, 10, 10)
        self.receive(product, 5, 10)
        self.deliver(product, 1)
        self.pass_time(days=15)
        self.receive(product, 6, 10)
        self.pass_time(days=1)
        first = self.past_journal(product, per="layer")
        first.line_ids[0].value_revalued, first.line_ids[1].value_revalued = 152.85, 84.91
        self.post_past(first)
        self.post_past(self.past_journal(product, 71.33))
        self.assertMoney(self.stock_value(product), 131.33)

    def test_reversing_once_the_day_is_locked_takes_back_what_is_still_there(self):
        product, _delivery = self.history()
        journal = self.post_past(self.past_journal(product, 80.00))
        self.company.fiscalyear_lock_date = self.days_ago(8)
        reversal = self.env["stock.revaluation.journal"].browse(journal.action_reverse()["res_id"])
        self.assertEqual(reversal.date, self.days_ago(7))
        self.day = reversal.date
        self.assertMoney(reversal.amount, 20.00)
        self.post_past(reversal)
        self.assertMoney(self.stock_value(product), 60.00)

    def test_issue_in_a_locked_month_is_booked_on_the_first_open_day(self):
        product, _delivery = self.history()
        journal = self.past_journal(product, 80.00)
        journal.line_ids.value_revalued = 80.00
        if not self.has_product_values:
            # the day is open, two later ones are not: as where a month was opened again
            self.assertEqual(journal._first_open_day(self.own_journal(product), self.days_ago(3)), self.days_ago(3))
        self.company.fiscalyear_lock_date = self.days_ago(5)
        self.assertEqual(journal._first_open_day(self.own_journal(product), self.days_ago(6)), self.days_ago(4))
        self.assert_refused(journal.action_post, "locked")

    def own_journal(self, product):
        return self._in_company(product).product_tmpl_id.get_product_accounts()["stock_journal"]

    def test_whole_receipt(self):
        # 10 @ 10, 6 issued, should have cost 13: stock +12, cost of sales +18, counterpart -30
        product = self.create_product("fifo")
        self.receive(product, 10, 10)
        delivery = self.deliver(product, 6)
        self.pass_time(days=15)
        journal = self.past_journal(product, per="layer")
        line = journal.line_ids
        self.assertEqual(line.quantity, 4)
        line.whole_receipt = True
        self.assertEqual((line.quantity, line.quantity_now), (10, 4))
        self.assertMoney(line.value_calculated, 100.00)
        line.unit_cost_revalued = 13.0
        self.assertMoney(line.amount, 30.00)
        self.assertMoney(line.amount_in_stock, 12.00)
        self.flush()
        before = self.stock_value(product)
        journal.action_post()
        self.flush()
        self.invalidate()
        self.assertMoney(self.stock_value(product), before + 12.00)
        self.assertMoney(self.value_then(product), 52.00)
        self.assertEqual(self.shares(journal), [-18.00])
        self.assertEqual(line.forwarded_layer_ids.stock_move_id, delivery)
        self.assertEqual(set(journal.sudo().account_move_ids.mapped("date")), {self.day})
        self.assertLayers(product, [(4, 52.00)])
        if not self.has_product_values:
            ledger = self.ledger_balance(self.valuation_account(product), product, self.day)
            self.assertMoney(ledger, 12.00)
        reversal = self.env["stock.revaluation.journal"].browse(journal.action_reverse()["res_id"])
        self.assertTrue(reversal.line_ids.whole_receipt)
        reversal.action_post()
        self.flush()
        self.invalidate()
        self.assertEqual(self.shares(reversal), [18.00])
        self.assertLayers(product, [(4, 40.00)])
        self.assertMoney(self.value_then(product), 40.00)

    def test_whole_receipt_today(self):
        # the same without a past day: stock +12, cost of sales +18, booked today
        product = self.create_product("fifo")
        self.receive(product, 10, 10)
        delivery = self.deliver(product, 6)
        self.pass_time(days=1)
        journal = self.calculate(product, calculate_per="layer")
        journal.line_ids.whole_receipt = True
        journal.line_ids.unit_cost_revalued = 13.0
        self.assertMoney(journal.amount_in_stock, 12.00)
        journal.action_post()
        self.flush()
        self.invalidate()
        self.assertEqual(self.shares(journal), [-18.00])
        self.assertEqual(journal.sudo().forwarded_layer_ids.stock_move_id, delivery)
        self.assertEqual(set(journal.sudo().account_move_ids.mapped("date")), {fields.Date.today()})
        self.assertLayers(product, [(4, 52.00)])

    def test_changing_the_date_reads_the_figures_again(self):
        product, _delivery = self.history()
        journal = self.calculate(product)
        journal.line_ids.unit_cost_revalued = 8.0
        self.assertEqual((journal.line_ids.quantity, journal.amount), (6, -12.00))
        journal.date = self.day
        self.assertEqual((journal.line_ids.quantity, journal.amount), (10, -20.00))
        self.assertMoney(journal.amount_in_stock, -12.00)

    def test_revalue_and_preview_with_a_past_date(self):
        product, delivery = self.history()
        Journal = self.as_user(self.env["stock.revaluation.journal"], self.accountant)
        journal = Journal.revalue({str(product.id): 8.0}, date=str(self.day), post=False)
        preview = journal.get_preview()
        self.assertEqual([row["value"] for row in preview["forwarded"]], [8.00])
        self.assertEqual(preview["forwarded"][0]["issue"], delivery.reference)
        self.assertEqual([row["value"] for row in preview["forwarded_totals"]], [8.00])
        self.assertEqual([row["value"] for row in preview["layers"]], [-20.00])
        self.post_past(journal)
        self.assertEqual(delivery.with_user(self.accountant).revaluation_count, 1)

    def test_a_delivery_in_between_is_followed_at_posting(self):
        product, _delivery = self.history()
        journal = self.past_journal(product, 80.00)
        self.deliver(product, 3)
        self.post_past(journal)
        self.assertEqual(self.shares(journal), [8.00, 6.00])

    def test_a_receipt_billed_in_between_is_outdated(self):
        product = self.create_product("average")
        receipt = self.receive(product, 10, 10)
        self.pass_time(days=15)
        journal = self.past_journal(product, 80.00)
        self.deliver(product, 1)
        self._in_company(receipt)
        self.past_journal(product, 90.00).action_post()
        self.assert_refused(journal.action_post, "Refresh")


class TestPastDateInSteps(PastDateCase):
    """A large journal of a past date: its steps forward shares as one post does."""

    def carry_out(self, journal):
        journal.action_post()
        self.assertEqual((journal.state, journal.task), ("posting", "check_post"))
        steps = 0
        while journal.task or journal.state == "posting":
            self.flush()
            steps += bool(journal._run_task_step() if journal.task else journal._post_chunk())
            self.invalidate()
        # one step checks all three lines, one finds no more, two post two products and one
        self.assertEqual(steps, 4)

    def test_shares_are_forwarded_and_previewed_in_steps(self):
        parameters = self.env["ir.config_parameter"].sudo()
        parameters.set_param("stock_revaluation_journal.background_limit", "1")
        parameters.set_param("stock_revaluation_journal.background_chunk", "2")
        products = self.env["product.product"]
        for method in ("fifo", "average", "standard"):
            product = self.create_product(method, cost=10 if method == "standard" else 0)
            self.receive(product, 10, 10)
            products |= product
        self.pass_time(days=15)
        for product in products:
            self.deliver(product, 4)
        self.pass_time(days=1)
        journal = self.past_journal(products, 80)
        journal.action_preview()
        while journal.task:
            self.flush()
            journal._run_task_step()
        # 10 at 10.00 to 8.00: of each -20.00, 4 of 10 went on with the delivery
        self.assertIn("24.00", journal.preview_content)
        self.post_past(journal)
        self.assertEqual([round(share, 2) for share in self.shares(journal)], [8.0, 8.0, 8.0])
