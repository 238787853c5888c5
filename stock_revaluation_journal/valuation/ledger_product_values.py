"""Inventory to Ledger on Odoo 19.0: stock moves and costs on one side, bills, invoices and closings on the other.

What belongs together is told by a key: a purchase order line (receipts and bills), a sales order line (deliveries and
cost of goods sold), an entry (revaluations, landed costs, moves that Odoo books at once). What has no key is booked by
the stock closing, per account and without product.
"""

from odoo import models

from .. import compat
from .ledger import BOOKED

VALUES = (
    "SELECT product_id, value, 0 AS unbooked, NULL::timestamp AS first_booked, FALSE AS is_bare"
    " FROM unnest(%(value_products)s::int[], %(values)s::numeric[]) AS v(product_id, value)"
)
SUBJECT = (
    "subject AS (SELECT DISTINCT product_id, own_account_id, valuation = 'automated' AS automated"
    " FROM stock_revaluation_ledger_line WHERE ledger_id = %(ledger)s AND product_id IS NOT NULL AND CASE"
    " WHEN %(products)s::int[] IS NULL THEN is_examined ELSE product_id = ANY(%(products)s::int[]) END)"
)
# What counts in the inventory: `key` what it is booked with, `counted` whether it counts at the date.
MEMBER = (
    "member AS (SELECT {move_key} AS key, move.product_id, (CASE WHEN move.is_in THEN 1 ELSE -1 END)"
    " * (COALESCE(past.value, move.value, 0) - COALESCE(layer.value, 0){landed_value}) AS value,"
    " (CASE WHEN move.is_in THEN 1 ELSE -1 END) * COALESCE(moved.quantity, 0) AS quantity,"
    " move.date <= %(moment)s AS counted, move.account_move_id AS entry_id, NULL::int AS layer_id,"
    " move.id AS stock_move_id FROM subject JOIN stock_move move ON move.product_id = subject.product_id"
    " LEFT JOIN unnest(%(past_moves)s::int[], %(past_values)s::numeric[]) AS past(id, value) ON past.id = move.id"
    " LEFT JOIN LATERAL (SELECT SUM(receipt_value) AS value FROM stock_valuation_layer"
    " WHERE stock_move_id = move.id AND create_date <= %(moment)s) layer ON TRUE"
    " LEFT JOIN LATERAL (SELECT SUM(quantity_product_uom) AS quantity FROM stock_move_line"
    " WHERE move_id = move.id AND picked AND (owner_id IS NULL OR owner_id = %(partner)s)) moved ON TRUE{landed_join}"
    " WHERE move.company_id = %(company)s AND move.state = 'done' AND (move.is_in OR move.is_out)"
    " AND NOT COALESCE(move.is_dropship, FALSE)"
    " UNION ALL SELECT 'e' || layer.account_move_id, layer.product_id, layer.value, 0,"
    " layer.create_date <= %(moment)s, layer.account_move_id, layer.id, NULL"
    " FROM subject JOIN stock_valuation_layer layer ON layer.product_id = subject.product_id"
    " WHERE layer.company_id = %(company)s{landed_members})"
)
LANDED_VALUE = " - COALESCE(landed.value, 0)"
LANDED_JOIN = (
    " LEFT JOIN LATERAL (SELECT SUM(line.additional_landed_cost) AS value FROM stock_valuation_adjustment_lines line"
    " JOIN stock_landed_cost cost ON cost.id = line.cost_id WHERE line.move_id = move.id AND cost.state = 'done'"
    " AND cost.date <= %(date)s) landed ON TRUE"
)
LANDED_MEMBERS = (
    " UNION ALL SELECT 'e' || cost.account_move_id, move.product_id, line.additional_landed_cost, 0,"
    " cost.date <= %(date)s, cost.account_move_id, NULL, move.id"
    " FROM subject JOIN stock_move move ON move.product_id = subject.product_id"
    " JOIN stock_valuation_adjustment_lines line ON line.move_id = move.id"
    " JOIN stock_landed_cost cost ON cost.id = line.cost_id"
    " WHERE move.company_id = %(company)s AND move.state = 'done' AND move.is_in AND cost.state = 'done'"
)
ITEM = (
    "item AS (SELECT item.id, item.account_id, item.product_id, item.move_id AS entry_id, item.balance,"
    " subject.own_account_id, CASE WHEN EXISTS (SELECT 1 FROM member WHERE member.entry_id = item.move_id"
    " AND member.product_id = item.product_id) THEN 'e' || item.move_id{item_keys} END AS key"
    " FROM revaluation_ledger_booked JOIN account_move_line item USING (id)"
    " LEFT JOIN subject ON subject.product_id = item.product_id WHERE item.account_id = ANY(%(accounts)s))"
)
BOUGHT_KEY = " WHEN item.purchase_line_id IS NOT NULL THEN 'p' || item.purchase_line_id"
SOLD_KEY = (
    " WHEN item.display_type = 'cogs' THEN 's' || (SELECT MIN(sold.order_line_id)"
    " FROM sale_order_line_invoice_rel sold WHERE sold.invoice_line_id = item.cogs_origin_id)"
)
# Bill and invoice lines of those order lines, on whatever account: how much of them is posted, or waits in draft.
DOCUMENT = (
    "document AS (SELECT key, product_id, SUM(quantity) FILTER (WHERE state = 'posted' AND date <= %(date)s)"
    " AS posted, SUM(quantity) FILTER (WHERE state = 'draft') AS draft"
    " FROM ({documents}) line GROUP BY key, product_id)"
)
NO_DOCUMENTS = (
    "SELECT NULL::text AS key, NULL::int AS product_id, 0::numeric AS quantity, NULL::text AS state,"
    " NULL::date AS date WHERE FALSE"
)
LINE_QUANTITY = (
    "(CASE WHEN entry.move_type IN ('in_refund', 'out_invoice', 'out_receipt') THEN -1 ELSE 1 END)"
    " * line.quantity * COALESCE(unit.factor / NULLIF(stock_unit.factor, 0), 1)"
)
DOCUMENT_LINES = (
    " FROM subject JOIN account_move_line line ON line.product_id = subject.product_id"
    " JOIN account_move entry ON entry.id = line.move_id JOIN product_product product ON product.id = line.product_id"
    " JOIN product_template template ON template.id = product.product_tmpl_id"
    " JOIN uom_uom stock_unit ON stock_unit.id = template.uom_id"
    " LEFT JOIN uom_uom unit ON unit.id = line.product_uom_id"
)
BILL_LINES = (
    "SELECT 'p' || line.purchase_line_id AS key, line.product_id, " + LINE_QUANTITY + " AS quantity,"
    " line.parent_state AS state, line.date" + DOCUMENT_LINES + " WHERE line.purchase_line_id IS NOT NULL"
    " AND line.display_type = 'product'"
)
INVOICE_LINES = (
    "SELECT 's' || sold.order_line_id AS key, line.product_id, " + LINE_QUANTITY + " AS quantity,"
    " line.parent_state AS state, line.date" + DOCUMENT_LINES + " JOIN sale_order_line_invoice_rel sold"
    " ON sold.invoice_line_id = line.id WHERE line.display_type = 'product'"
)
PAIR = (
    "pair AS (SELECT member.key, member.product_id, CASE"
    " WHEN member.key LIKE 'e%%' AND items.balance IS NULL THEN CASE"
    "  WHEN EXISTS (SELECT 1 FROM account_move_line item WHERE "
    + BOOKED
    + " AND item.move_id = member.entry_id AND item.product_id IS NULL) THEN 'grouped'"
    "  WHEN EXISTS (SELECT 1 FROM account_move_line item WHERE " + BOOKED + " AND item.move_id = member.entry_id"
    " AND item.product_id NOT IN (SELECT other.product_id FROM member other WHERE other.entry_id = member.entry_id))"
    " THEN 'product' ELSE 'amount' END"
    " WHEN ABS(COALESCE(items.balance, 0) - COALESCE(member.counted, 0)) <= member.leeway THEN CASE"
    "  WHEN items.own IS DISTINCT FROM items.balance THEN 'account'"
    "  WHEN items.balance <> member.counted THEN 'rounding' END"
    " WHEN member.key LIKE 'e%%' AND ABS(items.balance - member.value) <= member.leeway THEN 'period'"
    " WHEN member.key LIKE 'e%%' THEN 'amount' WHEN NOT subject.automated THEN 'closing'"
    " WHEN COALESCE(items.balance, 0) = 0 AND document.posted <> 0 THEN 'switched'"
    " WHEN document.draft <> 0 THEN 'draft'"
    " WHEN ABS(COALESCE(document.posted, 0) - member.quantity) < 0.00001 THEN 'amount'"
    " WHEN member.key LIKE 'p%%' THEN 'not_billed' ELSE 'not_invoiced' END AS kind"
    " FROM (SELECT key, product_id, MIN(entry_id) AS entry_id,"
    " SUM(value) FILTER (WHERE counted) AS counted, SUM(value) AS value,"
    " COALESCE(SUM(quantity) FILTER (WHERE counted), 0) AS quantity, COUNT(*) * 0.5001 * %(rounding)s AS leeway"
    " FROM member WHERE key IS NOT NULL GROUP BY key, product_id) member"
    " JOIN subject ON subject.product_id = member.product_id"
    " LEFT JOIN (SELECT key, product_id, SUM(balance) AS balance,"
    " SUM(balance) FILTER (WHERE account_id = own_account_id) AS own FROM item WHERE key IS NOT NULL GROUP BY 1, 2)"
    " items ON items.key = member.key AND items.product_id = member.product_id"
    " LEFT JOIN document ON document.key = member.key AND document.product_id = member.product_id)"
)
MEMBER_ROWS = (
    "SELECT subject.own_account_id AS account_id, member.product_id, CASE"
    " WHEN member.key IS NULL AND member.layer_id IS NOT NULL THEN 'missing' WHEN member.key IS NULL THEN 'closing'"
    " WHEN entry.id IS NULL THEN pair.kind WHEN entry.state = 'draft' THEN 'draft'"
    " WHEN entry.state = 'cancel' THEN 'cancelled' WHEN entry.company_id <> %(company)s THEN 'company'"
    " WHEN entry.date > %(date)s THEN 'period' ELSE pair.kind END AS kind, -member.value AS amount, member.layer_id,"
    " NULL::int AS item_id, member.stock_move_id FROM member JOIN subject ON subject.product_id = member.product_id"
    " LEFT JOIN account_move entry ON entry.id = member.entry_id"
    " LEFT JOIN pair ON pair.key = member.key AND pair.product_id = member.product_id WHERE member.counted"
)
ITEM_ROWS = (
    "SELECT item.account_id, item.product_id, CASE WHEN pair.key IS NOT NULL THEN pair.kind"
    " WHEN item.key LIKE 'p%%' THEN 'not_billed' WHEN item.key LIKE 's%%' THEN 'not_invoiced'"
    " WHEN item.product_id IS NULL AND {closing} THEN 'closing'"
    " WHEN EXISTS (SELECT 1 FROM stock_valuation_layer layer WHERE layer.account_move_id = item.entry_id) THEN"
    "  CASE WHEN item.product_id IS NULL THEN 'grouped' ELSE 'product' END"
    " WHEN EXISTS (SELECT 1 FROM stock_valuation_layer layer WHERE layer.account_move_id = entry.reversed_entry_id)"
    "  OR EXISTS (SELECT 1 FROM stock_move move WHERE move.account_move_id = entry.reversed_entry_id) THEN 'reversed'"
    " WHEN entry.move_type <> 'entry' THEN 'invoice' ELSE 'manual' END, item.balance, NULL, item.id, NULL"
    " FROM item JOIN account_move entry ON entry.id = item.entry_id"
    " LEFT JOIN account_move origin ON origin.id = entry.reversed_entry_id"
    " LEFT JOIN pair ON pair.key = item.key AND pair.product_id = item.product_id"
)
CLOSING = "(entry.id = ANY(%(closings)s) OR origin.id = ANY(%(closings)s) OR entry.ref = ANY(%(closing_refs)s))"
# What moves and layers do not account for: costs that were changed, differences that standard cost swallowed.
REST_ROWS = (
    "SELECT line.account_id, line.product_id, CASE WHEN NOT subject.automated THEN 'closing'"
    " WHEN ABS(line.value - COALESCE(known.value, 0)) <= COALESCE(known.count, 1) * 0.5001 * %(rounding)s"
    " THEN 'rounding' ELSE 'cost' END, COALESCE(known.value, 0) - line.value, NULL, NULL, NULL"
    " FROM subject JOIN stock_revaluation_ledger_line line ON line.ledger_id = %(ledger)s"
    " AND line.product_id = subject.product_id"
    " AND COALESCE(line.account_id, 0) = COALESCE(subject.own_account_id, 0)"
    " LEFT JOIN (SELECT product_id, SUM(value) AS value, COUNT(*) AS count FROM member WHERE counted"
    " GROUP BY product_id) known ON known.product_id = subject.product_id"
    " WHERE COALESCE(known.value, 0) <> line.value"
)
OTHER_ACCOUNTS = (
    "SELECT DISTINCT item.account_id FROM revaluation_ledger_booked JOIN account_move_line item USING (id)"
    " JOIN account_account account ON account.id = item.account_id AND account.account_type = 'asset_current'"
    " WHERE item.product_id IS NOT NULL AND item.account_id <> ALL(%(accounts)s)"
    " AND (item.display_type = 'cogs'{bought} OR EXISTS (SELECT 1 FROM stock_valuation_layer layer"
    " WHERE layer.account_move_id = item.move_id"
    " AND layer.product_id = item.product_id AND layer.value = item.balance))"
)
# Products whose moves are in memory at one time.
PRODUCTS_AT_ONCE = 2000


