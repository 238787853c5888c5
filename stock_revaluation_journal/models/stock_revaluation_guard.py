from odoo import _, api, models
from odoo.exceptions import AccessError, UserError

from .. import compat, tools

# What Odoo's own mixins write on any document: it touches no figure.
MAIL_FIELDS = ("message_", "activity_", "website_message_", "my_activity_")
# Beyond these a number is not kept exactly, or not at all.
NUMBER_LIMITS = {"integer": 2**31, "float": 1e15, "monetary": 1e15}


class StockRevaluationGuard(models.AbstractModel):
    """What stands before every model of the addon: who may ask, and which fields a user may set.

    A user writes what is listed for the model and the state of the record, by whatever way: `create`, `write`,
    `load`, commands of a parent, `copy`, defaults. Any other stored field is refused. The addon's own code writes
    the others by `_create_protected` and `_write_protected`, which are private: no client can call them.

    Every public method begins with `_check_rights`. Both is tested for all fields and methods there are (see
    `tests/odoo/test_walk_fields.py`, `test_walk_methods.py`): a new one must be on a list, or begin with the check.
    """

    _name = "stock.revaluation.guard"
    _description = "Guard of Revaluation Documents"

    # {state: names of the fields that a user may set}; "new" is a record to be created, "saved" one without a state
    _writable = {}
    # The field that holds the state, if there is one
    _guard_state_field = None
    # Fields of a wizard that name the documents it is about
    _guard_documents = ()

    def _get_writable_fields(self, state):
        """Return the fields that a user may set. Override: an addon with fields of its own adds their names."""
        return self._writable.get(state, ())

    def _get_guard_state(self):
        """Return the state that decides what may be written on this record."""
        return self[self._guard_state_field] if self._guard_state_field else "saved"

    # ------------------------------------------------------------------ rights

    def _check_rights(self, operation):
        """Raise AccessError, which names no record, unless the user may do `operation` on these records.

        A wizard is its maker's, and for who may read the document that it is about.
        """
        self._check_access_to(self, operation)
        if self._transient and not self.env.su:
            saved = self.browse(self.ids).sudo()
            if saved.create_uid - self.env.user:
                self._deny(self)
            for name in self._guard_documents:
                self._check_access_to(saved[name].with_env(self.env), "read")

    @api.model
    def _check_access_to(self, records, operation):
        """Raise AccessError unless the user may do `operation` on `records`; unlike Odoo's it names none of them."""
        if not compat.has_access(records, operation):
            self._deny(records)

    def _deny(self, records):
        raise self._access_error(records)

    @api.model
    def _access_error(self, records):
        return AccessError(
            _(
                "You may not do this with %s. It takes the group Inventory Revaluation, and access to the company.",
                tools.model_name(records),
            )
        )

    def onchange(self, *args, **kwargs):
        """Compute a form for those alone who may see the document: the computing itself reads by superuser."""
        self._check_rights("read")
        return super().onchange(*args, **kwargs)

    # ------------------------------------------------------------------ names

    @api.model
    def _name_products(self, product_ids, limit):
        """Return the names of products for a text: those that the user may read, up to `limit`; others are counted."""
        Product = self.env["product.product"]
        found = Product.sudo().browse(dict.fromkeys(product_ids)).exists()
        known = compat.readable(found.with_env(self.env))
        gone = [product_id for product_id in product_ids if product_id not in set(found.ids)]
        names = (known.sudo().mapped("display_name") + ["id %d" % product_id for product_id in gone])[:limit]
        if len(known) + len(gone) > limit:
            names.append(_("… and %d more", len(known) + len(gone) - limit))
        if len(found) > len(known):
            names.append(_("%d to which you have no access", len(found) - len(known)))
        return names

    @api.model
    def _name_product(self, product):
        """Return the name of a product for a message: to who may not read it, no name."""
        return ", ".join(self._name_products(product.ids, 1)) or _("A line without product")

    # ------------------------------------------------------------------ writing

    @api.model_create_multi
    def create(self, vals_list):
        self._check_rights("create")
        self._check_defaults()
        for vals in vals_list:
            self._check_writable("new", vals)
        return self._create_allowed(vals_list)

    def _create_allowed(self, vals_list):
        """Create records of values that a user may set. Override: to complete them."""
        return self._create_protected(vals_list)

    def _create_protected(self, vals_list):
        """Create records, protected fields included."""
        return super().create(vals_list)

    def write(self, vals):
        self._check_rights("write")
        for state in {record._get_guard_state() for record in self}:
            self._check_writable(state, vals)
        return super().write(vals)

    def _write_protected(self, vals):
        """Write protected fields."""
        return super().write(vals)

    def unlink(self):
        self._check_rights("unlink")
        return super().unlink()

    def copy(self, default=None):
        self._check_rights("create")
        return super().copy(default)

    def _add_missing_default_values(self, values):
        """Take defaults that come from the client or from a user's settings only for what a user may set."""
        completed = super()._add_missing_default_values(values)
        for name in completed.keys() - values.keys():
            if self._is_protected("new", name):
                default = self._fields[name].default
                completed[name] = default(self) if default else False
        return completed

    # ------------------------------------------------------------------ checks

    def _is_protected(self, state, name):
        """Tell whether a user may not set a field."""
        field = self._fields.get(name)
        if field is None or not field.store or name.startswith(MAIL_FIELDS):
            return False
        # Fields that an administrator has added decide nothing here
        return name not in self._get_writable_fields(state) and not (field.manual and self._get_writable_fields(state))

    def _check_writable(self, state, vals):
        """Raise UserError if `vals` sets a field that a user may not set, or gives it what it cannot hold."""
        self._refuse([name for name in vals if name != "id" and self._is_protected(state, name)])
        self._check_number_columns(vals)
        self._check_references(vals)

    def _check_defaults(self):
        """Refuse defaults of the client for protected fields, as their values would be."""
        given = [key[len("default_") :] for key in self.env.context if key.startswith("default_")]
        self._refuse([name for name in given if self._is_protected("new", name)])

    def _refuse(self, names):
        if names:
            raise UserError(
                _(
                    "%(document)s: %(fields)s cannot be set by hand or by a program. Enter new costs or totals; the"
                    " rest follows from them and from the buttons.",
                    document=tools.model_name(self),
                    fields=", ".join(tools.field_label(self, name) for name in names),
                )
            )

    def _read_number(self, value):
        """Return the number that an argument gives. Raises: UserError if it is none, or too large to be kept."""
        if not tools.is_number_below(value, NUMBER_LIMITS["float"]):
            raise UserError(_("%r is not a number that can be kept. Give one of at most 15 digits.", value))
        return float(value or 0.0)

    def _check_number_columns(self, vals):
        """Raise UserError for numbers that are none, or that no column holds exactly."""
        for name, value in vals.items():
            field = self._fields.get(name)
            limit = field is not None and NUMBER_LIMITS.get(field.type)
            if limit and not tools.is_number_below(value, limit):
                raise UserError(
                    _(
                        "%(field)s: %(value)s is not a number that can be kept. Enter one of at most %(digits)d"
                        " digits.",
                        field=tools.field_label(self, name),
                        value=value,
                        digits=9 if field.type == "integer" else 15,
                    )
                )

    def _check_references(self, vals):
        """Raise AccessError if `vals` names goods or documents that the user may not read."""
        for name, value in vals.items():
            field = self._fields.get(name)
            comodel = getattr(field, "comodel_name", None)
            if comodel and value and self._is_guarded(comodel):
                self._check_access_to(self.env[comodel].browse(self._named_ids(field, value)), "read")

    def _is_guarded(self, model):
        return model.startswith("stock.revaluation.") or model in ("product.product", compat.LOT_MODEL)

    def _named_ids(self, field, value):
        """Return the ids that a relational field's value names; raise UserError if it is none."""
        try:
            if field.type == "many2one":
                return [tools.record_id(value)]
            ids = []
            for command in value:
                if isinstance(command, (list, tuple)):
                    ids += [command[1]] if command[0] in (1, 2, 3, 4) else command[2] if command[0] == 6 else []
                else:
                    ids.append(command)
            return [tools.record_id(each) for each in ids]
        except (TypeError, ValueError, IndexError):
            raise UserError(
                _("%(field)s: %(value)s names no record.", field=tools.field_label(self, field.name), value=value)
            ) from None


class IrRule(models.Model):
    """Odoo's own refusals list the records by name: of revaluations, and of their journal items, the goods' names."""

    _inherit = "ir.rule"

    def _make_access_error(self, operation, records):
        owned = records._name == "account.move.line" and records.sudo().revaluation_line_ids
        if owned or records._name.startswith("stock.revaluation.") or records._name == "stock.valuation.layer":
            return self.env["stock.revaluation.guard"]._access_error(records)
        return super()._make_access_error(operation, records)
