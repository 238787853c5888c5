"""What the series are called, and which files are for some of them only."""

from .. import series as known
from .errors import DialectError

SERIES = tuple(known.SERIES)

#: Source files that belong to some series only; the archives of the others leave them out.
SERIES_ONLY = {
    "valuation/layers.py": "<=18.0",
    "valuation/product_value_models.py": ">=19.0",
    "valuation/product_value_reader.py": ">=19.0",
    "valuation/product_values.py": ">=19.0",
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
    rule = SERIES_ONLY.get(path)
    if rule is None:
        return True
    bound = int(rule[2:].split(".")[0])
    return number <= bound if rule.startswith("<=") else number >= bound
