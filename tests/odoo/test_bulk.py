"""Lines are written many at once: the same as the ORM would have written, other addons' fields included."""

import random

from revaluation_common import RevaluationCase

FOLLOWS = (
    "amount",
    "amount_percent",
    "unit_cost_percent",
    "direction",
    "rounding_difference",
    "allowance_required",
    "sets_cost",
    "company_id",
    "date",
    "reason_id",
    "categ_id",
    "stock_move_id",
)
TOTALS = ("line_count", "value_calculated", "value_revalued", "amount", "amount_increase", "amount_decrease")


class TestBulk(RevaluationCase):
    @classmethod
    def set_up_builders(cls):
        super().set_up_builders()
        cls.products = cls.env["product.product"]
        for number in range(9):
            method = ("standard", "average", "fifo")[number % 3]
            product = cls.create_product(method, cost=3.33 if method == "standard" else 0.0)
            cls.receive(product, 3 + number, 3.33)
            cls.products |= product

    def test_bulk_figures_are_those_that_the_orm_computes(self):
        journal = self.calculate(self.products)
        self.assert_computed(journal)
        rng = random.Random(20261127)
        for _round in range(3):
            entries = {
                line.id: rng.choice(
                    [{"unit_cost": round(rng.uniform(0, 9), 4)}, {"value": round(rng.uniform(0, 99), 2)}, {"value": 0}]
                )
                for line in journal.line_ids
                if rng.random() < 0.8
            }
            journal.line_ids._enter(entries)
            self.assert_computed(journal)

    def test_refresh_and_recalculate_keep_totals(self):
        journal = self.calculate(self.products)
        journal.line_ids._enter({line.id: {"value": 50.0} for line in journal.line_ids})
        self.receive(self.products[1], 5, 4.00)
        journal.action_refresh()
        # nine lines at 50.00 each, whatever the books have (up to 18.0 standard cost snaps to what its cost gives)
        if not self.cost_is_rounded:
            self.assertMoney(journal.value_revalued, 450.00)
        self.assert_computed(journal)
        journal.calculate(product_ids=self.products[:4].ids)
        self.assertEqual(journal.line_count, 4)
        self.assertMoney(journal.amount, 0.00)
        self.assert_computed(journal)

    def test_fields_of_others_keep_their_defaults_and_computes(self):
        """Put on lines by a user, as another addon would: a default, and a stored figure computed from ours."""
        Field = self.env["ir.model.fields"]
        model = self.env["ir.model"]._get("stock.revaluation.journal.line")
        common = {"model_id": model.id, "state": "manual"}
        given = Field.create(dict(common, name="x_review", ttype="char", field_description="Review"))
        self.addCleanup(given.unlink)
        computed = Field.create(
            dict(
                common,
                name="x_double",
                ttype="float",
                field_description="Double",
                depends="value_revalued",
                compute="for record in self:\n    record['x_double'] = 2 * record.value_revalued",
                store=True,
            )
        )
        self.addCleanup(computed.unlink)
        self.env["ir.default"].set("stock.revaluation.journal.line", "x_review", "to do")
        journal = self.calculate(self.products)
        self.assertEqual(set(journal.line_ids.mapped("x_review")), {"to do"})
        self.assert_double(journal)
        journal.line_ids._enter({line.id: {"value": 7.0} for line in journal.line_ids})
        self.assert_double(journal)

    # ------------------------------------------------------------------ tools

    def assert_double(self, journal):
        self.flush()
        self.env.cr.execute(
            "SELECT value_revalued, x_double FROM stock_revaluation_journal_line WHERE journal_id = %s", [journal.id]
        )
        rows = self.env.cr.fetchall()
        self.assertEqual(len(rows), len(self.products))
        for value, double in rows:
            self.assertMoney(double, 2 * float(value))

    def assert_computed(self, journal):
        """What the statements left is what the ORM's own computes come to."""
        self.flush()
        self.invalidate()
        lines = journal.line_ids
        was = {line: {name: line[name] for name in FOLLOWS} for line in lines}
        totals = {name: journal[name] for name in TOTALS}
        for records, names in ((lines, FOLLOWS), (journal, TOTALS)):
            for name in names:
                records.env.add_to_compute(records._fields[name], records)
        self.flush()
        self.invalidate()
        for record, figures in [*was.items(), (journal, totals)]:
            for name, value in figures.items():
                if isinstance(value, float):
                    self.assertAlmostEqual(record[name], value, 2, "%s of %s" % (name, record.display_name))
                else:
                    self.assertEqual(record[name], value, "%s of %s" % (name, record.display_name))
