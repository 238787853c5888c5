from collections import defaultdict, namedtuple

from odoo import _, api, fields, models

from .. import compat, tools
from ..engine import realisable
from ..engine.rounding import decimal, round_to
from ..valuation.shapes import Key
from .stock_revaluation_journal_line import COST_DIGITS

# What the test found for an item, and what follows. Units: company currency. `cost` is what the item would be worth
# without write-downs, `left` what is left of these, `value` the new value; `group` how it was tested, if not alone;
# `by` the ids of the users who wrote what it rests on.
Finding = namedtuple("Finding", "item cost left reversible estimate value group by")
# Where an item stands before the test. Units: company currency. `carried` is what it is carried at, write-downs and
# allowance taken off; `left` what is left of these, `reversible` what of that may be taken back.
Standing = namedtuple("Standing", "carried left reversible")
BASES = [
    ("entered", "Entered value"),
    ("price", "Sales price less costs"),
    ("ageing", "Days since receipt"),
    ("coverage", "Months of stock"),
]


class NrvEntry(dict):
    """What to enter for an item, as {"value": x} or {"unit_cost": x}, and the finding that it follows from.

    `cost_method`: the one whose rounding the value takes; None where the cost stays (allowances).
    """

    def __init__(self, entry, finding, cost_method):
        super().__init__(entry)
        self.finding = finding
        self.cost_method = cost_method


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
        domain="[('company_id', 'in', (company_id, False))]",
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
        if complete["pricelist_id"]:  # its prices are read by superuser
            self._check_access_to(complete["pricelist_id"], "read")
        return complete

    # ------------------------------------------------------------------ the test

    @api.model
    def _get_nrv_entries(self, items, company, date, options, reason):
        """Return ({key: NrvEntry}, {key: why there is none}) of `items`.

        An allowance that is booked for goods no longer in stock is released.
        """
        stocked = [item for item in items if item.quantity > 0]
        standings = self._get_standings(stocked, company, date, reason)
        estimates = self._estimate_nrv(stocked, company, date, dict(options, standings=standings))
        tested = [item for item in stocked if item.key in estimates]
        lowest, highest = self._get_nrv_bounds(options, company, reason)
        findings = self._get_findings(tested, estimates, standings, company, lowest, highest)
        allowance = bool(reason) and reason.posting == "allowance"
        entries = {finding.item.key: self._get_nrv_entry(finding, allowance) for finding in findings}
        entries.update((item.key, {"value": 0.0}) for item in items if item.quantity <= 0 and item.booked)
        unknown, no_stock = _("no net realisable value is known"), _("no quantity in stock")
        missing = {item.key: unknown if item.quantity > 0 else no_stock for item in items if item.key not in entries}
        return entries, {**missing, **self._get_blocked(findings, highest)}

    def _get_nrv_bounds(self, options, company, reason):
        """Return (lowest, highest) change that options and the kind of the reason allow; None: no bound.

        Under HGB § 253 (5) a lower value may not stay when its reason is gone: reversals are suggested in any case.
        """
        cost = bool(reason) and reason.posting == "cost"
        down = options["nrv_change"] == "down" or options["only_lower"]
        down = down and company.sudo().revaluation_framework != "hgb"
        down = down or (cost and reason.kind == "write_down")
        up = options["nrv_change"] == "up" or (bool(reason) and reason.kind == "write_down_reversal")
        return 0 if up else None, 0 if down else None

    def _get_nrv_entry(self, finding, allowance):
        """Return what to enter. Where a rounded cost is the value, one that is not worth more than that."""
        Line, item = self.env["stock.revaluation.journal.line"], finding.item
        method = None if allowance else item.cost_method
        entry = {"value": float(finding.value)}
        if finding.value != decimal(item.value) and Line._cost_is_value(method):
            digits = Line._cost_digits(method)
            entry = {"unit_cost": float(realisable.cost_not_above(finding.value, item.quantity, digits))}
        return NrvEntry(entry, finding, method)

    def _get_findings(self, items, estimates, standings, company, lowest, highest):
        """Return [Finding]: the lower-of test by item or by group.

        Shape: `estimates` {item key: Estimate}, `standings` {item key: Standing}, for all `items`.
        """
        step, findings = company.currency_id.rounding, []
        for group, own in self._group_items(items, company):
            standing = [standings[item.key] for item in own]
            costs = [round_to(each.carried + each.left, step) for each in standing]
            values = [estimates[item.key].value for item in own]
            short = realisable.write_downs(list(zip(costs, values)), step)
            text = group and self._group_text(group.name, sum(costs), sum(values), company)
            writers = {user_id for item in own for user_id in estimates[item.key].by if user_id}
            writers.update(group.figures_by.ids if group else ())
            for item, each, cost, write_down in zip(own, standing, costs, short):
                top = each.reversible if highest is None else highest
                value = realisable.bounded(each.carried, cost - write_down, lowest, top)
                findings.append(
                    Finding(item, cost, each.left, each.reversible, estimates[item.key], value, text, writers)
                )
        return findings

    def _get_blocked(self, findings, highest):
        """Return {key: text} of the items whose write-down could be taken back, were it not for reason or framework."""
        reason = _("a write-down could be reversed: choose a reason of the kind Reversal of a write-down")
        framework = _("written down in an earlier fiscal year: under US GAAP that is the cost now (ASC 330-10-35-14)")
        blocked = {}
        for finding in findings:
            worth = min(finding.cost, finding.estimate.value)
            if highest == 0 and finding.reversible and worth > finding.item.value:
                blocked[finding.item.key] = reason
            elif finding.left > finding.reversible and worth > finding.value:
                blocked[finding.item.key] = framework
        return blocked

    def _get_standings(self, items, company, date, reason):
        """Return {item key: Standing}: by what is left of write-downs, or of the allowance of goods still in stock."""
        Journal = self.env["stock.revaluation.journal"].sudo().with_context(allowed_company_ids=company.ids)
        Journal = Journal.with_company(company)
        if reason and reason.posting == "allowance":
            account = reason.sudo().with_company(company).allowance_account_id
            product_ids = [item.product_id for item in items if item.booked]
            left = Journal._read_allowances_left(account, product_ids, date)
            kept = Journal._read_allowances_kept(account, product_ids, date)
            standings = {}
            for item in items:
                own = decimal(min(left.get(item.product_id, 0.0), item.booked))
                reversible = max(own - decimal(kept.get(item.product_id, 0.0)), decimal(0))
                standings[item.key] = Standing(decimal(item.value) - own, own, reversible)
            return standings
        keys = {item.key: item.position or Key(item.product_id, False, False) for item in items}
        known = Journal._get_write_downs_left(list(keys.values()), date)
        reversible = Journal._get_reversible_write_downs(list(keys.values()), date)
        return {
            item.key: Standing(
                decimal(item.value),
                decimal(known.get(keys[item.key], 0)),
                decimal(reversible.get(keys[item.key], 0)),
            )
            for item in items
        }

    @api.model
    def _with_allowances(self, items, company, date, reason):
        """Return `items` of products with the allowance booked for them, by which their value now is lower."""
        if not reason or reason.posting != "allowance":
            return items
        account = reason.sudo().with_company(company).allowance_account_id
        booked = self.env["stock.revaluation.journal"]._sum_allowances(company, account, None, date)
        amounts = [booked.get(item.product_id, 0.0) for item in items]
        return [item._replace(booked=amount, value_now=item.value_now - amount) for item, amount in zip(items, amounts)]

    def _group_items(self, items, company):
        """Return [(group or None, [items tested together])]."""
        products = self._products(items, company)
        categories = self.env["product.category"].browse({product.categ_id.id for product in products.values()})
        groups = self.env["stock.revaluation.nrv.group"]._by_category(categories, company)
        together = defaultdict(list)
        for item in items:
            group = groups.get(products[item.product_id].categ_id.id)
            together[(group, None) if group else (None, item.product_id)].append(item)
        return [(group, own) for (group, _product_id), own in together.items()]

    # ------------------------------------------------------------------ tools

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
