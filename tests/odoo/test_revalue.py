"""`revalue` and `revalue_from`: what automated actions and other programs call."""

import json
from datetime import timedelta

import psycopg2
from concurrency_common import ConcurrencyCase
from odoo import fields
from odoo.tools import mute_logger
from revaluation_common import AccessError, RevaluationCase, UserError

MANY = 200


class TestRevalue(RevaluationCase):
    def setUp(self):
        super().setUp()
        self.product = self.stocked(10, 4.00)
        self.journals = self.as_user(self.env["stock.revaluation.journal"], self.accountant)

    def stocked(self, quantity, unit_cost, method="average", **vals):
        product = self.create_product(method, cost=unit_cost if method == "standard" else 0.0, **vals)
        self.receive(product, quantity, unit_cost)
        product.seller_ids.unlink()  # confirming a purchase order adds its price
        return product

    def count(self):
        return self.env["stock.revaluation.journal"].search_count([("company_id", "=", self.company.id)])

    def assert_says(self, call, *mentions):
        """The call is refused with a message that mentions these, and leaves no journal behind."""
        before = self.count()
        with self.assertRaises(UserError) as caught:
            call()
        for mention in mentions:
            self.assertIn(str(mention), str(caught.exception))
        self.assertEqual(self.count(), before)

    # ------------------------------------------------------------------ shapes

    def test_unit_cost_total_and_shorthand_do_what_they_say(self):
        one, two, three = (self.stocked(10, 4.00) for _number in range(3))
        before = self.snapshot(one + two + three)
        self.pass_time()
        journal = self.journals.revalue(
            {one.id: 5.00, two.id: {"unit_cost": 3.00}, three.id: {"value": 45.67}},
            reason=self.reason.code,
            description="From the price list",
        )
        self.assertEqual(
            (journal.state, journal.reason_id, journal.posted_by), ("posted", self.reason, self.accountant)
        )
        self.assertEqual(journal.description, "From the price list")
        # 10 x 5.00 - 40.00; 10 x 3.00 - 40.00; 45.67 - 40.00
        for product, value in ((one, 50.00), (two, 30.00), (three, 45.67)):
            self.assertMoney(self.stock_value(product), value)
        self.assertMoney(journal.amount, 5.67)
        self.assertEqual(self.stock_quantity(one), before[one.id]["quantity"])

    def test_keys_and_dates_as_json_has_them(self):
        costs = json.loads(json.dumps({self.product.id: {"value": 12.5}}))
        self.assertEqual(list(costs), [str(self.product.id)])
        self.pass_time(days=40)
        day = str(fields.Date.today() - timedelta(days=10))
        journal = self.journals.revalue(costs, date=day, post=False, reason=self.reason.id)
        self.assertEqual((str(journal.date), journal.state), (day, "draft"))
        self.assertMoney(journal.value_revalued, 12.50)

    def test_draft_changes_nothing_yet(self):
        journal = self.journals.revalue({self.product.id: 9.00}, post=False)
        self.assertEqual(journal.state, "draft")
        self.assertMoney(self.stock_value(self.product), 40.00)

    def test_zero_writes_down_to_nothing(self):
        self.pass_time()
        self.journals.revalue({self.product.id: 0})
        self.assertMoney(self.stock_value(self.product), 0.00)

    # ------------------------------------------------------------------ refusals

    def test_refusals_name_the_product_and_leave_nothing(self):
        name, empty = self.product.display_name, self.create_product()
        for costs, mention in [
            ({}, "mapping"),
            ([1, 2], "mapping"),
            ({"abc": 1.0}, "abc"),
            ({10**8: 1.0}, 10**8),
            ({self.product.id: -1.0}, name),
            ({self.product.id: None}, name),
            ({self.product.id: "dear"}, name),
            ({self.product.id: {"cost": 1.0}}, name),
            ({self.product.id: {"unit_cost": 1.0, "value": 1.0}}, name),
            ({self.product.id: 1.0, str(self.product.id): 2.0}, "twice"),
            ({self.product.id: 5.0, empty.id: 5.0}, empty.display_name),
            ({self.product.id: 4.0}, "No line changes"),
        ]:
            self.assert_says(lambda costs=costs: self.journals.revalue(costs), mention)
        self.assert_says(lambda: self.journals.revalue({self.product.id: 5.0}, reason="NOSUCH"), "NOSUCH")
        self.assert_says(lambda: self.journals.revalue({self.product.id: 5.0}, date="31.12.2026"), "31.12.2026")
        self.assert_says(lambda: self.journals.revalue({self.product.id: 5.0}, date="2999-12-31"), "future")

    @mute_logger("odoo.addons.base.models.ir_rule", "odoo.addons.base.models.ir_model", "odoo.models")
    def test_rights(self):
        """A preparer makes a draft and does not post; everyone else does nothing."""
        preparer = self.create_user("reval_preparer", "stock_revaluation_journal.group_revaluation_user")
        stranger = self.create_user("reval_stranger", "stock.group_stock_user")
        for user in (preparer, stranger):
            before = self.count()
            with self.assertRaises(AccessError):
                self.as_user(self.journals, user).revalue({self.product.id: 5.00})
            self.assertEqual(self.count(), before)
        journal = self.as_user(self.journals, preparer).revalue({self.product.id: 5.00}, post=False)
        self.assertEqual(journal.state, "draft")

    # ------------------------------------------------------------------ reference

    def test_reference_makes_one_journal_and_returns_it_ever_after(self):
        self.pass_time()
        first = self.journals.revalue({self.product.id: 5.00}, reference="ERP-1")
        again = self.journals.revalue({self.product.id: 9.00}, reference=" ERP-1 ")
        self.assertEqual((first, first.reference), (again, "ERP-1"))
        self.assertMoney(self.stock_value(self.product), 50.00)
        other = self.journals.revalue({self.product.id: 9.00}, reference="ERP-2", post=False)
        self.assertNotEqual(other, first)

    def test_reference_of_a_refused_call_is_free_again(self):
        self.assert_says(lambda: self.journals.revalue({self.product.id: -5.00}, reference="ERP-1"), "zero up")
        self.assertTrue(self.journals.revalue({self.product.id: 5.00}, reference="ERP-1", post=False))

    def test_reference_is_each_companys_own(self):
        first = self.journals.revalue({self.product.id: 5.00}, reference="ERP-1", post=False)
        books = self.create_books("Second Company")
        with self.inside(books):
            self.accountant.company_ids |= books.company
            product = self.stocked(1, 1.00)
            second = self.as_user(self.env["stock.revaluation.journal"], self.accountant, books.company).revalue(
                {product.id: 2.00}, reference="ERP-1", post=False
            )
        self.assertNotEqual(first, second)
        self.assertEqual(second.company_id, books.company)

    def test_reference_is_held_by_the_database_and_not_copied(self):
        journal = self.create_journal(reference="ERP-1")
        self.assertFalse(journal.copy().reference)
        with self.assertRaises(psycopg2.IntegrityError), mute_logger("odoo.sql_db"), self.env.cr.savepoint():
            self.create_journal(reference="ERP-1")
            self.flush()
        for _number in range(2):  # none is no reference
            self.create_journal(reference="")
            self.create_journal()
        self.flush()

    # ------------------------------------------------------------------ from a source

    def test_revalue_from_names_what_it_left_and_posts_on_request(self):
        priced, unpriced = self.stocked(10, 4.00, list_price=5.00), self.stocked(10, 4.00, list_price=0.0)
        self.pass_time()
        journal = self.journals.revalue_from(
            "sales", product_ids=(priced + unpriced).ids, post=True, reason=self.reason, deduction_percent=40
        )
        self.assertEqual(journal.state, "posted")
        self.assertMoney(self.stock_value(priced), 30.00)  # 10 x 5.00 x 0.60
        self.assertMoney(self.stock_value(unpriced), 40.00)
        self.assertTrue(any(unpriced.name in message.body for message in journal.message_ids))

    def test_revalue_from_takes_a_reference(self):
        product = self.stocked(10, 4.00)
        self.pass_time()
        first, second = (
            self.journals.revalue_from("percent", product_ids=product.ids, post=True, percentage=10, reference="R")
            for _number in range(2)
        )
        self.assertEqual(first, second)
        self.assertMoney(self.stock_value(product), 44.00)  # 40.00 x 1.10, once

    def test_revalue_from_makes_no_journal_where_nothing_changes(self):
        before = self.count()
        self.assertFalse(self.journals.revalue_from("percent", product_ids=self.product.ids))
        self.assertFalse(self.journals.revalue_from("vendor", product_ids=self.product.ids))
        self.assertEqual(self.count(), before)

    # ------------------------------------------------------------------ scale

    def test_many_costs_in_one_call(self):
        products = self.stock_many(MANY)
        self.pass_time()
        costs = {str(product.id): 10.00 + number / 100.0 for number, product in enumerate(products, 1)}
        before = self.env.cr.sql_log_count
        journal = self.journals.revalue(costs, reference="many")
        queries = self.env.cr.sql_log_count - before
        # one unit each, dearer by 0.01, 0.02, … 2.00: 200 × 2.01 / 2 = 201.00
        self.assertMoney(journal.amount, 201.00)
        self.assertEqual((journal.state, journal.line_count), ("posted", MANY))
        self.assertMoney(self.stock_value(products[0]), 10.01)
        self.assertMoney(self.stock_value(products[-1]), 12.00)
        # 14.0 and 15.0 write row by row: line, layer and two items, each once to insert and once to complete
        self.assertLess(queries, (4 if hasattr(self.journals, "_write_multi") else 12) * MANY)

    def stock_many(self, count):
        """Return products with one unit each in stock, at 10.00."""
        template = self.create_product("standard", cost=10.00)
        vals = {"categ_id": template.categ_id.id, "standard_price": 10.00, "type": template.type}
        for name in ("is_storable", "detailed_type"):
            if name in template._fields:
                vals[name] = template[name]
        products = self.env["product.product"].create(
            [dict(vals, name="Many %04d" % number) for number in range(count)]
        )
        move_vals = {
            "product_uom": self.unit.id,
            "product_uom_qty": 1,
            "location_id": self.supplier_location.id,
            "location_dest_id": self.stock_location.id,
            "company_id": self.company.id,
        }
        if "name" in self.env["stock.move"]._fields:
            move_vals["name"] = "Many"
        moves = self.env["stock.move"].create([dict(move_vals, product_id=product.id) for product in products])
        moves._action_confirm()
        for move in moves:
            self._set_move_done(move, 1)
        moves._action_done()
        self.flush()
        return products


