"""What exists from which series on: widgets, attributes, record fields, class names.

Source: each series' web client (field registries) and the RelaxNG schemas in odoo/addons/base/rng,
read in 14.0, 16.0, 17.0, 18.0 and 19.0. Where 15.0 could not be read, 16.0's rule is taken.
"""

REFUSE = object()  # a table entry for what an older series cannot do without losing meaning

_ALWAYS = """
    CopyClipboardChar CopyClipboardText activity_exception badge binary boolean boolean_favorite
    boolean_toggle char color color_picker date daterange datetime domain email float float_time
    handle html image image_url integer kanban_activity label_selection list_activity
    many2many many2many_binary many2many_checkboxes many2many_tags many2many_tags_avatar many2one
    many2one_avatar many2one_avatar_user many2one_barcode monetary one2many percentage percentpie
    phone priority progressbar radio reference remaining_days section_and_note_one2many
    section_and_note_text selection selection_badge signature state_selection statinfo statusbar
    text url
"""

#: Field widget -> (first series, what older ones get: another widget, None for the type's own).
FIELD_WIDGETS = dict.fromkeys(_ALWAYS.split(), (14, None))
FIELD_WIDGETS.update({
    "analytic_distribution": (16, REFUSE),
    "autosave_many2many_tags": (16, "many2many_tags"),
    "many2many_avatar_user": (16, "many2many_tags_avatar"),
    "boolean_icon": (17, None),
    "code": (17, "ace"),
    "jsonb": (17, None),
    "many2many_tags_avatar_popover": (17, "many2many_tags_avatar"),
    "statusbar_duration": (17, "statusbar"),
    "kanban_color_picker": (18, REFUSE),
})  # fmt: skip

#: What ``<widget name=…>`` may name: all series have these.
VIEW_WIDGETS = {"attach_document", "signature", "web_ribbon"}

#: (element, attribute) -> (first series, what older ones get: REFUSE, or None for nothing).
#: `list` entries are what the schema of list views would refuse.
ATTRIBUTES = {
    ("list", "action"): (16, None),
    ("list", "type"): (16, None),
    ("list", "count_limit"): (16, None),
    ("list", "default_group_by"): (17, None),
    ("list", "open_form_view"): (17, None),
    ("graph", "cumulated"): (16, None),
    ("graph", "cumulated_start"): (17, None),
    ("activity", "js_class"): (16, REFUSE),
    ("calendar", "create_name_field"): (16, None),
    ("calendar", "quick_create"): (17, None),
    ("calendar", "quick_create_view_id"): (17, None),
    ("calendar", "edit"): (18, None),
    ("filter", "start_month"): (18, None),
    ("filter", "end_month"): (18, None),
    ("filter", "start_year"): (18, None),
    ("filter", "end_year"): (18, None),
    ("kanban", "highlight_color"): (18, None),
    ("kanban", "can_open"): (18, REFUSE),
}

#: The same, for a button or field that is a list's column or in a list's header.
LIST_ATTRIBUTES = {
    ("button", "data-hotkey"): (18, None),
    ("button", "width"): (18, None),
    ("button", "display"): (17, None),
    ("button", "disabled"): (16, REFUSE),
    ("field", "add-label"): (16, None),
}

#: (element, attribute) that only 19.0 knows in views with a schema: 18.0 refuses them.
NEWER_THAN_SOURCE = {
    ("list", "group_create"), ("list", "group_delete"), ("list", "group_edit"),
    ("graph", "class"), ("pivot", "class"), ("calendar", "aggregate"),
    ("calendar", "multi_create_view"), ("calendar", "month_overflow"), ("calendar", "show_date_picker"),
}  # fmt: skip

#: Elements that an older series does not have at all -> first series.
ELEMENTS = {"setting": 17, "block": 17, "app": 17, "asset": 15}

#: (model, field) of a data record -> first series; older ones go without.
RECORD_FIELDS = {
    ("product.product", "detailed_type"): 15,
    ("ir.actions.act_window", "path"): 18,
    ("ir.actions.act_window", "cache"): 18,
    ("ir.actions.server", "path"): 18,
    ("ir.actions.report", "path"): 18,
}

#: Bootstrap 5 (16.0 and newer) to Bootstrap 4, where a class has the same meaning under another name.
CLASSES = {
    "text-start": "text-left", "text-end": "text-right",
    "float-start": "float-left", "float-end": "float-right",
    "fw-bold": "font-weight-bold", "fw-bolder": "font-weight-bolder",
    "fw-normal": "font-weight-normal", "fw-light": "font-weight-light",
    "fst-italic": "font-italic", "visually-hidden": "sr-only", "g-0": "no-gutters",
    "rounded-start": "rounded-left", "rounded-end": "rounded-right",
    "border-start": "border-left", "border-end": "border-right",
}  # fmt: skip

#: The same for classes with a size: ``ms-auto``, ``pe-md-2``.
CLASS_PREFIXES = {"ms-": "ml-", "me-": "mr-", "ps-": "pl-", "pe-": "pr-"}
