from collections import defaultdict
from datetime import timedelta

from odoo import _, api, fields, models
from odoo.exceptions import UserError

from .. import compat
from .stock_revaluation_journal_entries import Booking
from .stock_revaluation_journal_posting import NAMED_AT_MOST

# So many moves since the accounting date are as much work to post as a line.
MOVES_PER_LINE = 3


class StockRevaluationJournal(models.Model):
    """A journal dated in the past: figures of that day, and what was issued since takes its share along."""

    _inherit = "stock.revaluation.journal"

    is_past = fields.Boolean(
        compute="_compute_is_past", help="The accounting date lies in the past: figures are those of that day."
    )
    has_forwarded = fields.Boolean(compute="_compute_has_forwarded", help="Stock has moved since the accounting date.")
    amount_forwarded = fields.Monetary(
        "Forwarded",
        compute="_compute_forwarded_totals",
        help="What of the change went on with goods that left after the accounting date, to where their cost went.",
    )
    amount_in_stock = fields.Monetary(
        "In Stock",
        compute="_compute_forwarded_totals",
        help="By how much the value of the stock changes as it is now: the change less what is forwarded.",
    )
    forwarded_layer_ids = fields.One2many(
        "stock.valuation.layer",
        "revaluation_journal_id",
        "Forwarded to Issues",
        domain=[("revaluation_forwarded", "=", True)],
        readonly=True,
        copy=False,
        help="The shares of the change that went on with goods that left after the accounting date.",
    )
    forwarded_count = fields.Integer(
        compute="_compute_forwarded_count", help="Shares that went on with goods that left after the accounting date."
    )

    def _get_weight(self):
        """Return how many lines of a journal of today one line is as much work as: its shares are work as well."""
        moment = self._moment() if self else None
        if not moment:
            return 1
        compat.flush(self.env)
        self.env.cr.execute(
            "SELECT COUNT(move.id) / GREATEST(COUNT(DISTINCT line.id), 1) FROM stock_revaluation_journal_line line"
            " LEFT JOIN stock_move move ON move.product_id = line.product_id AND move.company_id = line.company_id"
            " AND move.state = 'done' AND move.date > %s WHERE line.journal_id = %s",
            [moment, self.id],
        )
        return 1 + self.env.cr.fetchone()[0] // MOVES_PER_LINE

    @api.depends("date", "state", "company_id")
    def _compute_is_past(self):
        for journal in self:
            day = journal.posted_at.date() if journal.posted_at else fields.Date.context_today(journal)
            journal.is_past = bool(journal.date) and journal.date < day

    @api.depends("line_ids.quantity", "line_ids.quantity_now", "line_ids.amount_forwarded")
    def _compute_has_forwarded(self):
        found = self._sum_lines("BOOL_OR(amount_forwarded <> 0 OR quantity_now IS DISTINCT FROM quantity)")
        for journal in self:
            if journal.id in found:
                journal.has_forwarded = found[journal.id][0]
            else:  # a form that is not saved yet
                lines = journal.line_ids
                journal.has_forwarded = any(
                    each.amount_forwarded or each.quantity_now != each.quantity for each in lines
                )

    @api.depends("line_ids.amount_forwarded", "line_ids.amount_in_stock")
    def _compute_forwarded_totals(self):
        compat.flush(self.env)
        self.env.cr.execute(
            "SELECT journal_id, SUM(amount_forwarded)::float, SUM(amount_in_stock)::float"
            " FROM stock_revaluation_journal_line WHERE journal_id = ANY(%s) GROUP BY journal_id",
            [self.ids],
        )
        sums = {row[0]: row[1:] for row in self.env.cr.fetchall()}
        for journal in self:
            if isinstance(journal.id, int):
                journal.amount_forwarded, journal.amount_in_stock = sums.get(journal.id, (0.0, 0.0))
            else:  # a form that is not saved yet
                journal.amount_forwarded = sum(journal.line_ids.mapped("amount_forwarded"))
                journal.amount_in_stock = sum(journal.line_ids.mapped("amount_in_stock"))

    @api.depends("forwarded_layer_ids")
    def _compute_forwarded_count(self):
        for journal in self:
            journal.forwarded_count = len(journal.forwarded_layer_ids)

    def write(self, vals):
        """Read the figures again when the accounting date becomes another one."""
        moved = (
            self.filtered(lambda journal: journal._moment() != journal._moment(vals["date"])) if "date" in vals else ()
        )
        result = super().write(vals)
        for journal in moved:
            if journal.line_ids:
                journal.action_refresh()
        return result

    def _moment(self, date=None):
        """Return the moment, in UTC, whose figures the journal has; None for now."""
        self.ensure_one()
        date = fields.Date.to_date(date or self.date)
        return self._seam()._value_date(date) if date else None

    def action_view_forwarded(self):
        """Open the shares that went on with goods that left."""
        self._check_rights("read")
        self.ensure_one()
        action = self._window_layers(self.forwarded_layer_ids)
        context = dict(action["context"], group_by=["revaluation_account_id", "create_date:day"])
        return dict(action, name=_("Forwarded to Issues"), context=context)

    def _name_forwarded_account(self, account):
        """Name the account that a share went to; on 19.0 Odoo itself books many a share later."""
        return account.display_name or ("" if compat.HAS_LAYERS else _("With its invoice or the next stock closing"))

    # ------------------------------------------------------------------ posting

    def _get_forwards(self, lines, plans):
        """Return [Forward] of `lines`, each dated on an open day."""
        seam = self._seam().sudo()
        forwards = seam._get_forwards(plans, {line.id: line.product_id.id for line in lines}, self._moment())
        bookings = self._get_bookings(lines) if forwards else {}
        journals = {line.id: booking.journal for line, booking in bookings.items()}
        keys = dict.fromkeys((journals.get(forward.line_id), forward.date) for forward in forwards)
        moved = {key: day for key in keys if key[0] for day in [self._first_open_day(*key)] if day != key[1]}
        if not moved:
            return forwards
        return [
            forward._replace(date=moved.get((journals.get(forward.line_id), forward.date), forward.date))
            for forward in forwards
        ]

    def _first_open_day(self, accounting_journal, date):
        """Return `date`, or the first day after it that is not locked.

        Raises: UserError if there is none up to today.
        """
        today, first = fields.Date.context_today(self), date
        while first <= today:
            lock_date = compat.locked_until(self.company_id.sudo(), accounting_journal, first)
            if not lock_date:
                return first
            first = max(first, fields.Date.to_date(lock_date)) + timedelta(days=1)
        raise UserError(
            _(
                "What was issued on %(date)s cannot take its share along: no day from then on is open in %(journal)s.",
                date=date,
                journal=accounting_journal.display_name,
            )
        )

    def _prepare_forwarded_entries(self, lines, forwards):
        """Return [(values of an entry, [Forward it books])]: one a day and accounting journal, of a bounded size."""
        bookings, by_entry = self._get_bookings(lines), defaultdict(lambda: defaultdict(list))
        by_id = {line.id: line for line in bookings}
        for forward in forwards:
            line = by_id.get(forward.line_id)
            if line and forward.account_id:
                booking = bookings[line]
                key = (booking.valuation, forward.account_id, line.id if self.entry_grouping != "account" else None)
                if self.entry_grouping == "account":
                    key += (forward.amount > 0,)
                by_entry[booking.journal, forward.date][key].append(forward)
        found = []
        for (accounting_journal, date), groups in by_entry.items():
            groups = list(groups.items())
            for start in range(0, len(groups), compat.LINES_PER_ENTRY):
                part = groups[start : start + compat.LINES_PER_ENTRY]
                pairs = []
                for (valuation, account_id, *_rest), own in part:
                    booking = Booking(valuation, self.env["account.account"].browse(account_id), accounting_journal)
                    own_lines = lines.browse(dict.fromkeys(forward.line_id for forward in own))
                    pairs.append((self._prepare_forwarded_item_vals(booking, own_lines, own), own_lines))
                vals = dict(self._prepare_entry_vals(accounting_journal, pairs), date=date)
                found.append((vals, [forward for _key, own in part for forward in own]))
        return found

    def _prepare_forwarded_item_vals(self, booking, lines, forwards):
        """Return the two journal items of `forwards`, keyed by role. Override: to complete one of them."""
        items = self._prepare_pair(booking, lines, self.currency_id.round(sum(each.amount for each in forwards)))
        for item in items.values():
            item["name"] = "%s – %s" % (item["name"], _("forwarded to issues"))
        return items

    def _create_forwarded_entries(self, lines, forwards):
        """Create the draft entries of `forwards`; return (account.move records, [Forward] with their entries)."""
        found = self._prepare_forwarded_entries(lines, forwards) if forwards else []
        moves = self._create_moves([vals for vals, _own in found])
        entries = {id(forward): move.id for move, (_vals, own) in zip(moves, found) for forward in own}
        return moves, [
            forward._replace(account_move_id=entries[id(forward)]) if id(forward) in entries else forward
            for forward in forwards
        ]

    def _get_early_shares(self, plans, moment):
        """Return {line id: what of its amount went on with goods that had left by `moment`}: of whole receipts."""
        return {
            line_id: float(
                sum(
                    share
                    for part in parts
                    for movement in part.movements
                    for share in [part.forwarded.shares.get(movement.key, 0)]
                    if not moment or movement.moment <= moment
                )
            )
            for line_id, parts in plans.items()
        }

    def _check_in_stock(self, lines, plans, before, after):
        """Raise UserError unless each product's value now changed by what of its lines' amounts is in stock."""
        left = defaultdict(float)
        for line in lines:
            left[line.product_id] += float(sum(part.left for part in plans.get(line.id, ())))
        self._raise_if_other_than(left, before, after)
        half_cent = self.currency_id.rounding / 2.0
        negative = lines.product_id.filtered(
            lambda product: after.get(product.id, 0.0) < min(-half_cent, before.get(product.id, 0.0) - half_cent)
        )
        quantities = self._seam().sudo()._read_products(negative)
        negative = negative.filtered(lambda product: quantities[product.id][0] >= 0)
        if negative:
            raise UserError(
                _(
                    "%s was not posted. These products would now be worth less than nothing, because their cost has"
                    " been lowered since. Enter higher values, or date the journal today:",
                    self.name,
                )
                + "\n"
                + "\n".join(product.display_name for product in negative[:NAMED_AT_MOST])
            )


