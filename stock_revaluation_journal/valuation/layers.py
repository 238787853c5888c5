"""Stock valuation layers as Odoo keeps them up to 18.0: the seam's first implementation.

A change is one `stock.valuation.layer` of quantity zero, the new remaining value of the layers
it reaches, and the product's cost. Odoo's own route (`_change_standard_price`, its revaluation
wizard) is not taken: its amount differs by series and it knows one product at a time.
"""

from odoo import _, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import float_round
from psycopg2.extras import execute_values

from .. import compat, tools
from ..engine.rounding import decimal, round_to
from .base import Layer


class StockRevaluationValuation(models.AbstractModel):
    _inherit = "stock.revaluation.valuation"

    # ------------------------------------------------------------------ reading

    def _read_products(self, products):
        return self._shown(self._sum_layers(products))

    def _sum_layers(self, products):
        """Return {product id: (quantity, value)}, the value as stored: up to 15.0 with fractions of a cent."""
        compat.flush(self.env)
        self.env.cr.execute(
            "SELECT product_id, SUM(quantity)::float, SUM(value)::float FROM stock_valuation_layer"
            " WHERE company_id = %s AND product_id = ANY(%s) GROUP BY product_id",
            [self.env.company.id, products.ids],
        )
        return {product_id: (quantity, value) for product_id, quantity, value in self.env.cr.fetchall()}

    def _shown(self, sums):
        """Round the values of `_sum_layers` as Odoo shows them: up to 15.0 it may make 135.49 of 135.49499999999995."""
        currency = self.env.company.currency_id
        return {
            product_id: (quantity, float(round_to(currency.round(value), currency.rounding)))
            for product_id, (quantity, value) in sums.items()
        }

    def _read_lots(self, products):  # 18.0 alone
        if not products:
            return {}
        compat.flush(self.env)
        self.env.cr.execute(
            "SELECT product_id, lot_id, SUM(quantity)::float, SUM(value)::float FROM stock_valuation_layer"
            " WHERE company_id = %s AND product_id = ANY(%s) GROUP BY product_id, lot_id ORDER BY lot_id",
            [self.env.company.id, products.ids],
        )
        lots = {}
        for product_id, lot_id, quantity, value in self.env.cr.fetchall():
            lots.setdefault(product_id, {})[lot_id or False] = (quantity, self._money(value))
        return lots

    def _read_layers(self, products):
        compat.flush(self.env)
        lot = "lot_id" if "lot_id" in self.env["stock.valuation.layer"]._fields else "NULL"
        self.env.cr.execute(
            "SELECT product_id, id, " + lot + ", remaining_qty::float, ROUND(COALESCE(remaining_value, 0), 6)::float"
            " FROM stock_valuation_layer"
            " WHERE company_id = %s AND product_id = ANY(%s) AND remaining_qty > 0"
            " ORDER BY product_id, create_date, id",
            [self.env.company.id, products.ids],
        )
        layers = {}
        for product_id, layer_id, lot_id, quantity, value in self.env.cr.fetchall():
            layers.setdefault(product_id, []).append(Layer(layer_id, lot_id or False, quantity, value))
        return layers

    def _measure(self, products):
        return {product_id: value for product_id, (_quantity, value) in self._read_products(products).items()}

    def _posts_entry(self, product):
        return product.valuation == "real_time"

    # ------------------------------------------------------------------ writing

    def _apply(self, changes, date):
        products = self._changed_products(changes)
        sums = self._sum_layers(products)
        figures = self._shown(sums)
        all_layers = self._read_layers(products)
        all_lots = self._read_lots(products.filtered(compat.is_lot_valued))
        remaining, vals_list, product_costs, lot_costs, shares = {}, [], {}, {}, {}
        by_product = self._by_product(changes)
        for product in products:
            layers, lots = all_layers.get(product.id, []), all_lots.get(product.id, {})
            lot_values = {lot_id: value for lot_id, (_quantity, value) in lots.items()}
            new_values = {layer.layer_id: layer.value for layer in layers}
            rows = []
            for change in by_product[product.id]:
                reached = self._new_layer_values(change, layers)
                shares[change.line_id] = self._settle_shares(change, self._layer_shares(layers, reached))
                new_values.update(reached)
                rows += self._prepare_layer_vals(change, layers, lots, lot_values)
            self._settle_fraction(rows, round_to(decimal(figures[product.id][1]) - decimal(sums[product.id][1]), 1e-6))
            vals_list += rows
            new_layers = [layer._replace(value=new_values[layer.layer_id]) for layer in layers]
            remaining.update((new.layer_id, float(new.value)) for new, old in zip(new_layers, layers) if new != old)
            product_costs[product.id] = self._product_cost(
                product, by_product[product.id], figures[product.id], new_layers
            )
            lot_costs.update(self._lot_costs(product, by_product[product.id], lots, lot_values))
        self._update_column("stock.valuation.layer", "remaining_value", remaining)
        self._write_costs("product.product", product_costs)
        self._write_costs(compat.LOT_MODEL, lot_costs)
        layers = self._create_layers(vals_list)
        self._date_layers(layers, self._value_date(date))
        return shares

    def _create_layers(self, vals_list):
        """Create the layers in few statements, up to 15.0 too, where the ORM takes one for each."""
        Layer = self.env["stock.valuation.layer"].sudo().with_context(revaluation_posting=tools.Inner())
        if not (compat.INSERTS_ROW_BY_ROW and vals_list):
            return Layer.create(vals_list)
        defaults = Layer._add_missing_default_values({})
        rows = [dict(defaults, **vals) for vals in vals_list]
        columns = [name for name in rows[0] if Layer._fields[name].column_type]
        found = execute_values(
            self.env.cr._obj,
            "INSERT INTO stock_valuation_layer (%s, create_uid, write_uid, create_date, write_date)"
            " VALUES %%s RETURNING id" % ", ".join(columns),
            [[None if row[name] is False else row[name] for name in columns] for row in rows],
            template="(%s, %s, %s, now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC')"
            % (", ".join(["%s"] * len(columns)), self.env.uid, self.env.uid),
            page_size=5000,
            fetch=True,
        )
        layers = Layer.browse(row[0] for row in found)
        layers.modified(Layer._fields, create=True)
        return layers

    def _new_layer_values(self, change, layers):
        """Return as the seam does; a layer line sets its layer to whole cents, whatever fraction it had."""
        if change.key.layer_id:
            return {change.key.layer_id: decimal(change.value)}
        return super()._new_layer_values(change, layers)

    def _settle_shares(self, change, shares):
        """Make the shares add up to the amount, for a reversal to mirror it, where layers held fractions of a cent."""
        rest = decimal(change.amount) - sum(decimal(amount) for _layer_id, _quantity, amount in shares)
        if shares and abs(rest) <= len(shares) * decimal(self._rounding()):
            layer_id, quantity, amount = shares[-1]
            shares[-1] = (layer_id, quantity, self._money(decimal(amount) + rest))
        return shares

    def _settle_fraction(self, rows, fraction):
        """Let the first new layer of a product take along what its value lacked to whole cents.

        Up to 15.0 Odoo stores values unrounded: 1.25 kg at 28.18 are 35.225 and shown as 35.23. Written to
        nothing they would leave -0.005, shown as -0.01; so the layer takes 35.225, which is shown as 35.23.
        """
        if rows and fraction:
            rows[0]["value"] = float(decimal(rows[0]["value"]) + fraction)

    def _prepare_layer_vals(self, change, layers, lots, lot_values):
        """Return the values of the layers of one change: one, or one per lot of a lot-valued product.

        Shape: `lots` {lot id: (quantity, value)} as read, empty if not lot-valued; `lot_values`
        {lot id: value} is brought to the new values.
        """
        if not lots:
            return [self._layer_vals(change, change.amount)]
        if change.key.lot_id or change.key.layer_id:  # 18.0 alone
            lot_id = change.key.lot_id or next(
                layer.lot_id for layer in layers if layer.layer_id == change.key.layer_id
            )
            lot_values[lot_id] = decimal(lot_values[lot_id]) + decimal(change.amount)
            return [self._layer_vals(change, change.amount, lot_id)]
        vals_list = []
        for lot_id, (_quantity, old, new) in self._new_lot_values(change, lots).items():  # 18.0 alone
            lot_values[lot_id] = new
            if decimal(new) != decimal(old):
                vals_list.append(self._layer_vals(change, float(decimal(new) - decimal(old)), lot_id))
        return vals_list

    # ------------------------------------------------------------------ costs

    def _product_cost(self, product, changes, figures, layers):
        """Return the cost that the product shows after `changes`, rounded as Odoo stores it.

        Average: new value / quantity; standard: the new unit cost; FIFO: that of the first open layer.
        Shape: `figures` (quantity, value) before the changes; `layers` with their new values.
        """
        stocked = [layer for layer in layers if tools.uom_compare(product.uom_id, layer.quantity, 0) > 0]
        if product.cost_method == "fifo" and stocked and not compat.is_lot_valued(product):
            return self._cost(decimal(stocked[0].value) / decimal(stocked[0].quantity))
        quantity, value = figures
        if len(changes) == 1 and not changes[0].key.lot_id and not changes[0].key.layer_id:
            return self._cost(self._new_cost(changes[0], quantity))
        return self._cost((decimal(value) + sum(decimal(change.amount) for change in changes)) / decimal(quantity))

    def _lot_costs(self, product, changes, lots, lot_values):
        """Return {lot id: cost} of the lots with stock; `lot_values` holds their new values."""
        stocked = {
            lot_id: quantity
            for lot_id, (quantity, _value) in lots.items()
            if lot_id and tools.uom_compare(product.uom_id, quantity, 0) > 0
        }
        entered = {change.key.lot_id or lot_id: change.unit_cost for change in changes for lot_id in stocked}
        return {
            lot_id: self._cost(
                entered[lot_id] if entered.get(lot_id) is not None else decimal(lot_values[lot_id]) / decimal(quantity)
            )
            for lot_id, quantity in stocked.items()
        }

    def _cost(self, unit_cost):
        digits = self.env["decimal.precision"].precision_get("Product Price")
        return float_round(float(unit_cost), precision_digits=digits)

    def _changed_rows(self):
        return "stock_valuation_layer", "TRUE"


