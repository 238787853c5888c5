from odoo import _, api, fields, models
from odoo.exceptions import UserError

from .. import compat
from .stock_revaluation_guard import MAIL_FIELDS

# Who reads journal entries: the others may use the journal, but not this link.
ACCOUNTING_GROUPS = "account.group_account_invoice,account.group_account_readonly"
# A total that the product's cost cannot carry is worth a warning above this, in units of the currency.
ROUNDING_WARNING = 1.0
# How many left-out products are named per reason.
NAMED_AT_MOST = 50


class StockRevaluationJournal(models.Model):
    """A document in which stock is appreciated or depreciated: calculate, enter, post."""

    _name = "stock.revaluation.journal"
    _description = "Revaluation Journal"
    _inherit = ["stock.revaluation.guard", "mail.thread", "mail.activity.mixin"]
    _order = "date desc, id desc"
    _check_company_auto = True

    # What the document says; with the company as long as it has no lines
    _header = (
        "company_id",
        "user_id",
        "description",
        "date",
        "reason_id",
        "account_journal_id",
        "counterpart_account_id",
        "entry_grouping",
        "line_ids",
    )
    # While it is being posted the lines alone are open, and those of them alone that a problem has left over
    _writable = {"new": _header, "draft": _header, "posting": ("line_ids",), "posted": ()}
    _guard_state_field = "state"

    # Identity
    name = fields.Char(
        "Number",
        readonly=True,
        copy=False,
        default=lambda self: _("New"),
        index=True,
        help="Given when created.",
    )
    state = fields.Selection(
        [("draft", "Draft"), ("posting", "Posting"), ("posted", "Posted")],
        "Status",
        default="draft",
        required=True,
        readonly=True,
        copy=False,
        tracking=True,
        index=True,
        help="Draft: figures can be entered. Posting: lines are being posted in the background. Posted: final.",
    )
    company_id = fields.Many2one(
        "res.company",
        "Company",
        required=True,
        default=lambda self: self.env.company,
        index=True,
        help="Whose stock is revalued.",
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    user_id = fields.Many2one(
        "res.users", "Responsible", default=lambda self: self.env.user, tracking=True, help="Who prepares the journal."
    )
    description = fields.Char("Description", help="Stands on the valuation layers and the journal items.")

    # Accounting
    date = fields.Date(
        "Accounting Date",
        required=True,
        default=fields.Date.context_today,
        copy=False,
        tracking=True,
        help="Figures are those of the end of this day, and the entries and the change of value have its date. What was"
        " issued since takes its share of the change along.",
    )
    reason_id = fields.Many2one(
        "stock.revaluation.reason",
        "Reason",
        tracking=True,
        ondelete="restrict",
        help="Why the stock is revalued; it names the accounts for increases and decreases.",
    )
    account_journal_id = fields.Many2one(
        "account.journal",
        "Accounting Journal",
        domain="[('type', '=', 'general'), ('company_id', '=', company_id)]",
        check_company=True,
        help="Where the entries are posted. Empty: the reason's, else the stock journal of the product category.",
    )
    counterpart_account_id = fields.Many2one(
        "account.account",
        "Counterpart Account",
        check_company=True,
        help="Account of the other side of every line. Empty: the reason's account for increases or decreases, else"
        " the expense account of the product category. A line's own account comes first.",
    )
    entry_grouping = fields.Selection(
        [("product", "Per line"), ("account", "Per account")],
        "Journal Items",
        default="product",
        required=True,
        help="Per line: two journal items for each line. Per account: two for each pair of accounts and direction."
        " Per product: one for each product on the stock account, and one for each counterpart account and direction.",
    )

    # Lines and totals
    line_ids = fields.One2many(
        "stock.revaluation.journal.line",
        "journal_id",
        "Lines",
        copy=False,
        help="One line for each position that is revalued: a product, a receipt or a lot.",
    )
    line_count = fields.Integer(
        "Line Count", compute="_compute_totals", store=True, help="How many lines the journal has."
    )
    value_calculated = fields.Monetary(
        "Value Calculated",
        compute="_compute_totals",
        store=True,
        help="What the books say that the stock on the lines is worth.",
    )
    value_revalued = fields.Monetary(
        "Value Revalued",
        compute="_compute_totals",
        store=True,
        help="What the stock on the lines is worth once the journal is posted.",
    )
    amount = fields.Monetary(
        "Change", compute="_compute_totals", store=True, help="Value revalued less value calculated."
    )
    amount_increase = fields.Monetary(
        "Increases", compute="_compute_totals", store=True, help="Sum of the lines whose inventory value goes up."
    )
    amount_decrease = fields.Monetary(
        "Decreases", compute="_compute_totals", store=True, help="Sum of the lines whose inventory value goes down."
    )

    # What posting made
    valuation_layer_ids = fields.One2many(
        "stock.valuation.layer", "revaluation_journal_id", "Valuation Layers", readonly=True, copy=False
    )
    valuation_layer_count = fields.Integer(
        compute="_compute_posted_counts", help="Valuation layers that posting this journal made."
    )
    account_move_ids = fields.Many2many(
        "account.move",
        "stock_revaluation_journal_account_move_rel",
        "journal_id",
        "account_move_id",
        "Journal Entries",
        readonly=True,
        copy=False,
        groups=ACCOUNTING_GROUPS,
    )
    account_move_count = fields.Integer(
        compute="_compute_posted_counts", help="Journal entries that posting this journal made."
    )
    reversed_journal_id = fields.Many2one(
        "stock.revaluation.journal",
        "Reversal Of",
        readonly=True,
        copy=False,
        index=True,
        ondelete="restrict",
        help="The posted journal whose changes this one takes back.",
    )
    reversal_journal_ids = fields.One2many(
        "stock.revaluation.journal", "reversed_journal_id", "Reversals", readonly=True, copy=False
    )
    reversal_count = fields.Integer(
        compute="_compute_posted_counts", help="Journals that take back changes of this one."
    )
    posted_by = fields.Many2one("res.users", "Posted By", readonly=True, copy=False, help="Who chose Post.")
    posted_at = fields.Datetime(
        "Posted On", readonly=True, copy=False, help="When it was posted; the entries carry the accounting date."
    )
    problem = fields.Text(
        "Problem", readonly=True, copy=False, help="Why background posting stopped. What is posted stays posted."
    )
    progress = fields.Float("Progress", compute="_compute_progress", help="Per cent of the lines that are posted.")

    # ------------------------------------------------------------------ computes

    @api.depends("line_ids.amount", "line_ids.value_calculated", "line_ids.value_revalued")
    def _compute_totals(self):
        for journal in self:
            amounts = journal.line_ids.mapped("amount")
            journal.line_count = len(journal.line_ids)
            journal.value_calculated = sum(journal.line_ids.mapped("value_calculated"))
            journal.value_revalued = sum(journal.line_ids.mapped("value_revalued"))
            journal.amount = sum(amounts)
            journal.amount_increase = sum(amount for amount in amounts if amount > 0)
            journal.amount_decrease = sum(amount for amount in amounts if amount < 0)

    @api.depends("valuation_layer_ids", "account_move_ids", "reversal_journal_ids")
    def _compute_posted_counts(self):
        for journal in self:
            journal.valuation_layer_count = len(journal.valuation_layer_ids)
            journal.account_move_count = len(journal.sudo().account_move_ids)
            journal.reversal_count = len(journal.reversal_journal_ids)

    @api.depends("state")
    def _compute_progress(self):
        compat.flush(self.env)
        self.env.cr.execute(
            "SELECT journal_id, 100.0 * COUNT(*) FILTER (WHERE state <> 'draft') / COUNT(*)"
            " FROM stock_revaluation_journal_line WHERE journal_id = ANY(%s) GROUP BY journal_id",
            [self.ids],
        )
        done = dict(self.env.cr.fetchall())
        for journal in self:
            journal.progress = float(done.get(journal.id, 0.0))

    # ------------------------------------------------------------------ create, write, unlink

    def _create_protected(self, vals_list):
        """Create journals with their numbers, protected fields included."""
        journals = super()._create_protected(vals_list)
        for journal in journals:
            journal._write_protected({"name": journal._next_number()})
        return journals

    def _next_number(self):
        """Return the next number of the company's own sequence, made on first use."""
        self.ensure_one()
        code = self._name
        Sequence = self.env["ir.sequence"].sudo().with_company(self.company_id)
        if not Sequence.search([("code", "=", code), ("company_id", "=", self.company_id.id)], limit=1):
            Sequence.create(
                {
                    "name": _("Revaluation Journal"),
                    "code": code,
                    "prefix": "REVAL/%(range_year)s/",
                    "padding": 5,
                    "use_date_range": True,
                    "company_id": self.company_id.id,
                }
            )
        return Sequence.next_by_code(code, sequence_date=self.date)

    def write(self, vals):
        self._check_rights("write")
        if not all(name.startswith(MAIL_FIELDS) for name in vals):
            # Lines that a problem has left over can be mended, in the form too
            stuck = self.filtered("problem") if vals.keys() == {"line_ids"} else self.browse()
            (self - stuck)._check_draft()
        if "company_id" in vals and any(journal.line_ids for journal in self):
            raise UserError(_("Delete the lines before you change the company: they hold its figures."))
        return super().write(vals)

    def unlink(self):
        self._check_rights("unlink")
        self._check_draft()
        for journal in self:
            # else Odoo computes lines that PostgreSQL has deleted with their journal, and cannot write them
            journal._delete_lines()
        return super().unlink()

    def _check_draft(self):
        """Raise UserError if one of the journals is no longer a draft."""
        fixed = self.filtered(lambda journal: journal.state != "draft")
        if fixed:
            raise UserError(
                _(
                    "%(journals)s: a journal that is posted or being posted cannot be changed or deleted."
                    " To undo a posted one choose Reverse.",
                    journals=", ".join(fixed.mapped("name")),
                )
            )

    # ------------------------------------------------------------------ actions

    def action_view_valuation_layers(self):
        """Open the valuation layers that posting made."""
        self._check_rights("read")
        self.ensure_one()
        return self._window_layers(self.valuation_layer_ids)

    def action_view_account_moves(self):
        """Open the journal entries that posting made."""
        self._check_rights("read")
        self.ensure_one()
        return self._window_entries(self.sudo().account_move_ids.line_ids)

    def action_view_reversals(self):
        """Open the journals that take this one back."""
        self._check_rights("read")
        self.ensure_one()
        return self._window(_("Reversals"), self._name, self.reversal_journal_ids)

    def action_print(self):
        """Print the journal as PDF."""
        self._check_rights("read")
        return self.env.ref("stock_revaluation_journal.action_report_revaluation_journal").report_action(self)

    def _window_layers(self, layers):
        """Return the action that shows valuation layers, in a list that has description and entry (14.0's has not)."""
        action = self._window(_("Valuation Layers"), "stock.valuation.layer", layers)
        if len(layers) > 1:
            view = self.env.ref("stock_revaluation_journal.view_valuation_layer_list")
            action["views"] = [(view.id, compat.LIST), (False, "form")]
        return action

    def _window_entries(self, items):
        """Return the action that shows the entries of journal items, or the items to who finds none on an entry.

        Odoo shows the items of an entry to those alone who have its full accounting features.
        """
        if self.env.user.has_group("account.group_account_readonly"):
            return self._window(_("Journal Entries"), "account.move", items.move_id)
        return dict(self._window(_("Journal Items"), "account.move.line", items), view_mode=compat.LIST)

    def _window(self, name, model, records):
        """Return the action that shows `records`: the form of a single one, else the list."""
        action = {
            "type": "ir.actions.act_window",
            "name": name,
            "res_model": model,
            "view_mode": "%s,form" % compat.LIST,
            "domain": [("id", "in", records.ids)],
            "context": {"create": False},
        }
        if len(records) == 1:
            action.update(view_mode="form", res_id=records.id)
        return action

    # ------------------------------------------------------------------ tools

    def _seam(self):
        """Return the valuation seam in the journal's company, that company alone allowed."""
        self.ensure_one()
        return (
            self.env["stock.revaluation.valuation"]
            .with_context(allowed_company_ids=self.company_id.ids)
            .with_company(self.company_id)
        )
