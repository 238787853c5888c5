"""The report Write-Downs: opening + written down − reversed − released = closing, tied to the books."""

import base64
import io
import random
import zipfile
from datetime import timedelta

from odoo import fields
from odoo.addons.stock_revaluation_journal.valuation.shapes import Key
from revaluation_common import UserError
from test_allowances import AllowanceCase
from test_print import printed_text

FIGURES = ("opening", "written_down", "reversed", "released", "closing", "carrying", "carrying_nrv")


class ReportCase(AllowanceCase):
    def age(self, days):
        """Let so many days pass since all that was posted and moved."""
        self.pass_time(days=days)
        for table in ("stock_revaluation_journal_line", "stock_revaluation_journal"):
            self.env.cr.execute(
                "UPDATE {} SET date = date - %s WHERE company_id = %s AND state = 'posted'".format(table),
                [days, self.company.id],
            )
        self.invalidate()

    def report(self, days=365, period="whole", user=None, **vals):
        today = fields.Date.today()
        Report = self.as_user(self.env["stock.revaluation.write.down.report"], user or self.accountant)
        report = Report.create(
            dict({"date_from": today - timedelta(days=days), "date_to": today, "period": period}, **vals)
        )
        report.action_view()
        return report

    def rows(self, report, **names):
        """Return {product: figures} of the report's lines, of those with these values."""
        lines = report.line_ids.filtered(lambda line: all(line[name] == value for name, value in names.items()))
        return {line.product_id: tuple(round(line[name], 2) for name in FIGURES) for line in lines}


class TestReport(ReportCase):
    @classmethod
    def set_up_builders(cls):
        super().set_up_builders()
        cls.written, cls.allowed, cls.plain = (cls.create_product("average") for _number in range(3))
        for product in (cls.written, cls.allowed, cls.plain):
            cls.receive(product, 10, 10.0)

    def tell(self):
        """Cost: −30, 4 issued, +12. Allowance: 30 booked, 5 issued, 15 required, then none."""
        self.post(self.prepare("write_down", {self.written: 70.0}, description="Season over"))
        self.run_to({self.allowed: 70.0})
        self.deliver(self.written, 4)
        self.deliver(self.allowed, 5)
        self.run_to({self.allowed: 35.0})
        self.age(40)
        self.post(self.prepare("write_down_reversal", {self.written: 54.0}))
        self.run_to({self.allowed: 60.0})

    def test_one_period(self):
        self.tell()
        report = self.report()
        self.assertEqual(
            self.rows(report),
            {
                # 30 − 12 reversed − 12 released; 6 @ 9
                self.written: (0, 30, 12, 12, 6, 54, 54),
                # 30 − 15 reversed − 15 released; 5 @ 10
                self.allowed: (0, 30, 15, 15, 0, 50, 0),
                # what is not written down, by category
                self.env["product.product"]: (0, 0, 0, 0, 0, 100, 0),
            },
        )
        by_product = {line.product_id: line for line in report.line_ids}
        self.assertEqual(by_product[self.allowed].account, self.account_allowance.display_name)
        self.assertIn("Season over", by_product[self.written].reasons)
        self.assertEqual(report.line_ids.company_id, self.company)

    def test_two_periods_close_where_the_next_one_opens(self):
        self.tell()
        middle = fields.Date.today() - timedelta(days=20)
        first = self.report(date_to=middle)
        self.assertEqual(self.rows(first)[self.written], (0, 30, 0, 12, 18, 42, 42))
        self.assertEqual(self.rows(first)[self.allowed], (0, 30, 0, 15, 15, 35, 35))
        second = self.report(date_from=middle + timedelta(days=1))
        self.assertEqual(self.rows(second)[self.written], (18, 0, 12, 0, 6, 54, 54))
        self.assertEqual(self.rows(second)[self.allowed], (15, 0, 15, 0, 0, 50, 0))
        months = self.report(period="month")
        ends = sorted(set(months.line_ids.mapped("date_to")))
        for end, following in zip(ends, ends[1:]):
            closing = self.rows(months, date_to=end).get(self.written, (0,) * 7)[4]
            self.assertEqual(self.rows(months, date_to=following).get(self.written, (0,) * 7)[0], closing)

    def test_print_and_workbook(self):
        self.tell()
        report = self.report()
        text = printed_text(self, report, "report_write_downs")
        for part in ("Write-Downs of Inventory", "IFRS", "Season over", self.company.name, "54.00", "204.00"):
            self.assertIn(part, text)
        action = report.action_export()
        self.assertIn("/web/content/", action["url"])
        workbook = zipfile.ZipFile(io.BytesIO(base64.b64decode(report.file)))
        strings = workbook.read("xl/sharedStrings.xml").decode()
        for part in ("Released by Issue", self.written.name, "Season over"):
            self.assertIn(part, strings)
        self.assertIn("<v>54</v>", workbook.read("xl/worksheets/sheet1.xml").decode())

    def test_product_and_line_show_what_is_left(self):
        self.tell()
        product = self.as_user(self.written, self.accountant)
        self.assertMoney(product.write_down_left, 6.0)
        self.assertMoney(product.product_tmpl_id.write_down_left, 6.0)
        self.assertMoney(self.as_user(self.written, self.create_user("nobody")).write_down_left, 0.0)
        self.assertEqual(
            self.env["stock.revaluation.journal.line"].search(product.action_view_write_downs()["domain"]).product_id,
            self.written,
        )
        line = self.env["stock.revaluation.journal.line"].search(
            [("product_id", "=", self.written.id), ("reason_id.kind", "=", "write_down")]
        )
        self.assertEqual((line.write_down_issued, line.write_down_reversed, line.write_down_left), (12.0, 12.0, 6.0))
        draft = self.calculate(self.written)
        self.assertMoney(draft.line_ids.write_down_left, 6.0)

    def test_other_companies_and_users_see_nothing(self):
        self.tell()
        preparer = self.create_user("preparer", "stock_revaluation_journal.group_revaluation_user")
        self.assertEqual(self.rows(self.report(user=preparer)), self.rows(self.report()))
        other = self.create_books("Other write-downs").company
        with self.assertRaises(UserError):
            self.report(company_ids=[(6, 0, other.ids)])
        stranger = self.create_user("stranger", company=other)
        with self.assertRaises(UserError):
            self.report(user=stranger)


