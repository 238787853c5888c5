from collections import defaultdict, namedtuple

from dateutil.relativedelta import relativedelta
from odoo import _, api, fields, models

from .. import compat, tools
from ..engine import realisable
from ..engine.rounding import decimal, round_to
from ..valuation.base import Key
from .stock_revaluation_journal_line import COST_DIGITS

# Products priced at once: Odoo tries every rule of the pricelist that names one of them on each.
PRICED_AT_ONCE = 200

# A net realisable value that something gives for an item. Units: `value` of all the item's quantity, company currency.
# `basis` is one of BASES.
Estimate = namedtuple("Estimate", "value basis text")
# What the test found for an item, and what follows. Units: company currency. `cost` is what the item would be worth
# without write-downs, `left` what is left of these, `value` the new value; `texts` says what decided.
Finding = namedtuple("Finding", "item cost left reversible estimate value texts")
# A table as the test needs it. Shape: `rows` see `engine.realisable`.
TableRows = namedtuple("TableRows", "name months rows")

BASES = [
    ("entered", "Entered value"),
    ("price", "Sales price less costs"),
    ("ageing", "Days since receipt"),
    ("coverage", "Months of stock"),
]


class NrvEntry(dict):
    """What to enter for an item, as {"value": x} or {"unit_cost": x}, and the finding that it follows from."""

    def __init__(self, entry, finding):
        super().__init__(entry)
        self.finding = finding


