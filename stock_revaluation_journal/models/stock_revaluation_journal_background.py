import json
import logging
import random
import textwrap
import time

import psycopg2
from odoo import _, api, models
from odoo.exceptions import UserError
from odoo.tools import config, plaintext2html

from .. import compat, tools

_logger = logging.getLogger(__name__)

# Lines above which a journal is posted in the background, and lines per transaction there.
LIMIT_PARAMETER = ("stock_revaluation_journal.background_limit", 2000)
CHUNK_PARAMETER = ("stock_revaluation_journal.background_chunk", 250)
# Scheduled actions that post together: a server runs one of them in each of its cron workers.
HANDS = ("cron_post", "cron_post_2", "cron_post_3", "cron_post_4")
# Of Odoo's limits on a process (CPU and real seconds) one run takes so much, and then calls itself again. A worker may
# run all of HANDS in a row within one limit of real seconds (14.0): together they stay below it.
SHARE_OF_LIMITS = 0.2
SECONDS_AT_MOST = 20.0
# How often a chunk is tried again when stock operations get in its way, as Odoo does with a request.
TRIES = 5
# What a notification shows of a text: the journal has all of it.
SHOWN_AT_MOST = 300
# How often, every half second, who stands by looks whether it is its turn.
STAND_BY = 20


