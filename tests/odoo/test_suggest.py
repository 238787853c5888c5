"""Suggest Revalued Cost: every source with figures by hand, the preview, and what is entered."""

from datetime import date, timedelta

from odoo import fields
from odoo.tools import mute_logger
from revaluation_common import AccessError, Form, RevaluationCase, UserError


class TestSuggest(RevaluationCase):
    def setUp(self):
        super().setUp()
        self.sources = self.env["stock.revaluation.cost.source"]

    def stocked(self, quantity=10, unit_cost=4.00, method="average", **vals):
        """Return a product with a receipt of `quantity` at `unit_cost`."""
        product = self.create_product(method, cost=unit_cost if method == "standard" else 0.0, **vals)
        self.receive(product, quantity, unit_cost)
        product.seller_ids.unlink()  # confirming a purchase order adds its price
        return product

    def costs(self, products, source, **options):
        """Return {product id: unit cost} and the ids without one."""
        self.flush()
        return self.sources._get_unit_costs(products, source, self.company, **options)

    def cost_of(self, product, source, **options):
        return self.costs(product, source, **options)[0].get(product.id)

    def vendor_price(self, product, price, vendor=None, **vals):
        """Give a product a vendor's price."""
        Info = self.env["product.supplierinfo"]
        partner = "partner_id" if "partner_id" in Info._fields else "name"
        vals.setdefault("company_id", self.company.id)
        vals.setdefault("currency_id", self.currency.id)
        vals.update(
            {partner: (vendor or self.vendor).id, "product_tmpl_id": product.product_tmpl_id.id, "price": price}
        )
        return Info.create(vals)

    def wizard(self, journal, lines=None, **vals):
        """Return the wizard as its button opens it, with these options."""
        records = journal if lines is None else journal.with_context(active_model=lines._name, active_ids=lines.ids)
        action = records.action_suggest()
        Wizard = journal.env[action["res_model"]].with_context(**action["context"])
        return Wizard.create(vals)

    # ------------------------------------------------------------------ figures of the books

    def test_percent_changes_the_cost_of_the_books(self):
        product = self.stocked(10, 4.00)
        self.assertAlmostEqual(self.cost_of(product, "percent", percentage=5), 4.20)  # 4.00 x 1.05
        self.assertAlmostEqual(self.cost_of(product, "percent", percentage=-25), 3.00)  # 4.00 x 0.75

    def test_amount_per_unit_is_added_to_the_cost_of_the_books(self):
        product = self.stocked(10, 4.00)
        self.assertAlmostEqual(self.cost_of(product, "amount", amount_per_unit=0.35), 4.35)
        self.assertAlmostEqual(self.cost_of(product, "amount", amount_per_unit=-1.50), 2.50)

    def test_cost_below_zero_is_no_suggestion_and_named(self):
        product = self.stocked(10, 4.00)
        costs, missing = self.costs(product, "amount", amount_per_unit=-4.01)
        self.assertEqual((costs, missing), ({}, [product.id]))

    def test_fixed_cost_may_be_zero(self):
        product = self.stocked(10, 4.00)
        self.assertEqual(self.cost_of(product, "fixed", fixed_unit_cost=0), 0.0)

    def test_rounding_step_rounds_halves_up(self):
        product = self.stocked(10, 4.00)
        # 4.00 x 1.03125 = 4.125, to 0.05: 4.15 (halves away from zero); to 0.25: 4.25
        self.assertAlmostEqual(self.cost_of(product, "percent", percentage=3.125, rounding_step=0.05), 4.15)
        self.assertAlmostEqual(self.cost_of(product, "percent", percentage=3.125, rounding_step=0.25), 4.25)

    def test_product_without_stock_has_no_suggestion(self):
        product = self.create_product()
        self.assertEqual(self.costs(product, "fixed", fixed_unit_cost=5), ({}, [product.id]))

    def test_source_that_is_none_is_refused(self):
        product = self.stocked()
        with self.assertRaisesRegex(UserError, "horoscope"):
            self.costs(product, "horoscope")
        with self.assertRaisesRegex(UserError, "percentag"):
            self.costs(product, "percent", percentag=5)

    # ------------------------------------------------------------------ spreading

    def spread_lines(self, *stock):
        """Return a draft journal's lines, in the order of `stock` [(quantity, unit cost)]."""
        products = [self.stocked(quantity, cost) for quantity, cost in stock]
        journal = self.calculate(self.env["product.product"].concat(*products))
        return [self.line(journal, product) for product in products], journal

    def test_spread_by_value_adds_to_the_cent(self):
        lines, journal = self.spread_lines((10, 1.00), (10, 2.00), (10, 3.00))  # 10.00, 20.00, 30.00
        self.wizard(journal, source="spread", spread_amount=10.00, spread_by="value").action_apply()
        # 10.00 x 1/6 = 1.67, x 2/6: 3.33 (5.00 reached), the rest 5.00
        self.assertEqual([round(line.value_revalued, 6) for line in lines], [11.67, 23.33, 35.00])
        self.assertMoney(journal.amount, 10.00)

    def test_spread_by_quantity_takes_off(self):
        lines, journal = self.spread_lines((1, 30.00), (2, 30.00), (4, 30.00))  # 30.00, 60.00, 120.00
        self.wizard(journal, source="spread", spread_amount=-20.00, spread_by="quantity").action_apply()
        # 20.00 x 1/7 = 2.857: 2.86; x 3/7 = 8.571: 8.57 less 2.86 = 5.71; the rest 11.43
        self.assertEqual([round(line.value_revalued, 6) for line in lines], [27.14, 54.29, 108.57])
        self.assertMoney(journal.amount, -20.00)

    def test_spread_a_new_total(self):
        lines, journal = self.spread_lines((10, 1.00), (10, 2.00))  # 10.00, 20.00
        self.wizard(journal, source="spread", spread_amount=100.00, spread_kind="total").action_apply()
        # 100.00 x 1/3 = 33.33; the rest 66.67
        self.assertEqual([round(line.value_revalued, 6) for line in lines], [33.33, 66.67])

    def test_spread_that_takes_more_than_there_is_is_refused_by_name(self):
        lines, journal = self.spread_lines((1, 5.00), (1, 20.00))  # by quantity: 10.00 each
        wizard = self.wizard(journal, source="spread", spread_amount=-20.00, spread_by="quantity")
        self.assertIn(lines[0].product_id.display_name, wizard.problem)
        self.assertNotIn(lines[1].product_id.display_name, wizard.problem)
        with self.assertRaisesRegex(UserError, "worth less than nothing"):
            wizard.action_apply()
        self.assertMoney(journal.amount, 0.0)

    # ------------------------------------------------------------------ last receipt

    def test_last_receipt_is_its_own_cost_not_the_average(self):
        product = self.stocked(10, 4.00)
        self.receive(product, 10, 7.00)
        self.deliver(product, 5)
        self.assertAlmostEqual(self.cost_of(product, "last_receipt"), 7.00)

    def test_last_receipt_of_a_standard_cost_product_is_what_was_paid(self):
        product = self.create_product("standard", cost=4.00)
        self.receive(product, 10, 6.50)
        self.assertAlmostEqual(self.cost_of(product, "last_receipt"), 6.50)

    def test_last_receipt_in_dozens_is_given_per_unit(self):
        product = self.create_product("average")
        self.receive(product, 2, 60.00, uom=self.dozen)  # 24 units for 120.00
        self.assertAlmostEqual(self.cost_of(product, "last_receipt"), 5.00)

    def test_last_receipt_does_not_know_revaluations(self):
        product = self.stocked(10, 4.00, "fifo")
        self.revalue(product, value=10.00)
        self.assertAlmostEqual(self.cost_of(product, "last_receipt"), 4.00)

    def test_last_receipt_takes_its_landed_cost_in(self):
        product = self.stocked(5, 10.00, "fifo")
        receipt = self.receive(product, 10, 4.00)
        self.landed_cost(receipt, 5.00)  # 40.00 + 5.00 for 10
        self.assertAlmostEqual(self.cost_of(product, "last_receipt"), 4.50)

    def test_last_receipt_up_to_a_past_date(self):
        product = self.stocked(10, 4.00)
        self.pass_time(days=10)
        self.receive(product, 10, 7.00)
        past = fields.Date.today() - timedelta(days=5)
        self.assertAlmostEqual(self.cost_of(product, "last_receipt", date=past), 4.00)

    def test_customer_return_is_no_receipt(self):
        product = self.stocked(10, 4.00)
        delivery = self.deliver(product, 5)
        self.revalue(product, unit_cost=9.00)
        self.return_(delivery, 5)
        self.assertAlmostEqual(self.cost_of(product, "last_receipt"), 4.00)

    # ------------------------------------------------------------------ vendors

    def test_vendor_price_and_those_without_one_are_named(self):
        priced, unpriced = self.stocked(), self.stocked()
        self.vendor_price(priced, 3.21)
        costs, missing = self.costs(priced + unpriced, "vendor")
        self.assertEqual({key: round(cost, 6) for key, cost in costs.items()}, {priced.id: 3.21})
        self.assertEqual(missing, [unpriced.id])

    def test_vendor_price_in_another_currency_at_the_days_rate(self):
        euro = self.env.ref("base.EUR")
        euro.active = True
        self.env["res.currency.rate"].create(
            {"currency_id": euro.id, "company_id": self.company.id, "name": "2020-01-01", "rate": 0.8}
        )
        product = self.stocked()
        self.vendor_price(product, 4.00, currency_id=euro.id)
        self.assertAlmostEqual(self.cost_of(product, "vendor"), 5.00)  # 4.00 EUR / 0.8

    def test_vendor_price_of_a_dozen_is_given_per_unit(self):
        Info = self.env["product.supplierinfo"]
        if "product_uom_id" in Info._fields:
            product, vals = self.stocked(), {"product_uom_id": self.dozen.id}
        else:
            product, vals = self.stocked(uom_po_id=self.dozen.id), {}
        self.vendor_price(product, 54.00, **vals)
        self.assertAlmostEqual(self.cost_of(product, "vendor"), 4.50)  # 54.00 / 12

    def test_vendor_price_of_the_date(self):
        product = self.stocked()
        self.vendor_price(product, 2.00, date_end="2026-06-30")
        self.vendor_price(product, 3.00, date_start="2026-07-01")
        self.assertAlmostEqual(self.cost_of(product, "vendor", date=date(2026, 6, 30)), 2.00)
        self.assertAlmostEqual(self.cost_of(product, "vendor", date=date(2026, 7, 1)), 3.00)

    def test_vendor_price_of_the_quantity(self):
        product = self.stocked(100)
        self.vendor_price(product, 5.00)
        self.vendor_price(product, 4.00, min_qty=100)
        self.vendor_price(product, 3.00, min_qty=1000)
        self.assertAlmostEqual(self.cost_of(product, "vendor"), 4.00)  # the 100 in stock
        self.assertAlmostEqual(self.cost_of(product, "vendor", vendor_quantity=1), 5.00)
        self.assertAlmostEqual(self.cost_of(product, "vendor", vendor_quantity=1000), 3.00)

    def test_vendor_first_on_the_list_or_the_one_asked_for(self):
        product = self.stocked()
        other = self.env["res.partner"].create({"name": "Other Vendor"})
        self.vendor_price(product, 6.00, sequence=1)
        self.vendor_price(product, 5.00, vendor=other, sequence=2)
        self.assertAlmostEqual(self.cost_of(product, "vendor"), 6.00)
        self.assertAlmostEqual(self.cost_of(product, "vendor", vendor_id=other.id), 5.00)

    def test_vendor_price_of_another_company_or_variant_does_not_count(self):
        product, variant = self.stocked(), self.stocked()
        self.vendor_price(product, 9.00, company_id=self.env.ref("base.main_company").id)
        self.assertIsNone(self.cost_of(product, "vendor"))
        self.vendor_price(variant, 9.00, product_id=variant.id)
        self.assertAlmostEqual(self.cost_of(variant, "vendor"), 9.00)

    # ------------------------------------------------------------------ sales price

    def test_sales_price_less_a_percentage(self):
        product = self.stocked(list_price=8.00)
        self.assertAlmostEqual(self.cost_of(product, "sales", deduction_percent=15), 6.80)  # 8.00 x 0.85

    def test_sales_price_only_where_lower_never_writes_up(self):
        dear, cheap = self.stocked(10, 9.00, list_price=8.00), self.stocked(10, 4.00, list_price=8.00)
        costs, missing = self.costs(dear + cheap, "sales", deduction_percent=15, only_lower=True)
        self.assertEqual({key: round(cost, 6) for key, cost in costs.items()}, {dear.id: 6.80})
        self.assertEqual(missing, [])

    def test_sales_price_without_the_tax_it_includes(self):
        if "price_include_override" in self.env["account.tax"]._fields:
            tax = self.create_tax(25.0, "sale", price_include_override="tax_included")
        else:
            tax = self.create_tax(25.0, "sale", price_include=True)
        product = self.stocked(list_price=10.00, taxes_id=[(6, 0, tax.ids)])
        self.assertAlmostEqual(self.cost_of(product, "sales"), 8.00)  # 10.00 / 1.25

    def test_no_sales_price_is_no_realisable_value_of_zero(self):
        product = self.stocked(list_price=0.0)
        self.assertEqual(self.costs(product, "sales"), ({}, [product.id]))

    # ------------------------------------------------------------------ bills of materials

    def test_bill_of_materials_rolls_up_assemblies(self):
        if "mrp.bom" not in self.env:
            self.assertNotIn("bom", dict(self.sources._select_source()))
            self.skipTest("manufacturing is not installed in this database")
        screw, board, assembly, table = (
            self.create_product("standard", cost=cost) for cost in (0.10, 12.00, 1.00, 99.00)
        )
        self.bom(assembly, 2, [(screw, 8), (board, 1)])  # (0.80 + 12.00) / 2 = 6.40 each
        self.bom(table, 1, [(assembly, 4), (screw, 10)])  # 25.60 + 1.00
        self.receive(table, 1, 99.00)
        other = self.stocked()
        costs, missing = self.costs(table + other, "bom")
        self.assertEqual({key: round(cost, 6) for key, cost in costs.items()}, {table.id: 26.60})
        self.assertEqual(missing, [other.id])

    def bom(self, product, quantity, components):
        lines = [(0, 0, {"product_id": component.id, "product_qty": number}) for component, number in components]
        vals = {"product_tmpl_id": product.product_tmpl_id.id, "product_qty": quantity, "bom_line_ids": lines}
        return self.env["mrp.bom"].create(vals)

    # ------------------------------------------------------------------ the wizard

    def test_preview_says_what_changes_before_it_writes(self):
        priced, unpriced, same = self.stocked(10, 4.00), self.stocked(10, 5.00), self.stocked(10, 6.00)
        self.vendor_price(priced, 4.50)
        self.vendor_price(same, 6.00)
        journal = self.calculate(priced + unpriced + same)
        wizard = self.wizard(journal, source="vendor")
        self.assertEqual((wizard.line_count, wizard.change_count, wizard.missing_count), (3, 1, 1))
        for text in (priced.display_name, "4.5000", "40.00", "45.00", "5.00"):
            self.assertIn(text, wizard.preview)
        self.assertNotIn(same.display_name, wizard.preview)
        self.assertIn(unpriced.display_name, wizard.missing)
        self.assertMoney(journal.amount, 0.0)
        wizard.action_apply()
        self.assertMoney(journal.amount, 5.00)
        self.assertEqual(self.line(journal, priced).entered, "unit_cost")
        self.assertFalse(self.line(journal, unpriced).entered)

    def test_selected_lines_alone_change(self):
        one, other = self.stocked(10, 4.00), self.stocked(10, 4.00)
        journal = self.calculate(one + other)
        action = self.line(journal, one).action_suggest()
        wizard = (
            journal.env[action["res_model"]]
            .with_context(**action["context"])
            .create({"source": "fixed", "fixed_unit_cost": 1.00})
        )
        wizard.action_apply()
        self.assertMoney(self.line(journal, one).value_revalued, 10.00)
        self.assertMoney(self.line(journal, other).value_revalued, 40.00)

    def test_lines_of_another_journal_do_not_change(self):
        product = self.stocked(10, 4.00)
        journal, other = self.calculate(product), self.calculate(product)
        wizard = self.env["stock.revaluation.suggest"].create(
            {"journal_id": journal.id, "line_ids": [(6, 0, other.line_ids.ids)], "source": "percent", "percentage": 5}
        )
        with self.assertRaises(UserError):
            wizard.action_apply()
        self.assertMoney(other.line_ids.amount, 0.00)

    def test_form_shows_the_preview_while_options_change(self):
        product = self.stocked(10, 4.00)
        journal = self.calculate(product)
        action = journal.action_suggest()
        with Form(journal.env[action["res_model"]].with_context(**action["context"])) as form:
            form.source = "percent"
            form.percentage = 50
            self.assertEqual(form.change_count, 1)
            self.assertIn("60.00", form.preview)
            form.source = "sales"
            self.assertTrue(form.only_lower)
        self.assertMoney(journal.amount, 0.0)

    def test_standard_cost_preview_shows_what_the_rounded_cost_gives(self):
        product = self.stocked(147, 5.00, "standard")  # 735.00
        journal = self.calculate(product)
        wizard = self.wizard(journal, source="spread", spread_amount=750.00, spread_kind="total")
        wizard.action_apply()
        # Up to 18.0 the cost is stored with two digits: 750.00 / 147 = 5.10, x 147 = 749.70
        self.assertMoney(self.line(journal, product).value_revalued, 749.70 if self.cost_is_rounded else 750.00)
        self.assertIn("749.70" if self.cost_is_rounded else "750.00", wizard.preview or "749.70 750.00")

    def test_nothing_that_changes_is_said_and_posted_journals_are_refused(self):
        product = self.stocked(10, 4.00)
        journal = self.calculate(product)
        with self.assertRaisesRegex(UserError, "No line would change"):
            self.wizard(journal, source="percent").action_apply()
        self.line(journal, product).value_revalued = 50
        self.post(journal)
        with self.assertRaises(UserError):
            journal.action_suggest()

    def test_chatter_of_the_journal_says_what_was_suggested(self):
        journal = self.calculate(self.stocked(10, 4.00))
        self.wizard(journal, source="percent", percentage=10).action_apply()
        self.assertIn("4.00", journal.message_ids[0].body)

    @mute_logger("odoo.addons.base.models.ir_rule", "odoo.addons.base.models.ir_model", "odoo.models")
    def test_others_may_not_suggest(self):
        journal = self.calculate(self.stocked(10, 4.00))
        stranger = self.create_user("reval_stranger")
        Wizard = self.as_user(self.env["stock.revaluation.suggest"], stranger)
        with self.assertRaises(AccessError):
            Wizard.create({"journal_id": journal.id, "source": "percent", "percentage": 10}).action_apply()

    def test_queries_do_not_grow_with_the_lines(self):
        """Queries do not grow with the lines: 3 and 30 products need the same for each source."""
        few = self.env["product.product"].concat(*[self.stocked(10, 4.00, list_price=5.00) for _number in range(3)])
        many = few + self.env["product.product"].concat(
            *[self.stocked(10, 4.00, list_price=5.00) for _number in range(27)]
        )
        for product in many:
            self.vendor_price(product, 4.50)
        for source in ("percent", "vendor", "sales", "last_receipt"):
            self.queries(few, source)  # what Odoo caches for all
            self.assertLessEqual(self.queries(many, source), self.queries(few, source) + 3, source)

    def queries(self, products, source):
        lines = self.calculate(products).line_ids
        lines = lines.browse(lines.ids)  # read together, as a list view has them
        self.flush()
        self.invalidate()
        before = self.env.cr.sql_log_count
        self.sources._get_unit_costs(lines, source, self.company)
        return self.env.cr.sql_log_count - before
