from odoo import fields, models


class StockRevaluationKept(models.AbstractModel):
    """What a controller keeps and figures of journals come from: who wrote it last has prepared these, too."""

    _name = "stock.revaluation.kept"
    _inherit = "stock.revaluation.guard"
    _description = "Kept for Figures of Revaluations"

    # What a user may set, and what of that decides no figure
    _settings = ()
    _texts = ("name", "note")

    figures_by = fields.Many2one(
        "res.users",
        "Figures By",
        readonly=True,
        copy=False,
        help="Who last wrote what decides: of journals with figures from here, one of those who prepared them.",
    )

    def _create_allowed(self, vals_list):
        return super()._create_allowed([dict(vals, figures_by=self.env.uid) for vals in vals_list])

    def write(self, vals):
        result = super().write(vals)
        if vals.keys() & (set(self._settings) - set(self._texts)):
            self._note_writer()
        return result

    def _note_writer(self):
        self._write_protected({"figures_by": self.env.uid})
