"""The page that Apps shows of the addon."""

from revaluation_common import RevaluationCase


class TestDescriptionPage(RevaluationCase):
    def test_apps_show_the_steps_with_their_pictures(self):
        module = self.env["ir.module.module"].search([("name", "=", "stock_revaluation_journal")])
        page = str(module.description_html)
        self.assertIn("Choose Calculate Inventory Value", page)
        for picture in (
            "step_1_open",
            "step_2_calculate",
            "step_3_filters",
            "step_4_lines",
            "step_5_enter",
            "step_6_post",
        ):
            self.assertIn("/stock_revaluation_journal/static/description/%s.png" % picture, page)
