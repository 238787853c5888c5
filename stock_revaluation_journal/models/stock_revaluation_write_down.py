import json
from collections import defaultdict, namedtuple

from odoo import _, api, fields, models

from .. import compat, tools
from ..engine import write_downs
from ..engine.realisable import cost_not_above
from ..engine.rounding import decimal, round_to, value_of
from ..valuation.shapes import Key
from .stock_revaluation_journal_posting import NAMED_AT_MOST
from .stock_revaluation_reason import WRITE_DOWN_KINDS

# What a posted line wrote down, positive, or (negative) took back of write-downs: of a product, or of one of its lots.
# `shares` {layer id: amount} under FIFO; `moment` is when it counts, in UTC.
# `quantity` is None for one of the lots of a product that was written down as a whole.
_Tracked = namedtuple("_Tracked", "line_id product_id lot_id kind date moment quantity amount method shares")


class Tracked(_Tracked):
    __slots__ = ()

    def change(self, moves):
        """Return what the engine follows. Shape: `moves` all that moved of the product or lot."""
        quantity = self.quantity
        if quantity is None:
            quantity = sum(moved.quantity for moved in moves if moved.moment <= self.moment)
        known = {moved.key for moved in moves}
        shares = {layer_id: amount for layer_id, amount in self.shares.items() if layer_id in known}
        return write_downs.Change(self, self.moment, quantity, self.amount, shares)


