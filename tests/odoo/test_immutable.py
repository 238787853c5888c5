"""What is posted stays: document, lines, layers, links and entries."""

from revaluation_common import RevaluationCase


class TestImmutable(RevaluationCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.product = cls.create_product("average", name="Posted product")
        cls.receive(cls.product, 10, 10.00)
        cls.other = cls.create_product("fifo", name="Another product")
        cls.receive(cls.other, 10, 10.00)

    def setUp(self):
        super().setUp()
        self.journal = self.revalue(self.product, value=125.00).journal_id

    def assertKept(self, call):
        """The call is refused, and value, ledger and document are as posted."""
        self.assert_refused(call, products=self.product)
        self.assertEqual(self.journal.state, "posted")
        self.assertMoney(self.journal.amount, 25.00)
        self.assertMoney(self.stock_value(self.product), 125.00)
        self.assertEqual(self.journal.account_move_ids.sudo().mapped("state"), ["posted"])

    def test_posted_journal_cannot_be_changed(self):
        for vals in (
            {"state": "draft"},
            {"date": "2020-01-01"},
            {"description": "Another story"},
            {"name": "REVAL/0000/00000"},
            {"reason_id": self.reason.id},
            {"counterpart_account_id": self.account_income.id},
            {"account_move_ids": [(5, 0, 0)]},
            {"valuation_layer_ids": [(5, 0, 0)]},
            {"posted_by": self.env.uid},
            {"line_ids": [(5, 0, 0)]},
        ):
            self.assertKept(lambda vals=vals: self.journal.write(vals))

    def test_posted_journal_cannot_be_changed_by_the_superuser_either(self):
        self.assertKept(lambda: self.journal.sudo().write({"state": "draft"}))

    def test_posted_journal_cannot_be_deleted(self):
        self.assertKept(self.journal.unlink)
        self.assertKept(self.journal.sudo().unlink)

    def test_posted_lines_cannot_be_changed_or_deleted_or_added(self):
        line = self.journal.line_ids
        for vals in (
            {"value_revalued": 1.0},
            {"unit_cost_revalued": 1.0},
            {"note": "later"},
            {"journal_id": self.create_journal().id},
            {"product_id": self.other.id},
        ):
            self.assertKept(lambda vals=vals: line.write(vals))
        self.assertKept(line.unlink)
        self.assertKept(lambda: line.sudo().unlink())
        self.assertKept(lambda: line.create({"journal_id": self.journal.id, "product_id": self.other.id}))

    def test_line_cannot_be_moved_into_a_posted_journal(self):
        draft = self.calculate(self.other)
        self.assertKept(lambda: draft.line_ids.write({"journal_id": self.journal.id}))

    def test_layers_cannot_be_changed_or_deleted(self):
        layer = self.journal.valuation_layer_ids.sudo()
        for vals in (
            {"value": 1.0},
            {"account_move_id": False},
            {"product_id": self.other.id},
            {"description": "later"},
        ):
            self.assertKept(lambda vals=vals: layer.write(vals))
        self.assertKept(layer.unlink)

    def test_copy_is_a_draft_of_its_own(self):
        copy = self.journal.copy()
        self.assertEqual(copy.state, "draft")
        self.assertNotEqual(copy.name, self.journal.name)
        self.assertFalse(copy.valuation_layer_ids)
        self.assertFalse(copy.account_move_ids)
        self.assertFalse(copy.posted_by)
        self.assertFalse(copy.posted_at)
        self.assertFalse(copy.reversed_journal_id)
        self.assertFalse(copy.line_ids.mapped("valuation_layer_ids"))

    def test_chatter_stays_possible(self):
        self.journal.message_post(body="Seen by the auditor")

    def test_attachments_stay_possible(self):
        file = self.as_user(self.env["ir.attachment"], self.accountant).create(
            {"name": "count sheet.txt", "raw": b"10", "res_model": self.journal._name, "res_id": self.journal.id}
        )
        self.journal.message_post(body="The count", attachment_ids=file.ids)
        self.assertEqual(self.journal.message_attachment_count, 1)
        file.unlink()
        self.assertEqual(self.journal.state, "posted")

    def test_draft_can_be_changed_and_deleted(self):
        draft = self.calculate(self.other)
        draft.write({"description": "A draft"})
        draft.line_ids.unlink()
        draft.unlink()
        self.assertFalse(draft.exists())

    # ------------------------------------------------------------------ the entry

    def entry(self):
        return self.as_user(self.journal.account_move_ids.sudo(), self.accountant)

    def test_entry_cannot_be_reset_to_draft(self):
        self.assertKept(lambda: self.entry().button_draft())

    def test_entry_cannot_be_cancelled(self):
        self.assertKept(lambda: self.entry().button_cancel())

    def test_entry_cannot_be_deleted(self):
        self.assertKept(lambda: self.entry().with_context(force_delete=True).unlink())

    def test_entry_cannot_be_reversed(self):
        self.assertKept(lambda: self.entry()._reverse_moves(cancel=True))
        self.assertKept(lambda: self.entry()._reverse_moves())

    def test_entry_amounts_cannot_be_changed(self):
        item = self.entry().line_ids.filtered("debit")
        self.assertKept(lambda: self.entry().write({"line_ids": [(1, item.id, {"debit": 1000.0})]}))

    def test_entry_state_cannot_be_written(self):
        self.assertKept(lambda: self.entry().write({"state": "draft"}))

    def test_entry_refusal_shows_the_way_out(self):
        message = self.assert_refused(lambda: self.entry().button_draft(), self.journal.name)
        self.assertIn("everse", message)

    def other_entry(self):
        """Return a posted entry that no revaluation made."""
        entry = self.env["account.move"].create(
            {
                "move_type": "entry",
                "journal_id": self.other_journal.id,
                "line_ids": [
                    (0, 0, {"account_id": self.account_income.id, "debit": 1.0, "name": "a"}),
                    (0, 0, {"account_id": self.account_expense.id, "credit": 1.0, "name": "b"}),
                ],
            }
        )
        entry.action_post()
        return self.as_user(entry, self.accountant)

    def test_entry_of_something_else_is_not_touched(self):
        entry = self.other_entry()
        entry.button_draft()
        self.assertEqual(entry.state, "draft")

    def test_entry_shows_where_to_go_instead_of_buttons_that_are_refused(self):
        reverse = str(self.env.ref("account.action_view_account_move_reversal").id)
        shown = {"button_draft": False, reverse: False, "action_view_revaluation_journals": True}
        entry = self.entry()
        self.assertEqual({name: self.shows_button(entry, name) for name in shown}, shown)
        self.assertEqual(entry.revaluation_names, self.journal.name)
        self.assertEqual(entry.action_view_revaluation_journals()["res_id"], self.journal.id)
        for name in ("button_cancel", "button_request_cancel"):
            self.assertFalse(self.shows_button(entry, name), name)

    def test_entry_of_something_else_keeps_its_buttons(self):
        reverse = str(self.env.ref("account.action_view_account_move_reversal").id)
        entry = self.other_entry()
        for name in ("button_draft", reverse):
            self.assertTrue(self.shows_button(entry, name), name)
        self.assertFalse(entry.revaluation_names)

    def test_entry_says_so_to_accountants_who_may_not_see_revaluations(self):
        billing = self.create_user("reval_bookkeeper", "account.group_account_invoice")
        entry = self.as_user(self.journal.account_move_ids.sudo(), billing)
        self.assertEqual(entry.revaluation_names, self.journal.name)
        self.assertFalse(self.shows_button(entry, "button_draft"))
        self.assertFalse(self.shows_button(entry, "action_view_revaluation_journals"))
