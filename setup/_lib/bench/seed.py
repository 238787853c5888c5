"""Stock to measure on: one product with a history as Odoo writes it, and thousands of copies of its rows by SQL.

The first product is bought, received and delivered by the builders of the tests: receipts of 12 units a day apart, the
first at 10.00, each further one 0.50 dearer (standard cost: all at 10.00); 6 are delivered. More `issues` of 6 each
follow, evenly over the last `PAST` days.
"""

from odoo.release import version_info

from ..demo.goods import Warehouse
from .meter import flush, forget

RECEIVED, DELIVERED, COST, STEP = 12.0, 6.0, 10.0, 0.5
SERIES = int(version_info[0])
HAS_LAYERS = SERIES < 19
PAST = 60
# What a product's value is in, beside the product itself and its stock
BOOKS = ("stock_valuation_layer",) if HAS_LAYERS else ("stock_move", "stock_move_line", "product_value")
# Columns that point to a row which is copied as well
REFERENCES = {
    "product_tmpl_id": "product_template",
    "product_id": "product_product",
    "lot_id": "stock_lot",
    "move_id": "stock_move",
}
# … and those that copies leave empty: there is one document behind them all
UNLINKED = {"account_move_id", "barcode", "picking_id", "purchase_line_id"}
if HAS_LAYERS:
    UNLINKED.add("stock_move_id")


class Builders(Warehouse):
    """The tests' builders, at work in the environment that they were given last."""

    @classmethod
    def _passing(cls):
        return "product_id", cls.model.id  # millions of others stay where they are

    @classmethod
    def set_up(cls, env):
        """Work in the environment's company; return the class."""
        env = env(context=dict(env.context, tracking_disable=True))  # a quarter faster
        super().set_up(env)
        cls.stock_journal = env["account.journal"].search(
            [("type", "=", "general"), ("company_id", "=", env.company.id)], limit=1
        )
        cls.account_valuation = account(env, "119001", "Bench Stock", "asset_current")
        cls.account_input = cls.account_output = account(env, "119002", "Bench Stock Transit", "asset_current")
        cls.account_expense = cls.account_income = account(env, "690001", "Bench Expense", "expense")
        return cls

    @classmethod
    def make_history(cls, method, receipts, issues, lot):
        """Let the model be received and delivered."""
        for number in range(receipts):
            cls.receive(cls.model, RECEIVED, COST + (STEP * number if method != "standard" else 0), lot=lot)
            cls.pass_time(days=1)
        gap = (PAST - 1) / (issues + 1.0)
        cls.deliver(cls.model, DELIVERED, lot=lot)
        cls.pass_time(days=1.5 + gap if issues else 0.5)
        for _number in range(issues):
            cls.deliver(cls.model, DELIVERED, lot=lot)
            cls.pass_time(days=gap)


def products(env, name, method, count, receipts=3, automated=True, lots=False, issues=0):
    """Create `count` products with stock under a category of their own; return them."""
    builders, category = Builders.set_up(env), env["product.category"].create({"name": name})
    builders.set_up_category(category, method, automated)
    vals = {"tracking": "lot", "lot_valuated": True} if lots else {}
    cost = COST if method == "standard" else 0.0
    builders.model = model = builders.create_product(categ=category, name=name, default_code=name, cost=cost, **vals)
    builders.make_history(method, receipts, issues, builders.create_lot(model, "L") if lots else None)
    flush(env)
    number = {"default_code": "t.default_code || '-' || c.number"}
    copies(env, "product_template", "id = %d" % model.product_tmpl_id.id, count - 1, number)
    copies(env, "product_product", "id = %d" % model.id, count - 1, number)
    for table in (*(["stock_lot"] if lots else []), *BOOKS, "stock_quant"):
        copies(env, table, "product_id = %d" % model.id, count - 1)
    if "ir.property" in env:
        env.cr.execute(
            "INSERT INTO ir_property (name, type, company_id, fields_id, res_id, value_float)"
            " SELECT name, type, company_id, fields_id, 'product.product,' || c.new, value_float"
            " FROM ir_property, copies_of_product_product c WHERE res_id = %s",
            ["product.product,%d" % model.id],
        )
    forget(env)
    return model + model.browse(ids_of(env, "product_product"))


def copies(env, table, condition, count, changed=()):
    """Insert `count` copies of the rows `condition`, each pointing to the copies of the same number.

    Shape: `changed` is {column: SQL} of the row `t` and its copy `c`.
    """
    env.cr.execute("SELECT column_name FROM information_schema.columns WHERE table_name = %s", [table])
    columns = [row[0] for row in env.cr.fetchall() if row[0] not in ("id", *UNLINKED)]
    values, joins = {name: 't."%s"' % name for name in columns}, ""
    for name in columns:
        if _is_copied(env, REFERENCES.get(name)):
            values[name] = "%s.new" % name
            joins += " LEFT JOIN copies_of_%s %s" % (REFERENCES[name], name)
            joins += " ON {0}.old = t.{0} AND {0}.number = c.number".format(name)
    values.update(changed)
    env.cr.execute(
        "DROP TABLE IF EXISTS copies_of_{0}; CREATE TEMP TABLE copies_of_{0} ON COMMIT DROP AS"
        " SELECT t.id AS old, g AS number, nextval('{0}_id_seq')::int AS new"
        " FROM (SELECT id FROM {0} WHERE {1} ORDER BY id) t, generate_series(1, {2}) g; ANALYZE copies_of_{0};"
        "INSERT INTO {0} (id, {3}) SELECT c.new, {4} FROM {0} t JOIN copies_of_{0} c ON c.old = t.id{5}".format(
            table, condition, count, ", ".join('"%s"' % name for name in values), ", ".join(values.values()), joins
        )
    )


def ids_of(env, table):
    """Return the ids of the copies of a table's rows that were made last, in their order."""
    env.cr.execute("SELECT new FROM copies_of_%s ORDER BY new" % table)
    return [row[0] for row in env.cr.fetchall()]


def _is_copied(env, table):
    env.cr.execute("SELECT to_regclass('pg_temp.copies_of_' || %s)", [table])
    return env.cr.fetchone()[0] is not None


def finish(env):
    """Commit what was seeded and let PostgreSQL look at it, as a server that has run for a while has."""
    flush(env)
    env.cr.commit()
    env.cr._cnx.autocommit = True
    env.cr.execute("VACUUM ANALYZE")
    env.cr._cnx.autocommit = False


def account(env, code, name, kind):
    """Return the account `code`, made if need be; `kind` "expense" or "asset_current"."""
    Builders.env = env
    found = env["account.account"].search([("code", "=", code)], limit=1)
    return found or Builders.create_account(env.company, code, name, kind)
