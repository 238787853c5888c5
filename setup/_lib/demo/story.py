"""The demonstration from end to end: buy, calculate, enter, post, and prove that everything ties out.

Every step calls the method that its button calls, as the administrator, not as the superuser.
"""

from odoo.exceptions import UserError
from odoo.release import series

from . import entries, goods
from .books import Books
from .tables import account_name, money, position_name, product_name, show, signed, text, unit_cost
from .ties import Ties

LEFT_OUT_WIDTH = 100


def run(env, leave_draft=False):
    """Tell the story in the shell's `env` and commit it; return the exit status.

    `leave_draft`: leave a second, calculated journal for whoever looks at the database afterwards.
    """
    env = as_administrator(env)
    company = env.company
    print("Stock Revaluation Journal on Odoo %s" % series)
    print("%s, amounts in %s, as %s" % (company.name, company.currency_id.name, env.user.name))
    warehouse = goods.Warehouse.set_up(env)
    products = warehouse.create_products()
    _show_goods(products, *warehouse.buy_all(products), warehouse.deliver_all(products))
    env.cr.commit()

    journal = _create_journal(warehouse)
    _calculate(journal, products)
    entered = entries.enter(journal)
    env.cr.commit()
    _show_lines(journal, entered)

    books = Books(env)
    before = books.read(journal)
    try:
        journal.action_post()
    except UserError as error:
        print("\n5. Post was refused, with this message:\n\n%s" % error.args[0])
        return 1
    env.cr.commit()
    after = books.read(journal)
    _show_layers(journal)
    _show_items(journal)
    holds = Ties(journal, before, after).show()
    if leave_draft:
        _calculate_draft(env)
    env.cr.commit()
    return 0 if holds else 1


def as_administrator(env):
    """Return the environment of the administrator in the demo company alone: an ordinary user with rights."""
    admin = env.ref("base.user_admin")
    # "Show Full Accounting Features": without it Odoo's own form of an entry has no tab with its items
    groups = "group_ids" if "group_ids" in admin._fields else "groups_id"
    admin.write({groups: [(4, env.ref("account.group_account_user").id)]})
    return env(user=admin.id, context={"allowed_company_ids": admin.company_id.ids, "lang": "en_US", "tz": "UTC"})


# ------------------------------------------------------------------ calculate


def _create_journal(warehouse):
    """Create the journal, with a reason that has an account of its own for each direction."""
    env, create_account = warehouse.env, warehouse.create_account
    reason = env.ref("stock_revaluation_journal.reason_cost_correction")
    gains = create_account(env.company, "450100", "Stock Revaluation Gains", "income")
    losses = create_account(env.company, "690100", "Stock Revaluation Losses", "expense")
    reason.write({"increase_account_id": gains.id, "decrease_account_id": losses.id})
    return env["stock.revaluation.journal"].create({"description": "Year-end stock review", "reason_id": reason.id})


def _calculate(journal, products):
    """Run Calculate Inventory Value three times: one product by receipt, lots by lot, then all the rest."""
    print("\n2. %s: Calculate Inventory Value" % journal.name)
    _run_wizard(journal, "of the spare part, per layer", calculate_per="layer", product_ids=products["RJ-FIFO3"])
    if "RJ-LOT" in products:
        _run_wizard(journal, "of the red wine, per lot", calculate_per="lot", product_ids=products["RJ-LOT"])
    _run_wizard(journal, "of everything else in stock, per product", calculate_per="product")
    for paragraph in (journal.left_out or "").splitlines():
        shortened = paragraph if len(paragraph) <= LEFT_OUT_WIDTH else paragraph[: LEFT_OUT_WIDTH - 1] + "…"
        print("     left out: %s" % shortened)


def _run_wizard(journal, what, calculate_per, product_ids=()):
    """Press the journal's button and OK in the window that it opens."""
    action, count = journal.action_calculate(), len(journal.line_ids)
    wizard = (
        journal.env[action["res_model"]]
        .with_context(**action["context"])
        .create(
            {
                "calculate_per": calculate_per,
                "product_ids": [(6, 0, [product.id for product in product_ids])],
                "existing_lines": "keep",
            }
        )
    )
    wizard.action_calculate()
    print("  %3d lines %s" % (len(journal.line_ids) - count, what))


