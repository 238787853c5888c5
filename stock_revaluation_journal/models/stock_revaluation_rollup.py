from collections import defaultdict

from odoo import _, api, models

from ..engine.rounding import decimal


class StockRevaluationCostSource(models.AbstractModel):
    """Costs by bills of materials, all levels of them, lowest first.

    Two sources: `bom` takes what components cost at present, `rollup` the new costs that stand on the journal.
    """

    _inherit = "stock.revaluation.cost.source"

    @api.model
    def _select_source(self):
        sources = super()._select_source()
        if "mrp.bom" in self.env:
            sources += [("rollup", _("Roll-up of bills of materials")), ("bom", _("Cost of the bill of materials"))]
        return sources

    def _costs_from_bom(self, items, company, date, options):
        """What components and operations cost at present; assemblies among them are rolled up as well."""
        return self._roll_up(items, company, {}, lambda _product_id, cost: cost)

    def _costs_from_rollup(self, items, company, date, options):
        """The same, with what this journal makes of the costs: entered on its lines, or rolled up now."""
        own = {item.product_id: item for item in items}

        def settle(product_id, cost):
            item = own.get(product_id)
            if item is None:
                return cost
            return self._round_cost(cost, options) if self._takes(item, cost, options) else item.unit_cost_now

        return self._roll_up(items, company, self._get_entered_costs(items), settle)

    def _roll_up(self, items, company, fixed, settle):
        """Return {item key: cost, or which products go round in a circle}."""
        seam = self.env["stock.revaluation.valuation"].with_context(allowed_company_ids=company.ids)
        ids = [item.product_id for item in items]
        costs, circles = seam.with_company(company)._roll_up(ids, fixed, settle)
        found = self._by_product(items, costs)
        texts = {circle: self._circle_text(circle) for circle in set(circles.values())}
        found.update((item.key, texts[circles[item.product_id]]) for item in items if item.product_id in circles)
        return found

    def _circle_text(self, circle):
        names = [self._name_product(self.env["product.product"].browse(product_id)) for product_id in circle]
        return _("the bills of materials go round in a circle: %s", " → ".join(names + names[:1]))

    def _get_entered_costs(self, items):
        """Return {product id: unit cost} of the products for which the items' journals have been given a new one."""
        journals = self.env["stock.revaluation.journal"].browse({item.journal_id for item in items} - {False})
        lines_by_product = defaultdict(list)
        for line in journals.line_ids:
            lines_by_product[line.product_id.id].append(line)
        return {
            product_id: self._entered_cost(lines)
            for product_id, lines in lines_by_product.items()
            if any(line.entered for line in lines)
        }

    def _entered_cost(self, lines):
        """Return the new unit cost of the `lines` of one product; of several, per layer or lot, what they come to."""
        if len(lines) == 1:
            return decimal(lines[0].unit_cost_revalued)
        quantity = sum(decimal(line.quantity) for line in lines)
        return sum(decimal(line.value_revalued) for line in lines) / quantity
