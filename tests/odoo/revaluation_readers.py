"""Readers: what Odoo's own books, the addon's documents and its forms say."""

import json
import re

from lxml import etree
from odoo.tools.safe_eval import safe_eval


class Readers:
    """Inventory value, quantity, cost, open layers, ledger; lines and items of a journal; buttons."""

    @classmethod
    def _in_company(cls, record, company=None):
        """Return the record as an ordinary user sees it who is in this company alone.

        Not as the superuser, for whom 19.0 counts the stock of all companies.
        """
        company = company or cls.company
        return record.with_user(cls.reader).with_context(allowed_company_ids=company.ids)

    @classmethod
    def stock_value(cls, product, company=None, at_date=None):
        """Return the product's inventory value in the company, as Odoo's own books have it."""
        product = cls._in_company(product, company)
        if at_date:
            product = product.with_context(to_date=at_date)
        value = product.total_value if cls.has_product_values else product.value_svl
        return (company or cls.company).currency_id.round(value)

    @classmethod
    def stock_quantity(cls, product, company=None):
        """Return the valued quantity (without goods of other owners), in the stock unit."""
        company = company or cls.company
        if not cls.has_product_values:
            return cls._in_company(product, company).quantity_svl
        quants = cls.env["stock.quant"].search(
            [
                ("product_id", "=", product.id),
                ("company_id", "=", company.id),
                ("location_id.usage", "in", ["internal", "transit"]),
                ("owner_id", "in", [False, company.partner_id.id]),
            ]
        )
        return sum(quants.mapped("quantity"))

    @classmethod
    def lot_value(cls, lot):
        """Return the inventory value of a lot that is valued by itself (18.0 and later)."""
        lot = cls._in_company(lot)
        return cls.currency.round(lot.total_value if cls.has_product_values else lot.value_svl)

    @classmethod
    def cost(cls, record, company=None):
        """Return the cost (`standard_price`) of a product or lot in the company."""
        return cls._in_company(record, company).standard_price

    @classmethod
    def open_layers(cls, product, lot=None):
        """Return [(quantity left, value left)] of the open layers (19.0: receipts), oldest first."""
        product = cls._in_company(product)
        if not cls.has_product_values:
            domain = [
                ("product_id", "=", product.id),
                ("company_id", "=", cls.company.id),
                ("remaining_qty", ">", 1e-6),  # 14.0 and 15.0 may leave less than any unit knows
            ]
            if lot:
                domain.append(("lot_id", "=", lot.id))
            layers = product.env["stock.valuation.layer"].search(domain, order="create_date, id")
            return [(layer.remaining_qty, cls.currency.round(layer.remaining_value)) for layer in layers]
        stack, first_left = product._run_fifo_get_stack(lot=cls._in_company(lot) if lot else None)
        layers = []
        for number, move in enumerate(stack):
            quantity = move._get_valued_qty()
            left = first_left if number == 0 else quantity
            layers.append((left, cls.currency.round(move.value * left / quantity)))
        return layers

    @classmethod
    def ledger_balance(cls, account, product=None, date=None):
        """Return the posted balance (debit − credit) of an account, of one product if given."""
        if not account:  # a periodic category may have none
            return 0.0
        domain = [
            ("account_id", "=", account.id),
            ("parent_state", "=", "posted"),
            ("company_id", "in", [books.company.id for books in cls.all_books]),
        ]
        if product:
            domain.append(("product_id", "=", product.id))
        if date:
            domain.append(("date", "<=", date))
        companies = [books.company.id for books in cls.all_books]
        items = cls.env["account.move.line"].sudo().with_context(allowed_company_ids=companies)
        return sum(item.debit - item.credit for item in items.search(domain))

    # ------------------------------------------------------------------ journals

    @staticmethod
    def line(journal, product, lot=None):
        """Return the journal's only line of a product (and lot)."""
        lines = journal.line_ids.filtered(lambda each: each.product_id.id == product.id)
        if lot is not None:
            lines = lines.filtered(lambda each: each.lot_id.id == lot.id)
        assert len(lines) == 1, "%s lines of %s, expected one" % (len(lines), product.name)
        return lines

    def lines_by_layer(self, journal, product):
        """Return the lines of a product in the order of their layers, oldest first."""
        lines = journal.line_ids.filtered(lambda each: each.product_id.id == product.id)
        if self.has_product_values:
            return lines.sorted(lambda each: (each.stock_move_id.date, each.stock_move_id.id))
        return lines.sorted(lambda each: (each.valuation_layer_id.create_date, each.valuation_layer_id.id))

    def is_booked(self, product, company=None):
        """Tell whether a revaluation of the product makes an entry: periodic ones on 19.0 only."""
        return self.has_product_values or self._in_company(product, company).valuation == "real_time"

    def values_consigned_fifo(self, product):
        """Tell whether Odoo itself values goods of other owners under FIFO, as 19.0 of early 2026 does."""
        return self.has_product_values and "owners" not in product._with_valuation_context().env.context

    def valuation_account(self, product, company=None):
        product = self._in_company(product, company)
        return product.product_tmpl_id.get_product_accounts()["stock_valuation"]

    def snapshot(self, products, lots=()):
        """Return the figures of products that posting may change, and must not otherwise."""
        self.flush()
        self.invalidate()
        figures = {}
        for product in products:
            layers = self.env["stock.valuation.layer"].sudo().search_count([("product_id", "=", product.id)])
            figures[product.id] = {
                "value": self.stock_value(product),
                "quantity": self.stock_quantity(product),
                "cost": self.cost(product),
                "ledger": self.currency.round(self.ledger_balance(self.valuation_account(product), product)),
                "layers": layers,
            }
        for lot in lots:
            figures["lot", lot.id] = {"value": self.lot_value(lot), "cost": self.cost(lot)}
        figures["entries"] = self.env["account.move"].sudo().search_count([("company_id", "=", self.company.id)])
        return figures

    def lots_of(self, journal):
        if not self.has_lot_valuation:
            return ()
        return journal.line_ids.lot_id

    def items(self, journal):
        """Return {(account, product): [balances, sorted]} of the journal's entries."""
        found = {}
        for item in journal.sudo().account_move_ids.line_ids:
            key = (item.account_id, item.product_id)
            found.setdefault(key, []).append(self.currency.round(item.debit - item.credit))
        return {key: sorted(balances) for key, balances in found.items()}

    @staticmethod
    def value_change(lines):
        """Return by how much lines change the value of the stock: an allowance changes an account instead."""
        return sum(lines.filtered(lambda line: line.reason_id.posting != "allowance").mapped("amount"))

    def shows_button(self, record, name):
        """Tell whether the record's form shows its user a button of this name."""
        read = getattr(record, "get_view", None) or record.fields_view_get
        arch = etree.fromstring(read(view_type="form")["arch"])
        return any(not self._is_hidden(button, record) for button in arch.iterfind(".//button[@name='%s']" % name))

    @staticmethod
    def _is_hidden(element, record):
        """Tell whether a view's condition hides the element: a Python expression, up to 16.0 a domain."""
        condition = json.loads(element.get("modifiers") or "{}").get("invisible", element.get("invisible") or False)
        if isinstance(condition, list):
            # 16.0's own form says "==", which its web client understands
            terms = [[t[0], t[1].replace("==", "="), t[2]] if isinstance(t, list) else t for t in condition]
            return bool(record.filtered_domain(terms))
        if isinstance(condition, str):
            names = re.findall(r"\b[a-z]\w*", re.sub(r"'[^']*'", "", condition))
            values = {name: record[name] for name in names if name == "id" or name in record._fields}
            return bool(safe_eval(condition, values))
        return condition
