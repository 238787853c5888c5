from collections import defaultdict

from odoo import _, models

from .. import compat, tools
from .stock_revaluation_cost_source import COST_DIGITS, SHOWN_AT_MOST


class StockRevaluationCostSource(models.AbstractModel):
    """What suggestions look like before they are entered: their table, and the products without one."""

    _inherit = "stock.revaluation.cost.source"

    def _name_items(self, items):
        """Return the names of the items' products, one a line, the first ones only."""
        names = self._name_products([item.product_id for item in items], SHOWN_AT_MOST)
        return "\n".join("– " + name for name in names)

    def _name_missing(self, items, missing):
        """Return the text that names the products without a new cost, by reason."""
        by_reason = defaultdict(list)
        for item in items:
            if item.key in missing:
                by_reason[missing[item.key]].append(item)
        return "\n".join(
            "%s (%d):\n%s" % (reason[:1].upper() + reason[1:], len(own), self._name_items(own))
            for reason, own in by_reason.items()
        )

    def _render_suggestions(self, suggestions, company):
        """Return the HTML table of changes: the totals of all, and the first lines."""
        currency = company.currency_id

        def money(amount):
            return tools.format_amount(self.env, amount, currency)

        shown = suggestions[:SHOWN_AT_MOST]
        products = self.env["product.product"].browse([each.item.product_id for each in shown])
        names = dict.fromkeys(products.ids, _("(no access)"))
        names.update((product.id, product.display_name) for product in compat.readable(products).sudo())
        rows = [
            {
                "product": names[each.item.product_id],
                "quantity": tools.format_number(self.env, each.item.quantity, compat.QUANTITY_DIGITS),
                "unit_cost_now": tools.format_number(self.env, each.item.unit_cost_now, COST_DIGITS),
                "unit_cost_new": tools.format_number(self.env, each.unit_cost, COST_DIGITS),
                "value_now": money(each.item.value_now),
                "value_new": money(each.value),
                "amount": money(each.amount),
            }
            for each in shown
        ]
        totals = {
            "value_now": money(sum(each.item.value_now for each in suggestions)),
            "value_new": money(sum(each.value for each in suggestions)),
            "amount": money(sum(each.amount for each in suggestions)),
        }
        values = {"rows": rows, "totals": totals, "more": len(suggestions) - len(shown), "count": len(suggestions)}
        return compat.render_template(self.env, "stock_revaluation_journal.suggestions", values)
