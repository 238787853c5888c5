from odoo import _, models

from .. import compat
from .stock_revaluation_journal import NAMED_AT_MOST
from .stock_revaluation_journal_steps import CALCULATE_PARAMETER, DRAFT, POSTED

# Lines of one step.
LINES_PER_STEP, LINES_PER_REVERSAL = 5000, 2000


class StockRevaluationJournal(models.Model):
    """Refreshing, suggesting costs for, and reversing a journal of very many lines, in steps."""

    _inherit = "stock.revaluation.journal"

    def _has_many_lines(self):
        """Tell whether the journal has more lines than one request reads and writes."""
        return self.line_count > self._get_size(CALCULATE_PARAMETER)

    # ------------------------------------------------------------------ refresh

    def action_refresh(self):
        """Read the figures again; those of very many lines in the background."""
        self._check_rights("write")
        many = self.filtered(lambda journal: journal._has_many_lines())
        for journal in many:
            if journal.task or not journal.problem:
                journal._check_draft()
            journal._start_refresh()
        if self - many:
            super(StockRevaluationJournal, self - many).action_refresh()
        return self._notify_background() if many else True

    def _start_refresh(self, post=False):
        """Read the figures again in steps, and `post` then."""
        self._start_task("refresh", self._count_lines(DRAFT), after=0, changed=0, texts=[], post=post)

    def _post_on_its_day(self):
        """Refresh very many lines in steps before they are posted."""
        if self._has_many_lines():
            return self._start_refresh(post=True)
        return super()._post_on_its_day()

    def _step_refresh(self, data):
        lines = self._get_lines_after(data, LINES_PER_STEP, DRAFT)
        if not lines:
            self._log_refresh(data["changed"], self.task_total, data["texts"])
            self._close_task(_("Refreshed: %d lines had changed.", data["changed"]))
            if data["post"]:
                self.action_post()
            return 0
        count, texts = self._refresh_lines(lines)
        data["changed"] += count
        data["texts"] = (data["texts"] + texts)[:NAMED_AT_MOST]
        return len(lines)

    # ------------------------------------------------------------------ suggest

    def _start_suggest(self, wizard):
        """Let `wizard` enter its suggestions in steps; in one where its source looks at all lines together."""
        self._check_draft()
        data = {"settings": wizard._get_settings(), "lines": wizard.line_ids.ids}
        data["limit"] = None if wizard._looks_at_all_lines(wizard.source) else LINES_PER_STEP
        data.update(after=0, count=0, amount=0.0, missing=0, unknown=[])
        self._start_task("suggest", self._count_lines(DRAFT), **data)

    def _step_suggest(self, data):
        wizard = self.env["stock.revaluation.suggest"]._create_protected([data["settings"]])
        compat.invalidate(self.env)  # numbers as they are stored, and as the user's request had them
        lines = self._get_lines_after(data, data["limit"], DRAFT)
        if not lines:
            text = wizard._get_message(data["count"], data["amount"], data["missing"])
            names = self._name_products(data["unknown"], NAMED_AT_MOST)
            self._close_task("\n".join([text] + names))
            return 0
        chosen = lines & lines.browse(data["lines"]) if data["lines"] else lines
        items, suggestions, missing, _findings = wizard._apply(chosen)
        data["count"] += len(suggestions)
        data["amount"] += sum(each.amount for each in suggestions)
        data["missing"] += len(missing)
        unknown = [item.product_id for item in items if item.key in missing]
        data["unknown"] += unknown[: max(0, NAMED_AT_MOST + 1 - len(data["unknown"]))]
        return len(lines)

    # ------------------------------------------------------------------ reverse

    def _fill_reversal(self, reversal):
        """Make the lines of a reversal; many of them in the background: each takes more than Calculate does."""
        if self.line_count <= LINES_PER_STEP and not self._has_many_lines():
            return super()._fill_reversal(reversal)
        return reversal._start_task("reverse", self._count_lines(POSTED), after=0)

    def _step_reverse(self, data):
        source = self.reversed_journal_id
        lines = source._get_lines_after(data, LINES_PER_REVERSAL, POSTED)
        if lines:
            source._add_reversed(self, lines)
            return len(lines)
        count = self.line_count
        self._close_task(_("Calculated: %d lines.", count) if count else source._get_nothing_to_reverse_text())
        return 0
