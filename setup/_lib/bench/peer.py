"""Odoo's own way of revaluing: one product after another, with its journal entry."""

from . import seed
from .documents import change

WIZARD = "stock.valuation.layer.revaluation"


def revalue(products, method):
    """Change the value of each product as Odoo offers it, and post the entries."""
    counterpart = seed.account(products.env, "690001", "Bench Expense", "expense")
    if WIZARD in products.env and method != "standard":
        _by_wizard(products, counterpart)
    elif seed.HAS_LAYERS:
        _by_cost(products)  # Odoo posts the entry
    else:
        _by_hand(products, method, counterpart)


def describe(env, method):
    """Say in a few words what Odoo's own way is."""
    if WIZARD in env and method != "standard":
        return "wizard"
    if seed.HAS_LAYERS:
        return "standard_price = x"
    return ("value of each receipt" if method == "fifo" else "standard_price = x") + " + entry"


def _by_wizard(products, counterpart):
    env = products.env
    for product in products:
        accounts = product.product_tmpl_id.get_product_accounts()
        wizard = (
            env[WIZARD]
            .with_context(default_product_id=product.id, default_company_id=env.company.id)
            .create(
                {
                    "company_id": env.company.id,
                    "product_id": product.id,
                    "added_value": product.quantity_svl * change(product.id),
                    "account_id": counterpart.id,
                    "account_journal_id": accounts["stock_journal"].id,
                    "reason": "Bench",
                }
            )
        )
        wizard.action_validate_revaluation()


def _by_cost(products):
    for product in products:
        product.standard_price += change(product.id)


def _by_hand(products, method, counterpart):
    """19.0: the cost, or under FIFO the value of each open receipt; Odoo leaves the entry to the accountant."""
    for product in products:
        before = product.total_value
        if method == "fifo":
            for move in product._get_remaining_moves()[product]:
                move.value_manual = move.value + move.quantity * change(product.id)
        else:
            product.standard_price += change(product.id)
        _entry(product, product.total_value - before, counterpart)


def _entry(product, amount, counterpart):
    accounts = product.product_tmpl_id.get_product_accounts()
    debit, credit = (
        (accounts["stock_valuation"], counterpart) if amount > 0 else (counterpart, accounts["stock_valuation"])
    )
    item = {"name": "Bench", "product_id": product.id, "quantity": 0}
    product.env["account.move"].create(
        {
            "journal_id": accounts["stock_journal"].id,
            "move_type": "entry",
            "ref": "Bench",
            "line_ids": [
                (0, 0, dict(item, account_id=debit.id, debit=abs(amount), credit=0.0)),
                (0, 0, dict(item, account_id=credit.id, debit=0.0, credit=abs(amount))),
            ],
        }
    )._post()
