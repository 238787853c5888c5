"""Old and new costs side by side, by category, with a per cent that weighs."""

from revaluation_common import RevaluationCase


class TestCompare(RevaluationCase):
    def test_lines_that_change_by_category_with_totals_that_weigh(self):
        car, screw, empty, same = (self.create_product("standard", cost=cost) for cost in (900.00, 1.00, 4.00, 7.00))
        self.receive(car, 1, 900.00)
        self.receive(screw, 100, 1.00)
        self.receive(same, 1, 7.00)
        journal = self.calculate(car + screw + empty + same, options={"also_without_stock": True})
        self.line(journal, car).unit_cost_revalued = 990.00  # 10 % of 900.00
        self.line(journal, screw).unit_cost_revalued = 1.50  # 50 % of 100.00
        self.line(journal, empty).unit_cost_revalued = 5.00  # 25 % of no value
        self.flush()
        action = journal.action_compare()
        self.assertEqual([kind for _view, kind in action["views"]], action["view_mode"].split(","))
        percents = [round(self.line(journal, each).unit_cost_percent, 2) for each in (car, screw, empty, same)]
        self.assertEqual(percents, [10, 50, 25, 0])
        for view, kind in action["views"]:
            self.assertEqual(self.env["ir.ui.view"].browse(view).type, kind)
        lines = journal.line_ids.filtered_domain(["|", ("direction", "!=", "none"), ("sets_cost", "=", True)])
        self.assertEqual(set(lines.product_id.ids), {car.id, screw.id, empty.id})
        for names, groups in self.by_category(lines):
            (group,) = groups  # all in one category
            self.assertMoney(group[names["amount"]], 140.00)  # 90.00 + 50.00
            self.assertMoney(group[names["value_calculated"]], 1000.00)
            self.assertAlmostEqual(group[names["unit_cost_percent"]], 14.00)  # 140 of 1,000; the average is 28.33

    def by_category(self, lines):
        """Yield ({field: key}, groups) for each way in which a web client asks."""
        domain, fields = [("id", "in", lines.ids)], ["amount", "value_calculated", "unit_cost_percent"]
        if hasattr(lines, "formatted_read_group"):
            kinds = ("sum", "sum", "avg")
            names = {name: "%s:%s" % (name, kind) for name, kind in zip(fields, kinds)}
            aggregates = list(names.values())
            yield names, lines.formatted_read_group(domain, ["categ_id"], aggregates)
            yield names, lines.formatted_read_grouping_sets(domain, [["categ_id"]], aggregates)[0]
            yield names, lines.web_read_group(domain, ["categ_id"], aggregates)["groups"]
        else:
            names = {name: name for name in fields}
            yield names, lines.read_group(domain, fields, ["categ_id"])
            yield names, lines.web_read_group(domain, fields, ["categ_id"])["groups"]
