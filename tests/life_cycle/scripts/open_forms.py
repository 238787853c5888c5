# The forms and lists that the addon adds to, as the web client asks for them.
import json
import re

env = env(user=env.ref("base.user_admin").id)  # noqa: F821
models = ["product.template", "product.product", "account.move", "res.company", "stock.picking", "res.users"]
models += [name for name in ("stock.lot", "stock.production.lot", "stock.valuation.layer") if name in env]
lists = "list" if "list" in dict(env["ir.ui.view"]._fields["type"].selection) else "tree"
# what is ours: up to 18.0 Odoo has a revaluation of its own
OURS = re.compile("stock_revaluation|revaluation_(journal|line|count)")
found = {}
for model in models:
    for kind in ("form", lists):
        if hasattr(env[model], "get_view"):
            arch = env[model].get_view(view_type=kind)["arch"]
        else:
            arch = env[model].fields_view_get(view_type=kind)["arch"]
        found["%s %s" % (model, kind)] = bool(OURS.search(arch))
print("RESULT " + json.dumps(found))
