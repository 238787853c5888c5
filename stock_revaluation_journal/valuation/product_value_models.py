"""What Odoo 19.0's own models need so that a revaluation counts: receipts, cost history, the ledger of changes."""

from collections import namedtuple

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from .. import compat, tools

# What a journal did to the cost of goods sold of an order line. `first_id`: of the items it booked; `booked` of it, and
# how many units were `invoiced` and `credited` without coming back by then; `per_unit` delivered it lowered the cost.
Lowered = namedtuple("Lowered", "first_id booked invoiced credited per_unit")


def find_read_ahead(model, domain, offset, limit, order):
    """Return the records of `model` that satisfy `domain`, from those that measuring has read ahead, else None.

    Odoo values one product at a time and searches for its moves and costs each time; the context says which
    there are ({model: {product id: ids by date}}, see `_read_ahead`).
    """
    known = (tools.inner(model.env, "revaluation_read_ahead") or {}).get(model._name)
    if not known or order not in ("date, id", "date desc, id desc"):
        return None
    for condition in Domain(domain).iter_conditions():
        if (condition.field_expr, condition.operator) == ("product_id", "=") and condition.value in known:
            ids = known[condition.value]
            found = model.browse(ids if order == "date, id" else reversed(ids)).filtered_domain(domain)
            return found[offset : limit and offset + limit]
    return None


class ProductProduct(models.Model):
    _inherit = "product.product"

    def _with_valuation_context(self):
        """Value the stock of one company alone, for the superuser too, whom no record rule restrains."""
        known = (tools.inner(self.env, "revaluation_contexts") or {}).get(self[:1].cost_method == "fifo")
        if known:
            return self.with_context(**known)
        products = super()._with_valuation_context()
        if not tools.inner(self.env, "revaluation_company_only"):
            return products
        locations = self.env["stock.location"].sudo().browse(products.env.context.get("location", []))
        own = locations.filtered(lambda location: location.company_id == self.env.company)
        return products.with_context(location=own.ids)

    def _run_avco(self, *args, **kwargs):
        return super(ProductProduct, self._in_own_company())._run_avco(*args, **kwargs)

    def _get_standard_price_at_date(self, *args, **kwargs):
        return super(ProductProduct, self._in_own_company())._get_standard_price_at_date(*args, **kwargs)

    def _in_own_company(self):
        """Replay with the stock and the revaluations of one company alone.

        19.0 of early 2026 replays as superuser and without a company filter: a product that two
        companies share would be worth 12.50 × 14 units in either of them.
        """
        company_id = tools.Inner(self.env.company.id)
        return self.with_context(revaluation_company_id=company_id, revaluation_company_only=tools.Inner())


class ProductValue(models.Model):
    _name = "product.value"
    _inherit = ["product.value", "stock.revaluation.owned"]

    _owned_fields = ("revaluation_line_id",)

    revaluation_line_id = fields.Many2one(
        "stock.revaluation.journal.line", "Revaluation Line", readonly=True, index="btree_not_null", ondelete="restrict"
    )

    revaluation_late = fields.Boolean(
        readonly=True,
        help="Logged beside the cost of an earlier day, because a bill or landed cost came in between: no new cost.",
    )

    def write(self, vals):
        self._check_no_revaluation()
        return super().write(vals)

    def unlink(self):
        self._check_no_revaluation()
        return super().unlink()

    def _check_no_revaluation(self):
        """Raise UserError if one of the values is the cost that a posted journal has set."""
        journals = self.sudo().revaluation_line_id.journal_id
        if journals:
            self.env["stock.revaluation.guard"]._check_access_to(self, "write")
            names = ", ".join(journals.mapped("name"))
            raise UserError(
                self.env._("Values of %s cannot be changed or deleted: choose Reverse on the journal.", names)
            )

    @api.model
    def _search(self, domain, *args, **kwargs):
        company_id = tools.inner(self.env, "revaluation_company_id")
        if company_id:
            own = Domain("revaluation_line_id", "=", False) | Domain("company_id", "=", company_id)
            domain = Domain(domain) & own
        return super()._search(domain, *args, **kwargs)

    @api.model
    def search_fetch(self, domain, field_names=None, offset=0, limit=None, order=None):
        found = find_read_ahead(self, domain, offset, limit, order)
        return super().search_fetch(domain, field_names, offset, limit, order) if found is None else found


