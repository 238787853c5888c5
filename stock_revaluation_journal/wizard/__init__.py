from . import stock_revaluation_calculate
from . import stock_revaluation_preview
