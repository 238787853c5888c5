from collections import defaultdict

from odoo import _, fields, models
from odoo.exceptions import AccessError, UserError

from .. import compat
from .stock_revaluation_journal_posting import NAMED_AT_MOST


class StockRevaluationJournal(models.Model):
    """What keeps a journal from being posted: rights, state, figures of the books, accounts, lock dates."""

    _inherit = "stock.revaluation.journal"

    def action_check(self):
        """Say whether the journals could be posted, without posting."""
        self._check_rights("write")
        for journal in self:
            journal._check_can_post()
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {"type": "success", "message": self._get_check_message()},
        }

    def _get_check_message(self):
        names = ", ".join(self.mapped("name"))
        if self._may_post():
            return _("%s: everything is in order, it can be posted.", names)
        return _("%s: everything is in order, a revaluation manager can post it.", names)

    def _check_may_post(self):
        """Raise AccessError unless the user is a revaluation manager (or the code runs as superuser)."""
        if not self._may_post():
            raise AccessError(
                _(
                    "Posting a revaluation journal is for the group Inventory Revaluation / Manager."
                    " Ask one of them to post it."
                )
            )

    def _may_post(self):
        return self.env.su or self.env.user.has_group("stock_revaluation_journal.group_revaluation_manager")

    def _lock(self):
        """Hold the journal: a second post waits here and then meets the posted journal."""
        self.ensure_one()
        compat.flush(self.env)
        self.env.cr.execute("SELECT id FROM stock_revaluation_journal WHERE id = %s FOR UPDATE", [self.id])
        compat.invalidate(self.env)
        self._compute_figures_again()

    def _compute_figures_again(self):
        """Work out what follows from the entered figures: posting, and the limits for it, trust nothing stored."""
        Line = self.env["stock.revaluation.journal.line"]
        if Line._is_computed_here():
            return Line._compute_again(self)
        lines = self.sudo().line_ids.filtered(lambda line: line.state == "draft")
        for records in (lines, self.sudo()):
            for field in records._fields.values():
                if field.store and field.compute and field.readonly:
                    records.mapped(field.name)  # what stays the same is not written
                    self.env.add_to_compute(field, records)
        return compat.flush(self.env)

    def _check_can_post(self):
        """Raise UserError with all problems that keep the journal from being posted; write nothing."""
        self.ensure_one()
        if self.state != "draft":
            raise UserError(_("%s is posted already, or being posted. Nothing was posted again.", self.name))
        problems = self._get_problems()
        if problems:
            raise UserError(_("%s cannot be posted:", self.name) + "\n\n" + "\n\n".join(problems))

    def _get_problems(self):
        """Return the texts of all problems, in the order one would mend them.

        Override: `_get_document_problems` or `_get_line_problems`, to add your own rule's `_check_*`.
        """
        lines = self._lines_to_post()
        return (self._get_line_problems(lines) if lines else []) + self._get_document_problems()

    def _get_document_problems(self):
        """Return the texts of the problems that are not about single lines."""
        return self._check_lines() + self._check_date()

    def _get_line_problems(self, lines):
        """Lock the products of `lines` and return the texts of the problems of these lines."""
        self._seam()._lock(lines.product_id.sudo())
        return self._check_stale(lines) + self._check_bookings(lines)

    def _check_lines(self):
        if not self.line_count:
            return [_("It has no lines. Choose Calculate Inventory Value first.")]
        if not self._count_lines_left():
            return [_("No line changes a value. Enter a new unit cost or total on at least one line.")]
        return []

    def _check_date(self):
        if self.date > fields.Date.context_today(self):
            return [_("The accounting date %s lies in the future. Choose today or an earlier date.", self.date)]
        return []

    def _check_stale(self, lines):
        """Compare every line with the books, value included: a late bill changes it without any move."""
        stale = lines.browse(
            [figures["id"] for figures, _position, _product, differs in lines._compare_with_books() if differs]
        )
        self._mark_stale(stale)
        if not stale:
            return []
        return [
            _("The books have changed since the figures were read. Choose Refresh, look at the lines and post again:")
            + "\n"
            + self._name_lines(stale)
        ]

    def _mark_stale(self, lines):
        """Mark `lines` outdated although the error that follows rolls everything back.

        In a transaction of its own; lines that this one has changed itself are passed over.
        """
        if not lines:
            return
        with self.env.registry.cursor() as cr:
            cr.execute(
                "UPDATE stock_revaluation_journal_line SET is_stale = true WHERE id IN ("
                " SELECT id FROM stock_revaluation_journal_line WHERE id = ANY(%s) FOR UPDATE SKIP LOCKED)",
                [lines.ids],
            )

    def _check_bookings(self, lines):
        """Check accounts, accounting journals and lock dates of the entries to come."""
        problems, lines_by_booking = defaultdict(list), defaultdict(list)
        for line, booking in self._get_bookings(lines).items():
            lines_by_booking[booking, line.categ_id].append(line)
        for (booking, _category), same in lines_by_booking.items():
            for problem in self._check_booking(booking, same[0]):
                problems[problem] += [line.id for line in same]
        Line = self.env["stock.revaluation.journal.line"]
        return [problem + "\n" + self._name_lines(Line.browse(ids)) for problem, ids in problems.items()]

    def _check_booking(self, booking, line):
        """Return the problems of one line's booking, said so that lines with the same one share a text."""
        problems = []
        if not booking.valuation:
            problems.append(self._get_no_valuation_account_text(line))
        if not booking.counterpart:
            problems.append(
                _(
                    "No counterpart account. Set one on the line, the journal, the reason, or as expense account of the"
                    " product category %s.",
                    line.categ_id.display_name,
                )
            )
        if booking.counterpart and booking.counterpart == booking.valuation:
            problems.append(
                _(
                    "The counterpart account is the stock valuation account itself."
                    " Choose another on the line or journal."
                )
            )
        if not booking.journal:
            problems.append(
                _(
                    "No accounting journal."
                    " Set one on the journal, the reason, or as stock journal of the category %s.",
                    line.categ_id.display_name,
                )
            )
        for account in booking.valuation | booking.counterpart:
            problems += self._check_account(account, booking.journal)
        if booking.journal:
            problems += self._check_accounting_journal(booking.journal)
        return problems

    def _get_no_valuation_account_text(self, line):
        return _(
            "No stock valuation account. Set it on the product category %s (Accounting, Stock Valuation Account).",
            line.categ_id.display_name,
        )

    def _check_account(self, account, accounting_journal):
        problems = []
        if not compat.account_is_open(account):
            problems.append(_("Account %s is archived. Choose another one.", account.display_name))
        if not compat.account_belongs_to(account, self.company_id):
            problems.append(
                _(
                    "Account %(account)s is not one of %(company)s. Choose another one.",
                    account=account.display_name,
                    company=self.company_id.display_name,
                )
            )
        if account.currency_id and account.currency_id != self.currency_id:
            problems.append(
                _(
                    "Account %(account)s is kept in %(currency)s. Choose another one.",
                    account=account.display_name,
                    currency=account.currency_id.name,
                )
            )
        if accounting_journal and not compat.account_is_allowed_in(account, accounting_journal):
            problems.append(
                _(
                    "Account %(account)s is not allowed in the accounting journal %(journal)s. Choose another one.",
                    account=account.display_name,
                    journal=accounting_journal.display_name,
                )
            )
        return problems

    def _check_accounting_journal(self, accounting_journal):
        problems = []
        if not compat.shares_company(accounting_journal, self.company_id):
            problems.append(
                _(
                    "Accounting journal %(journal)s is not one of %(company)s. Choose another one.",
                    journal=accounting_journal.display_name,
                    company=self.company_id.display_name,
                )
            )
        elif not accounting_journal.active:
            problems.append(
                _("Accounting journal %s is archived. Choose another one.", accounting_journal.display_name)
            )
        lock_date = compat.locked_until(self.company_id.sudo(), accounting_journal, self.date)
        if lock_date:
            problems.append(
                _(
                    "The period up to %(lock)s is locked, so nothing can be posted on %(date)s. Choose a later date.",
                    lock=lock_date,
                    date=self.date,
                )
            )
        return problems

    def _name_lines(self, lines):
        known = compat.readable(lines.product_id.with_env(self.env))
        shown = lines.filtered(lambda line: line.product_id in known)[:NAMED_AT_MOST]
        names = ["– " + line._get_title() for line in shown]
        if len(lines) > len(shown):
            names.append(_("… and %d more", len(lines) - len(shown)))
        return "\n".join(names)