class StockRevaluationJournal(models.Model):
    """Write-downs and their reversals: what is left of them, and what the kind of a reason allows.

    A write-down stays known until its goods have left; a reversal takes back what is left of it at the most, under US
    GAAP within the fiscal year alone. What followed the goods is for the forwarding engine to say, per layer under
    FIFO, else by lot or product.
    """

    _inherit = "stock.revaluation.journal"

    # ------------------------------------------------------------------ what is left

    @api.model
    def _get_write_downs_left(self, keys, date=None):
        """Return {Key: what is left of posted write-downs, positive} in the company, at the end of `date`, else now.

        A product has what its lots and layers have. Keys of which nothing is left are missing.
        """
        left = self._sum_left(self._follow_write_downs({key.product_id for key in keys}, date))
        return {key: left[key] for key in keys if left.get(key, 0) > 0}

    @api.model
    def _get_reversible_write_downs(self, keys, date=None):
        """Return {Key: what of the write-downs left may be reversed} under the company's framework.

        Source: IAS 2.33, HGB § 253 (5): all that is left; ASC 330-10-35-14: a write-down makes a new cost basis, so
        only what was written down in the same fiscal year (ASC 270-10-45-6).
        """
        followed = self._follow_write_downs({key.product_id for key in keys}, date)
        left = self._sum_left(followed)
        if self.env.company.sudo().revaluation_framework == "us_gaap":
            start = self._get_fiscal_year_start(self.env.company, date)
            own = self._sum_left([each for each in followed if each.change.key.date >= start])
            left = {key: min(amount, own.get(key, 0)) for key, amount in left.items()}
        return {key: left[key] for key in keys if left.get(key, 0) > 0}

    @api.model
    def _get_fiscal_year_start(self, company, date=None):
        return company.sudo().compute_fiscalyear_dates(date or fields.Date.context_today(self))["date_from"]

    def _sum_left(self, followed):
        """Return {Key: left of the write-downs} of products, lots and layers."""
        left = defaultdict(lambda: 0)
        for each in followed:
            tracked = each.change.key
            left[Key(tracked.product_id, False, False)] += each.left
            if tracked.lot_id:
                left[Key(tracked.product_id, tracked.lot_id, False)] += each.left
            for layer_id, amount in each.layers.items():
                left[Key(tracked.product_id, False, layer_id)] += amount
        return {key: float(amount) for key, amount in left.items()}

    @api.model
    def _follow_write_downs(self, product_ids=None, date=None):
        """Return [write_downs.Followed] of the posted write-downs and reversals of the company up to `date`.

        The key of each change is a `Tracked`.
        """
        return self._follow(self._read_tracked(product_ids), date)

    @api.model
    def _follow(self, tracked, date=None):
        """Return [write_downs.Followed] of `tracked`, at the end of `date`, else now."""
        company = self.env.company
        seam = self.env["stock.revaluation.valuation"].sudo().with_context(allowed_company_ids=company.ids)
        seam = seam.with_company(company)
        until = date and seam._value_date(date)
        tracked = [each for each in tracked if not until or each.moment <= until]
        if not tracked:
            return []
        products = self.env["product.product"].sudo().browse({each.product_id for each in tracked})
        histories = seam._read_histories(products)
        by_history, followed = defaultdict(list), []

        def whole(product_id):
            moves = [moved for key, own in histories.items() if key[0] == product_id for moved in own]
            return sorted(moves, key=lambda moved: moved.moment)

        for each in tracked:
            by_history[each.product_id, each.lot_id].append(each)
        for key, own in by_history.items():
            moves = [moved for moved in histories.get(key) or whole(key[0]) if not until or moved.moment <= until]
            changes = [each.change(moves) for each in own]
            followed += write_downs.follow(own[0].method, moves, changes, company.currency_id.rounding)
        return followed

    def _read_tracked(self, product_ids=None):
        """Return [Tracked] of the company, in order of time."""
        compat.flush(self.env)
        step = self.env.company.currency_id.rounding
        Layer = self.env["stock.valuation.layer"]
        lot = "v.lot_id" if "lot_id" in Layer._fields else "NULL::int"
        self.env.cr.execute(
            "SELECT l.id AS line_id, l.product_id, {lot} AS lot_id, r.kind, l.date,"
            " COALESCE(l.write_down_moment, MIN(v.create_date)) AS moment,"
            " CASE WHEN {lot} IS NULL OR l.lot_id IS NOT NULL THEN l.quantity::float END AS quantity,"
            " -SUM(v.value) AS amount, l.cost_method AS method, l.layer_shares AS shares"
            " FROM stock_revaluation_journal_line l JOIN stock_revaluation_reason r ON r.id = l.reason_id"
            " JOIN stock_valuation_layer v ON v.revaluation_line_id = l.id"
            " WHERE l.company_id = %(company)s AND l.state = 'posted' AND r.kind IN %(kinds)s AND r.posting = 'cost'"
            " AND v.revaluation_forwarded IS NOT TRUE"
            " AND (%(products)s::int[] IS NULL OR l.product_id = ANY(%(products)s))"
            " GROUP BY l.id, {lot}, r.kind ORDER BY moment, l.id".format(lot=lot),
            {
                "company": self.env.company.id,
                "kinds": WRITE_DOWN_KINDS,
                "products": None if product_ids is None else list(product_ids),
            },
        )
        rows = [Tracked(*row) for row in self.env.cr.fetchall()]
        return [
            row._replace(
                lot_id=row.lot_id or False,
                amount=round_to(row.amount, step),
                shares={
                    layer_id: -decimal(share)
                    for layer_id, _quantity, share in json.loads(row.shares or "[]")
                    if row.method == "fifo"
                },
            )
            for row in rows
        ]

    def _get_write_down_figures(self, lines):
        """Return {line: (issued, reversed, left)} of posted write-downs; of drafts, what is left of earlier ones."""
        drafts = lines.filtered(lambda line: line.state == "draft")
        left = self._get_write_downs_left([line._key() for line in drafts], self.date) if drafts else {}
        figures = {line: (0.0, 0.0, left.get(line._key(), 0.0)) for line in drafts}
        posted = (lines - drafts).filtered(lambda line: line.kind == "write_down" and not line.allowance_required)
        by_product, issued = defaultdict(list), {}
        for followed in self._follow_write_downs(posted.product_id.ids) if posted else ():
            by_product[followed.change.key.product_id].append(followed)
        for followed in by_product.values():
            for tracked, row in write_downs.by_line(followed, lambda change: change.amount < 0):
                before = issued.get(tracked.line_id, (0, 0, 0))
                issued[tracked.line_id] = tuple(one + other for one, other in zip(before, row))
        step = self.currency_id.rounding
        for line in posted.filtered(lambda line: line.id in issued):
            figures[line] = tuple(float(round_to(each, step)) for each in issued[line.id])
        return figures

    # ------------------------------------------------------------------ checks

    def _in_company(self):
        """Return the journals by superuser in their company, that one alone allowed."""
        return self.sudo().with_context(allowed_company_ids=self.company_id.ids).with_company(self.company_id)

    def _get_line_problems(self, lines):
        return super()._get_line_problems(lines) + self._check_kind(lines) + self._check_reversible(lines)

    def _check_reversible(self, lines):
        """A reversal takes back what is left at the most; what reverses the document of a write-down does, too."""
        reason = self.reason_id
        lines = lines.filtered(lambda line: line.amount > 0)
        if not lines or reason.kind not in WRITE_DOWN_KINDS or reason.posting != "cost":
            return []
        keys = {line: line._key() for line in lines}
        limits = self._in_company()._get_reversible_write_downs(list(keys.values()), self.date)
        # What was reversed after a past accounting date is not there to be reversed again
        now = self._in_company()._get_reversible_write_downs(list(keys.values())) if self.is_past else limits
        exceeds = self.currency_id.compare_amounts
        wrong = lines.filtered(
            lambda line: (
                exceeds(line.amount, limits.get(keys[line], 0.0)) > 0
                or exceeds(line.amount_in_stock, now.get(keys[line], 0.0)) > 0
            )
        )
        return self._say_not_reversible(wrong, {line: limits.get(keys[line], 0.0) for line in wrong})

    def _say_not_reversible(self, wrong, limits):
        """Return the problem of lines that reverse more than they may. Shape: `limits` {line: amount}."""
        if not wrong:
            return []
        texts = ["– " + self._get_reversible_text(line, limits[line]) for line in wrong[:NAMED_AT_MOST]]
        if len(wrong) > NAMED_AT_MOST:
            texts.append(_("… and %d more", len(wrong) - NAMED_AT_MOST))
        return [self._get_not_reversible_text() + "\n" + "\n".join(texts)]

    def _get_not_reversible_text(self):
        if self.company_id.sudo().revaluation_framework == "us_gaap":
            return _(
                "Under US GAAP a write-down is the new cost of the goods (ASC 330-10-35-14): only what was written down"
                " in the same fiscal year, and is still in stock, may be reversed:"
            )
        return _("No more may be reversed than what is left of the write-downs:")

    def _get_reversible_text(self, line, limit):
        return _(
            "%(position)s: %(amount)s entered, %(limit)s at the most",
            position=line._get_title(),
            amount=tools.format_amount(self.env, line.amount, self.currency_id),
            limit=tools.format_amount(self.env, limit, self.currency_id),
        )

    def _check_kind(self, lines):
        """Kind and amount agree; a document that takes another one back goes the other way."""
        reason = self.reason_id
        if self.reversed_journal_id or not reason:
            return []
        if reason.kind == "write_down" and reason.posting == "cost":
            wrong = lines.filtered(lambda line: line.amount > 0)
            text = _(
                "%s is a reason for write-downs, and these lines raise the value. Enter a lower one, or choose a reason"
                " of the kind Reversal of a write-down or Correction:",
                reason.display_name,
            )
        elif reason.kind == "write_down_reversal":
            wrong = lines.filtered(lambda line: line.amount < 0)
            text = _(
                "%s is a reason for reversals of write-downs, and these lines lower the value. Enter a higher one, or"
                " choose a reason of the kind Write-down or Correction:",
                reason.display_name,
            )
        elif reason.kind == "standard_cost":
            wrong = lines.filtered(lambda line: line.cost_method != "standard")
            text = _(
                "%s is a reason for new standard costs, and these products are not under standard cost. Take them out,"
                " or choose a reason of another kind:",
                reason.display_name,
            )
        else:
            return []
        return [text + "\n" + self._name_lines(wrong)] if wrong else []

    # ------------------------------------------------------------------ reverse

    def _get_amounts_to_reverse(self, date, lines):
        """Take back of a write-down what is left of it: goods received since took nothing of it."""
        amounts, positions = super()._get_amounts_to_reverse(date, lines)
        if self.reason_id.kind == "write_down" and self.reason_id.posting == "cost":
            left = self._in_company()._get_write_downs_left(list(amounts), date)
            amounts = {key: max(amount, -left.get(key, 0.0)) for key, amount in amounts.items()}
            amounts = {key: amount for key, amount in amounts.items() if amount}
            positions = [position for position in positions if position.key in amounts]
        return amounts, positions


