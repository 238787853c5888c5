"""What is there before a browser walks: goods in stock, and a user for each role.

Fed to `odoo shell`: its variables in the environment, `env` from the shell. Each user's password is the login.
"""

from _lib.demo import goods, story

INVENTORY, INVOICING = "stock.stock_picking_type_action", "account.open_account_journal_dashboard_kanban"
MANAGER = "stock_revaluation_journal.group_revaluation_manager"
# login: (name, first page, groups). The accountant has no right in Inventory, the clerk none on revaluations.
USERS = {
    "preparer": ("Paula Preparer", INVENTORY, ("stock.group_stock_manager",)),
    "manager": ("Marc Manager", INVENTORY, ("stock.group_stock_user", "account.group_account_user", MANAGER)),
    "accountant": ("Anna Accountant", INVOICING, ("account.group_account_manager",)),
    "clerk": ("Carl Clerk", INVENTORY, ("stock.group_stock_user",)),
}


administrator = story.as_administrator(env)  # noqa: F821
administrator.user.tz = "UTC"  # one day for all users, at any hour
warehouse = goods.Warehouse.set_up(administrator)
for login, (name, page, groups) in USERS.items():
    home = administrator.ref(page).id
    warehouse.create_user(login, *groups, name=name, password=login, action_id=home)
# 10 received three weeks ago, 4 delivered five days ago: a month to close in between
tea = warehouse.create_product(categ=warehouse.costing["fifo"], name="Green tea", default_code="RJ-TEA")
warehouse.receive(tea, 10, 10.00)
warehouse.pass_time(days=15)
warehouse.deliver(tea, 4)
warehouse.pass_time(days=5)
products = warehouse.create_products()
warehouse.buy_all(products)
warehouse.deliver_all(products)
administrator.cr.commit()
