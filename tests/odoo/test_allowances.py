"""Write-downs posted to an allowance account: stock keeps its cost, what is required is booked."""

from revaluation_common import UserError
from test_write_downs import WriteDownCase


class AllowanceCase(WriteDownCase):
    @classmethod
    def set_up_builders(cls):
        super().set_up_builders()
        cls.account_allowance = cls.create_account(cls.company, "110900", "Allowance on Stock", "asset_current")
        cls.reasons["allowance"] = cls.create_reason("write_down", "ALLOW", posting="allowance")
        cls.reasons["allowance"].allowance_account_id = cls.account_allowance

    def run_to(self, value_by_product, **vals):
        """Post a run that finds these net realisable values; return the journal."""
        journal = self.prepare("allowance", value_by_product, **vals)
        self.post(journal)
        booked = journal._sum_allowances(self.company, self.account_allowance)
        for line in journal.line_ids:
            found = booked.get(line.product_id.id, 0.0)
            self.assertMoney(found, line.allowance_required, line.product_id.name)
            self.assertMoney(-self.ledger_balance(self.account_allowance, line.product_id), found)
        self.assertMoney(-self.ledger_balance(self.account_allowance), sum(booked.values()))
        return journal

    def amounts(self, journal):
        return {line.product_id: line.amount for line in journal.line_ids}


