"""Posted lines by month, product, category, reason and direction; favourites, menus and views."""

from datetime import timedelta

from odoo import fields
from odoo.tools.safe_eval import safe_eval
from revaluation_common import RevaluationCase


class TestAnalysis(RevaluationCase):
    """Copper wire 10 × 10.00 up by 25.00; coffee 5 × 5.00 + 5 × 10.00 down by 75.00; sand unchanged."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.copper = cls.create_product("average", name="Copper wire")
        cls.receive(cls.copper, 10, 10.00)
        cls.coffee = cls.create_product("fifo", name="Coffee")
        cls.receive(cls.coffee, 5, 5.00)
        cls.receive(cls.coffee, 5, 10.00)
        cls.sand = cls.create_product("average", name="Sand")
        cls.receive(cls.sand, 10, 1.00)

    def posted(self, **vals):
        journal = self.calculate(self.copper | self.coffee | self.sand, reason_id=self.reason.id, **vals)
        self.line(journal, self.copper).write({"value_revalued": 125.00})
        self.line(journal, self.coffee).write({"value_revalued": 0.00})
        self.post(journal)
        return journal

    def grouped(self, journal, field):
        """Return {group: sum of amounts} of the journal's posted lines, as pivot and graph read them."""
        domain = [("journal_id", "=", journal.id), ("state", "=", "posted")]
        found = {}
        for row in self.as_user(self.env["stock.revaluation.journal.line"], self.accountant).read_group(
            domain, ["amount"], [field], lazy=False
        ):
            key = row[field]
            found[key[1] if isinstance(key, tuple) else key] = row["amount"]
        return found

    def test_analysis_by_kind(self):
        journal = self.posted()
        self.assertEqual(self.grouped(journal, "kind"), {"correction": -50.00})
        self.assertEqual(journal.line_ids.mapped("kind"), ["correction"] * 3)

    def test_analysis_by_direction(self):
        found = self.grouped(self.posted(), "direction")
        self.assertEqual(found, {"increase": 25.00, "decrease": -75.00})

    def test_analysis_by_reason(self):
        found = self.grouped(self.posted(), "reason_id")
        self.assertEqual(list(found.values()), [-50.00])  # 25.00 − 75.00
        self.assertIn("Market price", next(iter(found)))

    def test_analysis_by_category(self):
        journal = self.posted()
        found = self.grouped(journal, "categ_id")
        self.assertEqual(sorted(found.values()), [-75.00, 25.00])

    def test_analysis_by_month_takes_the_accounting_date(self):
        self.pass_time(days=60)
        date = fields.Date.today() - timedelta(days=40)
        journal = self.posted(date=date)
        self.assertEqual(set(journal.line_ids.mapped("date")), {date})
        found = self.grouped(journal, "date:month")
        self.assertEqual(list(found.values()), [-50.00])
        self.assertIn(str(date.year), str(next(iter(found))))

    def test_analysis_date_and_reason_of_a_draft_follow_its_header(self):
        journal = self.calculate(self.copper)
        day = fields.Date.today() - timedelta(days=1)
        journal.write({"date": day, "reason_id": self.reason.id})
        self.assertEqual(journal.line_ids.date, day)
        self.assertEqual(journal.line_ids.reason_id, self.reason)
        self.assertEqual(journal.line_ids.direction, "none")

    def test_analysis_action_shows_posted_lines_first(self):
        action = self.env.ref("stock_revaluation_journal.action_revaluation_analysis")
        self.assertIn("search_default_posted", action.context)
        self.assertEqual(action.view_mode.split(",")[0], "pivot")
        menu = self.env.ref("stock_revaluation_journal.menu_revaluation_analysis")
        self.assertEqual(menu.parent_id, self.env.ref("stock.menu_warehouse_report"))

    def test_analysis_favourites_are_everybody_s_and_their_domains_and_groups_work(self):
        self.posted()
        for model in ("stock.revaluation.journal", "stock.revaluation.journal.line"):
            Filters = self.as_user(self.env["ir.filters"], self.accountant)
            own = self.env["ir.filters"].search([("model_id", "=", model)])
            action = own[:1].action_id
            found = {row["name"] for row in Filters.get_filters(model, action.id)}
            self.assertTrue(set(own.mapped("name")) <= found, model)
            for favourite in own:
                records = self.as_user(self.env[model], self.accountant)
                records.search(safe_eval(favourite.domain))
                records.read_group(
                    safe_eval(favourite.domain), ["amount"], safe_eval(favourite.context)["group_by"], lazy=False
                )

    def test_analysis_views_are_there_for_every_mode(self):
        for xmlid in ("action_revaluation_analysis", "action_revaluation_journal"):
            action = self.env.ref("stock_revaluation_journal." + xmlid)
            for mode in action.view_mode.split(","):
                model = self.as_user(self.env[action.res_model], self.accountant)
                read = getattr(model, "get_view", None) or model.fields_view_get
                self.assertIn("arch", read(view_type=mode), "%s of %s" % (mode, xmlid))
