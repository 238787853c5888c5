import json

from odoo import fields, models

from .. import compat, tools


class StockRevaluationJournal(models.Model):
    """Analytic distribution of the counterpart, where the series has it (16.0 and later)."""

    _name = "stock.revaluation.journal"
    _inherit = ["stock.revaluation.journal"] + compat.ANALYTIC_MIXIN

    if compat.ANALYTIC_MIXIN:
        analytic_distribution = fields.Json(
            "Analytic Distribution",
            help="Analytic accounts that the counterpart of every line goes to. A line's own distribution comes first.",
        )

    def _get_writable_fields(self, state):
        own = ("analytic_distribution",) if compat.ANALYTIC_MIXIN and state in ("new", "draft") else ()
        return super()._get_writable_fields(state) + own

    def _create_entries(self, lines):
        """Look once whether the company has analytic rules: without any, Odoo needs not look for each item."""
        rules = tools.Inner(compat.has_analytic_rules(self.env))
        knowing = self.with_context(revaluation_analytic_rules=rules)
        return super(StockRevaluationJournal, knowing)._create_entries(lines)

    def _prepare_item_vals(self, booking, lines):
        """Put the distribution on the counterpart: the line's, else the journal's, else what Odoo's rules say.

        The stock valuation item has none: both sides together would come to nothing.
        """
        items = super()._prepare_item_vals(booking, lines)
        distribution = lines[:1]._get_analytic_distribution()
        if distribution:
            items["counterpart"]["analytic_distribution"] = distribution
        elif tools.inner(self.env, "revaluation_analytic_rules"):
            for name in compat.NO_ANALYTIC:
                items["counterpart"].pop(name, None)
        return items

    def _prepare_reversal_vals(self):
        vals = super()._prepare_reversal_vals()
        if compat.ANALYTIC_MIXIN:
            vals["analytic_distribution"] = self.analytic_distribution
        return vals

    def _get_reversal_line_vals(self, lines):
        """Return {Key: values} that a reversal's lines take over beside account and amount."""
        if not compat.ANALYTIC_MIXIN:
            return super()._get_reversal_line_vals(lines)
        return {
            key: {"analytic_distribution": line.analytic_distribution}
            for line in lines
            if line.analytic_distribution
            for key, _quantity, _amount in line._get_reversal_parts()
        }

    def _describe_item(self, item):
        """Name the analytic accounts of an item in the preview."""
        row = super()._describe_item(item)
        row["analytic"] = compat.analytic_names(item)
        return row


class StockRevaluationJournalLine(models.Model):
    _name = "stock.revaluation.journal.line"
    _inherit = ["stock.revaluation.journal.line"] + compat.ANALYTIC_MIXIN

    if compat.ANALYTIC_MIXIN:
        analytic_distribution = fields.Json(
            "Analytic Distribution",
            help="Analytic accounts that the counterpart of this line goes to; empty: the journal's.",
        )

    def _get_writable_fields(self, state):
        own = ("analytic_distribution",) if compat.ANALYTIC_MIXIN and state in ("new", "draft") else ()
        return super()._get_writable_fields(state) + own

    def _get_analytic_distribution(self):
        """Return the distribution that counts for this line, False if there is none or the series has none."""
        if not compat.ANALYTIC_MIXIN:
            return False
        return self.analytic_distribution or self.journal_id.analytic_distribution or False

    def _get_group_key(self):
        """Lines of different distributions do not share a journal item."""
        return super()._get_group_key() + (json.dumps(self._get_analytic_distribution(), sort_keys=True),)
