"""What views may say, and what exists from which series on: widgets, attributes, class names.

Only what the addon uses stands here; anything else is refused until somebody has looked it up.
Source: each series' web client (field registries) and the RelaxNG schemas in odoo/addons/base/rng.
"""

#: Field widgets that all series have.
FIELD_WIDGETS = set(
    """
    badge boolean_toggle char date datetime email float handle html image integer kanban_activity label_selection
    list_activity many2many_tags many2one many2one_avatar_user monetary percentage phone priority progressbar radio
    remaining_days selection statinfo statusbar text url
    """.split()
)
#: Field widget -> the first series that has it.
NEWER_WIDGETS = {"analytic_distribution": 16}
#: What ``<widget name=…>`` may name: all series have these.
VIEW_WIDGETS = {"web_ribbon"}

#: (element, attribute) that only 19.0 knows in views with a schema: 18.0 refuses them.
NEWER_THAN_SOURCE = {
    ("list", "group_create"), ("list", "group_delete"), ("list", "group_edit"),
    ("graph", "class"), ("pivot", "class"), ("calendar", "aggregate"),
    ("calendar", "multi_create_view"), ("calendar", "month_overflow"), ("calendar", "show_date_picker"),
}  # fmt: skip

#: (model, field) of a data record -> first series; older ones go without.
RECORD_FIELDS = {("product.product", "detailed_type"): 15}

#: Bootstrap 5 (16.0 and newer) to Bootstrap 4, where a class has the same meaning under another name.
CLASSES = {
    "text-start": "text-left", "text-end": "text-right", "float-start": "float-left", "float-end": "float-right",
    "fw-bold": "font-weight-bold", "fw-normal": "font-weight-normal", "fst-italic": "font-italic",
    "visually-hidden": "sr-only",
}  # fmt: skip

#: The same for classes with a size: ``ms-auto``, ``pe-md-2``.
CLASS_PREFIXES = {"ms-": "ml-", "me-": "mr-", "ps-": "pl-", "pe-": "pr-"}
