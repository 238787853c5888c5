"""Inventory to Ledger attacked: what else can stand between stock and ledger, past dates, rights, what it leads to."""

import base64
import io
from datetime import timedelta
from zipfile import ZipFile

from odoo import fields
from revaluation_common import AccessError, UserError
from test_ledger import LedgerCase


class TestLedgerAttacks(LedgerCase):
    def test_reversed_entry_is_named(self):
        self.needs_layers()
        product = self.stocked()
        self.entries_of(product)._reverse_moves([{"date": fields.Date.today()}], cancel=True)
        self.assertEqual(self.causes(self.compare(), product), {"reversed": -100.00})

    def test_draft_and_cancelled_entries_are_named(self):
        self.needs_layers()
        draft, cancelled = self.stocked(), self.stocked()
        self.entries_of(draft).button_draft()
        self.entries_of(cancelled).button_draft()
        self.entries_of(cancelled).button_cancel()
        ledger = self.compare()
        self.assertEqual(self.causes(ledger, draft), {"draft": -100.00})
        self.assertEqual(self.causes(ledger, cancelled), {"cancelled": -100.00})

    def test_entry_with_a_wrong_product_is_named_on_both(self):
        product, wrong = self.stocked(), self.stocked()
        self.revalue(product, value=150.00)
        entry = self.entries_of(product)
        self.env.cr.execute("UPDATE account_move_line SET product_id = %s WHERE move_id = %s", [wrong.id, entry.id])
        self.invalidate()
        ledger = self.compare()
        self.assertEqual(self.causes(ledger, product), {"product": -50.00})
        self.assertEqual(self.causes(ledger, wrong), {"product": 50.00})

    def test_entry_of_another_amount_is_named(self):
        product = self.stocked()
        self.revalue(product, value=150.00)
        entry = self.entries_of(product)
        self.env.cr.execute(
            "UPDATE account_move_line SET debit = debit * 0.9, credit = credit * 0.9, balance = balance * 0.9,"
            " amount_currency = amount_currency * 0.9"
            " WHERE move_id = %s",
            [entry.id],
        )
        self.invalidate()
        # 50.00 booked as 45.00
        self.assertEqual(self.causes(self.compare(), product), {"amount": -5.00})

    def test_revaluation_booked_per_account_adds_up_within_the_account(self):
        one, other = self.stocked(), self.stocked()
        journal = self.calculate(one | other, entry_grouping="account")
        for line in journal.line_ids:
            line.value_revalued = 130.00
        journal.action_post()
        ledger = self.compare()
        self.assertEqual(self.causes(ledger, one), {"grouped": -30.00})
        self.assertEqual(self.causes(ledger, other), {"grouped": -30.00})
        self.assertEqual(self.causes(ledger), {"grouped": 60.00})
        self.assertEqual(ledger.difference, 0.00)

    def test_layer_of_another_company_is_not_ours(self):
        product = self.stocked()
        with self.inside(self.create_books("Ledger Test Neighbour")):
            other = self.stocked()
            self.book(11.00)
        ledger = self.compare()
        self.assertEqual(ledger.line_ids.product_id, product)
        self.assertEqual((ledger.value, ledger.balance), (100.00, 100.00))
        self.assertNotIn(other.id, ledger.line_ids.product_id.ids)

    def test_shared_product_counts_in_each_company_alone(self):
        product = self.stocked("fifo")
        neighbour = self.create_books("Ledger Test Neighbour")
        with self.inside(neighbour):
            self.set_up_category(product.categ_id, "fifo")
            receipt = self.receive(product, 5, 4.00)
            if self.has_product_values:
                self.bill(receipt, 4.00)
        ledger = self.compare()
        self.assertEqual((ledger.value, ledger.balance, ledger.difference), (100.00, 100.00, 0.00))

    def test_archived_products_and_negative_stock_and_empty_stock_count(self):
        archived, negative, empty = self.stocked(), self.create_product("standard", cost=7.0), self.stocked()
        self.deliver(negative, 3)
        self.deliver(empty, 10)
        archived.active = False
        self.flush()
        ledger = self.compare()
        self.assertEqual(self.causes(ledger, archived), {})
        values = {line.product_id: line.value for line in ledger.line_ids}
        self.assertEqual((values[archived], values[negative]), (100.00, -21.00))
        if self.has_product_values:
            # Nothing but a closing books deliveries without sales order
            self.assertEqual(self.causes(ledger, negative), {"closing": 21.00})
            self.assertEqual(self.causes(ledger, empty), {"closing": 100.00})
        else:
            self.assertFalse(ledger.line_ids.cause_ids)

    def test_landed_costs_price_differences_scrap_and_returns_leave_no_difference(self):
        self.needs_layers()
        landed, differing, scrapped = self.stocked("fifo"), self.create_product("fifo"), self.stocked()
        receipt = self.env["stock.move"].search([("product_id", "=", landed.id)])
        if "stock.landed.cost" in self.env.registry:
            self.landed_cost(receipt, 12.34)
        self.bill(self.receive(differing, 10, 10.00), 12.00)
        self.scrap(scrapped, 3)
        self.return_(self.deliver(scrapped, 2), 1)
        self.assertFalse(self.compare().line_ids.cause_ids)

    def test_fractions_of_a_coin_are_rounding_and_nothing_else(self):
        units = {name for name in ("uom_id", "uom_po_id") if name in self.env["product.product"]._fields}
        product = self.create_product("fifo", **dict.fromkeys(units, self.kilogram.id))
        for quantity in (1.25, 1.15, 1.35):
            receipt = self.receive(product, quantity, 28.18)
            if self.has_product_values:
                self.bill(receipt, 28.18)
        found = self.causes(self.compare(), product)
        self.assertLessEqual(set(found), {"rounding"})
        self.assertLess(abs(sum(found.values())), 0.03)

    def test_lots_count_as_their_product(self):
        if not self.has_lot_valuation:
            self.skipTest("lots are valued by themselves from 18.0 on")
        product = self.create_product("average", tracking="lot", lot_valuated=True)
        receipts = [self.receive(product, 3, 10.00, lot=self.create_lot(product, name)) for name in ("L1", "L2")]
        if self.has_product_values:
            for receipt in receipts:
                self.bill(receipt, 10.00)
        ledger = self.compare()
        self.assertEqual([(line.value, line.balance) for line in ledger.line_ids], [(60.00, 60.00)])

    def test_opposite_faults_of_one_product_do_not_hide_each_other(self):
        self.needs_layers()
        product = self.stocked()
        self.receive(product, 1, 10.00)
        self.delete_entry(self.entries_of(product))
        self.book(10.00, product)
        ledger = self.compare()
        self.assertEqual(ledger.difference, 0.00)
        self.assertEqual(self.causes(ledger, product), {"missing": -10.00, "manual": 10.00})

    def test_date_before_anything_is_empty(self):
        self.stocked()
        ledger = self.compare(fields.Date.today() - timedelta(days=400))
        self.assertEqual((ledger.line_count, ledger.value, ledger.balance), (0, 0.00, 0.00))
        self.assertTrue(ledger.summary)

    # ------------------------------------------------------------------ past dates

    def test_value_at_a_past_date_is_odoos_own_on_every_method(self):
        products = self.env["product.product"]
        for method in ("standard", "average", "fifo"):
            for automated in (True, False):
                product = self.create_product(method, automated, cost=10.0 if method == "standard" else 0.0)
                products |= product
                receipt = self.receive(product, 10, 10.00)
                self.receive(product, 10, 12.00)
                self.deliver(product, 4)
                if self.has_product_values:
                    self.bill(receipt, 10.00)
        self.pass_time(days=10)
        for product in products:
            self.receive(product, 5, 20.00)
            self.deliver(product, 13)
        date = fields.Date.today() - timedelta(days=5)
        ledger = self.compare(date)
        self.assertEqual(ledger.line_ids.product_id, products)
        # FIFO: 6 of 10 @ 10 and 10 @ 12 are 180; average: 16 of 20 worth 220 are 176; standard: 16 @ 10
        expected = {"standard": 160.00, "average": 176.00, "fifo": 180.00}
        if self.fifo_has_no_past:
            expected["fifo"] = None
        for product in products:
            value = sum(ledger.line_ids.filtered(lambda line, p=product: line.product_id == p).mapped("value"))
            method = self._in_company(product).cost_method
            if expected[method] is not None:
                self.assertMoney(value, expected[method], product.name)
        self.compare()

    def test_backdated_revaluation_counts_on_both_sides(self):
        product = self.stocked("fifo")
        self.pass_time(days=10)
        self.env.cr.execute(
            "UPDATE account_move SET date = date - 10 WHERE company_id = %s;"
            " UPDATE account_move_line SET date = date - 10 WHERE company_id = %s",
            [self.company.id, self.company.id],
        )
        self.invalidate()
        date = fields.Date.today() - timedelta(days=3)
        self.revalue(product, value=80.00, date=date)
        # 19.0 of mid-2026 values the day before by what receipts are worth now
        before = [] if self.fifo_has_no_past else [date - timedelta(days=1)]
        for day in (*before, date, fields.Date.today()):
            self.assertFalse(self.compare(day).line_ids.cause_ids, day)

    # ------------------------------------------------------------------ 19.0: bills, invoices, closings

    def needs_layers(self):
        if self.has_product_values:
            self.skipTest("the entries of receipts came to an end with 19.0")

    def needs_bills(self):
        if not self.has_product_values:
            self.skipTest("up to 18.0 every layer has its entry")

    def close(self):
        self.flush()
        self.invalidate()
        self._in_company(self.company).with_user(self.reader).action_close_stock_valuation(auto_post=True)
        self.flush()
        self.invalidate()

    def test_received_and_not_billed_in_whole_and_in_part(self):
        self.needs_bills()
        whole, part = self.create_product("fifo"), self.create_product("average")
        self.receive(whole, 10, 10.00)
        self.bill(self.receive(part, 10, 10.00), 10.00, quantity=4)
        ledger = self.compare()
        self.assertEqual(self.causes(ledger, whole), {"not_billed": -100.00})
        self.assertEqual(self.causes(ledger, part), {"not_billed": -60.00})

    def test_bill_in_draft_is_named(self):
        self.needs_bills()
        product = self.create_product("fifo")
        receipt = self.receive(product, 10, 10.00)
        self.bill(receipt, 10.00).button_draft()
        self.flush()
        self.assertEqual(self.causes(self.compare(), product), {"draft": -100.00})

    def test_delivered_and_not_invoiced(self):
        self.needs_bills()
        if "sale_line_id" not in self.env["stock.move"]._fields:
            self.skipTest("sale_stock is not installed in this database")
        product = self.stocked("fifo")
        order = self.sell(product, 4)
        self.assertEqual(self.causes(self.compare(), product), {"not_invoiced": 40.00})
        order._create_invoices().action_post()
        self.flush()
        self.assertEqual(self.causes(self.compare(), product), {})

    def test_closing_and_what_is_not_closed_add_up_within_the_account(self):
        self.needs_bills()
        periodic, automated = self.create_product("average", False), self.stocked("standard")
        self.receive(periodic, 10, 10.00)
        ledger = self.compare()
        self.assertEqual(self.causes(ledger, periodic), {"closing": -100.00})
        self.close()
        ledger = self.compare()
        self.assertEqual(self.causes(ledger, periodic), {"closing": -100.00})
        self.assertEqual(self.causes(ledger), {"closing": 100.00})
        self.assertEqual(self.causes(ledger, automated), {})
        self.assertEqual(ledger.difference, 0.00)

    def test_cost_changed_without_entry_is_named(self):
        self.needs_bills()
        product = self.stocked("standard")
        self.pass_time()
        product.standard_price = 12.00
        self.flush()
        # 10 × 12.00, of which 100.00 are billed
        self.assertEqual(self.causes(self.compare(), product), {"cost": -20.00})

    def test_landed_cost_and_scrap(self):
        self.needs_bills()
        product = self.create_product("fifo")
        receipt = self.receive(product, 10, 10.00)
        self.bill(receipt, 10.00)
        if "stock.landed.cost" in self.env.registry:
            self.landed_cost(receipt, 20.00)
            self.assertEqual(self.causes(self.compare(), product), {})
        before = self.stock_value(product)
        self.scrap(product, 5)
        self.assertEqual(self.causes(self.compare(), product), {"closing": before / 2})

    # ------------------------------------------------------------------ what it leads to

    def test_manual_entry_with_product_starts_a_revaluation(self):
        product = self.stocked("fifo")
        entry = self.book(-30.00, product, other=self.account_decrease)
        ledger = self.compare()
        action = ledger.line_ids.action_revalue()
        journal = self.as_user(self.env["stock.revaluation.journal"].browse(action["res_id"]), self.accountant)
        line = journal.line_ids
        self.assertEqual((line.product_id, line.value_revalued, line.amount), (product, 70.00, -30.00))
        self.assertEqual(line.counterpart_account_id, self.account_decrease)
        self.assertIn(entry.name, line.note)
        self.post(journal)
        entry._reverse_moves([{"date": fields.Date.today()}], cancel=True)
        self.flush()
        found = self.compare()
        self.assertEqual((found.value, found.balance), (70.00, 70.00))

    def test_revaluation_is_refused_where_it_does_not_help_and_says_what_does(self):
        product = self.stocked()
        self.book(100.00)
        self.revalue(product, value=150.00)
        self.delete_entry(self.entries_of(product))
        for line in self.compare().line_ids:
            with self.assertRaises(UserError) as caught:
                line.action_revalue()
            self.assertIn("book it" if line.product_id else "no product", str(caught.exception))

    def test_workbook_print_summary_and_windows(self):
        product = self.stocked()
        self.book(100.00)
        ledger = self.compare()
        action = ledger.action_export()
        self.assertIn("/web/content/stock.revaluation.ledger/%d/file_data/" % ledger.id, action["url"])
        with ZipFile(io.BytesIO(base64.b64decode(ledger.file_data))) as book:
            sheets = [name for name in book.namelist() if name.startswith("xl/worksheets/sheet")]
            self.assertEqual(len(sheets), 2)
            self.assertIn(b"<v>200", book.read("xl/worksheets/sheet1.xml"))
        self.assertIn("100.00", ledger.summary)
        self.assertIn("Entry Not from Inventory", ledger.summary)
        report = self.env.ref("stock_revaluation_journal.action_report_revaluation_ledger")
        self.assertEqual(ledger.action_print()["report_name"], report.report_name)
        for action in (ledger.action_view_lines(), ledger.action_view_causes()):
            records = self.as_user(self.env[action["res_model"]], self.accountant).search(action["domain"])
            self.assertTrue(records)
        self.assertIn(product, ledger.line_ids.product_id)

    def test_change_of_the_date_takes_the_figures_away(self):
        self.stocked()
        ledger = self.compare()
        ledger.date = fields.Date.today() - timedelta(days=1)
        self.assertFalse(ledger.line_ids)
        self.assertEqual((ledger.value, ledger.line_count, ledger.computed_at), (0.00, 0, False))
        with self.assertRaises(UserError):
            ledger.action_export()

    def test_old_reports_are_swept_away(self):
        self.stocked()
        ledger = self.compare()
        self.flush()
        for table in ("ledger", "ledger_line", "ledger_cause"):
            self.env.cr.execute(
                "UPDATE stock_revaluation_%s SET write_date = write_date - interval '25 hours',"
                " create_date = create_date - interval '25 hours'" % table
            )
        self.invalidate()
        self.env["stock.revaluation.ledger"].sudo()._transient_vacuum()
        self.assertFalse(ledger.sudo().exists())
        self.assertFalse(self.env["stock.revaluation.ledger.line"].sudo().search([("ledger_id", "=", ledger.id)]))

    # ------------------------------------------------------------------ rights: who sees accounting and stock

    REVALUATION = "stock_revaluation_journal.group_revaluation_user"

    def make(self, user, **vals):
        ledger = self.as_user(self.env["stock.revaluation.ledger"], user).create(vals)
        ledger.action_compute()
        return ledger

    def test_accountant_who_reads_sees_it_with_access_to_revaluations(self):
        self.stocked()
        self.book(5.00)
        reader = self.create_user("ledger_reader", "account.group_account_readonly", self.REVALUATION)
        ledger = self.make(reader)
        self.assertEqual((ledger.value, ledger.balance, ledger.difference), (100.00, 105.00, 5.00))
        self.assertTrue(ledger.summary)
        ledger.line_ids.cause_ids.action_open_items()
        self.assertTrue(ledger.line_ids.cause_ids.item_ids)

    def test_everybody_else_is_refused(self):
        self.book(5.00)
        ledger = self.compare()
        lines, causes = ledger.line_ids, ledger.line_ids.cause_ids
        users = [
            self.create_user("ledger_portal", "base.group_portal"),
            self.create_user("ledger_nobody"),
            self.create_user("ledger_preparer", self.REVALUATION),
            self.create_user("ledger_stock", "stock.group_stock_manager"),
            self.create_user("ledger_billing", "account.group_account_invoice"),
            self.create_user("ledger_readonly", "account.group_account_readonly"),
        ]
        for user in users:
            with self.assertRaises(AccessError, msg=user.login):
                self.make(user)
            for records in (ledger, lines, causes):
                with self.assertRaises(AccessError, msg=user.login):
                    self.as_user(records, user).read(["company_id"])
            for method in ("compute", "view_lines", "view_causes", "export", "print"):
                with self.assertRaises(AccessError, msg="%s %s" % (user.login, method)):
                    getattr(self.as_user(ledger, user), "action_" + method)()

    def test_report_of_another_user_is_out_of_reach(self):
        self.stocked()
        ledger = self.compare()
        colleague = self.create_user("ledger_colleague", "account.group_account_manager")
        with self.assertRaises(AccessError):
            self.as_user(ledger, colleague).action_export()
        self.assertFalse(self.as_user(self.env["stock.revaluation.ledger.line"], colleague).search([]))

    def test_other_companies_are_out_of_reach(self):
        neighbour = self.create_books("Ledger Test Neighbour")
        with self.assertRaises(AccessError):
            self.make(self.accountant, company_id=neighbour.company.id)
        both = self.create_user(
            "ledger_both", "account.group_account_manager", companies=self.company | neighbour.company
        )
        with self.assertRaises(AccessError):  # a company of the user's, but none of those chosen at the moment
            self.make(both, company_id=neighbour.company.id)

    def test_figures_cannot_be_entered(self):
        ledger = self.compare()
        for vals in ({"value": 1.0}, {"line_count": 5}, {"account_list": "1"}, {"file_data": "aGk="}):
            with self.assertRaises(UserError):
                ledger.write(vals)
            with self.assertRaises(UserError):
                self.as_user(self.env["stock.revaluation.ledger"], self.accountant).create(vals)
        for model in ("line", "cause", "item"):
            with self.assertRaises(AccessError):
                self.as_user(self.env["stock.revaluation.ledger." + model], self.accountant).create({})
