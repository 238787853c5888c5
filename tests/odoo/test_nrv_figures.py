"""Net realisable value, end to end through Suggest: the design's figures, and all of them as of a past date."""

from datetime import timedelta

from odoo import fields
from revaluation_common import UserError
from test_nrv import NrvCase
from test_write_downs import WriteDownCase


class FiguresCase(WriteDownCase, NrvCase):
    def suggest_for(self, products, reason=None, date=None, **options):
        """Return a journal of `products` after Suggest ▸ Net realisable value."""
        vals = {"date": date} if date else {}
        if reason:
            vals["reason_id"] = self.reasons[reason].id
        journal = self.calculate(products, **vals)
        self.suggest(journal, **options)
        return journal

    def values(self, journal):
        return [round(line.value_revalued, 6) for line in journal.line_ids]

    def worth(self, products, unit_value, **vals):
        """Let a unit of each be worth so much from now on."""
        for product in products:
            known = self.env["stock.revaluation.nrv"].search([("product_id", "=", product.id)])
            known.write({"unit_value": unit_value}) if known else self.entered(product, unit_value, **vals)


class TestWorkedFigures(FiguresCase):
    """10 @ 10 written down to 7 (−30), 4 issued: 18 are left, whatever the costing method."""

    @classmethod
    def set_up_builders(cls):
        super().set_up_builders()
        cls.products = cls.env["product.product"].concat(
            *(cls.create_product(method, cost=10.0) for method in ("average", "fifo", "standard"))
        )
        for product in cls.products:
            cls.receive(product, 10, 10.0)

    def write_down(self):
        """Write down to 7 and issue 4; return the journal."""
        self.worth(self.products, 7.00, date="2020-01-01")
        journal = self.suggest_for(self.products, "write_down")
        self.assertEqual(self.values(journal), [70.0] * 3)
        self.post(journal)
        for product in self.products:
            self.deliver(product, 4)
        self.assertEqual([line.write_down_left for line in journal.line_ids], [18.0] * 3)
        return journal

    def let_a_year_pass(self):
        self.pass_time(days=366)
        self.env.cr.execute(
            "UPDATE stock_revaluation_journal_line SET date = date - 366 WHERE state = 'posted' AND company_id = %s",
            [self.company.id],
        )
        self.invalidate()

    def test_reversals_follow_net_realisable_value_up_to_what_is_left(self):
        self.write_down()
        self.worth(self.products, 11.00)
        journal = self.suggest_for(self.products, "write_down_reversal")
        self.assertEqual(self.values(journal), [60.0] * 3)  # 42 + 18, not 66
        self.worth(self.products, 9.00)
        journal = self.suggest_for(self.products, "write_down_reversal")
        self.assertEqual(self.values(journal), [54.0] * 3)  # 42 + 12
        self.assertEqual({(line.nrv_left, line.nrv_reversible) for line in journal.line_ids}, {(18.0, 18.0)})
        self.post(journal)
        self.worth(self.products, 11.00)
        self.assertEqual(self.values(self.suggest_for(self.products, "write_down_reversal")), [60.0] * 3)  # + 6

    def test_us_gaap_reverses_no_write_down_of_an_earlier_fiscal_year_and_says_why(self):
        self.company.revaluation_framework = "us_gaap"
        self.write_down()
        self.worth(self.products, 9.00)
        self.assertEqual(self.values(self.suggest_for(self.products, "write_down_reversal")), [54.0] * 3)
        self.let_a_year_pass()
        journal = self.suggest_for(self.products, "write_down_reversal")
        self.assertEqual(self.values(journal), [42.0] * 3)
        action = journal.action_suggest()
        wizard = journal.env[action["res_model"]].with_context(**action["context"]).create({"source": "nrv"})
        self.assertIn("ASC 330-10-35-14", wizard.missing)
        for line in journal.line_ids:
            line.value_revalued = 54.0
        self.assert_refused(journal.action_post, "ASC 330-10-35-14", "0.00 at the most", products=self.products)

    def test_hgb_suggests_reversals_whatever_the_options_and_ifrs_those_asked_for(self):
        self.write_down()
        self.let_a_year_pass()
        self.worth(self.products, 9.00)
        self.assertEqual(self.values(self.suggest_for(self.products, nrv_change="down")), [42.0] * 3)
        self.company.revaluation_framework = "hgb"
        self.assertEqual(self.values(self.suggest_for(self.products, nrv_change="down")), [54.0] * 3)


