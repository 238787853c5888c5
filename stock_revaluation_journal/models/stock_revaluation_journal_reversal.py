import json
from collections import defaultdict

from odoo import _, models
from odoo.exceptions import UserError

from .. import compat
from ..valuation.shapes import Key


class StockRevaluationJournal(models.Model):
    """Reversing: a draft journal that takes the amounts back, as far as the stock is still there."""

    _inherit = "stock.revaluation.journal"

    def action_reverse(self):
        """Prepare the reversal of a posted journal and open it.

        While the accounting date is open the reversal has it too, and each line takes back its whole amount, with
        what was issued since. Else it is dated on the first open day, and each line takes back its amount scaled to
        the quantity in stock then. Under FIFO that is per layer. Raises UserError where nothing is left.
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
        reversal = self._create_protected([dict(self._prepare_reversal_vals(), date=self._get_reversal_date())])
        self._fill_reversal(reversal)
        self.message_post(body=_("Reversal prepared: %s", reversal.name))
        reversal.message_post(body=_("Reversal of %s", self.name))
        return reversal._window(_("Reversal"), self._name, reversal)

    def _fill_reversal(self, reversal):
        """Make the lines of `reversal`. Raises: UserError if none of the stock is left."""
        lines = self.line_ids.filtered(lambda line: line.state == "posted")
        if not self._add_reversed(reversal, lines):
            raise UserError(self._get_nothing_to_reverse_text() + "\n" + self._name_lines(lines))

    def _get_nothing_to_reverse_text(self):
        return _("Nothing to reverse in %s: none of the stock it revalued is left.", self.name)

    def _add_reversed(self, reversal, lines):
        """Add lines to `reversal` that take back what the posted `lines` did; return their number."""
        amounts, positions = self._get_amounts_to_reverse(reversal.date, lines)
        costs, cost_positions = self._get_costs_to_reverse(reversal.date, lines)
        added = self.env["stock.revaluation.journal.line"]._create_from_positions(reversal, positions + cost_positions)
        accounts, more = self._get_reversal_accounts(lines), self._get_reversal_line_vals(lines)
        entries, same = {}, defaultdict(list)
        for line in added:
            key = line._key()
            if key in costs:
                entries[line.id] = {"unit_cost": costs[key]}
            else:
                entries[line.id] = {"value": line._get_reversed_value(amounts[key])}
            vals = dict(more.get(key, {}), counterpart_account_id=accounts.get(key, self.counterpart_account_id.id))
            same[json.dumps(vals, sort_keys=True)].append(line.id)
        added._write_entries(entries)
        for vals, ids in same.items():
            added.browse(ids)._write_protected(json.loads(vals))
        return len(added)

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
        }

    def _get_reversal_date(self):
        """Return the accounting date, or the first open day after it if an entry cannot be posted there any more."""
        journals = self.sudo().account_move_ids.journal_id
        return max([self.date] + [self._first_open_day(journal, self.date) for journal in journals])

    def _get_reversal_accounts(self, lines):
        """Return {Key: id of the counterpart account that was booked}: it is taken back there."""
        accounts = {}
        for line in lines:
            account = line._get_booked_counterpart()
            if account:
                accounts.update((key, account.id) for key, _quantity, _amount in line._get_reversal_parts())
        return accounts

    def _get_reversal_line_vals(self, lines):
        """Return {Key: values} that a reversal's lines take over beside account and amount."""
        return {}

    def _get_amounts_to_reverse(self, date, lines):
        """Return ({Key: amount of `lines` still in stock at the end of `date`}, [Position of these keys])."""
        parts = [part for line in lines for part in line._get_reversal_parts(date)]
        positions = self.sudo()._find_positions([key for key, _quantity, _amount in parts], date)
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

    def _get_reversal_parts(self, date=None):
        """Return [(Key, quantity, amount)]: what the line revalued, by layer under FIFO.

        Shape: `date` of the reversal, None for the line's own. Later than that, what a whole receipt or a customer
        return took counts as far as it is still there.
        """
        self.ensure_one()
        if self.state != "posted" or not self.amount:
            return []
        late = date and date > self.date
        if self.whole_receipt and not late:
            return [(self._key(), self.quantity, self.amount)]
        if self.cost_method != "fifo" or not self.layer_shares:
            return self._get_lot_parts() or [(self._key(), self.quantity, self.amount)]
        shares = json.loads(self.layer_shares) + (self._get_returned_shares() if late else [])
        return [
            (Key(self.product_id.id, False, layer_id), quantity, amount)
            for layer_id, quantity, amount in shares
            if amount
        ]

    def _get_lot_parts(self):
        """Return [(Key, quantity, amount)] of the lots that a line of a whole product revalued; up to 18.0."""
        layers = self.sudo().valuation_layer_ids.filtered(lambda layer: not layer.revaluation_forwarded)
        if not compat.HAS_LAYERS or "lot_id" not in layers._fields or self.lot_id or not layers.lot_id:
            return []
        amounts = {Key(self.product_id.id, layer.lot_id.id, False): layer.value for layer in layers}
        positions = self.journal_id.sudo()._find_positions(list(amounts), self.date)
        return [(key, positions[key].quantity, amounts[key]) for key in positions if amounts[key]]

    def _get_returned_shares(self):
        """Return [[layer id, quantity, amount]] of what customer returns since the accounting date brought back."""
        shares = []
        for layer in self.sudo().forwarded_layer_ids:
            move = layer.stock_move_id
            if move.origin_returned_move_id and move.location_id.usage != "internal":
                received = (
                    move.stock_valuation_layer_ids.filtered(lambda own: own.quantity > 0) if compat.HAS_LAYERS else move
                )
                quantity = received[:1].quantity if compat.HAS_LAYERS else move._get_valued_qty()
                shares.append([received[:1].id, quantity, layer.value])
        return shares
