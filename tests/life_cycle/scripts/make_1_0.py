# The database as version 1.0.0 of the addon left it: without what 1.1.0 adds and fills when it updates.
import os

ADDED = {
    "stock_revaluation_reason": ("kind", "posting"),
    "stock_revaluation_journal_line": ("quantity_now", "amount_in_stock", "amount_forwarded"),
    "stock_valuation_layer": ("manual_value_id",),
}
for name in ("reason_write_down_reversal", "reason_allowance"):
    env.ref("stock_revaluation_journal." + name).unlink()  # noqa: F821
for table, columns in ADDED.items():
    for column in columns:
        env.cr.execute("ALTER TABLE %s DROP COLUMN IF EXISTS %s" % (table, column))  # noqa: F821
env.cr.execute(  # noqa: F821
    "UPDATE ir_module_module SET latest_version = %s WHERE name = 'stock_revaluation_journal'",
    [os.environ["SERIES"] + ".1.0.0"],
)
env.cr.commit()  # noqa: F821
