"""The source *Net realisable value*: what it is, the lower-of test, and what the lines keep of it.

Ageing table of these tests: from 181 days 75 per cent of cost, from 366 days 50.
"""

from datetime import timedelta

from odoo import fields
from odoo.tools import mute_logger
from revaluation_common import AccessError, Form, RevaluationCase, UserError
from test_allowances import AllowanceCase

ROWS = [(181, 75), (366, 50)]


class NrvCase(RevaluationCase):
    """What is kept for net realisable values, and Suggest."""

    @classmethod
    def set_up_builders(cls):
        super().set_up_builders()
        cls.sources = cls.env["stock.revaluation.cost.source"]

    @classmethod
    def table(cls, rows=ROWS, kind="ageing", **vals):
        """Keep an ageing or coverage table of these rows."""
        lines = [(0, 0, {"start": start, "percent": percent}) for start, percent in rows]
        return cls.env["stock.revaluation.nrv.table"].create(
            dict({"name": "Table", "kind": kind, "line_ids": lines, "company_id": cls.company.id}, **vals)
        )

    @classmethod
    def entered(cls, product, unit_value, **vals):
        """Enter a net realisable value."""
        return cls.env["stock.revaluation.nrv"].create(
            dict({"product_id": product.id, "unit_value": unit_value, "company_id": cls.company.id}, **vals)
        )

    @classmethod
    def gain(cls, product, quantity):
        """Find goods at counting."""
        found = product.with_company(cls.company).property_stock_inventory
        return cls._transfer(product, quantity, found, cls.stock_location, cls.warehouse.in_type_id)

    def suggest(self, journal, **options):
        """Apply Suggest ▸ Net realisable value to a journal."""
        action = journal.action_suggest()
        wizard = journal.env[action["res_model"]].with_context(**action["context"]).create(dict(options, source="nrv"))
        wizard.action_apply()
        return wizard

    def suggested(self, product, **options):
        """Return the line of a product after Suggest ▸ Net realisable value."""
        journal = self.calculate(product)
        self.suggest(journal, **options)
        return self.line(journal, product)


