"""Every way into a journal of a past day and out of it: import, export, rules, suggest, approval, print, rights."""

from datetime import timedelta

from odoo import fields
from revaluation_common import AccessError
from test_past_date import PastDateCase
from test_print import printed_text


class TestPastWays(PastDateCase):
    """Coffee, FIFO: 10 @ 10.00 at the end of last month; 4 delivered since. To 8.00: -20.00, of it -12.00 in stock."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        today = fields.Date.today()
        cls.day = today.replace(day=1) - timedelta(days=1)
        cls.coffee = cls.create_product("fifo", name="Coffee", default_code="RT-CO")
        cls.receive(cls.coffee, 10, 10.00)
        cls.pass_time(days=(today - cls.day).days + 5)
        cls.delivery = cls.deliver(cls.coffee, 4)

    def assert_figures(self, journal, unit_cost=8.00):
        line = journal.line_ids
        self.assertEqual((journal.date, line.product_id), (self.day, self.coffee))
        self.assertEqual((line.quantity, line.quantity_now), (10, 6))
        self.assertMoney(line.value_calculated, 100.00)
        self.assertAlmostEqual(line.unit_cost_revalued, unit_cost)
        self.assertMoney(line.amount, -20.00)
        self.assertMoney(line.amount_forwarded, -8.00)
        self.assertMoney(line.amount_in_stock, -12.00)
        return journal

    def entered(self, **vals):
        return self.assert_figures(self.past_journal(self.coffee, 80.00, **vals))

    def test_import_of_lines_and_of_whole_journals(self):
        journal = self.create_journal(date=self.day)
        Line = self.as_user(self.env["stock.revaluation.journal.line"], self.accountant)
        columns, row = ["product_id", "unit_cost_revalued"], ["RT-CO", "8.00"]
        result = Line.with_context(default_journal_id=journal.id).load(columns, [row])
        self.assertTrue(result["ids"], result["messages"])
        self.assert_figures(journal)
        Journal = self.as_user(self.env["stock.revaluation.journal"], self.accountant)
        columns = ["date", "line_ids/product_id", "line_ids/unit_cost_revalued"]
        result = Journal.load(columns, [[str(self.day), *row]])
        self.assertTrue(result["ids"], result["messages"])
        self.assert_figures(Journal.browse(result["ids"]))

    def test_export_has_the_figures_of_the_day_and_of_now(self):
        export = self.env.ref("base.group_allow_export")
        export.write({"user_ids" if "user_ids" in export._fields else "users": [(4, self.accountant.id)]})
        lines = self.entered().line_ids
        columns = ["quantity", "quantity_now", "amount", "amount_forwarded", "amount_in_stock"]
        self.assertEqual(
            [[round(float(cell), 2) for cell in row] for row in lines.export_data(columns)["datas"]],
            [[10, 6, -20.00, -8.00, -12.00]],
        )

    def test_rule_as_of_the_end_of_the_month_before(self):
        rule = self.as_user(self.env["stock.revaluation.rule"], self.accountant).create(
            {
                "name": "Month end",
                "source": "percent",
                "percentage": -20,
                "as_of": "month_before",
                "product_ids": [(6, 0, self.coffee.ids)],
                "user_id": self.accountant.id,
                "company_id": self.company.id,
            }
        )
        rule.action_run()
        self.assert_figures(rule.journal_ids)

    def test_suggest_takes_the_cost_of_the_day(self):
        self.receive(self.coffee, 10, 30.00)
        journal = self.past_journal(self.coffee)
        action = journal.action_suggest()
        wizard = journal.env[action["res_model"]].with_context(**action["context"])
        wizard.create({"source": "percent", "percentage": -20}).action_apply()
        line = journal.line_ids
        self.assertAlmostEqual(line.unit_cost_revalued, 8.00)
        self.assertMoney(line.amount_in_stock, -12.00)

    def test_approval_counts_the_whole_change(self):
        self.company.revaluation_approval_amount = 15.00  # more than what is in stock, less than -20.00
        journal = self.entered()
        self.assertTrue(journal.approval_needed)
        self.assert_refused(journal.action_post, "another revaluation manager", products=self.coffee)
        approver = self.create_user(
            "reval_approver", "stock.group_stock_manager", "stock_revaluation_journal.group_revaluation_manager"
        )
        self.post_past(self.as_user(journal, approver))

    def test_print_shows_what_is_forwarded_and_its_account(self):
        journal = self.entered()
        name = self.account_expense.display_name if self.has_product_values else self.account_output.display_name
        for state in ("draft", "posted"):
            text = printed_text(self, journal, "report_revaluation_journal")
            for part in ("Figures as of", "Quantity Now", "Forwarded", "In Stock", "-8.00", "-12.00", "8.00"):
                self.assertIn(part, text, state)
            rows = journal._get_printed_forwarded()
            self.assertEqual(len(rows), 1)
            self.assertIn("8.00", rows[0]["value"])
            if not self.has_product_values:  # 19.0: not invoiced, so its invoice will book it
                self.assertEqual(rows[0]["account"], name)
                accounts = {row["account"]: row for row in journal._get_printed_accounts()}
                self.assertIn("8.00", accounts[name]["credit"], state)
            if state == "draft":
                self.post_past(journal)

    def test_print_of_today_has_no_such_columns(self):
        journal = self.calculate(self.coffee)
        journal.line_ids.value_revalued = 48.00
        text = printed_text(self, journal, "report_revaluation_journal")
        for part in ("Figures as of", "Quantity Now", "Forwarded", "In Stock"):
            self.assertNotIn(part, text)

    def test_rights_nobody_else_sees_what_was_forwarded(self):
        journal = self.post_past(self.entered())
        layer = journal.sudo().forwarded_layer_ids
        self.assertMoney(layer.value, 8.00)
        portal = self.create_user("reval_portal", "base.group_portal")
        clerk = self.create_user("reval_clerk", "base.group_user")
        stock_clerk = self.create_user("reval_stock_clerk", "stock.group_stock_user")
        for user in (portal, clerk, stock_clerk):
            for call in (
                self.as_user(journal, user).action_view_forwarded,
                lambda user=user: self.as_user(journal, user).read(["forwarded_layer_ids", "amount_forwarded"]),
                lambda user=user: self.as_user(layer, user).read(["value", "revaluation_account_id"]),
                lambda user=user: self.as_user(self.delivery, user).action_view_revaluations(),
            ):
                self.assertRaises(AccessError, call)
        self.assertEqual(self.as_user(self.delivery, stock_clerk).revaluation_count, 0)
        for user in (self.accountant, self.create_user("preparer", "stock_revaluation_journal.group_revaluation_user")):
            action = self.as_user(journal, user).action_view_forwarded()
            self.assertEqual(self.env["stock.valuation.layer"].sudo().search(action["domain"]), layer)
