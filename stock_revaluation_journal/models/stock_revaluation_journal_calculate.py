import json
from collections import defaultdict

from odoo import _, api, fields, models
from odoo.exceptions import UserError

from .. import compat, tools
from ..engine import rounding
from ..valuation.shapes import Key
from .stock_revaluation_journal import NAMED_AT_MOST

# What a test of net realisable value found: of figures that are read again it holds no more.
NO_FINDING = {
    "nrv_basis": False,
    "nrv_value": 0,
    "nrv_cost": 0,
    "nrv_left": 0,
    "nrv_reversible": 0,
    "nrv_detail": False,
    "nrv_by": False,
}


class StockRevaluationJournal(models.Model):
    """Calculate Inventory Value: a line for each position, and what was left out, and why."""

    _inherit = "stock.revaluation.journal"

    left_out = fields.Text(
        "Left Out",
        compute="_compute_left_out",
        help="Products that Calculate Inventory Value did not take, and why; those that you may see by name.",
    )
    left_out_ids = fields.Text("Left Out, by Reason", readonly=True, copy=False, help="As {reason: [product id]}.")

    @api.depends("left_out_ids")
    @api.depends_context("uid", "allowed_company_ids", "lang")
    def _compute_left_out(self):
        for journal in self:
            journal.left_out = journal._left_out_text(json.loads(journal.left_out_ids or "{}"))

    def action_calculate(self):
        """Open Calculate Inventory Value for this journal."""
        self._check_rights("write")
        self.ensure_one()
        self._check_draft()
        return {
            "type": "ir.actions.act_window",
            "name": _("Calculate Inventory Value"),
            "res_model": "stock.revaluation.calculate",
            "view_mode": "form",
            "target": "new",
            "context": {"default_journal_id": self.id},
        }

    def calculate(
        self,
        calculate_per="product",
        product_ids=None,
        categ_ids=None,
        cost_methods=None,
        warehouse_ids=None,
        lot_ids=None,
        min_value=0.0,
        existing_lines="replace",
        also_without_stock=False,
    ):
        """Fill the journal with a line per product, layer or lot, with the figures of the books.

        Shape: arguments as the fields of *Calculate Inventory Value*: `calculate_per` "product",
        "layer" or "lot"; lists of ids or None for all; `cost_methods` a list of "standard",
        "average", "fifo"; `min_value` in company currency; `existing_lines` "replace" or "keep"; `also_without_stock`
        adds products under standard cost that have no stock, whose cost alone will change.
        Returns: the number of lines made. What was left out, and why, is in `left_out`. Of very many products
        (system parameter `stock_revaluation_journal.calculate_limit`) it returns 0 and goes on in the background:
        `task` says what runs, and is False when it is done.
        Raises: UserError if the journal is not a draft or an argument is not one of the above.
        """
        self._check_rights("write")
        self.ensure_one()
        self._check_draft()
        self._check_calculate_arguments(calculate_per, cost_methods, existing_lines)
        product_ids, categ_ids, warehouse_ids, lot_ids = map(
            self._read_ids, (product_ids, categ_ids, warehouse_ids, lot_ids)
        )
        options = {
            "calculate_per": calculate_per,
            "lot_ids": list(lot_ids or ()),
            "min_value": self._read_number(min_value),
            "existing_lines": existing_lines,
            "also_without_stock": also_without_stock,
        }
        seam = self._seam()
        products = self._get_products(product_ids, categ_ids, warehouse_ids, lot_ids)
        if cost_methods:
            products = seam._records(
                product for product in seam._facts(products) if product.cost_method in cost_methods
            )
        foreign = dict.fromkeys(self._foreign_products(product_ids, products, cost_methods), "foreign")
        if self._is_large_calculation(products, calculate_per):
            self._calculate_in_steps(products, options, foreign)
            return 0
        return self._calculate_at_once(products, options, foreign)

    def _get_products(self, product_ids=None, categ_ids=None, warehouse_ids=None, lot_ids=None):
        """Return the storable products of the company that the filters name."""
        domain = self._product_domain(product_ids, categ_ids, warehouse_ids, lot_ids)
        return self._seam()._candidates(domain).with_company(self.company_id)

    def _calculate_at_once(self, products, options, left_out):
        """Fill the journal, as `calculate` does; `left_out` {product id: reason} is known already."""
        if options["existing_lines"] == "replace":
            self._delete_lines()
        count, more = self._calculate_products(products, **options)
        self._note_left_out({**more, **left_out}, options)
        return count

    def _calculate_products(self, products, calculate_per, lot_ids, min_value, existing_lines, also_without_stock):
        """Add lines of `products`; return (number of lines, {product id: reason left out})."""
        positions, left_out = self._get_positions(products, calculate_per)
        if lot_ids:
            positions = [position for position in positions if position.key.lot_id in set(lot_ids)]
        if also_without_stock and not lot_ids:
            positions += self._get_cost_positions(products, left_out)
        kept = self._existing_keys() if existing_lines == "keep" else set()
        positions = [
            position
            for position in positions
            if (not min_value or position.value >= min_value or position.unit_cost is not None)
            and not (kept and self._overlaps(position.key, kept))
        ]
        lines = self.env["stock.revaluation.journal.line"]._create_from_positions(self, positions)
        return len(lines), left_out

    def _note_left_out(self, left_out, options):
        """Say on the journal what Calculate left out, and whether it took products without stock."""
        also = options["also_without_stock"] or (options["existing_lines"] == "keep" and self.also_without_stock)
        by_reason = defaultdict(list)
        for product_id, reason in left_out.items():
            by_reason[reason].append(product_id)
        known = json.dumps(by_reason) if left_out else False
        self._write_protected({"left_out_ids": known, "also_without_stock": also})

    def _get_positions(self, products, calculate_per):
        """Return ([Position], {product id: reason left out}). Override: to take what is not in stock."""
        return self._seam()._positions(products, calculate_per, self._moment())

    def _check_calculate_arguments(self, calculate_per, cost_methods, existing_lines):
        for value, allowed, name in (
            ([calculate_per], ("product", "layer", "lot"), "calculate_per"),
            ([existing_lines], ("replace", "keep"), "existing_lines"),
            (cost_methods or [], ("standard", "average", "fifo"), "cost_methods"),
        ):
            if not isinstance(value, (list, tuple, set)) or not all(each in allowed for each in value):
                raise UserError(
                    _(
                        "%(name)s: %(value)s is not one of %(allowed)s.",
                        name=name,
                        value=", ".join(map(str, value)) if isinstance(value, (list, tuple, set)) else value,
                        allowed=", ".join(allowed),
                    )
                )

    def _read_ids(self, ids):
        """Return the list of ids that an argument names, None for none. Raises: UserError if it names no records."""
        try:
            return [tools.record_id(each) for each in ids] if ids else None
        except (TypeError, ValueError):
            raise UserError(_("%r is no list of ids.", ids)) from None

    def _product_domain(self, product_ids, categ_ids, warehouse_ids, lot_ids):
        """Domain of the products that the filters of Calculate Inventory Value name.

        Override: to add a filter of your own.
        """
        domain = []
        if product_ids:
            domain.append(("id", "in", list(product_ids)))
        if categ_ids:
            domain.append(("categ_id", "child_of", list(categ_ids)))
        if lot_ids:
            lots = self.env[compat.LOT_MODEL].sudo().browse(lot_ids)
            domain.append(("id", "in", lots.mapped("product_id").ids))
        if warehouse_ids:
            warehouses = self.env["stock.warehouse"].sudo().browse(warehouse_ids)
            quants = (
                self.env["stock.quant"]
                .sudo()
                .search([("location_id", "child_of", warehouses.mapped("view_location_id").ids), ("quantity", ">", 0)])
            )
            domain.append(("id", "in", quants.mapped("product_id").ids))
        return domain

    def _foreign_products(self, product_ids, products, cost_methods):
        """Return the ids asked for that are no storable products of the company."""
        if not product_ids or cost_methods:
            return []
        return set(product_ids) - set(products.ids)

    def _existing_keys(self):
        """Return the set of what the lines take, see `_taken_by`."""
        keys = self.env["stock.revaluation.journal.line"]._read_keys_of(self)
        return set().union(*(self._taken_by(key) for key in keys))

    def _taken_by(self, key):
        """Return what a line of `key` takes: that position, and (None) something of its product."""
        return {key._replace(whole=False), Key(key.product_id, None, None)}

    def _overlaps(self, key, taken):
        """Tell whether `key` names stock that is `taken` already."""
        whole = Key(key.product_id, False, False)
        some = Key(key.product_id, None, None)
        return key._replace(whole=False) in taken or whole in taken or (key == whole and some in taken)

    def _left_out_text(self, left_out):
        """Say for each reason how many products were left out, and name those that the reader may see.

        Shape: `left_out` {reason: [product id]}.
        """
        reasons = {
            "zero": _("No quantity in stock"),
            "negative": _("Negative quantity: receive or correct the stock first"),
            "no_layers": _("Never valued: no receipt since inventory valuation was installed"),
            "consigned": _("Goods of other owners in stock, which this version of Odoo values as well under FIFO"),
            "no_lots": _("No lot with a quantity"),
            "not_fifo": _("Not issued first in, first out: what left since the accounting date cannot be followed"),
            "lots_then": _("Moved since the accounting date, and Odoo keeps no value of lots at a date"),
            "layers_then": _("What each layer was worth at the accounting date cannot be told: calculate per product"),
            "foreign": _("Not a storable product of %s", self.company_id.name),
        }
        named = {reason: ", ".join(self._name_products(ids, NAMED_AT_MOST)) for reason, ids in left_out.items() if ids}
        paragraphs = [
            "%s (%d): %s" % (label, len(left_out[reason]), named[reason])
            for reason, label in reasons.items()
            if reason in named
        ]
        return "\n".join(paragraphs) or False


