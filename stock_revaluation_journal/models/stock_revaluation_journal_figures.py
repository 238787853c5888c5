from odoo import api, fields, models

from .. import compat
from .stock_revaluation_journal import ROUNDING_WARNING


class StockRevaluationJournal(models.Model):
    """What a form shows of the lines altogether, asked of PostgreSQL and not of a record for each line."""

    _inherit = "stock.revaluation.journal"

    stale_count = fields.Integer(
        "Outdated Lines",
        compute="_compute_line_warnings",
        help="Lines whose figures the books no longer have: choose Refresh.",
    )
    rounding_count = fields.Integer(
        "Lines with Rounding Difference",
        compute="_compute_line_warnings",
        help="Lines whose total the product's cost, stored rounded, cannot carry to within one unit of the currency.",
    )
    has_rounding = fields.Boolean(compute="_compute_line_warnings")
    has_lots = fields.Boolean(compute="_compute_has_columns")
    has_layers = fields.Boolean(compute="_compute_has_columns")

    @api.depends("line_ids.is_stale", "line_ids.rounding_difference")
    def _compute_line_warnings(self):
        found = self._sum_lines(
            "COUNT(*) FILTER (WHERE is_stale), COUNT(*) FILTER (WHERE ABS(rounding_difference) > %s),"
            " BOOL_OR(rounding_difference <> 0)" % ROUNDING_WARNING
        )
        for journal in self:
            sums = found.get(journal.id) or (0, 0, False)
            if journal.id not in found and journal.line_ids:  # of a form that is not saved
                differences = [abs(difference) for difference in journal.line_ids.mapped("rounding_difference")]
                large = [difference for difference in differences if difference > ROUNDING_WARNING]
                sums = len(journal.line_ids.filtered("is_stale")), len(large), any(differences)
            journal.stale_count, journal.rounding_count, journal.has_rounding = sums

    @api.depends("line_ids.lot_id", "line_ids.valuation_layer_id", "line_ids.stock_move_id")
    def _compute_has_columns(self):
        found = self._sum_lines("COUNT(lot_id) > 0, COUNT(valuation_layer_id) + COUNT(stock_move_id) > 0")
        for journal in self:
            lines = journal.line_ids if journal.id not in found else journal.line_ids.browse()  # of an unsaved form
            known = (bool(lines.lot_id), bool(lines.valuation_layer_id or lines.stock_move_id))
            journal.has_lots, journal.has_layers = found.get(journal.id) or known

    def _sum_lines(self, expressions):
        """Return {journal id: (value of each of the SQL `expressions`)} of the saved lines of journals with lines."""
        compat.flush(self.env)
        self.env.cr.execute(
            "SELECT journal_id, " + expressions + " FROM stock_revaluation_journal_line"  # our own expressions
            " WHERE journal_id = ANY(%s) GROUP BY journal_id",
            [[journal.id for journal in self if isinstance(journal.id, int)]],
        )
        return {row[0]: row[1:] for row in self.env.cr.fetchall()}
