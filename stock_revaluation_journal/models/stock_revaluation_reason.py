from itertools import count

from odoo import _, api, fields, models
from odoo.exceptions import UserError, ValidationError

# Kinds of which the amounts are tracked: what was written down, and what of it came back.
WRITE_DOWN_KINDS = ("write_down", "write_down_reversal")
# What posted lines rest on: their amounts would mean something else.
FIXED_WHEN_POSTED = {"kind", "posting"}


class StockRevaluationReason(models.Model):
    """Why stock is revalued, and where the difference is booked."""

    _name = "stock.revaluation.reason"
    _inherit = "stock.revaluation.guard"
    _description = "Revaluation Reason"
    _order = "code, name"

    _settings = (
        "name",
        "code",
        "active",
        "kind",
        "posting",
        "allowance_account_id",
        "increase_account_id",
        "decrease_account_id",
        "account_journal_id",
    )
    _writable = {"new": _settings, "saved": _settings}

    name = fields.Char("Reason", required=True, translate=True, help="What the auditor reads on layers and entries.")
    code = fields.Char("Code", required=True, help="Short code, by which automations name the reason.")
    active = fields.Boolean("Active", default=True, help="Archived reasons stay on old journals and can't be chosen.")
    kind = fields.Selection(
        [
            ("correction", "Correction"),
            ("write_down", "Write-down"),
            ("write_down_reversal", "Reversal of a write-down"),
            ("standard_cost", "New standard cost"),
        ],
        "Kind",
        default="correction",
        required=True,
        help="Correction: up or down. Write-down to net realisable value: down, and tracked until the goods are gone."
        " Reversal of a write-down: up, by what is left of it at the most. New standard cost: products under standard"
        " cost, up or down.",
    )
    posting = fields.Selection(
        [("cost", "Stock value and cost"), ("allowance", "Allowance account")],
        "Posted To",
        default="cost",
        required=True,
        help="Stock value and cost: inventory value and the product's cost change. Allowance account: stock keeps its"
        " cost, and the account holds what its value exceeds net realisable value by.",
    )
    allowance_account_id = fields.Many2one(
        "account.account",
        "Allowance Account",
        company_dependent=True,
        help="Holds the allowance, deducted from inventory in the balance sheet: credited for write-downs, debited for"
        " what is no longer required.",
    )
    increase_account_id = fields.Many2one(
        "account.account",
        "Increase Account",
        company_dependent=True,
        help="Credited when the inventory value goes up. Empty: the category's expense account.",
    )
    decrease_account_id = fields.Many2one(
        "account.account",
        "Decrease Account",
        company_dependent=True,
        help="Debited when the inventory value goes down. Empty: the category's expense account.",
    )
    account_journal_id = fields.Many2one(
        "account.journal",
        "Accounting Journal",
        company_dependent=True,
        domain="[('type', '=', 'general')]",
        help="Where entries of this reason are posted. Empty: the category's stock journal.",
    )

    def init(self):
        """One reason a code; PostgreSQL holds it for every way in. Of older ones with the same code one keeps it."""
        self.env.cr.execute(
            "UPDATE stock_revaluation_reason r SET code = r.code || '-' || r.id FROM ("
            " SELECT id, row_number() OVER (PARTITION BY code ORDER BY active DESC, id) AS place"
            " FROM stock_revaluation_reason) same WHERE same.id = r.id AND same.place > 1"
        )
        self.env.cr.execute(
            "CREATE UNIQUE INDEX IF NOT EXISTS stock_revaluation_reason_code_uniq ON stock_revaluation_reason (code)"
        )

    @api.model
    def _find(self, reason):
        """Return the reason given as a record, an id or a code; empty if it is falsy or unknown."""
        if isinstance(reason, models.BaseModel):
            return reason
        if isinstance(reason, int) and reason:
            return self.browse(reason if 0 < reason < 2**31 else 0).exists()
        return self.search([("code", "=", reason)], limit=1) if reason else self

    @api.constrains("kind", "posting")
    def _check_posting(self):
        for reason in self:
            if reason.posting == "allowance" and reason.kind not in WRITE_DOWN_KINDS:
                raise ValidationError(
                    _("%s: an allowance is for write-downs. Choose the kind Write-down, or post to cost.", reason.name)
                )

    def _create_allowed(self, vals_list):
        codes = [self._clean_code(vals.get("code")) for vals in vals_list]
        self._check_codes(codes)
        return super()._create_allowed([dict(vals, code=code) for vals, code in zip(vals_list, codes)])

    def write(self, vals):
        self._check_rights("write")
        self._check_change(vals)
        if "code" in vals:
            vals = dict(vals, code=self._clean_code(vals["code"]))
            self._check_codes([vals["code"]] * len(self))
        return super().write(vals)

    def copy(self, default=None):
        self._check_rights("create")
        return super().copy(dict({"code": self._free_code(self.code)}, **(default or {})))

    def _free_code(self, code):
        """Return a code like `code` that no reason has."""
        taken = set(self.sudo().with_context(active_test=False).search([("code", "!=", False)]).mapped("code"))
        return next(free for free in ("%s-%d" % (code, number) for number in count(2)) if free not in taken)

    def _clean_code(self, code):
        return str(code or "").strip()

    def _check_codes(self, codes):
        """Raise ValidationError if one of the `codes`, for these reasons or new ones, is empty or not unique.

        Reasons are shared by all companies, and archived ones can come back: a code names one of all that there are.
        """
        others = self.sudo().with_context(active_test=False).search([("code", "in", codes), ("id", "not in", self.ids)])
        for code in codes:
            if not code:
                raise ValidationError(_("A reason needs a code, by which files and programs name it."))
            if codes.count(code) > 1 or code in others.mapped("code"):
                raise ValidationError(
                    _(
                        "There is a reason with the code %s already, archived perhaps. Choose another code, so that"
                        " files and programs name one reason by it.",
                        code,
                    )
                )

    def _check_change(self, vals):
        """Raise UserError if `vals` would give a posted journal another meaning, or part an allowance from its account.

        The account may change in companies that have nothing booked on it.
        """
        for reason in self.sudo():
            journals = self.env["stock.revaluation.journal"].sudo().search([("reason_id", "=", reason.id)])
            posted = journals.filtered(lambda journal: journal.state != "draft")
            if posted and any(name in vals and vals[name] != reason[name] for name in FIXED_WHEN_POSTED):
                raise UserError(
                    _(
                        "%(reason)s was posted with, %(journal)s for one: its kind and where it is posted to stay."
                        " Archive it and create another reason.",
                        reason=reason.name,
                        journal=posted[0].name,
                    )
                )
