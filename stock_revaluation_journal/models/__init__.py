from . import stock_revaluation_reason
from . import stock_revaluation_journal
from . import stock_revaluation_journal_line
from . import stock_revaluation_journal_posting
from . import stock_revaluation_journal_background
from . import stock_revaluation_journal_reversal
from . import product_product
from . import account_move
