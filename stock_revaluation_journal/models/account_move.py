from odoo import _, api, fields, models
from odoo.exceptions import UserError

from .. import compat, tools

# The table that links items to the lines they were made for.
LINKS = "stock_revaluation_line_account_move_line_rel"


class AccountMove(models.Model):
    _name = "account.move"
    _inherit = ["account.move", "stock.revaluation.owned"]

    _owned_fields = ("revaluation_journal_ids",)

    revaluation_journal_ids = fields.Many2many(
        "stock.revaluation.journal",
        "stock_revaluation_journal_account_move_rel",
        "account_move_id",
        "journal_id",
        "Revaluation Journals",
        readonly=True,
        copy=False,
        groups="stock_revaluation_journal.group_revaluation_user",
        help="The revaluation journals that made this entry.",
    )
    revaluation_names = fields.Char(
        "Revaluation",
        compute="_compute_revaluation_names",
        help="Numbers of the revaluation journals that own this entry: it is undone there, by Reverse.",
    )
    revaluation_count = fields.Integer(
        "Revaluations",
        compute="_compute_revaluation_count",
        compute_sudo=False,
        groups="stock_revaluation_journal.group_revaluation_user",
        help="Revaluation journals that made this entry.",
    )

    @api.depends("revaluation_journal_ids")
    def _compute_revaluation_count(self):
        for move in self:
            move.revaluation_count = len(move.revaluation_journal_ids)

    @api.depends("revaluation_journal_ids.name")
    def _compute_revaluation_names(self):
        for move in self:
            move.revaluation_names = ", ".join(move.sudo().revaluation_journal_ids.mapped("name")) or False

    def _compute_show_reset_to_draft_button(self):
        super()._compute_show_reset_to_draft_button()
        self.filtered("revaluation_names").show_reset_to_draft_button = False

    def _check_no_revaluation(self):
        """Raise UserError if one of the entries belongs to a revaluation: value and ledger would part."""
        owned = self.filtered(lambda move: move.sudo().revaluation_journal_ids)
        if owned:
            self.env["stock.revaluation.guard"]._check_access_to(owned, "write")
            raise UserError(
                _(
                    "%(entries)s belongs to revaluation journal %(journals)s: stock value and ledger would part."
                    " To undo it open that journal and choose Reverse.",
                    entries=", ".join(owned.mapped("display_name")),
                    journals=", ".join(owned.sudo().mapped("revaluation_journal_ids.name")),
                )
            )

    def button_draft(self):
        self._check_no_revaluation()
        return super().button_draft()

    def button_cancel(self):
        self._check_no_revaluation()
        return super().button_cancel()

    def _reverse_moves(self, *args, **kwargs):
        self._check_no_revaluation()
        return super()._reverse_moves(*args, **kwargs)

    def unlink(self):
        self._check_no_revaluation()
        return super().unlink()

    def write(self, vals):
        if vals.keys() & {"state", "date", "journal_id", "line_ids", "company_id"}:
            self.filtered(lambda move: move.sudo().state == "posted")._check_no_revaluation()
        return super().write(vals)

    def action_view_revaluation_journals(self):
        """Open the revaluation journals that made the entry."""
        Journal = self.env["stock.revaluation.journal"]
        Journal._check_rights("read")
        Journal._check_access_to(self, "read")
        journals = self.revaluation_journal_ids
        return {
            "type": "ir.actions.act_window",
            "name": _("Revaluation Journals"),
            "res_model": "stock.revaluation.journal",
            "view_mode": "form" if len(journals) == 1 else "%s,form" % compat.LIST,
            "res_id": journals.id if len(journals) == 1 else False,
            "domain": [("id", "in", journals.ids)],
        }


class AccountMoveLine(models.Model):
    _name = "account.move.line"
    _inherit = ["account.move.line", "stock.revaluation.owned"]

    _owned_fields = ("revaluation_line_ids", "revaluation_role")

    revaluation_line_ids = fields.Many2many(
        "stock.revaluation.journal.line",
        LINKS,
        "account_move_line_id",
        "line_id",
        "Revaluation Lines",
        readonly=True,
        copy=False,
        groups="stock_revaluation_journal.group_revaluation_user",
        help="The lines of revaluation journals that this item was made for.",
    )
    revaluation_role = fields.Char(
        "Revaluation Role",
        readonly=True,
        copy=False,
        groups="stock_revaluation_journal.group_revaluation_user",
        help="What the item was made for: valuation, counterpart, or what an addon adds.",
    )

    @api.model_create_multi
    def create(self, vals_list):
        """Link new items to their lines all at once: the ORM takes a second for ten thousand links."""
        if tools.inner(self.env, "revaluation_posting") is None:
            return super().create(vals_list)
        name, vals_list = "revaluation_line_ids", [dict(vals) for vals in vals_list]
        links = [
            vals.pop(name)[0][2] if [command[0] for command in vals.get(name, ())] == [6] else [] for vals in vals_list
        ]
        items = super().create(vals_list)
        rows = [(item_id, line_id) for item_id, line_ids in zip(items.ids, links) for line_id in line_ids]
        tools.copy_rows(self.env.cr, LINKS, ("account_move_line_id", "line_id"), rows)
        compat.written(items, [name])
        return items

    def write(self, vals):
        fixed = {"debit", "credit", "balance", "amount_currency", "account_id", "product_id", "quantity", "move_id"}
        if vals.keys() & fixed:
            self._get_posted_moves()._check_no_revaluation()
        return super().write(vals)

    def unlink(self):
        self._get_posted_moves()._check_no_revaluation()
        return super().unlink()

    def _get_posted_moves(self):
        return self.sudo().move_id.filtered(lambda move: move.state == "posted").with_env(self.env)
