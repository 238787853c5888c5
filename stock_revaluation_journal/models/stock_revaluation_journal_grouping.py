from collections import defaultdict

from odoo import fields, models


class StockRevaluationJournal(models.Model):
    """Per product: a journal item on the stock side for each product, the counterpart summed per account.

    Half the items of *Per line*, and still the balance of the stock account by product.
    """

    _inherit = "stock.revaluation.journal"

    entry_grouping = fields.Selection(
        selection_add=[("valuation", "Per product")], ondelete={"valuation": "set default"}
    )

    def _group_lines(self, lines, bookings):
        """Return groups that make one item each: those of the stock side first, then those of the counterpart.

        Which of the two a group makes its Booking says: the other account is empty, see `_get_item_vals`.
        Increases and decreases of a product are not netted, and lines of different analytics share no counterpart.
        """
        if self.entry_grouping != "valuation":
            return super()._group_lines(lines, bookings)
        nothing = self.env["account.account"]
        products, counterparts = defaultdict(list), defaultdict(list)
        for line in lines:
            booking = bookings[line]
            products[booking._replace(counterpart=nothing), line.product_id, line.amount > 0].append(line.id)
            counterparts[booking._replace(valuation=nothing), line._get_group_key()].append(line.id)
        groups = [*products.items(), *counterparts.items()]
        return [(key[0], self._get_group(lines, ids)) for key, ids in groups]

    def _get_item_vals(self, booking, lines):
        """Return the items of a group by role, without the side for which it has no account."""
        items = self._prepare_item_vals(booking, lines)
        missing = [role for role in ("valuation", "counterpart") if not getattr(booking, role)]
        return {role: item for role, item in items.items() if role not in missing}
