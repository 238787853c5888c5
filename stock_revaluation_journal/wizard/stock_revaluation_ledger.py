"""Inventory to Ledger: what Odoo says the stock is worth, what the accounts say, and why they differ."""

from odoo import _, api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools.misc import format_date

from .. import compat, tools

# What stands between value and balance: the kinds that the valuation seam tells apart.
KINDS = [
    ("manual", "Entry Not from Inventory"),
    ("invoice", "Bill or Invoice on the Account"),
    ("missing", "Value without Entry"),
    ("period", "Entry in Another Period"),
    ("draft", "Draft Entry"),
    ("cancelled", "Cancelled Entry"),
    ("reversed", "Reversed Entry"),
    ("account", "Booked on Another Account"),
    ("switched", "Valued while Periodic"),
    ("periodic", "Periodic: No Entries"),
    ("product", "Booked on Another Product"),
    ("grouped", "Booked without Product"),
    ("company", "Entry of Another Company"),
    ("amount", "Entry of Another Amount"),
    ("not_invoiced", "Delivered, Not Invoiced"),
    ("not_billed", "Received, Not Billed"),
    ("cost", "Change of Cost without Entry"),
    ("closing", "Stock Closing"),
    ("rounding", "Rounding"),
    ("unexplained", "Unexplained"),
]
# What a user may write; everything else is worked out.
USER_FIELDS = ("date", "company_id")
# Items of one cause that are shown.
ITEMS_SHOWN = 10000
# Causes on paper, the largest first; the workbook has all.
CAUSES_PRINTED = 500


class StockRevaluationLedgerGuard(models.AbstractModel):
    """Inventory to Ledger is for who sees accounting and stock: an accountant with access to revaluations."""

    _name = "stock.revaluation.ledger.guard"
    _inherit = "stock.revaluation.guard"
    _description = "Guard of Inventory to Ledger"

    def _check_rights(self, operation):
        has = self.env.user.has_group
        accounting = has("account.group_account_manager") or has("account.group_account_readonly")
        if not self.env.su and not (accounting and has("stock_revaluation_journal.group_revaluation_user")):
            raise AccessError(
                _("Inventory to Ledger is for accountants with access to revaluations: ask your administrator.")
            )
        super()._check_rights(operation)


