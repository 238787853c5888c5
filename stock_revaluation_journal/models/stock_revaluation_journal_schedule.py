import logging
from datetime import timedelta

import psycopg2
from odoo import _, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import plaintext2html

from .. import tools
from .stock_revaluation_guard import MAIL_FIELDS
from .stock_revaluation_journal_background import TRIES

_logger = logging.getLogger(__name__)

WARNING_ACTIVITY = "mail.mail_activity_data_warning"


class StockRevaluationJournal(models.Model):
    """A journal of a day to come that posts by itself on that day.

    Setting it so is the decision to post it: for who may post this journal, four eyes included. It is posted with
    that user's rights, on figures read again that day. Who else changes it meanwhile takes the decision back.
    """

    _inherit = "stock.revaluation.journal"

    post_on_date = fields.Boolean(
        "Post on Its Date",
        copy=False,
        tracking=True,
        help="The journal, dated in the future, posts by itself on its accounting date. Figures are read again that"
        " day, what was entered is kept.",
    )
    scheduled_by = fields.Many2one(
        "res.users",
        "Set to Post By",
        readonly=True,
        copy=False,
        help="Who decided that the journal posts by itself on its date; it is posted with this user's rights.",
    )
    schedule_problem = fields.Text(
        "Not Posted by Itself", readonly=True, copy=False, help="Why the journal was not posted by itself on its date."
    )
    is_future = fields.Boolean(compute="_compute_is_future", help="The accounting date lies in the future.")

    @api.depends("date")
    def _compute_is_future(self):
        for journal in self:
            journal.is_future = bool(journal.date) and journal.date > fields.Date.context_today(journal)

    # ------------------------------------------------------------------ create, write

    def _get_writable_fields(self, state):
        return super()._get_writable_fields(state) + (("post_on_date",) if state in ("new", "draft") else ())

    @api.model_create_multi
    def create(self, vals_list):
        self._check_rights("create")
        journals = super().create([dict(vals, post_on_date=False) for vals in vals_list])
        for journal, vals in zip(journals, vals_list):
            if vals.get("post_on_date"):
                journal.write({"post_on_date": True})
        return journals

    def write(self, vals):
        """Check the right to post before *Post on Its Date* is set."""
        self._check_rights("write")
        others = {name: value for name, value in vals.items() if name != "post_on_date"}
        if not all(name.startswith(MAIL_FIELDS) for name in others):
            self._withdraw_schedule()
        result = super().write(others)
        if "post_on_date" in vals:
            post_on_date = bool(vals["post_on_date"])
            self.filtered(lambda journal: journal.post_on_date != post_on_date)._check_draft()
            self._set_schedule(post_on_date)
        return result

    def _set_schedule(self, post_on_date):
        for journal in self.filtered(lambda journal: journal.post_on_date != post_on_date):
            if post_on_date:
                journal._check_can_schedule()
            user_id = self.env.uid if post_on_date else False
            journal._write_protected({"post_on_date": post_on_date, "scheduled_by": user_id, "schedule_problem": False})

    def _withdraw_schedule(self):
        """Let a journal no longer post by itself, once somebody else than who decided so changes it."""
        for journal in self.filtered(lambda journal: journal.post_on_date and journal.state == "draft"):
            manager = journal.scheduled_by.sudo()
            if manager != self.env.user:
                journal._set_schedule(False)
                journal.message_post(
                    body=_(
                        "No longer set to post by itself: changed by %(user)s after %(manager)s had set it so.",
                        user=self.env.user.name,
                        manager=manager.name,
                    )
                )

    def _withdraw_due_schedule(self):
        """Let a journal whose day has come no longer post by itself: what was given up would begin again."""
        today = fields.Date.context_today(self._in_time_zone())
        if self.post_on_date and self.date <= today:
            self._set_schedule(False)

    # ------------------------------------------------------------------ actions

    def action_post_on_date(self):
        """Set the journals to post by themselves on their date.

        Raises: AccessError without the right to post; UserError with every problem that posting would meet today.
        """
        self._check_may_post()
        self._check_rights("write")
        self.write({"post_on_date": True})
        return True

    def action_do_not_post_on_date(self):
        """Let the journals wait to be posted by hand."""
        self._check_rights("write")
        self.write({"post_on_date": False})
        return True

    def _check_can_schedule(self):
        """Raise AccessError or UserError unless the user may post the journal, all but its date being right today."""
        self.ensure_one()
        self._check_may_post()
        if not self.is_future:
            raise UserError(_("%s is not dated in the future: choose Post.", self.name))
        future = self._check_date()
        found = self._get_document_problems() if self._is_large() else self._get_problems()
        problems = [problem for problem in found if problem not in future]
        if problems:
            raise UserError(_("%s cannot be posted:", self.name) + "\n\n" + "\n\n".join(problems))

    # ------------------------------------------------------------------ scheduled action

    @api.model
    def _run_scheduled(self):
        """Scheduled action: post the journals whose day has come, each in a transaction of its own.

        Journals whose posting met a problem are not tried again: it stands on them, for somebody to mend.
        """
        tomorrow = fields.Date.context_today(self) + timedelta(days=1)  # which it may be in a company's time zone
        domain = [("post_on_date", "=", True), ("state", "=", "draft"), ("task", "=", False), ("date", "<=", tomorrow)]
        for journal_id in self.search(domain, order="date, id").ids:
            self.browse(journal_id)._run_on_its_day()

    def _run_on_its_day(self):
        """Post the journal if its day has come and nobody else is doing so; commit."""
        for attempt in range(1, TRIES + 1):
            try:
                if self._take_scheduled():
                    self._in_hands_of_scheduler()._post_on_its_day()
                return self.env.cr.commit()  # pylint: disable=invalid-commit  # one journal, one transaction
            except Exception as error:  # pylint: disable=broad-except
                # Whatever it is, the journal says it: one that nobody sees would be tried for ever.
                self._roll_back()
                again = isinstance(error, psycopg2.OperationalError) and error.pgcode in tools.RETRIED_CODES
                if not again or attempt == TRIES:
                    return self.with_context(lang=self._get_responsible().lang)._report_schedule_problem(error)
                _logger.info("%s: posted again, stock moved meanwhile (%s of %s)", self.name, attempt, TRIES)
        return None

    def _take_scheduled(self):
        """Hold the journal, and tell whether it is still to be posted today in its company."""
        self.env.cr.execute(
            "SELECT date FROM stock_revaluation_journal WHERE id = %s AND post_on_date AND state = 'draft'"
            " AND task IS NULL FOR UPDATE SKIP LOCKED",
            [self.id],
        )
        row = self.env.cr.fetchone()
        return bool(row) and row[0] <= fields.Date.context_today(self._in_time_zone())

    def _in_time_zone(self):
        """Return the journal where today is that of its company."""
        return self.with_context(tz=self.company_id.sudo().partner_id.tz or self.scheduled_by.sudo().tz or "UTC")

    def _in_hands_of_scheduler(self):
        """Return the journal in the hands of who set it to post, in its company alone."""
        user = self.scheduled_by.sudo()
        if not user.active:
            raise UserError(_("%s, who set the journal to post by itself, is archived. Post it by hand.", user.name))
        return tools.in_hands_of(self._in_time_zone(), user, allowed_company_ids=self.company_id.ids)

    def _post_on_its_day(self):
        self.action_refresh()
        self.action_post()

    def _get_responsible(self):
        """Return who is told of a journal that could not be posted by itself."""
        return self.user_id or self.scheduled_by or self.create_uid

    def _report_schedule_problem(self, error):
        """Leave the reason on the journal, tell the responsible and, above the limit, who else may post it."""
        problem = str(error)
        if not isinstance(error, UserError):
            _logger.error("%s: not posted on its date", self.name, exc_info=error)
            problem = _("Unexpected error: %s. The server's log has the details.", error)
        responsible = self._get_responsible()
        self._write_protected({"post_on_date": False, "scheduled_by": False, "schedule_problem": problem})
        self.message_post(body=plaintext2html(_("Not posted by itself on its date:") + "\n" + problem))
        self.activity_schedule(
            WARNING_ACTIVITY,
            user_id=responsible.id,
            summary=_("%s was not posted on its date", self.name),
            note=plaintext2html(problem),
        )
        self.env.cr.commit()  # pylint: disable=invalid-commit  # the scheduled action goes on from here

    def _finish(self, unchanged):
        """Take back the activity of a journal that was not posted on its date and is posted now."""
        result = super()._finish(unchanged)
        if self.schedule_problem:
            self.sudo().activity_unlink([WARNING_ACTIVITY])
        return result


class StockRevaluationJournalLine(models.Model):
    _inherit = "stock.revaluation.journal.line"

    @api.model_create_multi
    def create(self, vals_list):
        self._check_rights("create")
        lines = super().create(vals_list)
        lines.journal_id._withdraw_schedule()
        return lines

    def write(self, vals):
        self._check_rights("write")
        self.journal_id._withdraw_schedule()
        return super().write(vals)

    def unlink(self):
        self._check_rights("unlink")
        self.journal_id._withdraw_schedule()
        return super().unlink()

    @api.model
    def _create_from_positions(self, journal, positions):
        journal._withdraw_schedule()
        return super()._create_from_positions(journal, positions)

    def _write_entries(self, entries):
        self.env["stock.revaluation.journal"].browse(self._read_journal_ids())._withdraw_schedule()
        return super()._write_entries(entries)
