"""Inventory to Ledger on Odoo 19.0: stock moves and costs on one side, bills, invoices and closings on the other.

What belongs together is told by a key: a purchase order line (receipts and bills), a sales order line (deliveries and
cost of goods sold), an entry (revaluations, landed costs, moves that Odoo books at once). What has no key is booked by
the stock closing, per account and without product. A key is a number, which joins millions of rows faster than a text:
four times the id, plus 0 for an entry, 1 for a purchase order line, 2 for a sales order line.
"""

from odoo import models

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
# What counts in the inventory: `key` what it is booked with, `counted` whether it counts at the date, `elsewhere` where
# its entry is if not among the items read. Every part is read once for all moves, not once for each.
MEMBER = (
    "moved AS (SELECT line.move_id, SUM(line.quantity_product_uom) AS quantity FROM subject"
    " JOIN stock_move_line line ON line.product_id = subject.product_id"
    " WHERE line.picked AND (line.owner_id IS NULL OR line.owner_id = %(partner)s) GROUP BY line.move_id),"
    " revalued AS (SELECT stock_move_id, SUM(receipt_value) AS value FROM stock_valuation_layer"
    " WHERE create_date <= %(moment)s GROUP BY stock_move_id),"
    " part AS (SELECT {move_key} AS key, move.product_id, (CASE WHEN move.is_in THEN 1 ELSE -1 END)"
    " * (COALESCE(past.value, at_cost.cost * moved.quantity, move.value, 0)"
    " - COALESCE(revalued.value, 0){landed_value}) AS value,"
    " (CASE WHEN move.is_in THEN 1 ELSE -1 END) * COALESCE(moved.quantity, 0) AS quantity,"
    " move.date <= %(moment)s AS counted, move.account_move_id AS entry_id, NULL::int AS layer_id,"
    " move.id AS stock_move_id FROM subject JOIN stock_move move ON move.product_id = subject.product_id"
    " LEFT JOIN unnest(%(past_moves)s::int[], %(past_values)s::numeric[]) AS past(id, value) ON past.id = move.id"
    " LEFT JOIN unnest(%(cost_products)s::int[], %(costs)s::numeric[]) AS at_cost(product_id, cost)"
    " ON at_cost.product_id = move.product_id AND move.is_in AND move.date <= %(moment)s AND {at_cost}"
    " LEFT JOIN revalued ON revalued.stock_move_id = move.id LEFT JOIN moved ON moved.move_id = move.id{landed_join}"
    " WHERE move.company_id = %(company)s AND move.state = 'done' AND (move.is_in OR move.is_out)"
    " AND NOT COALESCE(move.is_dropship, FALSE)"
    " UNION ALL SELECT layer.account_move_id * 4::bigint, layer.product_id, layer.value, 0,"
    " layer.create_date <= %(moment)s, layer.account_move_id, layer.id, NULL"
    " FROM subject JOIN stock_valuation_layer layer ON layer.product_id = subject.product_id"
    " WHERE layer.company_id = %(company)s{landed_members}),"
    " member AS (SELECT part.*, CASE WHEN entry.state = 'draft' THEN 'draft'"
    " WHEN entry.state = 'cancel' THEN 'cancelled' WHEN entry.company_id <> %(company)s THEN 'company'"
    " WHEN entry.date > %(date)s THEN 'period' END AS elsewhere"
    " FROM part LEFT JOIN account_move entry ON entry.id = part.entry_id)"
)
LANDED_VALUE = " - COALESCE(landed.value, 0)"
LANDED_JOIN = (
    " LEFT JOIN (SELECT line.move_id, SUM(line.additional_landed_cost) AS value"
    " FROM stock_valuation_adjustment_lines line JOIN stock_landed_cost cost ON cost.id = line.cost_id"
    " WHERE cost.state = 'done' AND cost.date <= %(date)s GROUP BY line.move_id) landed ON landed.move_id = move.id"
)
LANDED_MEMBERS = (
    " UNION ALL SELECT cost.account_move_id * 4::bigint, move.product_id, line.additional_landed_cost, 0,"
    " cost.date <= %(date)s, cost.account_move_id, NULL, move.id"
    " FROM subject JOIN stock_move move ON move.product_id = subject.product_id"
    " JOIN stock_valuation_adjustment_lines line ON line.move_id = move.id"
    " JOIN stock_landed_cost cost ON cost.id = line.cost_id"
    " WHERE move.company_id = %(company)s AND move.state = 'done' AND move.is_in AND cost.state = 'done'"
)
ITEM = (
    "item AS (SELECT item.id, item.account_id, item.product_id, item.move_id AS entry_id, item.balance,"
    " subject.own_account_id, CASE WHEN known.entry_id IS NOT NULL THEN item.move_id * 4::bigint{item_keys} END AS key"
    " FROM revaluation_ledger_booked JOIN account_move_line item USING (id)"
    " LEFT JOIN (SELECT DISTINCT entry_id, product_id FROM member) known"
    " ON known.entry_id = item.move_id AND known.product_id = item.product_id"
    " LEFT JOIN subject ON subject.product_id = item.product_id WHERE item.account_id = ANY(%(accounts)s))"
)
BOUGHT_KEY = " WHEN item.purchase_line_id IS NOT NULL THEN item.purchase_line_id * 4::bigint + 1"
SOLD_KEY = (
    " WHEN item.display_type = 'cogs' THEN (SELECT MIN(sold.order_line_id) * 4::bigint + 2"
    " FROM sale_order_line_invoice_rel sold WHERE sold.invoice_line_id = item.cogs_origin_id)"
)
# Bill and invoice lines of those order lines, on whatever account: how much of them is posted, or waits in draft.
DOCUMENT = (
    "document AS (SELECT key, product_id, SUM(quantity) FILTER (WHERE state = 'posted' AND date <= %(date)s)"
    " AS posted, SUM(quantity) FILTER (WHERE state = 'draft') AS draft"
    " FROM ({documents}) line GROUP BY key, product_id)"
)
NO_DOCUMENTS = (
    "SELECT NULL::bigint AS key, NULL::int AS product_id, 0::numeric AS quantity, NULL::text AS state,"
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
    "SELECT line.purchase_line_id * 4::bigint + 1 AS key, line.product_id, " + LINE_QUANTITY + " AS quantity,"
    " line.parent_state AS state, line.date" + DOCUMENT_LINES + " WHERE line.purchase_line_id IS NOT NULL"
    " AND line.display_type = 'product'"
)
INVOICE_LINES = (
    "SELECT sold.order_line_id * 4::bigint + 2 AS key, line.product_id, " + LINE_QUANTITY + " AS quantity,"
    " line.parent_state AS state, line.date" + DOCUMENT_LINES + " JOIN sale_order_line_invoice_rel sold"
    " ON sold.invoice_line_id = line.id WHERE line.display_type = 'product'"
)
PAIR = (
    "pair AS (SELECT member.key, member.product_id, CASE"
    " WHEN MOD(member.key, 4) = 0 AND items.balance IS NULL THEN CASE"
    "  WHEN EXISTS (SELECT 1 FROM account_move_line item WHERE "
    + BOOKED
    + " AND item.move_id = member.entry_id AND item.product_id IS NULL) THEN 'grouped'"
    "  WHEN EXISTS (SELECT 1 FROM account_move_line item WHERE " + BOOKED + " AND item.move_id = member.entry_id"
    " AND item.product_id NOT IN (SELECT other.product_id FROM member other WHERE other.entry_id = member.entry_id))"
    " THEN 'product' ELSE 'amount' END"
    " WHEN ABS(COALESCE(items.balance, 0) - COALESCE(member.counted, 0)) <= member.leeway THEN CASE"
    "  WHEN items.own IS DISTINCT FROM items.balance THEN 'account'"
    "  WHEN items.balance <> member.counted THEN 'rounding' END"
    " WHEN MOD(member.key, 4) = 0 AND ABS(items.balance - member.value) <= member.leeway THEN 'period'"
    " WHEN MOD(member.key, 4) = 0 THEN 'amount' WHEN NOT subject.automated THEN 'closing'"
    " WHEN COALESCE(items.balance, 0) = 0 AND document.posted <> 0 THEN 'switched'"
    " WHEN document.draft <> 0 THEN 'draft'"
    " WHEN ABS(COALESCE(document.posted, 0) - member.quantity) < 0.00001 THEN 'amount'"
    " WHEN MOD(member.key, 4) = 1 THEN 'not_billed' ELSE 'not_invoiced' END AS kind"
    " FROM (SELECT key, product_id, MIN(entry_id) AS entry_id,"
    " SUM(value) FILTER (WHERE counted) AS counted, SUM(value) AS value,"
    " COALESCE(SUM(quantity) FILTER (WHERE counted), 0) AS quantity, COUNT(*) * 0.5001 * %(rounding)s AS leeway"
    " FROM member WHERE key IS NOT NULL AND elsewhere IS NULL GROUP BY key, product_id) member"
    " JOIN subject ON subject.product_id = member.product_id"
    " LEFT JOIN (SELECT key, product_id, SUM(balance) AS balance,"
    " SUM(balance) FILTER (WHERE account_id = own_account_id) AS own FROM item WHERE key IS NOT NULL GROUP BY 1, 2)"
    " items ON items.key = member.key AND items.product_id = member.product_id"
    " LEFT JOIN document ON document.key = member.key AND document.product_id = member.product_id)"
)
MEMBER_ROWS = (
    "SELECT subject.own_account_id AS account_id, member.product_id, CASE"
    " WHEN member.key IS NULL AND member.layer_id IS NOT NULL THEN 'missing' WHEN member.key IS NULL THEN 'closing'"
    " ELSE COALESCE(member.elsewhere, pair.kind) END AS kind, -member.value AS amount, member.layer_id,"
    " NULL::int AS item_id, member.stock_move_id FROM member JOIN subject ON subject.product_id = member.product_id"
    " LEFT JOIN pair ON pair.key = member.key AND pair.product_id = member.product_id WHERE member.counted"
)
ITEM_ROWS = (
    "SELECT item.account_id, item.product_id, CASE WHEN pair.key IS NOT NULL THEN pair.kind"
    " WHEN MOD(item.key, 4) = 1 THEN 'not_billed' WHEN MOD(item.key, 4) = 2 THEN 'not_invoiced'"
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


class StockRevaluationValuation(models.AbstractModel):
    _inherit = "stock.revaluation.valuation"

    def _ledger_values(self, scope):
        """Odoo's `total_value` of all products of the company, in bulk."""
        values = self._ledger_read_values(self._candidates([]), scope)
        values = {product_id: value for product_id, value in values.items() if value}
        scope.update(value_products=list(values), values=list(values.values()))
        return VALUES

    def _ledger_read_values(self, products, scope):
        """Return {product id: value} now, or at the scope's past moment."""
        moment = scope["moment"] if scope["is_past"] else None
        values = self._read_totals(products, moment, scope["date"], scope.setdefault("asked_receipts", {}))
        return {product_id: self._money(value) for product_id, value in values.items()}

    def _ledger_prepare(self, scope, products):
        """Add what receipts were worth at a past date, and which entries are closings."""
        past, costs = {}, {}
        if scope["is_past"] and not self._is_batch():
            facts = [product for product in self._facts(products) if product.cost_method != "standard"]
            ids = [product.id for product in facts]
            past, costs = self._read_receipts_at(ids, scope["moment"], scope["date"], scope.get("asked_receipts"))
            costs = {product.id: costs[product.id] for product in facts if not product.lot_valuated}
        key = "%d.stock_valuation_closing_ids" % self.env.company.id
        ids = self.env["ir.config_parameter"].sudo().get_param(key) or ""
        closings = self.env["account.move"].sudo().browse(int(word) for word in ids.split(",") if word).exists()
        scope.update(
            past_moves=list(past),
            past_values=list(past.values()),
            cost_products=list(costs),
            costs=list(costs.values()),
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
        keys = "CASE WHEN move.account_move_id IS NOT NULL THEN move.account_move_id * 4::bigint"
        for kind, name in ((1, "purchase_line_id"), (2, "sale_line_id")):
            if name in fields:
                keys += " WHEN move.{1} IS NOT NULL THEN move.{1} * 4::bigint + {0}".format(kind, name)
        landed = "stock.landed.cost" in self.env
        statement = MEMBER.replace("{move_key}", keys + " END").replace("{at_cost}", self._is_at_cost())
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
