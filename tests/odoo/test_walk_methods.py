"""Every public method that the addon defines, on any model, as each role; and once more with its context keys.

Methods are found in the registry. If a new one fails here: let it begin with `self._check_rights(...)` (on models of
the addon) or `self.env["stock.revaluation.guard"]._check_access_to(self, ...)` (on Odoo's), before it reads anything.
An argument whose name is not in `ARGUMENTS` needs a value there.
"""

import inspect
import json
import re
import warnings
from pathlib import Path

from odoo.modules import get_module_path
from odoo.tools import mute_logger
from psycopg2 import IntegrityError
from revaluation_common import REFUSALS, AccessError
from walk_common import SECRETS, WalkCase

# Methods of Odoo that the addon completes, and that Odoo itself answers without rights or never by a client
ODOOS_OWN = {("base.module.uninstall", "onchange"), ("res.config.settings", "onchange")}
# Who prepares may not do these
FOR_MANAGERS = {"action_post", "action_reverse", "action_post_on_date"}


class TestWalkMethods(WalkCase):
    def arguments(self):
        product = self.product.id
        return {
            "costs": {str(product): 9.0},
            "source": "fixed",
            "options": {"fixed_unit_cost": 9.0},
            "product_ids": [product],
            "categ_ids": self.product.categ_id.ids,
            "fields": ["line_ids/product_id/.id", "line_ids/value_revalued"],
            "data": [[str(product), "1"]],
            "vals_list": [{}],
            "vals": {"name": "x"},
            "domain": [("product_id", "=", product)],
            "default": None,
            "values": {"product_id": product},
            "field_name": "product_id",
            "field_names": ["product_id"],
            "field_onchange": {"product_id": "1"},
            "fields_spec": {"product_id": {}},
            "groupby": [],
            "view_type": "form",
        }

    def call(self, record, name, function):
        """Call a public method as a client can, with values for the arguments that have no default."""
        known, args, kwargs = self.arguments(), [], {}
        for parameter in list(inspect.signature(function).parameters.values())[1:]:
            if parameter.kind == parameter.VAR_POSITIONAL:
                args += self.positional(record, name)
            elif parameter.kind == parameter.VAR_KEYWORD:
                kwargs.update(known["options"] if name == "revalue_from" else {})
            elif parameter.default is parameter.empty or parameter.name in ("product_ids", "categ_ids"):
                self.assertIn(parameter.name, known, "%s.%s: an argument to add to this test" % (record._name, name))
                kwargs[parameter.name] = known[parameter.name]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Odoo's own: read_group is on its way out
            return getattr(record, name)(*args, **kwargs)

    def positional(self, record, name):
        if name == "onchange":
            names = [next(iter(record._fields))]
            specification = {} if hasattr(record, "web_save") else {names[0]: "1"}
            return [{"product_id": self.product.id} if "product_id" in record._fields else {}, names, specification]
        return {"read_group": [[], ["amount"], ["product_id"]], "search_fetch": [[]]}.get(name, [])

    def outcome(self, record, name, function):
        """Return (what came of a call, all that it said); what it did is taken back."""
        answer = []
        try:
            with self.env.cr.savepoint():
                result = self.call(record, name, function)
                answer.append(self.told(result))
                self.flush()
                raise ZeroDivisionError()
        except ZeroDivisionError:
            return "answer", answer[0]
        except AccessError as error:
            return "denied", str(error)
        except REFUSALS as error:
            return "refused", str(error)
        except (KeyError, IndexError, TypeError, ValueError, IntegrityError) as error:
            return "nonsense", str(error)  # what Odoo makes of arguments without sense
        finally:
            self.invalidate()

    def told(self, result):
        """Return what a client gets to see of a result."""
        return repr(result.ids) if hasattr(result, "_fields") else json.dumps(result, default=str)

    def in_hands_of(self, model, role, empty=False):
        user = self.roles[role]
        record = self.record(model)
        return self.as_user(record.browse() if empty else record, user, user.company_id)

    def methods(self):
        for model, name, function in self.public_methods():
            if (model, name) not in ODOOS_OWN and not self.env[model]._abstract:
                yield model, name, function

    # ------------------------------------------------------------------ the walks

    def test_there_are_methods_to_walk_over(self):
        found = {(model, name) for model, name, _function in self.methods()}
        for expected in (
            ("stock.revaluation.journal", "revalue"),
            ("stock.revaluation.journal", "load"),
            ("stock.revaluation.journal.line", "onchange"),
            ("product.product", "action_revalue"),
            ("account.move", "button_draft"),
        ):
            self.assertIn(expected, found)

    @mute_logger("odoo.sql_db")
    def test_without_the_group_nothing_is_answered(self):
        for role in ("portal", "internal"):
            for model, name, function in self.methods():
                for empty in (False, True):
                    with self.subTest(role=role, model=model, method=name, empty=empty):
                        found, said = self.outcome(self.in_hands_of(model, role, empty), name, function)
                        self.assert_tells_nothing(said)
                        if model.startswith("stock.revaluation."):
                            self.assertEqual(found, "denied", said)
                        elif not empty:
                            self.assertIn(found, ("denied", "nonsense"), said)

    @mute_logger("odoo.sql_db")
    def test_managers_of_another_company_get_nothing_of_this_one(self):
        for model, name, function in self.methods():
            shared = "company_id" not in self.env[model]._fields or not self.record(model).sudo().company_id
            for empty in (False, True):
                with self.subTest(model=model, method=name, empty=empty):
                    found, said = self.outcome(self.in_hands_of(model, "foreign", empty), name, function)
                    self.assert_tells_nothing(said)
                    # what they search for, or make, is of their own company
                    if not empty and not shared and name not in ("search_fetch", "create"):
                        self.assertIn(found, ("denied", "nonsense"), said)

    @mute_logger("odoo.sql_db")
    def test_preparers_do_not_post(self):
        for model, name, function in self.methods():
            if model.startswith("stock.revaluation."):
                with self.subTest(model=model, method=name):
                    found, said = self.outcome(self.in_hands_of(model, "preparer"), name, function)
                    if name in FOR_MANAGERS:
                        self.assertEqual(found, "denied", said)
        self.assertEqual(self.posted_count(), 1)

    def assert_tells_nothing(self, said):
        self.assertFalse([secret for secret in SECRETS if secret in said], said)

    def posted_count(self):
        Journal = self.env["stock.revaluation.journal"].sudo()
        return Journal.search_count([("company_id", "=", self.company.id), ("state", "!=", "draft")])

    # ------------------------------------------------------------------ context keys

    def context_keys(self):
        """Return every word of the addon's code that could be a key of its own in a context."""
        root = Path(get_module_path("stock_revaluation_journal"))
        text = "\n".join(path.read_text(encoding="utf-8") for path in root.rglob("*.py"))
        return sorted(set(re.findall(r"\brevaluation_[a-z_]+", text)))

    @mute_logger("odoo.sql_db")
    def test_context_keys_from_outside_change_nothing(self):
        keys = self.context_keys()
        self.assertIn("revaluation_measured", keys)
        self.company.revaluation_approval_amount = 1.0
        context = {key: True if number % 2 else {} for number, key in enumerate(keys)}
        for model, name, function in self.methods():
            with self.subTest(model=model, method=name):
                record = self.in_hands_of(model, "manager")
                plain = self.outcome(record, name, function)
                keyed = self.outcome(record.with_context(**context), name, function)
                self.assertEqual(self.without_what_differs(keyed), self.without_what_differs(plain))

    def without_what_differs(self, outcome):
        """Leave out ids, and the context that an action hands on."""
        return re.sub(r'"context": \{.*\}|\d+', "#", "%s %s" % outcome)

    def test_context_keys_do_not_let_a_preparer_s_own_figures_pass(self):
        self.company.revaluation_approval_amount = 1.0
        self.draft.line_ids.write({"value_revalued": 10000.0})
        journal = self.as_user(self.draft, self.accountant)
        for value in ({}, True, {"before": {}, "after": {}}):
            with self.subTest(value=value):
                keyed = journal.with_context(**dict.fromkeys(self.context_keys(), value))
                self.assert_refused(keyed.action_post, "another revaluation manager", products=self.product)
