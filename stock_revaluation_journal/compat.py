"""What differs between Odoo's series, and nothing else: the only file that knows them.

Names say what can be done, not which series it is; where a feature can be looked for, it is.
The other two places with series knowledge are the valuation seam (`valuation/`) and the
view dialects (`setup/`).
"""

import importlib.util
import resource
from collections import defaultdict

from odoo import SUPERUSER_ID, api, fields
from odoo.release import version_info
from odoo.tools import config

SERIES = int(version_info[0])

# Domain of what a company uses, in fields of a model that has a company: a branch (17.0 and later) has its parents'.
USED_BY_COMPANY = (
    "['|', ('company_id', '=', False), ('company_id', 'parent_of', company_id)]"
    if SERIES >= 17
    else "[('company_id', 'in', (company_id, False))]"
)
# View type of lists in actions.
LIST = "list" if SERIES >= 18 else "tree"
# Odoo keeps stock.valuation.layer (14.0-18.0); else this addon defines it as its ledger.
HAS_LAYERS = bool(importlib.util.find_spec("odoo.addons.stock_account.models.stock_valuation_layer"))
# Field of a journal line that names the layer it applies to.
LAYER_FIELD = "valuation_layer_id" if HAS_LAYERS else "stock_move_id"
# The product's cost column is rounded to "Product Price" (14.0-18.0).
COST_IS_ROUNDED = HAS_LAYERS
# The cost of goods sold is booked with the customer's invoice, at the cost of that day (19.0), not with the delivery.
COST_BOOKED_WITH_INVOICE = not HAS_LAYERS
LOT_MODEL = "stock.lot" if SERIES >= 16 else "stock.production.lot"
QUANTITY_DIGITS = "Product Unit" if SERIES >= 19 else "Product Unit of Measure"
# The web client calls `read_group`; 19.0 has other ways, and warns of this one.
CLIENT_READS_GROUPS = SERIES < 19
# The import dialog names the row of every problem (14.0).
IMPORT_DIALOG_NAMES_ROWS = SERIES < 15
# The ORM takes a statement for every record that it creates (14.0, 15.0).
INSERTS_ROW_BY_ROW = SERIES < 16
# The last entry of an accounting journal is written to when the next one gets its number (up to 16.0).
NUMBERS_ONE_AT_A_TIME = SERIES < 17
# Lines of one journal entry at the most: Odoo's own work on an entry grows with its items (14.0: their square).
LINES_PER_ENTRY = 500 if SERIES >= 16 else 200
# Field keyword: a figure whose sum over lines means nothing.
NOT_SUMMED = {"aggregator": None} if SERIES >= 18 else {"group_operator": None}
AVERAGED = {"aggregator": "avg"} if SERIES >= 18 else {"group_operator": "avg"}
# Values of journal items that keep Odoo from looking up analytic defaults line by line.
NO_ANALYTIC = (
    {"analytic_distribution": False}
    if SERIES >= 16
    else {"analytic_account_id": False, "analytic_tag_ids": [(6, 0, [])]}
)
# Base of models with an analytic distribution (16.0 and later).
ANALYTIC_MIXIN = ["analytic.mixin"] if SERIES >= 16 else []
# Rules by which Odoo fills in analytics by itself.
ANALYTIC_RULES = "account.analytic.distribution.model" if SERIES >= 16 else "account.analytic.default"


# Decorator of a method that gives a record in Python and its id over RPC; 19.0 has none and gives [id].
returns_record = api.returns("self", lambda record: record.id) if hasattr(api, "returns") else lambda method: method


def trigger_cron(cron):
    """Let a scheduled action run as soon as this transaction is committed."""
    if hasattr(cron, "_trigger"):
        cron.sudo()._trigger()
    else:
        cron.env.cr.execute(
            "UPDATE ir_cron SET nextcall = now() AT TIME ZONE 'UTC' WHERE id IN ("
            " SELECT id FROM ir_cron WHERE id = %s FOR UPDATE SKIP LOCKED)",
            [cron.id],
        )


def commit_progress(env, done):
    """Commit a step of a scheduled action and, where Odoo (18.0 on) asks for it, say what it did.

    Never that more remains: Odoo would run the action on and on in one process, past the limits.
    """
    cron = env["ir.cron"]
    if hasattr(cron, "_commit_progress"):
        cron._commit_progress(done, remaining=0)
        return
    if hasattr(cron, "_notify_progress"):
        cron._notify_progress(done=done, remaining=0)
    env.cr.commit()