class StockRevaluationJournalLine(models.Model):
    _inherit = "stock.revaluation.journal.line"

    kind = fields.Selection(related="reason_id.kind", store=True, string="Kind")
    write_down_issued = fields.Monetary(
        "Since Issued",
        compute="_compute_write_down",
        help="What of the write-down went with goods that have left: their cost was lower by it.",
    )
    write_down_reversed = fields.Monetary(
        "Since Reversed", compute="_compute_write_down", help="What of the write-down was taken back by reversals."
    )
    write_down_left = fields.Monetary(
        "Write-Down Left",
        compute="_compute_write_down",
        help="Posted write-down: what of it is left in stock. Draft: what is left of earlier ones for this position.",
    )

    write_down_moment = fields.Datetime(
        "Counts Since",
        readonly=True,
        copy=False,
        help="When the write-down counts: what left since took its part of it along.",
    )

    def _mark_posted(self, shares, plans):
        """Keep the moment from which on write-downs follow the goods; of the transaction, to the microsecond."""
        result = super()._mark_posted(shares, plans)
        tracked = self.filtered(lambda line: line.kind in WRITE_DOWN_KINDS)
        for journal in tracked.journal_id:
            lines = tracked.filtered(lambda line, journal=journal: line.journal_id == journal)
            moment = journal._seam()._get_posting_moment(journal.date)
            self.env.cr.execute(
                "UPDATE stock_revaluation_journal_line SET write_down_moment = %s WHERE id = ANY(%s)",
                [moment, lines.ids],
            )
            compat.written(lines, ["write_down_moment"])
        return result

    @api.depends("state", "reason_id")
    def _compute_write_down(self):
        self.update({"write_down_issued": 0.0, "write_down_reversed": 0.0, "write_down_left": 0.0})
        for journal in self.journal_id:
            lines = self.filtered(lambda line, journal=journal: line.journal_id == journal)
            for line, figures in journal._in_company()._get_write_down_figures(lines).items():
                line.write_down_issued, line.write_down_reversed, line.write_down_left = figures

    def _get_reversed_value(self, amount):
        """Where a rounded cost is the value, what of a write-down comes back stays within what is left of it."""
        value = super()._get_reversed_value(amount)
        reason = self.reason_id
        if reason.kind == "write_down" and reason.posting == "cost" and self._cost_is_value(self.cost_method):
            cost = cost_not_above(value, self.quantity, self._cost_digits(self.cost_method))
            return float(value_of(self.quantity, cost, self.currency_id.rounding))
        return value
