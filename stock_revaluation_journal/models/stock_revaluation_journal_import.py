from odoo import _, api, fields, models
from odoo.exceptions import UserError

from .. import compat
from .stock_revaluation_import import ENTERED


class StockRevaluationJournal(models.Model):
    _name = "stock.revaluation.journal"
    _inherit = ["stock.revaluation.journal", "stock.revaluation.import"]

    _import_prefix = "line_ids/"

    @api.model
    def get_import_templates(self):
        """Return the file that the import dialog offers for whole journals."""
        self._check_rights("read")
        return [
            {
                "label": _("Import Template for Revaluation Journals"),
                "template": "/stock_revaluation_journal/static/xls/revaluation_journals.xlsx",
            }
        ]

    def action_view_lines(self):
        """Open the lines in a list of their own: to search, to edit many, to export and to import."""
        self._check_rights("read")
        self.ensure_one()
        view = self.env.ref("stock_revaluation_journal.view_revaluation_journal_line_edit_list")
        action = self.env["stock.revaluation.journal.line"]._window([("journal_id", "=", self.id)])
        if self.state == "draft":
            action.update(
                views=[(view.id, compat.LIST)], view_mode=compat.LIST, context={"default_journal_id": self.id}
            )
        return dict(action, name=_("Lines of %s", self.name))


class StockRevaluationJournalLine(models.Model):
    _name = "stock.revaluation.journal.line"
    _inherit = ["stock.revaluation.journal.line", "stock.revaluation.import"]

    lot_name = fields.Char(
        "Lot/Serial Number Name",
        compute="_compute_position_names",
        readonly=False,
        help="For files: the lot's name, for products valued by lot. Empty: the whole product.",
    )
    receipt = fields.Char(
        "Receipt Number",
        compute="_compute_position_names",
        readonly=False,
        help="For files: the number of the receipt whose stock is revalued, under FIFO. Empty: the whole product.",
    )

    @api.depends("lot_id", "stock_move_id")
    def _compute_position_names(self):
        for line in self:
            line.lot_name = line.lot_id.name
            line.receipt = line.stock_move_id.sudo().reference

    @api.model
    def get_import_templates(self):
        """Return the file that the import dialog offers for lines."""
        self._check_rights("read")
        return [
            {
                "label": _("Import Template for Revaluation Lines"),
                "template": "/stock_revaluation_journal/static/xls/revaluation_lines.xlsx",
            }
        ]

    def _get_import_company(self):
        journal_id = self.env.context.get("default_journal_id")
        return self.env["stock.revaluation.journal"].browse(journal_id or []).company_id or self.env.company

    def _get_import_dates(self, fields, data):
        """Return the date of the journal that a file of lines is imported into."""
        journal = self.env["stock.revaluation.journal"].browse(self.env.context.get("default_journal_id") or [])
        return {str(journal.date)} if journal else super()._get_import_dates([], [])

    def _get_import_keys(self):
        journal_id = self.env.context.get("default_journal_id")
        return self.env["stock.revaluation.journal"].browse(journal_id or [])._existing_keys()

    def _get_import_name(self):
        return self._get_title()

    # ------------------------------------------------------------------ names of lots and receipts

    def _resolve_position_names(self, vals_list):
        """Replace names of lots and numbers of receipts in the values of new lines by what they name."""
        for vals in vals_list:
            lot_name, receipt = vals.pop("lot_name", None), vals.pop("receipt", None)
            if lot_name:
                vals["lot_id"] = self._find_lot(vals.get("product_id"), lot_name).id
            if receipt:
                vals["stock_move_id"] = self._find_receipt(vals.get("product_id"), receipt).id
            if compat.HAS_LAYERS and vals.get("stock_move_id") and not vals.get("valuation_layer_id"):
                move = self.env["stock.move"].sudo().browse(vals["stock_move_id"])
                layers = move.stock_valuation_layer_ids.filtered(lambda layer: layer.remaining_qty > 0)
                if not layers and not vals.get("whole_receipt"):
                    journal = self.env["stock.revaluation.journal"].browse(vals.get("journal_id") or [])
                    raise UserError(self._get_no_stock_text(journal, vals.get("product_id")))
                vals["valuation_layer_id"] = layers[:1].id

    def _find_lot(self, product_id, name):
        lots = self.env[compat.LOT_MODEL].search([("product_id", "=", product_id), ("name", "=", name)])
        if len(lots) != 1:
            raise UserError(self._get_no_lot_text({"product_id": product_id}, name))
        return lots

    def _get_no_lot_text(self, figures, name):
        return _("%(product)s has no lot or serial number %(name)s.", product=self._product_name(figures), name=name)

    def _find_receipt(self, product_id, number):
        """Return the done move of a product that a receipt of this number brought in."""
        moves = (
            self.env["stock.move"]
            .sudo()
            .search([("product_id", "=", product_id), ("state", "=", "done"), ("reference", "=", number)])
        )
        if len(moves) != 1:
            raise UserError(self._get_no_receipt_text({"product_id": product_id}, number, len(moves)))
        return moves

    def _get_no_receipt_text(self, figures, number, count):
        return _(
            "%(product)s: %(count)d receipts have the number %(number)s; there must be one.",
            product=self._product_name(figures),
            count=count,
            number=number,
        )

    def _entries(self, vals):
        """Take the entered numbers out of `vals` and return them as {field: number}.

        In a file an empty cell enters nothing, and neither does a column that says what the line says
        already, where the other one was edited.
        """
        entry = super()._entries(vals)
        if self._import_run() is None:
            return entry
        entry = {name: number for name, number in entry.items() if number is not None and number is not False}
        return {name: number for name, number in entry.items() if not self or not self._says(name, number)}

    def _says(self, name, value):
        """Compare figures as an export writes them; an empty cell enters nothing."""
        if name not in ENTERED:
            return super()._says(name, value)
        return value is None or value is False or not self._differs_from_shown(name, value)

    def _differs_from_shown(self, name, number):
        """Tell whether `number` is another one than the line shows, and so a file would give back."""
        step = self.currency_id.rounding if name == "value_revalued" else 10 ** -self._digits("Revaluation Unit Cost")
        return abs(number - self[name]) > step / 2.0