def _calculate_draft(env):
    journal = env["stock.revaluation.journal"].create({"description": "Try it yourself"})
    action = journal.action_calculate()
    env[action["res_model"]].with_context(**action["context"]).create({}).action_calculate()
    print("\n%s is a draft with the figures after posting: try it yourself." % journal.name)


# ------------------------------------------------------------------ show


def _show_goods(products, receipts, bills, deliveries):
    rows = []
    for article in goods.ARTICLES + (goods.LOT_ARTICLE,):
        if article.code in products:
            bought = " + ".join("%g @ %.2f" % purchase for purchase in article.buys)
            sold = "%g delivered" % article.delivered if article.delivered else ""
            rows.append((product_name(products[article.code]), goods.METHOD_NAMES[article.method], bought, sold))
    for code in goods.ODOO_CODES:
        if code in products:
            bought = "%g @ %.2f" % (goods.ODOO_QUANTITY, products[code].standard_price)
            method = goods.METHOD_NAMES[products[code].cost_method]
            rows.append((product_name(products[code]), method, bought, "Odoo's own demo product"))
    orders = receipts.purchase_line_id.order_id.mapped("name")
    names = ", ".join(bills.mapped("name") + deliveries.mapped("name"))
    show(
        "1. Bought, received, billed, delivered: %d orders, %s to %s, %s" % (len(orders), orders[0], orders[-1], names),
        [("Product", text), ("Costing", text), ("Bought", text), ("", text)],
        rows,
    )


def _show_lines(journal, entered):
    entry_by_line = {line.id: entry for line, entry in entered}
    rows = []
    for line in journal.line_ids.sorted(position_name):
        if line.id in entry_by_line:
            rows.append(_line_row(line, entry_by_line[line.id]))
    unchanged = journal.line_ids.filtered(lambda line: line.id not in entry_by_line)
    values = sum(unchanged.mapped("value_calculated"))
    show(
        "3. %s: the lines that the accountant changed (* entered, the other figure follows)" % journal.name,
        [
            ("Product", text),
            ("Quantity", money),
            ("Unit cost", unit_cost),
            ("Value", money),
            ("New unit cost", str),
            ("New value", str),
            ("Amount", signed),
        ],
        rows,
        [
            ("%d lines left as they are" % len(unchanged), None, None, values, None, _plain(money(values)), 0.0),
            (
                "Journal",
                None,
                None,
                journal.value_calculated,
                None,
                _plain(money(journal.value_revalued)),
                journal.amount,
            ),
        ],
    )
    for line, entry in entered:
        if entry.field == entries.TOTAL and round(line.value_revalued - entry.number, 2):
            print(
                "  %s: %s was entered; a standard cost is stored with two decimals, and %s times %s is %s."
                % (
                    product_name(line.product_id),
                    money(entry.number),
                    money(line.quantity),
                    money(line.unit_cost_revalued),
                    money(line.value_revalued),
                )
            )


def _line_row(line, entry):
    by_cost = entry.field == entries.UNIT_COST
    return (
        position_name(line),
        line.quantity,
        line.unit_cost_calculated,
        line.value_calculated,
        unit_cost(line.unit_cost_revalued) + ("*" if by_cost else " "),
        money(line.value_revalued) + (" " if by_cost else "*"),
        line.amount,
    )


def _plain(amount):
    return amount + " "


def _show_layers(journal):
    layers = journal.valuation_layer_ids.sorted("id")
    show(
        "4. Posted: %d valuation layers" % len(layers),
        [("Layer", str), ("Product", text), ("Value", signed), ("Journal entry", text)],
        [
            (layer.id, position_name(layer), layer.value, layer.account_move_id.name or "none: periodic valuation")
            for layer in layers
        ],
        [(None, "Together", sum(layers.mapped("value")), None)],
    )


def _show_items(journal):
    for entry in journal.account_move_ids.sorted("id"):
        items = entry.line_ids.sorted("id")
        show(
            "5. Journal entry %s of %s, %s" % (entry.name, entry.date, entry.state),
            [("Account", text), ("Product", text), ("Debit", money), ("Credit", money)],
            [
                (account_name(item.account_id), product_name(item.product_id), item.debit or None, item.credit or None)
                for item in items
            ],
            [("Entry", None, sum(items.mapped("debit")), sum(items.mapped("credit")))],
        )
