"""Inventory to Ledger on Odoo's valuation layers (up to 18.0): every layer has, or should have, an entry."""

from odoo import _, fields, models

from .. import tools
from .ledger import BOOKED

VALUES = (
    "SELECT product_id, SUM(value) AS value,"
    " COUNT(*) FILTER (WHERE account_move_id IS NULL AND value <> 0) AS unbooked,"
    " MIN(create_date) FILTER (WHERE account_move_id IS NOT NULL) AS first_booked,"
    " BOOL_AND(account_move_id IS NULL AND lost_entry IS NULL) AS is_bare"
    " FROM stock_valuation_layer WHERE company_id = %(company)s{until} GROUP BY product_id"
)
# Products whose lines are examined.
SUBJECT = (
    "subject AS (SELECT DISTINCT product_id, own_account_id, categ_id, valuation = 'automated' AS automated"
    " FROM stock_revaluation_ledger_line WHERE ledger_id = %(ledger)s AND product_id IS NOT NULL AND CASE"
    " WHEN %(products)s::int[] IS NULL THEN is_examined ELSE product_id = ANY(%(products)s::int[]) END)"
)
LAYER = (
    "layer AS (SELECT layer.id, layer.product_id, layer.account_move_id AS entry_id, layer.value, layer.create_date,"
    " layer.create_date <= %(moment)s AS counted, layer.lost_entry,"
    " layer.account_move_id IS NULL AND layer.stock_move_id IS NULL AND layer.quantity < 0 AS empties,"
    " CASE WHEN entry.state = 'draft' THEN 'draft' WHEN entry.state = 'cancel' THEN 'cancelled'"
    " WHEN entry.company_id <> %(company)s THEN 'company' WHEN entry.date > %(date)s THEN 'period' END AS elsewhere,"
    " subject.own_account_id, subject.categ_id, subject.automated"
    " FROM subject JOIN stock_valuation_layer layer ON layer.product_id = subject.product_id"
    " LEFT JOIN account_move entry ON entry.id = layer.account_move_id"
    " WHERE layer.company_id = %(company)s AND layer.value <> 0)"
)
ITEM = (
    "item AS (SELECT item.id, item.account_id, item.product_id, item.move_id AS entry_id, item.balance,"
    " subject.own_account_id FROM revaluation_ledger_booked item LEFT JOIN subject"
    " ON subject.product_id = item.product_id WHERE item.account_id = ANY(%(accounts)s))"
)
# Entry and product: layers on one side, items of the valuation accounts on the other.
PAIR = (
    "pair AS (SELECT layers.entry_id, layers.product_id, CASE"
    " WHEN items.balance IS NULL AND EXISTS (SELECT 1 FROM account_move_line item WHERE "
    + BOOKED
    + " AND item.move_id = layers.entry_id AND item.product_id IS NULL) THEN 'grouped'"
    " WHEN items.balance IS NULL AND EXISTS (SELECT 1 FROM account_move_line item WHERE "
    + BOOKED
    + " AND item.move_id = layers.entry_id AND item.product_id NOT IN (SELECT other.product_id FROM"
    " stock_valuation_layer other WHERE other.account_move_id = layers.entry_id)) THEN 'product'"
    " WHEN items.balance IS NULL THEN 'amount'"
    " WHEN ABS(items.balance - COALESCE(layers.counted, 0)) <= layers.leeway THEN CASE"
    "  WHEN items.own IS DISTINCT FROM items.balance THEN 'account'"
    "  WHEN items.balance <> layers.counted THEN 'rounding' END"
    " WHEN ABS(items.balance - layers.value) <= layers.leeway THEN 'period' ELSE 'amount' END AS kind"
    " FROM (SELECT entry_id, product_id, SUM(value) FILTER (WHERE counted) AS counted, SUM(value) AS value,"
    " COUNT(*) * 0.5001 * %(rounding)s AS leeway FROM layer WHERE entry_id IS NOT NULL AND elsewhere IS NULL"
    " GROUP BY 1, 2) layers"
    " LEFT JOIN (SELECT entry_id, product_id, SUM(balance) AS balance,"
    " SUM(balance) FILTER (WHERE account_id = own_account_id) AS own FROM item GROUP BY 1, 2) items"
    " ON items.entry_id = layers.entry_id AND items.product_id = layers.product_id)"
)
# Entries of items that have no layers of their product, and the entries that these reverse.
LINKED = (
    "stranger AS (SELECT DISTINCT item.entry_id, entry.reversed_entry_id, entry.move_type FROM item"
    " JOIN account_move entry ON entry.id = item.entry_id LEFT JOIN pair"
    " ON pair.entry_id = item.entry_id AND pair.product_id = item.product_id WHERE pair.entry_id IS NULL),"
    " linked AS (SELECT account_move_id AS entry_id, BOOL_OR(company_id = %(company)s) AS here"
    " FROM stock_valuation_layer WHERE account_move_id IN (SELECT entry_id FROM stranger UNION"
    " SELECT reversed_entry_id FROM stranger) GROUP BY account_move_id)"
)
# A layer without entry: one is missing if its product's category had entries before; else it was periodic then.
# Odoo empties and fills the stock of products that it turns automatic: the layer that empties has no entry.
LAYER_ROWS = (
    "SELECT layer.own_account_id AS account_id, layer.product_id, CASE"
    " WHEN layer.entry_id IS NULL AND layer.lost_entry IS NOT NULL THEN 'missing'"
    " WHEN layer.entry_id IS NULL AND NOT COALESCE(layer.automated, FALSE) THEN 'periodic'"
    " WHEN layer.entry_id IS NULL AND layer.create_date <= emptied.moment THEN 'switched'"
    " WHEN layer.entry_id IS NULL AND begun.moment <= layer.create_date THEN 'missing'"
    " WHEN layer.entry_id IS NULL THEN 'switched'"
    " ELSE COALESCE(layer.elsewhere, pair.kind) END AS kind, -layer.value AS amount, layer.id AS layer_id,"
    " NULL::int AS item_id, NULL::int AS stock_move_id"
    " FROM layer LEFT JOIN pair ON pair.entry_id = layer.entry_id AND pair.product_id = layer.product_id"
    " LEFT JOIN emptied ON emptied.product_id = layer.product_id"
    " LEFT JOIN begun ON begun.categ_id = layer.categ_id WHERE layer.counted"
)
ITEM_ROWS = (
    "SELECT item.account_id, item.product_id, CASE WHEN pair.entry_id IS NOT NULL THEN pair.kind"
    " WHEN linked.here AND item.product_id IS NULL THEN 'grouped' WHEN linked.here THEN 'product'"
    " WHEN linked.entry_id IS NOT NULL THEN 'company' WHEN reversed.entry_id IS NOT NULL THEN 'reversed'"
    " WHEN stranger.move_type <> 'entry' THEN 'invoice' ELSE 'manual' END, item.balance, NULL, item.id, NULL"
    " FROM item LEFT JOIN pair ON pair.entry_id = item.entry_id AND pair.product_id = item.product_id"
    " LEFT JOIN stranger ON stranger.entry_id = item.entry_id LEFT JOIN linked ON linked.entry_id = item.entry_id"
    " LEFT JOIN linked reversed ON reversed.entry_id = stranger.reversed_entry_id"
)
DETAIL = (
    "WITH " + SUBJECT + ", " + LAYER + ", " + ITEM + ", " + PAIR + ", " + LINKED + ","
    " emptied AS (SELECT product_id, MAX(create_date) AS moment FROM layer WHERE empties GROUP BY product_id),"
    " begun AS (SELECT categ_id, MIN(first_booked) AS moment FROM stock_revaluation_ledger_line"
    " WHERE ledger_id = %(ledger)s GROUP BY categ_id) " + LAYER_ROWS + " UNION ALL " + ITEM_ROWS
)
# An item of a layer's entry, with its product and amount, on an account that is no valuation account now.
OTHER_ACCOUNTS = (
    "WITH " + SUBJECT + ", booked AS (SELECT layer.account_move_id, layer.product_id, SUM(layer.value) AS value"
    " FROM subject JOIN stock_valuation_layer layer ON layer.product_id = subject.product_id"
    " WHERE layer.company_id = %(company)s AND layer.account_move_id IS NOT NULL GROUP BY 1, 2)"
    " SELECT DISTINCT item.account_id FROM booked JOIN revaluation_ledger_booked item"
    " ON item.move_id = booked.account_move_id AND item.product_id = booked.product_id"
    " WHERE booked.value <> 0 AND ABS(item.balance - booked.value) < %(rounding)s::numeric"
    " AND item.account_id <> ALL(%(accounts)s) AND NOT EXISTS (SELECT 1 FROM revaluation_ledger_booked own"
    " WHERE own.move_id = booked.account_move_id AND own.product_id = booked.product_id"
    " AND own.account_id = ANY(%(accounts)s))"
)


