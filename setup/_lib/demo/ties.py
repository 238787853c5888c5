"""The tie-out: what the journal says, against what Odoo's own books, read past the addon, did."""

from collections import Counter, namedtuple

from odoo.addons.stock_revaluation_journal.compat import invalidate

from .tables import account_name, money, position_name, product_name, show, signed

# Shape: {product id: inventory value}, {account id: balance}, {(account id, product id): balance}, layers.
Books = namedtuple("Books", "values balances ledger layers")


class Ties:
    """Odoo's books before posting a journal; afterwards their change against lines, layers and entries."""

    def __init__(self, journal):
        self.journal, self.count, self.failures = journal, 0, []
        self.products = journal.env["product.product"].with_context(active_test=False)
        # both are there in 16.0 to 18.0, where only the first is the sum of the layers
        self.value = "value_svl" if "value_svl" in self.products._fields else "total_value"
        self.before = self.books()

    def books(self):
        """Return what the company's Books say."""
        env = self.journal.env
        invalidate(env)  # what is read next comes out of the database
        values = {product.id: product[self.value] for product in self.products.search([("type", "!=", "service")])}
        ledger, balances = Counter(), Counter()
        for item in env["account.move.line"].search(
            [("parent_state", "=", "posted"), ("company_id", "=", env.company.id)]
        ):
            ledger[item.account_id.id, item.product_id.id] += item.debit - item.credit
            balances[item.account_id.id] += item.debit - item.credit
        layers = env["stock.valuation.layer"].search([("company_id", "=", env.company.id)])
        return Books(Counter(values), balances, ledger, layers)

    def show(self):
        """Print the tie-outs; return whether all of them hold to the cent."""
        self.after = self.books()
        show(
            "6. Tie-out per product: change of inventory value = journal lines = layers = ledger",
            ["Product", "Value before", "Value after", "Change", "Lines", "Layers", "Ledger", ""],
            self._with_sums(self._product_row(lines) for lines in self._lines_by_product()),
        )
        items = self.journal.account_move_ids.line_ids
        show(
            "7. Tie-out per account: change of balance = items of the entry = layers",
            ["Account", "Balance before", "Balance after", "Change", "Items", "Layers", ""],
            self._with_sums(self._account_row(account, items) for account in items.account_id.sorted("code")),
        )
        self._check_whole()
        if self.failures:
            print("\n%d of %d tie-outs do NOT hold:" % (len(self.failures), self.count), *self.failures, sep="\n  ")
        else:
            print("\nAll %d tie-outs hold to the cent." % self.count)
        return not self.failures and self.count > 0

    def _lines_by_product(self):
        changed = self.journal.line_ids.filtered("amount").sorted(position_name)
        return [changed.filtered(lambda line, p=product: line.product_id == p) for product in changed.product_id]

    def _product_row(self, lines):
        product, layers = lines.product_id, lines.valuation_layer_ids
        account, name = self._valuation_account(product), product_name(product)
        before, after = self.before.values[product.id], self.after.values[product.id]
        ledger = self._change("ledger", (account.id, product.id))
        booked, amount = bool(layers.account_move_id), sum(layers.mapped("value"))
        # up to 18.0 Odoo itself books nothing in periodic valuation; automated valuation has to be booked
        ties = [
            self._tie(name + ": lines", after - before, sum(lines.mapped("amount"))),
            self._tie(name + ": layers", after - before, amount),
            self._tie(name + ": ledger", ledger, amount if booked else 0.0),
            self._tie(name + ": booked", booked, booked or product.valuation == "real_time"),
        ]
        for line in lines:
            ties.append(self._tie(name + ": a line", sum(line.valuation_layer_ids.mapped("value")), line.amount))
        if self.value == "value_svl" and product.cost_method != "standard":
            left = self.after.layers.filtered(lambda layer: layer.product_id == product).mapped("remaining_value")
            ties.append(self._tie(name + ": open layers", sum(left), after))
        changes = [after - before, sum(lines.mapped("amount")), amount, ledger if booked else None]
        return [name, before, after, changes, all(ties)]

    def _account_row(self, account, items):
        change = self._change("balances", account.id)
        own = sum(items.filtered(lambda item: item.account_id == account).mapped("balance"))
        name, layers = account_name(account), sum(self._booked(line, account) for line in self.journal.line_ids)
        ties = [self._tie(name + ": items", change, own), self._tie(name + ": layers", change, layers)]
        before, after = self.before.balances[account.id], self.after.balances[account.id]
        return [name, before, after, [change, own, layers], all(ties)]

    def _booked(self, line, account):
        """Return what a line's layers say that an account changed by: valuation account or counterpart."""
        reason = self.journal.reason_id
        # the direction is that of the line: its layers may go both ways (FIFO)
        counterpart = reason.increase_account_id if line.amount > 0 else reason.decrease_account_id
        sign = (account == self._valuation_account(line.product_id)) - (account == counterpart)
        return sign * sum(line.valuation_layer_ids.filtered("account_move_id").mapped("value"))

    def _with_sums(self, rows):
        """Write rows of [name, before, after, changes, whether all ties hold], and the sums of their changes."""
        rows = list(rows)
        written = [
            [name, before, after]
            + ["periodic" if change is None else signed(change) for change in changes]
            + ["ok" if holds else "DOES NOT TIE"]
            for name, before, after, changes, holds in rows
        ]
        sums = [signed(sum(change or 0.0 for change in column)) for column in zip(*(row[3] for row in rows))]
        return written + [[], ["Together", None, None] + sums + [None]]

    def _check_whole(self):
        """Nothing else has changed: no other product's value, no layer beside the journal's; totals add up."""
        journal = self.journal
        self._tie("whole stock", sum(self.after.values.values()) - sum(self.before.values.values()), journal.amount)
        self._tie("increases and decreases", journal.amount_increase + journal.amount_decrease, journal.amount)
        self._tie("totals", journal.value_revalued - journal.value_calculated, journal.amount)
        self._tie("layers made", len(self.after.layers - self.before.layers), len(journal.valuation_layer_ids))
        touched = set(journal.line_ids.filtered("amount").product_id.ids)
        for product_id in set(self.after.values) - touched:
            self._tie("product %d, not revalued" % product_id, self._change("values", product_id), 0.0)

    def _valuation_account(self, product):
        # False in 16.0 and 17.0 where the category is not automated
        account = product.product_tmpl_id.get_product_accounts()["stock_valuation"]
        return account or self.journal.env["account.account"]

    def _change(self, which, key):
        return getattr(self.after, which)[key] - getattr(self.before, which)[key]

    def _tie(self, name, found, expected):
        holds = round(found - expected, 2) == 0
        self.count += 1
        if not holds:
            self.failures.append("%s: %s, expected %s" % (name, money(found), money(expected)))
        return holds
