"""What is there before a browser walks: goods in stock, and a user for each role.

Fed to `odoo shell`: its variables in the environment, `env` from the shell. Each user's password is the login.
"""

import os
import sys

sys.path.insert(0, os.environ["DEMO_SETUP_FOLDER"])

from _lib.demo import goods, story

INVENTORY, INVOICING = "stock.stock_picking_type_action", "account.open_account_journal_dashboard_kanban"
# login: (name, first page, groups). The accountant has no right in Inventory, the clerk none on revaluations.
USERS = {
    "preparer": ("Paula Preparer", INVENTORY, ("stock.group_stock_manager",)),
    "manager": (
        "Marc Manager",
        INVENTORY,
        (
            "stock.group_stock_user",
            "account.group_account_user",
            "stock_revaluation_journal.group_revaluation_manager",
        ),
    ),
    "accountant": ("Anna Accountant", INVOICING, ("account.group_account_manager",)),
    "clerk": ("Carl Clerk", INVENTORY, ("stock.group_stock_user",)),
}


def create_users(env):
    """Create the users, in the administrator's company."""
    for login, (name, page, groups) in USERS.items():
        env["res.users"].with_context(no_reset_password=True).create(
            {
                "name": name,
                "login": login,
                "password": login,
                "email": "%s@example.com" % login,
                "tz": "UTC",
                "action_id": env.ref(page).id,
                "company_id": env.company.id,
                "company_ids": [(6, 0, env.company.ids)],
                story.groups_field(env): [(6, 0, [env.ref(group).id for group in groups])],
            }
        )


def stock_goods(env):
    """Buy, receive and deliver the goods of the demonstration."""
    warehouse = goods.Warehouse(env)
    products = warehouse.create_products()
    warehouse.buy_all(products)
    warehouse.deliver_all(products)


administrator = story.as_administrator(env)  # noqa: F821
administrator.user.tz = "UTC"  # one day for all users, at any hour
create_users(administrator)
stock_goods(administrator)
administrator.cr.commit()