class StockRevaluationValuation(models.AbstractModel):
    _inherit = "stock.revaluation.valuation"

    def _ledger_values(self, scope):
        """Σ layers, as Odoo sums them; at a date by `create_date`."""
        return VALUES.replace("{until}", " AND create_date <= %(moment)s" if scope["is_past"] else "")

    def _ledger_detail(self):
        return DETAIL

    def _ledger_other_accounts(self):
        return OTHER_ACCOUNTS

    def _ledger_category(self, category):
        return category.property_stock_valuation_account_id, category.property_valuation == "real_time"

    def _ledger_item_texts(self):
        return "layer.lost_entry, NULLIF(layer.description, ''), item.name, item.ref, move.reference"


class StockValuationLayer(models.Model):
    _inherit = "stock.valuation.layer"

    lost_entry = fields.Char(
        "Deleted Entry", readonly=True, copy=False, help="The journal entry of this layer that somebody deleted."
    )


class AccountMove(models.Model):
    _inherit = "account.move"

    def unlink(self):
        """Note on layers whose entry goes that there was one: Inventory to Ledger then knows."""
        Layer = self.env["stock.valuation.layer"].sudo().with_context(revaluation_posting=tools.Inner())
        layers = Layer.search([("account_move_id", "in", self.ids)])
        for entry in layers.mapped("account_move_id"):
            lost = layers.filtered(lambda layer, entry=entry: layer.account_move_id == entry)
            lost.lost_entry = _(
                "%(entry)s of %(date)s, deleted by %(user)s",
                entry=entry.name,
                date=entry.date,
                user=self.env.user.name,
            )
        return super().unlink()
