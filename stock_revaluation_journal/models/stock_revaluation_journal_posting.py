import json
from collections import defaultdict

from odoo import _, fields, models
from odoo.exceptions import UserError
from odoo.tools.misc import clean_context
from psycopg2.extras import execute_values

from .. import compat, tools
from ..valuation.shapes import Change

# How many lines a message names.
NAMED_AT_MOST = 20


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
            journal = journal._remembering()
            journal._check_can_post()
            journal._post()
        return True

    def _remembering(self):
        """Return the journal as one that reads once what check and posting both need: bookings, figures of the books.

        For one posting, from the check on: its locks keep the books as they are.
        """
        return self.with_context(revaluation_bookings=tools.Inner({}), revaluation_readings=tools.Inner({}))

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
        """Close the journal after its last line was posted; `unchanged` are the lines that post nothing.

        Returns: what the chatter says of it.
        """
        unchanged._mark_unchanged()
        self._write_protected(
            {"state": "posted", "posted_by": self.env.uid, "posted_at": fields.Datetime.now(), "problem": False}
        )
        return self._log_posting(len(self.line_ids) - len(unchanged))

    def _post_lines(self, lines):
        """Write entries, layers and costs of `lines`; the amount must be the change measured.

        Runs as superuser from here on: the user's right to post was checked, and needs no accounting
        or product rights.
        """
        seam, lines, moment = self._seam().sudo(), lines.sudo(), self._moment()
        products = lines.product_id
        changes = self._get_changes(lines)
        plans = self._plan(changes)
        before = {when: seam._values_of_products(products, when) for when in {None, moment}}
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
        text = self._get_posted_text(
            count=count,
            up=tools.format_amount(self.env, self.amount_increase, self.currency_id),
            down=tools.format_amount(self.env, -self.amount_decrease, self.currency_id),
        )
        self.message_post(body=text, subtype_xmlid="stock_revaluation_journal.mt_revaluation_posted")
        return text

    def _get_posted_text(self, **figures):
        return _("Posted, with %(count)d changed lines: value up by %(up)s and down by %(down)s.", **figures)


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

    def _get_layer_description(self):
        """Say on the layer: journal, reason, product and lot, from what to what."""
        return self._describe(self.journal_id.reason_id.name or self.journal_id.description)
