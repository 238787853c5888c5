"""Analytic distribution of the counterpart (16.0 and later), and Odoo's own rules on every series."""

from revaluation_common import RevaluationCase


class TestAnalytic(RevaluationCase):
    """Copper 10 × 10.00 and coffee 10 × 10.00, each to 125.00 or 80.00."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.has_distribution = "analytic_distribution" in cls.env["stock.revaluation.journal"]._fields
        cls.copper = cls.create_product("average", name="Copper wire")
        cls.receive(cls.copper, 10, 10.00)
        cls.coffee = cls.create_product("fifo", name="Coffee")
        cls.receive(cls.coffee, 10, 10.00)
        cls.project = cls.create_analytic_account("Project")
        cls.shop = cls.create_analytic_account("Shop")

    @classmethod
    def create_analytic_account(cls, name):
        vals = {"name": name, "company_id": cls.company.id}
        if "account.analytic.plan" in cls.env.registry:
            Plan = cls.env["account.analytic.plan"]
            own = [("company_id", "in", [False, cls.company.id])] if "company_id" in Plan._fields else []  # 16.0
            vals["plan_id"] = (Plan.search(own, limit=1) or Plan.create({"name": "Plan"})).id
        return cls.env["account.analytic.account"].create(vals)

    def share(self, account, percent=100.0):
        return {str(account.id): percent}

    def need_distribution(self):
        if not self.has_distribution:
            self.skipTest("journal items have an analytic distribution from 16.0 on")

    def entered(self, **vals):
        journal = self.calculate(self.copper | self.coffee, **vals)
        self.line(journal, self.copper).write({"value_revalued": 125.00})
        self.line(journal, self.coffee).write({"value_revalued": 80.00})
        return journal

    def analytic(self, journal, account):
        """Return [(balance, distribution)] of the journal's items on a ledger account, sorted."""
        items = journal.sudo().account_move_ids.line_ids.filtered(lambda item: item.account_id == account)
        found = [(self.currency.round(item.balance), item.analytic_distribution or {}) for item in items]
        return sorted(found, key=lambda row: (row[0], sorted(row[1])))

    def test_analytic_of_the_journal_goes_to_every_counterpart_and_to_no_stock_item(self):
        self.need_distribution()
        journal = self.entered(analytic_distribution=self.share(self.project))
        self.post(journal)
        project = self.share(self.project)
        self.assertEqual(self.analytic(journal, self.account_revaluation), [(-25.00, project), (20.00, project)])
        self.assertEqual(self.analytic(journal, self.account_valuation), [(-20.00, {}), (25.00, {})])

    def test_analytic_of_the_line_comes_before_the_journal_s(self):
        self.need_distribution()
        journal = self.entered(analytic_distribution=self.share(self.project))
        self.line(journal, self.coffee).write({"analytic_distribution": self.share(self.shop)})
        self.post(journal)
        self.assertEqual(
            self.analytic(journal, self.account_revaluation),
            [(-25.00, self.share(self.project)), (20.00, self.share(self.shop))],
        )

    def test_analytic_items_add_up_to_the_counterpart(self):
        self.need_distribution()
        journal = self.entered(analytic_distribution={str(self.project.id): 60.0, str(self.shop.id): 40.0})
        self.post(journal)
        rows = self.env["account.analytic.line"].search(
            [("move_line_id", "in", journal.sudo().account_move_ids.line_ids.ids)]
        )
        # Counterpart −25.00 and +20.00 in the ledger: analytic income 25.00, cost −20.00
        self.assertMoney(sum(rows.mapped("amount")), 5.00)
        self.assertEqual(len(rows), 4)

    def test_analytic_grouping_by_account_keeps_distributions_apart(self):
        self.need_distribution()
        second = self.create_product("average", name="Steel")
        self.receive(second, 10, 10.00)
        journal = self.calculate(self.copper | second, entry_grouping="account")
        for product, account in ((self.copper, self.project), (second, self.shop)):
            self.line(journal, product).write({"value_revalued": 125.00, "analytic_distribution": self.share(account)})
        journal.action_post()
        found = self.analytic(journal, self.account_revaluation)
        self.assertEqual([balance for balance, _shares in found], [-25.00, -25.00])
        self.assertEqual(
            {key for _balance, shares in found for key in shares}, {str(self.project.id), str(self.shop.id)}
        )

    def test_analytic_of_a_reversal_is_taken_back_where_it_went(self):
        self.need_distribution()
        journal = self.entered(analytic_distribution=self.share(self.project))
        self.line(journal, self.coffee).write({"analytic_distribution": self.share(self.shop)})
        self.post(journal)
        reversal = self.as_user(
            self.env["stock.revaluation.journal"].browse(journal.action_reverse()["res_id"]), self.accountant
        )
        self.post(reversal)
        self.assertEqual(
            self.analytic(reversal, self.account_revaluation),
            [(-20.00, self.share(self.shop)), (25.00, self.share(self.project))],
        )

    def test_analytic_is_named_in_the_preview(self):
        self.need_distribution()
        preview = self.entered(analytic_distribution=self.share(self.project)).get_preview()
        named = {row["account"]: row["analytic"] for row in preview["items"]}
        self.assertIn("Project", named[self.account_revaluation.display_name])
        self.assertFalse(named[self.account_valuation.display_name])

    # ------------------------------------------------------------------ Odoo's rules

    def test_analytic_rule_of_a_product_fills_its_counterpart(self):
        if self.has_distribution:
            self.env["account.analytic.distribution.model"].create(
                {
                    "product_id": self.copper.id,
                    "company_id": self.company.id,
                    "analytic_distribution": self.share(self.project),
                }
            )
        else:
            self.env["account.analytic.default"].create(
                {"product_id": self.copper.id, "company_id": self.company.id, "analytic_id": self.project.id}
            )
        journal = self.entered()
        self.post(journal)
        found = {}
        for item in journal.sudo().account_move_ids.line_ids:
            given = item.analytic_distribution if self.has_distribution else item.analytic_account_id
            found[item.account_id, item.product_id] = bool(given)
        self.assertTrue(found[self.account_revaluation, self.copper])
        self.assertFalse(found[self.account_valuation, self.copper])
        self.assertFalse(found[self.account_revaluation, self.coffee])

    def test_analytic_without_rules_is_not_looked_for(self):
        rules = "account.analytic.distribution.model" if self.has_distribution else "account.analytic.default"
        self.env[rules].search([]).unlink()
        journal = self.entered()
        self.post(journal)
        for item in journal.sudo().account_move_ids.line_ids:
            self.assertFalse(item.analytic_distribution if self.has_distribution else item.analytic_account_id)
