# The forms and lists that the addon adds to, as the web client asks for them.
import json

env = env(user=env.ref("base.user_admin").id)  # noqa: F821
models = ["product.template", "product.product", "account.move", "res.company", "stock.picking", "res.users"]
models += [name for name in ("stock.lot", "stock.production.lot", "stock.valuation.layer") if name in env]
found = {}
for model in models:
    for kind in ("form", "tree" if hasattr(env[model], "fields_view_get") else "list"):
        if hasattr(env[model], "get_view"):
            arch = env[model].get_view(view_type=kind)["arch"]
        else:
            arch = env[model].fields_view_get(view_type=kind)["arch"]
        found["%s %s" % (model, kind)] = "revaluation" in arch
print("RESULT " + json.dumps(found))