class StockRevaluationJournal(models.Model):
    """Posting of large journals in the background: chunks that each commit layers, costs and entry together."""

    _inherit = "stock.revaluation.journal"

    def _get_background_limit(self):
        return max(1, self._get_size(LIMIT_PARAMETER) // self._get_weight())

    def _get_size(self, parameter):
        """Return the number of lines that a (name, default) system parameter gives."""
        name, default = parameter
        try:
            return max(1, int(self.env["ir.config_parameter"].sudo().get_param(name, default)))
        except ValueError:
            raise UserError(_("System parameter %s must be a whole number.", name)) from None

    def _get_chunk_size(self):
        return max(1, self._get_size(CHUNK_PARAMETER) // self._get_weight())

    def _start_background(self):
        """Hand a large journal to the scheduled action, which checks all of it before it posts anything."""
        self._write_protected({"state": "posting", "posted_by": self.env.uid, "problem": False})
        self.message_post(body=_("Posting %d lines in the background.", self._count_lines_left()))
        self._start_check("check_post")

    def _resume_background(self):
        """Go on with a journal whose posting had stopped; what has been mended since is approved like the rest."""
        problems = self._check_approval()
        if problems:
            raise UserError(_("%s cannot be posted:", self.name) + "\n\n" + "\n\n".join(problems))
        task_data = json.dumps({"hands": self._get_hands()})
        self.sudo()._write_protected({"posted_by": self.env.uid, "problem": False, "task_data": task_data})
        self._trigger_hands(self._count_lines_left() // self._get_chunk_size())

    def _get_hands(self):
        """Return what steps must know of who starts them, beside the user: superuser or not, and the time zone."""
        return {"su": self.env.su, "tz": self.env.context.get("tz")}

    def _in_hands_of_starter(self, user_id, data):
        """Return the journal as who started the work has it, in its company alone.

        Raises: AccessError if that user is gone or archived.
        """
        user, hands = self.env["res.users"].sudo().browse(user_id or []), data.get("hands") or {}
        if not user.exists() or not (user.active or user._is_superuser()):
            self._deny(self)
        context = {"allowed_company_ids": self.company_id.ids, "tz": hands.get("tz") or user.tz}
        return tools.in_hands_of(self, user, **context).sudo(user._is_superuser() or bool(hands.get("su")))

    @api.model
    def _trigger_hands(self, number):
        """Let scheduled actions run as soon as this transaction is committed: as many as have something to do."""
        for name in HANDS[: max(1, number)]:
            cron = self.env.ref("stock_revaluation_journal." + name, raise_if_not_found=False)
            if cron:
                compat.trigger_cron(cron)

    @api.model
    def _run_background(self):
        """Scheduled action: do what is left of every journal with work in the background, step by step.

        Each step is a transaction of its own: a server that dies in between loses one, and others go on. Ends well
        within Odoo's limits, and calls itself again if there is more to do.
        """
        compat.renew_cpu_limit()
        end = time.monotonic() + self._get_run_seconds()
        for journal_id in self._get_journals_to_run():
            while self.browse(journal_id)._run_step():
                if time.monotonic() > end or not compat.has_cpu_time_left(SHARE_OF_LIMITS):
                    self._trigger_hands(len(HANDS))
                    self.env.cr.commit()  # pylint: disable=invalid-commit  # of the scheduled action's own transaction
                    return

    @api.model
    def _get_journals_to_run(self):
        """Return the ids of the journals with something to do."""
        self.env.cr.execute(
            "SELECT id FROM stock_revaluation_journal WHERE (task IS NOT NULL AND task_stopped IS NOT TRUE)"
            " OR (state = 'posting' AND task IS NULL AND problem IS NULL) ORDER BY id"
        )
        return [row[0] for row in self.env.cr.fetchall()]

    @api.model
    def _get_run_seconds(self):
        """Return how many seconds one run of the scheduled action may take."""
        limits = [config.get(name) or 0 for name in ("limit_time_cpu", "limit_time_real", "limit_time_real_cron")]
        return min([SECONDS_AT_MOST] + [limit * SHARE_OF_LIMITS for limit in limits if limit > 0])

    def _run_step(self):
        """Run the next step, of a task or of posting; return whether there may be another one."""
        self.env.cr.execute("SELECT task IS NOT NULL FROM stock_revaluation_journal WHERE id = %s", [self.id])
        row = self.env.cr.fetchone()
        return bool(row) and self._run_chunk("_take_task_step" if row[0] else "_post_chunk")

    def _take_task_step(self):
        return int(self._run_task_step())

    def _run_chunk(self, step="_post_chunk"):
        """Run one step in a transaction of its own, again if others get in its way; tell whether it did something."""
        self.ensure_one()
        for attempt in range(1, TRIES + 1):
            try:
                self.env.cr.commit()  # pylint: disable=invalid-commit  # so that the step sees what others have done
                done = getattr(self, step)()
                compat.commit_progress(self.env, done)
                return bool(done)
            except psycopg2.OperationalError as error:
                self._roll_back()
                if error.pgcode not in tools.RETRIED_CODES or attempt == TRIES:
                    return self._stop_background(str(error))
                _logger.info("%s: chunk runs again, try %s of %s: %s", self.name, attempt, TRIES, error)
                time.sleep(random.uniform(0.1, 0.5) * attempt)
            except UserError as error:
                self._roll_back()
                if step == "_post_chunk":
                    self._mark_claimed_stale()
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
        """Check and post the next lines; return their number, 0 when there is nothing left to do here."""
        if not self._take_turn():
            return 0
        self.env.cr.execute(
            "SELECT posted_by, task_data FROM stock_revaluation_journal"
            " WHERE id = %s AND state = 'posting' AND problem IS NULL AND task IS NULL",
            [self.id],
        )
        row = self.env.cr.fetchone()
        if not row:
            return 0
        ids = self._claim_lines()
        journal = self._in_hands_of_starter(row[0], json.loads(row[1] or "{}"))._remembering()
        journal._check_may_post()
        journal._check_rights("write")
        if not ids:
            return journal._finish_once()
        lines = self.env["stock.revaluation.journal.line"].with_env(journal.env).browse(ids)
        problems = journal._check_date() + journal._get_line_problems(lines)
        if problems:
            raise UserError("\n\n".join(problems))
        journal._post_lines(lines)
        journal._leave_totals()
        return len(lines)

    def _take_turn(self):
        """Up to 16.0 two processes that number entries of one journal undo each other's work: one posts at a time.

        The others stand by for a while: they go on when it ends, or dies.
        """
        if not compat.NUMBERS_ONE_AT_A_TIME:
            return True
        company_id = self.company_id.id
        for _try in range(STAND_BY):
            self.env.cr.execute(
                "SELECT pg_try_advisory_xact_lock(hashtext('stock_revaluation_journal'), %s)", [company_id]
            )
            if self.env.cr.fetchone()[0]:
                return True
            self.env.cr.commit()  # pylint: disable=invalid-commit  # so that the next look sees what others have done
            time.sleep(0.5)
        return False

    def _claim_lines(self):
        """Lock the next lines that no other process has, and return their ids: all of a product, or none of it."""
        query = (
            "SELECT id, product_id FROM stock_revaluation_journal_line WHERE journal_id = %s AND state = 'draft'"
            " AND (amount <> 0 OR sets_cost) AND (%s::int[] IS NULL OR product_id = ANY(%s))"
            " ORDER BY product_id, id"
        )
        locked = query + " LIMIT %s FOR NO KEY UPDATE SKIP LOCKED"
        self.env.cr.execute(locked, [self.id, None, None, self._get_chunk_size()])
        product_ids = sorted({row[1] for row in self.env.cr.fetchall()})
        self.env.cr.execute(locked, [self.id, product_ids, product_ids, None])
        claimed = self.env.cr.fetchall()
        self.env.cr.execute(query, [self.id, product_ids, product_ids])
        torn = {product_id for _line_id, product_id in set(self.env.cr.fetchall()) - set(claimed)}
        return [line_id for line_id, product_id in claimed if product_id not in torn]

    def _mark_claimed_stale(self):
        """Mark the outdated ones of the lines that a chunk was refused for: it held them, so nobody else could."""
        lines = self.env["stock.revaluation.journal.line"].browse(self._claim_lines())
        stale = [figures["id"] for figures, _position, _product, differs in lines._compare_with_books() if differs]
        lines.browse(stale)._write_protected({"is_stale": True})

    def _finish_once(self):
        """Close the journal if no line is left, with others or here; exactly one process does it."""
        if self._count_lines_left():
            return 0
        self.env.cr.execute(
            "SELECT id FROM stock_revaluation_journal WHERE id = %s AND state = 'posting' FOR UPDATE SKIP LOCKED",
            [self.id],
        )
        if self.env.cr.fetchone():
            left = self.env["stock.revaluation.journal.line"].search(
                [("journal_id", "=", self.id), ("state", "=", "draft")]
            )
            text = self._finish(left)
            self.sudo()._write_protected({"task_data": False})
            self._sum_up()
            self._show_end(self.env.user, text)
        return 0

    def _leave_totals(self):
        """Leave the journal's own row alone, which others want to write as well: totals follow at the end."""
        for field in self._fields.values():
            if field.store and field.compute:
                self.env.remove_to_compute(field, self)

    def _stop_background(self, problem):
        """Leave the reason on the journal; what is posted stays, the rest can be mended and resumed."""
        user = self.task_user_id if self.task else self.posted_by
        journal = self.with_context(allowed_company_ids=self.company_id.ids, lang=user.lang)
        if self.task:
            journal._fail_task(problem)
        elif self.state == "posting":
            journal._fail_posting(problem)
        else:
            return False  # given up meanwhile
        journal._show_end(user, problem, is_problem=True)
        self.env.cr.commit()  # pylint: disable=invalid-commit  # the scheduled action goes on from here
        return False

    def _fail_posting(self, problem):
        self._write_protected({"problem": problem})
        self.message_post(body=plaintext2html(_("Posting stopped: %s", problem)))

    def _show_end(self, user, text, is_problem=False):
        """Show `user`, who has gone on with something else meanwhile, what work in the background came to."""
        title = "" if text.startswith(self.name) else self.name
        text = textwrap.shorten(text, SHOWN_AT_MOST, placeholder=" …")
        if user:
            compat.show_notification(user, title, text, is_problem)