class StockValuationLayer(models.Model):
    _name = "stock.valuation.layer"
    _inherit = ["stock.valuation.layer", "stock.revaluation.owned"]

    _owned_fields = ("revaluation_line_id", "revaluation_journal_id", "lost_entry")

    revaluation_line_id = fields.Many2one(
        "stock.revaluation.journal.line",
        "Revaluation Line",
        readonly=True,
        index=True,
        ondelete="restrict",
        copy=False,
        help="The line of the revaluation journal that made this layer.",
    )
    revaluation_journal_id = fields.Many2one(
        related="revaluation_line_id.journal_id", string="Revaluation Journal", store=True, index=True
    )

    # What a layer of a revaluation says: never changed afterwards.
    _FIXED_FIELDS = {
        "value",
        "quantity",
        "unit_cost",
        "product_id",
        "company_id",
        "lot_id",
        "description",
        "account_move_id",
        "stock_move_id",
        "stock_valuation_layer_id",
        "revaluation_line_id",
        "revaluation_journal_id",
    }

    @api.model_create_multi
    def create(self, vals_list):
        self.env["stock.revaluation.guard"]._check_access_to(self.browse(), "create")
        self.env["stock.revaluation.valuation"]._share_lock({vals.get("product_id") for vals in vals_list} - {None})
        return super().create(vals_list)

    def write(self, vals):
        if vals.keys() & self._FIXED_FIELDS:
            self._check_no_revaluation()
        return super().write(vals)

    def unlink(self):
        self._check_no_revaluation()
        return super().unlink()

    def _check_no_revaluation(self):
        """Raise UserError if one of the layers belongs to a posted revaluation journal."""
        journals = self.sudo().mapped("revaluation_line_id.journal_id")
        if journals:
            self.env["stock.revaluation.guard"]._check_access_to(self, "read")
            raise UserError(
                _(
                    "Layers of %s cannot be changed or deleted: choose Reverse on the journal.",
                    ", ".join(journals.mapped("name")),
                )
            )


