# An administrator gives an action of the addon to other users, and changes a parameter.
action = env.ref("stock_revaluation_journal.action_product_vendor_post")  # noqa: F821
field = "group_ids" if "group_ids" in action._fields else "groups_id"
action.write({field: [(6, 0, env.ref("base.group_system").ids)]})  # noqa: F821
env["ir.config_parameter"].sudo().set_param("stock_revaluation_journal.background_limit", "77")  # noqa: F821
env.cr.commit()  # noqa: F821
