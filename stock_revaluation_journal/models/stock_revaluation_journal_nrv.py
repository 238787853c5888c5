from odoo import api, fields, models

from .. import compat
from .stock_revaluation_cost_source_nrv import BASES


class StockRevaluationJournal(models.Model):
    """What the test of net realisable value found stays on the lines, for print and auditor."""

    _inherit = "stock.revaluation.journal"

    nrv_line_ids = fields.One2many(
        "stock.revaluation.journal.line",
        "journal_id",
        "Tested Lines",
        domain=[("nrv_basis", "!=", False)],
        readonly=True,
        copy=False,
        help="Lines whose cost was compared with net realisable value.",
    )
    has_nrv = fields.Boolean(compute="_compute_has_nrv")

    @api.depends("nrv_line_ids")
    def _compute_has_nrv(self):
        for journal in self:
            journal.has_nrv = bool(journal.nrv_line_ids)


class StockRevaluationJournalLine(models.Model):
    _inherit = "stock.revaluation.journal.line"

    nrv_basis = fields.Selection(
        BASES,
        "Decided By",
        readonly=True,
        copy=False,
        help="What net realisable value rests on: an entered value, else the lowest of price, age and months of stock.",
    )
    nrv_cost = fields.Monetary(
        "Cost Before Write-Downs",
        readonly=True,
        copy=False,
        help="What the stock would be worth without write-downs: what it is compared with, and its upper limit.",
    )
    nrv_value = fields.Monetary(
        "Net Realisable Value", readonly=True, copy=False, help="What the stock brings, less the costs to get it sold."
    )
    nrv_left = fields.Monetary(
        "Write-Down So Far",
        readonly=True,
        copy=False,
        help="What is left of earlier write-downs of the goods still in stock.",
    )
    nrv_reversible = fields.Monetary(
        "May Be Reversed", readonly=True, copy=False, help="What of the earlier write-downs may be taken back."
    )
    nrv_detail = fields.Text(
        "Net Realisable Value: Why",
        readonly=True,
        copy=False,
        help="The price, or the quantities by days since receipt, or the months of stock that decided.",
    )

    # Ids of those who wrote the values, tables, costs and groups that decided: they have prepared the line, too
    nrv_by = fields.Char(
        "Worth Decided By",
        readonly=True,
        copy=False,
        help="Ids of the users who wrote the value or table that decided: they have prepared the line as well.",
    )

    def _note_suggested(self, suggestions):
        """Leave on the lines what suggestions for their products were found on."""
        findings = {each.item.product_id: each.entry.finding for each in suggestions if hasattr(each.entry, "finding")}
        lines = self.filtered(lambda line: line.product_id.id in findings)
        lines._note_findings({line.id: findings[line.product_id.id] for line in lines})

    def _note_findings(self, findings):
        """Leave {line id: Finding} on those lines among `self`."""
        write = self.env["stock.revaluation.cost.source"]._get_writer()
        tested = self.filtered(lambda line: line.id in findings)
        for journal in tested.journal_id:
            lines = tested.filtered(lambda line, journal=journal: line.journal_id == journal)
            self._update_rows(journal, [dict(self._finding_values(findings[i], write), id=i) for i in lines.ids])
        compat.written(tested.journal_id, ["nrv_line_ids"])

    def _finding_values(self, finding, write):
        return {
            "nrv_basis": finding.estimate.basis,
            "nrv_cost": float(finding.cost),
            "nrv_value": float(finding.estimate.value),
            "nrv_left": float(finding.left),
            "nrv_reversible": float(finding.reversible),
            "nrv_detail": "\n".join(filter(None, [finding.estimate.text(write), finding.group])),
            "nrv_by": ",".join(map(str, sorted(finding.by))),
        }