class AccountMove(models.Model):
    """14.0 and 15.0 take their time over entries of many items: what can be done for all of them at once."""

    _inherit = "account.move"

    def _get_lines_onchange_currency(self):
        """Return the items themselves: an entry has none of the cost of goods sold that an invoice leaves out.

        Asked once per item, Odoo filters all items each time: the square of their number.
        """
        return self.line_ids if self.move_type == "entry" else super()._get_lines_onchange_currency()

    def _check_balanced(self, *container):
        if compat.INSERTS_ROW_BY_ROW and tools.inner(self.env, "revaluation_entries"):
            self._write_pending_items()
        return super()._check_balanced(*container)

    def _write_pending_items(self):
        """Write what Odoo has computed for new items, each with figures of its own, in one statement."""
        Item = self.env["account.move.line"]
        Item.recompute()
        pending, rows_by_columns = self.env.all.towrite.get(Item._name, {}), {}
        for item_id in pending.keys() & set(self.line_ids.ids):
            columns, values = zip(*sorted(pending.pop(item_id).items()))
            rows_by_columns.setdefault(columns, []).append((item_id, *values))
        for columns, rows in rows_by_columns.items():
            types = [Item._fields[name].column_type[1] for name in columns]
            execute_values(
                self.env.cr._obj,
                "UPDATE account_move_line t SET %s FROM (VALUES %%s) AS v(id, %s) WHERE t.id = v.id"
                % (", ".join("{0} = v.{0}".format(name) for name in columns), ", ".join(columns)),
                rows,
                template="(%%s, %s)" % ", ".join("%%s::%s" % name for name in types),
                page_size=1000,
            )
