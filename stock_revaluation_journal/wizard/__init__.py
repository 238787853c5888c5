from . import stock_revaluation_calculate
