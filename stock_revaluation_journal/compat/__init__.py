"""What differs between Odoo's series, and nothing else: the only place that knows them, by capability.

Names say what can be done, not which series it is; where a feature can be looked for, it is.
The other two places with series knowledge are the valuation seam (`valuation/`) and the
view dialects (`setup/`).
"""

from .series import SERIES
from .web import (
    AVERAGED,
    CLIENT_READS_GROUPS,
    IMPORT_DIALOG_NAMES_ROWS,
    LIST,
    NOT_SUMMED,
    USED_BY_COMPANY,
    action_groups_field,
    group_users_field,
    render_template,
    show_groups,
    show_notification,
    users_of,
)
from .orm import (
    INSERTS_ROW_BY_ROW,
    check_access,
    commit_progress,
    flush,
    forget,
    has_access,
    has_cpu_time_left,
    hook_environment,
    invalidate,
    readable,
    renew_cpu_limit,
    returns_record,
    trigger_cron,
    written,
)
from .accounting import (
    ANALYTIC_MIXIN,
    ANALYTIC_RULES,
    LINES_PER_ENTRY,
    NO_ANALYTIC,
    NUMBERS_ONE_AT_A_TIME,
    account_belongs_to,
    account_is_allowed_in,
    account_is_open,
    analytic_names,
    has_analytic_rules,
    item_amounts,
    locked_until,
    shares_company,
    storno_vals,
    with_parents,
)
from .inventory import (
    COST_BOOKED_WITH_INVOICE,
    COST_IS_ROUNDED,
    HAS_LAYERS,
    LAYER_FIELD,
    LOT_MODEL,
    QUANTITY_DIGITS,
    done_quantity,
    find_boms,
    is_lot_valued,
    pricelist_prices,
    seller_partner_field,
    seller_unit,
    storable_domain,
    unit_rounding,
)
