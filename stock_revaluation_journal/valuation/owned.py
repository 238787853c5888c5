from odoo import _, api, models
from odoo.exceptions import UserError

from .. import tools


class StockRevaluationOwned(models.AbstractModel):
    """What posting leaves on Odoo's own documents: entries, items, layers, costs. Nobody else sets or takes it."""

    _name = "stock.revaluation.owned"
    _description = "Owned by a Revaluation"

    # Fields that say which revaluation a record belongs to
    _owned_fields = ()

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._check_not_owned(vals)
        self._check_not_owned({name: self.env.context.get("default_" + name) for name in self._owned_fields})
        return super().create(vals_list)

    def write(self, vals):
        self._check_not_owned(vals, even_empty=True)
        return super().write(vals)

    def _add_missing_default_values(self, values):
        """Take no owner from a user's defaults."""
        completed = super()._add_missing_default_values(values)
        return {name: value for name, value in completed.items() if name not in self._owned_fields or name in values}

    def _check_not_owned(self, vals, even_empty=False):
        """Raise UserError if somebody but posting gives a record to a revaluation, or takes it away from one."""
        given = [name for name in self._owned_fields if name in vals and (even_empty or vals[name])]
        if given and tools.inner(self.env, "revaluation_posting") is None:
            raise UserError(
                _(
                    "%(document)s: %(fields)s follow from posting a revaluation journal, and from nothing else.",
                    document=tools.model_name(self),
                    fields=", ".join(tools.field_label(self, name) for name in given),
                )
            )