class TestAllowances(AllowanceCase):
    def test_allowance_follows_what_is_required(self):
        """100 at 70: −30. Half issued (50 at 35): 15 required, +15. 50 at 60: none required, +15."""
        products = [self.create_product(method, cost=10.0) for method in ("average", "fifo", "standard")]
        periodic = self.create_product("average", automated=False)
        products.append(periodic)
        for product in products:
            self.receive(product, 10, 10.0)
        cost = {product: self.cost(product) for product in products}
        journal = self.run_to(dict.fromkeys(products, 70.0))
        self.assertEqual(self.amounts(journal), dict.fromkeys(products, -30.0))
        for product in products:
            self.assertEqual(
                [
                    self.items(journal)[account, product]
                    for account in (self.account_allowance, self.account_revaluation)
                ],
                [[-30.0], [30.0]],
            )
        self.assertFalse(journal.valuation_layer_ids)
        for product in products:
            self.deliver(product, 5)
        journal = self.run_to(dict.fromkeys(products, 35.0))
        self.assertEqual(self.amounts(journal), dict.fromkeys(products, 15.0))
        self.assertEqual([line.allowance_booked for line in journal.line_ids], [30.0] * 4)
        journal = self.run_to(dict.fromkeys(products, 60.0))
        self.assertEqual(self.amounts(journal), dict.fromkeys(products, 15.0))
        self.assertMoney(self.ledger_balance(self.account_allowance), 0.0)
        self.assertEqual({product: self.cost(product) for product in products}, cost)

    def test_new_lines_keep_the_allowance_and_release_that_of_goods_that_are_gone(self):
        kept, gone, worth_less = (self.create_product("average") for _number in range(3))
        for product in (kept, gone, worth_less):
            self.receive(product, 10, 10.0)
        self.run_to({kept: 70.0, gone: 60.0, worth_less: 20.0})
        self.deliver(gone, 10)
        self.deliver(worth_less, 3)
        journal = self.calculate(kept + gone + worth_less, reason_id=self.reasons["allowance"].id)
        # kept: 100 − 30; gone: nothing, its 40 are released; 7 @ 10 cannot bear more than 70 of the 80 booked
        self.assertEqual(
            {each.product_id: (each.quantity, each.value_calculated, each.value_revalued) for each in journal.line_ids},
            {kept: (10, 100, 70), gone: (0, 0, 0), worth_less: (7, 70, 0)},
        )
        self.assertEqual(self.amounts(journal), {kept: 0.0, gone: 40.0, worth_less: 10.0})
        self.assertFalse(journal.left_out)
        self.post(journal)
        self.assertMoney(self.ledger_balance(self.account_allowance), -100.0)  # 30 + 70
        again = self.calculate(kept + gone + worth_less, reason_id=self.reasons["allowance"].id)
        self.assertEqual(self.amounts(again), {kept: 0.0, worth_less: 0.0})
        self.assertIn(gone.name, again.left_out)

    def test_reason_chosen_after_the_lines_reads_what_is_booked(self):
        product = self.create_product("average")
        self.receive(product, 10, 10.0)
        self.run_to({product: 70.0})
        journal = self.calculate(product)
        line = self.line(journal, product)
        self.assertEqual((line.value_revalued, line.amount), (100, 0))
        journal.reason_id = self.reasons["allowance"]
        self.assertEqual((line.allowance_booked, line.value_revalued, line.amount), (30, 70, 0))
        line.unit_cost_revalued = 8.0
        self.assertEqual((line.allowance_required, line.amount), (20, 10))
        journal.reason_id = self.reasons["correction"]
        self.assertEqual((line.allowance_booked, line.allowance_required, line.amount), (0, 0, -20))

    def test_run_after_another_one_is_refused_until_refreshed(self):
        product = self.create_product("average")
        self.receive(product, 10, 10.0)
        first, second = (self.prepare("allowance", {product: value}) for value in (70.0, 60.0))
        self.post(first)
        self.assert_refused(second.action_post, product.name, "Refresh", products=product)
        second.action_refresh()
        self.assertEqual(self.amounts(second), {product: -10.0})
        self.deliver(product, 10)
        second.action_refresh()
        self.assertEqual(self.amounts(second), {product: 30.0})
        self.post(second)
        self.assertMoney(self.ledger_balance(self.account_allowance), 0.0)

    def test_reverse_takes_back_what_is_not_released(self):
        """−30, half issued, +15 by the next run: the stock bears the +15 again, and then all 30 go."""
        product, gone = self.create_product("fifo"), self.create_product("average")
        for each in (product, gone):
            self.receive(each, 10, 10.0)
        first = self.run_to({product: 70.0, gone: 70.0})
        self.deliver(product, 5)
        self.deliver(gone, 10)
        second = self.run_to({product: 35.0})
        second.action_reverse()
        back = second.reversal_journal_ids
        self.assertEqual(self.amounts(back), {product: -15.0})
        self.assertEqual(self.line(back, product).counterpart_account_id, self.account_revaluation)
        self.post(back)
        first.action_reverse()
        back = first.reversal_journal_ids
        self.assertEqual(self.amounts(back), {product: 30.0, gone: 30.0})
        self.post(back)
        self.assertMoney(self.ledger_balance(self.account_allowance), 0.0)
        with self.assertRaises(UserError):
            first.action_reverse()

    def test_accounts_and_positions_are_checked(self):
        product = self.create_product("fifo")
        self.receive(product, 10, 10.0)
        reason = self.reasons["allowance"]
        journal = self.prepare("allowance", {product: 70.0})
        reason.allowance_account_id = False
        self.assert_refused(journal.action_post, "No allowance account", reason.name, products=product)
        reason.allowance_account_id = self.account_valuation
        self.assert_refused(journal.action_post, "valuation account itself", products=product)
        reason.allowance_account_id = self.account_revaluation
        self.assert_refused(journal.action_check, products=product)  # the counterpart
        reason.allowance_account_id = self.account_allowance
        self.post(journal)
        with self.assertRaisesRegex(UserError, "Release them"):
            reason.allowance_account_id = self.account_revaluation
        by_layer = self.calculate(product, "layer")
        by_layer.line_ids.value_revalued = 60.0
        by_layer.reason_id = reason
        self.assert_refused(by_layer.action_post, "kept by product", products=product)
        by_layer.calculate(calculate_per="layer", product_ids=product.ids)
        self.assertFalse(by_layer.line_ids.stock_move_id)

    def test_preview_and_print_show_the_allowance(self):
        product = self.create_product("average")
        self.receive(product, 10, 10.0)
        journal = self.prepare("allowance", {product: 70.0})
        preview = journal.get_preview()
        self.assertEqual(
            preview["allowances"],
            [
                {
                    "product": product.display_name,
                    "value": 100.0,
                    "realisable": 70.0,
                    "booked": 0.0,
                    "required": 30.0,
                    "amount": -30.0,
                }
            ],
        )
        self.assertEqual(sorted(row["credit"] - row["debit"] for row in preview["accounts"]), [-30.0, 30.0])
        self.assertEqual([row["amount"] for row in preview["products"]], [0.0])
        self.assertIn("Allowances", journal._render_preview(preview))
        self.assertMoney(self.ledger_balance(self.account_allowance), 0.0)
        accounts = {row["account"] for row in journal._get_printed_accounts()}
        self.assertEqual(accounts, {a.display_name for a in (self.account_allowance, self.account_revaluation)})

    def test_background_books_the_allowance_in_chunks(self):
        products = self.env["product.product"]
        for _number in range(3):
            product = self.create_product("standard", cost=10.0)
            self.receive(product, 10, 10.0)
            products |= product
        journal = self.prepare("allowance", {product: 70.0 + number for number, product in enumerate(products)})
        journal._lock()
        journal._start_background()
        self.env["ir.config_parameter"].sudo().set_param("stock_revaluation_journal.background_chunk", "2")
        self.flush()
        while journal._run_task_step() or journal._post_chunk():
            self.flush()
        self.assertEqual(journal.state, "posted")
        self.assertMoney(self.ledger_balance(self.account_allowance), -87.0)  # 30 + 29 + 28
