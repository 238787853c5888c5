from collections import namedtuple
from decimal import Decimal

from odoo import _, api, fields, models
from odoo.exceptions import UserError

from .. import compat
from ..engine.distribution import distribute
from ..engine.rounding import decimal, round_to, unit_cost_of
from .stock_revaluation_journal_line import COST_DIGITS

# Above this a unit cost is no figure that a line could hold.
COST_LIMIT = 10**15
# How many changes a preview shows, and how many names stand in one list.
SHOWN_AT_MOST = 50

# What a line comes to whose allowance is released: its goods are gone.
NOTHING_LEFT = {"unit_cost_revalued": 0.0, "value_revalued": 0.0}
# A change that a source suggests for an item; `entry` is what `revalue` takes.
Suggestion = namedtuple("Suggestion", "item entry unit_cost value amount")


class StockRevaluationCostSource(models.AbstractModel):
    """Where a new unit cost comes from, and the options of each source.

    One computation for the wizard *Suggest Revalued Cost*, for revaluation rules and for automations:
    `_get_unit_costs` answers for journal lines or products. A model that inherits this one has the
    options as fields; `_get_options` collects them.
    """

    _name = "stock.revaluation.cost.source"
    _inherit = "stock.revaluation.guard"
    _description = "Source of a New Cost"

    company_id = fields.Many2one("res.company", "Company", help="Whose stock is revalued.")
    currency_id = fields.Many2one(related="company_id.currency_id")
    source = fields.Selection(
        selection="_select_source",
        string="New Cost",
        default="percent",
        required=True,
        help="Where the new unit cost comes from. Lines for which the source knows nothing stay as they are"
        " and are named.",
    )
    percentage = fields.Float(
        "Change by %", digits=(16, 4), help="5 raises the unit cost of the books by 5 per cent, -5 lowers it."
    )
    amount_per_unit = fields.Float(
        "Change per Unit",
        digits=COST_DIGITS,
        help="Added to the unit cost of the books, in company currency per stock unit; negative to lower it.",
    )
    fixed_unit_cost = fields.Float(
        "Unit Cost",
        digits=COST_DIGITS,
        help="The unit cost that every line gets. Zero writes the stock down to nothing.",
    )
    spread_amount = fields.Monetary(
        "Amount to Spread", help="Spread to the cent: the lines together take exactly this amount."
    )
    spread_kind = fields.Selection(
        [("change", "Add it to the inventory value"), ("total", "It is the new inventory value")],
        "Meaning",
        default="change",
        required=True,
        help="Add it: a later cost such as freight or duty, negative to lower the value. New inventory value: what all"
        " lines together are worth afterwards.",
    )
    spread_by = fields.Selection(
        [("value", "Inventory value"), ("quantity", "Quantity")],
        "In Proportion To",
        default="value",
        required=True,
        help="A line with a larger value or quantity takes a larger part.",
    )
    vendor_id = fields.Many2one(
        "res.partner",
        "Vendor",
        help="Only this vendor's prices. Empty: the first vendor on the product's purchase tab.",
    )
    vendor_quantity = fields.Float(
        "Order Quantity",
        digits=compat.QUANTITY_DIGITS,
        help="The price that holds when so much is ordered, in the product's stock unit. Empty: the quantity in stock.",
    )
    deduction_percent = fields.Float(
        "Less %",
        digits=(16, 4),
        help="What it costs to sell, in per cent of the sales price without tax: the rest is the net realisable value.",
    )
    only_lower = fields.Boolean(
        "Only Where Lower",
        help="Change only lines whose new cost lies below the cost of the books: a write-down to the lower of cost and"
        " market never writes up.",
    )
    rounding_step = fields.Float(
        "Round To", digits=COST_DIGITS, help="Round new unit costs to multiples of this, e.g. 0.05; empty: not at all."
    )

    @api.model
    def _select_source(self):
        """Return the sources there are. Override: add one, and its `_costs_from_<source>`."""
        sources = [
            ("percent", _("Percentage up or down")),
            ("amount", _("Amount per unit up or down")),
            ("fixed", _("Fixed unit cost")),
            ("spread", _("Spread a total")),
            ("last_receipt", _("Cost of the last receipt")),
            ("vendor", _("Vendor's price")),
            ("sales", _("Sales price less a percentage")),
        ]
        return sources

    @api.model
    def _option_names(self):
        """Return the names of the options besides the source itself."""
        return [
            "percentage",
            "amount_per_unit",
            "fixed_unit_cost",
            "spread_amount",
            "spread_kind",
            "spread_by",
            "vendor_id",
            "vendor_quantity",
            "deduction_percent",
            "only_lower",
            "rounding_step",
        ]

    @api.model
    def _looks_at_all_lines(self, source):
        """Tell whether what a source gives for one line follows from others. Override: for a source of your own."""
        grouped = source == "nrv" and self.env["stock.revaluation.nrv.group"].sudo().search([], limit=1)
        return bool(grouped) or source in ("spread", "rollup", "bom")

    def _get_writable_fields(self, state):
        return super()._get_writable_fields(state) + ("source", *self._option_names())

    def _get_options(self):
        """Return this record's options, as keyword arguments of `_get_unit_costs`."""
        self.ensure_one()
        return {name: self[name] for name in self._option_names()}

    # ------------------------------------------------------------------ for callers

    @api.model
    def _get_unit_costs(self, records, source, company, date=None, **options):
        """Return the new unit costs that `source` gives for journal lines or products.

        Shape: `records` lines of revaluation journals or products; `options` as `_option_names`.
        Returns: ({record id: unit cost}, [ids for which the source knows nothing]).
        Units: company currency per stock unit. A spread total is exact only as a value: callers that
        enter it take `_get_entries`.
        Raises: UserError if there is no such source or option, or the total cannot be spread.
        """
        items = self._get_items(records, company)
        entries, missing = self._get_entries(items, source, company, date, **options)
        quantities = {item.key: item.quantity for item in items}
        digits = self.env["decimal.precision"].precision_get(COST_DIGITS)
        costs = {
            key: entry["unit_cost"]
            if "unit_cost" in entry
            else float(unit_cost_of(entry["value"], quantities[key], digits))
            for key, entry in entries.items()
        }
        return costs, list(missing)

    @api.model
    def _get_entries(self, items, source, company, date=None, reason=None, **options):
        """Return what to enter for each item, and why the others have nothing.

        Shape: `items` a list of Item; `reason` the revaluation reason, which says what net realisable value may change.
        Returns ({key: {"unit_cost": x} or {"value": x}}, {key: text}).
        """
        options = self._complete_options(source, options)
        date = date or fields.Date.context_today(self)
        if source == "nrv":
            return self._get_nrv_entries(items, company, date, options, reason)
        stocked = [item for item in items if item.quantity > 0 or item.unit_cost is not None]
        no_stock = _("no quantity in stock")  # not in the loop: up to Python 3.11 `_` finds no language there
        missing = {item.key: no_stock for item in items if item.quantity <= 0 and item.unit_cost is None}
        if source == "spread":
            return self._spread(stocked, company, options), missing
        costs = getattr(self, "_costs_from_" + source)(stocked, company, date, options)
        entries = {}
        for item in stocked:
            cost = costs.get(item.key)
            if cost is None or isinstance(cost, str):
                missing[item.key] = cost or self._missing_text(source, date)
            elif cost < 0:
                missing[item.key] = _("the new cost would be below zero")
            elif cost >= COST_LIMIT:
                missing[item.key] = _("the new cost would be a number too large to be kept")
            elif self._takes(item, cost, options):
                entries[item.key] = self._entry_of(item, self._round_cost(cost, options))
        return entries, missing

    def _entry_of(self, item, cost):
        """Return what to enter for a new unit cost: the cost, or the total where the cost cannot be written out.

        750.00 for 147 units stay 750.00 at 0 per cent, and not 147 × 5.1020 = 749.99.
        """
        Line = self.env["stock.revaluation.journal.line"]
        written = round_to(cost, Decimal(1).scaleb(-Line._cost_digits(item.cost_method)))
        if written == cost or item.quantity <= 0 or Line._cost_is_value(item.cost_method):
            return {"unit_cost": float(cost)}
        return {"value": float(decimal(item.quantity) * decimal(cost))}

    def _takes(self, item, cost, options):
        """Tell whether the options let `item` have this new cost."""
        return not options["only_lower"] or self._round_cost(cost, options) < self._book_cost(item)

    @api.model
    def _suggest(self, items, source, company, date=None, reason=None, **options):
        """Return ([Suggestion], {key: reason}): what entering the new costs would come to.

        Units and rounding are those of the journal lines. Only items that change are in the list.
        """
        entries, missing = self._get_entries(items, source, company, date, reason, **options)
        return self._get_suggested(items, entries, company), missing

    @api.model
    def _get_suggested(self, items, entries, company):
        """Return [Suggestion] of the items that `entries` change."""
        Line = self.env["stock.revaluation.journal.line"]
        suggestions = []
        for item in items:
            if item.key not in entries:
                continue
            ((name, number),) = entries[item.key].items()
            figures = {
                "product_id": item.product_id,
                "quantity": item.quantity,
                "cost_method": getattr(entries[item.key], "cost_method", item.cost_method),
                "rounding": company.currency_id.rounding,
            }
            after = NOTHING_LEFT if item.booked and not item.quantity else Line._entry_values(figures, name, number)
            amount = company.currency_id.round(after["value_revalued"] - item.value_now)
            digits = Line._cost_digits(None)
            same_cost = round_to(after["unit_cost_revalued"], Decimal(1).scaleb(-digits)) == round_to(
                item.unit_cost_now, Decimal(1).scaleb(-digits)
            )
            if amount or not same_cost:
                suggestions.append(
                    Suggestion(item, entries[item.key], after["unit_cost_revalued"], after["value_revalued"], amount)
                )
        return suggestions

    def _book_cost(self, item):
        if item.unit_cost is not None:
            return decimal(item.unit_cost)
        return decimal(item.value) / decimal(item.quantity)

    def _products(self, items, company):
        """Return {product id: product} of `items` as the company sees them."""
        ids = list({item.product_id for item in items})
        products = self.env["product.product"].sudo().with_context(allowed_company_ids=company.ids).browse(ids)
        return {product.id: product for product in products.with_company(company)}

    # ------------------------------------------------------------------ the options

    def _complete_options(self, source, options):
        """Return all options with their defaults; refuse a source or an option that is none."""
        if source not in dict(self._select_source()):
            raise UserError(
                _(
                    "There is no source of costs %(origin)s. Choose one of: %(sources)s.",
                    origin=source,
                    sources=", ".join(dict(self._select_source())),
                )
            )
        unknown = sorted(set(options) - set(self._option_names()))
        if unknown:
            raise UserError(
                _(
                    "A source of costs has no option %(unknown)s. The options are: %(names)s.",
                    unknown=", ".join(unknown),
                    names=", ".join(self._option_names()),
                )
            )
        self._check_number_columns(options)
        defaults = dict.fromkeys(self._option_names(), 0.0)
        defaults.update(spread_kind="change", spread_by="value", vendor_id=self.env["res.partner"], only_lower=False)
        complete = dict(defaults, **options)
        if isinstance(complete["vendor_id"], int):
            complete["vendor_id"] = self.env["res.partner"].browse(complete["vendor_id"] or [])
        return complete

    def _round_cost(self, cost, options):
        step = options["rounding_step"]
        return round_to(cost, step) if step and step > 0 else decimal(cost)

    def _missing_text(self, source, date):
        """Say why a source has no cost for a product."""
        return {
            "last_receipt": _("no receipt from a vendor or from production"),
            "vendor": _("no vendor's price that holds on %s for the quantity", date),
            "sales": _("no sales price"),
            "bom": _("no bill of materials"),
            "rollup": _("no bill of materials"),
        }.get(source, _("no new cost"))

    # ------------------------------------------------------------------ the sources
    # Each returns {item key: unit cost, or the reason why there is none}, without the items it knows nothing about.

    def _costs_from_percent(self, items, company, date, options):
        factor = 1 + decimal(options["percentage"]) / 100
        return {item.key: self._book_cost(item) * factor for item in items}

    def _costs_from_amount(self, items, company, date, options):
        return {item.key: self._book_cost(item) + decimal(options["amount_per_unit"]) for item in items}

    def _costs_from_fixed(self, items, company, date, options):
        return {item.key: decimal(options["fixed_unit_cost"]) for item in items}

    def _by_product(self, items, costs):
        """Return {item key: cost} for {product id: cost}."""
        return {item.key: decimal(costs[item.product_id]) for item in items if item.product_id in costs}

    # ------------------------------------------------------------------ spreading

    def _spread(self, items, company, options):
        """Return {key: {"value": new total}}: a total spread over the items to the cent."""
        total, by_value = decimal(options["spread_amount"]), options["spread_by"] == "value"
        weights = {item.key: decimal(item.value if by_value else item.quantity) for item in items}
        weighed = [item for item in items if weights[item.key] > 0]
        if not weighed:
            raise UserError(
                _("There is nothing to spread the amount over: no line has a value or quantity above zero.")
            )
        step, sign = company.currency_id.rounding, -1 if total < 0 else 1
        total = round_to(abs(total), step)
        shares = distribute(total, [weights[item.key] for item in weighed], step)
        new = {item.key: share * sign for item, share in zip(weighed, shares)}
        if options["spread_kind"] == "change":
            new = {item.key: decimal(item.value) + new[item.key] for item in weighed}
        below = [item for item in weighed if new[item.key] < 0]
        if below:
            raise UserError(
                _(
                    "So much cannot be taken off: these products would be worth less than nothing."
                    " Take a smaller amount:"
                )
                + "\n"
                + self._name_items(below)
            )
        return {key: {"value": float(value)} for key, value in new.items()}
