"""What the web client and views are given."""

from .series import SERIES

# Domain of what a company uses, in fields of a model that has a company: a branch (17.0 and later) has its parents'.
USED_BY_COMPANY = (
    "['|', ('company_id', '=', False), ('company_id', 'parent_of', company_id)]"
    if SERIES >= 17
    else "[('company_id', 'in', (company_id, False))]"
)
# View type of lists in actions.
LIST = "list" if SERIES >= 18 else "tree"
# The web client calls `read_group`; 19.0 has other ways, and warns of this one.
CLIENT_READS_GROUPS = SERIES < 19
# The import dialog names the row of every problem (14.0).
IMPORT_DIALOG_NAMES_ROWS = SERIES < 15
# Field keyword: a figure whose sum over lines means nothing.
NOT_SUMMED = {"aggregator": None} if SERIES >= 18 else {"group_operator": None}
AVERAGED = {"aggregator": "avg"} if SERIES >= 18 else {"group_operator": "avg"}


def group_users_field(env):
    """Name of the users field on res.groups."""
    return "user_ids" if "user_ids" in env["res.groups"]._fields else "users"


def users_of(group):
    """Return the users who have a group, by themselves or through another one."""
    return group.all_user_ids if "all_user_ids" in group._fields else group.users


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


def render_template(env, template, values):
    """Render a QWeb template to text."""
    content = env["ir.qweb"]._render(template, values)
    return content.decode() if isinstance(content, bytes) else str(content)


def show_notification(user, title, message, is_problem=False):
    """Show a notification in what `user` has open in the web client, as soon as this transaction is committed.

    Up to 16.0 it is coloured as a warning or an error, nothing else.
    """
    bus, sent = user.env["bus.bus"].sudo(), {"title": title, "message": message, "sticky": True, "warning": True}
    if hasattr(bus, "_sendone"):
        kind = "warning" if is_problem else "success"
        bus._sendone(user.partner_id, "simple_notification", dict(sent, type=kind))
    else:
        bus.sendone((user.env.cr.dbname, "res.partner", user.partner_id.id), dict(sent, type="simple_notification"))


def action_groups_field(env):
    """Name of the groups field on ir.actions.server."""
    return "group_ids" if "group_ids" in env["ir.actions.server"]._fields else "groups_id"
