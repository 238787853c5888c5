"""Roll-up of bills of materials: all levels, lowest first, each as Odoo's own button on one product counts it."""

import random
import unittest

from revaluation_common import RevaluationCase, UserError


class TestRollup(RevaluationCase):
    def setUp(self):
        super().setUp()
        self.sources = self.env["stock.revaluation.cost.source"]
        if "mrp.bom" not in self.env:
            self.assertFalse({"rollup", "bom"} & set(dict(self.sources._select_source())))
            raise unittest.SkipTest("manufacturing is not installed in this database")
        self.workcenter = self.env["mrp.workcenter"].create(
            {"name": "Bench", "costs_hour": 20.00, "time_start": 0, "time_stop": 0, "company_id": self.company.id}
        )

    def product(self, cost=0.0, **vals):
        return self.create_product("standard", cost=cost, **vals)

    def bom(self, product, parts, hours=0.0, quantity=1, byproducts=(), **vals):
        """Create a bill: `parts` [(product, quantity) or (product, quantity, unit)]; `byproducts` with cost shares."""
        vals.setdefault("company_id", self.company.id)
        vals.update(product_tmpl_id=product.product_tmpl_id.id, product_qty=quantity)
        vals["bom_line_ids"] = [
            (0, 0, {"product_id": part.id, "product_qty": number, "product_uom_id": (unit or [part.uom_id])[0].id})
            for part, number, *unit in parts
        ]
        if hours:
            operation = {"name": "Assemble", "workcenter_id": self.workcenter.id}
            vals["operation_ids"] = [(0, 0, dict(operation, time_mode="manual", time_cycle_manual=60 * hours))]
        if byproducts:
            vals["byproduct_ids"] = [
                (0, 0, {"product_id": each.id, "product_qty": number, "product_uom_id": each.uom_id.id, **share})
                for each, number, share in byproducts
            ]
        return self.env["mrp.bom"].create(vals)

    def worksheet(self, *products):
        """Return a journal with a line for each of the products, which need no stock."""
        products = self.env["product.product"].concat(*products)
        return self.calculate(products, options={"also_without_stock": True})

    def suggest(self, journal, lines=None, **vals):
        records = journal if lines is None else lines
        action = records.action_suggest()
        wizard = (
            journal.env[action["res_model"]]
            .with_context(**action["context"])
            .create(dict({"source": "rollup"}, **vals))
        )
        wizard.action_apply()
        return wizard

    def new_costs(self, journal):
        return {line.product_id: round(line.unit_cost_revalued, 4) for line in journal.line_ids}

    def press_buttons(self, *products):
        """Return {product: cost} after an ordinary user pressed Odoo's button on each product, in this order."""
        groups = ["stock.group_stock_manager", "mrp.group_mrp_manager", "account.group_account_manager"]
        if self.env.ref("product.group_product_manager", raise_if_not_found=False):
            groups.append("product.group_product_manager")
        user = self.create_user("reval_maker", *groups)
        for product in products:
            self.as_user(product, user).button_bom_cost()
        self.flush()
        return {product: self.cost(product) for product in products}

    def four(self):
        """Return A, B, C = 2 A + 3 B and D = 1 C + half an hour at 20, with their costs of today."""
        a, b, c, d = self.product(4.00), self.product(1.00), self.product(11.00), self.product(21.00)
        self.bom(c, [(a, 2), (b, 3)])
        self.bom(d, [(c, 1)], hours=0.5)
        return a, b, c, d

    # ------------------------------------------------------------------ worked by hand

    def test_subcontracted_assembly_costs_what_odoos_button_makes_of_it(self):
        """C = 2 A at 5.00, which a subcontractor puts together; D = 1 C + half an hour at 20."""
        if "subcontract" not in dict(self.env["mrp.bom"]._fields["type"].selection):
            self.skipTest("subcontracting is not installed in this database")
        a, b, c, d = self.four()
        bill = self.env["mrp.bom"].search([("product_tmpl_id", "=", c.product_tmpl_id.id)])
        vendor = self.env["res.partner"].create({"name": "Subcontractor"})
        partner = "partner_id" if "partner_id" in self.env["product.supplierinfo"]._fields else "name"
        self.env["product.supplierinfo"].create(
            {partner: vendor.id, "product_tmpl_id": c.product_tmpl_id.id, "price": 3.00, "min_qty": 0}
        )
        bill.write({"type": "subcontract", "subcontractor_ids": [(6, 0, vendor.ids)]})
        journal = self.worksheet(a, b, c, d)
        self.line(journal, a).unit_cost_revalued = 5.00
        self.suggest(journal, self.line(journal, c) | self.line(journal, d))
        found = self.new_costs(journal)
        a.with_company(self.company).standard_price = 5.00
        pressed = self.press_buttons(c, d)
        self.assertEqual({product: found[product] for product in (c, d)}, pressed)
        self.assertGreaterEqual(found[c], 13.00)  # and the subcontractor's 3.00 where Odoo counts them

    def test_new_cost_of_a_component_reaches_the_top_whatever_the_order_of_the_lines(self):
        a, b, c, d = self.four()
        self.receive(d, 10, 21.00)
        for order in ((a, b, c, d), (d, c, b, a), (d, a, c, b)):
            journal = self.worksheet(a, b, c, d)
            for number, product in enumerate(order):
                self.line(journal, product).sequence = number
            self.line(journal, a).unit_cost_revalued = 5.00
            self.suggest(journal)
            # C: 2 x 5 + 3 x 1; D: 13 + 0.5 x 20
            self.assertEqual(self.new_costs(journal), {a: 5.00, b: 1.00, c: 13.00, d: 23.00})
        self.post(journal)
        self.assertEqual([self.cost(product) for product in (a, b, c, d)], [5.00, 1.00, 13.00, 23.00])
        self.assertMoney(journal.amount, 20.00)  # 10 D x 2.00, the rest has no stock

    def test_levels_between_need_no_line_and_entered_costs_of_lines_not_chosen_count(self):
        a, _b, c, d = self.four()
        journal = self.worksheet(a, d)
        self.line(journal, a).unit_cost_revalued = 5.00
        self.suggest(journal, self.line(journal, d))
        self.assertEqual(self.line(journal, d).unit_cost_revalued, 23.00)  # C 13.00, on no line
        journal = self.worksheet(a, c, d)
        self.line(journal, a).unit_cost_revalued = 5.00
        self.line(journal, c).unit_cost_revalued = 12.00  # negotiated: what was entered counts
        self.suggest(journal, self.line(journal, d))
        self.assertEqual(self.new_costs(journal), {a: 5.00, c: 12.00, d: 22.00})

    def test_bom_takes_present_costs_and_changes_nothing_by_looking(self):
        a, b, c, d = self.four()
        a.standard_price = 6.00
        journal = self.worksheet(a, b, c, d)
        self.line(journal, a).unit_cost_revalued = 5.00
        costs, missing = self.sources._get_unit_costs(journal.line_ids, "bom", self.company)
        self.assertEqual(sorted(costs.values()), [15.00, 25.00])  # 2 x 6 + 3; 15 + 10
        self.assertEqual(set(missing), set((self.line(journal, a) | self.line(journal, b)).ids))
        self.flush()
        self.assertEqual([each.standard_price for each in (a, b, c, d)], [6.00, 1.00, 11.00, 21.00])
        self.invalidate()
        self.assertEqual([self.cost(each) for each in (a, b, c, d)], [6.00, 1.00, 11.00, 21.00])

    def test_rounding_and_only_lower_hold_on_each_level(self):
        a, _b, c, d = self.four()
        journal = self.worksheet(a, c, d)
        self.line(journal, a).unit_cost_revalued = 4.10  # C: 8.20 + 3 = 11.20, to 0.50: 11.00; D 11.00 + 10
        costs, _missing = self.sources._get_unit_costs(journal.line_ids, "rollup", self.company, rounding_step=0.5)
        self.assertEqual(costs[self.line(journal, d).id], 21.00)
        # C would rise to 11.20, which is not lower: it stays 11.00, and so does D
        costs, _missing = self.sources._get_unit_costs(journal.line_ids, "rollup", self.company, only_lower=True)
        self.assertEqual(costs, {})

    def test_circle_is_named_and_what_stands_above_it_left_alone(self):
        _a, b, c, d = self.four()
        free, top = self.product(1.00), self.product(1.00)
        self.bom(free, [(b, 4)])
        self.bom(top, [(d, 1)])
        loop = self.env["mrp.bom.line"].search([("bom_id.product_tmpl_id", "=", c.product_tmpl_id.id)], limit=1)
        self.flush()
        self.env.cr.execute("UPDATE mrp_bom_line SET product_id = %s WHERE id = %s", [d.id, loop.id])
        self.invalidate()
        journal = self.worksheet(c, d, free, top)
        wizard = self.suggest(journal)
        self.assertEqual(self.new_costs(journal), {c: 11.00, d: 21.00, free: 4.00, top: 1.00})
        self.assertIn("circle", wizard.missing)
        for product in (c, d, top):
            self.assertIn(product.display_name, wizard.missing)
        with self.assertRaisesRegex(UserError, "circle"):
            self.suggest(self.worksheet(c, d))

    # ------------------------------------------------------------------ as Odoo's own button

    def test_kits_units_variants_byproducts_and_operations_as_odoo_counts_them(self):
        screw, board, oil = self.product(0.10), self.product(12.00), self.product(7.00)
        kit, table, waste = self.product(1.00), self.product(99.00), self.product(3.00)
        self.bom(kit, [(screw, 1, self.dozen)], type="phantom")
        has_shares = "cost_share" in self.env["mrp.bom.byproduct"]._fields
        share = {"cost_share": 20} if has_shares else {}
        self.bom(table, [(board, 4), (kit, 2), (oil, 0.5)], hours=0.75, quantity=2, byproducts=[(waste, 5, share)])
        self.company_only(table, board)
        journal = self.worksheet(screw, board, oil, kit, table, waste)
        self.line(journal, screw).unit_cost_revalued = 0.20
        self.suggest(journal)
        # kit 12 x 0.20; table (4 x 12 + 2 x 2.40 + 0.5 x 7 + 0.75 x 20) / 2 = 71.30 / 2, less 20 % for the waste
        found = self.new_costs(journal)
        self.assertEqual(found[kit], 2.40)
        self.assertEqual(found[table], 28.52 if has_shares else 35.65)
        self.assertEqual(found[waste], 2.852 if self.has_product_values else 2.85 if has_shares else 3.00)
        screw.standard_price = 0.20
        pressed = self.press_buttons(kit, table, waste) if has_shares else self.press_buttons(kit, table)
        for product, cost in pressed.items():
            self.assertAlmostEqual(found[product], cost, 4, product.name)

    def company_only(self, product, part):
        """Give `product` a bill of another company, which must not count."""
        other = self.env["res.company"].create({"name": "Other Maker"})
        self.bom(product, [(part, 1000)], company_id=other.id, sequence=-1)

    def test_variants_have_parts_of_their_own(self):
        attribute = self.env["product.attribute"].create({"name": "Top", "create_variant": "always"})
        values = self.env["product.attribute.value"].create(
            [{"name": name, "attribute_id": attribute.id} for name in ("Oak", "Glass")]
        )
        oak, glass, leg = self.product(30.00), self.product(50.00), self.product(5.00)
        template = self.product(1.00).product_tmpl_id  # the product itself gives way to its variants
        vals = {"product_tmpl_id": template.id, "attribute_id": attribute.id}
        choices = (
            self.env["product.template.attribute.line"]
            .create(dict(vals, value_ids=[(6, 0, values.ids)]))
            .product_template_value_ids
        )
        variants = template.product_variant_ids
        bom = self.bom(variants[0], [(leg, 4), (oak, 1), (glass, 1)])
        for line, choice in zip(bom.bom_line_ids[1:], choices):
            line.bom_product_template_attribute_value_ids = choice
        journal = self.worksheet(leg, oak, glass, *variants)
        self.line(journal, leg).unit_cost_revalued = 6.00
        self.suggest(journal)
        found = self.new_costs(journal)
        self.assertEqual(sorted(found[variant] for variant in variants), [54.00, 74.00])  # 24 + 30; 24 + 50
        leg.standard_price = 6.00
        self.assertEqual(self.press_buttons(*variants), {variant: found[variant] for variant in variants})

    def test_random_bills_come_to_what_the_buttons_pressed_bottom_up_give(self):
        draw = random.Random(18)
        has_shares = "cost_share" in self.env["mrp.bom.byproduct"]._fields
        products = [self.product(draw.randint(1, 900) / 100.0) for _number in range(6)]
        bought, made = list(products), []
        for _number in range(12):
            product = self.product(1.00)
            parts = [
                (part, draw.choice((1, 2, 0.5, 3)), draw.choice((self.unit, self.dozen)))
                for part in draw.sample(products, 3)
            ]
            shares = [(self.product(1.00), 1, {"cost_share": draw.choice((0, 10, 33.33))})] if has_shares else []
            self.bom(
                product,
                parts,
                hours=draw.choice((0, 0.25)),
                quantity=draw.choice((1, 3, 10)),
                byproducts=shares,
                type=draw.choice(("normal", "phantom")),
            )
            products.append(product)
            made.append(product)
        journal = self.worksheet(*draw.sample(products, len(products)))
        new = {part: draw.randint(1, 900) / 100.0 for part in bought[:3]}
        for part, cost in new.items():
            self.line(journal, part).unit_cost_revalued = cost
        costs, _missing = self.sources._get_unit_costs(journal.line_ids, "rollup", self.company)
        for part, cost in new.items():
            part.standard_price = cost
        for product, cost in self.press_buttons(*made).items():
            found = costs[self.line(journal, product).id]
            self.assertAlmostEqual(round(found, 2) if self.cost_is_rounded else found, cost, 6, product.name)

    def test_queries_grow_with_the_levels_and_not_with_the_products(self):
        part = self.product(1.00)
        few = [self.product(1.00) for _number in range(3)]
        many = few + [self.product(1.00) for _number in range(25)]
        for product in many:
            self.bom(product, [(part, 2)], hours=0.1)
        self.queries(few)  # what Odoo caches for all
        self.assertLessEqual(self.queries(many), self.queries(few) + 3)

    def queries(self, products):
        lines = self.worksheet(*products).line_ids
        lines = lines.browse(lines.ids)
        self.flush()
        self.invalidate()
        before = self.env.cr.sql_log_count
        costs, _missing = self.sources._get_unit_costs(lines, "rollup", self.company)
        self.assertEqual(len(costs), len(products))
        return self.env.cr.sql_log_count - before