def unit_rounding(uom):
    """Return the smallest quantity of a unit; 20.0 has one precision for all."""
    return (
        uom.rounding
        if "rounding" in uom._fields
        else 10.0 ** -uom.env["decimal.precision"].precision_get(QUANTITY_DIGITS)
    )


def has_cpu_time_left(share):
    """Tell whether this process is far from the CPU time at which Odoo's server would end it.

    `share` is the part of the limit that has to be left, beside what a step may take.
    """
    limit = config.get("limit_time_cpu") or 0
    soft = resource.getrlimit(resource.RLIMIT_CPU)[0]
    if soft == resource.RLIM_INFINITY or not limit:
        return True
    used = resource.getrusage(resource.RUSAGE_SELF)
    return soft - used.ru_utime - used.ru_stime > limit * (1 - share)


def hook_environment(args):
    """Return the environment of an install hook, called with (env) or (cr, registry)."""
    return args[0] if len(args) == 1 else api.Environment(args[0], SUPERUSER_ID, {})


def flush(env):
    """Write everything pending, before SQL reads it."""
    if hasattr(env, "flush_all"):
        env.flush_all()
    else:
        env["base"].flush()


def invalidate(env):
    """Forget every cached value, after SQL has written; what is pending is written first."""
    flush(env)
    if hasattr(env, "invalidate_all"):
        env.invalidate_all(flush=False)
    else:
        env.cache.invalidate()


def forget(records, names):
    """Forget what the cache holds of the fields `names` of `records`."""
    if hasattr(records, "invalidate_recordset"):
        records.invalidate_recordset(names, flush=False)
    else:
        records.invalidate_cache(names, records.ids)


def written(records, names):
    """Forget the fields `names` of `records`, which SQL has written, and let what depends on them follow."""
    forget(records, names)
    records.modified(names)


def group_users_field(env):
    """Name of the users field on res.groups."""
    return "user_ids" if "user_ids" in env["res.groups"]._fields else "users"


def users_of(group):
    """Return the users who have a group, by themselves or through another one."""
    return group.all_user_ids if "all_user_ids" in group._fields else group.users


def item_amounts(amount):
    """Values of a journal item that debits `amount`, or credits it if negative, as the ORM need not derive them."""
    return {"balance": amount} if SERIES >= 16 else {"debit": max(amount, 0.0), "credit": max(-amount, 0.0)}


def storno_vals(company):
    """Return the values (of an entry, of each of its items) of an entry that takes another one back.

    Companies under storno accounting (16.0 and later) book it on the same sides, with negative amounts.
    """
    if "account_storno" not in company._fields or not company.account_storno:
        return {}, {}
    kept = company.env["account.move"]._fields["is_storno"].store
    return ({"is_storno": True}, {}) if kept else ({}, {"is_storno": True})


def has_analytic_rules(env):
    """Tell whether there are rules by which Odoo fills in analytics."""
    return bool(env[ANALYTIC_RULES].sudo().search([], limit=1))


def analytic_names(item):
    """Return the names of a journal item's analytic accounts."""
    if "analytic_distribution" not in item._fields:
        return item.analytic_account_id.display_name or ""
    ids = {int(part) for key in item.analytic_distribution or {} for part in key.split(",") if part.isdigit()}
    return ", ".join(item.env["account.analytic.account"].browse(sorted(ids)).exists().mapped("display_name"))


def show_groups(groups, name):
    """List `groups` under Inventory on the user form, as one choice called `name`."""
    env = groups.env
    if "privilege_id" in groups._fields:
        field, above = "privilege_id", {"category_id": env.ref("base.module_category_supply_chain").id}
    else:
        field, above = "category_id", {"parent_id": env.ref("base.module_category_inventory").id}
    # with an external id, so that it goes when the addon is uninstalled
    heading = {"xml_id": "stock_revaluation_journal.groups_heading", "noupdate": True, "values": dict(above, name=name)}
    groups[field] = groups[field]._load_records([heading])


def has_access(records, operation):
    """Tell whether the user may do `operation` ("read", "write", …) on `records`, rules included."""
    records = records.browse(records.ids)  # those of a form that is not saved yet: what they were made from
    if hasattr(records, "has_access"):
        return records.has_access(operation)
    if not records.check_access_rights(operation, raise_exception=False):
        return False
    return records._filter_access_rules(operation) == records


