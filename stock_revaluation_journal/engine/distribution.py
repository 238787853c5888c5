"""Spread one total over the pieces it is made of, to the cent."""

from decimal import Decimal

from .rounding import decimal, round_to


def distribute(total, weights, step):
    """Spread `total` over pieces in proportion to `weights`, each a multiple of `step`.

    Piece i is `total × weight_i / Σ weights`, rounded with the rounding error carried to the
    next piece; the last one takes the rest, so the pieces add up to the total exactly. With
    the open layers' quantities as weights every layer ends at the same unit cost.

    Units: `total` and `step` in company currency, weights in the product's stock unit.
    Shape: list of numbers in, list of Decimal out, same length and order; each ≥ 0 when
    `total` is ≥ 0.
    Raises: ValueError if there are no pieces, a weight is not above zero, or `total` is not a
    multiple of `step`.
    Source: Business Central, posting of a revaluation line per item (value at one unit cost for
    all entries, remainder carried, rest to the last).

    >>> [str(v) for v in distribute(10, [1] * 7, 0.01)]
    ['1.43', '1.43', '1.43', '1.42', '1.43', '1.43', '1.43']
    >>> [str(v) for v in distribute(0, [5, 5], 0.01)]
    ['0.00', '0.00']
    """
    total, step = decimal(total), decimal(step)
    weights = [decimal(weight) for weight in weights]
    if not weights:
        raise ValueError("There is nothing to spread %s over." % total)
    if min(weights) <= 0:
        raise ValueError("Every piece needs a weight above zero.")
    if round_to(total, step) != total:
        raise ValueError("%s is not a multiple of %s." % (total, step))
    whole, done, reached, pieces = sum(weights), Decimal(0), Decimal(0), []
    for weight in weights[:-1]:
        reached += weight
        # Rounding the running total carries each piece's rounding error to the next one.
        piece = round_to(total * reached / whole, step) - done
        pieces.append(piece)
        done += piece
    pieces.append(total - done)
    return pieces


def changes(new_values, old_values):
    """Return by how much each piece changes.

    >>> [str(c) for c in changes(distribute(0, [5, 5], 0.01), [25, 50])]
    ['-25.00', '-50.00']
    """
    return [decimal(new) - decimal(old) for new, old in zip(new_values, old_values)]
