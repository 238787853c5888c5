"""Journal items per product: the stock side by product, the counterpart summed per account and direction."""

from revaluation_common import RevaluationCase


class TestGroupingPerProduct(RevaluationCase):
    @classmethod
    def set_up_builders(cls):
        super().set_up_builders()
        cls.layered, cls.plain = cls.create_product("fifo"), cls.create_product("average")
        cls.receive(cls.layered, 10, 10.0)
        cls.receive(cls.layered, 10, 12.0)
        cls.receive(cls.plain, 10, 5.0)

    def prepare(self, **vals):
        """100.00 to 80.00 and 120.00 to 150.00 on the two receipts of one product, 50.00 to 60.00 on the other."""
        journal = self.calculate(self.layered | self.plain, "layer", entry_grouping="valuation", **vals)
        first, second = self.lines_by_layer(journal, self.layered)
        for line, value in ((first, 80.0), (second, 150.0), (self.line(journal, self.plain), 60.0)):
            line.value_revalued = value
        return journal

    def test_items_per_product_and_one_counterpart_per_direction(self):
        journal = self.prepare()
        self.post(journal)
        # never netted: +30 and -20 of the layered product stand apart; 30 + 10 = 40 against increases
        none = self.env["product.product"]
        self.assertEqual(
            self.items(journal),
            {
                (self.account_valuation, self.layered): [-20.0, 30.0],
                (self.account_valuation, self.plain): [10.0],
                (self.account_revaluation, none): [-40.0],
                (self.account_revaluation, self.layered): [20.0],
            },
        )
        for line in journal.line_ids:
            stock, counterpart = line.sudo().account_move_line_ids.sorted("id")
            self.assertEqual((stock.account_id, stock.product_id), (self.account_valuation, line.product_id))
            self.assertMoney(stock.balance, line.amount)
            self.assertEqual(counterpart.account_id, self.account_revaluation)
            self.assertEqual(counterpart.balance < 0, line.amount > 0)

    def test_lines_of_other_counterparts_and_reversal(self):
        journal = self.prepare()
        self.line(journal, self.plain).counterpart_account_id = self.account_increase
        self.post(journal)
        self.assertEqual(self.items(journal)[self.account_increase, self.plain], [-10.0])
        journal.action_reverse()
        back = journal.reversal_journal_ids
        self.assertEqual(back.entry_grouping, "valuation")
        self.post(back)
        for account in (self.account_increase, self.account_revaluation):
            self.assertMoney(self.ledger_balance(account), 0.0)
        self.assertEqual([self.stock_value(each) for each in (self.layered, self.plain)], [220.0, 50.0])

    def test_preview_shows_the_items_that_posting_writes(self):
        found = self.prepare().get_preview()
        amounts = sorted(row["debit"] - row["credit"] for row in found["items"])
        self.assertEqual(amounts, [-40.0, -20.0, 10.0, 20.0, 30.0])
