"""Dates near midnight: a day ends when it ends for the company, whatever the clock in Greenwich says."""

from datetime import datetime, time, timedelta

import pytz
from odoo import fields
from revaluation_common import RevaluationCase

# Eight hours behind Greenwich (seven in summer) and thirteen ahead of it (twelve in its winter).
BEHIND, AHEAD = "America/Los_Angeles", "Pacific/Auckland"


class TestTimeZones(RevaluationCase):
    """10 units at 10.00, received 40 days ago, revalued to 125.00."""

    def setUp(self):
        super().setUp()
        self.products = self.env["product.product"]
        for method in ("standard", "average", "fifo"):
            product = self.create_product(method, cost=10.0 if method == "standard" else 0.0)
            self.receive(product, 10, 10.00)
            self.products |= product
        self.pass_time(days=40)

    def revalued(self, zone, date=None):
        """Post by a user in `zone`, whose company is there as well."""
        self.company.partner_id.tz = zone
        self.accountant.tz = zone
        journal = self.calculate(self.products).with_context(tz=zone)
        journal.date = date or fields.Date.context_today(journal)
        for line in journal.line_ids:
            line.write({"value_revalued": 125.00})
        self.post(journal)
        return journal

    def end_of_day(self, zone, date):
        """Return the last second of a day in `zone`, as Odoo stores times: in Greenwich's."""
        end = pytz.timezone(zone).localize(datetime.combine(date, time(23, 59, 59)))
        return end.astimezone(pytz.utc).replace(tzinfo=None)

    def check_past_date(self, zone):
        date = fields.Date.today() - timedelta(days=10)
        journal = self.revalued(zone, date)
        end = self.end_of_day(zone, date)
        # 19.0 looks at whole days of Greenwich
        step = timedelta(days=1) if self.has_product_values else timedelta(minutes=1)
        for product in self.products:
            same = self.fifo_has_no_past and self._in_company(product).cost_method == "fifo"
            for moment, value in ((end - step, 125.00 if same else 100.00), (end + step, 125.00)):
                found = self.stock_value(product, at_date=fields.Datetime.to_string(moment))
                self.assertMoney(found, value, "%s at %s" % (product.name, moment))
        for moment in self.moments(journal):
            self.assertLess(abs(moment - end), timedelta(seconds=1))
        self.assertEqual(journal.account_move_ids.sudo().mapped("date"), [date])
        return end

    def moments(self, journal):
        """Return when the changes count, of all records that say so."""
        found = journal.valuation_layer_ids.sudo().mapped("create_date")
        if self.has_product_values:
            domain = [("revaluation_line_id", "in", journal.line_ids.ids)]
            found += self.env["product.value"].search(domain).mapped("date")
        return found

    def test_past_date_ends_late_where_the_company_is_behind_greenwich(self):
        end = self.check_past_date(BEHIND)
        self.assertIn(end.hour, (6, 7))  # of the next day

    def test_past_date_ends_early_where_the_company_is_ahead_of_greenwich(self):
        end = self.check_past_date(AHEAD)
        self.assertIn(end.hour, (10, 11))  # of the same day

    def other_day(self):
        """Return a zone where it is not the day that it is in Greenwich: twelve hours behind, or fourteen ahead."""
        return "Etc/GMT+12" if fields.Datetime.now().hour < 12 else "Etc/GMT-14"

    def test_today_is_the_user_s_today_for_entry_and_value(self):
        zone = self.other_day()
        today = datetime.now(pytz.timezone(zone)).date()
        self.assertNotEqual(today, fields.Date.today())
        journal = self.revalued(zone)
        self.assertEqual(journal.create({}).date, today)

    def test_today_where_it_is_another_day_than_in_greenwich_is_posted_at_once(self):
        zone = self.other_day()
        today = datetime.now(pytz.timezone(zone)).date()
        journal = self.revalued(zone, today)
        self.assertEqual(journal.account_move_ids.sudo().mapped("date"), [today])
        for product in self.products:
            self.assertMoney(self.stock_value(product), 125.00, product.name)
        if self.has_product_values:
            self.receive(self.products[1], 10, 10.00)
            self.assertMoney(self.stock_value(self.products[1]), 225.00)

    def test_tomorrow_of_the_user_is_refused(self):
        zone = self.other_day()
        self.accountant.tz = zone
        journal = self.calculate(self.products).with_context(tz=zone)
        journal.date = datetime.now(pytz.timezone(zone)).date() + timedelta(days=1)
        journal.line_ids.write({"value_revalued": 125.00})
        self.assert_refused(journal.action_post, "future", products=self.products)


class TestSameSecond(RevaluationCase):
    """Odoo dates moves to the second: a revaluation in the second of a receipt comes after it, and before the next."""

    def test_revaluation_in_the_second_of_a_receipt(self):
        for method in ("standard", "average", "fifo"):
            product = self.create_product(method, cost=10.0 if method == "standard" else 0.0)
            self.receive(product, 10, 10.00)
            journal = self.calculate(product)
            self.line(journal, product).write({"value_revalued": 125.00})
            self.flush()
            before = self.snapshot(product)
            journal.action_post()  # without the minute that every other test lets pass
            self.assert_posted(journal, before)
            self.assertMoney(self.stock_value(product), 125.00, method)
            self.receive(product, 10, 12.50)
            self.assertMoney(self.stock_value(product), 250.00, method)
            self.pass_time(days=2)
            today = fields.Date.to_string(fields.Date.today())
            self.assertMoney(self.stock_value(product, at_date=today), 250.00, method)
