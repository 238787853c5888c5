import json
from collections import defaultdict, namedtuple

from odoo import _, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools.misc import clean_context
from psycopg2.extras import execute_values

from .. import compat, tools
from ..valuation.shapes import Change

# How many lines a message names.
NAMED_AT_MOST = 20

# Where a line is booked: account.account and account.journal records.
Booking = namedtuple("Booking", "valuation counterpart journal")


class StockRevaluationJournal(models.Model):
    """Posting: check everything, then write everything, once, or nothing."""

    _inherit = "stock.revaluation.journal"

    def action_post(self):
        """Post the journals: layers, costs and journal entries, all or nothing.

        Raises: UserError with every problem found and where to mend it; nothing is written then.
        """
        self._check_may_post()
        self._check_rights("write")
        # Defaults of the page, or of the automation, that called are not meant for entries and layers
        context = clean_context(self.env.context)
        for journal in self.with_context(context):  # pylint: disable=context-overridden
            if journal._is_large():
                journal._post_large()
                continue
            journal._lock()
            if journal.problem:
                journal._resume_background()
                continue
            journal._check_can_post()
            journal._post()
        return True

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

    # ------------------------------------------------------------------ check

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
        if self.line_count > self._get_background_limit():
            return self.env["stock.revaluation.journal.line"]._compute_again(self)
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

    # ------------------------------------------------------------------ post

    def _lines_to_post(self):
        """Lines with an amount or a new cost: the others post nothing."""
        is_zero = self.currency_id.is_zero
        return self.line_ids.filtered(
            lambda line: line.state == "draft" and (not is_zero(line.amount) or line._sets_cost_alone())
        )

    def _post(self):
        """Post a checked and locked journal."""
        lines = self._lines_to_post()
        self._post_lines(lines)
        self._finish(self.line_ids - lines)

    def _finish(self, unchanged):
        """Close the journal after its last line was posted; `unchanged` are the lines that post nothing."""
        unchanged._mark_unchanged()
        self._write_protected(
            {"state": "posted", "posted_by": self.env.uid, "posted_at": fields.Datetime.now(), "problem": False}
        )
        self._log_posting(len(self.line_ids) - len(unchanged))

    def _post_lines(self, lines):
        """Write entries, layers and costs of `lines`; the amount must be the change measured.

        Runs as superuser from here on: the user's right to post was checked, and needs no accounting
        or product rights.
        """
        seam, lines, moment = self._seam().sudo(), lines.sudo(), self._moment()
        products = lines.product_id
        changes = self._get_changes(lines)
        plans = self._plan(changes)
        before = {when: seam._measure(products, when) for when in {None, moment}}
        moves, move_by_line = self._create_entries(lines)
        forwarded_moves, forwards = self._create_forwarded_entries(lines, self._get_forwards(lines, plans))
        changes = [each._replace(account_move_id=move_by_line.get(each.line_id, False)) for each in changes]
        shares = seam._apply([change for change in changes if change.amount], plans, forwards, moment)
        seam._apply_costs([change for change in changes if not change.amount], moment)
        after = {when: seam._measure(products, when) for when in before}
        self._check_measured(lines, before[moment], after[moment], self._get_early_shares(plans, moment))
        self._check_in_stock(lines, plans, before[None], after[None])
        self._post_entries(moves | forwarded_moves)
        lines._mark_posted(shares, plans)

    def _plan(self, changes):
        """Return {line id: [Part]}: what `changes` do at the journal's date and since; only reads."""
        changes = [change for change in changes if change.amount]
        return self._seam().sudo()._plan(changes, self._moment()) if changes else {}

    def _get_changes(self, lines):
        """Return what the seam is asked to write, without the entries."""
        money = self._seam()._money
        return [
            Change(
                line_id=line.id,
                journal_id=self.id,
                key=line._key(),
                value=money(line.value_revalued),
                amount=money(line.amount),
                unit_cost=line._get_stored_cost(),
                description=line._get_layer_description(),
                account_move_id=False,
            )
            for line in lines
        ]

    def _check_measured(self, lines, before, after, early):
        """Raise UserError unless each product's value, at the journal's date, changed by the amount of its lines.

        Shape: `early` {line id: what of its amount went on with goods that had left by then, of a whole receipt}.
        """
        amounts = defaultdict(float)
        for line in lines:
            amounts[line.product_id] += line._get_value_change() - early.get(line.id, 0.0)
        self._raise_if_other_than(amounts, before, after)

    def _raise_if_other_than(self, amounts, before, after):
        """Raise UserError unless the values {product id: value} changed by `amounts` {product: amount}."""
        wrong = [
            _(
                "%(product)s: %(measured)s instead of %(amount)s",
                product=self._name_product(product),
                measured=self.currency_id.round(after.get(product.id, 0.0) - before.get(product.id, 0.0)),
                amount=self.currency_id.round(amount),
            )
            for product, amount in amounts.items()
            if not self.currency_id.is_zero(after.get(product.id, 0.0) - before.get(product.id, 0.0) - amount)
        ]
        if wrong:
            raise UserError(
                _(
                    "%s was not posted: Odoo's inventory value would have changed by another amount than the journal's."
                    " Another addon may change values as well; a lot received together with others can only be"
                    " revalued with its product.",
                    self.name,
                )
                + "\n"
                + "\n".join(wrong[:NAMED_AT_MOST])
            )

    def _log_posting(self, count):
        """Say so in the chatter, to those who follow *Revaluation posted* too; `count` lines were posted."""
        self.message_post(
            body=self._get_posted_text(
                count=count,
                up=tools.format_amount(self.env, self.amount_increase, self.currency_id),
                down=tools.format_amount(self.env, -self.amount_decrease, self.currency_id),
            ),
            subtype_xmlid="stock_revaluation_journal.mt_revaluation_posted",
        )

    def _get_posted_text(self, **figures):
        return _("Posted, with %(count)d changed lines: value up by %(up)s and down by %(down)s.", **figures)

    # ------------------------------------------------------------------ accounting

    def _get_bookings(self, lines):
        """Return {line: Booking} of the `lines` that make a journal entry."""
        journal = self.sudo().with_company(self.company_id)
        seam = self._seam().sudo()
        bookings, accounts_by_template = {}, {}
        for line, own in zip(lines, lines.with_env(journal.env)):
            template = own.product_id.product_tmpl_id
            if not own.amount or not own._posts_entry(seam):
                continue
            if template not in accounts_by_template:
                accounts_by_template[template] = self._get_product_accounts(template)
            bookings[line] = journal._get_booking(own, accounts_by_template[template])
        return bookings

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
        Line = self.env["stock.revaluation.journal.line"]
        return [(booking, Line.browse(ids)) for (booking, _key), ids in groups.items()]

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
    """What a line says about itself on layers and entries."""

    _inherit = "stock.revaluation.journal.line"

    def _get_title(self):
        """Name the position: product, lot, receipt."""
        self.ensure_one()
        move = self.stock_move_id.sudo()
        parts = [
            self.product_id.sudo().display_name,
            self.lot_id.sudo().display_name,
            move.reference or move.display_name,
        ]
        return " / ".join(part for part in parts if part)

    def _mark_unchanged(self):
        """Close lines that posted nothing, however many there are."""
        self.env.cr.execute(
            "UPDATE stock_revaluation_journal_line SET state = 'unchanged', write_uid = %s,"
            " write_date = now() AT TIME ZONE 'UTC' WHERE id = ANY(%s)",
            [self.env.uid, self.ids],
        )
        compat.written(self, ["state", "write_uid", "write_date"])

    def _mark_posted(self, shares, plans):
        """Close the lines; `shares` is what `_apply` of the seam returned, `plans` what its `_plan` did."""
        left = {line_id: float(sum(part.left for part in parts)) for line_id, parts in plans.items()}
        execute_values(
            self.env.cr._obj,
            "UPDATE stock_revaluation_journal_line t SET state = 'posted', is_stale = false, layer_shares = v.new,"
            " amount_in_stock = COALESCE(v.remains, t.amount),"
            " amount_forwarded = t.amount - COALESCE(v.remains, t.amount),"
            " write_uid = %d, write_date = now() AT TIME ZONE 'UTC'"
            " FROM (VALUES %%s) AS v(id, new, remains) WHERE t.id = v.id" % self.env.uid,
            [
                (line_id, json.dumps(shares[line_id]) if shares.get(line_id) else None, left.get(line_id))
                for line_id in self.ids
            ],
            template="(%s, %s, %s::numeric)",
            page_size=5000,
        )
        written = ["state", "is_stale", "layer_shares", "write_uid", "write_date"]
        compat.written(self, written + ["amount_in_stock", "amount_forwarded"])

    def _posts_entry(self, seam):
        """Tell whether posting the line makes a journal entry."""
        return seam._posts_entry(self.product_id)

    def _get_value_change(self):
        """Return by how much posting the line changes the inventory value."""
        self.ensure_one()
        return self.amount

    def _get_stored_cost(self):
        """Return the unit cost to store as it was entered, None if it follows from the total.

        Under standard cost the accountant's unit cost is what counts, for stock to come as well.
        """
        self.ensure_one()
        if self.cost_method == "standard" and (compat.COST_IS_ROUNDED or self.entered == "unit_cost"):
            return self.unit_cost_revalued
        return None

    def _get_group_key(self):
        """Return what lines must have in common to share a pair of journal items, beside their accounts."""
        self.ensure_one()
        return (self.amount > 0,)

    def _get_layer_description(self):
        """Say on the layer: journal, reason, product and lot, from what to what."""
        return self._describe(self.journal_id.reason_id.name or self.journal_id.description)

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
