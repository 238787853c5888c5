import logging
import random
import time

import psycopg2
from odoo import _, api, models
from odoo.exceptions import UserError

from .. import compat, tools

_logger = logging.getLogger(__name__)

# Lines above which a journal is posted in the background, and lines per transaction there.
LIMIT_PARAMETER = ("stock_revaluation_journal.background_limit", 2000)
CHUNK_PARAMETER = ("stock_revaluation_journal.background_chunk", 500)
# How often a chunk is tried again when stock operations get in its way, as Odoo does with a request.
TRIES = 5


class StockRevaluationJournal(models.Model):
    """Posting of large journals in the background: chunks that each commit layers, costs and entry together."""

    _inherit = "stock.revaluation.journal"

    def _get_background_limit(self):
        return self._get_size(LIMIT_PARAMETER)

    def _get_size(self, parameter):
        """Return the number of lines that a (name, default) system parameter gives."""
        name, default = parameter
        try:
            return max(1, int(self.env["ir.config_parameter"].sudo().get_param(name, default)))
        except ValueError:
            raise UserError(_("System parameter %s must be a whole number.", name)) from None

    def _start_background(self):
        """Hand a checked journal to the scheduled action."""
        self._write_protected({"state": "posting", "posted_by": self.env.uid, "problem": False})
        self.message_post(body=_("Posting %d lines in the background.", len(self._lines_to_post())))
        compat.trigger_cron(self.env.ref("stock_revaluation_journal.cron_post"))

    def _resume_background(self):
        """Go on with a journal whose posting had stopped; what has been mended since is approved like the rest."""
        problems = self._check_approval()
        if problems:
            raise UserError(_("%s cannot be posted:", self.name) + "\n\n" + "\n\n".join(problems))
        self._write_protected({"posted_by": self.env.uid, "problem": False})
        compat.trigger_cron(self.env.ref("stock_revaluation_journal.cron_post"))

    @api.model
    def _run_background(self):
        """Scheduled action: post what is left of every journal in posting, chunk by chunk.

        Commits after each chunk: a server that dies in between goes on after the last one.
        """
        for journal_id in self.search([("state", "=", "posting"), ("problem", "=", False)], order="id").ids:
            while self.browse(journal_id)._run_chunk():
                pass

    def _run_chunk(self):
        """Post the next chunk in a transaction of its own; return whether there may be another one."""
        self.ensure_one()
        for attempt in range(1, TRIES + 1):
            try:
                posted = self._post_chunk()
                compat.commit_progress(self.env, posted, self._count_lines_left() if posted else 0)
                return bool(posted)
            except psycopg2.OperationalError as error:
                self._roll_back()
                if error.pgcode not in tools.RETRIED_CODES or attempt == TRIES:
                    return self._stop_background(str(error))
                _logger.info("%s: chunk runs again, try %s of %s: %s", self.name, attempt, TRIES, error)
                time.sleep(random.uniform(0.1, 0.5) * attempt)
            except UserError as error:
                self._roll_back()
                return self._stop_background(str(error))
            except Exception as error:  # pylint: disable=broad-except
                # Whatever it is, the journal says it: one that nobody sees would be tried for ever.
                self._roll_back()
                _logger.exception("%s: background posting failed", self.name)
                return self._stop_background("%s: %s" % (type(error).__name__, error))
        return False

    def _roll_back(self):
        self.env.cr.rollback()
        self.env.clear()

    def _count_lines_left(self):
        return self.env["stock.revaluation.journal.line"].search_count(self._get_domain_left())

    def _get_domain_left(self):
        """Return the domain of the lines that are still to be posted."""
        changed = ["|", ("amount", "!=", 0), ("sets_cost", "=", True)]
        return [("journal_id", "=", self.id), ("state", "=", "draft")] + changed

    def _post_chunk(self):
        """Check and post the next lines; return their number, 0 when there is nothing left to do."""
        self.env.cr.execute(
            "SELECT posted_by FROM stock_revaluation_journal"
            " WHERE id = %s AND state = 'posting' FOR UPDATE SKIP LOCKED",
            [self.id],
        )
        row = self.env.cr.fetchone()
        if not row:
            return 0
        journal = self.with_user(row[0]).with_context(allowed_company_ids=self.company_id.ids)
        journal._check_may_post()
        lines = journal._get_next_lines()
        if not lines:
            journal._finish(journal.line_ids.filtered(lambda line: line.state == "draft"))
            return 0
        problems = journal._check_date() + journal._get_line_problems(lines)
        if problems:
            raise UserError("\n\n".join(problems))
        journal._post_lines(lines)
        return len(lines)

    def _get_next_lines(self):
        """Return the next lines to post; all lines of one product together, as they share its cost."""
        Line = self.env["stock.revaluation.journal.line"]
        domain = self._get_domain_left()
        lines = Line.search(domain, order="product_id, id", limit=self._get_size(CHUNK_PARAMETER))
        return lines | Line.search(domain + [("product_id", "in", lines[-1:].product_id.ids)])

    def _stop_background(self, problem):
        """Leave the reason on the journal; what is posted stays, the rest can be mended and resumed."""
        self._write_protected({"problem": problem})
        self.message_post(body=_("Posting stopped: %s", problem))
        self.env.cr.commit()  # pylint: disable=invalid-commit  # the scheduled action goes on from here
        return False
