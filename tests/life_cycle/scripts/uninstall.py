# Apps, Uninstall.
module = env["ir.module.module"].search([("name", "=", "stock_revaluation_journal")])  # noqa: F821
module.with_user(env.ref("base.user_admin")).button_immediate_uninstall()  # noqa: F821
env.cr.commit()  # noqa: F821
