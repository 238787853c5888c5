"""What the walks do not see: who prepared what, names, numbers, codes, files onto lines, links, storno, branches."""

from revaluation_common import REFUSALS, AccessError, RevaluationCase

MANAGER = "stock_revaluation_journal.group_revaluation_manager"


class TestGuard(RevaluationCase):
    """Copper 10 × 10.00 (100.00) and wood 147 × 5.102… (750.00), both average."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.copper = cls.create_product("average", name="Copper wire", default_code="GU-CU")
        cls.receive(cls.copper, 10, 10.00)
        cls.wood = cls.create_product("average", name="Wood", default_code="GU-WO")
        cls.receive(cls.wood, 147, 5.00)
        journal = cls.as_user(cls.env["stock.revaluation.journal"], cls.accountant).create(
            {"counterpart_account_id": cls.account_revaluation.id}
        )
        journal.calculate(product_ids=cls.wood.ids)
        journal.line_ids.write({"value_revalued": 750.00})
        journal.action_post()
        export = cls.env.ref("base.group_allow_export")
        export.write({"user_ids" if "user_ids" in export._fields else "users": [(4, cls.accountant.id)]})
        cls.second = cls.create_user("guard_second", "stock.group_stock_manager", MANAGER)

    @property
    def Journal(self):
        return self.as_user(self.env["stock.revaluation.journal"], self.accountant)

    def suggest(self, journal, source, **options):
        wizard = self.as_user(self.env["stock.revaluation.suggest"], self.accountant).create(
            dict(options, journal_id=journal.id, source=source)
        )
        wizard.action_apply()

    # ------------------------------------------------------------------ figures

    def test_post_works_the_amounts_out_again(self):
        """A stored amount that something else has changed posts nothing: 100.00 − 100.00 = 0.00."""
        journal = self.calculate(self.copper)
        self.flush()
        self.env.cr.execute(
            "UPDATE stock_revaluation_journal_line SET amount = 800 WHERE id = %s", [journal.line_ids.id]
        )
        self.env.cr.execute("UPDATE stock_revaluation_journal SET amount_increase = 800 WHERE id = %s", [journal.id])
        self.invalidate()
        self.assert_refused(journal.action_post, "No line changes a value", products=self.copper)

    def test_limit_is_asked_on_totals_worked_out_again(self):
        self.company.revaluation_approval_amount = 50.00
        journal = self.calculate(self.copper)
        journal.line_ids.write({"value_revalued": 900.00})
        self.flush()
        self.env.cr.execute("UPDATE stock_revaluation_journal SET amount_increase = 0 WHERE id = %s", [journal.id])
        self.invalidate()
        self.assert_refused(journal.action_post, "another revaluation manager", products=self.copper)

    def test_absurd_numbers_are_refused_with_a_message(self):
        journal = self.calculate(self.copper)
        line = journal.line_ids
        for number in (1e30, 1e308, float("nan"), float("inf"), float("-inf"), "abc", 12345678901234567.0):
            for name in ("unit_cost_revalued", "value_revalued"):
                with self.subTest(number=number, field=name), self.assertRaises(REFUSALS):
                    line.write({name: number})
            with self.subTest(number=number, field="revalue"), self.assertRaises(REFUSALS):
                self.Journal.revalue({self.copper.id: number})
            with self.subTest(number=number, field="min_value"), self.assertRaises(REFUSALS):
                journal.calculate(min_value=number)
            with self.subTest(number=number, field="percentage"), self.assertRaises(REFUSALS):
                self.suggest(journal, "percent", percentage=number)
        for ids in ("abc", 5, [10**12], [None], {"a": 1}):
            with self.subTest(ids=ids), self.assertRaises(REFUSALS):
                journal.calculate(product_ids=ids)
        with self.assertRaises(REFUSALS):
            self.Journal.revalue({10**12: 1.0})

    def test_decimal_precision_of_no_digits(self):
        self.env["decimal.precision"].search([("name", "=", "Revaluation Unit Cost")]).digits = 0
        self.revalue(self.copper, value=200.00)  # 10 × 20
        self.assertMoney(self.stock_value(self.copper), 200.00)

    def test_percentages_apply_to_the_value(self):
        journal = self.calculate(self.copper | self.wood)
        with self.assertRaises(REFUSALS):  # nothing changes at 0 per cent
            self.suggest(journal, "percent", percentage=0.0)
        self.suggest(journal, "percent", percentage=10.0)
        self.assertMoney(self.line(journal, self.wood).amount, 75.00)  # 10 % of 750.00, and not of 147 × 5.1020
        self.assertMoney(self.line(journal, self.copper).amount, 10.00)
        self.assertEqual(self.line(journal, self.copper).entered, "unit_cost")  # 11.00 says it all

    # ------------------------------------------------------------------ four eyes

    def rule(self, **vals):
        return self.as_user(self.env["stock.revaluation.rule"], self.accountant).create(
            dict(
                {
                    "name": "Ninety",
                    "company_id": self.company.id,
                    "source": "fixed",
                    "fixed_unit_cost": 90.0,
                    "product_ids": [(6, 0, self.copper.ids)],
                    "user_id": self.second.id,
                    "mode": "post",
                },
                **vals,
            )
        )

    def test_who_wrote_a_rule_does_not_post_its_journal(self):
        self.company.revaluation_approval_amount = 50.00
        rule = self.rule()
        journal = rule._as_responsible()._run()  # as the scheduled action does
        self.assertEqual(journal.sudo().state, "draft")  # nobody has looked at it
        self.assertEqual(journal.sudo().prepared_by_ids, self.accountant)
        mine = self.as_user(journal, self.accountant)
        self.assert_refused(mine.action_post, "another revaluation manager", products=self.copper)
        theirs = self.as_user(journal, self.second)
        theirs.counterpart_account_id = self.account_revaluation
        theirs.action_post()
        self.assertEqual(theirs.state, "posted")

    def test_last_writer_of_a_rule_s_figures_counts_not_of_its_name(self):
        rule = self.rule()
        self.as_user(rule, self.second).write({"name": "Other", "schedule": "weekly"})
        self.assertEqual(rule.figures_by, self.accountant)
        self.as_user(rule, self.second).write({"threshold_percent": 1.0})
        self.assertEqual(rule.figures_by, self.second)
        with self.assertRaises(REFUSALS):
            rule.write({"figures_by": self.accountant.id})

    def test_who_imports_or_suggests_has_prepared(self):
        self.company.revaluation_approval_amount = 1.00
        journal = self.calculate(self.copper, user=self.second)
        self.suggest(journal, "percent", percentage=50.0)
        self.assertEqual(journal.prepared_by_ids, self.accountant)
        theirs = self.as_user(journal.line_ids, self.second).with_context(default_journal_id=journal.id)
        theirs.load(["product_id", "value_revalued"], [["GU-CU", "160"]])
        self.assertEqual(journal.prepared_by_ids, self.second)

    # ------------------------------------------------------------------ names

    def test_left_out_names_what_the_reader_may_see(self):
        other = self.create_books("Guard Other Company")
        hidden = self.create_product("average", name="Foreign Secret", company_id=other.company.id)
        journal = self.calculate(hidden | self.create_product("average", name="Plain"))
        self.assertNotIn("Foreign Secret", journal.left_out)
        self.assertIn("(1): 1 ", journal.left_out)
        self.assertIn("Plain", journal.left_out)
        self.accountant.company_ids |= other.company
        both = self.as_user(journal, self.accountant, self.company | other.company)
        self.assertIn("Foreign Secret", both.left_out)
        self.accountant.company_ids -= other.company
        with self.assertRaises(AccessError) as caught:
            self.Journal.revalue({hidden.id: 1.0})
        self.assertNotIn("Foreign", str(caught.exception))
        with self.assertRaises(REFUSALS) as caught:
            journal.write({"line_ids": [(0, 0, {"product_id": hidden.id})]})
        self.assertNotIn("Foreign", str(caught.exception))

    def test_codes_of_reasons_are_unique(self):
        Reason = self.as_user(self.env["stock.revaluation.reason"], self.accountant)
        first = Reason.create({"name": "A", "code": "DUP "})
        self.assertEqual(first.code, "DUP")
        for create in (
            lambda: Reason.create({"name": "B", "code": "DUP"}),
            lambda: Reason.create([{"name": "B", "code": "TWO"}, {"name": "C", "code": "TWO"}]),
            lambda: Reason.create({"name": "B", "code": " "}),
            lambda: Reason.create({"name": "B"}),
            lambda: self.as_user(self.reason, self.accountant).write({"code": "DUP"}),
        ):
            self.assert_refused(create, "code")
        first.active = False
        self.assert_refused(lambda: Reason.create({"name": "B", "code": "DUP"}), "archived")
        self.assertEqual(first.copy().code, "DUP-2")

    # ------------------------------------------------------------------ files

    def load(self, journal, columns, *rows):
        Line = self.as_user(self.env["stock.revaluation.journal.line"], self.accountant)
        return Line.with_context(default_journal_id=journal.id).load(columns, [list(row) for row in rows])

    def test_file_changes_the_lines_that_are_there_and_adds_the_others(self):
        journal = self.calculate(self.copper)
        line = journal.line_ids
        result = self.load(journal, ["product_id", "value_revalued"], ("GU-CU", "125"), ("GU-WO", "700"))
        self.assertFalse(result["messages"])
        self.assertEqual((result["changed"], result["added"]), (1, 1))
        self.assertEqual(self.line(journal, self.copper), line)
        self.assertMoney(line.amount, 25.00)
        self.assertMoney(self.line(journal, self.wood).amount, -50.00)
        self.assertIn("1 lines changed, 1 lines added", " ".join(journal.message_ids.mapped("body")))
        again = self.load(journal, ["product_id", "value_revalued"], ("GU-CU", "125"), ("GU-WO", "710"))
        self.assertEqual((again["changed"], again["added"], len(journal.line_ids)), (1, 0, 2))
        twice = self.load(journal, ["product_id", "value_revalued"], ("GU-CU", "130"), ("GU-CU", "140"))
        self.assertIn("twice", twice["messages"][0]["message"])
        self.assertMoney(line.value_revalued, 125.00)

    def test_exported_list_without_external_ids_comes_back_onto_its_lines(self):
        journal = self.calculate(self.copper | self.wood)
        columns = ["product_id", "quantity", "unit_cost_calculated", "value_calculated", "value_revalued", "amount"]
        exported = journal.line_ids.export_data(columns)["datas"]
        rows = [["" if each is False else str(each) for each in row] for row in exported]
        for row in rows:
            row[4] = "120.0" if "GU-CU" in row[0] else row[4]
        result = self.load(journal, columns, *rows)
        self.assertFalse(result["messages"])
        self.assertEqual((result["changed"], result["added"]), (1, 0))
        self.assertMoney(self.line(journal, self.copper).amount, 20.00)
        rows[0][1] = "999"
        self.assertTrue(self.load(journal, columns, *rows)["messages"])

    def test_journals_from_a_file_change_their_lines_too(self):
        journal = self.calculate(self.copper)
        result = self.Journal.load(
            [".id", "line_ids/product_id", "line_ids/value_revalued"],
            [[str(journal.id), "GU-CU", "130"], ["", "GU-WO", "700"]],
        )
        self.assertFalse(result["messages"])
        self.assertEqual((result["changed"], result["added"]), (1, 1))
        self.assertMoney(self.line(journal, self.copper).amount, 30.00)

    # ------------------------------------------------------------------ entries

    def test_items_of_a_third_role_are_linked_to_what_they_were_made_for(self):
        journal = self.calculate(self.copper | self.wood)
        for line in journal.line_ids:
            line.write({"value_revalued": line.value_calculated + 10.00})
        model = type(self.env["stock.revaluation.journal"])
        original = model._prepare_item_vals

        def with_statistics(self, booking, lines):
            items = original(self, booking, lines)
            third = dict(items["valuation"], name="third", account_id=booking.counterpart.id)
            return {"statistics": dict(third, **self._prepare_amount_vals(0.0)), **items}

        model._prepare_item_vals = with_statistics
        self.addCleanup(setattr, model, "_prepare_item_vals", original)
        self.post(journal)
        for line in journal.line_ids:
            items = line.sudo().account_move_line_ids
            self.assertEqual(items.product_id, line.product_id)
            self.assertEqual(sorted(items.mapped("revaluation_role")), ["counterpart", "statistics", "valuation"])
            self.assertEqual(line._get_booked_counterpart(), self.account_revaluation)

    def test_storno_company_takes_back_with_negative_amounts(self):
        if "account_storno" not in self.company._fields:
            self.skipTest("storno accounting came with 16.0")
        self.company.account_storno = True
        journal = self.revalue(self.copper, value=130.00).journal_id
        reversal = self.env["stock.revaluation.journal"].browse(journal.action_reverse()["res_id"])
        reversal = self.as_user(reversal, self.accountant)
        self.post(reversal)
        items = reversal.sudo().account_move_ids.line_ids
        found = {item.account_id: (item.debit, item.credit) for item in items}
        # As booked, on the same sides: valuation debit 30.00, revaluation credit 30.00
        self.assertEqual(found, {self.account_valuation: (-30.0, 0.0), self.account_revaluation: (0.0, -30.0)})
        self.assert_subtotals(items)

    def test_preview_of_no_changes_is_a_notice(self):
        action = self.calculate(self.copper).action_preview()
        self.assertEqual((action["tag"], action["params"]["type"]), ("display_notification", "info"))

    def test_branch_revalues_its_stock_of_its_parent_s_products(self):
        if "parent_ids" not in self.company._fields:
            self.skipTest("companies have no branches before 17.0")
        product = self.create_product("average", company_id=self.company.id)
        branch = self.create_books("A branch", "base.USD", parent_id=self.company.id)
        self.accountant.company_ids |= branch.company
        parent = self.books
        with self.inside(branch):
            self.set_up_category(product.categ_id, "average")
            product.categ_id.with_company(branch.company).write(
                {"property_stock_valuation_account_id": parent.account_valuation.id}
            )
            self.receive(product, 10, 10.00)
            journal = self.calculate(product, counterpart_account_id=parent.account_revaluation.id)
            self.assertFalse(journal.left_out)
            self.line(journal, product).write({"value_revalued": 130.00})
            journal.action_post()
            items = {item.account_id: item.balance for item in journal.sudo().account_move_ids.line_ids}
            self.assertEqual(items, {parent.account_valuation: 30.0, parent.account_revaluation: -30.0})
            self.assertMoney(self.stock_value(product), 130.00)
