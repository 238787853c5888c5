"""Every stored field of every model of the addon, by every way in, as every role: allowed, or refused.

Fields and models are found in the registry: a new one is walked over without being named here. If it fails, put
the field into `_writable` of its model (or into `_get_writable_fields` of the file that adds it) if a user enters it;
otherwise leave it out, give it `readonly=True`, and write it by `_write_protected` and `_create_protected`.
"""

from odoo.models import LOG_ACCESS_COLUMNS
from revaluation_common import REFUSALS, AccessError
from walk_common import WalkCase

LOG = {"id", *LOG_ACCESS_COLUMNS, "create_uid", "create_date", "write_uid", "write_date"}
MAIL = ("message_", "activity_", "website_message_", "my_activity_")
# Read-only on the screen, and given by the button that opens it
GIVEN = {("stock.revaluation.dry.run", "rule_id")}


class TestWalkFields(WalkCase):
    def stored(self, model):
        """Return the stored fields that are the addon's own business."""
        return {
            name: field
            for name, field in model._fields.items()
            if field.store and name not in LOG and not name.startswith(MAIL)
        }

    def in_hands_of(self, model, role):
        return self.as_user(model, self.roles[role], self.roles[role].company_id)

    def outcome(self, call):
        """Return "refused", "denied" (no access) or "done"; whatever it did is taken back."""
        try:
            with self.env.cr.savepoint():
                call()
                self.flush()
                raise ZeroDivisionError()
        except ZeroDivisionError:
            return "done"
        except AccessError:
            return "denied"
        except REFUSALS:
            return "refused"
        finally:
            self.invalidate()

    def ways(self, record, name, value):
        """Return {way in: call} that sets a field; `load` takes what a file can hold."""
        model = record.browse()
        ways = {
            "write": lambda: record.write({name: value}),
            "create": lambda: model.create({name: value}),
            "create of several": lambda: model.create([{}, {name: value}]),
            "copy": lambda: record.copy({name: value}),
            "default": lambda: model.with_context(**{"default_" + name: value}).create({}),
        }
        if record._name == "stock.revaluation.journal.line":
            ways["through the journal"] = lambda: record.journal_id.write({"line_ids": [(1, record.id, {name: value})]})
            ways["new in the journal"] = lambda: record.journal_id.write({"line_ids": [(0, 0, {name: value})]})
        if hasattr(model, "web_save"):
            ways["web_save"] = lambda: record.web_save({name: value}, {"id": {}})
        return ways

    def load(self, record, name, value):
        column = name + "/.id" if record._fields[name].type == "many2one" else name
        result = record.browse().load([".id", column], [[str(record.id), str(value)]])
        return "done" if result["ids"] else "refused"

    # ------------------------------------------------------------------ the walks

    def test_every_stored_field_is_on_the_list_or_refused(self):
        for model in self.own_models():
            record = self.in_hands_of(self.record(model._name), "manager").with_context(tracking_disable=True)
            for name, field in self.stored(model).items():
                value = self.value(field, record.sudo()[name])
                for way, call in self.ways(record, name, value).items():
                    old = way in ("write", "through the journal", "web_save")
                    allowed = name in record._get_writable_fields(record.sudo()._get_guard_state() if old else "new")
                    if not allowed:
                        found = self.outcome(call)  # what others' wizards hold is denied altogether
                        self.assertIn(found, ("refused", "denied"), "%s.%s by %s" % (model._name, name, way))

    def test_files_set_no_protected_field(self):
        for model in self.own_models():
            record = self.in_hands_of(self.record(model._name), "manager")
            allowed = record._get_writable_fields(record.sudo()._get_guard_state())
            for name, field in self.stored(model).items():
                if name in allowed or field.type in ("one2many", "many2many", "binary", "json"):
                    continue
                before = record.sudo()[name]
                value = self.value(field, before)
                if field.type == "many2one" and not value:
                    continue  # there is no other one
                with self.subTest(model=model._name, field=name):
                    try:
                        found = self.load(record, name, value)
                    except REFUSALS:
                        found = "refused"
                    self.invalidate()
                    self.assertEqual((found, record.sudo()[name]), ("refused", before))

    def test_what_follows_from_other_fields_is_on_no_list(self):
        for model in self.own_models():
            states = ("new", *model._writable)
            listed = {name for state in states for name in model._get_writable_fields(state)}
            self.assertFalse(listed - set(model._fields), model._name)
            computed = {name for name in listed if model._fields[name].readonly}
            self.assertFalse({(model._name, name) for name in computed} - GIVEN)

    def test_nothing_is_open_on_a_posted_journal(self):
        journal = self.in_hands_of(self.posted, "manager")
        for record in (journal, journal.line_ids):
            for name, field in self.stored(record).items():
                value = self.value(field, record.sudo()[name])
                found = self.outcome(lambda r=record, n=name, v=value: r.write({n: v}))
                self.assertEqual(found, "refused", "%s.%s" % (record._name, name))

    def test_roles_without_access_set_nothing(self):
        for role in ("portal", "internal", "foreign"):
            for model in self.own_models():
                record = self.in_hands_of(self.record(model._name), role)
                shared = role == "foreign" and "company_id" not in record._fields
                for name, field in () if shared else self.stored(model).items():
                    value = self.value(field)
                    found = self.outcome(lambda r=record, n=name, v=value: r.write({n: v}))
                    self.assertEqual(found, "denied", "%s.%s as %s" % (model._name, name, role))

    def test_user_defaults_set_no_protected_field(self):
        """Any user may store defaults of their own: `ir.default`."""
        Line = self.in_hands_of(self.env["stock.revaluation.journal.line"], "manager")
        defaults = {"amount": 800.0, "quantity": 5.0, "state": "posted", "entered_by": self.accountant.id}
        for name, value in defaults.items():
            self.env["ir.default"].set(Line._name, name, value, user_id=Line.env.uid)
        self.env["ir.default"].set("stock.revaluation.journal", "state", "posted", user_id=Line.env.uid)
        journal = self.in_hands_of(self.env["stock.revaluation.journal"], "manager").create({})
        self.assertEqual(journal.state, "draft")
        line = Line.create({"journal_id": journal.id, "product_id": self.product.id})
        self.flush()
        self.invalidate()
        # Since one of the journals was posted: 9600.00
        self.assertMoney(line.amount, 0.0)
        self.assertMoney(line.value_calculated, 9600.00)
        self.assertEqual((line.state, line.entered_by.id, line.quantity), ("draft", False, 1341))

    def test_links_of_odoos_documents_follow_from_posting_alone(self):
        """Entries, items, layers and costs are nobody's to give to a journal, or to take away from it."""
        entry, item = self.record("account.move"), self.record("account.move.line")
        for record in filter(None, (entry, item, self.record("stock.valuation.layer"), *self.cost_rows())):
            record = self.as_user(record, self.accountant)
            for name in record._owned_fields if hasattr(record, "_owned_fields") else ():
                field = record._fields[name]
                for value in ([(5,)], [(6, 0, [])]) if field.type == "many2many" else (False, self.value(field)):
                    found = self.outcome(lambda r=record, n=name, v=value: r.write({n: v}))
                    self.assertIn(found, ("refused", "denied"), "%s.%s" % (record._name, name))
        vals = {"journal_id": self.other_journal.id, "revaluation_journal_ids": [(6, 0, self.draft.ids)]}
        Move = self.as_user(self.env["account.move"], self.accountant)
        self.assertEqual(self.outcome(lambda: Move.create(vals)), "refused")
        defaults = {"default_revaluation_journal_ids": [(6, 0, self.draft.ids)]}
        self.assertEqual(
            self.outcome(lambda: Move.with_context(**defaults).create({"journal_id": self.other_journal.id})), "refused"
        )

    def cost_rows(self):
        if not self.has_product_values:
            return []
        rows = self.env["product.value"].search([("revaluation_line_id", "in", self.posted.line_ids.ids)])
        for row in rows:
            self.assertEqual(self.outcome(self.as_user(row, self.accountant).unlink), "refused")
        return list(rows)
