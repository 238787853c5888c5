"""Odoo 19.0, which keeps no layers: the seam's second implementation.

There a product's value follows from its cost (standard, average), its lots' costs, or what its
receipts were worth (FIFO), with `product.value` rows as the history of costs. The addon keeps
`stock.valuation.layer` itself, as the ledger of value changes, and under FIFO the layers are what
changes the value: each counts as extra value of the receipt it names.
"""

from datetime import datetime, timedelta

from psycopg2.extras import execute_values

from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from .. import compat
from ..engine.rounding import decimal, round_to
from .base import Layer

MICROSECOND = timedelta(microseconds=1)


class StockRevaluationValuation(models.AbstractModel):
    _inherit = "stock.revaluation.valuation"

    # ------------------------------------------------------------------ reading

    def _valued(self, products):
        """`products` as Odoo values them in this company alone, whoever asks.

        By the superuser: the computation itself drops `sudo()`, and a revaluation manager needs no
        access to stock moves.
        """
        context = {"allowed_company_ids": self.env.company.ids, "revaluation_company_only": True}
        return products.with_user(SUPERUSER_ID).with_company(self.env.company).with_context(**context)

    def _read_products(self, products):
        compat.flush(self.env)
        figures = {}
        moved = self._moved(products)
        lots = self._read_lots(products.filtered("lot_valuated"))
        for product in self._valued(products):
            if product.id not in moved:
                continue
            if product.lot_valuated:
                quantity = sum(lot[0] for lot in lots.get(product.id, {}).values())
            else:
                quantity = product._with_valuation_context().qty_available
            figures[product.id] = (quantity, self._money(product.total_value))
        return figures

    def _moved(self, products):
        """Return the ids of the products that have moved in or out of the company's stock."""
        self.env.cr.execute(
            "SELECT DISTINCT product_id FROM stock_move"
            " WHERE company_id = %s AND product_id = ANY(%s) AND state = 'done'",
            [self.env.company.id, products.ids],
        )
        return {row[0] for row in self.env.cr.fetchall()}

    def _stocked_lots(self, products):
        """Return {product id: lots} of the lots of `products` with a quantity."""
        lots = self.env["stock.lot"].sudo().search([("product_id", "in", products.ids), ("product_qty", "!=", 0)])
        return self._valued(lots).grouped(lambda lot: lot.product_id.id)

    def _read_lots(self, products):
        if not products:
            return {}
        return {
            product_id: {
                lot.id: (self._lot_quantity(lot), self._money(lot.total_value)) for lot in lots.sorted("id")
            }
            for product_id, lots in self._stocked_lots(products).items()
        }

    def _lot_quantity(self, lot):
        return lot.product_id.with_context(lot_id=lot.id).qty_available

    def _read_layers(self, products):
        """The open receipts: Odoo's own FIFO stack, of the product or of each of its lots."""
        by_lot = self._stocked_lots(products.filtered("lot_valuated"))
        layers = {}
        for product in self._valued(products):
            if product.lot_valuated:
                layers[product.id] = self._lot_receipts(product, by_lot.get(product.id, []))
            elif product.cost_method == "fifo":
                layers[product.id] = self._receipts(product)
        return {product_id: found for product_id, found in layers.items() if found}

    def _receipts(self, product, lot=None):
        """Return the open receipts of `product`, or of its `lot`, as layers; values unrounded."""
        moves, first_quantity = product._run_fifo_get_stack(lot=lot)
        layers = []
        for index, move in enumerate(moves):
            received = move._get_valued_qty()
            quantity = received if index else min(first_quantity, received)
            if lot and index:
                quantity = move._get_valued_qty(lot)
            layers.append(Layer(move.id, lot.id if lot else False, quantity, move.value * quantity / received))
        return layers

    def _lot_receipts(self, product, lots):
        """Return the open receipts of all lots of a product; a receipt of several lots stands once."""
        merged = {}
        for lot in lots:
            for layer in self._receipts(product, lot):
                known = merged.get(layer.layer_id)
                merged[layer.layer_id] = layer if known is None else Layer(
                    layer.layer_id, False, known.quantity + layer.quantity, known.value + layer.value
                )
        order = {move.id: index for index, move in enumerate(
            self.env["stock.move"].sudo().browse(merged).sorted(lambda move: (move.date, move.id))
        )}
        return sorted(merged.values(), key=lambda layer: order[layer.layer_id])

    def _measure(self, products):
        compat.invalidate(self.env)
        return {product.id: self._money(product.total_value) for product in self._valued(products)}

    def _posts_entry(self, product):
        """Periodic products too: the next closing then neither repeats nor misses the change."""
        return True

    def _date_problem(self, products, date):
        value_date = self._value_date(date)
        if not value_date:
            return products.browse()
        self.env.cr.execute(
            "SELECT DISTINCT product_id FROM stock_move"
            " WHERE company_id = %s AND product_id = ANY(%s) AND state = 'done' AND date > %s",
            [self.env.company.id, products.ids, value_date],
        )
        return products.browse(row[0] for row in self.env.cr.fetchall())

    # ------------------------------------------------------------------ writing

    def _apply(self, changes, date):
        products = self.env["product.product"].sudo().browse({change.key.product_id for change in changes})
        products = products.with_company(self.env.company)
        value_date = self._value_date(date)
        figures = self._read_products(products)
        by_product = self._by_product(changes)
        by_receipt = products.filtered(lambda product: product.cost_method == "fifo")
        receipts = self._read_layers(by_receipt)
        lots = self._read_lots((products - by_receipt).filtered("lot_valuated"))
        vals_list, extra, product_costs, lot_costs, shares = [], {}, {}, {}, {}
        for product in products:
            product_changes, quantity = by_product[product.id], figures[product.id][0]
            new_value = decimal(figures[product.id][1]) + sum(decimal(change.amount) for change in product_changes)
            product_costs[product.id] = float(new_value / decimal(quantity))
            if product in by_receipt:
                vals_list += self._receipt_layer_vals(product_changes, receipts[product.id], new_value, extra)
                for change in product_changes:
                    reached = self._new_layer_values(change, receipts[product.id])
                    shares[change.line_id] = self._layer_shares(receipts[product.id], reached)
                continue
            for change in product_changes:
                vals_list.append(self._layer_vals(change, change.amount))
                lot_costs.update(self._lot_costs(change, lots.get(product.id, {})))
            if not product.lot_valuated:
                product_costs[product.id] = float(self._new_cost(product_changes[0], quantity))
        self._write_costs("product.product", product_costs)
        self._write_costs("stock.lot", lot_costs)
        self._log_costs(changes, by_receipt, product_costs, lot_costs, value_date)
        self._add_receipt_values(extra)
        self._write_costs("stock.lot", self._receipt_lot_costs(by_receipt.filtered("lot_valuated")))
        self._create_layers(vals_list, value_date)
        return shares

    def _lot_costs(self, change, lots):
        """Return {lot id: unrounded cost} of the lots that a change of standard or average cost reaches."""
        if not lots:
            return {}
        if change.key.lot_id:
            return {change.key.lot_id: float(self._new_cost(change, lots[change.key.lot_id][0]))}
        if change.unit_cost is not None:
            return {lot_id: float(change.unit_cost) for lot_id in lots}
        return {
            lot_id: float(decimal(new) / decimal(quantity))
            for lot_id, (quantity, _old, new) in self._new_lot_values(change, lots).items()
            if quantity > 0
        }

    def _receipt_layer_vals(self, changes, receipts, new_value, extra):
        """Return the values of one layer per receipt that the changes of a FIFO product reach.

        `extra` ({move id: amount}) gets what each receipt's whole value must grow by for the part
        still in stock to change by the layer's value. A receipt's value is whole cents, so the last
        one reached takes what the product's total still lacks.
        """
        vals_list, reached = [], []
        received = {
            move.id: move._get_valued_qty() for move in self.env["stock.move"].sudo().browse(r.layer_id for r in receipts)
        }
        for change in changes:
            by_id = {receipt.layer_id: receipt for receipt in receipts}
            for move_id, new in self._new_layer_values(change, receipts).items():
                old = decimal(by_id[move_id].value)
                amount = decimal(change.amount) if change.key.layer_id else decimal(self._money(new - old))
                if not amount:
                    continue
                reached.append(move_id)
                extra[move_id] = self._whole_receipt(new - old, by_id[move_id], received[move_id])
                vals_list.append(
                    dict(self._layer_vals(change, float(amount)), stock_move_id=move_id, lot_id=by_id[move_id].lot_id)
                )
            self._settle_rounding(change, vals_list)
        self._settle_total(receipts, received, reached, new_value, extra)
        for vals in vals_list:
            vals["receipt_value"] = float(extra[vals["stock_move_id"]])
        return vals_list

    def _whole_receipt(self, amount, receipt, received):
        """Return what the whole receipt changes by when the part of it in stock changes by `amount`."""
        return round_to(decimal(amount) * decimal(received) / decimal(receipt.quantity), self._rounding())

    def _settle_rounding(self, change, vals_list):
        """Make the layers of `change` add up to its amount; the last one takes the rest."""
        own = [vals for vals in vals_list if vals["revaluation_line_id"] == change.line_id]
        rest = decimal(change.amount) - sum(decimal(vals["value"]) for vals in own)
        if own and rest:
            own[-1]["value"] = float(decimal(own[-1]["value"]) + rest)

    def _settle_total(self, receipts, received, reached, new_value, extra):
        """Move the last receipt reached by the cents that bring the product's total to `new_value`."""
        if not reached:
            return
        total = sum(
            decimal(receipt.value)
            + decimal(extra.get(receipt.layer_id, 0)) * decimal(receipt.quantity) / decimal(received[receipt.layer_id])
            for receipt in receipts
        )
        last = next(receipt for receipt in receipts if receipt.layer_id == reached[-1])
        extra[last.layer_id] += self._whole_receipt(new_value - total, last, received[last.layer_id])

    def _add_receipt_values(self, extra):
        """Add {move id: amount} to the values of receipts; Odoo's own recomputation comes to the same."""
        if extra:
            compat.flush(self.env)
            self._update_values("stock_move", "value = t.value + v.new", extra)
            compat.invalidate(self.env)

    def _receipt_lot_costs(self, products):
        """Return {lot id: unrounded cost} of the lots in stock of `products`, lot-valued under FIFO."""
        return {
            lot.id: sum(layer.value for layer in layers) / sum(layer.quantity for layer in layers)
            for lots in (self._stocked_lots(products).values() if products else [])
            for lot in lots
            for layers in [self._receipts(lot.product_id, lot)]
            if layers
        }

    def _log_costs(self, changes, by_receipt, product_costs, lot_costs, value_date):
        """Log the new costs as `product.value` rows, unrounded, for Odoo to replay.

        Written by SQL: the ORM's Monetary would round the unit cost to cents, and 147 × 3.40 set to
        750.00 would fall to 749.70 at the next bill; creating the row would also revalue receipts.
        """
        products = self.env["product.product"].sudo().browse({change.key.product_id for change in changes}) - by_receipt
        line_ids = {change.key.product_id: change.line_id for change in changes}
        rows = [(product.id, None, product_costs[product.id]) for product in products if not product.lot_valuated]
        lots = self.env["stock.lot"].sudo().browse(lot_costs)
        rows += [(lot.product_id.id, lot.id, lot_costs[lot.id]) for lot in lots]
        if not rows:
            return
        dates = self._row_dates(products.ids, value_date)
        description = self.env._("Revaluation Journal")
        common = (self.env.company.id, self.env.uid, description, self.env.uid, self.env.uid)
        execute_values(
            self.env.cr._obj,
            "INSERT INTO product_value (product_id, lot_id, value, date, revaluation_line_id, company_id, user_id,"
            " description, create_uid, write_uid, create_date, write_date) VALUES %s",
            [
                (product_id, lot_id, cost, dates[product_id], line_ids[product_id]) + common
                for product_id, lot_id, cost in rows
            ],
            template="(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC')",
            page_size=5000,
        )
        compat.invalidate(self.env)

    def _row_dates(self, product_ids, value_date):
        """Return {product id: moment} of the new rows: after every move there is, before any to come.

        Moves are dated in whole seconds, and a row in the same second as a receipt is replayed before
        it (19.0 of early 2026) or instead of it (mid-2026).
        """
        moment = (value_date or datetime.utcnow().replace(microsecond=0)) - MICROSECOND
        self.env.cr.execute(
            "SELECT product_id, MAX(date) FROM stock_move"
            " WHERE company_id = %s AND product_id = ANY(%s) AND state = 'done' GROUP BY product_id",
            [self.env.company.id, product_ids],
        )
        last = dict(self.env.cr.fetchall())
        return {
            product_id: max(moment, last[product_id] + MICROSECOND) if last.get(product_id) else moment
            for product_id in product_ids
        }

    def _layer_vals(self, change, value):
        return {
            "company_id": self.env.company.id,
            "product_id": change.key.product_id,
            "lot_id": change.key.lot_id,
            "stock_move_id": change.key.layer_id,
            "value": value,
            "description": change.description,
            "account_move_id": change.account_move_id,
            "revaluation_line_id": change.line_id,
        }

    def _create_layers(self, vals_list, value_date):
        layers = self.env["stock.valuation.layer"].sudo()._create_by_posting(vals_list)
        if value_date and layers:
            compat.flush(self.env)
            self.env.cr.execute(
                "UPDATE stock_valuation_layer SET create_date = %s WHERE id = ANY(%s)", [value_date, layers.ids]
            )
            compat.invalidate(self.env)

    def _changed_rows(self):
        return "stock_move", "state = 'done'"


