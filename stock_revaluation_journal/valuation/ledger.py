"""Inventory to Ledger: Odoo's stock value beside the balance of the valuation accounts, and what lies between.

All products at once, in a few statements: both sides are grouped and written as the lines of a report; then every
layer, move and journal item of the lines that need it gets a *kind*, which says what it is. A layer counts with minus
its value, an item with plus its balance, so the kinds of a line add up to its difference whatever they are.
"""

from odoo import _, models

from .. import compat

# Account and category may be missing, and a key without them joins as well.
SAME_PLACE = (
    "COALESCE({0}.account_id, 0) = COALESCE({1}.account_id, 0)"
    " AND COALESCE({0}.product_id, 0) = COALESCE({1}.product_id, 0)"
)
POSTED = "item.company_id = %(company)s AND item.parent_state = 'posted' AND item.date <= %(date)s"
BOOKED = POSTED + " AND item.account_id = ANY(%(accounts)s)"
STAMPS = "create_uid, create_date, write_date"  # nobody but its maker ever writes it
STAMPED = "%(user)s, now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC'"
ROUND = "ROUND(({0})::numeric / %(rounding)s) * %(rounding)s"

# Both sides, grouped: the value where the product's category points, the balance where it was booked. Into a table,
# because PostgreSQL reads for an INSERT with one process alone.
TOTALS = (
    "CREATE TEMPORARY TABLE revaluation_ledger_total ON COMMIT DROP AS"
    " WITH category AS (SELECT * FROM unnest(%(categs)s::int[], %(categ_accounts)s::int[], %(categ_automated)s::bool[])"
    " AS c(categ_id, account_id, automated)),"
    " goods AS (SELECT product.id AS product_id, template.categ_id, category.account_id, category.automated"
    " FROM product_product product JOIN product_template template ON template.id = product.product_tmpl_id"
    " LEFT JOIN category ON category.categ_id = COALESCE(template.categ_id, 0)),"
    " side AS (SELECT goods.account_id, v.product_id, v.value, 0::numeric AS balance, v.unbooked, v.first_booked,"
    " v.is_bare AND NOT goods.automated AS is_bare FROM ({values}) v JOIN goods ON goods.product_id = v.product_id"
    " UNION ALL SELECT item.account_id, item.product_id, 0, SUM(item.balance), 0, NULL, FALSE"
    " FROM account_move_line item WHERE " + BOOKED + " GROUP BY 1, 2)"
    " SELECT side.account_id, side.product_id, goods.categ_id, goods.account_id AS own_account_id, goods.automated,"
    " " + ROUND.format("SUM(side.value)") + " AS value, " + ROUND.format("SUM(side.balance)") + " AS balance,"
    " SUM(side.unbooked) AS unbooked, MIN(side.first_booked) AS first_booked,"
    " BOOL_AND(side.is_bare) AND COUNT(*) OVER (PARTITION BY side.product_id) = 1 AS is_bare"
    " FROM side LEFT JOIN goods ON goods.product_id = side.product_id GROUP BY 1, 2, 3, 4, 5"
)
LINES = (
    "INSERT INTO stock_revaluation_ledger_line (ledger_id, account_id, product_id, categ_id,"
    " own_account_id, valuation, value, balance, difference, first_booked, is_examined, " + STAMPS + ")"
    " SELECT %(ledger)s, account_id, product_id, categ_id, own_account_id,"
    " CASE WHEN product_id IS NULL THEN NULL WHEN automated THEN 'automated' ELSE 'periodic' END,"
    " value, balance, balance - value, first_booked,"
    " NOT is_bare AND (balance <> value OR product_id IS NULL OR (automated AND unbooked <> 0)), "
    + STAMPED
    + " FROM revaluation_ledger_total WHERE value <> 0 OR balance <> 0 OR unbooked <> 0"
)
# Items that the lines examined are about, on whatever account; without product, on the accounts read. A table of its
# own again: up to 18.0 there is no index for them, and all processes look for them at once.
BOOKED_ITEMS = (
    "CREATE TEMPORARY TABLE revaluation_ledger_booked ON COMMIT DROP AS"
    " SELECT item.id, item.account_id, item.product_id, item.move_id, item.balance FROM account_move_line item"
    " WHERE " + POSTED + " AND item.balance <> 0 AND (item.product_id {among} OR (item.product_id IS NULL"
    " AND %(without_product)s AND item.account_id = ANY(%(accounts)s)))"
)
EXAMINED = (
    "IN (SELECT product_id FROM stock_revaluation_ledger_line"
    " WHERE ledger_id = %(ledger)s AND is_examined AND product_id IS NOT NULL)"
)
# Periodic products that nothing was ever booked for: no need to look at what may be all layers of a company.
BARE_CAUSES = (
    "INSERT INTO stock_revaluation_ledger_cause (ledger_id, line_id, account_id, product_id, categ_id,"
    " kind, amount, item_count, " + STAMPS + ")"
    " SELECT line.ledger_id, line.id, line.account_id, line.product_id, line.categ_id, 'periodic', line.difference,"
    " total.unbooked, " + STAMPED + " FROM revaluation_ledger_total total JOIN stock_revaluation_ledger_line line"
    " ON line.ledger_id = %(ledger)s AND line.product_id = total.product_id WHERE total.is_bare AND total.value <> 0"
)
CAUSES = (
    "INSERT INTO stock_revaluation_ledger_cause (ledger_id, line_id, account_id, product_id, categ_id,"
    " kind, amount, item_count, " + STAMPS + ")"
    " SELECT %(ledger)s, line.id, line.account_id, line.product_id, line.categ_id, found.kind,"
    " found.amount, found.count, " + STAMPED + " FROM (SELECT account_id, product_id, kind,"
    " " + ROUND.format("SUM(amount)") + " AS amount, COUNT(*) AS count FROM ({detail}) detail"
    " WHERE kind IS NOT NULL GROUP BY account_id, product_id, kind) found"
    " JOIN stock_revaluation_ledger_line line ON line.ledger_id = %(ledger)s AND "
    + SAME_PLACE.format("line", "found")
    + " WHERE found.amount <> 0"
)
# What is left after rounding every cause to the currency; more than that would be unexplained.
REST = (
    "WITH rest AS (SELECT line.id, line.difference - COALESCE(SUM(cause.amount), 0) AS amount,"
    " COUNT(cause.id) + 1 AS causes FROM stock_revaluation_ledger_line line"
    " LEFT JOIN stock_revaluation_ledger_cause cause ON cause.line_id = line.id"
    " WHERE line.ledger_id = %(ledger)s GROUP BY line.id),"
    " kinds AS (SELECT id, amount, CASE WHEN ABS(amount) <= causes * %(rounding)s THEN 'rounding' ELSE 'unexplained'"
    " END AS kind FROM rest WHERE amount <> 0),"
    " merged AS (UPDATE stock_revaluation_ledger_cause cause SET amount = cause.amount + kinds.amount FROM kinds"
    " WHERE cause.line_id = kinds.id AND cause.kind = kinds.kind RETURNING cause.line_id)"
    " INSERT INTO stock_revaluation_ledger_cause (ledger_id, line_id, account_id, product_id, categ_id,"
    " kind, amount, item_count, " + STAMPS + ")"
    " SELECT line.ledger_id, line.id, line.account_id, line.product_id, line.categ_id, kinds.kind,"
    " kinds.amount, 0, " + STAMPED + " FROM kinds JOIN stock_revaluation_ledger_line line ON line.id = kinds.id"
    " WHERE kinds.id NOT IN (SELECT line_id FROM merged)"
)
MAIN_CAUSE = (
    "UPDATE stock_revaluation_ledger_line line SET kind = main.kind FROM (SELECT DISTINCT ON (line_id) line_id, kind"
    " FROM stock_revaluation_ledger_cause WHERE ledger_id = %(ledger)s ORDER BY line_id, ABS(amount) DESC, kind) main"
    " WHERE main.line_id = line.id"
)
SUMS = (
    "UPDATE stock_revaluation_ledger ledger SET line_count = found.lines, different_count = found.different,"
    " value = found.value, balance = found.balance, difference = found.balance - found.value FROM (SELECT"
    " COUNT(*) AS lines, COUNT(*) FILTER (WHERE difference <> 0) AS different, COALESCE(SUM(value), 0) AS value,"
    " COALESCE(SUM(balance), 0) AS balance FROM stock_revaluation_ledger_line WHERE ledger_id = %(ledger)s) found"
    " WHERE ledger.id = %(ledger)s"
)
ITEMS = (
    "INSERT INTO stock_revaluation_ledger_item (cause_id, layer_id, account_move_line_id, account_move_id,"
    " stock_move_id, date, name, amount, " + STAMPS + ")"
    " SELECT %(cause)s, detail.layer_id, detail.item_id, entry.id, detail.stock_move_id,"
    " COALESCE(item.date, ({day})::date), COALESCE({texts}), detail.amount, "
    + STAMPED
    + " FROM ({detail}) detail LEFT JOIN account_move_line item ON item.id = detail.item_id"
    " LEFT JOIN stock_valuation_layer layer ON layer.id = detail.layer_id"
    " LEFT JOIN stock_move move ON move.id = detail.stock_move_id"
    " LEFT JOIN account_move entry ON entry.id = COALESCE(item.move_id, layer.account_move_id)"
    " WHERE detail.kind = %(kind)s AND COALESCE(detail.account_id, 0) = COALESCE(%(account)s, 0)"
    " AND COALESCE(detail.product_id, 0) = COALESCE(%(product)s, 0) AND detail.amount <> 0"
    " ORDER BY 6, detail.item_id, detail.layer_id LIMIT %(limit)s"
)
# So that items add up to their cause: what was rounded, and items beyond the limit.
OTHER_ITEMS = (
    "INSERT INTO stock_revaluation_ledger_item (cause_id, date, name, amount, " + STAMPS + ")"
    " SELECT cause.id, %(date)s, %(rest)s, cause.amount - found.amount, "
    + STAMPED
    + " FROM stock_revaluation_ledger_cause cause, (SELECT "
    + ROUND.format("COALESCE(SUM(amount), 0)")
    + " AS amount"
    " FROM stock_revaluation_ledger_item WHERE cause_id = %(cause)s) found"
    " WHERE cause.id = %(cause)s AND cause.amount <> found.amount"
)
# Millions of rows are sorted and joined: room for that, until the end of the transaction, where the server gives less.
ROOM = "SELECT set_config('work_mem', '64MB', TRUE) FROM pg_settings WHERE name = 'work_mem' AND setting::int < 65536"
NO_VALUES = (
    "SELECT NULL::int AS product_id, 0::numeric AS value, 0 AS unbooked, NULL::timestamp AS first_booked,"
    " FALSE AS is_bare WHERE FALSE"
)


