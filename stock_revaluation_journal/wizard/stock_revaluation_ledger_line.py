"""The lines of Inventory to Ledger, the causes of their differences, and what these consist of."""

from odoo import _, api, fields, models
from odoo.exceptions import UserError

from .. import compat
from .stock_revaluation_ledger import ITEMS_SHOWN, KINDS


class Unchecked(fields.Many2one):
    """A link without a foreign key, which PostgreSQL checks row by row: as long as to read thirty layers, each.

    For what a report of 100,000 lines points to. It cannot go while the report is looked at: layers or items that the
    line sums up point to it as well, with foreign keys of theirs.
    """

    def update_db_foreign_key(self, model, column):
        """Add none."""


class StockRevaluationLedgerLine(models.TransientModel):
    """Value and balance of one product on one account; written by the valuation seam alone."""

    _name = "stock.revaluation.ledger.line"
    _inherit = "stock.revaluation.ledger.guard"
    _description = "Inventory to Ledger: Product"
    _order = "ledger_id, account_id, product_id, id"
    _rec_name = "product_id"
    _transient_max_hours = 24.0

    ledger_id = fields.Many2one(
        "stock.revaluation.ledger", "Report", readonly=True, required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="ledger_id.company_id", help="Whose stock and accounts these are.")
    currency_id = fields.Many2one(related="company_id.currency_id")
    account_id = Unchecked(
        "account.account",
        "Account",
        readonly=True,
        help="Its value is where the category points to, its balance where it was booked.",
    )
    product_id = Unchecked(
        "product.product", "Product", readonly=True, help="Empty: items of the account that name no product."
    )
    categ_id = Unchecked("product.category", "Product Category", readonly=True, help="The product's category.")
    own_account_id = Unchecked(
        "account.account", "Account of the Category", readonly=True, help="Where its value belongs."
    )
    valuation = fields.Selection(
        [("automated", "Automated"), ("periodic", "Periodic")],
        "Valuation",
        readonly=True,
        help="How the product is valued now.",
    )
    value = fields.Monetary("Inventory Value", readonly=True, help="What Odoo's inventory says the stock is worth.")
    balance = fields.Monetary("Ledger Balance", readonly=True, help="Posted items of the account up to the date.")
    difference = fields.Monetary("Difference", readonly=True, help="Ledger balance less inventory value.")
    kind = fields.Selection(KINDS, "Main Cause", readonly=True, help="The cause with the largest amount.")
    cause_ids = fields.One2many(
        "stock.revaluation.ledger.cause",
        "line_id",
        "Causes",
        readonly=True,
        help="What the difference consists of; the amounts add up to it.",
    )
    # For the seam: since when the product has entries, and whether what stands behind the line is looked at.
    first_booked = fields.Datetime(readonly=True)
    is_examined = fields.Boolean(readonly=True)

    def action_open(self):
        """Open the line with its causes."""
        self._check_rights("read")
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.product_id.display_name or self.account_id.display_name,
            "res_model": self._name,
            "view_mode": "form",
            "res_id": self.id,
        }

    # ------------------------------------------------------------------ a revaluation instead of a manual entry

    def action_revalue(self):
        """Prepare a revaluation journal that takes the inventory to where entries by hand have taken the account."""
        self._check_rights("read")
        self.ensure_one()
        causes = self.cause_ids.filtered(lambda cause: cause.kind == "manual")
        amount = sum(causes.mapped("amount"))
        if not self.product_id or self.currency_id.is_zero(amount) or self.account_id != self.own_account_id:
            raise UserError(self._explain_no_cure())
        Journal = self.env["stock.revaluation.journal"].with_context(allowed_company_ids=self.company_id.ids)
        action = Journal._prepare_for(self.company_id, self.product_id)
        journal = Journal.browse(action["res_id"])
        journal.date = self.ledger_id.date
        journal.action_refresh()
        self._enter_cure(journal, causes, amount)
        return action

    def _enter_cure(self, journal, causes, amount):
        """Let the journal's lines of the product together change by `amount`."""
        line = journal.line_ids[:1]
        new_value = self.currency_id.round(line.value_calculated + amount)
        if len(journal.line_ids) != 1 or new_value < 0:
            raise UserError(
                _(
                    "%(product)s is worth %(value)s: a revaluation cannot change that by %(amount)s.",
                    product=self.product_id.display_name,
                    value=line.value_calculated,
                    amount=amount,
                )
            )
        entries = causes._get_entries()
        others = entries.line_ids.account_id - self.account_id
        journal.description = _("Inventory to Ledger, %s", ", ".join(entries.mapped("name")))
        line.write(
            {
                "value_revalued": new_value,
                "counterpart_account_id": others.id if len(others) == 1 else False,
                "note": self._explain_cure(entries),
            }
        )

    def _explain_cure(self, entries):
        """Say what is left to do: an entry of the revaluation's own takes the place of those made by hand."""
        if not self.env["stock.revaluation.valuation"]._posts_entry(self.product_id):
            return _("Takes the inventory to the balance of the account.")
        return _("Takes the place of %s: reverse it when this is posted.", ", ".join(entries.mapped("name")))

    def _explain_no_cure(self):
        """Say why no revaluation helps, and what does."""
        advice = self.env["stock.revaluation.ledger.cause"]._advice()
        if not self.product_id:
            reasons = [_("The items name no product: reverse the entry, or revalue the product that it was meant for.")]
        else:
            reasons = [
                "%s: %s" % (label, advice[kind])
                for kind, label in self.cause_ids._labels().items()
                if kind in self.cause_ids.mapped("kind")
            ]
        return "\n".join(
            [_("A revaluation changes inventory and ledger by the same amount: it does not help here.")]
            + (reasons or [_("There is no difference.")])
        )


