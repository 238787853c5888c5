"""What unit tests import, without Odoo: ``engine`` out of the addon, ``_lib`` out of setup/.

The addon's own package cannot be imported here: it imports Odoo.
"""

import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(CHECKOUT / "stock_revaluation_journal"), str(CHECKOUT / "setup")]