class ProductProduct(models.Model):
    _inherit = "product.product"

    def _with_valuation_context(self):
        """Value the stock of one company alone, for the superuser too, whom no record rule restrains."""
        products = super()._with_valuation_context()
        if not self.env.context.get("revaluation_company_only"):
            return products
        locations = self.env["stock.location"].sudo().browse(products.env.context.get("location", []))
        own = locations.filtered(lambda location: location.company_id == self.env.company)
        return products.with_context(location=own.ids)


    def _run_avco(self, *args, **kwargs):
        return super(ProductProduct, self._with_own_revaluations())._run_avco(*args, **kwargs)

    def _get_standard_price_at_date(self, *args, **kwargs):
        return super(ProductProduct, self._with_own_revaluations())._get_standard_price_at_date(*args, **kwargs)

    def _with_own_revaluations(self):
        """Keep one company's revaluations out of another's replay.

        19.0 of early 2026 reads the cost history of a shared product without a company filter.
        """
        return self.with_context(revaluation_company_id=self.env.company.id)


class ProductValue(models.Model):
    _inherit = "product.value"

    revaluation_line_id = fields.Many2one(
        "stock.revaluation.journal.line", "Revaluation Line", readonly=True, index="btree_not_null", ondelete="restrict"
    )

    @api.model
    def _search(self, domain, *args, **kwargs):
        company_id = self.env.context.get("revaluation_company_id")
        if company_id:
            own = Domain("revaluation_line_id", "=", False) | Domain("company_id", "=", company_id)
            domain = Domain(domain) & own
        return super()._search(domain, *args, **kwargs)


