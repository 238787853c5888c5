from odoo import _, api, fields, models
from odoo.exceptions import UserError

from .. import compat
from ..engine import rounding
from ..valuation.shapes import Key
from .stock_revaluation_journal import ACCOUNTING_GROUPS

COST_DIGITS = "Revaluation Unit Cost"


# What the accountant enters, per field, and the `entered` it makes.
ENTRY_FIELDS = {"unit_cost_revalued": "unit_cost", "value_revalued": "value"}


# Names in files of what a line's position is narrowed to.
POSITION_NAMES = {"lot_name", "receipt"}


class StockRevaluationJournalLine(models.Model):
    """One revalued position: a product, one of its lots or one of its layers.

    The total is authoritative and the unit cost derived from it, whichever of the two was entered
    (standard cost up to 18.0: the other way round, see `_entry_values`).
    """

    _name = "stock.revaluation.journal.line"
    _inherit = "stock.revaluation.guard"
    _description = "Revaluation Journal Line"
    _order = "journal_id, sequence, id"
    _rec_name = "product_id"
    _check_company_auto = True

    # What is entered; a line keeps its position
    _entry = (
        "sequence",
        "whole_receipt",
        "unit_cost_revalued",
        "value_revalued",
        "entered",
        "counterpart_account_id",
        "note",
    )
    _writable = {
        "new": _entry + ("journal_id", "product_id", "lot_id", "valuation_layer_id", "stock_move_id"),
        "draft": _entry,
        "posted": (),
        "unchanged": (),
    }
    _guard_state_field = "state"

    journal_id = fields.Many2one(
        "stock.revaluation.journal",
        "Journal",
        required=True,
        ondelete="cascade",
        index=True,
        help="The document the line stands in; it cannot be changed afterwards.",
    )
    sequence = fields.Integer("Sequence", default=10, help="The order of the lines.")
    state = fields.Selection(
        [("draft", "Draft"), ("posted", "Posted"), ("unchanged", "Unchanged")],
        "Status",
        default="draft",
        required=True,
        readonly=True,
        copy=False,
        help="Unchanged: the journal was posted and this line had no change in value, so it posted nothing.",
    )
    company_id = fields.Many2one(related="journal_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    date = fields.Date(related="journal_id.date", store=True, index=True, string="Accounting Date")
    reason_id = fields.Many2one(related="journal_id.reason_id", store=True, string="Reason")

    # The position
    product_id = fields.Many2one(
        "product.product",
        "Product",
        required=True,
        index=True,
        check_company=True,
        ondelete="restrict",
        help="The product whose stock is revalued.",
    )
    lot_id = fields.Many2one(
        compat.LOT_MODEL,
        "Lot/Serial Number",
        check_company=True,
        ondelete="restrict",
        domain="[('product_id', '=', product_id)]",
        help="The lot whose stock is revalued; empty for the whole product.",
    )
    valuation_layer_id = fields.Many2one(
        "stock.valuation.layer",
        "Applies-to Layer",
        ondelete="restrict",
        check_company=True,
        domain="[('product_id', '=', product_id), ('remaining_qty', '>', 0)]",
        help="The valuation layer whose remaining stock is revalued; empty for the whole product.",
    )
    stock_move_id = fields.Many2one(
        "stock.move",
        "Receipt",
        ondelete="restrict",
        compute="_compute_stock_move_id",
        store=True,
        readonly=False,
        check_company=True,
        domain="[('product_id', '=', product_id), ('state', '=', 'done')]",
        help="The receipt whose remaining stock is revalued; empty for the whole product.",
    )
    categ_id = fields.Many2one(
        related="product_id.categ_id",
        store=True,
        string="Product Category",
        help="The product's category: its accounts and costing method count.",
    )
    uom_id = fields.Many2one(related="product_id.uom_id", string="Unit")
    cost_method = fields.Selection(
        [("standard", "Standard Price"), ("fifo", "First In First Out (FIFO)"), ("average", "Average Cost (AVCO)")],
        "Costing Method",
        readonly=True,
        copy=False,
        help="As it was when the figures were read.",
    )
    automated = fields.Boolean(
        "Automated Valuation", readonly=True, copy=False, help="Stock moves of the product are posted as they happen."
    )

    # Figures of the books, company currency per stock unit
    quantity = fields.Float(
        "Quantity",
        readonly=True,
        copy=False,
        digits=compat.QUANTITY_DIGITS,
        help="Quantity valued in the books, stock unit.",
    )
    unit_cost_calculated = fields.Float(
        "Unit Cost (Calculated)",
        readonly=True,
        copy=False,
        digits=COST_DIGITS,
        **compat.NOT_SUMMED,
        help="Inventory value divided by quantity, as the books have them.",
    )
    value_calculated = fields.Monetary(
        "Inventory Value (Calculated)", readonly=True, copy=False, help="Inventory value as the books have it."
    )

    # What is entered and what follows
    unit_cost_revalued = fields.Float(
        "Unit Cost (Revalued)",
        digits=COST_DIGITS,
        **compat.NOT_SUMMED,
        help="Enter the new unit cost here, or the new total in Inventory Value (Revalued).",
    )
    value_revalued = fields.Monetary(
        "Inventory Value (Revalued)", help="Enter the new total value here, or the new cost in Unit Cost (Revalued)."
    )
    entered = fields.Selection(
        [("unit_cost", "Unit Cost"), ("value", "Total")],
        "Entered",
        help="Which of the two was entered last: Refresh keeps that one.",
    )
    amount = fields.Monetary(
        "Amount", compute="_compute_amount", store=True, help="Change in inventory value: revalued less calculated."
    )
    amount_percent = fields.Float(
        "Change %",
        compute="_compute_amount",
        store=True,
        digits=(16, 2),
        **compat.AVERAGED,
        help="The amount in per cent of the calculated value.",
    )
    direction = fields.Selection(
        [("increase", "Increase"), ("decrease", "Decrease"), ("none", "No change")],
        "Direction",
        compute="_compute_amount",
        store=True,
        help="Whether the inventory value goes up or down.",
    )
    rounding_difference = fields.Monetary(
        "Rounding Difference",
        compute="_compute_rounding_difference",
        store=True,
        help="Part of the total that the product's cost, stored rounded, cannot carry. Under average cost Odoo may"
        " leave it on an empty stock.",
    )
    counterpart_account_id = fields.Many2one(
        "account.account",
        "Counterpart Account",
        check_company=True,
        ondelete="restrict",
        help="Account of the other side of this line; empty: the journal's.",
    )
    note = fields.Char("Note", help="Why this line; it stands on the layer and the journal items.")
    is_stale = fields.Boolean(
        "Outdated",
        readonly=True,
        copy=False,
        help="Quantity, value, costing method or valuation changed since the figures were read: choose Refresh.",
    )

    # What posting made
    layer_shares = fields.Text(
        "Shares of Layers",
        readonly=True,
        copy=False,
        help="What each open layer took, as [[layer id, quantity, amount]]: what Reverse takes back.",
    )
    valuation_layer_ids = fields.One2many(
        "stock.valuation.layer", "revaluation_line_id", "Valuation Layers", readonly=True, copy=False
    )
    account_move_line_ids = fields.Many2many(
        "account.move.line",
        "stock_revaluation_line_account_move_line_rel",
        "line_id",
        "account_move_line_id",
        "Journal Items",
        readonly=True,
        copy=False,
        groups=ACCOUNTING_GROUPS,
    )

    def init(self):
        """Lines of one journal share no position; PostgreSQL holds it for every way in."""
        self.env.cr.execute(
            "CREATE UNIQUE INDEX IF NOT EXISTS stock_revaluation_journal_line_position_uniq"
            " ON stock_revaluation_journal_line (journal_id, product_id, COALESCE(lot_id, 0),"
            " COALESCE(valuation_layer_id, 0), COALESCE(stock_move_id, 0))"
        )

    # ------------------------------------------------------------------ computes

    @api.depends("valuation_layer_id")
    def _compute_stock_move_id(self):
        for line in self:
            if line.valuation_layer_id:
                line.stock_move_id = line.valuation_layer_id.sudo().stock_move_id
            else:
                line.stock_move_id = line.stock_move_id

    @api.depends("value_revalued", "value_calculated")
    def _compute_amount(self):
        for line in self:
            amount = line.value_revalued - line.value_calculated
            line.amount = float(rounding.round_to(amount, line.currency_id.rounding or 0.01))
            line.direction = "increase" if line.amount > 0 else "decrease" if line.amount < 0 else "none"
            line.amount_percent = 100.0 * amount / line.value_calculated if line.value_calculated else 0.0

    @api.depends("value_revalued", "quantity", "cost_method")
    def _compute_rounding_difference(self):
        digits = self._price_digits()
        for line in self:
            difference = 0.0
            if compat.COST_IS_ROUNDED and line.cost_method == "average" and line.quantity and line.currency_id:
                cost = rounding.unit_cost_of(line.value_revalued, line.quantity, digits)
                carried = rounding.value_of(line.quantity, cost, line.currency_id.rounding)
                difference = float(rounding.round_to(line.value_revalued, line.currency_id.rounding) - carried)
            line.rounding_difference = difference

    # ------------------------------------------------------------------ constraints

    def _check_no_overlap(self, journal, keys):
        """Raise UserError if one of `keys`, of new lines, names stock that a line has already.

        No stock twice in a journal: neither the same position nor a product beside its lots or layers.
        """
        seen = journal._existing_keys()
        for key in keys:
            if journal._overlaps(key, seen):
                raise UserError(self._get_overlap_text(journal, key))
            seen |= journal._taken_by(key)

    def _get_overlap_text(self, journal, key):
        return _(
            "%(product)s stands in %(journal)s twice. One journal revalues a position once: change the line that is"
            " there, or delete it.",
            product=self._product_name(key._asdict()),
            journal=journal.name,
        )

    # ------------------------------------------------------------------ onchange

    @api.onchange("product_id", "lot_id", "valuation_layer_id", "stock_move_id")
    def _onchange_position(self):
        """Show the figures of the books for a position chosen by hand."""
        if self.product_id and self.journal_id.company_id:
            position = self.journal_id._find_positions([self._key()]).get(self._key())
            if position:
                self.update(self._book_values(position, self.product_id.with_company(self.journal_id.company_id)))
            else:
                self.update({"quantity": 0, "value_calculated": 0, "value_revalued": 0, "unit_cost_revalued": 0})

    # Each of the two leaves alone what already agrees with it: the change that the other one made.

    # ------------------------------------------------------------------ create, write, unlink

    def _create_allowed(self, vals_list):
        # Copies: an import that fails gives the same values a second time.
        default_journal = {"journal_id": self.env.context.get("default_journal_id")}
        vals_list = [dict(default_journal, **vals) for vals in vals_list]
        self._resolve_position_names(vals_list)
        journals = self.env["stock.revaluation.journal"].browse({vals.get("journal_id") for vals in vals_list} - {None})
        journals._check_draft()
        for journal in journals:
            own = [vals for vals in vals_list if vals.get("journal_id") == journal.id]
            self._check_no_overlap(journal, [self._vals_key(vals) for vals in own])
            self.browse()._fill_positions(journal, own)
        return super()._create_allowed(vals_list)

    def write(self, vals):
        self._check_rights("write")
        self._check_open()
        self._check_writable("draft", vals)
        if not vals.keys() & (ENTRY_FIELDS.keys() | {"entered"} | POSITION_NAMES):
            return super().write(vals)
        for line in self:
            line._write_protected(line._complete_entry(vals))
        return True

    def unlink(self):
        self._check_rights("unlink")
        self._check_open()
        return super().unlink()

    def _check_open(self):
        """Raise UserError unless the lines may still be changed.

        They may while the journal is a draft; and the lines left over when background posting met a
        problem, to mend them or to take them out.
        """
        stuck = self.filtered(lambda line: line.state == "draft" and line.journal_id.problem)
        (self - stuck).journal_id._check_draft()

    def _get_no_stock_text(self, journal, product_id):
        return _(
            "%(product)s has no quantity in stock that %(company)s could revalue (lot and layer included).",
            product=self._product_name({"product_id": product_id}),
            company=journal.company_id.display_name,
        )

    def _fill_positions(self, journal, vals_list):
        """Complete the values of new lines of `journal` in place: figures of the books, then the entry."""
        keys = [self._vals_key(vals) for vals in vals_list]
        positions = journal._find_positions(keys)
        for vals, key in zip(vals_list, keys):
            product = self.env["product.product"].sudo().browse(key.product_id).with_company(journal.company_id)
            if key not in positions:
                raise UserError(self._get_no_stock_text(journal, key.product_id))
            entry = self._entries(vals)
            entered = vals.pop("entered", None)
            vals.update(self._book_values(positions[key], product))
            self._complete(vals, entry, entered)

    # ------------------------------------------------------------------ figures

    def _key(self):
        """Return the position's key."""
        self.ensure_one()
        return Key(self.product_id.id, self.lot_id.id or False, self[compat.LAYER_FIELD].id or False)

    def _vals_key(self, vals):
        return Key(vals.get("product_id"), vals.get("lot_id") or False, vals.get(compat.LAYER_FIELD) or False)

    def _key_values(self, key):
        return {"product_id": key.product_id, "lot_id": key.lot_id, compat.LAYER_FIELD: key.layer_id}

    def _product_name(self, figures):
        return self._name_product(self.env["product.product"].browse(figures.get("product_id") or []))
