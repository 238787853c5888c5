from . import stock_revaluation_calculate
from . import stock_revaluation_preview
from . import stock_revaluation_suggest
from . import stock_revaluation_dry_run
from . import stock_revaluation_ledger
from . import stock_revaluation_ledger_line
from . import stock_revaluation_ledger_workbook
from . import stock_revaluation_write_down_report
