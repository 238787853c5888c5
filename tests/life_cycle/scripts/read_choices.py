# What the administrator chose, and the kinds of the reasons that came with the addon.
import json

action = env.ref("stock_revaluation_journal.action_product_vendor_post")  # noqa: F821
groups = action["group_ids" if "group_ids" in action._fields else "groups_id"]
limit = env["ir.config_parameter"].sudo().get_param("stock_revaluation_journal.background_limit")  # noqa: F821
kinds = {reason.code: reason.kind for reason in env["stock.revaluation.reason"].search([])}  # noqa: F821
sources = [name for name, _label in env["stock.revaluation.cost.source"]._select_source()]  # noqa: F821
found = {"groups": sorted(groups.get_external_id().values()), "limit": limit, "kinds": kinds, "sources": sources}
print("RESULT " + json.dumps(dict(found, mrp="mrp.bom" in env)))  # noqa: F821