class StockRevaluationLedgerCause(models.TransientModel):
    """One kind of difference of one line."""

    _name = "stock.revaluation.ledger.cause"
    _inherit = "stock.revaluation.ledger.guard"
    _description = "Inventory to Ledger: Cause"
    _order = "ledger_id, kind, account_id, product_id, id"
    _rec_name = "kind"
    _transient_max_hours = 24.0

    ledger_id = fields.Many2one(
        "stock.revaluation.ledger", "Report", readonly=True, required=True, index=True, ondelete="cascade"
    )
    line_id = fields.Many2one(
        "stock.revaluation.ledger.line", "Line", readonly=True, required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="ledger_id.company_id", help="Whose stock and accounts these are.")
    currency_id = fields.Many2one(related="company_id.currency_id")
    account_id = fields.Many2one("account.account", "Account", readonly=True, help="The stock valuation account.")
    product_id = fields.Many2one("product.product", "Product", readonly=True, help="Empty: items without product.")
    categ_id = fields.Many2one("product.category", "Product Category", readonly=True, help="The product's category.")
    kind = fields.Selection(KINDS, "Cause", readonly=True, help="What the amount is.")
    amount = fields.Monetary("Amount", readonly=True, help="Its part of ledger balance less inventory value.")
    item_count = fields.Integer("Items", readonly=True, help="Journal items, layers and moves behind it.")
    explanation = fields.Char("Explanation", compute="_compute_explanation", help="What it means and what to do.")
    item_ids = fields.One2many("stock.revaluation.ledger.item", "cause_id", "What It Consists Of", readonly=True)

    @api.depends("kind")
    def _compute_explanation(self):
        advice = self._advice()
        for cause in self:
            cause.explanation = advice.get(cause.kind)

    def action_open_items(self):
        """Show what the cause consists of: journal items, layers, stock moves."""
        self._check_rights("read")
        self.ensure_one()
        self.ledger_id._check_own_company()
        self.ledger_id._seam()._ledger_open(self, ITEMS_SHOWN)
        return {
            "type": "ir.actions.act_window",
            "name": "%s, %s" % (self._labels()[self.kind], (self.product_id or self.account_id).display_name),
            "res_model": "stock.revaluation.ledger.item",
            "view_mode": compat.LIST,
            "domain": [("cause_id", "=", self.id)],
            "help": "<p class='o_view_nocontent_empty_folder'>%s</p>" % self.explanation,
        }

    def _get_entries(self):
        """Return the journal entries behind the causes."""
        for cause in self:
            cause.ledger_id._seam()._ledger_open(cause, ITEMS_SHOWN)
        return self.sudo().item_ids.account_move_id

    @api.model
    def _labels(self):
        """Return {kind: label} in the user's language."""
        return dict(self.fields_get(["kind"])["kind"]["selection"])

    @api.model
    def _advice(self):
        """Return {kind: what it means, and what to do}."""
        return {
            "manual": _("Booked on the account by hand: reverse it, and revalue the stock if its value is wrong."),
            "invoice": _("A bill or invoice line was put on the account: choose its right account."),
            "missing": _("The value has no journal entry, it was never made or somebody deleted it: book it."),
            "period": _("Inventory and entry lie in different periods: it evens out, or the entry's date is wrong."),
            "draft": _("The entry waits in draft: post it."),
            "cancelled": _("The entry was cancelled, the value is still there: post it again."),
            "reversed": _("The entry was reversed, the value is still there: reverse the reversal."),
            "account": _("Booked on another account, the category's was changed: move the balance there by an entry."),
            "switched": _("Valued before it was automatic, without entries: book its opening value."),
            "periodic": _("Periodic products have no entries: closing books their stock."),
            "product": _("The entry names another product: correct its items."),
            "grouped": _("The entry has one item for several products: it adds up within the account."),
            "company": _("The entry is another company's: book it in this one."),
            "amount": _("The entry differs from the value that it was made for: book the rest."),
            "not_invoiced": _("Delivered and invoiced differ: its cost is booked with the invoice."),
            "not_billed": _("Received and billed differ: its value is booked with the bill."),
            "cost": _("The cost changed without an entry: the next stock closing books it."),
            "closing": _(
                "Closings book the account as a whole: products show what is theirs, the line without product"
                " what was booked; together, what is not closed yet."
            ),
            "rounding": _("Less than a coin each: nothing to do, or book it with the closing."),
            "unexplained": _("Nothing that Odoo knows explains it: look at the account's items."),
        }


