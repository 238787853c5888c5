"""Calculating and reading: against one grouped SQL query, and (19.0) against Odoo's own total values."""

from odoo import models

from . import documents, seed
from .meter import compare, transaction

LAYERS = 50
ADDON, GROUPED, ODOO = "addon", "grouped SQL + ORM insertion", "Odoo: total_value"
SELECTED = "grouped SQL + INSERT … SELECT"


def calculate(bench):
    """Products with fifty layers each, every product a line."""
    for count in bench.products:
        category_id, journal_id = _prepare(bench.env, "Calculate %d" % count, count, LAYERS - 1)
        vals_list = _keep_lines(bench.env, category_id, journal_id)
        sides = {
            GROUPED: lambda env: _grouped(env, category_id, [dict(vals, journal_id=journal_id) for vals in vals_list]),
            SELECTED: _selected,
            ADDON: lambda env: _calculate(env, journal_id, category_id, "product"),
        }
        bench.add(
            "calculate",
            "%d products × %d layers" % (count, LAYERS),
            compare(bench.env, sides, bench.rounds),
            against=GROUPED,
            floor=SELECTED,
        )


def layers(bench):
    """Every open layer a line."""
    count = bench.layers // LAYERS
    category_id, journal_id = _prepare(bench.env, "Layers", count, LAYERS, "fifo")
    sides = {ADDON: lambda env: _calculate(env, journal_id, category_id, "layer")}
    bench.add("layers", "%d open layers" % (count * LAYERS), compare(bench.env, sides, 1))


def positions(bench):
    """19.0: quantities and values of products, the same to the cent as `total_value`."""
    if seed.HAS_LAYERS:
        return
    for label in ("average, automated", "average, periodic", "fifo, automated", "fifo, periodic", "standard, automated",
                  "average, by lot", "fifo, by lot"):  # fmt: skip
        method, _, how = label.partition(", ")
        with transaction(bench.env, keep=True) as env:
            options = {"automated": how != "periodic", "lots": how == "by lot"}
            ids = seed.products(env, "Position " + label, method, bench.positions, **options).ids
        seed.finish(bench.env)
        figures = {}
        sides = {
            ODOO: lambda env: figures.update(odoo=_odoo_values(env["product.product"].browse(ids))),
            ADDON: lambda env: figures.update(addon=_addon_values(env["product.product"].browse(ids))),
        }
        found = compare(bench.env, sides, bench.rounds)
        wrong = [key for key in ids if abs(figures["odoo"][key] - figures["addon"].get(key, 0.0)) > 0.001]
        same = "%d DIFFER" % len(wrong) if wrong else "same figures"
        bench.add("positions", "%s, %d products, %s" % (label, bench.positions, same), found, against=ODOO)


def _odoo_values(products):
    return {product.id: product.currency_id.round(product.total_value) for product in products}


def _addon_values(products):
    found = products.env["stock.revaluation.valuation"]._read_products(products)
    return {product_id: value for product_id, (_quantity, value) in found.items()}


def _prepare(env, name, count, receipts, method="average"):
    """Return the ids of a category with `count` products and of a draft journal."""
    with transaction(env, keep=True) as own:
        products = seed.products(own, name, method, count, receipts)
        category = products[:1].categ_id
        journal = own["stock.revaluation.journal"].create({})
        documents.work_in_foreground(own)
    seed.finish(env)
    return category.id, journal.id


def _keep_lines(env, category_id, journal_id):
    """Keep the lines that calculating makes in a table, and return their values as `create` would take them."""
    with transaction(env, keep=True) as own:
        journal = own["stock.revaluation.journal"].browse(journal_id)
        vals_list = _vals_of(journal, category_id)
        _calculate(own, journal_id, category_id, "product")
        own.cr.execute("DROP TABLE IF EXISTS kept_lines")
        source = "SELECT * FROM stock_revaluation_journal_line WHERE journal_id = %s"
        own.cr.execute("CREATE TABLE kept_lines AS " + source, [journal_id])
        journal._delete_lines()
    return vals_list


def _vals_of(journal, category_id):
    """Return the values that calculating gives to `create`, for the floor to insert."""
    seam = journal._seam()
    products = seam._candidates([("categ_id", "=", category_id)])
    Line = journal.env["stock.revaluation.journal.line"]
    positions, _left_out = seam._positions(products)
    by_id = {product.id: product for product in products}
    return [
        dict(Line._book_values(position, by_id[position.key.product_id]), product_id=position.key.product_id)
        for position in positions
    ]


def _calculate(env, journal_id, category_id, calculate_per):
    env["stock.revaluation.journal"].browse(journal_id).calculate(calculate_per, categ_ids=[category_id])


def _grouped(env, category_id, vals_list):
    """Read all figures in one query, then insert the lines as the ORM does it."""
    _group(env)
    models.BaseModel.create(env["stock.revaluation.journal.line"], vals_list)


def _selected(env):
    """Read all figures in one query, then insert the very lines that calculating makes in one statement."""
    _group(env)
    env.cr.execute("SELECT * FROM kept_lines LIMIT 0")
    columns = ", ".join('"%s"' % column.name for column in env.cr.description if column.name != "id")
    env.cr.execute("INSERT INTO stock_revaluation_journal_line ({0}) SELECT {0} FROM kept_lines".format(columns))


def _group(env):
    """Read what the figures are made of: layers; on 19.0 moves with their lines, which say what of them counts."""
    source = "stock_valuation_layer t" if seed.HAS_LAYERS else "stock_move t JOIN stock_move_line l ON l.move_id = t.id"
    quantity = "t.quantity" if seed.HAS_LAYERS else "l.quantity_product_uom"
    env.cr.execute(
        "SELECT t.product_id, SUM(%s)::float, SUM(t.value)::float FROM %s WHERE t.company_id = %%s GROUP BY 1"
        % (quantity, source),
        [env.company.id],
    )
    env.cr.fetchall()


def production(bench):
    """Stock of as many products, a third of each costing method, for a server to work on; nothing is measured here."""
    each, rest = divmod(bench.production, 3)
    with transaction(bench.env, keep=True) as env:
        for method, count in (("fifo", each), ("average", each), ("standard", each + rest)):
            seed.products(env, "Production %s" % method, method, count)
    seed.finish(bench.env)