class StockRevaluationValuation(models.AbstractModel):
    _inherit = "stock.revaluation.valuation"

    # ------------------------------------------------------------------ implemented per series

    def _ledger_values(self, scope):
        """Return the SQL of the stock values at the scope's moment, with what it needs added to `scope`.

        Shape: product_id, value, unbooked (how many have no entry), first_booked (moment of the first entry),
        is_bare (nothing of it was ever booked).
        """
        raise NotImplementedError

    def _ledger_prepare(self, scope, products):
        """Add to `scope` what the detail of `products` needs; nothing by itself."""

    def _ledger_detail(self):
        """Return the SQL of all that stands behind the lines examined.

        Shape: account_id, product_id, kind (NULL: nothing to explain), amount, layer_id, item_id, stock_move_id.
        """
        raise NotImplementedError

    def _ledger_other_accounts(self):
        """Return the SQL of accounts that stock was valued on before: account_id."""
        raise NotImplementedError

    def _ledger_category(self, category):
        """Return (valuation account, is automated) of a category, the company's own for an empty one."""
        raise NotImplementedError

    def _ledger_item_texts(self):
        """Return the SQL of a row's text, in order of preference."""
        raise NotImplementedError

    # ------------------------------------------------------------------ filling a report

    def _ledger_fill(self, ledger):
        """Write the lines and causes of an empty report."""
        compat.flush(self.env)
        self.env.cr.execute(ROOM)
        scope = self._ledger_scope(ledger)
        self._ledger_add_lines(self._ledger_values(scope), scope)
        self._ledger_run(BARE_CAUSES, scope)
        self._ledger_read_items(scope)
        self.env.cr.execute(self._ledger_other_accounts(), scope)
        others = [row[0] for row in self.env.cr.fetchall()]
        if others:
            self._ledger_add_lines(NO_VALUES, dict(scope, accounts=others))
            scope["accounts"] += others
            self._ledger_read_items(scope)
        self._ledger_prepare(scope, self._ledger_examined(ledger))
        self._ledger_run(CAUSES.replace("{detail}", self._ledger_detail()), scope)
        for statement in (REST, MAIN_CAUSE, SUMS):
            self._ledger_run(statement, scope)
        self.env.cr.execute(
            "UPDATE stock_revaluation_ledger SET account_list = %s WHERE id = %s",
            [",".join(map(str, scope["accounts"])), ledger.id],
        )
        compat.invalidate(self.env)

    def _ledger_clear(self, ledgers):
        """Delete all lines of reports, causes and items with them."""
        compat.flush(self.env)
        self.env.cr.execute("DELETE FROM stock_revaluation_ledger_line WHERE ledger_id = ANY(%s)", [ledgers.ids])
        compat.invalidate(self.env)

    def _ledger_add_lines(self, values, scope):
        """Add a line for each account and product that has a value or, on the scope's accounts, a balance."""
        self.env.cr.execute("DROP TABLE IF EXISTS revaluation_ledger_total")
        self._ledger_run(TOTALS.replace("{values}", values), scope)
        self._ledger_run(LINES, scope)
        self.env.cr.execute("ANALYZE stock_revaluation_ledger_line")

    def _ledger_examined(self, ledger):
        """Return the products whose lines are examined."""
        self.env.cr.execute(
            "SELECT DISTINCT product_id FROM stock_revaluation_ledger_line"
            " WHERE ledger_id = %s AND is_examined AND product_id IS NOT NULL",
            [ledger.id],
        )
        return self.env["product.product"].sudo().browse(row[0] for row in self.env.cr.fetchall())

    def _ledger_read_items(self, scope):
        """Find the items that the lines examined, or the scope's products, are about."""
        self.env.cr.execute("DROP TABLE IF EXISTS revaluation_ledger_booked")
        among = EXAMINED if scope["products"] is None else "= ANY(%(products)s::int[])"
        self.env.cr.execute(BOOKED_ITEMS.replace("{among}", among), scope)
        self.env.cr.execute("ANALYZE revaluation_ledger_booked")

    def _ledger_open(self, cause, limit):
        """Write the items of a cause, afresh: what it consists of now, at the report's date."""
        compat.flush(self.env)
        ledger = cause.ledger_id
        scope = self._ledger_scope(ledger)
        self._ledger_prepare(scope, cause.product_id.sudo())
        scope.update(
            accounts=[int(number) for number in (ledger.account_list or "").split(",") if number],
            products=cause.product_id.ids,
            without_product=not cause.product_id,
            cause=cause.id,
            kind=cause.kind,
            account=cause.account_id.id or None,
            product=cause.product_id.id or None,
            limit=limit,
        )
        self._ledger_read_items(scope)
        self._ledger_run("DELETE FROM stock_revaluation_ledger_item WHERE cause_id = %(cause)s", scope)
        day = "(COALESCE(layer.create_date, move.date) AT TIME ZONE 'UTC') AT TIME ZONE %(timezone)s"
        statement = ITEMS.replace("{detail}", self._ledger_detail()).replace("{texts}", self._ledger_item_texts())
        self._ledger_run(statement.replace("{day}", day), scope)
        self._ledger_run(OTHER_ITEMS, dict(scope, rest=_("Other items and rounding")))
        compat.invalidate(self.env)

    def _ledger_scope(self, ledger):
        """Return the parameters of every statement: whose books, until when, which accounts."""
        company = self.env.company
        places = self._ledger_categories()
        moment = self._value_date(ledger.date)
        return {
            "ledger": ledger.id,
            "user": self.env.uid,
            "company": company.id,
            "date": ledger.date,
            "moment": moment or "9999-12-31",
            "is_past": bool(moment),
            "timezone": company.partner_id.tz or self.env.user.tz or "UTC",
            "rounding": str(company.currency_id.rounding),
            "categs": [categ_id for categ_id, _account_id, _automated in places],
            "categ_accounts": [account_id for _categ_id, account_id, _automated in places],
            "categ_automated": [automated for _categ_id, _account_id, automated in places],
            "accounts": sorted({account_id for _categ_id, account_id, _automated in places if account_id}),
            "products": None,
            "without_product": True,
        }

    def _ledger_categories(self):
        """Return [(category id or 0, valuation account id or None, is automated)] of the company."""
        categories = self.env["product.category"].sudo().with_company(self.env.company).search([("id", ">", 0)])
        places = [(category.id, *self._ledger_category(category)) for category in categories]
        places.append((0, *self._ledger_category(categories.browse())))
        return [(categ_id, account.id or None, automated) for categ_id, account, automated in places]

    def _ledger_run(self, statement, scope):
        self.env.cr.execute(statement.replace("%(rounding)s", "%(rounding)s::numeric"), scope)
