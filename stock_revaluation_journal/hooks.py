"""Done once: when the addon is installed, and when it is uninstalled."""

from . import compat

GOODS = ("product.category", "product.product", "product.template", "stock.quant")


def post_init_hook(*args):
    """Show the two groups on the user form and give the administrator the manager's."""
    env = compat.hook_environment(args)
    user_group = env.ref("stock_revaluation_journal.group_revaluation_user")
    manager_group = env.ref("stock_revaluation_journal.group_revaluation_manager")
    compat.show_groups(user_group + manager_group, "Inventory Revaluation")
    manager_group.write({compat.group_users_field(env): [(4, env.ref("base.user_admin").id)]})


def uninstall_hook(*args):
    """Keep the stock at its value, and take away what use has made without an external id."""
    env = compat.hook_environment(args)
    env["stock.revaluation.valuation"]._keep_values()
    env["ir.sequence"].search([("code", "=", "stock.revaluation.journal")]).unlink()
    # the goods of the demo data have moved and stand in entries: they stay, like goods that a user has made
    goods = [("module", "=", "stock_revaluation_journal"), ("model", "in", GOODS)]
    env["ir.model.data"].search(goods).unlink()