class TestRandomHistories(ReportCase):
    """What is left is what a twin without write-downs is worth more, whatever happened."""

    PAIRS, STEPS = 4, 4

    def test_left_is_what_a_twin_is_worth_more(self):
        for seed in (17,):
            self.tell_stories(random.Random(seed))

    def tell_stories(self, rng):
        pairs = []
        for number in range(self.PAIRS):
            method = ("fifo", "average")[number % 2]
            pair = (self.create_product(method), self.create_product(method))
            for cost in (rng.choice((4.0, 7.5)), rng.choice((8.0, 10.0))):
                quantity = rng.choice((7, 9, 11))
                for product in pair:
                    self.receive(product, quantity, cost)
            pairs.append(pair)
        allowed = self.create_product("fifo")
        self.receive(allowed, 40, 10.0)
        for _step in range(self.STEPS):
            self.change(rng, [pair[0] for pair in pairs])
            self.run_to({allowed: float(rng.randrange(0, 400))})
            for pair in pairs:
                self.move(rng, pair)
            if self.stock_quantity(allowed) > 6:
                self.deliver(allowed, rng.randrange(1, 6))
            if rng.random() < 0.5:
                self.age(7)
        self.check(pairs, allowed)

    def change(self, rng, products):
        """Write some down, reverse a part of what is left of others."""
        kind = rng.choice(("write_down", "write_down", "write_down_reversal"))
        journals = self.env["stock.revaluation.journal"].with_company(self.company)
        values = {}
        for product in products:
            value = self.stock_value(product)
            left = journals._get_write_downs_left([Key(product.id, False, False)])
            quantity = self.stock_quantity(product)
            if kind == "write_down":
                new = value * rng.choice((0.5, 0.75, 0.9))
            else:
                new = value + sum(left.values()) * rng.choice((0.25, 0.5))
            # a unit cost in quarters: what is issued of it is worth whole cents
            new = quantity and quantity * int(4 * new / quantity) / 4
            if quantity > 0 and (new < value) == (kind == "write_down") and new != value:
                values[product] = new
        if values:
            self.post(self.prepare(kind, values))

    def move(self, rng, pair):
        quantity = self.stock_quantity(pair[0])
        if quantity > 4 and rng.random() < 0.7:
            issued = rng.randrange(1, int(quantity))
            moves = [self.deliver(product, issued) for product in pair]
            if rng.random() < 0.3:
                for move in moves:
                    self.return_(move, 1)
        else:
            cost, quantity = rng.choice((6.0, 9.5)), rng.choice((5, 11))
            for product in pair:
                self.receive(product, quantity, cost)

    def check(self, pairs, allowed):
        journals = self.env["stock.revaluation.journal"].with_company(self.company)
        report = self.report()
        rows = self.rows(report)
        for product, twin in pairs:
            more = self.stock_value(twin) - self.stock_value(product)
            left = journals._get_write_downs_left([Key(product.id, False, False)])
            # Average cost is stored in cents up to 18.0: each issue may be half a cent a unit off
            delta = 0.05 if product.cost_method == "fifo" or not self.cost_is_rounded else 1.5
            self.assertAlmostEqual(sum(left.values()), more, delta=delta, msg=product.name)
            opening, written, back, released, closing = rows[product][:5]
            self.assertMoney(opening + written - back - released, closing)
            self.assertMoney(closing, sum(left.values()))
        opening, written, back, released, closing = rows[allowed][:5]
        self.assertMoney(opening + written - back - released, closing)
        self.assertMoney(closing, -self.ledger_balance(self.account_allowance, allowed))