class StockMove(models.Model):
    _inherit = "stock.move"

    revaluation_layer_ids = fields.One2many(
        "stock.valuation.layer", "stock_move_id", "Revaluations", readonly=True, copy=False
    )

    @api.model
    def search_fetch(self, domain, field_names=None, offset=0, limit=None, order=None):
        found = find_read_ahead(self, domain, offset, limit, order)
        return super().search_fetch(domain, field_names, offset, limit, order) if found is None else found

    def _set_value(self, *args, **kwargs):
        self.env["stock.revaluation.valuation"]._share_lock(self.product_id.ids)
        return super()._set_value(*args, **kwargs)

    def _get_value_from_extra(self, quantity, at_date=None):
        """Count the receipt's revaluations as extra value of it, as landed costs do."""
        data = super()._get_value_from_extra(quantity, at_date=at_date)
        return self._add_revaluations(data, until=at_date)

    def _get_manual_value(self, quantity, at_date=None):
        """A receipt that somebody gave a value by hand takes no extra value: revaluations made since add to it."""
        data = super()._get_manual_value(quantity, at_date=at_date)
        if not data["quantity"]:
            return data
        domain = [("move_id", "=", self.id)] + ([("date", "<=", at_date)] if at_date else [])
        manual = self.env["product.value"].sudo().search(domain, order="date desc, id desc", limit=1)
        return self._add_revaluations(data, manual=manual, until=at_date)

    def _add_revaluations(self, data, manual=None, until=None):
        """Add what revaluations changed the receipt by; onto a value set by `manual`, those made in knowledge of it."""
        self.ensure_one()
        layers = self.sudo().revaluation_layer_ids.filtered(
            lambda layer: (
                layer.receipt_value
                and (not manual or layer.manual_value_id >= manual.id)
                and (not until or layer.create_date <= until)
            )
        )
        if not layers:
            return data
        data["value"] += sum(layers.mapped("receipt_value"))
        lines = [data.get("description")] + [
            self.env._(
                "+ %(value)s (Revaluation: %(journal)s)",
                value=self.company_currency_id.format(layer.receipt_value),
                journal=layer.revaluation_journal_id.name,
            )
            for layer in layers
        ]
        data["description"] = "\n".join(filter(None, lines))
        return data


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    def _get_posted_cogs_value(self):
        """Count what journals did to the cost of goods invoiced: the next invoice then does not book it again.

        Odoo looks at all that invoices have booked, of goods credited since as well.
        """
        lowered = sum(each.booked + each.credited * each.per_unit for each in self._get_lowered())
        return super()._get_posted_cogs_value() - lowered

    def _get_cogs_value(self):
        """Give back with a credit note what its goods cost by now: what journals booked since as well."""
        price_unit, original = super()._get_cogs_value(), self.env["account.move.line"]
        if not hasattr(self, "_get_lines_from_original_invoice"):
            original = self.move_id.reversed_entry_id.line_ids.filtered(
                lambda line: (
                    line.display_type == "cogs"
                    and line.product_id == self.product_id
                    and line.product_uom_id == self.product_uom_id
                    and line.price_unit >= 0
                )
            )[:1]
        elif self.product_id.cost_method != "fifo":  # 19.0 of mid-2026 looks at the deliveries under FIFO
            original = self._get_lines_from_original_invoice()[:1]
        return price_unit - original._get_booked_since() if original else price_unit

    def _get_booked_since(self):
        """Return by how much a unit journals have lowered this item of an invoice's cost after it was booked."""
        if self.parent_state != "posted":
            return 0.0
        return sum(
            each.booked / (each.invoiced - each.credited)
            for each in self.cogs_origin_id._get_lowered()
            if each.first_id > self.id and each.booked and each.invoiced > each.credited
        )

    def _get_lowered(self):
        """Return [Lowered] of the journals that have forwarded something to the deliveries of this invoice's item."""
        moves, lowered = self._get_stock_moves(), []
        domain = [("stock_move_id", "in", moves.ids), ("revaluation_forwarded", "=", True)]
        layers = self.env["stock.valuation.layer"].sudo().search(domain) if moves else ()
        for journal, own in layers.grouped("revaluation_journal_id").items() if layers else ():
            first_id = min(journal.account_move_ids.line_ids.ids, default=0)
            delivered = own.filtered("stock_move_id.is_out")
            if delivered and first_id:
                quantity = sum(move._get_valued_qty() for move in delivered.stock_move_id)
                returned = sum(move._get_valued_qty() for move in (own - delivered).stock_move_id)
                booked = sum(delivered.filtered("account_move_id").mapped("value"))
                invoiced = self._get_booked_quantity("out_invoice", first_id)
                credited = max(0.0, self._get_booked_quantity("out_refund", first_id) - returned)
                per_unit = sum(delivered.mapped("value")) / quantity
                lowered.append(Lowered(first_id, booked, invoiced, credited, per_unit))
        return lowered

    def _get_booked_quantity(self, kind, first_id):
        """Return the quantity whose cost the order's invoices of a `kind` had booked before an item of `first_id`."""
        if "sale_line_ids" not in self._fields:
            return 0.0
        items = self.sale_line_ids.invoice_lines.move_id.line_ids.filtered(
            lambda item: (
                item.display_type == "cogs"
                and item.product_id == self.product_id
                and item.price_unit >= 0
                and item.parent_state == "posted"
                and item.move_type == kind
                and item.id < first_id
            )
        )
        return sum(
            item.product_uom_id._compute_quantity(item.quantity, item.product_id.uom_id, round=False) for item in items
        )


