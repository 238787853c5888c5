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
    # Odoo has loaded the translations already, but not that of the heading, which is made only here
    env.ref("base.module_stock_revaluation_journal")._update_translations()


def uninstall_hook(*args):  # run by tests/life_cycle
    """Keep the stock at its value, and take away what use has made without an external id."""
    env = compat.hook_environment(args)
    env["stock.revaluation.valuation"]._keep_values()
    sequences = env["ir.sequence"].search([("code", "=", "stock.revaluation.journal")])
    sequences.date_range_ids.unlink()  # by the ORM: the database alone would leave their own sequences behind
    sequences.unlink()
    # Odoo need not try to delete one by one what posted journals hold: the journals' tables go as a whole, and
    # goods of the demo data stay, like goods that a user has made
    held = ["|", ("model", "in", GOODS), ("model", "=like", "stock.revaluation.%")]
    env["ir.model.data"].search([("module", "=", "stock_revaluation_journal")] + held).unlink()
