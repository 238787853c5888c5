import logging

import psycopg2
from odoo import _, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import plaintext2html

from .. import tools
from ..engine.schedule import next_after
from .stock_revaluation_journal_background import TRIES

_logger = logging.getLogger(__name__)

WARNING_ACTIVITY = "mail.mail_activity_data_warning"


class StockRevaluationRule(models.Model):
    """The scheduled action: what is due runs, in the hands of its responsible."""

    _inherit = "stock.revaluation.rule"

    @api.model
    def _run_due(self):
        """Scheduled action: run every rule that is due, company by company.

        Each in a transaction of its own, which is committed: a rule that fails leaves its reason on
        itself and an activity to its responsible, and the others run.
        """
        domain = [("next_run", "!=", False), ("next_run", "<=", fields.Date.context_today(self))]
        for rule_id in self.search(domain).ids:
            self.browse(rule_id)._run_scheduled()

    def _run_scheduled(self):
        """Run a rule that is due, and set its next run."""
        self.ensure_one()
        for attempt in range(1, TRIES + 1):
            try:
                if self._take():
                    self._as_responsible()._run()
                    self.activity_unlink([WARNING_ACTIVITY])
                    self._set_next_run()
                return self.env.cr.commit()  # pylint: disable=invalid-commit  # one rule, one transaction
            except Exception as error:  # pylint: disable=broad-except
                self.env.cr.rollback()
                self.env.clear()
                again = isinstance(error, psycopg2.OperationalError) and error.pgcode in tools.RETRIED_CODES
                if not again or attempt == TRIES:
                    return self.with_context(lang=self.user_id.lang)._report_failure(error)
                _logger.info(
                    "Revaluation rule %s runs again, stock moved meanwhile (%s of %s)", self.id, attempt, TRIES
                )
        return None

    def _as_responsible(self):
        """Return the rule in the hands of its responsible."""
        if not self.user_id.active:
            raise UserError(_("%s is archived. Choose another responsible for the rule.", self.user_id.name))
        return tools.in_hands_of(self, self.user_id)

    def _take(self):
        """Hold the rule, and tell whether it is still due: another server may be running it."""
        self.env.cr.execute(
            "SELECT id FROM stock_revaluation_rule WHERE id = %s AND active AND next_run <= %s FOR UPDATE SKIP LOCKED",
            [self.id, fields.Date.context_today(self)],
        )
        return bool(self.env.cr.fetchone())

    def _set_next_run(self):
        self.next_run = next_after(fields.Date.context_today(self), self.next_run, self.schedule, self.day_of_month)

    def _report_failure(self, error):
        """Say on the rule why it failed, and ask its responsible to mend it; it runs again at its next date."""
        if isinstance(error, UserError):
            problem = str(error)
        else:
            _logger.error("Revaluation rule %s failed", self.id, exc_info=error)
            problem = _("Unexpected error: %s. The server's log has the details.", error)
        self._tell_failure(problem)
        self._set_next_run()
        self.env.cr.commit()  # pylint: disable=invalid-commit  # the scheduled action goes on from here

    def _tell_failure(self, problem):
        """Leave on the rule why it failed, and an activity to its responsible."""
        self._write_protected(
            {"last_run": fields.Datetime.now(), "last_result": _("Failed: %s", problem.split("\n")[0])}
        )
        self.message_post(body=plaintext2html(_("The rule failed; nothing was revalued.") + "\n" + problem))
        summary = _("Revaluation rule failed")
        if summary not in self.activity_ids.mapped("summary"):
            self.activity_schedule(
                WARNING_ACTIVITY, user_id=self.user_id.id, summary=summary, note=plaintext2html(problem)
            )
