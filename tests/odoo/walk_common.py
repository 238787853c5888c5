"""Records of every model of the addon, and the roles that the walks take: found in the registry, not in a list."""

import datetime
import inspect

from revaluation_common import RevaluationCase

ADDON = "odoo.addons.stock_revaluation_journal."
MANAGER = "stock_revaluation_journal.group_revaluation_manager"
# Not to be found in any answer to who may not see them: the product's name and code, its cost, quantity and value.
NAME, CODE, COST, QUANTITY = "Zirconium Secret", "ZQ17-SECRET", 7.13, 1341
SECRETS = (NAME, CODE, "7.13", "1341", "9561.33")


class WalkCase(RevaluationCase):
    """A product of the company's own, a draft and a posted journal with it, a record of each other model."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.product = cls.create_product("average", name=NAME, default_code=CODE, company_id=cls.company.id)
        cls.receive(cls.product, QUANTITY, COST)
        cls.accountant_group = cls.env.ref("account.group_account_manager")
        cls.other = cls.create_books("Walk Other Company")
        foreign = {"company": cls.other.company}
        cls.roles = {
            "portal": cls.create_user("walk_portal", "base.group_portal"),
            "internal": cls.create_user("walk_internal"),
            "preparer": cls.create_user("walk_preparer", "stock_revaluation_journal.group_revaluation_user"),
            "manager": cls.create_user("walk_manager", MANAGER, "account.group_account_manager"),
            "foreign": cls.create_user(
                "walk_foreign", "stock.group_stock_manager", MANAGER, "account.group_account_manager", **foreign
            ),
        }
        cls.all_books[:] = cls.all_books[:1]
        cls.draft, cls.posted = cls.make_journal(), cls.make_journal()
        cls.posted.action_post()
        cls.rule = cls.env["stock.revaluation.rule"].create(
            {"name": "Walk", "company_id": cls.company.id, "source": "fixed", "product_ids": [(6, 0, cls.product.ids)]}
        )
        cls.records = {
            "stock.revaluation.journal": cls.draft,
            "stock.revaluation.journal.line": cls.draft.line_ids,
            "stock.revaluation.rule": cls.rule,
            "stock.revaluation.reason": cls.reason,
            "stock.valuation.layer": cls.posted.sudo().valuation_layer_ids[:1],
            "account.move": cls.posted.sudo().account_move_ids[:1],
            "account.move.line": cls.posted.sudo().account_move_ids.line_ids[:1],
            "stock.move": cls.env["stock.move"].search([("product_id", "=", cls.product.id)], limit=1),
            "product.product": cls.product,
            "product.template": cls.product.product_tmpl_id,
            "product.category": cls.product.categ_id,
        }
        for model in cls.own_models():
            cls.record(model._name)
        cls.flush()

    @classmethod
    def make_journal(cls):
        journal = cls.as_user(cls.env["stock.revaluation.journal"], cls.accountant).create(
            {"company_id": cls.company.id, "counterpart_account_id": cls.account_revaluation.id}
        )
        journal.calculate(product_ids=cls.product.ids)
        cls.flush()
        journal.line_ids.write({"value_revalued": 9600.00})
        return journal

    def setUp(self):
        super().setUp()
        self.all_books[:] = self.all_books[:1]

    @classmethod
    def own_models(cls):
        """Return the addon's models that have records."""
        return [
            cls.env[name]
            for name in sorted(cls.env.registry)
            if name.startswith("stock.revaluation.") and not cls.env[name]._abstract and cls.env[name]._auto
        ]

    @classmethod
    def record(cls, model):
        """Return a record of a model, made of what it requires if there is none."""
        if model not in cls.records:
            Model = cls.env[model].sudo()
            found = Model.search([], limit=1)
            if not found:
                vals = {
                    name: cls.value(field)
                    for name, field in Model._fields.items()
                    if field.store and field.required and not field.default and not field.compute
                }
                found = Model._create_protected([vals]) if hasattr(Model, "_create_protected") else Model.create(vals)
            cls.records[model] = found
        return cls.records[model]

    @classmethod
    def value(cls, field, current=None):
        """Return a value for a field, another one than `current`."""
        if field.type == "many2one":
            if field.comodel_name == "res.company":
                return cls.company.id if not current or current != cls.company else cls.other.company.id
            known = field.comodel_name.startswith("stock.revaluation.") or field.comodel_name in cls.records
            if known and (not current or cls.record(field.comodel_name) != current):
                return cls.record(field.comodel_name).id
            found = cls.env[field.comodel_name].sudo().search([], limit=2)
            return next((each.id for each in found if not current or each != current), False)
        if field.type in ("one2many", "many2many"):
            known = cls.records.get(field.comodel_name) if field.required else None
            return [(6, 0, known.ids)] if known else [(5,)]
        if field.type == "boolean":
            return not current
        if field.type in ("integer", "float", "monetary"):
            return (current or 0) + 1
        fixed = {
            "date": datetime.date(2020, 1, 1),
            "datetime": datetime.datetime(2020, 1, 1),
            "binary": b"MQ==",
            "json": {},
        }
        return fixed[field.type] if field.type in fixed else cls.choice(field, current)

    @classmethod
    def choice(cls, field, current):
        if field.type != "selection":
            return "%sx" % (current or "")
        values = field.get_values(cls.env)
        return next((value for value in values if value != current), False)

    @classmethod
    def public_methods(cls):
        """Return [(model, name, function)] of the public methods that the addon's own code defines, on any model."""
        found = {}
        for model in sorted(cls.env.registry):
            for owner in type(cls.env[model]).__mro__:
                if owner.__module__.startswith(ADDON):
                    for name, function in vars(owner).items():
                        if inspect.isfunction(function) and not name.startswith("_") and name != "init":
                            found.setdefault((model, name), function)
        return [(model, name, function) for (model, name), function in sorted(found.items())]
