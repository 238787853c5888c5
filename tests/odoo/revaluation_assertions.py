"""Assertions: above all the universal one, that value, layers and ledger changed by the journal's amounts."""

from odoo.exceptions import UserError

# What a refusal is: an access error and a validation error are user errors.
REFUSALS = UserError


class Assertions:
    """What must hold after a posting, and after a refusal."""

    def assertMoney(self, found, expected, message=None):
        """Amounts are equal to half of the currency's smallest coin."""
        self.assertAlmostEqual(found, expected, delta=self.currency.rounding / 2.0 - 1e-9, msg=message)

    def assertLayers(self, product, expected, lot=None):
        """The open layers are these (quantity, value), oldest first."""
        found = self.open_layers(product, lot)
        self.assertEqual(
            [(round(quantity, 6), round(value, 6)) for quantity, value in found],
            [(float(quantity), float(value)) for quantity, value in expected],
        )

    def assert_posted(self, journal, before):
        """Whatever was revalued: inventory value, layers and ledger changed by the amounts.

        For each product: value after = value before + Σ amounts = value before + Σ layers
        created, quantity as it was; where there is an entry, the product's items on its
        valuation account changed by the same; no other layer or entry came into being.
        """
        self.flush()
        self.invalidate()
        self.assertEqual(journal.state, "posted")
        self.assert_layers_of_lines(journal)
        for product in journal.line_ids.product_id:
            lines = journal.line_ids.filtered(lambda each, p=product: each.product_id == p)
            self.assert_product_changed(product, lines, before[product.id])
        for lot in self.lots_of(journal):
            amount = sum(journal.line_ids.filtered(lambda each, lot=lot: each.lot_id == lot).mapped("amount"))
            self.assertMoney(self.lot_value(lot), before["lot", lot.id]["value"] + amount, lot.name)
        self.assert_entries_of(journal, before)
        self.assert_totals(journal)

    def assert_layers_of_lines(self, journal):
        for line in journal.line_ids:
            layers = line.valuation_layer_ids.sudo()
            label = "layers of %s" % line.product_id.name
            amount = self.value_change(line)
            self.assertEqual(bool(layers), not self.currency.is_zero(amount), label)
            # Up to 15.0 the layer takes the half cent along that the value had
            self.assertAlmostEqual(
                sum(layers.mapped("value")), amount, delta=self.currency.rounding / 2.0 + 1e-6, msg=label
            )
            for layer in layers:
                self.assertEqual(layer.quantity, 0, label)
                self.assertEqual(layer.product_id, line.product_id, label)
                self.assertEqual(layer.company_id, journal.company_id, label)
        self.assertEqual(journal.valuation_layer_ids.sudo(), journal.line_ids.valuation_layer_ids.sudo())

    def assert_product_changed(self, product, lines, before):
        amount = self.value_change(lines)
        label = product.name
        self.assertMoney(self.stock_value(product), before["value"] + amount, label)
        self.assertAlmostEqual(self.stock_quantity(product), before["quantity"], 6, label)
        self.assertGreaterEqual(self.stock_value(product), 0, label)
        layers = self.env["stock.valuation.layer"].sudo().search_count([("product_id", "=", product.id)])
        self.assertEqual(layers - before["layers"], len(lines.valuation_layer_ids), label)
        ledger = self.ledger_balance(self.valuation_account(product), product) - before["ledger"]
        self.assertMoney(ledger, amount if self.is_booked(product) else 0.0, "ledger of " + label)
        method = self._in_company(product).cost_method
        open_layers = [] if method == "standard" else self.open_layers(product)
        for _quantity, value in open_layers:
            self.assertGreaterEqual(value, 0, "a layer of %s is negative" % label)
        whole = all(not line.lot_id for line in lines) if self.has_lot_valuation else True
        by_layer = bool(lines.valuation_layer_id)
        if not self.has_product_values and whole and not by_layer and amount and open_layers:
            self.assertMoney(sum(value for _qty, value in open_layers), self.stock_value(product), label)

    def assert_entries_of(self, journal, before):
        booked = journal.line_ids.filtered(
            lambda line: (
                not self.currency.is_zero(line.amount)
                and (line.reason_id.posting == "allowance" or self.is_booked(line.product_id))
            )
        )
        entries = journal.sudo().account_move_ids
        self.assertEqual(bool(entries), bool(booked), "entries of the journal")
        count = self.env["account.move"].sudo().search_count([("company_id", "=", self.company.id)])
        self.assertEqual(count - before["entries"], len(entries), "entries made by posting")
        for entry in entries:
            self.assertEqual(entry.state, "posted")
            self.assertEqual(entry.date, journal.date)
            self.assertEqual(entry.company_id, journal.company_id)
            self.assertMoney(sum(entry.line_ids.mapped("balance")), 0.0)
        items = entries.mapped("line_ids")
        self.assertEqual([item.quantity for item in items if item.quantity], [])
        for line in booked:
            for layer in line.valuation_layer_ids.sudo():
                self.assertIn(layer.account_move_id, entries)

    def assert_subtotals(self, items):
        """Prices and subtotals of the journal `items` are what Odoo works out; 14.0 and 15.0 work out none."""
        if not hasattr(items, "_compute_totals"):
            return
        given = items.read(["price_unit", "price_subtotal", "price_total"])
        items._compute_price_unit()
        items._compute_totals()
        self.assertEqual(items.read(["price_unit", "price_subtotal", "price_total"]), given)

    def assert_totals(self, journal):
        lines = journal.line_ids
        self.assertMoney(journal.value_calculated, sum(lines.mapped("value_calculated")))
        self.assertMoney(journal.value_revalued, sum(lines.mapped("value_revalued")))
        self.assertMoney(journal.amount, sum(lines.mapped("amount")))
        if journal.reason_id.posting != "allowance":
            self.assertMoney(journal.amount, journal.value_revalued - journal.value_calculated)
        self.assertMoney(journal.amount, journal.amount_increase - abs(journal.amount_decrease))

    def assert_refused(self, call, *mentions, **options):
        """The call is refused with a message that mentions these, and nothing changed.

        Option `products`: whose figures must stay as they were.
        """
        products = options.get("products", self.env["product.product"])
        before = self.snapshot(products)
        with self.assertRaises(REFUSALS) as caught:
            call()
            self.flush()
        message = str(caught.exception)
        for mention in mentions:
            self.assertIn(str(mention), message)
        self.assertEqual(self.snapshot(products), before)
        return message
