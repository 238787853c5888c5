from collections import defaultdict, namedtuple

from odoo import _, models
from odoo.exceptions import UserError
from psycopg2.extras import execute_values

from .. import compat, tools

# Where a line is booked: account.account and account.journal records.
Booking = namedtuple("Booking", "valuation counterpart journal")


class StockRevaluationJournal(models.Model):
    """Journal entries: where each line is booked, the entries and their items."""

    _inherit = "stock.revaluation.journal"

    def _get_bookings(self, lines):
        """Return {line: Booking} of the `lines` that make a journal entry."""
        journal = self.sudo().with_company(self.company_id)
        seam = self._seam().sudo()
        known, accounts_by_template = tools.inner(self.env, "revaluation_bookings"), {}
        bookings = {} if known is None else known
        for line, own in zip(lines, lines.with_env(journal.env)):
            template = own.product_id.product_tmpl_id
            if line.id in bookings or not own.amount or not own._posts_entry(seam):
                continue
            if template not in accounts_by_template:
                accounts_by_template[template] = self._get_product_accounts(template)
            bookings[line.id] = journal._get_booking(own, accounts_by_template[template])
        return {line: bookings[line.id] for line in lines if line.id in bookings}

    def _get_product_accounts(self, template):
        """Return accounts and journal of a product; what a branch's category lacks is that of the company above."""
        found = dict(template.get_product_accounts())
        for company in (compat.with_parents(self.company_id) - self.company_id)[::-1]:
            above = template.with_company(company).get_product_accounts()
            found.update((name, above[name]) for name in above if not found.get(name))
        return found

    def _get_booking(self, line, product_accounts):
        """Return where `line` is booked. Called as superuser, in the journal's company.

        Shape: `product_accounts` as `product.template.get_product_accounts()` gives them.
        Override: to choose accounts by a rule of your own.
        """
        reason = self.reason_id
        by_reason = reason.increase_account_id if line.amount > 0 else reason.decrease_account_id
        return Booking(
            valuation=product_accounts.get("stock_valuation") or self.env["account.account"],
            counterpart=line.counterpart_account_id
            or self.counterpart_account_id
            or by_reason
            or product_accounts.get("expense")
            or self.env["account.account"],
            journal=self.account_journal_id
            or reason.account_journal_id
            or product_accounts.get("stock_journal")
            or self.env["account.journal"],
        )

    def _create_entries(self, lines):
        """Create the draft entries of `lines`: one per accounting journal, of a bounded size.

        Returns: (account.move records, {line id: account.move id}).
        """
        lines_by_journal = defaultdict(list)
        bookings = self._get_bookings(lines)
        for line, booking in bookings.items():
            lines_by_journal[booking.journal].append(line)
        vals_list, groups_list = [], []
        for accounting_journal, journal_lines in lines_by_journal.items():
            size = len(journal_lines) if self.entry_grouping == "account" else compat.LINES_PER_ENTRY
            for start in range(0, len(journal_lines), size):
                groups = self._group_lines(journal_lines[start : start + size], bookings)
                vals_list.append(self._prepare_account_move_vals(accounting_journal, groups))
                groups_list.append(groups)
        moves = self._create_moves(vals_list)
        move_by_line = {
            line.id: move.id for move, groups in zip(moves, groups_list) for _booking, lines in groups for line in lines
        }
        return moves, move_by_line

    def _create_moves(self, vals_list):
        """Create draft entries and link the journal to them. Their items are created with their lines."""
        Move = self.env["account.move"].sudo().with_company(self.company_id)
        Move = Move.with_context(revaluation_entries=tools.Inner(), revaluation_posting=tools.Inner())
        moves = Move.create(vals_list)
        self._insert_links(
            "stock_revaluation_journal_account_move_rel (journal_id, account_move_id)",
            [(self.id, move_id) for move_id in moves.ids],
        )
        compat.written(self, ["account_move_ids"])
        compat.written(moves, ["revaluation_journal_ids"])
        return moves

    def _group_lines(self, lines, bookings):
        """Return [(Booking, lines)]: a group becomes a pair of journal items.

        Increases and decreases are never netted against each other.
        """
        if self.entry_grouping == "product":
            return [(bookings[line], line) for line in lines]
        groups = defaultdict(list)
        for line in lines:
            groups[bookings[line], line._get_group_key()].append(line.id)
        return [(booking, self._get_group(lines, ids)) for (booking, _key), ids in groups.items()]

    def _get_group(self, lines, ids):
        """Return the lines of `ids`, some of the list `lines`: what is read of one is read of all of them."""
        return lines[0].browse(ids).with_prefetch(lines[0]._prefetch_ids)

    def _prepare_account_move_vals(self, accounting_journal, groups):
        """Return the values of one entry. Override: to change or complete an entry."""
        pairs = [(self._get_item_vals(booking, lines), lines) for booking, lines in groups]
        return self._prepare_entry_vals(accounting_journal, pairs)

    def _prepare_entry_vals(self, accounting_journal, pairs):
        """Return the values of one entry. Shape: `pairs` [({role: values of a journal item}, lines)]."""
        entry, each = compat.storno_vals(self.company_id.sudo()) if self.reversed_journal_id else ({}, {})
        # Each item names the lines that it is made for, and its role: an addon may add roles
        items = [
            dict(item, revaluation_role=role, revaluation_line_ids=[(6, 0, lines.ids)], **each)
            for pair, lines in pairs
            for role, item in pair.items()
        ]
        return {
            **entry,
            "move_type": "entry",
            "journal_id": accounting_journal.id,
            "company_id": self.company_id.id,
            "date": self.date,
            "ref": " – ".join(filter(None, [self.name, self.reason_id.name or self.description])),
            "line_ids": [(0, 0, item) for item in items],
        }

    def _prepare_item_vals(self, booking, lines):
        """Return the two journal items of `lines`, keyed by role: "valuation", "counterpart".

        Override: to add analytics or a partner to one of them.
        """
        return self._prepare_pair(booking, lines, self.currency_id.round(sum(lines.mapped("amount"))))

    def _prepare_pair(self, booking, lines, amount):
        """Return the two journal items of `amount`, which debits the valuation account."""
        common = {
            "name": lines._get_item_name() if len(lines) == 1 else self._get_group_name(amount),
            "product_id": lines.product_id.id if len(lines.product_id) == 1 else False,
            "quantity": 0,
            # 16.0 to 18.0 would put an account's default taxes on it, and compute an item for them
            "tax_ids": [(6, 0, [])],
        }
        common.update(compat.NO_ANALYTIC)
        return {
            "valuation": dict(common, account_id=booking.valuation.id, **self._prepare_amount_vals(amount)),
            "counterpart": dict(common, account_id=booking.counterpart.id, **self._prepare_amount_vals(-amount)),
        }

    def _prepare_amount_vals(self, amount):
        """Return the values of a journal item that debits `amount`, or credits it if negative.

        The currency comes first, so that the ORM has it when it rounds the amounts.
        """
        return dict({"currency_id": self.currency_id.id}, amount_currency=amount, **compat.item_amounts(amount))

    def _get_group_name(self, amount):
        return "%s – %s" % (self.name, _("Increases") if amount > 0 else _("Decreases"))

    def _insert_links(self, relation, rows):
        """Insert rows into the table of a many2many; `relation` names it and its two columns."""
        execute_values(self.env.cr._obj, "INSERT INTO %s VALUES %%s" % relation, rows, page_size=5000)

    def _post_entries(self, moves):
        """Post the entries at their date: Odoo would silently move a locked one, or leave a future one in draft."""
        if not moves:
            return
        dates = {move: move.date for move in moves}
        moves._post(soft=False)
        astray = moves.filtered(lambda move: move.state != "posted" or move.date != dates[move])
        if astray:
            raise UserError(
                _(
                    "%(journal)s was not posted: Odoo would not post its entry on %(date)s."
                    " Look at lock dates and journal.",
                    journal=self.name,
                    date=self.date,
                )
            )


class StockRevaluationJournalLine(models.Model):
    """What a line says about itself on entries."""

    _inherit = "stock.revaluation.journal.line"

    def _posts_entry(self, seam):
        """Tell whether posting the line makes a journal entry."""
        return seam._posts_entry(self.product_id)

    def _get_group_key(self):
        """Return what lines must have in common to share a pair of journal items, beside their accounts."""
        self.ensure_one()
        return (self.amount > 0,)

    def _get_item_name(self):
        """Say on the journal item what its entry does not: product and lot, from what to what."""
        return self._describe()

    def _describe(self, *reason):
        self.ensure_one()
        position = ", ".join(filter(None, [self.product_id.display_name, self.lot_id.name]))
        return " – ".join(filter(None, [self.journal_id.name, *reason, position, self._get_change_text(), self.note]))

    def _get_change_text(self):
        costs = {"old": self._cost_text("unit_cost_calculated"), "new": self._cost_text("unit_cost_revalued")}
        return _("unit cost %(old)s to %(new)s", **costs)

    def _cost_text(self, name):
        digits = self._digits("Revaluation Unit Cost")
        text = "%.*f" % (digits, self[name])
        while digits > 2 and text[-1] == "0":
            text, digits = text[:-1], digits - 1
        return text