class StockRevaluationJournalLine(models.Model):
    _inherit = "stock.revaluation.journal.line"

    quantity_now = fields.Float(
        "Quantity Now",
        readonly=True,
        digits=compat.QUANTITY_DIGITS,
        help="Quantity in stock when the figures were read. Quantity is that of the accounting date.",
    )
    whole_receipt = fields.Boolean(
        "Whole Receipt",
        help="Quantity and value are those of the whole receipt. What of it was issued takes its share of the change"
        " to where its cost went, at the journal's date.",
    )
    amount_forwarded = fields.Monetary(
        "Forwarded",
        compute="_compute_forwarding",
        store=True,
        help="What of the amount went on with goods that left after the accounting date, to where their cost went.",
    )
    amount_in_stock = fields.Monetary(
        "In Stock",
        compute="_compute_forwarding",
        store=True,
        help="By how much the value of the stock changes as it is now: the amount less what is forwarded.",
    )
    forwarded_layer_ids = fields.One2many(
        "stock.valuation.layer",
        "revaluation_line_id",
        "Forwarded to Issues",
        domain=[("revaluation_forwarded", "=", True)],
        readonly=True,
        copy=False,
        help="The shares of the amount that went on with goods that left after the accounting date.",
    )

    @api.depends("amount", "quantity", "quantity_now", "whole_receipt")
    def _compute_forwarding(self):
        """Follow the amount to what was issued since; posting does it again, on the figures of that moment."""
        for journal in self.journal_id:
            lines = self.filtered(lambda line, journal=journal: line.journal_id == journal)
            left = lines.filtered(lambda line: line.state == "draft")._get_amounts_left(journal)
            for line in lines.filtered(lambda line: line.state == "posted"):
                left[line.id] = line.amount + sum(line.sudo().forwarded_layer_ids.mapped("value"))
            for line in lines:
                line.amount_in_stock = left.get(line.id, line.amount)
                line.amount_forwarded = line.currency_id.round(line.amount - line.amount_in_stock)
        for line in self.filtered(lambda line: not line.journal_id):
            line.amount_in_stock, line.amount_forwarded = line.amount, 0.0

    def _get_amounts_left(self, journal):
        """Return {line id: what of its amount is still in stock}, for those lines of which some went on."""
        moment = journal._moment()
        lines = self.filtered(
            lambda line: line.amount and line.product_id and (moment or line.whole_receipt) and line.quantity
        )
        if not lines:
            return {}
        known = journal.sudo()._find_positions([line._key() for line in lines])
        lines = lines.filtered(lambda line: line._key() in known)  # else Refresh, or Post, says so
        try:
            plans = journal.sudo()._plan(journal._get_changes(lines.sudo()))
        except UserError:
            return {}  # Post says so
        return {line_id: float(sum(part.left for part in parts)) for line_id, parts in plans.items()}

    @api.onchange("whole_receipt")
    def _onchange_whole_receipt(self):
        self._onchange_position()

    def write(self, vals):
        """Read the figures again where a line becomes one of the whole receipt, or of what is left of it."""
        if "whole_receipt" in vals:
            self._check_rights("write")
            self._check_open()
            self._check_writable("draft", vals)
            for line in self.filtered(lambda line: line.whole_receipt != bool(vals["whole_receipt"])):
                line._set_whole_receipt(bool(vals["whole_receipt"]))
            vals = {name: value for name, value in vals.items() if name != "whole_receipt"}
        return super().write(vals) if vals else True

    def _set_whole_receipt(self, whole):
        """Let the line have the figures of its whole receipt, or of what is left of it; what was entered goes."""
        key = self._key()._replace(whole=whole)
        position = self.journal_id._find_positions([key]).get(key)
        if position is None or not key.layer_id:
            raise UserError(
                _(
                    "%s: only the line of a layer can take its whole receipt, and only up to the day it came in."
                    " Calculate per layer.",
                    self._product_name({"product_id": key.product_id}),
                )
            )
        product = self.product_id.sudo().with_company(self.company_id)
        self._write_protected(dict(self._book_values(position, product), whole_receipt=whole))

    def _key(self):
        return super()._key()._replace(whole=self.whole_receipt)

    def _vals_key(self, vals):
        return super()._vals_key(vals)._replace(whole=bool(vals.get("whole_receipt")))

    def _key_values(self, key):
        return dict(super()._key_values(key), whole_receipt=key.whole)

    def _book_values(self, position, product):
        return dict(super()._book_values(position, product), quantity_now=position.quantity_now)