class StockMove(models.Model):
    _inherit = "stock.move"

    revaluation_layer_ids = fields.One2many(
        "stock.valuation.layer", "stock_move_id", "Revaluations", readonly=True, copy=False
    )

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
        return self._add_revaluations(data, since=manual.create_date, until=at_date)

    def _add_revaluations(self, data, since=None, until=None):
        self.ensure_one()
        layers = self.sudo().revaluation_layer_ids.filtered(
            lambda layer: (not since or layer.create_date > since) and (not until or layer.create_date <= until)
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


class StockValuationLayer(models.Model):
    """The ledger of value changes that 19.0 no longer keeps; field names as in 18.0."""

    _name = "stock.valuation.layer"
    _description = "Stock Valuation Layer"
    _order = "create_date, id"
    _rec_name = "product_id"
    _check_company_auto = True

    company_id = fields.Many2one("res.company", "Company", readonly=True, required=True, index=True)
    product_id = fields.Many2one(
        "product.product", "Product", readonly=True, required=True, check_company=True, index=True, ondelete="restrict"
    )
    categ_id = fields.Many2one(related="product_id.categ_id", store=True)
    product_tmpl_id = fields.Many2one(related="product_id.product_tmpl_id")
    uom_id = fields.Many2one(related="product_id.uom_id")
    lot_id = fields.Many2one("stock.lot", "Lot/Serial Number", readonly=True, check_company=True, index="btree_not_null")
    stock_move_id = fields.Many2one(
        "stock.move",
        "Receipt",
        readonly=True,
        check_company=True,
        index="btree_not_null",
        ondelete="restrict",
        help="Under FIFO: the receipt whose goods changed in value.",
    )
    account_move_id = fields.Many2one(
        "account.move", "Journal Entry", readonly=True, check_company=True, index="btree_not_null"
    )
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
        raise UserError(self.env._("Valuation layers are created by posting a revaluation journal."))

    def write(self, vals):
        raise UserError(self.env._("Valuation layers cannot be changed: reverse the revaluation journal."))

    def unlink(self):
        raise UserError(self.env._("Valuation layers cannot be deleted: reverse the revaluation journal."))

    def _create_by_posting(self, vals_list):
        return super().create(vals_list)
