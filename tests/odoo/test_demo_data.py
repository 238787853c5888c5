"""What the demo data of the addon says is true: its posted journal was posted by the code, not only called so.

147 sacks of soil at 3.40 = 499.80, to 750.00; 24 chairs from 48.00 to 52.00 = 1152.00 to 1248.00. Not posted:
60 parasols from 25.00 to 13.50 = 1500.00 to 810.00; soil to 5.00 = 735.00.
"""

from revaluation_common import RevaluationCase


class TestDemoData(RevaluationCase):
    def journal(self, description):
        company = self.env.ref("base.main_company")
        journals = self.env["stock.revaluation.journal"].with_context(allowed_company_ids=company.ids)
        return journals.search([("description", "=", description), ("company_id", "=", company.id)])

    def test_demo_posted_journal_changed_stock_by_its_amounts(self):
        journal = self.journal("Freight of the spring order")
        self.assertEqual(journal.state, "posted")
        self.assertEqual(journal.reason_id.code, "CORRECTION")
        layers = {layer.product_id.default_code: layer.value for layer in journal.valuation_layer_ids}
        self.assertEqual(layers, {"RJ-SOIL": 250.20, "RJ-CHAIR": 96.00})
        self.reader.write({"company_ids": [(4, journal.company_id.id)]})
        for name, value in (("soil", 750.00), ("chair", 1248.00), ("parasol", 1500.00)):
            product = self.env.ref("stock_revaluation_journal.demo_" + name)
            self.assertMoney(self.stock_value(product, journal.company_id), value)

    def test_demo_draft_can_be_posted(self):
        journal = self.journal("Year-end stock review")
        self.assertEqual(journal.state, "draft")
        self.assertMoney(journal.amount_decrease, -690.00 - 15.00)
        # where every day begins first: the demo's date may be that of a user east of this one
        journal.with_context(tz="Pacific/Kiritimati").action_check()

    def test_demo_leftovers_are_to_be_written_down_by_what_decides(self):
        """20 pumps of 500 days at 30.00 to half; 40 bird houses of 250 days at 9.00 to 3/4; 8 bowls to 50.00."""
        journal = self.journal("Leftovers to net realisable value")
        self.assertEqual(journal.reason_id.code, "WRITEDOWN")
        found = {
            line.product_id.default_code: (line.value_calculated, line.value_revalued, line.nrv_basis)
            for line in journal.line_ids
        }
        self.assertEqual(
            found,
            {
                "RJ-PUMP": (600.00, 300.00, "ageing"),
                "RJ-BIRD": (360.00, 270.00, "ageing"),
                "RJ-BOWL": (440.00, 400.00, "entered"),
            },
        )

    def test_demo_bowls_were_written_down(self):
        """8 from 60.00 to 55.00: 40.00 are left, none has been sold."""
        journal = self.journal("Scratched in the flood")
        self.assertEqual((journal.state, journal.reason_id.kind), ("posted", "write_down"))
        line = journal.line_ids
        self.assertEqual((line.amount, line.write_down_left), (-40.00, 40.00))
