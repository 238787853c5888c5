"""What the series are called, and which files are for some of them only."""

from .. import series as known
from .errors import DialectError

SERIES = tuple(known.SERIES)
_LAYERS, _PRODUCT_VALUES = range(14, 19), range(19, 99)
#: Source files that belong to some series only; the archives of the others leave them out.
SERIES_ONLY = {
    "valuation/layers.py": _LAYERS,
    "valuation/product_value_models.py": _PRODUCT_VALUES,
    "valuation/product_value_reader.py": _PRODUCT_VALUES,
    "valuation/product_values.py": _PRODUCT_VALUES,
}


def major(series):
    """Return the number of a series: 16 for ``16.0``.

    Raises: DialectError for a series that the addon is not built for.
    """
    if series not in SERIES:
        raise DialectError("unknown series %s; known: %s" % (series, " ".join(SERIES)))
    return int(series.split(".")[0])


def belongs(path, number):
    """Tell whether a source file is part of the addon of series `number`."""
    return path not in SERIES_ONLY or number in SERIES_ONLY[path]