class StockRevaluationLedgerItem(models.TransientModel):
    """A journal item, a layer or a stock move behind a cause; read when the cause is opened."""

    _name = "stock.revaluation.ledger.item"
    _inherit = "stock.revaluation.ledger.guard"
    _description = "Inventory to Ledger: Item"
    _order = "date, id"
    _transient_max_hours = 24.0

    cause_id = fields.Many2one(
        "stock.revaluation.ledger.cause", "Cause", readonly=True, required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="cause_id.ledger_id.company_id")
    currency_id = fields.Many2one(related="company_id.currency_id")
    date = fields.Date("Date", readonly=True, help="Accounting date of an item, day of a layer or move.")
    name = fields.Char("Description", readonly=True, help="Its label or reference.")
    amount = fields.Monetary("Amount", readonly=True, help="An item counts as debited, a value the other way round.")
    account_move_id = fields.Many2one(
        "account.move", "Journal Entry", readonly=True, ondelete="cascade", help="The entry of the item or layer."
    )
    account_move_line_id = fields.Many2one(
        "account.move.line", "Journal Item", readonly=True, ondelete="cascade", help="The journal item itself."
    )
    layer_id = fields.Many2one(
        "stock.valuation.layer", "Valuation Layer", readonly=True, ondelete="cascade", help="The layer itself."
    )
    stock_move_id = fields.Many2one(
        "stock.move", "Stock Move", readonly=True, ondelete="cascade", help="The stock move itself."
    )

    def action_open(self):
        """Open the entry, else the layer, else the stock move."""
        self._check_rights("read")
        self.ensure_one()
        record = self.account_move_id or self.layer_id or self.stock_move_id
        return {
            "type": "ir.actions.act_window",
            "name": self.name or "",
            "res_model": record._name,
            "view_mode": "form",
            "res_id": record.id,
        }
