"""The demonstration from end to end: buy, calculate, enter, post, and prove that everything ties out.

Every step calls the method that its button calls, as the administrator, not as the superuser.
"""

from odoo.exceptions import UserError
from odoo.release import series

from . import goods
from .entries import TOTAL, UNIT_COST, enter
from .tables import account_name, money, position_name, product_name, show, signed, unit_cost
from .ties import Ties


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
    journal = _create_journal(warehouse)
    _calculate(journal, products)
    _show_lines(journal, enter(journal))
    env.cr.commit()
    ties = Ties(journal)
    try:
        journal.action_post()
    except UserError as error:
        print("\nPost was refused, with this message:\n\n%s" % error.args[0])
        return 1
    env.cr.commit()
    _show_posted(journal)
    holds = ties.show()
    if leave_draft:
        draft = env["stock.revaluation.journal"].create({"description": "Try it yourself"})
        _run_wizard(draft)
        print("\n%s is a draft with the figures after posting: try it yourself." % draft.name)
    env.cr.commit()
    return 0 if holds else 1


def as_administrator(env):
    """Return the environment of the administrator in the demo company alone: an ordinary user with rights."""
    admin = env.ref("base.user_admin")
    # "Show Full Accounting Features": without it Odoo's own form of an entry has no tab with its items
    groups = "group_ids" if "group_ids" in admin._fields else "groups_id"
    admin.write({groups: [(4, env.ref("account.group_account_user").id)]})
    return env(user=admin.id, context={"allowed_company_ids": admin.company_id.ids, "lang": "en_US", "tz": "UTC"})


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
    for code, calculate_per, what in (
        ("RJ-FIFO3", "layer", "of the spare part, per layer"),
        ("RJ-LOT", "lot", "of the red wine, per lot"),
        (None, "product", "of everything else in stock, per product"),
    ):
        if not code or code in products:
            count = len(journal.line_ids)
            _run_wizard(journal, calculate_per=calculate_per, product_ids=[(6, 0, products[code].ids if code else [])])
            print("  %3d lines %s" % (len(journal.line_ids) - count, what))
    for paragraph in (journal.left_out or "").splitlines():
        print("     left out: %s" % (paragraph if len(paragraph) <= 100 else paragraph[:99] + "…"))


def _run_wizard(journal, **options):
    """Press the journal's button and OK in the window that it opens."""
    action = journal.action_calculate()
    wizard = journal.env[action["res_model"]].with_context(**action["context"])
    wizard.create(dict(options, existing_lines="keep")).action_calculate()


# ------------------------------------------------------------------ show


def _show_goods(products, receipts, bills, deliveries):
    rows = []
    for article in goods.ARTICLES + (goods.LOT_ARTICLE,):
        if article.code in products:
            bought = " + ".join("%g @ %.2f" % purchase for purchase in article.buys)
            sold = "%g delivered" % article.delivered if article.delivered else ""
            rows.append([product_name(products[article.code]), goods.METHOD_NAMES[article.method], bought, sold])
    for product in (products[code] for code in goods.ODOO_CODES if code in products):
        bought = "%g @ %.2f" % (goods.ODOO_QUANTITY, product.standard_price)
        rows.append([product_name(product), goods.METHOD_NAMES[product.cost_method], bought, "Odoo's own demo product"])
    orders = receipts.purchase_line_id.order_id.mapped("name")
    names = ", ".join(bills.mapped("name") + deliveries.mapped("name"))
    show(
        "1. Bought, received, billed, delivered: %d orders, %s to %s, %s" % (len(orders), orders[0], orders[-1], names),
        ["Product", "Costing", "Bought", ""],
        rows,
    )


def _show_lines(journal, entered):
    rows, rest = [], journal.line_ids
    for line, entry in sorted(entered, key=lambda pair: position_name(pair[0])):
        marks = ("*", " ") if entry.field == UNIT_COST else (" ", "*")
        new = [unit_cost(line.unit_cost_revalued) + marks[0], money(line.value_revalued) + marks[1]]
        old = [money(line.quantity), unit_cost(line.unit_cost_calculated), line.value_calculated]
        rows.append([position_name(line), *old, *new, signed(line.amount)])
        rest -= line
    left = sum(rest.mapped("value_calculated"))
    total = [journal.value_calculated, None, money(journal.value_revalued) + " ", signed(journal.amount)]
    show(
        "3. %s: the lines that the accountant changed (* entered, the other figure follows)" % journal.name,
        ["Product", "Quantity", "Unit cost", "Value", "New unit cost", "New value", "Amount"],
        rows
        + [[], ["%d lines left as they are" % len(rest), None, None, left, None, money(left) + " ", "0.00"]]
        + [["Journal", None, None, *total]],
    )
    for line, entry in entered:
        if entry.field == TOTAL and round(line.value_revalued - entry.number, 2):
            figures = map(money, (entry.number, line.quantity, line.unit_cost_revalued, line.value_revalued))
            print(
                "  %s: %s was entered; a standard cost is stored with two decimals, and %s times %s is %s."
                % (product_name(line.product_id), *figures)
            )


def _show_posted(journal):
    layers = journal.valuation_layer_ids.sorted("id")
    rows = [[str(each.id), position_name(each), signed(each.value), each.account_move_id.name] for each in layers]
    show(
        "4. Posted: %d valuation layers" % len(layers),
        ["Layer", "Product", "Value", "Journal entry"],
        [[*row[:3], row[3] or "none: periodic valuation"] for row in rows]
        + [[], [None, "Together", signed(sum(layers.mapped("value"))), None]],
    )
    for entry in journal.account_move_ids.sorted("id"):
        items = entry.line_ids.sorted("id")
        sums = [sum(items.mapped("debit")), sum(items.mapped("credit"))]
        show(
            "5. Journal entry %s of %s, %s" % (entry.name, entry.date, entry.state),
            ["Account", "Product", "Debit", "Credit"],
            [
                [account_name(item.account_id), product_name(item.product_id), item.debit or None, item.credit or None]
                for item in items
            ]
            + [[], ["Entry", None, *sums]],
        )