class StockRevaluationJournalLine(models.Model):
    _inherit = "stock.revaluation.journal.line"

    @api.model
    def _create_from_positions(self, journal, positions):
        """Create the lines of `positions` (list of Position) with revalued = calculated, by reference and name."""
        by_product = defaultdict(list)
        for position in positions:
            by_product[position.key.product_id].append(position)
        products = self.env["product.product"].with_context(active_test=False).sudo()
        products = products.search([("id", "in", list(by_product))], order="default_code, name, id")
        return self._insert_rows(journal, self._position_rows(journal, products, by_product))

    def _position_rows(self, journal, products, by_product):
        """Yield the values of a line for each position of `products`, numbered on."""
        sequence = journal._get_last_sequence()
        for product in journal._seam()._facts(products):
            for position in by_product[product.id]:
                sequence += 1
                row = self._book_values(position, product)
                row.update(self._key_values(position.key), sequence=sequence)
                yield row

    def _book_values(self, position, product):
        """Return the values of a line with the figures of `position` and revalued = calculated."""
        digits = self._cost_digits(None)
        if position.unit_cost is None:
            unit_cost = float(rounding.unit_cost_of(position.value, position.quantity, digits))
        else:
            unit_cost = float(rounding.round_to(position.unit_cost, 10**-digits))
        return {
            "quantity": position.quantity,
            "value_calculated": position.value,
            "unit_cost_calculated": unit_cost,
            "value_revalued": position.value,
            "unit_cost_revalued": unit_cost,
            "entered": False,
            "cost_method": product.cost_method,
            "automated": product.valuation == "real_time",
            "is_stale": False,
            **NO_FINDING,
        }