class StockValuationLayer(models.Model):
    """The ledger of value changes that 19.0 no longer keeps; field names as in 18.0."""

    _name = "stock.valuation.layer"
    _description = "Stock Valuation Layer"
    _order = "create_date, id"
    _rec_name = "product_id"

    company_id = fields.Many2one("res.company", "Company", readonly=True, required=True, index=True)
    product_id = fields.Many2one(
        "product.product", "Product", readonly=True, required=True, index=True, ondelete="restrict"
    )
    categ_id = fields.Many2one(related="product_id.categ_id", store=True)
    product_tmpl_id = fields.Many2one(related="product_id.product_tmpl_id")
    uom_id = fields.Many2one(related="product_id.uom_id")
    lot_id = fields.Many2one("stock.lot", "Lot/Serial Number", readonly=True, index="btree_not_null")
    stock_move_id = fields.Many2one(
        "stock.move",
        "Receipt",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        help="Under FIFO: the receipt whose goods changed in value.",
    )
    account_move_id = fields.Many2one("account.move", "Journal Entry", readonly=True, index="btree_not_null")
    currency_id = fields.Many2one(related="company_id.currency_id")
    quantity = fields.Float("Quantity", readonly=True, digits=compat.QUANTITY_DIGITS)
    unit_cost = fields.Float("Unit Value", readonly=True, digits="Product Price", **compat.NOT_SUMMED)
    value = fields.Monetary("Value", readonly=True, help="By how much the inventory value changed.")
    remaining_qty = fields.Float("Remaining Quantity", readonly=True, digits=compat.QUANTITY_DIGITS)
    remaining_value = fields.Monetary("Remaining Value", readonly=True)
    receipt_value = fields.Monetary(
        "Change of the Receipt",
        readonly=True,
        **compat.NOT_SUMMED,
        help="What the whole receipt's value changed by, so that the part of it in stock changes by the value.",
    )
    manual_value_id = fields.Integer(
        readonly=True,
        help="Id of the last product.value by which somebody had set the receipt's value by hand when this was posted:"
        " the layer adds to it, while a later one replaces both. The layer's own date may lie before either.",
    )
    revaluation_forwarded = fields.Boolean(
        "Forwarded",
        readonly=True,
        help="The share of a revaluation that went on with a stock move after its accounting date.",
    )
    revaluation_account_id = fields.Many2one(
        "account.account", "Cost Went To", readonly=True, help="The account that took a forwarded share."
    )
    description = fields.Char("Description", readonly=True)
    reference = fields.Char(related="stock_move_id.reference")
    revaluation_line_id = fields.Many2one(
        "stock.revaluation.journal.line", "Revaluation Line", readonly=True, index=True, ondelete="restrict"
    )
    revaluation_journal_id = fields.Many2one(
        related="revaluation_line_id.journal_id", string="Revaluation Journal", store=True, index=True
    )

    @api.model_create_multi
    def create(self, vals_list):
        """Refuse: layers are made by posting a revaluation journal, and by nothing else."""
        self._check_reader()
        raise UserError(self.env._("Valuation layers are created by posting a revaluation journal."))

    def write(self, vals):
        self._check_reader()
        raise UserError(self.env._("Valuation layers cannot be changed: reverse the revaluation journal."))

    def unlink(self):
        self._check_reader()
        raise UserError(self.env._("Valuation layers cannot be deleted: reverse the revaluation journal."))

    def _check_reader(self):
        self.env["stock.revaluation.guard"]._check_access_to(self, "read")
