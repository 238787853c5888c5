"""The valuation seam: the one place that reads and writes Odoo's stock value.

`base` says what a journal asks of it; `layers` answers on Odoo's stock valuation layers (up to
18.0), `product_value*` on move values and product values (19.0). Chosen once, here.
"""

from .. import compat
from . import base
from . import plan
from . import writing
from . import owned
from . import ledger

if compat.HAS_LAYERS:
    from . import layers
    from . import ledger_layers
    from . import layer_streams
else:
    from . import product_value_reader
    from . import product_value_replay
    from . import product_value_totals
    from . import product_values
    from . import product_value_models
    from . import ledger_product_values
    from . import product_value_streams

from . import issue_accounts
from . import receipt_costs
from . import bill_costs
from . import costs_alone
from . import stock_ages
from . import histories
