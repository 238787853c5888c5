from collections import defaultdict, namedtuple
from functools import partial

from dateutil.relativedelta import relativedelta
from odoo import _, fields, models

from .. import compat
from ..engine import realisable
from ..engine.rounding import decimal, round_to
from ..valuation.shapes import Key

# Products priced at once: Odoo tries every rule of the pricelist that names one of them on each.
PRICED_AT_ONCE = 200

# A net realisable value that something gives for an item. Units: `value` of all the item's quantity, company currency.
# `basis` is one of BASES; `text` a function that says why, given a `tools.NumberWriter`: asked for lines that keep it;
# `by` the ids of the users who wrote what it rests on.
Estimate = namedtuple("Estimate", "value basis text by", defaults=((),))
# A table as the test needs it. Shape: `rows` see `engine.realisable`.
TableRows = namedtuple("TableRows", "name months rows by")


class StockRevaluationCostSource(models.AbstractModel):
    """What the net realisable value of an item is: an entered value, or a price, an age, a coverage.

    Source: IAS 2.28 to 2.33.
    """

    _inherit = "stock.revaluation.cost.source"

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

    def _estimate(self, item, unit_value, basis, text, company, by):
        value = round_to(decimal(unit_value) * decimal(item.quantity), company.currency_id.rounding)
        return Estimate(value, basis, text, by)

    def _estimate_part(self, item, percent, text, table, basis, company, options):
        """Return the estimate of `percent` of what an item cost, before write-downs, that a table gives."""
        standing = options["standings"][item.key]
        value = (standing.carried + standing.left) * percent / 100
        return Estimate(round_to(value, company.currency_id.rounding), basis, text, table.by)

    def _estimates_entered(self, items, company, date):
        products = self.env["product.product"].browse({item.product_id for item in items})
        records = self.env["stock.revaluation.nrv"]._get_values(products, company, date)
        return {
            item.key: self._estimate(
                item,
                record.unit_value,
                "entered",
                partial(self._entered_text, record),
                company,
                tuple(record.figures_by.ids),
            )
            for item in items
            for record in [records.get(item.product_id)]
            if record
        }

    def _entered_text(self, record, write):
        text = _(
            "Entered for %(date)s: %(value)s a unit. %(note)s",
            date=write.date(record.date),
            value=write.cost(record.unit_value),
            note=record.note or "",
        )
        return text.strip()

    # ------------------------------------------------------------------ sales prices

    def _estimates_price(self, items, company, date, options):
        """The sales price of products that can be sold, less what it costs to complete and to sell."""
        products = {key: product for key, product in self._products(items, company).items() if product.sale_ok}
        records = self.env["product.product"].concat(*products.values())
        prices = self._get_sales_prices(records, company, date, options["pricelist_id"])
        costs = self.env["stock.revaluation.selling.cost"]._get_costs(records, company)
        origin = options["pricelist_id"].sudo().display_name or _("sales price of the product")
        net, texts, writers = {}, {}, {}
        for product_id, price in prices.items():
            percent = sum(row.percent for row in costs[product_id])
            amount = sum(row.amount for row in costs[product_id])
            net[product_id] = realisable.net_price(price, percent, amount)
            writers[product_id] = tuple(row.figures_by.id for row in costs[product_id])
            texts[product_id] = partial(self._price_text, origin, price, percent, amount, net[product_id])
        return {
            item.key: self._estimate(
                item, net[item.product_id], "price", texts[item.product_id], company, writers[item.product_id]
            )
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

    def _price_text(self, origin, price, percent, amount, net, write):
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
        estimates = {}
        for item in aged:
            if item.key not in pieces:
                continue
            table = tables[item.product_id]
            percent = realisable.kept_percent(pieces[item.key], table.rows)
            text = partial(self._ageing_text, table, pieces[item.key], percent)
            estimates[item.key] = self._estimate_part(item, percent, text, table, "ageing", company, options)
        return estimates

    def _get_pieces(self, items, company, date):
        """Return {item key: [(days since receipt, quantity, unit cost)]} of the items' stocks.

        Under FIFO each receipt has the unit cost of its layer open then; otherwise all have the same.
        """
        positions = {item.position or Key(item.product_id, False, False): item for item in items}
        seam = self._nrv_seam(company)
        ages = seam._read_ages({key: item.quantity for key, item in positions.items()}, date)
        fifo = {item.product_id for key, item in positions.items() if item.cost_method == "fifo" and not key.layer_id}
        products = self.env["product.product"].sudo().browse(fifo)
        layers = seam._read_layers_at(products, seam._value_date(date)) if fifo else {}
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

    def _ageing_text(self, table, pieces, percent, write):
        lines = [
            _("Ageing table %(table)s: worth %(percent)s %% of cost.", table=table.name, percent=write.short(percent))
        ]
        for start, end, kept, quantity in realisable.buckets(pieces, table.rows):
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
        issued = self._get_issued(tables, company, date)
        stock = defaultdict(float)
        for item in items:
            stock[item.product_id] += item.quantity
        estimates = {}
        for item in covered:
            table, out = tables[item.product_id], issued.get(item.product_id, 0.0)
            months = realisable.months_of_stock(stock[item.product_id], out, table.months)
            percent = realisable.percent_of(months, table.rows)
            text = partial(self._coverage_text, table, months, out, percent)
            estimates[item.key] = self._estimate_part(item, percent, text, table, "coverage", company, options)
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

    def _coverage_text(self, table, months, issued, percent, write):
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
            category_id: TableRows(table.name, table.months, table._get_rows(), tuple(table.figures_by.ids))
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