class StockRevaluationCostSource(models.AbstractModel):
    """The source *Net realisable value*: the lower of cost and what the goods will bring.

    An entered value comes first. Otherwise the lowest of what is known decides: the sales price less costs to
    complete and to sell, the ageing table of the category, its coverage table. An item is tested by itself or with
    its group (`stock.revaluation.nrv.group`); lines of one product are one item. Up it goes by what is left of
    write-downs at the most.
    Source: IAS 2.28 to 2.33.
    """

    _inherit = "stock.revaluation.cost.source"

    pricelist_id = fields.Many2one(
        "product.pricelist",
        "Pricelist",
        help="Where sales prices come from, in any currency, for one stock unit on the journal's date. Empty: the"
        " product's own sales price.",
    )
    nrv_price = fields.Boolean(
        "Sales Price Less Costs",
        default=True,
        help="For products that can be sold: the sales price without tax, less what it costs to complete and to sell.",
    )
    nrv_ageing = fields.Boolean(
        "Ageing Tables",
        default=True,
        help="What goods of that age are worth, by the ageing table of their category.",
    )
    nrv_coverage = fields.Boolean(
        "Coverage Tables",
        default=True,
        help="What a stock is worth that lasts so many months, by the coverage table of its category.",
    )
    nrv_change = fields.Selection(
        [("both", "Write-downs and reversals"), ("down", "Write-downs only"), ("up", "Reversals only")],
        "Changes",
        default="both",
        required=True,
        help="Reversals: where net realisable value has risen, by what is left of the write-downs at the most.",
    )

    @api.model
    def _select_source(self):
        return super()._select_source() + [("nrv", _("Net realisable value"))]

    @api.model
    def _option_names(self):
        return super()._option_names() + ["pricelist_id", "nrv_price", "nrv_ageing", "nrv_coverage", "nrv_change"]

    def _complete_options(self, source, options):
        defaults = {
            "pricelist_id": self.env["product.pricelist"],
            "nrv_price": True,
            "nrv_ageing": True,
            "nrv_coverage": True,
            "nrv_change": "both",
        }
        complete = super()._complete_options(source, dict(defaults, **options))
        if not isinstance(complete["pricelist_id"], models.BaseModel):
            complete["pricelist_id"] = self.env["product.pricelist"].browse(complete["pricelist_id"] or [])
        return complete

    # ------------------------------------------------------------------ the test

    @api.model
    def _get_nrv_entries(self, items, company, date, options):
        """Return ({key: NrvEntry}, {key: why nothing is known}) of `items`, which are in stock."""
        estimates = self._estimate_nrv(items, company, date, options)
        tested = [item for item in items if item.key in estimates]
        entries = {
            finding.item.key: NrvEntry(self._get_nrv_entry(finding), finding)
            for finding in self._get_findings(tested, estimates, company, date, options)
        }
        unknown = _("no net realisable value is known")
        return entries, {item.key: unknown for item in items if item.key not in entries}

    def _get_nrv_entry(self, finding):
        """Return what to enter. Where a rounded cost is the value, one that is not worth more than that."""
        Line, item = self.env["stock.revaluation.journal.line"], finding.item
        if finding.value != decimal(item.value) and Line._cost_is_value(item.cost_method):
            digits = Line._cost_digits(item.cost_method)
            return {"unit_cost": float(realisable.cost_not_above(finding.value, item.quantity, digits))}
        return {"value": float(finding.value)}

    def _get_findings(self, items, estimates, company, date, options):
        """Return [Finding]: the lower-of test by item or by group.

        Shape: `estimates` {item key: Estimate}, for all `items`.
        """
        step = company.currency_id.rounding
        left, reversible = self._get_nrv_left(items, company, date)
        lowest = 0 if options["nrv_change"] == "up" else None
        down = options["nrv_change"] == "down" or options["only_lower"]
        findings = []
        for name, own in self._group_items(items, company):
            costs = [round_to(decimal(item.value) + left[item.key], step) for item in own]
            values = [estimates[item.key].value for item in own]
            short = realisable.write_downs(list(zip(costs, values)), step)
            text = name and self._group_text(name, sum(costs), sum(values), company)
            for item, cost, write_down in zip(own, costs, short):
                highest = 0 if down else reversible[item.key]
                value = realisable.bounded(item.value, cost - write_down, lowest, highest)
                estimate = estimates[item.key]
                texts = [estimate.text] + ([text] if text else [])
                findings.append(
                    Finding(item, cost, left[item.key], reversible[item.key], estimate, value, "\n".join(texts))
                )
        return findings

    def _get_nrv_left(self, items, company, date):
        """Return ({key: left of write-downs}, {key: what of it may be reversed})."""
        keys = {item.key: item.position or Key(item.product_id, False, False) for item in items}
        Journal = self.env["stock.revaluation.journal"].with_company(company)
        known = Journal._get_write_downs_left(list(keys.values()), date)
        left = {item: decimal(known.get(key, 0)) for item, key in keys.items()}
        return left, left

    def _group_items(self, items, company):
        """Return [(name of the group or None, [items tested together])]."""
        products = self._products(items, company)
        categories = self.env["product.category"].browse({product.categ_id.id for product in products.values()})
        groups = self.env["stock.revaluation.nrv.group"]._by_category(categories, company)
        together = defaultdict(list)
        for item in items:
            group = groups.get(products[item.product_id].categ_id.id)
            together[(group.name, group.id) if group else (None, item.product_id)].append(item)
        return [(name, own) for (name, _id), own in together.items()]

    # ------------------------------------------------------------------ what net realisable value is

    def _estimate_nrv(self, items, company, date, options):
        """Return {item key: Estimate}: the one that decides; items for which nothing is known are missing.

        Override: to add an estimate of your own, the lowest of which decides.
        """
        entered = self._estimates_entered(items, company, date)
        others = [item for item in items if item.key not in entered]
        found = defaultdict(list)
        for name in ("price", "ageing", "coverage"):
            if options["nrv_" + name] and others:
                for key, estimate in getattr(self, "_estimates_" + name)(others, company, date, options).items():
                    found[key].append(estimate)
        lowest = {key: min(estimates, key=lambda each: each.value) for key, estimates in found.items()}
        return {**entered, **lowest}

    def _estimate(self, item, unit_value, basis, text, company):
        value = round_to(decimal(unit_value) * decimal(item.quantity), company.currency_id.rounding)
        return Estimate(value, basis, text)

    def _estimates_entered(self, items, company, date):
        products = self.env["product.product"].browse({item.product_id for item in items})
        records = self.env["stock.revaluation.nrv"]._get_values(products, company, date)
        write, text = self._get_writer(), _("Entered for %(date)s: %(value)s a unit. %(note)s")
        estimates = {}
        for item in items:
            record = records.get(item.product_id)
            if record:
                said = text % {
                    "date": write.date(record.date),
                    "value": write.cost(record.unit_value),
                    "note": record.note or "",
                }
                estimates[item.key] = self._estimate(item, record.unit_value, "entered", said.strip(), company)
        return estimates

    # ------------------------------------------------------------------ sales prices

    def _estimates_price(self, items, company, date, options):
        """The sales price of products that can be sold, less what it costs to complete and to sell."""
        products = {key: product for key, product in self._products(items, company).items() if product.sale_ok}
        records = self.env["product.product"].concat(*products.values())
        prices = self._get_sales_prices(records, company, date, options["pricelist_id"])
        costs = self.env["stock.revaluation.selling.cost"]._get_costs(records, company)
        origin = options["pricelist_id"].sudo().display_name or _("sales price of the product")
        net, texts = {}, {}
        for product_id, price in prices.items():
            percent = sum(row.percent for row in costs[product_id])
            amount = sum(row.amount for row in costs[product_id])
            net[product_id] = realisable.net_price(price, percent, amount)
            texts[product_id] = self._price_text(origin, price, percent, amount, net[product_id])
        return {
            item.key: self._estimate(item, net[item.product_id], "price", texts[item.product_id], company)
            for item in items
            if item.product_id in net
        }

    def _get_sales_prices(self, products, company, date, pricelist):
        """Return {product id: price per stock unit without tax, company currency}, of those that have one."""
        prices, currency = {}, pricelist.sudo().currency_id
        moment = self._nrv_seam(company)._value_date(date) or fields.Datetime.now()
        for start in range(0, len(products) if pricelist else 0, PRICED_AT_ONCE):
            batch = products[start : start + PRICED_AT_ONCE]
            prices.update(compat.pricelist_prices(pricelist.sudo().with_company(company), batch, moment))
        found = {
            product.id: self._untaxed_sales_price(product, company, date, prices.get(product.id), currency)
            for product in products
        }
        return {product_id: price for product_id, price in found.items() if price > 0}

    def _price_text(self, origin, price, percent, amount, net):
        write = self._get_writer()
        return _(
            "Sales price %(price)s (%(origin)s) less %(percent)s %% and %(amount)s to complete and to sell:"
            " %(net)s a unit.",
            price=write.cost(price),
            origin=origin,
            percent=write.short(percent),
            amount=write.cost(amount),
            net=write.cost(net),
        )

    # ------------------------------------------------------------------ ages

    def _estimates_ageing(self, items, company, date, options):
        """What the ageing table of its category leaves of an item's cost without write-downs."""
        tables, aged = self._get_tables("ageing", items, company)
        pieces = self._get_pieces(aged, company, date) if aged else {}
        left = self._get_nrv_left(aged, company, date)[0] if aged else {}
        estimates = {}
        for item in aged:
            if item.key not in pieces:
                continue
            table = tables[item.product_id]
            percent = realisable.kept_percent(pieces[item.key], table.rows)
            text = self._ageing_text(table, realisable.buckets(pieces[item.key], table.rows), percent)
            cost = decimal(item.value) + left[item.key]
            value = round_to(cost * percent / 100, company.currency_id.rounding)
            estimates[item.key] = Estimate(value, "ageing", text)
        return estimates

    def _get_pieces(self, items, company, date):
        """Return {item key: [(days since receipt, quantity, unit cost)]} of the items' stocks.

        Under FIFO each receipt has the unit cost of its open layer; otherwise all have the same.
        """
        positions = {item.position or Key(item.product_id, False, False): item for item in items}
        seam = self._nrv_seam(company)
        ages = seam._read_ages({key: item.quantity for key, item in positions.items()}, date)
        fifo = {item.product_id for key, item in positions.items() if item.cost_method == "fifo" and not key.layer_id}
        layers = seam._read_layers(self.env["product.product"].browse(fifo)) if fifo else {}
        costs = {
            (product_id, layer.layer_id): layer.value / layer.quantity
            for product_id, own in layers.items()
            for layer in own
        }
        pieces = {}
        for key, found in ages.items():
            item = positions[key]
            average = item.value / item.quantity
            pieces[item.key] = [
                (
                    (date - age.received_on).days,
                    age.quantity,
                    next((costs[key[0], each] for each in age.layer_ids if (key[0], each) in costs), average),
                )
                for age in found
            ]
        return pieces

    def _ageing_text(self, table, buckets, percent):
        write = self._get_writer()
        lines = [_("Ageing table %(table)s: worth %(percent)s %% of cost.", table=table.name, percent=write.short(percent))]
        for start, end, kept, quantity in buckets:
            lines.append(
                _(
                    "%(days)s days since receipt: %(quantity)s at %(percent)s %%",
                    days="%d–%d" % (start, end) if end is not None else "≥ %d" % start,
                    quantity=write.quantity(quantity),
                    percent=write.short(kept),
                )
            )
        return "\n".join(lines)

    # ------------------------------------------------------------------ coverage

    def _estimates_coverage(self, items, company, date, options):
        """What the coverage table of its category leaves of an item's cost without write-downs."""
        tables, covered = self._get_tables("coverage", items, company)
        left = self._get_nrv_left(covered, company, date)[0] if covered else {}
        issued = self._get_issued(tables, company, date)
        stock = defaultdict(float)
        for item in items:
            stock[item.product_id] += item.quantity
        estimates = {}
        for item in covered:
            table, out = tables[item.product_id], issued.get(item.product_id, 0.0)
            months = realisable.months_of_stock(stock[item.product_id], out, table.months)
            percent = realisable.percent_of(months, table.rows)
            value = (decimal(item.value) + left[item.key]) * percent / 100
            estimates[item.key] = Estimate(
                round_to(value, company.currency_id.rounding),
                "coverage",
                self._coverage_text(table, months, out, percent),
            )
        return estimates

    def _get_issued(self, tables, company, date):
        """Return {product id: quantity issued in the months that its table looks at}."""
        by_months, issued = defaultdict(list), {}
        for product_id, table in tables.items():
            by_months[table.months].append(product_id)
        for months, product_ids in by_months.items():
            products = self.env["product.product"].browse(product_ids)
            since = date - relativedelta(months=months)
            issued.update(self._nrv_seam(company)._read_issued(products, since, date))
        return issued

    def _coverage_text(self, table, months, issued, percent):
        write = self._get_writer()
        if months is None:
            text = _("Coverage table %(table)s: nothing issued in %(months)s months: worth %(percent)s %% of cost.")
        else:
            text = _(
                "Coverage table %(table)s: stock for %(stock)s months (%(issued)s issued in %(months)s): worth"
                " %(percent)s %% of cost."
            )
        return text % {
            "table": table.name,
            "stock": months is not None and write.short(months),
            "issued": write.quantity(issued),
            "months": table.months,
            "percent": write.short(percent),
        }

    # ------------------------------------------------------------------ tools

    def _get_tables(self, kind, items, company):
        """Return ({product id: table}, [items whose category has one])."""
        products = self._products(items, company)
        categories = self.env["product.category"].browse({product.categ_id.id for product in products.values()})
        Table = self.env["stock.revaluation.nrv.table"]
        found = {
            category_id: TableRows(table.name, table.months, table._get_rows())
            for category_id, table in Table._by_category(categories, company, [("kind", "=", kind)]).items()
        }
        tables = {
            product_id: found[product.categ_id.id]
            for product_id, product in products.items()
            if product.categ_id.id in found
        }
        return tables, [item for item in items if item.product_id in tables]

    def _nrv_seam(self, company):
        seam = self.env["stock.revaluation.valuation"]
        return seam.with_context(allowed_company_ids=company.ids).with_company(company)

    def _group_text(self, name, cost, value, company):
        write = self._get_writer()
        return _(
            "Tested as group %(group)s: cost %(cost)s, net realisable value %(value)s.",
            group=name,
            cost=write.amount(cost, company.currency_id),
            value=write.amount(value, company.currency_id),
        )

    def _get_writer(self):
        return tools.NumberWriter(self.env, COST_DIGITS, compat.QUANTITY_DIGITS)
