from datetime import timedelta

from odoo import _, api, fields, models
from odoo.exceptions import UserError

from .. import compat, tools
from ..engine.rounding import round_to
from ..valuation.shapes import Key, Position
from .stock_revaluation_journal_posting import NAMED_AT_MOST
from .stock_revaluation_write_down import Tracked


class StockRevaluationReason(models.Model):
    _inherit = "stock.revaluation.reason"

    def _check_change(self, vals):
        """Let an allowance account stay while something is booked on it: the next run would begin anew elsewhere."""
        super()._check_change(vals)
        if "allowance_account_id" not in vals:
            return
        Journal = self.env["stock.revaluation.journal"].sudo()
        for reason in self.sudo():
            account = reason.allowance_account_id
            if not account or account.id == vals["allowance_account_id"]:
                continue
            booked = Journal._sum_allowances(self.env.company, account, reason=reason)
            if any(not self.env.company.currency_id.is_zero(amount) for amount in booked.values()):
                raise UserError(
                    _(
                        "%(reason)s: allowances are booked on %(account)s. Release them before you choose another"
                        " account.",
                        reason=reason.name,
                        account=account.display_name,
                    )
                )


class StockRevaluationJournal(models.Model):
    """Posting to an allowance account: stock keeps its cost, the account holds what it exceeds its worth by.

    The allowance of a product is what is required now, `max(0, value − net realisable value)`; posted is that less
    what is booked already. So what belongs to goods that left is released with the next run.
    """

    _inherit = "stock.revaluation.journal"

    posting = fields.Selection(related="reason_id.posting", string="Posted To")

    def _books_allowance(self):
        """Tell whether the journals post to an allowance account instead of the value of the stock."""
        return bool(self) and self.reason_id.posting == "allowance"

    def _get_allowance_account(self):
        """Return the allowance account of the journal's reason in its company, as superuser."""
        self.ensure_one()
        return self.reason_id.sudo().with_company(self.company_id).allowance_account_id

    @api.model
    def _sum_allowances(self, company, account=None, product_ids=None, date=None, reason=None):
        """Return {product id: allowance booked on `account`, else on any, positive} by lines up to `date`."""
        rounding = company.currency_id.rounding  # before the query: reading it may take one of its own
        compat.flush(self.env)
        self.env.cr.execute(
            "SELECT l.product_id, -SUM(l.amount) FROM stock_revaluation_journal_line l"
            " WHERE l.company_id = %(company)s AND l.state = 'posted' AND l.allowance_account_id IS NOT NULL"
            " AND (%(account)s::int IS NULL OR l.allowance_account_id = %(account)s)"
            " AND (%(products)s::int[] IS NULL OR l.product_id = ANY(%(products)s))"
            " AND (%(date)s::date IS NULL OR l.date <= %(date)s)"
            " AND (%(reason)s::int IS NULL OR l.reason_id = %(reason)s)"
            " GROUP BY l.product_id",
            {
                "company": company.id,
                "account": None if account is None else account.id or 0,
                "products": product_ids,
                "date": date,
                "reason": reason.id if reason else None,
            },
        )
        return {product_id: float(round_to(amount, rounding)) for product_id, amount in self.env.cr.fetchall()}

    def _read_booked(self, product_ids=None):
        """Return {product id: allowance booked so far}, at the journal's date."""
        return self._sum_allowances(self.company_id, self._get_allowance_account(), product_ids, self.date)

    @api.model
    def _read_allowances_left(self, account, product_ids, date=None, until=None):
        """Return {product id: what of its allowance on `account` belongs to goods still in stock} at `date`.

        The last run, up to the end of `until`, required it for the stock of its day; of that it goes with the goods.
        """
        date = date or fields.Date.context_today(self)
        compat.flush(self.env)
        self.env.cr.execute(
            "SELECT DISTINCT ON (l.product_id) l.id, l.product_id, l.date, l.write_down_moment, l.quantity::float,"
            " l.allowance_required, l.cost_method FROM stock_revaluation_journal_line l"
            " WHERE l.company_id = %s AND l.allowance_account_id = %s AND l.state = 'posted'"
            " AND l.product_id = ANY(%s) AND l.date <= %s ORDER BY l.product_id, l.date DESC, l.id DESC",
            [self.env.company.id, account.id or 0, list(product_ids), until or date],
        )
        rows, currency = self.env.cr.fetchall(), self.env.company.currency_id
        tracked = [
            Tracked(
                line_id=line_id,
                product_id=product_id,
                lot_id=False,
                kind="write_down",
                date=day,
                moment=moment,
                quantity=quantity,
                amount=round_to(required, currency.rounding),
                method=method,
                shares={},
            )
            for line_id, product_id, day, moment, quantity, required, method in rows
            if required
        ]
        return {each.change.key.product_id: float(each.left) for each in self._follow(tracked, date)}

    @api.model
    def _read_allowances_kept(self, account, product_ids, date=None):
        """Return {product id: allowance that may not be reversed} at `date`: under US GAAP, what is left of earlier
        fiscal years; nothing under other frameworks."""
        if self.env.company.sudo().revaluation_framework != "us_gaap":
            return {}
        start = self._get_fiscal_year_start(self.env.company, date)
        return self._read_allowances_left(account, product_ids, date, start - timedelta(days=1))

    def write(self, vals):
        """Read what is booked again when the reason, or the date, becomes another one."""
        result = super().write(vals)
        if vals.keys() & {"reason_id", "date"}:
            self.line_ids._refresh_booked()
        return result

    # ------------------------------------------------------------------ calculate

    def _get_positions(self, products, calculate_per):
        """An allowance is kept by product; of products no longer in stock it waits to be released."""
        if not self._books_allowance():
            return super()._get_positions(products, calculate_per)
        positions, left_out = super()._get_positions(products, "product")
        for product_id, amount in self._read_booked(list(left_out)).items():
            if amount:
                del left_out[product_id]
                positions.append(Position(Key(product_id, False, False), 0.0, 0.0, 0.0))
        return positions, left_out

    # ------------------------------------------------------------------ posting

    def _get_line_problems(self, lines):
        problems = super()._get_line_problems(lines)
        if not self._books_allowance():
            return problems
        return problems + self._check_whole_products(lines) + self._check_allowance_kept(lines)

    def _check_allowance_kept(self, lines):
        """US GAAP: what an earlier fiscal year wrote down of goods still in stock stays."""
        lines = lines.filtered(lambda line: line.amount > 0)
        kept = self._in_company()._read_allowances_kept(self._get_allowance_account(), lines.product_id.ids, self.date)
        wrong = lines.filtered(
            lambda line: (
                self.currency_id.compare_amounts(line.allowance_required, kept.get(line.product_id.id, 0.0)) < 0
            )
        )
        limits = {
            line: line.amount - (kept[line.product_id.id] - line.allowance_required) for line in wrong[:NAMED_AT_MOST]
        }
        return self._say_not_reversible(wrong, limits)

    def _check_whole_products(self, lines):
        found = lines.filtered(lambda line: line.lot_id or line.stock_move_id or line.valuation_layer_id)
        if not found:
            return []
        return [
            _("An allowance is kept by product. Calculate per product, without lots and layers:")
            + "\n"
            + self._name_lines(found)
        ]

    def _get_booking(self, line, product_accounts):
        booking = super()._get_booking(line, product_accounts)
        if line._books_allowance():
            booking = booking._replace(valuation=self._get_allowance_account().with_env(self.env))
        return booking

    def _check_booking(self, booking, line):
        problems = super()._check_booking(booking, line)
        template = line.product_id.sudo().with_company(self.company_id).product_tmpl_id
        own_account = line._books_allowance() and template.get_product_accounts()["stock_valuation"]
        if own_account and booking.valuation.id == own_account.id:
            problems.append(
                _(
                    "Allowance account %s is the stock valuation account itself, which would no longer agree with the"
                    " inventory. Choose another one on the reason.",
                    booking.valuation.display_name,
                )
            )
        return problems

    def _get_no_valuation_account_text(self, line):
        if not line._books_allowance():
            return super()._get_no_valuation_account_text(line)
        return _("No allowance account. Set it on the reason %s.", self.reason_id.display_name)

    def _get_changes(self, lines):
        return [] if self._books_allowance() else super()._get_changes(lines)

    def _post_lines(self, lines):
        """Post, and see that the allowance account changed by the amounts."""
        if not self._books_allowance():
            return super()._post_lines(lines)
        account = self._get_allowance_account()
        before = self._read_balance(account)
        left = self._in_company()._read_allowances_left(account, lines.product_id.ids, self.date)
        super()._post_lines(lines)
        change = self._read_balance(account) - before - sum(lines.mapped("amount"))
        if not self.currency_id.is_zero(change):
            raise UserError(
                _(
                    "%(journal)s was not posted: account %(account)s would have changed by %(difference)s more than the"
                    " journal says. Another addon may book on it as well.",
                    journal=self.name,
                    account=account.display_name,
                    difference=tools.format_amount(self.env, change, self.currency_id),
                )
            )
        for line in lines:
            released = line.allowance_booked - min(line.allowance_booked, left.get(line.product_id.id, 0.0))
            line._write_protected({"allowance_account_id": account.id, "allowance_released": released})
        return None

    def _read_balance(self, account):
        """Return the balance (debit − credit) of `account` in the journal's company."""
        compat.flush(self.env)
        self.env.cr.execute(
            "SELECT COALESCE(SUM(balance), 0) FROM account_move_line"
            " WHERE account_id = %s AND company_id = %s AND parent_state = 'posted'",
            [account.id, self.company_id.id],
        )
        return float(self.env.cr.fetchone()[0])

    def _get_posted_text(self, **figures):
        if not self._books_allowance():
            return super()._get_posted_text(**figures)
        return _("Posted, with %(count)d changed lines: allowance up by %(down)s and down by %(up)s.", **figures)

    # ------------------------------------------------------------------ preview, reverse

    def _describe_posting(self, lines, costs, measured):
        """Add a row per allowance; a preview of other journals has none."""
        found = super()._describe_posting(lines, costs, measured)
        allowances = [
            {
                "product": line.product_id.sudo().display_name,
                "value": line.value_calculated,
                "realisable": line.value_revalued,
                "booked": line.allowance_booked,
                "required": line.allowance_required,
                "amount": line.amount,
            }
            for line in (lines if self._books_allowance() else [])
        ]
        return dict(found, allowances=allowances)

    def _get_reversal_date(self):
        """What is booked is so today: later runs may have released a part."""
        date = super()._get_reversal_date()
        return max(date, fields.Date.context_today(self)) if self._books_allowance() else date

    def _get_amounts_to_reverse(self, date, lines):
        """An allowance goes back to what it was before, as far as it is not released and the stock is worth it."""
        if not self._books_allowance():
            return super()._get_amounts_to_reverse(date, lines)
        booked = self._sum_allowances(self.company_id, lines.sudo().allowance_account_id[:1], lines.product_id.ids)
        keys = {line._key(): line.amount for line in lines}
        positions = self._seam().sudo()._read_keys(list(keys), self._moment(date))
        found = {key: positions.get(key) or Position(key, 0.0, 0.0, 0.0) for key in keys}
        amounts = {
            key: amount
            for key, amount in keys.items()
            if not self.currency_id.is_zero(
                min(max(0.0, booked.get(key.product_id, 0.0) + amount), found[key].value)
                - booked.get(key.product_id, 0.0)
            )
        }
        return amounts, [found[key] for key in amounts]
