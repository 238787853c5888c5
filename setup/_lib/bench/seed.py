"""Stock to measure on: thousands of products with receipts and a delivery, inserted by SQL as Odoo would leave them.

Product number p costs 10 + p % 7, and each further receipt 0.50 more; every receipt brings 12 units, and 6 of
the first one are delivered. More `issues` of 6 each follow after a day `PAST` days ago. All figures are whole cents,
so every series comes to the same.
"""

from odoo.release import version_info
from revaluation_books import BooksBuilders

from .meter import flush, forget

RECEIVED, DELIVERED, STEP = 12.0, 6.0, 0.5
SERIES = int(version_info[0])
HAS_LAYERS = SERIES < 19
COST = "(10 + n % 7)"
PAST = 60
# Receipts, deliveries: how many days ago; what is left of receipt number i; under FIFO delivery j takes half a receipt
RECEIPT_AGE = "(%(receipts)s - i + 1 + %(shift)s)"
DELIVERY_AGE = "(CASE WHEN j = 0 THEN %(shift)s + 0.5 ELSE (%(shift)s - 1) * (1 - j / (%(issues)s + 1.0)) END)"
LEFT = "LEAST(12.0, GREATEST(0.0, 12 * (i + 1) - 6 * (%(issues)s + 1)))"
FIFO_STEP = "%s * ((j + 1) / 2)" % STEP


def products(env, name, method, count, receipts=3, automated=True, lots=False, issues=0):
    """Create `count` products with stock under a category of their own; return them."""
    builders, category = _builders(env), env["product.category"].create({"name": name})
    builders.set_up_category(category, method, automated)
    ids = _copies(env, builders.create_product(categ=category, name=name, default_code=name), count)
    numbered = {"ids": ids, "company": env.company.id, "uid": env.uid, "receipts": receipts, "issues": issues}
    numbered["shift"] = PAST if issues else 0
    _costs(env, ids, method, receipts, issues)
    if HAS_LAYERS:
        _layers(env, numbered, method, category)
    else:
        _moves(env, numbered, method, _lots(env, ids) if lots else None)
    flush(env)
    forget(env)
    return env["product.product"].browse(ids)


def finish(env):
    """Commit what was seeded and let PostgreSQL look at it, as a server that has run for a while has."""
    flush(env)
    env.cr.commit()
    env.cr._cnx.autocommit = True
    env.cr.execute("VACUUM ANALYZE")
    env.cr._cnx.autocommit = False


# ---------------------------------------------------------------- accounts, category, products


class Builders(BooksBuilders):
    """The tests' builders, at work in the environment that `account` and `_builders` were given last."""


def account(env, code, name, kind):
    """Return the account `code`, made if need be; `kind` "expense" or "asset_current"."""
    Builders.env = env
    found = env["account.account"].search([("code", "=", code)], limit=1)
    return found or Builders.create_account(env.company, code, name, kind)


def _builders(env):
    Builders.stock_journal = env["account.journal"].search(
        [("type", "=", "general"), ("company_id", "=", env.company.id)], limit=1
    )
    Builders.account_valuation = account(env, "119001", "Bench Stock", "asset_current")
    Builders.account_input = Builders.account_output = account(env, "119002", "Bench Stock Transit", "asset_current")
    Builders.account_expense = Builders.account_income = account(env, "690001", "Bench Expense", "expense")
    return Builders


def _copies(env, model, count):
    """Insert copies of a product, template included; archive the model; return their ids in order."""
    flush(env)
    env.cr.execute("SELECT product_tmpl_id FROM product_product WHERE id = %s", [model.id])
    templates = _copy_rows(
        env, "product_template", env.cr.fetchone()[0], count, {"default_code": "t.default_code || '-' || g"}
    )
    ids = _copy_rows(
        env,
        "product_product",
        model.id,
        count,
        {
            "product_tmpl_id": "(%s::int[])[g]" % ("ARRAY%s" % templates),
            "barcode": "NULL",
            "default_code": "t.default_code || '-' || g",
        },
    )
    model.active = False
    flush(env)
    return ids