class StockRevaluationLedger(models.TransientModel):
    """One run of the report: a snapshot of its maker's, swept away a day later."""

    _name = "stock.revaluation.ledger"
    _inherit = "stock.revaluation.ledger.guard"
    _description = "Inventory to Ledger"
    _transient_max_hours = 24.0
    _writable = {"new": USER_FIELDS, "saved": USER_FIELDS}

    name = fields.Char("Name", compute="_compute_name", help="The report and its day.")
    date = fields.Date(
        "At Date",
        required=True,
        default=fields.Date.context_today,
        help="Stock value and ledger balance are those of the end of this day.",
    )
    company_id = fields.Many2one(
        "res.company",
        "Company",
        required=True,
        default=lambda self: self.env.company,
        help="The company whose stock and accounts are compared.",
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    computed_at = fields.Datetime("Computed At", readonly=True, help="When the figures were read.")
    line_ids = fields.One2many("stock.revaluation.ledger.line", "ledger_id", "Lines", readonly=True)
    line_count = fields.Integer("Products", readonly=True, help="Accounts and products with a value or a balance.")
    different_count = fields.Integer("Differences", readonly=True, help="Those of them that differ.")
    value = fields.Monetary("Inventory Value", readonly=True, help="What Odoo's inventory says the stock is worth.")
    balance = fields.Monetary("Ledger Balance", readonly=True, help="What the stock valuation accounts say.")
    difference = fields.Monetary("Difference", readonly=True, help="Ledger balance less inventory value.")
    summary = fields.Html(
        "From Inventory to Ledger",
        compute="_compute_summary",
        sanitize=False,
        help="For each account: the inventory value, every cause of a difference, the balance.",
    )
    account_list = fields.Char("Accounts Read", readonly=True, help="Ids of the valuation accounts, former ones too.")
    file_data = fields.Binary("Workbook", readonly=True, attachment=False, help="The report as a workbook.")

    @api.depends("date")
    def _compute_name(self):
        for ledger in self:
            ledger.name = _("Inventory to Ledger, %s", format_date(self.env, ledger.date))

    @api.depends("computed_at")
    def _compute_summary(self):
        for ledger in self:
            ledger.summary = (
                compat.render_template(
                    self.env,
                    "stock_revaluation_journal.ledger_bridges",
                    {"bridges": ledger._get_bridges(), "money": ledger._money},
                )
                if ledger.computed_at
                else False
            )

    # ------------------------------------------------------------------ rights, guards

    def _check_own_company(self):
        """Raise AccessError unless the report is of a company that its user works in."""
        if not self.env.su and self.company_id - self.env.companies:
            raise AccessError(_("Inventory to Ledger is of the companies that you work in: choose one of them."))

    def _create_allowed(self, vals_list):
        ledgers = super()._create_allowed(vals_list)
        ledgers._check_own_company()
        return ledgers

    def write(self, vals):
        result = super().write(vals)
        self._check_own_company()
        self._clear()
        return result

    def copy_data(self, default=None):
        """A copy is a new report for the same day."""
        self._check_rights("read")
        return [dict({"date": ledger.date, "company_id": ledger.company_id.id}, **(default or {})) for ledger in self]

    def _clear(self):
        """Take away the lines, and what they come to: date or company are others now."""
        self.env["stock.revaluation.valuation"]._ledger_clear(self)
        nothing = dict.fromkeys(("line_count", "different_count", "value", "balance", "difference"), 0)
        self._write_protected(dict(nothing, computed_at=False, account_list=False, file_data=False))

    # ------------------------------------------------------------------ actions

    def action_compute(self):
        """Read both sides, explain the differences, show them."""
        self._check_rights("write")
        self.ensure_one()
        self._check_own_company()
        self._clear()
        self._seam()._ledger_fill(self)
        self._write_protected({"computed_at": fields.Datetime.now()})
        return self.action_view_lines()

    def action_view_lines(self):
        """Open the accounts and products, those that differ first of all."""
        self._check_rights("read")
        context = {"search_default_different": 1} if self.different_count else {}
        return self._window("stock.revaluation.ledger.line", _("Inventory to Ledger"), context)

    def action_view_causes(self):
        """Open all causes of differences."""
        self._check_rights("read")
        return self._window("stock.revaluation.ledger.cause", _("Causes"), {"search_default_group_kind": 1})

    def action_print(self):
        """Print the report."""
        self._check_rights("read")
        self._check_filled()
        return self.env.ref("stock_revaluation_journal.action_report_revaluation_ledger").report_action(self)

    def action_export(self):
        """Download the report as a workbook: accounts and products, causes."""
        self._check_rights("read")
        self._check_filled()
        self._write_protected({"file_data": self._make_workbook()})
        name = _("Inventory to Ledger %(company)s %(date)s.xlsx", company=self.company_id.name, date=self.date)
        url = "/web/content/%s/%s/file_data/%s?download=true" % (self._name, self.id, name.replace("/", "-"))
        return {"type": "ir.actions.act_url", "url": url, "target": "self"}

    def _check_filled(self):
        self.ensure_one()
        self._check_own_company()
        if not self.computed_at:
            raise UserError(_("There are no figures yet: choose Compare."))

    def _window(self, model, name, context):
        self._check_filled()
        modes = "%s,pivot,graph,form" % compat.LIST if model.endswith("line") else "%s,pivot,graph" % compat.LIST
        return {
            "type": "ir.actions.act_window",
            "name": name,
            "res_model": model,
            "view_mode": modes,
            "domain": [("ledger_id", "=", self.id)],
            "context": context,
            "help": "<p class='o_view_nocontent_smiling_face'>%s</p>" % _("Inventory and ledger agree."),
        }

    def _seam(self):
        """The valuation seam in the report's company alone."""
        return self.env["stock.revaluation.valuation"].with_context(allowed_company_ids=self.company_id.ids)

    # ------------------------------------------------------------------ the bridge of each account

    def _get_bridges(self):
        """Return how each account gets from its stock value to its balance.

        Shape: [{"account", "value", "balance", "causes": [(label, how many lines, amount)]}].
        """
        sums = self._sum_by_account("line", "SUM(value), SUM(balance)")
        causes = {}
        for account_id, kind, count, amount in self._sum_by_account("cause", "kind, COUNT(*), SUM(amount)"):
            causes.setdefault(account_id, {})[kind] = (count, float(amount))
        labels = self.env["stock.revaluation.ledger.cause"]._labels()
        names = self.env["account.account"].sudo().browse(row[0] for row in sums if row[0])
        names = {account.id: account.display_name for account in names}
        no_account = _("Products without a valuation account")  # up to Python 3.11 `_` finds no language in the loop
        bridges = [
            {
                "account": names.get(account_id) or no_account,
                "value": float(value),
                "balance": float(balance),
                "causes": [
                    (labels[kind], *causes[account_id][kind])
                    for kind, _label in KINDS
                    if kind in causes.get(account_id, {})
                ],
            }
            for account_id, value, balance in sums
        ]
        return sorted(bridges, key=lambda bridge: bridge["account"])

    def _get_printed_causes(self):
        """Return the largest causes of differences as texts, for the print."""
        causes = self.env["stock.revaluation.ledger.cause"].search([("ledger_id", "=", self.id)])
        labels = causes._labels()
        return [
            {
                "account": cause.account_id.display_name,
                "product": cause.product_id.display_name or "",
                "cause": labels[cause.kind],
                "amount": self._money(cause.amount),
            }
            for cause in causes.sorted(lambda cause: -abs(cause.amount))[:CAUSES_PRINTED]
        ]

    def _count_unprinted_causes(self):
        count = self.env["stock.revaluation.ledger.cause"].search_count([("ledger_id", "=", self.id)])
        return max(0, count - CAUSES_PRINTED)

    def _sum_by_account(self, table, columns):
        """Return [(account id or None, *columns)] of the report's lines or causes."""
        self.env.cr.execute(
            "SELECT account_id, %s FROM stock_revaluation_ledger_%s WHERE ledger_id = %%s GROUP BY account_id%s"
            % (columns, table, ", kind" if "kind" in columns else ""),
            [self.id],
        )
        return self.env.cr.fetchall()

    def _money(self, amount):
        return tools.format_amount(self.env, amount, self.currency_id)