class StockRevaluationValuation(models.AbstractModel):
    _inherit = "stock.revaluation.valuation"

    def _ledger_values(self, scope):
        """Odoo's `total_value` of all products of the company, in bulk."""
        products = self._candidates([])
        moved = self._moved(products)
        products = products.filtered(lambda product: product.id in moved)
        values = self._ledger_read_values(products, scope)
        scope.update(value_products=list(values), values=list(values.values()))
        return VALUES

    def _ledger_read_values(self, products, scope):
        """Return {product id: value} now, or at the scope's past moment."""
        values = {}
        for start in range(0, len(products), PRODUCTS_AT_ONCE):
            some = products[start : start + PRODUCTS_AT_ONCE]
            if scope["is_past"]:
                values.update(self._read_values_at(some, scope["moment"], scope["date"]))
            else:
                values.update(self._ledger_values_now(some))
            compat.invalidate(self.env)  # the next ones need the memory
        return {product_id: self._money(value) for product_id, value in values.items()}

    def _ledger_values_now(self, products):
        """Return {product id: value, unrounded}; Odoo's own where there is less than nothing."""
        products = self._valued(products)
        odd = products.filtered(lambda product: product.lot_valuated or product.cost_method == "fifo")
        quantities = dict.fromkeys(products.ids, 0.0)
        quantities.update(self._quantities_in_stock(self._move_params(products - odd)))
        quantities.update(self._read_quantities(odd))
        values = self._read_values(products, quantities)
        negative = products.filtered(lambda product: quantities[product.id] < 0)
        values.update((product.id, product.total_value) for product in negative)
        return values

    def _ledger_prepare(self, scope, products):
        """Add what receipts were worth at a past date, and which entries are closings."""
        past = {}
        if scope["is_past"]:
            products = self._valued(products).filtered(lambda product: product.cost_method != "standard")
            past = self._receipt_values_at(products, dict(scope, products=products.ids))
        key = "%d.stock_valuation_closing_ids" % self.env.company.id
        ids = self.env["ir.config_parameter"].sudo().get_param(key) or ""
        closings = self.env["account.move"].sudo().browse(int(word) for word in ids.split(",") if word).exists()
        scope.update(
            past_moves=list(past),
            past_values=list(past.values()),
            closings=closings.ids,
            closing_refs=sorted({"Stock Closing", *filter(None, closings.mapped("ref"))}),
            partner=self.env.company.partner_id.id,
        )

    def _ledger_detail(self):
        parts = (SUBJECT, self._ledger_member(), self._ledger_item(), self._ledger_document(), PAIR)
        rows = (MEMBER_ROWS, ITEM_ROWS.replace("{closing}", CLOSING), REST_ROWS)
        return "WITH " + ", ".join(parts) + " " + " UNION ALL ".join(rows)

    def _ledger_member(self):
        fields = self.env["stock.move"]._fields
        keys = "CASE WHEN move.account_move_id IS NOT NULL THEN 'e' || move.account_move_id"
        for letter, name in (("p", "purchase_line_id"), ("s", "sale_line_id")):
            if name in fields:
                keys += " WHEN move.{1} IS NOT NULL THEN '{0}' || move.{1}".format(letter, name)
        landed = "stock.landed.cost" in self.env
        statement = MEMBER.replace("{move_key}", keys + " END")
        statement = statement.replace("{landed_value}", LANDED_VALUE if landed else "")
        statement = statement.replace("{landed_join}", LANDED_JOIN if landed else "")
        return statement.replace("{landed_members}", LANDED_MEMBERS if landed else "")

    def _ledger_item(self):
        fields = self.env["account.move.line"]._fields
        keys = BOUGHT_KEY if "purchase_line_id" in fields else ""
        keys += SOLD_KEY if "sale_line_ids" in fields else ""
        return ITEM.replace("{item_keys}", keys)

    def _ledger_document(self):
        fields = self.env["account.move.line"]._fields
        documents = [NO_DOCUMENTS]
        documents += [BILL_LINES] if "purchase_line_id" in fields else []
        documents += [INVOICE_LINES] if "sale_line_ids" in fields else []
        return DOCUMENT.replace("{documents}", " UNION ALL ".join(documents))

    def _ledger_other_accounts(self):
        fields = self.env["account.move.line"]._fields
        bought = " OR item.purchase_line_id IS NOT NULL" if "purchase_line_id" in fields else ""
        return OTHER_ACCOUNTS.replace("{bought}", bought)

    def _ledger_category(self, category):
        company = self.env.company
        account = category.property_stock_valuation_account_id or company.account_stock_valuation_id
        return account, (category.property_valuation or company.inventory_valuation) == "real_time"

    def _ledger_item_texts(self):
        return "NULLIF(layer.description, ''), item.name, item.ref, move.reference"
