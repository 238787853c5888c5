"""Stock valuation layers as Odoo keeps them up to 18.0: the seam's first implementation.

A change is one `stock.valuation.layer` of quantity zero, the new remaining value of the layers
it reaches, and the product's cost. Odoo's own route (`_change_standard_price`, its revaluation
wizard) is not taken: its amount differs by series and it knows one product at a time.
"""

from collections import defaultdict, namedtuple
from decimal import Decimal

from odoo import _, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import float_round
from psycopg2.extras import execute_values

from .. import compat, tools
from ..engine.distribution import distribute
from ..engine.rounding import decimal, round_to
from .shapes import Layer

# What the books have of the products of a posting: figures at its day as stored, and figures, open layers and lots now.
Stock = namedtuple("Stock", "then now layers lots")


class StockRevaluationValuation(models.AbstractModel):
    _inherit = "stock.revaluation.valuation"

    # ------------------------------------------------------------------ reading

    def _read_products(self, products, moment=None):
        return self._shown(self._sum_layers(products, moment))

    def _read_quantities(self, products, moment=None):
        return {product_id: quantity for product_id, (quantity, _value) in self._sum_layers(products, moment).items()}

    def _sum_layers(self, products, moment=None):
        """Return {product id: (quantity, value)}, the value as stored: up to 15.0 with fractions of a cent."""
        compat.flush(self.env)
        self.env.cr.execute(
            "SELECT product_id, SUM(quantity)::float, SUM(value)::float FROM stock_valuation_layer"
            " WHERE company_id = %s AND product_id = ANY(%s) AND create_date <= COALESCE(%s, 'infinity'::timestamp)"
            " GROUP BY product_id",
            [self.env.company.id, products.ids, moment],
        )
        return {product_id: (quantity, value) for product_id, quantity, value in self.env.cr.fetchall()}

    def _shown(self, sums):
        """Round the values of `_sum_layers` as Odoo shows them: up to 15.0 it may make 135.49 of 135.49499999999995."""
        currency = self.env.company.currency_id
        return {
            product_id: (quantity, float(round_to(currency.round(value), currency.rounding)))
            for product_id, (quantity, value) in sums.items()
        }

    def _read_lots(self, products, moment=None):  # 18.0 alone
        if not products:
            return {}
        compat.flush(self.env)
        self.env.cr.execute(
            "SELECT product_id, lot_id, SUM(quantity)::float, SUM(value)::float FROM stock_valuation_layer"
            " WHERE company_id = %s AND product_id = ANY(%s) AND create_date <= COALESCE(%s, 'infinity'::timestamp)"
            " GROUP BY product_id, lot_id ORDER BY lot_id",
            [self.env.company.id, products.ids, moment],
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

    def _measure(self, products, moment=None):
        return self._values_of_products(products, moment)

    def _posts_entry(self, product):
        return product.valuation == "real_time"

    # ------------------------------------------------------------------ writing

    def _apply(self, changes, plans, forwarded, moment):
        products = self._changed_products(changes).with_company(self.env.company)
        stock = Stock(
            self._sum_layers(products, moment),
            self._read_products(products),
            self._read_layers(products),
            self._read_lots(products.filtered(compat.is_lot_valued)),
        )
        remaining, vals_list, product_costs, lot_costs, shares = {}, [], {}, {}, {}
        by_product = self._by_product(changes)
        for product in products:
            own = [(change, plans[change.line_id]) for change in by_product[product.id]]
            parts = [part for _change, change_parts in own for part in change_parts]
            layers = self._new_layers(product, parts, stock)
            remaining.update((new.layer_id, float(new.value)) for new, old in layers if new.value != old.value)
            vals_list += self._prepare_layer_vals(product, own, stock)
            for change, change_parts in own:
                shares[change.line_id] = self._layer_shares(product, change, change_parts, layers)
            product_costs.update(self._product_cost(product, own, parts, stock, [new for new, _old in layers]))
            lot_costs.update(self._lot_costs(product, own, stock))
        self._update_column("stock.valuation.layer", "remaining_value", remaining)
        self._write_costs("product.product", product_costs)
        self._write_costs(compat.LOT_MODEL, lot_costs)
        moments = [moment] * len(vals_list) + [forward.movement.moment for forward in forwarded]
        self._create_layers(vals_list + self._forwarded_vals(changes, forwarded), moments)
        return shares

    def _new_layers(self, product, parts, stock):
        """Return [(Layer with its new value, Layer as it is)] of the layers open now.

        Under FIFO each takes what of its change is left; else what a lot or the product is worth now is spread over
        its layers, so that they all have its unit cost.
        """
        layers = stock.layers.get(product.id, [])
        if product.cost_method == "fifo":
            left = defaultdict(Decimal)
            for part in parts:
                for layer_id, (_quantity, change) in part.forwarded.layers.items():
                    left[layer_id] += change
            return [
                (layer._replace(value=decimal(layer.value) + left[layer.layer_id]), layer)
                if left[layer.layer_id]
                else (layer, layer)
                for layer in layers
            ]
        new = []
        for lot_id in dict.fromkeys(part.lot_id for part in parts):
            own = [layer for layer in layers if not lot_id or layer.lot_id == lot_id]
            left = sum(part.left for part in parts if part.lot_id == lot_id)
            value = stock.lots[product.id][lot_id][1] if lot_id else stock.now.get(product.id, (0.0, 0.0))[1]
            total = round_to(decimal(value) + left, self._rounding())
            values = distribute(total, [layer.quantity for layer in own], self._rounding()) if own else []
            new += [(layer._replace(value=value), layer) for layer, value in zip(own, values)]
        return new

    def _layer_shares(self, product, change, parts, layers):
        """Return [(layer id, quantity, amount)]: what the layers took, as of the day under FIFO, else now."""
        if product.cost_method != "fifo":
            rows = [
                (new.layer_id, new.quantity, decimal(new.value) - decimal(old.value))
                for new, old in layers
                if not change.key.lot_id or new.lot_id == change.key.lot_id
            ]
            return [(layer_id, quantity, self._money(amount)) for layer_id, quantity, amount in rows]
        rows = [
            (layer_id, quantity, self._money(amount)) for part in parts for layer_id, quantity, amount in part.layers
        ]
        # where layers held fractions of a cent: to add up to the amount, for a reversal to mirror it
        rest = decimal(change.amount) - sum(decimal(amount) for _layer_id, _quantity, amount in rows)
        if rows and rest and abs(rest) <= len(rows) * decimal(self._rounding()):
            layer_id, quantity, amount = rows[-1]
            rows[-1] = (layer_id, quantity, self._money(decimal(amount) + rest))
        return rows

    def _layer_lot(self, key):
        if "lot_id" not in self.env["stock.valuation.layer"]._fields:
            return False
        layer = self.env["stock.valuation.layer"].sudo().browse(key.layer_id or [])  # 18.0 alone
        return layer.lot_id.id if compat.is_lot_valued(layer.product_id) else False

    def _layer_amount(self, change, layers):
        """Return what a layer line changes its layer by: to whole cents, whatever fraction it had."""
        old = next(layer.value for layer in layers if layer.layer_id == change.key.layer_id)
        return decimal(change.value) - decimal(old)

    def _prepare_layer_vals(self, product, own, stock):
        """Return the values of the layers of a product's changes: one for each part.

        Up to 15.0 Odoo stores values unrounded: 1.25 kg at 28.18 are 35.225 and shown as 35.23. Written to nothing
        they would leave -0.005, shown as -0.01; so the first layer takes 35.225, which is shown as 35.23.
        """
        rows = [self._layer_vals(change, float(part.amount), part.lot_id) for change, parts in own for part in parts]
        stored = stock.then[product.id]
        fraction = round_to(decimal(self._shown({0: stored})[0][1]) - decimal(stored[1]), 1e-6)
        if rows and fraction and not any(part.movements for _change, parts in own for part in parts):
            rows[0]["value"] = float(decimal(rows[0]["value"]) + fraction)
        return rows

    def _forwarded_vals(self, changes, forwarded):
        """Return the values of the layers of `forwarded`, each linked to the issue's move and its layer.

        Odoo values what is invoiced later by the layer of the issue and those linked to it, and what is returned
        later by the move's layers or (14.0) by the unit cost of the last of them.
        """
        vals_list = super()._forwarded_vals(changes, forwarded)
        issues = self._read_issues([each for each in forwarded if each.movement.quantity < 0])
        for forward, vals in zip(forwarded, vals_list):
            issue_id = forward.movement.key
            if issue_id in issues:
                quantity, value = issues[issue_id]
                issues[issue_id] = quantity, value + forward.amount
                unit_cost = (value + forward.amount) / quantity
                vals.update(stock_valuation_layer_id=issue_id, unit_cost=unit_cost)
        return vals_list

    def _read_issues(self, forwarded):
        """Return {layer id: (quantity, value with what is linked to it)} of the issues that took `forwarded` along."""
        compat.flush(self.env)
        self.env.cr.execute(
            "SELECT issue.id, issue.quantity::float, (COALESCE(issue.value, 0) + COALESCE(SUM(linked.value), 0))::float"
            " FROM stock_valuation_layer issue LEFT JOIN stock_valuation_layer linked"
            " ON linked.stock_valuation_layer_id = issue.id AND linked.product_id = ANY(%s)"
            " WHERE issue.id = ANY(%s) GROUP BY issue.id",
            [list({each.product_id for each in forwarded}), list({each.movement.key for each in forwarded})],
        )
        return {layer_id: (quantity, value) for layer_id, quantity, value in self.env.cr.fetchall()}

    # ------------------------------------------------------------------ costs

    def _product_cost(self, product, own, parts, stock, layers):
        """Return {product id: the cost it shows now}, rounded as Odoo stores it; {} where it keeps its cost.

        Average: value / quantity now; standard: the new unit cost, unless it was set anew since; FIFO: that of the
        first open layer.
        """
        quantity, value = stock.now.get(product.id, (0.0, 0.0))
        stocked = [layer for layer in layers if tools.uom_compare(product.uom_id, layer.quantity, 0) > 0]
        if product.cost_method == "fifo" and stocked and not compat.is_lot_valued(product):
            return {product.id: self._cost(decimal(stocked[0].value) / decimal(stocked[0].quantity))}
        if product.cost_method == "standard" and not compat.is_lot_valued(product):
            if any(not movement.quantity for part in parts for movement in part.movements):
                return {}
            return {product.id: self._cost(self._new_cost(own[0][0], stock.then[product.id][0]))}
        if tools.uom_compare(product.uom_id, quantity, 0) <= 0:
            return {}
        left = sum(part.left for part in parts)
        return {product.id: self._cost((decimal(value) + left) / decimal(quantity))}

    def _lot_costs(self, product, own, stock):
        """Return {lot id: cost} of the lots with stock that are reached."""
        costs = {}
        for change, parts in own if compat.is_lot_valued(product) else ():  # 18.0 alone
            for part in parts:
                quantity, value = stock.lots[product.id].get(part.lot_id, (0.0, 0.0))
                reset = any(not movement.quantity for movement in part.movements)
                if not part.lot_id or reset or tools.uom_compare(product.uom_id, quantity, 0) <= 0:
                    continue
                if change.unit_cost is not None:
                    costs[part.lot_id] = self._cost(change.unit_cost)
                else:
                    value = decimal(costs.get(part.lot_id, 0)) * decimal(quantity) or decimal(value)
                    costs[part.lot_id] = self._cost((value + part.left) / decimal(quantity))
        return costs

    def _cost(self, unit_cost):
        digits = self.env["decimal.precision"].precision_get("Product Price")
        return float_round(float(unit_cost), precision_digits=digits)

    def _changed_rows(self):
        return "stock_valuation_layer", "TRUE"


class StockValuationLayer(models.Model):
    _name = "stock.valuation.layer"
    _inherit = ["stock.valuation.layer", "stock.revaluation.owned"]

    _owned_fields = (
        "revaluation_line_id",
        "revaluation_journal_id",
        "revaluation_forwarded",
        "revaluation_account_id",
        "lost_entry",
    )

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
    revaluation_forwarded = fields.Boolean(
        "Forwarded",
        readonly=True,
        copy=False,
        help="The share of a revaluation that went on with a stock move after its accounting date.",
    )
    revaluation_account_id = fields.Many2one(
        "account.account", "Cost Went To", readonly=True, help="The account that took a forwarded share."
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
        "revaluation_forwarded",
        "revaluation_account_id",
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