class TestReferenceAtOnce(ConcurrencyCase):
    """The same reference sent twice at once: one journal, which both get."""

    def revaluing(self, product, unit_cost):
        product_id, reference = product.id, "Of %s" % product.id
        return self.request(
            lambda env: env["stock.revaluation.journal"].revalue({product_id: unit_cost}, reference=reference).id,
            self.accountant,
        )

    def test_second_waits_for_the_first_and_gets_its_journal(self):
        product, _receipt = self.prepare("average")
        self.restart()
        first, second = self.revaluing(product, 12.00), self.revaluing(product, 12.00)
        self.assertEqual(first.go(), "worked", first.error)
        self.assertEqual(second.go(), "waits")
        self.assert_one_journal(product, first, second)

    def test_second_that_began_before_the_first_was_committed_gets_its_journal(self):
        product, _receipt = self.prepare("standard")
        self.restart()
        first, second = self.revaluing(product, 12.00), self.revaluing(product, 12.00)
        first.go()
        first.end()
        second.go()
        self.assert_one_journal(product, first, second)

    def assert_one_journal(self, product, first, second):
        first.end()
        second.end()
        self.assertEqual((first.error, second.error), (None, None))
        self.assertEqual(first.result, second.result)
        self.assertEqual((first.attempts, second.attempts), (1, 2))
        self.restart()
        journals = self.env["stock.revaluation.journal"].search([("company_id", "=", self.company.id)])
        self.assertEqual(journals.filtered(lambda each: each.reference == "Of %s" % product.id).ids, [first.result])
        self.assertEqual(journals.filtered(lambda each: each.line_ids.product_id == product).ids, [first.result])
        self.assertMoney(self.stock_value(product), 120.00)  # 10 x 12.00, once
