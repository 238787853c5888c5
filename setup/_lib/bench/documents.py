"""Draft journals to post, and new costs on their lines, made in one statement whatever their size."""

from .meter import flush, forget


def change(product_id):
    """Return by how much the cost of a product changes: two in three dearer, one cheaper, by 0.25 to 1.21."""
    return (-1 if product_id % 3 == 0 else 1) * (25 + product_id % 97) / 100.0


def draft(env, products, grouping="product", date=None, changed=True, **options):
    """Return a draft journal with a line for each of `products`, its cost changed."""
    vals = {"date": date} if date else {}
    journal = env["stock.revaluation.journal"].create(dict(vals, entry_grouping=grouping))
    journal.calculate(product_ids=products.ids, **options)
    if changed:
        change_costs(journal)
    return journal


def change_costs(journal):
    """Enter a new unit cost on every line, as the form would leave it."""
    env = journal.env
    flush(env)
    env.cr.execute(
        "UPDATE stock_revaluation_journal_line t SET entered = 'unit_cost', unit_cost_revalued = v.cost,"
        " value_revalued = round(t.quantity * v.cost, 2), amount = round(t.quantity * v.cost, 2) - t.value_calculated"
        " FROM (SELECT id, round(unit_cost_calculated"
        "  + CASE WHEN product_id %% 3 = 0 THEN -1 ELSE 1 END * (25 + product_id %% 97) / 100.0, 2) AS cost"
        "  FROM stock_revaluation_journal_line WHERE journal_id = %s) v WHERE v.id = t.id",
        [journal.id],
    )
    forget(env)
    journal.line_ids.modified(["amount", "value_revalued", "value_calculated"])
    flush(env)


def work_in_foreground(env):
    """Let journals of any size be calculated and posted at once."""
    for name in ("background_limit", "calculate_limit"):
        env["ir.config_parameter"].sudo().set_param("stock_revaluation_journal." + name, 10**9)