def _copy_rows(env, table, row_id, count, changed):
    """Insert `count` copies of a row; `changed` {column: SQL, with g from 1 to count}. Return the ids."""
    env.cr.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_name = %s AND column_name <> 'id'", [table]
    )
    columns = [row[0] for row in env.cr.fetchall()]
    env.cr.execute(
        "INSERT INTO %s (%s) SELECT %s FROM %s t, generate_series(1, %d) g WHERE t.id = %d ORDER BY g RETURNING id"
        % (
            table,
            ", ".join('"%s"' % name for name in columns),
            ", ".join(changed.get(name, 't."%s"' % name) for name in columns),
            table,
            count,
            row_id,
        )
    )
    return [row[0] for row in env.cr.fetchall()]


def _costs(env, ids, method, receipts, issues):
    """Store the cost that the receipts lead to."""
    left = [min(RECEIVED, max(0, RECEIVED * (i + 1) - DELIVERED * (issues + 1))) for i in range(receipts)]
    first = next(i for i in range(receipts) if left[i])
    extra = {
        "standard": 0.0,
        "average": STEP * (receipts - 1) / 2,
        "fifo": STEP * (first if HAS_LAYERS else sum(i * left[i] for i in range(receipts)) / sum(left)),
    }[method]
    rows = "SELECT id, %s + %r AS cost FROM unnest(%%s) WITH ORDINALITY AS u(id, n)" % (COST.replace("%", "%%"), extra)
    if "ir.property" in env:
        env.cr.execute(
            "INSERT INTO ir_property (name, type, company_id, fields_id, res_id, value_float)"
            " SELECT 'standard_price', 'float', %s, (SELECT id FROM ir_model_fields"
            " WHERE model = 'product.product' AND name = 'standard_price'),"
            " 'product.product,' || u.id, u.cost FROM (" + rows + ") u",
            [env.company.id, ids],
        )
    else:
        env.cr.execute(
            "UPDATE product_product p SET standard_price = jsonb_build_object(%s::text, u.cost)"
            " FROM (" + rows + ") u WHERE u.id = p.id",
            [env.company.id, ids],
        )


# ---------------------------------------------------------------- layers (14.0-18.0)


def _layers(env, values, method, category):
    """Insert receipts and the delivery as layers."""
    cost = "(%s + %s * i)" % (COST, STEP if method != "standard" else 0)
    out = {
        "fifo": "(%s + %s)" % (COST, FIFO_STEP),
        "standard": COST,
        "average": "(%s + %s * (%%(receipts)s - 1) / 2.0)" % (COST, STEP),
    }[method]
    kept = method != "standard" or SERIES >= 16  # 14.0 and 15.0 keep nothing remaining under standard cost
    extra = ", categ_id" if SERIES >= 17 else ""
    select = (
        "SELECT %(company)s, u.id, {quantity}, {cost}, round(({quantity} * {cost})::numeric, 2), {left}, {value},"
        " 'Bench',"
        " %(uid)s, %(uid)s, now() AT TIME ZONE 'UTC' - {age} * interval '1 day', now() AT TIME ZONE 'UTC'{category}"
    )
    category_id = ", %d" % category.id if extra else ""
    head = (
        "INSERT INTO stock_valuation_layer (company_id, product_id, quantity, unit_cost, value, remaining_qty,"
        " remaining_value, description, create_uid, write_uid, create_date, write_date" + extra + ") "
    )
    numbered = " FROM unnest(%(ids)s) WITH ORDINALITY AS u(id, n)"
    receipts = (
        select.format(
            quantity=RECEIVED,
            cost=cost,
            left=LEFT if kept else "NULL",
            value="round((%s * %s)::numeric, 2)" % (LEFT, cost) if kept else "NULL",
            age=RECEIPT_AGE,
            category=category_id,
        )
        + numbered
        + ", generate_series(0, %(receipts)s - 1) AS i ORDER BY i, n"
    )
    delivery = (
        select.format(quantity=-DELIVERED, cost=out, left="0", value="NULL", age=DELIVERY_AGE, category=category_id)
        + numbered
        + ", generate_series(0, %(issues)s) AS j ORDER BY j, n"
    )
    for text in (receipts, delivery):
        env.cr.execute(head + text.replace("n % 7", "n %% 7"), values)
    _quants(env, values)


def _quants(env, values, lots=None):
    """Insert what is in stock, split over {product id: lot id} where given."""
    env.cr.execute(
        "INSERT INTO stock_quant (product_id, company_id, location_id, lot_id, quantity, reserved_quantity, in_date,"
        " create_uid, write_uid, create_date, write_date)"
        " SELECT id, %(company)s, %(stock)s, lot, %(receipts)s * 12 - 6 * (%(issues)s + 1), 0, now(), %(uid)s, %(uid)s,"
        " now(), now()"
        " FROM unnest(%(ids)s, %(lots)s::int[]) AS u(id, lot)",
        dict(values, stock=_warehouse(env).lot_stock_id.id, lots=lots or [None] * len(values["ids"])),
    )


