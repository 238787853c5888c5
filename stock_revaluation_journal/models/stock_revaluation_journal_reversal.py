import json
from collections import defaultdict

from odoo import _, fields, models
from odoo.exceptions import UserError

from ..valuation.base import Key


class StockRevaluationJournal(models.Model):
    """Reversing: a draft journal that takes the amounts back, as far as the stock is still there."""

    _inherit = "stock.revaluation.journal"

    def action_reverse(self):
        """Prepare the reversal of a posted journal and open it.

        Each line takes back its amount, scaled to the quantity still in stock; what left in between
        took its share along. Under FIFO that is per layer. Raises UserError where nothing is left.
        """
        self._check_may_post()
        self._check_rights("write")
        self.ensure_one()
        if self.state != "posted":
            raise UserError(_("%s is not posted: there is nothing to reverse.", self.name))
        if self.reversal_journal_ids:
            raise UserError(
                _(
                    "%(journal)s is reversed already by %(reversal)s.",
                    journal=self.name,
                    reversal=", ".join(self.reversal_journal_ids.mapped("name")),
                )
            )
        amounts, positions = self._get_amounts_to_reverse()
        costs, cost_positions = self._get_costs_to_reverse()
        if not amounts and not costs:
            raise UserError(
                _("Nothing to reverse in %s: none of the stock it revalued is left.", self.name)
                + "\n"
                + self._name_lines(self.line_ids.filtered(lambda line: line.state == "posted"))
            )
        reversal = self._create_protected([self._prepare_reversal_vals()])
        lines = self.env["stock.revaluation.journal.line"]._create_from_positions(reversal, positions + cost_positions)
        accounts, more = self._get_reversal_accounts(), self._get_reversal_line_vals()
        for line in lines:
            if line._key() in costs:
                entry = {"unit_cost_revalued": costs[line._key()]}
            else:
                entry = {"value_revalued": line._get_reversed_value(amounts[line._key()])}
            line.write(
                dict(
                    more.get(line._key(), {}),
                    **entry,
                    counterpart_account_id=accounts.get(line._key(), self.counterpart_account_id.id),
                )
            )
        self.message_post(body=_("Reversal prepared: %s", reversal.name))
        reversal.message_post(body=_("Reversal of %s", self.name))
        return reversal._window(_("Reversal"), self._name, reversal)

    def _prepare_reversal_vals(self):
        """Return the values of the reversing journal."""
        return {
            "reversed_journal_id": self.id,
            "company_id": self.company_id.id,
            "reason_id": self.reason_id.id,
            "description": _("Reversal of %s", self.name),
            "account_journal_id": self.account_journal_id.id,
            "counterpart_account_id": self.counterpart_account_id.id,
            "entry_grouping": self.entry_grouping,
            "also_without_stock": self.also_without_stock,
            "date": max(self.date, fields.Date.context_today(self)),
        }

    def _get_reversal_accounts(self):
        """Return {Key: id of the counterpart account that was booked}: it is taken back there."""
        accounts = {}
        for line in self.line_ids:
            account = line._get_booked_counterpart()
            if account:
                accounts.update((key, account.id) for key, _quantity, _amount in line._get_reversal_parts())
        return accounts

    def _get_reversal_line_vals(self):
        """Return {Key: values} that a reversal's lines take over beside account and amount."""
        return {}

    def _get_amounts_to_reverse(self):
        """Return ({Key: amount still in stock}, [Position of these keys])."""
        parts = [part for line in self.line_ids for part in line._get_reversal_parts()]
        positions = self.sudo()._find_positions([key for key, _quantity, _amount in parts])
        amounts = defaultdict(float)
        for key, quantity, amount in parts:
            if key in positions:
                amounts[key] += amount * min(1.0, positions[key].quantity / quantity)
        amounts = {key: self.currency_id.round(amount) for key, amount in amounts.items()}
        amounts = {key: amount for key, amount in amounts.items() if amount}
        return amounts, [positions[key] for key in amounts]


class StockRevaluationJournalLine(models.Model):
    _inherit = "stock.revaluation.journal.line"

    def _get_reversed_value(self, amount):
        """Return the value that takes `amount` back."""
        self.ensure_one()
        return max(0.0, self.value_calculated - amount)

    def _get_booked_counterpart(self):
        """Return the account of the line's counterpart item; of items older than their roles, the second one's."""
        items = self.sudo().account_move_line_ids.sorted("id")
        named = items.filtered(lambda item: item.revaluation_role == "counterpart")
        return (named or items[1:2])[:1].account_id

    def _get_reversal_parts(self):
        """Return [(Key, quantity, amount)]: what the line revalued, by layer under FIFO."""
        self.ensure_one()
        if self.state != "posted" or not self.amount:
            return []
        if self.cost_method == "fifo" and self.layer_shares:
            return [
                (Key(self.product_id.id, False, layer_id), quantity, amount)
                for layer_id, quantity, amount in json.loads(self.layer_shares)
                if amount
            ]
        return [(self._key(), self.quantity, self.amount)]
