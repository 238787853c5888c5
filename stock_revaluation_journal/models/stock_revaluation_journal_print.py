from collections import defaultdict

from odoo import models
from odoo.exceptions import UserError
from odoo.tools.misc import format_date

from .. import tools

# Columns of the printed list of journals that are added up.
PRINTED_TOTALS = ("value_calculated", "value_revalued", "amount_increase", "amount_decrease", "amount")


class StockRevaluationJournal(models.Model):
    """What the printed journal needs beyond its fields."""

    _inherit = "stock.revaluation.journal"

    def _get_printed_accounts(self):
        """Return [{"account", "debit", "credit"}] as texts: as posted, or as a draft would be posted.

        By superuser: who may print a journal may know its accounts without access to accounting.
        """
        self.ensure_one()
        totals = self._get_posted_totals() if self.state == "posted" else self._get_planned_totals()
        return [
            {
                "account": account.sudo().display_name,
                "debit": self._print_money(debit) if debit else "",
                "credit": self._print_money(credit) if credit else "",
            }
            for account, (debit, credit) in sorted(totals.items(), key=lambda total: total[0].sudo().display_name)
        ]

    def _get_posted_totals(self):
        """Return {account: [debit, credit]} of the journal's entries."""
        totals = defaultdict(lambda: [0.0, 0.0])
        for item in self.sudo().account_move_ids.line_ids:
            totals[item.account_id][0] += item.debit
            totals[item.account_id][1] += item.credit
        return totals

    def _get_planned_totals(self):
        """Return {account: [debit, credit]} that the lines would be booked with, without accounts still missing."""
        totals = defaultdict(lambda: [0.0, 0.0])
        for line, booking in self._get_bookings(self._lines_to_post()).items():
            up = line.amount > 0
            totals[booking.valuation][0 if up else 1] += abs(line.amount)
            totals[booking.counterpart][1 if up else 0] += abs(line.amount)
        for valuation, account, _date, amount in self._get_planned_forwards():
            if valuation and account:
                totals[valuation][0 if amount > 0 else 1] += abs(amount)
                totals[account][1 if amount > 0 else 0] += abs(amount)
        return {account: total for account, total in totals.items() if account}

    def _get_printed_forwarded(self):
        """Return [{"date", "account", "value"}] as texts: what went on with issues, by day and account."""
        totals = defaultdict(float)
        if self.state == "draft":
            for _valuation, account, date, amount in self._get_planned_forwards():
                totals[date, self._name_forwarded_account(account)] += amount
        else:
            for layer in self.sudo().forwarded_layer_ids:
                date = self._seam()._local_date(layer.create_date)
                totals[date, self._name_forwarded_account(layer.revaluation_account_id)] += layer.value
        return [
            {"date": format_date(self.env, date), "account": account, "value": self._print_money(value)}
            for (date, account), value in sorted(totals.items())
        ]

    def _get_planned_forwards(self):
        """Return [(valuation account, account, date, amount)] of what a draft would forward; none if it cannot yet."""
        journal, Account = self.sudo(), self.env["account.account"].sudo()
        if not journal.has_forwarded:
            return []
        lines = journal._lines_to_post()
        try:
            forwards = journal._get_forwards(lines, journal._plan(journal._get_changes(lines)))
        except UserError:
            return []  # Post says so
        accounts = {line.id: booking.valuation for line, booking in journal._get_bookings(lines).items()}
        return [
            (accounts.get(each.line_id, Account), Account.browse(each.account_id or []), each.date, each.amount)
            for each in forwards
        ]

    def _get_printed_totals(self):
        """Return the totals of the printed list as texts; the journals are of one company."""
        return [self._print_money(sum(self.mapped(name))) for name in PRINTED_TOTALS]

    def _print_money(self, amount):
        return tools.format_amount(self.env, amount, self[:1].currency_id)
