from odoo import _, api, fields, models
from odoo.exceptions import UserError

from .. import compat

TODO = "mail.mail_activity_data_todo"


class StockRevaluationJournal(models.Model):
    """Approval: above the company's limit, who entered the figures does not post them.

    Who prepared a journal is whoever last entered the new cost or total of one of its lines
    (`entered_by`), by hand, from a file or by Suggest, not the responsible, whom anybody can change. Lines that a rule
    has entered are of whoever last wrote what decides the rule's figures; where net realisable value decided, who
    wrote the value, table, cost or group that it rests on has prepared the line as well. A manager who changes a figure
    while approving has prepared it too. Code that runs as superuser (automations that an
    administrator set up) is not asked.
    """

    _inherit = "stock.revaluation.journal"

    approval_needed = fields.Boolean(
        "Approval Needed",
        compute="_compute_approval_needed",
        help="The journal changes more than the company's limit:"
        " another manager than who entered the figures posts it.",
    )
    prepared_by_ids = fields.Many2many(
        "res.users",
        string="Prepared By",
        compute="_compute_prepared_by_ids",
        help="Who last entered the figures of the lines.",
    )

    @api.depends("amount_increase", "amount_decrease", "value_calculated", "company_id")
    def _compute_approval_needed(self):
        for journal in self:
            journal.approval_needed = journal._exceeds_limit()

    @api.depends("line_ids.entered_by", "line_ids.nrv_by", "line_ids.amount", "line_ids.sets_cost")
    def _compute_prepared_by_ids(self):
        compat.flush(self.env)
        self.env.cr.execute(
            "SELECT journal_id, ARRAY_AGG(DISTINCT user_id) FROM stock_revaluation_journal_line"
            " CROSS JOIN LATERAL unnest(entered_by || string_to_array(nrv_by, ',')::int[]) AS preparer(user_id)"
            " WHERE journal_id = ANY(%s) AND (amount <> 0 OR sets_cost) AND user_id IS NOT NULL GROUP BY journal_id",
            [self.ids],
        )
        known = dict(self.env.cr.fetchall())
        for journal in self:
            entered_by = self.env["res.users"].browse(known.get(journal._origin.id))
            journal.prepared_by_ids = entered_by or journal.create_uid

    def _exceeds_limit(self):
        """Tell whether increases and decreases, not netted, exceed one of the company's limits."""
        self.ensure_one()
        company = self.company_id.sudo()
        changed = self.amount_increase + abs(self.amount_decrease)
        amount, percent = company.revaluation_approval_amount, company.revaluation_approval_percent
        if amount and self.currency_id.compare_amounts(changed, amount) > 0:
            return True
        return bool(percent) and changed > abs(self.value_calculated) * percent / 100.0

    # ------------------------------------------------------------------ posting

    def _get_document_problems(self):
        return super()._get_document_problems() + self._check_approval()

    def _check_approval(self):
        """Return the problem of a journal above the limit that its preparer would post; a preview posts nothing."""
        own = self.env.user in self.prepared_by_ids
        if self.env.su or not own or not self.approval_needed or self._is_preview():
            return []
        return [
            _(
                "It changes more than the limit of %s, and figures of it are yours (entered, imported, suggested, or by"
                " a rule that you wrote): another revaluation manager has to post it. Choose Request Approval.",
                self.company_id.display_name,
            )
        ]

    def _get_warnings(self, lines):
        return super()._get_warnings(lines) + self._warn_approval()

    def _warn_approval(self):
        if not self.approval_needed:
            return []
        names = ", ".join(self.prepared_by_ids.sudo().mapped("name"))
        return [_("Above the company's limit: another manager than %s has to post it.", names)]

    def _log_posting(self, count):
        """Say in the chatter who approved, and close the activities of the others."""
        result = super()._log_posting(count)
        if self.approval_needed:
            self.message_post(
                body=_(
                    "Above the limit of %(company)s: figures entered by %(preparers)s, posted by %(approver)s.",
                    company=self.company_id.display_name,
                    preparers=", ".join(self.prepared_by_ids.sudo().mapped("name")),
                    approver=self.posted_by.sudo().name,
                )
            )
        self._get_approval_activities().sudo().unlink()
        return result

    # ------------------------------------------------------------------ requesting

    def action_request_approval(self):
        """Ask the other managers of the company to look at the journal and to post it.

        Raises: UserError if the journal needs no approval, or there is no other manager.
        """
        self._check_rights("write")
        for journal in self:
            journal._check_draft()
            if not journal.approval_needed:
                raise UserError(_("%s is within the limits: it needs no approval.", journal.name))
            approvers = journal._get_approvers()
            if not approvers:
                raise UserError(journal._get_nobody_text())
            asked = journal._get_approval_activities().user_id
            for user in approvers - asked:
                journal.activity_schedule(TODO, user_id=user.id, summary=journal._get_approval_summary())
            journal.message_post(body=_("Approval requested from %s.", ", ".join(approvers.mapped("name"))))
        return True

    def _post_or_request_approval(self, seen=True):
        """Post; above the limit leave the draft with its approvers instead: for rules and programs.

        Nobody sits in front of the screen who would choose Request Approval, and a refusal would undo the
        journal too. Every other problem is raised as by Post. What no person has `seen` (a rule's journal) is nobody's
        approval, whoever the rule runs for.
        """
        self.ensure_one()
        self._check_may_post()
        unseen = self.approval_needed and not seen and not self.env.su
        if not unseen and not self._check_approval():
            return self.action_post()
        # those of very many lines are found before the first is posted
        found = self._get_document_problems() if self._is_large() else self._get_problems()
        if [problem for problem in found if problem not in self._check_approval()]:
            return self.action_post()
        if self._get_approvers():
            return self.action_request_approval()
        self.message_post(body=self._get_nobody_text())
        return True

    def _get_nobody_text(self):
        return _(
            "Nobody else may post %s: give another user of the company the group Inventory Revaluation / Manager.",
            self.name,
        )

    def _get_approvers(self):
        """Return the managers with access to the company who did not enter figures. Override: to ask fewer."""
        self.ensure_one()
        managers = compat.users_of(self.env.ref("stock_revaluation_journal.group_revaluation_manager").sudo())
        return managers.filtered(
            lambda user: (
                user.active
                and not user.share
                and self.company_id in user.company_ids
                and user not in self.prepared_by_ids
            )
        )

    def _get_approval_summary(self):
        return _("Approve and post %s", self.name)

    def _get_approval_activities(self):
        """Return the open activities by which approval was requested, in any language."""
        activities = self.sudo().activity_ids
        if not activities:
            return activities
        todo = self.env.ref(TODO)
        approvers = compat.users_of(self.env.ref("stock_revaluation_journal.group_revaluation_manager").sudo())
        return activities.filtered(
            lambda activity: (
                activity.activity_type_id == todo
                and activity.user_id in approvers
                and self.name in (activity.summary or "")
            )
        )


class StockRevaluationJournalLine(models.Model):
    _inherit = "stock.revaluation.journal.line"

    entered_by = fields.Many2one(
        "res.users",
        "Entered By",
        readonly=True,
        copy=False,
        help="Who last entered the new unit cost or total. Above the company's limit somebody else posts it.",
    )

    def _complete(self, vals, entry, entered):
        """Remember who entered a figure."""
        vals = super()._complete(vals, entry, entered)
        if entry:
            vals["entered_by"] = self.env.uid
        return vals