def check_access(records, operation):
    """Raise AccessError unless the user may do `operation` on `records`, rules included; without records: at all."""
    if hasattr(records, "check_access"):
        records.check_access(operation)
    else:
        records.check_access_rights(operation)
        records.check_access_rule(operation)


def readable(records):
    """Return those of `records` that the user may read, rules included, in their order."""
    if hasattr(records, "_filtered_access"):
        return records._filtered_access("read")
    if not records.check_access_rights("read", raise_exception=False):
        return records.browse()
    return records._filter_access_rules("read")


def storable_domain(env):
    """Domain of the products whose stock is kept."""
    if "is_storable" in env["product.product"]._fields:
        return [("is_storable", "=", True)]
    return [("type", "=", "product")]


def is_lot_valued(product):
    """Tell whether the product is valued by lot (18.0 and later)."""
    return bool("lot_valuated" in product._fields and product.lot_valuated)


def done_quantity(move):
    """Return the quantity that a stock move has moved, in its own unit."""
    return move.quantity_done if "quantity_done" in move._fields else move.quantity


def account_is_open(account):
    """Tell whether entries may be posted to the account."""
    return account.active if "active" in account._fields else not account.deprecated


def account_belongs_to(account, company):
    """Tell whether the account is one of `company`'s chart (its parents' for a branch)."""
    if "company_ids" in account._fields:
        return bool(account.company_ids & company.sudo().parent_ids)
    return shares_company(account, company)


def account_is_allowed_in(account, accounting_journal):
    """Tell whether an account may be used in an accounting journal; 19.0 knows no such limit."""
    allowed = "allowed_journal_ids" in account._fields and account.allowed_journal_ids
    return not allowed or accounting_journal in allowed


def shares_company(record, company):
    """Tell whether a record with a `company_id` may be used in `company` (its parents' may, for a branch)."""
    return record.company_id in with_parents(company)


def with_parents(companies):
    """Return companies and, for branches (17.0 and later), the companies above: what these own they use as well."""
    return companies.sudo().parent_ids | companies.sudo() if "parent_ids" in companies._fields else companies


def render_template(env, template, values):
    """Render a QWeb template to text."""
    content = env["ir.qweb"]._render(template, values)
    return content.decode() if isinstance(content, bytes) else str(content)


def locked_until(company, journal, date):
    """Return the lock date that keeps the user from posting at `date`, or None."""
    if hasattr(company, "_get_lock_date_violations"):
        violated = company._get_violated_lock_dates(date, False, journal)
        return max(lock[0] for lock in violated) if violated else None
    lock_date = company._get_user_fiscal_lock_date()
    return lock_date if lock_date and date <= fields.Date.to_date(lock_date) else None


def seller_partner_field(env):
    """Name of the vendor field on product.supplierinfo."""
    return "partner_id" if "partner_id" in env["product.supplierinfo"]._fields else "name"


def seller_unit(seller):
    """Return the unit that a vendor's price is given in."""
    return seller["product_uom_id" if "product_uom_id" in seller._fields else "product_uom"]


def find_boms(products, company):
    """Return {product: its first bill of materials in `company`}, without the products that have none."""
    Bom = products.env["mrp.bom"].sudo()
    if SERIES >= 15:
        found = Bom._bom_find(products, company_id=company.id)
        return {product: found[product] for product in products if found[product]}
    made, found = products.filtered(lambda product: product.type != "service"), {}
    domain = ["|", ("product_id", "in", made.ids), "&", ("product_id", "=", False)]
    domain += [("product_tmpl_id", "in", made.product_tmpl_id.ids), ("company_id", "in", [False, company.id])]
    variants = defaultdict(list)
    for product in made:
        variants[product.product_tmpl_id].append(product)
    for bom in Bom.search(domain, order="sequence, product_id, id"):
        for product in bom.product_id or variants[bom.product_tmpl_id]:
            found.setdefault(product, bom)
    return found


def action_groups_field(env):
    """Name of the groups field on ir.actions.server."""
    return "group_ids" if "group_ids" in env["ir.actions.server"]._fields else "groups_id"


def pricelist_prices(pricelist, products, moment):
    """Return {product id: price of one stock unit at `moment`, in the pricelist's currency}."""
    if hasattr(pricelist, "_get_products_price"):
        return pricelist._get_products_price(products, 1.0, date=moment)
    count = len(products)
    return pricelist.get_products_price(products, [1.0] * count, [False] * count, date=moment)