def _warehouse(env):
    return env["stock.warehouse"].search([("company_id", "=", env.company.id)], limit=1)


# ---------------------------------------------------------------- moves (19.0)


def _lots(env, ids):
    """Let the products be valued by lot, and insert one lot for each; return the lots' ids in order."""
    env.cr.execute(
        "UPDATE product_template t SET tracking = 'lot', lot_valuated = true"
        " FROM product_product p WHERE p.product_tmpl_id = t.id AND p.id = ANY(%s)",
        [ids],
    )
    env.cr.execute(
        "INSERT INTO stock_lot"
        " (name, product_id, company_id, standard_price, create_uid, write_uid, create_date, write_date)"
        " SELECT 'L' || p.id, p.id, %s, p.standard_price, %s, %s, now(), now()"
        " FROM product_product p WHERE p.id = ANY(%s) ORDER BY array_position(%s, p.id) RETURNING id",
        [env.company.id, env.uid, env.uid, ids, ids],
    )
    return [row[0] for row in env.cr.fetchall()]


def _moves(env, values, method, lots):
    """Insert receipts and the delivery as done moves with their lines."""
    cost = "(%s + %s * i)" % (COST.replace("%", "%%"), STEP if method != "standard" else 0)
    out = {
        "fifo": "10 + n %%%% 7 + %s" % FIFO_STEP,
        "standard": "10 + n %% 7",
        "average": "10 + n %%%% 7 + %s * (%%(receipts)s - 1) / 2.0" % STEP,
    }[method]
    values = dict(
        values,
        stock=_warehouse(env).lot_stock_id.id,
        lots=lots or [None] * len(values["ids"]),
        vendor=env.ref("stock.stock_location_suppliers").id,
        customer=env.ref("stock.stock_location_customers").id,
        unit=env.ref("uom.product_uom_unit").id,
    )
    head = (
        "INSERT INTO stock_move (product_id, product_uom, location_id, location_dest_id, product_qty, product_uom_qty,"
        " quantity, price_unit, value, is_in, is_out, is_dropship, date, company_id, state, procure_method, picked,"
        " create_uid, write_uid, create_date, write_date, sequence, priority, reference) "
    )
    select = (
        "SELECT u.id, %(unit)s, {source}, {target}, {quantity}, {quantity}, {quantity}, {cost},"
        " round(({quantity} * ({cost}))::numeric, 2), {received}, NOT {received}, false,"
        " date_trunc('second', now() AT TIME ZONE 'UTC') - {age} * interval '1 day', %(company)s, 'done',"
        " 'make_to_stock',"
        " true, %(uid)s, %(uid)s, now(), now(), 10, '0', 'Bench' FROM unnest(%(ids)s) WITH ORDINALITY AS u(id, n)"
    )
    env.cr.execute(
        head
        + select.format(
            source="%(vendor)s",
            target="%(stock)s",
            quantity=RECEIVED,
            cost=cost,
            received="true",
            age=RECEIPT_AGE,
        )
        + ", generate_series(0, %(receipts)s - 1) AS i ORDER BY i, n",
        values,
    )
    env.cr.execute(
        head
        + select.format(
            source="%(stock)s", target="%(customer)s", quantity=DELIVERED, cost=out, received="false", age=DELIVERY_AGE
        )
        + ", generate_series(0, %(issues)s) AS j ORDER BY j, n",
        values,
    )
    env.cr.execute(
        "INSERT INTO stock_move_line (move_id, company_id, product_id, product_uom_id, location_id, location_dest_id,"
        " quantity, quantity_product_uom, picked, state, date, lot_id, create_uid, write_uid, create_date, write_date)"
        " SELECT m.id, m.company_id, m.product_id, m.product_uom, m.location_id, m.location_dest_id, m.quantity,"
        " m.quantity, true, 'done', m.date, u.lot, m.create_uid, m.write_uid, m.create_date, m.write_date"
        " FROM stock_move m JOIN unnest(%(ids)s, %(lots)s::int[]) AS u(id, lot) ON u.id = m.product_id ORDER BY m.id",
        values,
    )
    _quants(env, values, lots)
