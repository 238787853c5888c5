"""Whoever points at a field learns what it is: every field that a view shows has a tooltip."""

from lxml import etree
from revaluation_common import RevaluationCase

ADDON = "stock_revaluation_journal"
# What its label says already.
OBVIOUS = {"activity_ids", "currency_id", "message_ids", "message_follower_ids"}
HIDDEN = ("1", "True", "true")


class TestHelp(RevaluationCase):
    def test_every_field_of_the_addon_shown_in_a_view_has_help(self):
        shown = self.shown_fields()
        self.assertGreater(len(shown), 100)
        self.assertIn(("stock.revaluation.suggest", "percentage"), shown)
        missing = [
            "%s.%s" % (model, name)
            for model, name in sorted(shown)
            if self.is_ours(model, name) and name not in OBVIOUS and not self.help_of(model, name)
        ]
        self.assertFalse(missing, "\n".join(missing))

    def shown_fields(self):
        """Return {(model, field)} of what the addon's own views show."""
        ids = self.env["ir.model.data"].search([("module", "=", ADDON), ("model", "=", "ir.ui.view")]).mapped("res_id")
        shown = set()
        for view in self.env["ir.ui.view"].browse(ids).filtered("model"):
            self.collect(etree.fromstring(view.arch_db.encode()), view.model, shown)
        return shown

    def collect(self, node, model, shown):
        """Add the fields under `node` to `shown`; those of a list inside a form are another model's."""
        for child in node.iterchildren(tag=etree.Element):
            name = child.get("name") if child.tag == "field" else None
            if not name or name not in self.env[model]._fields:
                self.collect(child, model, shown)
                continue
            if not {child.get("invisible"), child.get("column_invisible")} & set(HIDDEN):
                shown.add((model, name))
            comodel = self.env[model]._fields[name].comodel_name
            if comodel in self.env.registry:
                self.collect(child, comodel, shown)

    def is_ours(self, model, name):
        """Tell whether the addon brings a field, rather than Odoo."""
        return model.startswith("stock.revaluation.") or "revaluation" in name

    def help_of(self, model, name):
        return self.env[model].fields_get([name], ["help"]).get(name, {}).get("help")