class TestNrv(NrvCase):
    def stocked(self, quantity=10, unit_cost=10.00, method="average", **vals):
        """Return a product with a receipt of `quantity` at `unit_cost`."""
        product = self.create_product(method, cost=unit_cost if method == "standard" else 0.0, **vals)
        self.receive(product, quantity, unit_cost)
        return product

    def selling_cost(self, **vals):
        return self.env["stock.revaluation.selling.cost"].create(dict({"company_id": self.company.id}, **vals))

    def estimates(self, products, date=None, **options):
        """Return {product id: (net realisable value, basis)}."""
        self.flush()
        items = self.sources._get_items(products, self.company)
        entries, _missing = self.sources._get_entries(items, "nrv", self.company, date, **options)
        estimates = {key: entry.finding.estimate for key, entry in entries.items()}
        return {key: (float(estimate.value), estimate.basis) for key, estimate in estimates.items()}

    # ------------------------------------------------------------------ sales prices

    def test_sales_price_less_costs_by_product_and_nearest_category(self):
        below = self.env["product.category"].create({"name": "Below", "parent_id": self.category("average").id})
        self.set_up_category(below, "average")
        plain, other = self.stocked(10, 30.00, list_price=20.00), self.stocked(10, 30.00, list_price=20.00)
        nearer = self.stocked(10, 30.00, list_price=20.00, categ=below)
        self.selling_cost(percent=50)  # for all, and never reached here
        self.selling_cost(percent=10, categ_id=self.category("average").id)
        self.selling_cost(percent=5, amount=0.25, categ_id=below.id)
        self.selling_cost(kind="complete", amount=1.00)
        self.selling_cost(kind="sell", amount=3.00, product_id=other.id)
        found = self.estimates(plain + other + nearer)
        self.assertEqual(found[plain.id], (170.00, "price"))  # 20.00 − 2.00 − 1.00
        self.assertEqual(found[other.id], (160.00, "price"))  # 20.00 − 3.00 − 1.00
        self.assertEqual(found[nearer.id], (177.50, "price"))  # 20.00 − 1.00 − 0.25 − 1.00

    def test_pricelist_in_another_currency_without_tax(self):
        euro = self.env.ref("base.EUR")
        euro.active = True
        self.env["res.currency.rate"].create(
            {"currency_id": euro.id, "company_id": self.company.id, "name": "2020-01-01", "rate": 0.8}
        )
        included = {"price_include": True}
        if "price_include_override" in self.env["account.tax"]._fields:
            included = {"price_include_override": "tax_included"}
        tax = self.create_tax(25.0, "sale", **included)
        product = self.stocked(10, 30.00, list_price=99.00, taxes_id=[(6, 0, tax.ids)])
        item = {"applied_on": "0_product_variant", "product_id": product.id, "compute_price": "fixed"}
        pricelist = self.env["product.pricelist"].create(
            {
                "name": "Export",
                "currency_id": euro.id,
                "company_id": self.company.id,
                "item_ids": [(0, 0, dict(item, fixed_price=10.00))],
            }
        )
        # 10.00 EUR / 1.25 = 8.00 EUR / 0.8 = 10.00 a unit
        found = self.estimates(product, pricelist_id=pricelist.id)
        self.assertEqual(found, {product.id: (100.00, "price")})
        self.assertEqual(self.estimates(product)[product.id], (792.00, "price"))  # 99.00 / 1.25 x 10

    def test_what_is_not_sold_or_has_no_price_has_no_value(self):
        unsold, free = self.stocked(list_price=5.00, sale_ok=False), self.stocked(list_price=0.0)
        self.assertEqual(self.estimates(unsold + free), {})
        line = self.calculate(unsold)
        with self.assertRaisesRegex(UserError, "No net realisable value is known"):
            self.suggest(line)

    # ------------------------------------------------------------------ entered, and coverage

    def test_entered_value_comes_first_and_the_newest_of_the_date_holds(self):
        product = self.stocked(10, 10.00, list_price=1.00)
        today = fields.Date.today()
        self.entered(product, 8.00, date=today - timedelta(days=90))
        self.entered(product, 7.00, date=today - timedelta(days=30), date_end=today - timedelta(days=10))
        self.entered(product, 6.00, date=today + timedelta(days=1))
        self.assertEqual(self.estimates(product, today - timedelta(days=60)), {product.id: (80.00, "entered")})
        self.assertEqual(self.estimates(product, today - timedelta(days=20)), {product.id: (70.00, "entered")})
        self.assertEqual(self.estimates(product, today), {product.id: (10.00, "price")})  # the newest has ended
        self.assertEqual(self.estimates(product, today - timedelta(days=91))[product.id][1], "price")

    def test_values_come_from_a_file(self):
        product = self.stocked(10, 10.00, default_code="NRV-1")
        Nrv = self.as_user(self.env["stock.revaluation.nrv"], self.accountant)
        rows = [["NRV-1", "2026-01-31", "7.25", "Offer of January"]]
        result = Nrv.load(["product_id", "date", "unit_value", "note"], rows)
        self.assertEqual(result["messages"], [])
        self.assertEqual(self.estimates(product), {product.id: (72.50, "entered")})

    def test_months_of_stock_at_the_last_issues(self):
        slow, fast, still = (self.stocked(quantity, 1.00, sale_ok=False) for quantity in (60, 30, 10))
        self.deliver(slow, 3)
        self.deliver(fast, 10)
        self.pass_time(days=40)
        self.deliver(slow, 4)
        back = self.deliver(slow, 3)
        self.return_(back, 1)
        self.deliver(fast, 10)
        self.scrap(fast, 1)
        self.pass_time(days=5)
        self.table([(12, 80), (24, 40)], "coverage", months=3)
        self.table([(12, 10)], "coverage", months=1, name="Later", sequence=20)
        found = self.estimates(slow + fast + still)
        self.assertEqual(found[slow.id], (40.80, "coverage"))  # 51 / (9 / 3) = 17 months: 80 per cent of 51.00
        self.assertEqual(found[fast.id], (9.00, "coverage"))  # 9 / (20 / 3): 1.35 months
        self.assertEqual(found[still.id], (4.00, "coverage"))  # nothing issued: the last row
        line = self.suggested(slow)
        self.assertIn("17 months", line.nrv_detail)

    def test_lowest_of_several_decides(self):
        product = self.stocked(10, 10.00, list_price=9.00)
        self.table([(12, 60)], "coverage")
        self.assertEqual(self.estimates(product), {product.id: (60.00, "coverage")})
        self.assertEqual(self.estimates(product, nrv_coverage=False), {product.id: (90.00, "price")})

    # ------------------------------------------------------------------ the test

    def test_item_by_item_or_as_a_group(self):
        above, below = self.stocked(10, 10.00), self.stocked(10, 10.00)
        self.entered(above, 12.00)  # A: 20.00 above
        self.entered(below, 8.50)  # B: 15.00 below
        journal = self.calculate(above + below)
        self.suggest(journal)
        self.assertMoney(journal.amount, -15.00)
        self.assertMoney(self.line(journal, above).amount, 0.0)
        self.assertEqual(self.line(journal, above).nrv_basis, "entered")  # tested, and nothing to do
        self.env["stock.revaluation.nrv.group"].create(
            {"name": "Garden", "company_id": self.company.id, "categ_ids": [(6, 0, self.category("average").ids)]}
        )
        self.suggest(journal)
        self.assertMoney(journal.amount, 0.0)
        self.assertIn("Garden", self.line(journal, below).nrv_detail)
        worse = self.stocked(10, 10.00)
        self.entered(worse, 7.00)  # 30.00 below: the group is short by 25.00, over 15.00 and 30.00
        journal = self.calculate(above + below + worse)
        self.suggest(journal)
        # 25.00 x 15 / 45 = 8.33, the rest 16.67
        amounts = [round(self.line(journal, each).amount, 2) for each in (above, below, worse)]
        self.assertEqual(sorted(amounts), [-16.67, -8.33, 0.0])
        self.assertEqual(amounts[0], 0.0)

    def test_lines_of_one_product_are_one_item(self):
        product = self.create_product("fifo")
        self.receive(product, 10, 5.00)
        self.receive(product, 10, 15.00)
        self.entered(product, 9.00)
        journal = self.calculate(product, calculate_per="layer")
        self.suggest(journal)
        # 50.00 + 150.00 against 180.00: 20.00 short, and the second layer alone lies above 90.00
        amounts = [round(line.amount, 2) for line in self.lines_by_layer(journal, product)]
        self.assertEqual(amounts, [0.0, -20.00])

    def test_value_never_rises_above_cost(self):
        product = self.stocked(10, 10.00)
        self.entered(product, 25.00)
        line = self.suggested(product)
        self.assertMoney(line.amount, 0.0)
        self.assertMoney(line.nrv_value, 250.00)

    def test_rounded_standard_cost_stays_below(self):
        product = self.stocked(147, 6.00, "standard")
        self.entered(product, 5.106)  # 750.58; 5.11 x 147 = 751.17 would be above, 5.10 x 147 = 749.70 is not
        self.assertMoney(self.suggested(product).value_revalued, 749.70 if self.cost_is_rounded else 750.58)

    # ------------------------------------------------------------------ what stays

    def test_lines_keep_why_after_posting_and_print_it(self):
        product = self.stocked(10, 10.00)
        self.entered(product, 7.00, note="Offer of November")
        journal = self.calculate(product)
        self.suggest(journal)
        self.assertTrue(journal.has_nrv)
        self.post(journal)
        line = self.line(journal, product)
        self.assertEqual((line.nrv_basis, line.nrv_cost, line.nrv_value), ("entered", 100.00, 70.00))
        self.assertIn("Offer of November", line.nrv_detail)
        report = self.env.ref("stock_revaluation_journal.action_report_revaluation_journal")
        name = "stock_revaluation_journal.report_revaluation_journal"
        render = getattr(report, "_render_qweb_html", None)
        if report._fields.get("report_name") and "report_ref" in render.__code__.co_varnames:
            html = report._render_qweb_html(name, journal.ids)[0]
        else:
            html = report._render_qweb_html(journal.ids)[0]
        self.assertIn("Offer of November", html.decode())

    def test_figures_that_are_read_again_lose_what_was_found_on_the_old_ones(self):
        product = self.stocked(10, 10.00)
        self.entered(product, 7.00)
        line = self.suggested(product)
        self.deliver(product, 5)
        line.journal_id.action_refresh()
        self.assertFalse(line.nrv_basis)
        self.assertFalse(line.nrv_detail)

    def test_rule_and_call_write_down_and_say_why(self):
        product = self.stocked(10, 10.00, list_price=8.00)
        rule = self.as_user(self.env["stock.revaluation.rule"], self.accountant).create(
            {"name": "Year end", "source": "nrv", "product_ids": [(6, 0, product.ids)], "company_id": self.company.id}
        )
        self.flush()
        journal = rule._run()
        self.assertMoney(self.line(journal, product).value_revalued, 80.00)
        self.assertIn("8.00", self.line(journal, product).nrv_detail)
        Journal = self.as_user(self.env["stock.revaluation.journal"], self.accountant)
        journal = Journal.revalue_from("nrv", product_ids=product.ids)
        self.assertEqual(self.line(journal, product).nrv_basis, "price")
        self.assertFalse(Journal.revalue_from("nrv", product_ids=product.ids, nrv_price=False))

    def test_wizard_shows_options_and_preview(self):
        product = self.stocked(10, 10.00, list_price=8.00)
        journal = self.calculate(product)
        action = journal.action_suggest()
        with Form(journal.env[action["res_model"]].with_context(**action["context"])) as form:
            form.source = "nrv"
            self.assertEqual(form.change_count, 1)
            self.assertIn("80.00", form.preview)
            form.nrv_price = False
            self.assertEqual((form.change_count, form.missing_count), (0, 1))
            form.nrv_price = True
            form.nrv_change = "up"
            self.assertEqual(form.change_count, 0)

    # ------------------------------------------------------------------ tables

    @mute_logger("odoo.addons.base.models.ir_rule", "odoo.addons.base.models.ir_model", "odoo.models")
    def test_preparers_read_tables_and_managers_of_the_company_keep_them(self):
        preparer = self.create_user("nrv_preparer", "stock_revaluation_journal.group_revaluation_user")
        stranger = self.create_user("nrv_stranger")
        product = self.create_product()
        records = [
            self.table(),
            self.table().line_ids[:1],
            self.selling_cost(percent=5),
            self.entered(product, 5.00),
            self.env["stock.revaluation.nrv.group"].create(
                {"name": "G", "company_id": self.company.id, "categ_ids": [(6, 0, product.categ_id.ids)]}
            ),
        ]
        foreign = self.create_books("Nrv Foreign")
        outsider = self.create_user(
            "nrv_outsider", "stock_revaluation_journal.group_revaluation_manager", company=foreign.company
        )
        for record in records:
            as_preparer = self.as_user(record, preparer)
            self.assertTrue(as_preparer.read(["company_id"]))
            for user, companies in ((preparer, None), (stranger, None), (outsider, foreign.company)):
                with self.assertRaises(AccessError):
                    self.as_user(record, user, companies).unlink()
            with self.assertRaises(AccessError):
                self.as_user(record, stranger).read(["company_id"])
            self.assertFalse(self.as_user(record, outsider, foreign.company).search([("id", "=", record.id)]))
            self.as_user(record, self.accountant).unlink()

    def test_who_wrote_a_value_table_or_cost_prepares_the_journals_that_it_decides(self):
        manager = "stock_revaluation_journal.group_revaluation_manager"
        controller, approver = self.create_user("nrv_controller", manager), self.create_user("nrv_approver", manager)
        preparer = self.create_user("nrv_suggester", "stock_revaluation_journal.group_revaluation_user")
        entered, aged, sold = (self.stocked(10, 10.00, list_price=10.00) for _number in range(3))
        self.pass_time(days=200)
        value = self.as_user(self.entered(entered, 20.00), controller)
        value.unit_value = 5.00
        table = self.as_user(self.table([(10, 90)]), controller)
        table.line_ids.percent = 40.0
        cost = self.as_user(self.selling_cost(percent=5), controller)
        cost.percent = 80.0
        # What decides nothing makes nobody a preparer, and lets nobody cease to be one
        for record, name in ((value, "note"), (table, "name"), (cost, "note")):
            self.as_user(record, approver)[name] = "Looked at"
            self.assertEqual(record.figures_by, controller)
        self.company.revaluation_approval_amount = 1.00
        for product, basis, options in (
            (entered, "entered", {}),
            (aged, "ageing", {"nrv_price": False}),
            (sold, "price", {"nrv_ageing": False}),
        ):
            journal = self.calculate(product, user=preparer)
            self.suggest(journal, **options)
            self.assertEqual(journal.line_ids.nrv_basis, basis)
            self.assertLess(journal.amount, 0.0)
            self.assertEqual(journal.prepared_by_ids, preparer | controller)
            self.assertIn("another revaluation manager", "".join(self.as_user(journal, controller)._check_approval()))
            self.assertFalse(self.as_user(journal, approver)._check_approval())

    def test_managers_reach_what_they_keep_without_administering_inventory(self):
        manager = "stock_revaluation_journal.group_revaluation_manager"
        for group, suffix in (("stock.group_stock_user", ""), ("account.group_account_manager", "_accounting")):
            user = self.create_user("menu" + suffix, manager, group)
            seen = self.env["ir.ui.menu"].with_user(user)._visible_menu_ids()
            for name in ("reason", "rule", "selling_cost", "nrv_table", "nrv", "nrv_group"):
                menu = self.env.ref("stock_revaluation_journal.menu_revaluation_%s%s" % (name, suffix))
                while menu:
                    self.assertIn(menu.id, seen, menu.complete_name)
                    menu = menu.parent_id

    def test_tables_of_another_company_do_not_hold(self):
        product = self.stocked(10, 10.00, sale_ok=False)
        foreign = self.create_books("Nrv Foreign")
        self.table([(0, 1)], company_id=foreign.company.id)
        self.entered(product, 1.00, company_id=foreign.company.id)
        self.assertEqual(self.estimates(product), {})

    def test_wrong_figures_are_refused(self):
        product = self.create_product()
        for refused in (
            lambda: self.entered(product, -1.00),
            lambda: self.entered(product, float("nan")),
            lambda: self.entered(product, 1e13),
            lambda: self.selling_cost(amount=float("nan")),
            lambda: self.entered(product, 1.00, date="2026-02-01", date_end="2026-01-01"),
            lambda: self.selling_cost(percent=101),
            lambda: self.selling_cost(product_id=product.id, categ_id=product.categ_id.id),
            lambda: self.table([(-1, 50)]),
            lambda: self.table([(10, 101)]),
            lambda: self.table([(10, 50), (10, 40)]),
            lambda: self.table(kind="coverage", months=0),
            lambda: self.env["stock.revaluation.nrv.group"].create({"name": "Empty"}),
        ):
            with self.assertRaises(UserError), self.env.cr.savepoint():
                refused()
                self.flush()
        self.entered(product, 1.00, date="2026-02-01")
        self.selling_cost(percent=1)
        for twice in (lambda: self.entered(product, 2.00, date="2026-02-01"), lambda: self.selling_cost(percent=2)):
            with self.assertRaisesRegex(UserError, "already"), self.env.cr.savepoint():
                twice()

    def test_queries_do_not_grow_with_the_products(self):
        products = self.env["product.product"].concat(*[self.stocked(list_price=8.00) for _number in range(12)])
        self.table()
        self.table(kind="coverage")
        pricelist = self.env["product.pricelist"].create({"name": "P", "company_id": self.company.id})
        counts = []
        for some in (products[:2], products[:2], products):
            lines = self.calculate(some).line_ids
            lines = lines.browse(lines.ids)
            self.flush()
            self.invalidate()
            before = self.env.cr.sql_log_count
            self.sources._get_unit_costs(lines, "nrv", self.company, pricelist_id=pricelist.id)
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(counts[2], counts[1] + 3)