class TestPastDate(FiguresCase):
    """A journal of 50 days ago: ages, unit costs, issues and write-downs are those of that day."""

    @classmethod
    def set_up_builders(cls):
        super().set_up_builders()
        cls.fifo, cls.average = cls.create_product("fifo"), cls.create_product("average")
        cls.products = cls.fifo + cls.average
        for product in cls.products:
            cls.receive(product, 10, 10.00)
        if cls.has_lot_valuation:
            cls.by_lot = cls.create_product("average", tracking="lot", lot_valuated=True)
            cls.old, cls.new = (cls.create_lot(cls.by_lot, name) for name in ("OLD", "NEW"))
            cls.receive(cls.by_lot, 10, 10.00, lot=cls.old)
        cls.pass_time(days=300)
        for product in cls.products:
            cls.receive(product, 10, 20.00)
            cls.deliver(product, 2)
        if cls.has_lot_valuation:
            cls.receive(cls.by_lot, 10, 10.00, lot=cls.new)
            cls.deliver(cls.by_lot, 6, lot=cls.new)
        cls.pass_time(days=50)
        cls.date = fields.Date.today() - timedelta(days=50)
        cls.pass_time(days=50)
        for product in cls.products:
            cls.deliver(product, 9)
            cls.receive(product, 5, 30.00)

    def test_fifo_weighs_ages_by_the_cost_of_the_layers_of_that_day(self):
        """8 at 10.00 since 350 days, worth 75 per cent, 10 at 20.00 since 50: 60.00 + 200.00. Now the 8 are gone."""
        self.table()
        line = self.suggest_for(self.fifo, date=self.date, nrv_price=False).line_ids
        self.assertMoney(line.value_calculated, 280.00)
        self.assertMoney(line.value_revalued, 260.00)
        self.assertRegex(line.nrv_detail, "181–365 days since receipt: 8.00? at 75")
        self.post_past(line.journal_id)
        journal = self.suggest_for(
            self.fifo, nrv_price=False
        )  # now 9 at 20.00 since 100 days, 5 at 30.00: nothing is old
        self.assertMoney(journal.amount, 0.00)

    def post_past(self, journal):
        self.flush()
        journal.action_post()
        self.assertEqual(journal.state, "posted")

    def test_average_weighs_ages_by_quantity(self):
        """18 at 15.00, 8 of them since 350 days: 270.00 × (8 × 75 + 10 × 100) / 1800 = 240.00."""
        self.table()
        line = self.suggest_for(self.average, date=self.date, nrv_price=False).line_ids
        self.assertMoney(line.value_calculated, 270.00)
        self.assertMoney(line.value_revalued, 240.00)

    def test_lots_are_as_old_as_they_were_that_day(self):
        """10 old ones at 75 per cent and 4 new ones: 75.00 + 40.00."""
        if not self.has_lot_valuation:
            self.skipTest("stock is valued by lot from 18.0 on")
        self.table()
        line = self.suggest_for(self.by_lot, date=self.date, nrv_price=False).line_ids
        self.assertMoney(line.value_calculated, 140.00)
        self.assertMoney(line.value_revalued, 115.00)

    def test_coverage_looks_at_the_issues_before_that_day(self):
        """2 issued in the 12 months before, the 9 after it do not count: 18 / (2 / 12) = 108 months."""
        self.table([(24, 50), (120, 10)], "coverage")
        line = self.suggest_for(self.average, date=self.date, nrv_price=False).line_ids
        self.assertMoney(line.value_revalued, 135.00)  # half of 270.00
        self.assertIn("108 months", line.nrv_detail)

    def test_prices_of_a_later_day_do_not_hold(self):
        self.entered(self.average, 12.00, date=self.date)
        self.entered(self.average, 1.00, date=self.date + timedelta(days=1))
        line = self.suggest_for(self.average, date=self.date, nrv_price=False).line_ids
        self.assertMoney(line.value_revalued, 216.00)  # 18 at 12.00

    def test_write_downs_left_are_those_of_that_day(self):
        """10 @ 10 written down to 7 before, 4 issued after the day: 30 were left then, of which 18 are in stock."""
        product = self.create_product("average")
        self.receive(product, 10, 10.00)
        self.post(self.prepare("write_down", {product: 70.0}))
        self.pass_time(days=60)
        self.env.cr.execute(
            "UPDATE stock_revaluation_journal_line SET date = date - 60 WHERE product_id = %s", [product.id]
        )
        self.invalidate()
        self.deliver(product, 4)
        self.entered(product, 9.00, date=self.date)
        journal = self.suggest_for(product, "write_down_reversal", date=self.date)
        line = journal.line_ids
        self.assertEqual((line.nrv_left, line.nrv_reversible), (30.0, 30.0))
        self.assertMoney(line.amount, 20.00)  # 70 to 90
        self.post_past(journal)
        self.assertMoney(self.stock_value(product), 54.00)  # 6 at 9.00
        with self.assertRaises(UserError):
            line.value_revalued = 1.0
