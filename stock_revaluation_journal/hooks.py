"""Done once, when the addon is installed."""

from . import compat


def post_init_hook(*args):
    """Show the two groups on the user form and give the administrator the manager's."""
    env = compat.hook_environment(args)
    user_group = env.ref("stock_revaluation_journal.group_revaluation_user")
    manager_group = env.ref("stock_revaluation_journal.group_revaluation_manager")
    compat.show_groups(user_group + manager_group, "Inventory Revaluation")
    manager_group.write({compat.group_users_field(env): [(4, env.ref("base.user_admin").id)]})
