"""Reading Odoo's own books, past the addon: inventory values, layers and ledger."""

from collections import namedtuple

from odoo.addons.stock_revaluation_journal.compat import invalidate

# Figures at one moment. Shape: values {product id: value}; ledger {(account id, product id): balance};
# balances {account id: balance}; total: the company's whole stock; layers: ids; open_values
# {product id: value}, what is left on the layers of products under average cost and FIFO (none on 19.0).
Figures = namedtuple("Figures", "values ledger balances total layers open_values")


class Books:
    """The books of the environment's company, as its user sees them."""

    def __init__(self, env):
        self.env = env
        # both are there in 16.0 to 18.0, where only the first is the sum of the layers
        self.value_field = "value_svl" if "value_svl" in env["product.product"]._fields else "total_value"

    def read(self, journal):
        """Return the Figures that posting `journal` may change, and the total that includes all others."""
        invalidate(self.env)  # what is read next comes out of the database
        company = self.env.company
        values = {product.id: round(product[self.value_field], 2) for product in self._stored_products()}
        ledger, balances = {}, {}
        items = self.env["account.move.line"].search([("parent_state", "=", "posted"), ("company_id", "=", company.id)])
        for item in items:
            key = (item.account_id.id, item.product_id.id)
            ledger[key] = ledger.get(key, 0.0) + item.debit - item.credit
            balances[item.account_id.id] = balances.get(item.account_id.id, 0.0) + item.debit - item.credit
        layers = self.env["stock.valuation.layer"].search([("company_id", "=", company.id)])
        return Figures(values, ledger, balances, sum(values.values()), set(layers.ids), self._open_values(layers))

    def _open_values(self, layers):
        values = {}
        if self.value_field == "value_svl":
            for layer in layers.filtered(lambda layer: layer.product_id.cost_method != "standard"):
                values[layer.product_id.id] = values.get(layer.product_id.id, 0.0) + layer.remaining_value
        return values

    def _stored_products(self):
        return self.env["product.product"].with_context(active_test=False).search([("type", "!=", "service")])
