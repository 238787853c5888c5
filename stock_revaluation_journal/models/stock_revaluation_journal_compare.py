from odoo import _, api, fields, models

from .. import compat

# What a group's change in per cent follows from, and the figures that say it.
AMOUNT, VALUE = "amount", "value_calculated"
PERCENTS = ("amount_percent", "unit_cost_percent")


class StockRevaluationJournal(models.Model):
    _inherit = "stock.revaluation.journal"

    def action_compare(self):
        """Compare old and new costs: the lines that change by category, as list, pivot and graph."""
        self._check_rights("read")
        self.ensure_one()
        action = self.env["stock.revaluation.journal.line"]._window([("journal_id", "=", self.id)])
        prefix = "stock_revaluation_journal.view_revaluation_journal_line_compare_"
        views = [self.env.ref(prefix + name) for name in ("list", "pivot", "graph")]
        kinds = (compat.LIST, "pivot", "graph")
        return dict(
            action,
            name=_("Old and New Costs of %s", self.name),
            views=[(view.id, kind) for view, kind in zip(views, kinds)],
            view_mode=",".join(kinds),
            context={"create": False, "search_default_changed": 1, "search_default_group_categ": 1},
        )


class StockRevaluationJournalLine(models.Model):
    _inherit = "stock.revaluation.journal.line"

    unit_cost_percent = fields.Float(
        "Unit Cost Change %",
        compute="_compute_unit_cost_percent",
        store=True,
        digits=(16, 2),
        **compat.AVERAGED,
        help="The change of the unit cost in per cent. Of several lines: what their inventory value changes by.",
    )

    @api.depends("unit_cost_revalued", "unit_cost_calculated")
    def _compute_unit_cost_percent(self):
        for line in self:
            old, new = line.unit_cost_calculated, line.unit_cost_revalued
            line.unit_cost_percent = 100.0 * (new - old) / old if old else 0.0

    # ------------------------------------------------------------------ groups of lines

    if compat.CLIENT_READS_GROUPS:

        @api.model
        def read_group(self, *args, **kwargs):
            """Answer the web client's lists, pivots and graphs, up to 18.0."""
            self._check_rights("read")
            return self._weigh_percents(super().read_group(*args, **kwargs))

    def _web_read_group_format(self, *args):
        """Answer the web client's lists, pivots and graphs, 19.0."""
        return self._weigh_percents(super()._web_read_group_format(*args))

    def _weigh_percents(self, groups):
        """Let the per cent of a group be that of its value: an average of its lines would count every screw like a car.

        Shape: `groups` as Odoo answers them, keyed "amount" or "amount:sum".
        """
        for group in groups:
            figures = {key.split(":")[0]: key for key in group}
            value = AMOUNT in figures and group.get(figures.get(VALUE))
            for percent in figures.keys() & set(PERCENTS) if value else ():
                group[figures[percent]] = 100.0 * group[figures[AMOUNT]] / value
        return groups