class TestNrvReasons(AllowanceCase, NrvCase):
    def reasoned(self, product, reason, **options):
        """Return the line of a product after Suggest in a journal of a reason."""
        journal = self.calculate(product, reason_id=self.reasons[reason].id)
        self.suggest(journal, **options)
        return self.line(journal, product)

    def test_allowance_takes_what_is_required_and_gives_back_what_is_no_longer(self):
        """100 at 70: −30. Half issued, 50 at 35: +15. Then 60 for 50: +15."""
        products = [self.create_product(method, cost=10.0) for method in ("fifo", "standard")]
        for product in products:
            self.receive(product, 10, 10.0)
            self.entered(product, 7.00, date="2026-01-01")
        for product in products:
            line = self.reasoned(product, "allowance")
            self.assertEqual((line.value_revalued, line.amount, line.nrv_left), (70.0, -30.0, 0.0))
            self.post(line.journal_id)
            self.deliver(product, 5)
        rule = self.as_user(self.env["stock.revaluation.rule"], self.accountant).create(
            {
                "name": "Month end",
                "source": "nrv",
                "product_ids": [(6, 0, [product.id for product in products])],
                "company_id": self.company.id,
                "reason_id": self.reasons["allowance"].id,
            }
        )
        journal = rule._run()
        self.assertEqual(self.amounts(journal), dict.fromkeys(products, 15.0))
        for line in journal.line_ids:
            # of the 30.00 half went with the goods: 15.00 are left of them
            self.assertEqual((line.nrv_cost, line.nrv_left, line.nrv_reversible), (50.0, 15.0, 15.0))
        journal.counterpart_account_id = self.account_revaluation
        self.post(journal)
        self.entered(products[0], 12.00, date="2026-02-01")
        self.deliver(products[1], 5)  # nothing in stock, and 15.00 booked
        journal = rule._run()
        self.assertEqual(self.amounts(journal), dict.fromkeys(products, 15.0))
        journal.counterpart_account_id = self.account_revaluation
        self.post(journal)
        self.assertMoney(self.ledger_balance(self.account_allowance), 0.0)
        self.assertFalse(rule._run())
