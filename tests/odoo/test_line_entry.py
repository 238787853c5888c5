"""Unit cost and total on a line: whichever was entered last sets the other."""

import re

from revaluation_common import REFUSALS, Form, RevaluationCase, UserError


class TestLineEntryAverage(RevaluationCase):
    """147 units at 3.40: 499.80. A total of 750.00 has no unit cost in cents."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.product = cls.create_product("average", name="Average 147")
        cls.receive(cls.product, 147, 3.40)

    def setUp(self):
        super().setUp()
        self.journal = self.calculate(self.product)
        self.entry = self.line(self.journal, self.product)

    def test_line_calculated_starts_with_revalued_equal_to_calculated(self):
        # 147 × 3.40 = 499.80
        self.assertEqual(self.entry.quantity, 147)
        self.assertMoney(self.entry.value_calculated, 499.80)
        self.assertAlmostEqual(self.entry.unit_cost_calculated, 3.40, 6)
        self.assertMoney(self.entry.value_revalued, 499.80)
        self.assertAlmostEqual(self.entry.unit_cost_revalued, 3.40, 6)
        self.assertMoney(self.entry.amount, 0.0)
        self.assertEqual(self.entry.cost_method, "average")
        self.assertEqual(self.entry.uom_id, self.product.uom_id)
        self.assertEqual(self.entry.categ_id, self.product.categ_id)

    def test_line_total_entered_gives_the_unit_cost(self):
        self.entry.write({"value_revalued": 750.00})
        # 750 / 147 = 5.10204… shown with four digits; 750.00 − 499.80 = 250.20
        self.assertMoney(self.entry.value_revalued, 750.00)
        self.assertAlmostEqual(self.entry.unit_cost_revalued, 5.1020, 6)
        self.assertMoney(self.entry.amount, 250.20)
        self.assertEqual(self.entry.entered, "value")

    def test_line_unit_cost_entered_gives_the_total(self):
        self.entry.write({"unit_cost_revalued": 5.10})
        # 147 × 5.10 = 749.70; − 499.80 = 249.90
        self.assertMoney(self.entry.value_revalued, 749.70)
        self.assertAlmostEqual(self.entry.unit_cost_revalued, 5.10, 6)
        self.assertMoney(self.entry.amount, 249.90)
        self.assertEqual(self.entry.entered, "unit_cost")

    def test_line_unit_cost_with_four_digits_total_is_rounded(self):
        self.entry.write({"unit_cost_revalued": 3.3333})
        # 147 × 3.3333 = 489.9951, rounded 490.00; − 499.80 = −9.80
        self.assertMoney(self.entry.value_revalued, 490.00)
        self.assertMoney(self.entry.amount, -9.80)

    def test_line_entered_twice_the_last_entry_counts(self):
        self.entry.write({"unit_cost_revalued": 5.00})
        self.assertMoney(self.entry.value_revalued, 735.00)
        self.entry.write({"value_revalued": 750.00})
        self.assertMoney(self.entry.value_revalued, 750.00)
        self.assertAlmostEqual(self.entry.unit_cost_revalued, 5.1020, 6)
        self.entry.write({"unit_cost_revalued": 5.1020})
        # 147 × 5.1020 = 749.994, rounded 749.99: now the unit cost was entered
        self.assertIn(self.journal.currency_id.round(self.entry.value_revalued), (749.99, 750.00))

    def test_line_both_entered_and_agreeing_the_total_stays_exact(self):
        self.entry.write({"unit_cost_revalued": 5.1020, "value_revalued": 750.00})
        self.assertMoney(self.entry.value_revalued, 750.00)

    def test_line_both_entered_and_contradictory_is_refused(self):
        self.assert_refused(
            lambda: self.entry.write({"unit_cost_revalued": 5.00, "value_revalued": 750.00}),
            self.product.name,
        )
        self.assertMoney(self.entry.value_revalued, 499.80)

    def test_line_negative_total_is_refused(self):
        self.assert_refused(lambda: self.entry.write({"value_revalued": -0.01}))
        self.assertMoney(self.entry.amount, 0.0)

    def test_line_negative_unit_cost_is_refused(self):
        self.assert_refused(lambda: self.entry.write({"unit_cost_revalued": -5.0}))
        self.assertMoney(self.entry.amount, 0.0)

    def test_line_zero_total_is_allowed(self):
        self.entry.write({"value_revalued": 0.0})
        self.assertMoney(self.entry.value_revalued, 0.0)
        self.assertEqual(self.entry.unit_cost_revalued, 0.0)
        self.assertMoney(self.entry.amount, -499.80)

    def test_line_zero_unit_cost_is_allowed(self):
        self.entry.write({"unit_cost_revalued": 0.0})
        self.assertMoney(self.entry.value_revalued, 0.0)
        self.assertMoney(self.entry.amount, -499.80)

    def test_line_several_written_at_once_each_follows(self):
        other = self.create_product("average")
        self.receive(other, 10, 1.00)
        journal = self.calculate(self.product | other)
        journal.line_ids.write({"unit_cost_revalued": 2.0})
        # 147 × 2 = 294.00 and 10 × 2 = 20.00
        self.assertMoney(self.line(journal, self.product).value_revalued, 294.00)
        self.assertMoney(self.line(journal, other).value_revalued, 20.00)

    def test_line_created_by_product_reads_the_books(self):
        journal = self.create_journal()
        line = journal.line_ids.create({"journal_id": journal.id, "product_id": self.product.id})
        self.assertEqual(line.quantity, 147)
        self.assertMoney(line.value_calculated, 499.80)
        self.assertMoney(line.value_revalued, 499.80)

    def test_line_created_with_total_gives_the_unit_cost(self):
        journal = self.create_journal()
        line = journal.line_ids.create(
            {"journal_id": journal.id, "product_id": self.product.id, "value_revalued": 750.00}
        )
        self.assertMoney(line.value_revalued, 750.00)
        self.assertAlmostEqual(line.unit_cost_revalued, 5.1020, 6)
        self.assertMoney(line.amount, 250.20)

    def test_line_created_with_unit_cost_gives_the_total(self):
        journal = self.create_journal()
        journal.write({"line_ids": [(0, 0, {"product_id": self.product.id, "unit_cost_revalued": 5.10})]})
        self.assertMoney(self.line(journal, self.product).value_revalued, 749.70)

    def test_line_created_with_contradiction_is_refused(self):
        journal = self.create_journal()
        with self.assertRaises(REFUSALS):
            journal.line_ids.create(
                {
                    "journal_id": journal.id,
                    "product_id": self.product.id,
                    "unit_cost_revalued": 5.00,
                    "value_revalued": 750.00,
                }
            )

    def test_line_created_with_zero_total_is_zero(self):
        journal = self.create_journal()
        line = journal.line_ids.create({"journal_id": journal.id, "product_id": self.product.id, "value_revalued": 0.0})
        self.assertMoney(line.value_revalued, 0.0)
        self.assertMoney(line.amount, -499.80)

    def test_absurd_numbers_typed_into_the_form_are_refused_with_a_message(self):
        for name in ("unit_cost_revalued", "value_revalued"):
            too_large = self.assertRaisesRegex(UserError, "is too large")
            with too_large, Form(self.journal) as form, form.line_ids.edit(0) as line:
                setattr(line, name, 1e30)

    def test_negative_total_typed_into_the_form_is_named(self):
        total = self.env["stock.revaluation.journal.line"]._fields["value_revalued"].string
        refused = self.assertRaisesRegex(UserError, re.escape(total))
        with refused, Form(self.journal) as form, form.line_ids.edit(0) as line:
            line.value_revalued = -5.00

    def test_line_in_form_total_typed_gives_the_unit_cost(self):
        with Form(self.journal) as form, form.line_ids.edit(0) as line:
            line.value_revalued = 750.00
            self.assertAlmostEqual(line.unit_cost_revalued, 5.1020, 6)
            self.assertAlmostEqual(line.amount, 250.20, 2)
        self.assertMoney(self.entry.value_revalued, 750.00)
        self.assertMoney(self.entry.amount, 250.20)

    def test_line_in_form_unit_cost_typed_gives_the_total(self):
        with Form(self.journal) as form, form.line_ids.edit(0) as line:
            line.unit_cost_revalued = 5.10
            self.assertAlmostEqual(line.value_revalued, 749.70, 2)
        self.assertMoney(self.entry.value_revalued, 749.70)

    def test_line_in_form_typed_twice_the_last_entry_counts(self):
        with Form(self.journal) as form, form.line_ids.edit(0) as line:
            line.unit_cost_revalued = 5.00
            line.value_revalued = 750.00
            self.assertAlmostEqual(line.unit_cost_revalued, 5.1020, 6)
        self.assertMoney(self.entry.value_revalued, 750.00)

    def test_line_rounding_difference_average_shows_what_the_cost_cannot_carry(self):
        self.entry.write({"value_revalued": 750.00})
        # Up to 18.0 the cost is stored as 5.10: 147 × 5.10 = 749.70, 0.30 short of 750.00
        self.assertMoney(self.entry.rounding_difference, 0.30 if self.cost_is_rounded else 0.0)

    def test_line_rounding_difference_none_where_the_cost_carries_the_total(self):
        self.entry.write({"unit_cost_revalued": 5.10})
        self.assertMoney(self.entry.rounding_difference, 0.0)

    def test_journal_totals_follow_the_lines(self):
        other = self.create_product("average")
        self.receive(other, 10, 10.00)
        journal = self.calculate(self.product | other)
        self.line(journal, self.product).write({"value_revalued": 750.00})
        self.line(journal, other).write({"value_revalued": 60.00})
        # 499.80 + 100.00; 750.00 + 60.00; up 250.20, down 40.00
        self.assertMoney(journal.value_calculated, 599.80)
        self.assertMoney(journal.value_revalued, 810.00)
        self.assertMoney(journal.amount, 210.20)
        self.assertMoney(journal.amount_increase, 250.20)
        self.assertMoney(abs(journal.amount_decrease), 40.00)
        self.assertEqual(journal.line_count, 2)


class TestLineEntryStandard(RevaluationCase):
    """3 units at 10.00: a standard cost of 40.00 / 3 cannot be stored in cents."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.product = cls.create_product("standard", cost=10.0)
        cls.receive(cls.product, 3, 10.0)

    def test_line_standard_total_snaps_to_what_the_cost_gives(self):
        line = self.line(self.calculate(self.product), self.product)
        line.write({"value_revalued": 40.00})
        if self.cost_is_rounded:
            # 40 / 3 = 13.333…, stored 13.33; 3 × 13.33 = 39.99; + 9.99
            self.assertAlmostEqual(line.unit_cost_revalued, 13.33, 6)
            self.assertMoney(line.value_revalued, 39.99)
            self.assertMoney(line.amount, 9.99)
        else:
            self.assertMoney(line.value_revalued, 40.00)
            self.assertMoney(line.amount, 10.00)
        self.assertMoney(line.rounding_difference, 0.0)

    def test_line_standard_unit_cost_snaps_to_what_can_be_stored(self):
        line = self.line(self.calculate(self.product), self.product)
        line.write({"unit_cost_revalued": 13.3349})
        # 13.33 × 3 = 39.99 up to 18.0; 13.3349 × 3 = 40.0047, 40.00 on 19.0
        self.assertMoney(line.value_revalued, 39.99 if self.cost_is_rounded else 40.00)

    def test_line_standard_snaps_in_the_form_before_saving(self):
        journal = self.calculate(self.product)
        with Form(journal) as form, form.line_ids.edit(0) as line:
            line.value_revalued = 40.00
            self.assertAlmostEqual(line.value_revalued, 39.99 if self.cost_is_rounded else 40.00, 2)

    def test_line_standard_total_that_the_cost_carries_stays(self):
        line = self.line(self.calculate(self.product), self.product)
        line.write({"value_revalued": 36.00})
        self.assertAlmostEqual(line.unit_cost_revalued, 12.00, 6)
        self.assertMoney(line.amount, 6.00)


class TestLineEntryFifo(RevaluationCase):
    def test_line_fifo_total_is_exact(self):
        product = self.create_product("fifo")
        self.receive(product, 3, 3.00)
        line = self.line(self.calculate(product), product)
        line.write({"value_revalued": 10.00})
        self.assertMoney(line.value_revalued, 10.00)
        self.assertMoney(line.amount, 1.00)
        self.assertMoney(line.rounding_difference, 0.0)

    def test_line_half_cent_rounds_away_from_zero(self):
        product = (
            self.create_product("fifo", uom_id=self.kilogram.id, uom_po_id=self.kilogram.id)
            if ("uom_po_id" in self.env["product.template"]._fields)
            else self.create_product("fifo", uom_id=self.kilogram.id)
        )
        self.receive(product, 2.5, 2.00)
        line = self.line(self.calculate(product), product)
        line.write({"unit_cost_revalued": 3.33})
        # 2.5 × 3.33 = 8.325, rounded 8.33; − 5.00 = 3.33
        self.assertMoney(line.value_revalued, 8.33)
        self.assertMoney(line.amount, 3.33)
