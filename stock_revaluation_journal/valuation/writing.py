"""How changes are written: layers and their dates, costs and other columns of many records in one statement."""

from itertools import chain

from odoo import models
from psycopg2.extras import execute_values

from .. import compat, tools
from ..engine.rounding import decimal


class StockRevaluationValuation(models.AbstractModel):
    """What both implementations of `_apply` write with."""

    _inherit = "stock.revaluation.valuation"

    def _layer_vals(self, change, value, lot_id=False):
        """Return the values of one new layer, what it stores of line and product included: no update follows.

        `stock_valuation_layer_id` stays empty: from 16.0 on vendor bills add up the layers linked that way and
        would take the revaluation back as a price difference.
        """
        Layer = self.env["stock.valuation.layer"]
        vals = {
            "company_id": self.env.company.id,
            "product_id": change.key.product_id,
            "quantity": 0,
            "unit_cost": 0,
            "value": value,
            "description": change.description,
            "account_move_id": change.account_move_id,
            "revaluation_line_id": change.line_id,
            "revaluation_journal_id": change.journal_id,
        }
        if lot_id:
            vals["lot_id"] = lot_id
        if Layer._fields["categ_id"].store:
            vals["categ_id"] = self.env["product.product"].sudo().browse(change.key.product_id).categ_id.id
        return vals

    def _forwarded_vals(self, changes, forwarded):
        """Return the values of the layers of `forwarded`, each linked to the move that took the share along."""
        by_line, common = {change.line_id: change for change in changes}, {}
        for each in forwarded:
            key = (each.line_id, each.lot_id)
            if key not in common:
                common[key] = dict(self._layer_vals(by_line[each.line_id], 0, each.lot_id), revaluation_forwarded=True)
        return [
            dict(
                common[each.line_id, each.lot_id],
                value=each.amount,
                account_move_id=each.account_move_id,
                revaluation_account_id=each.account_id,
                stock_move_id=each.movement.move,
            )
            for each in forwarded
        ]

    def _new_cost(self, change, quantity):
        """Return the unit cost that a change of a whole product or lot gives, unrounded."""
        if change.unit_cost is not None:
            return decimal(change.unit_cost)
        return decimal(change.value) / decimal(quantity)

    def _cost(self, unit_cost):
        """Return a unit cost as Odoo stores it."""
        return float(unit_cost)

    def _write_costs(self, model, costs):
        """Set the company's `standard_price` of products or lots in one statement.

        Shape: `costs` is {record id: unit cost in company currency}.
        Odoo's own write would log a value of its own for each (a layer, an entry, a product value).
        """
        if not costs:
            return
        if "ir.property" in self.env:
            compat.flush(self.env)
            self._write_properties(model, costs)
            compat.written(self.env[model].sudo().browse(costs), ["standard_price"])
        else:
            stored = "COALESCE(t.standard_price, '{}'::jsonb) || jsonb_build_object('%d', v.new)" % self.env.company.id
            self._update_column(model, "standard_price", costs, stored)

    def _write_properties(self, model, costs):
        """Up to 17.0 a cost is a row of `ir.property` per record and company: change them, add those that lack."""
        self.env.cr.execute("SELECT id FROM ir_model_fields WHERE model = %s AND name = 'standard_price'", [model])
        params = (self.env.cr.fetchone()[0], self.env.company.id, self.env.uid)
        execute_values(
            self.env.cr._obj,
            "WITH given AS (SELECT v.res_id, v.cost, {0} AS fields_id, {1} AS company_id"
            " FROM (VALUES %s) v(res_id, cost)),"
            " changed AS (UPDATE ir_property p SET value_float = given.cost, write_uid = {2},"
            " write_date = now() AT TIME ZONE 'UTC' FROM given WHERE p.res_id = given.res_id"
            " AND p.fields_id = given.fields_id AND p.company_id = given.company_id RETURNING p.res_id)"
            " INSERT INTO ir_property (name, type, company_id, fields_id, res_id, value_float,"
            " create_uid, write_uid, create_date, write_date)"
            " SELECT 'standard_price', 'float', company_id, fields_id, res_id, cost, {2}, {2},"
            " now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC'"
            " FROM given WHERE res_id NOT IN (SELECT res_id FROM changed)".format(*params),
            [("%s,%d" % (model, record_id), cost) for record_id, cost in costs.items()],
            template="(%s, %s::float)",
            page_size=5000,
        )

    def _update_column(self, model, name, new_by_id, stored="v.new", kind="numeric"):
        """Write the value {record id: new} of each record into column `name`, in one statement.

        `kind` is PostgreSQL's type of the values; `stored` the SQL of what the column gets, where that is not the
        value itself: t is the table.
        """
        if not new_by_id:
            return
        records = self.env[model].sudo().browse(new_by_id)
        compat.flush(self.env)
        self.env.cr.execute(
            "UPDATE %s t SET %s = %s, write_uid = %d, write_date = now() AT TIME ZONE 'UTC'"
            " FROM unnest(%%s::int[], %%s::%s[]) AS v(id, new) WHERE t.id = v.id"
            % (records._table, name, stored, self.env.uid, kind),
            [list(new_by_id), list(new_by_id.values())],
        )
        compat.written(records, [name, "write_uid", "write_date"])

    def _create_layers(self, vals_list, moments):
        """Create the layers, in few statements where the ORM takes one for each (up to 15.0) or the model is ours.

        Shape: `moments` one for each, at which it counts, None for now: Odoo values stock at a date by `create_date`.
        """
        Layer = self.env["stock.valuation.layer"].sudo().with_context(revaluation_posting=tools.Inner())
        if compat.HAS_LAYERS and not compat.INSERTS_ROW_BY_ROW:
            layers = Layer.create(vals_list)
            dated = {layer_id: moment for layer_id, moment in zip(layers.ids, moments) if moment}
            self._update_column("stock.valuation.layer", "create_date", dated, kind="timestamp")
            return
        defaults = Layer._add_missing_default_values({})
        names = dict.fromkeys(chain(defaults, *vals_list))
        columns = [name for name in names if Layer._fields[name].column_type]
        ids, now = self._new_layer_ids(len(vals_list))
        tools.copy_rows(
            self.env.cr,
            "stock_valuation_layer",
            ["id", "create_date", "create_uid", "write_uid", "write_date", *columns],
            [
                [layer_id, moment or now, self.env.uid, self.env.uid, now]
                + [None if value is False else value for value in map(dict(defaults, **vals).get, columns)]
                for layer_id, moment, vals in zip(ids, moments, vals_list)
            ],
        )
        # Of what depends on our own fields nothing is stored
        compat.invalidate(self.env)
        names = [name for name in Layer._fields if not name.startswith("revaluation_")]
        layers = Layer.browse(ids)
        with self.env.protecting([Layer._fields[name] for name in columns], layers):
            layers.modified(names)

    def _new_layer_ids(self, count):
        """Return (ids of so many new layers, the time of this transaction)."""
        self.env.cr.execute(
            "SELECT array_agg(nextval('stock_valuation_layer_id_seq')::int), now() AT TIME ZONE 'UTC'"
            " FROM generate_series(1, %s)",
            [count],
        )
        ids, now = self.env.cr.fetchone()
        return ids or [], now
