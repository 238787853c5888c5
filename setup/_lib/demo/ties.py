"""The tie-out: what the journal says, against what Odoo's own books did."""

from .tables import account_name, money, product_name, show, signed, text


class Ties:
    """Compare the books before and after posting with the journal's lines, layers and entries."""

    def __init__(self, journal, before, after):
        self.journal, self.before, self.after = journal, before, after
        self.count, self.failures = 0, []

    def show(self):
        """Print the tie-outs; return whether all of them hold to the cent."""
        self._show_products()
        self._show_accounts()
        self._check_whole()
        if self.failures:
            print("\n%d of %d tie-outs do NOT hold:" % (len(self.failures), self.count))
            for failure in self.failures:
                print("  " + failure)
        else:
            print("\nAll %d tie-outs hold to the cent." % self.count)
        return not self.failures and self.count > 0

    # ------------------------------------------------------------------ per product

    def _show_products(self):
        rows = [
            self._product_row(product)
            for product in self.journal.line_ids.product_id.sorted(product_name)
            if self._amount(product)
        ]
        sums = [sum(row[column] or 0.0 for row in rows) for column in range(1, 7)]
        show(
            "6. Tie-out per product: change of inventory value = journal lines = layers = ledger",
            [
                ("Product", text),
                ("Value before", money),
                ("Value after", money),
                ("Change", signed),
                ("Lines", signed),
                ("Layers", signed),
                ("Ledger", lambda change: change),
                ("", text),
            ],
            [row[:6] + (self._ledger_text(row[6]),) + row[7:] for row in rows],
            [("Together",) + tuple(sums[:5]) + (signed(sums[5]), None)],
        )

    def _product_row(self, product):
        """Return one product's figures; the ledger's change is None where Odoo books nothing for it."""
        account = self._valuation_account(product)
        layers = self.journal.valuation_layer_ids.filtered(lambda layer: layer.product_id == product)
        before, after = self.before.values[product.id], self.after.values[product.id]
        change, lines = after - before, self._amount(product)
        ledger = self._change(self.after.ledger, self.before.ledger, (account.id, product.id))
        booked = bool(layers.account_move_id)
        name = product_name(product)
        ties = [
            self._tie("%s: lines" % name, change, lines),
            self._tie("%s: layers" % name, change, sum(layers.mapped("value"))),
            self._tie("%s: ledger" % name, ledger, change if booked else 0.0),
        ]
        ties += [
            self._tie("%s: a line" % name, sum(line.valuation_layer_ids.mapped("value")), line.amount)
            for line in self.journal.line_ids.filtered(lambda line: line.product_id == product)
        ]
        if product.id in self.after.open_values:
            ties.append(self._tie("%s: open layers" % name, self.after.open_values[product.id], after))
        # up to 18.0 Odoo itself books nothing in periodic valuation; automated valuation has to be booked
        ties.append(self._tie("%s: booked" % name, float(booked), float(booked or product.valuation == "real_time")))
        return (
            name,
            before,
            after,
            change,
            lines,
            sum(layers.mapped("value")),
            ledger if booked else None,
            "ok" if all(ties) else "DOES NOT TIE",
        )

    def _valuation_account(self, product):
        # False in 16.0 and 17.0 where the category is not automated
        account = product.product_tmpl_id.get_product_accounts()["stock_valuation"]
        return account or self.journal.env["account.account"]

    def _ledger_text(self, change):
        return "periodic" if change is None else signed(change)

    def _amount(self, product):
        return sum(self.journal.line_ids.filtered(lambda line: line.product_id == product).mapped("amount"))

    # ------------------------------------------------------------------ per account

    def _show_accounts(self):
        items = self.journal.account_move_ids.line_ids
        rows = [self._account_row(account, items) for account in items.account_id.sorted("code")]
        show(
            "7. Tie-out per account: change of balance = items of the entry = layers",
            [
                ("Account", text),
                ("Balance before", money),
                ("Balance after", money),
                ("Change", signed),
                ("Items", signed),
                ("Layers", signed),
                ("", text),
            ],
            rows,
            [("Together", None, None) + tuple(sum(row[column] for row in rows) for column in (3, 4, 5)) + (None,)],
        )

    def _account_row(self, account, items):
        own = items.filtered(lambda item: item.account_id == account)
        change = self._change(self.after.balances, self.before.balances, account.id)
        layers = self._booked_layers(account)
        ties = [
            self._tie("%s: items" % account_name(account), change, sum(own.mapped("balance"))),
            self._tie("%s: layers" % account_name(account), change, layers),
        ]
        return (
            account_name(account),
            self.before.balances.get(account.id, 0.0),
            self.after.balances.get(account.id, 0.0),
            change,
            sum(own.mapped("balance")),
            layers,
            "ok" if all(ties) else "DOES NOT TIE",
        )

    def _booked_layers(self, account):
        """Return what the layers say that the account changed by: valuation account or counterpart."""
        reason, total = self.journal.reason_id, 0.0
        for layer in self.journal.valuation_layer_ids.filtered("account_move_id"):
            valuation = self._valuation_account(layer.product_id)
            # the direction is that of the line: its layers may go both ways (FIFO)
            line = self.journal.line_ids.filtered(lambda line, layer=layer: layer in line.valuation_layer_ids)
            counterpart = reason.increase_account_id if line.amount > 0 else reason.decrease_account_id
            total += layer.value * ((account == valuation) - (account == counterpart))
        return total

    # ------------------------------------------------------------------ the whole

    def _check_whole(self):
        """Nothing else has changed: no other product's value, no layer beside the journal's; totals add up."""
        journal = self.journal
        self._tie("whole stock", self.after.total - self.before.total, journal.amount)
        self._tie("increases and decreases", journal.amount_increase + journal.amount_decrease, journal.amount)
        self._tie("totals", journal.value_revalued - journal.value_calculated, journal.amount)
        self._tie("layers made", len(self.after.layers - self.before.layers), len(journal.valuation_layer_ids))
        touched = set(journal.line_ids.filtered("amount").product_id.ids)
        for product_id, value in self.after.values.items():
            if product_id not in touched:
                self._tie("product %d, not revalued" % product_id, value, self.before.values.get(product_id, 0.0))

    def _change(self, after, before, key):
        return after.get(key, 0.0) - before.get(key, 0.0)

    def _tie(self, name, found, expected):
        holds = round(found - expected, 2) == 0
        self.count += 1
        if not holds:
            self.failures.append("%s: %s, expected %s" % (name, money(found), money(expected)))
        return holds
