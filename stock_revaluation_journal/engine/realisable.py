"""Net realisable value and the lower-of test, in plain Python."""

from decimal import ROUND_FLOOR, Decimal

from .distribution import distribute
from .rounding import decimal, round_to


def net_price(price, percent, amount):
    """Return what a sale brings once it has cost `percent` of the price and `amount` to complete and to sell.

    Units: company currency per stock unit. Never below zero: what costs more to sell than it brings is not sold.
    Source: IAS 2.6.

    >>> net_price(9, 15, 0.5), net_price(1, 0, 3)
    (Decimal('7.15'), Decimal('0'))
    """
    price = decimal(price)
    return max(price - price * decimal(percent) / 100 - decimal(amount), Decimal(0))


def row_of(number, rows):
    """Return the index of the row that `number` falls in; None below the first.

    Shape: `rows` [(from, per cent)] in ascending order; `number` None means more than any.

    >>> rows = [(181, 75), (366, 50)]
    >>> row_of(180, rows), row_of(181, rows), row_of(365.5, rows), row_of(366, rows), row_of(None, rows)
    (None, 0, 0, 1, 1)
    """
    reached = [index for index, (start, _percent) in enumerate(rows) if number is None or number >= start]
    return reached[-1] if reached else None


def percent_of(number, rows):
    """Return the per cent of cost that `rows` leave for `number`; all of it below the first row.

    >>> percent_of(180, [(181, 75), (366, 50)]), percent_of(400, [(181, 75), (366, 50)])
    (Decimal('100'), Decimal('50'))
    """
    index = row_of(number, rows)
    return Decimal(100) if index is None else decimal(rows[index][1])


def kept_percent(pieces, rows):
    """Return what per cent of cost pieces of different ages are worth together.

    Shape: `pieces` [(days, quantity, unit cost)]. They weigh by what they cost; by quantity, if nothing cost anything.

    >>> kept_percent([(400, 10, 10), (30, 10, 20)], [(366, 50)])  # (50 + 200) / 300
    Decimal('83.33333333333333333333333333')
    """
    weights = [decimal(quantity) * decimal(cost) for _days, quantity, cost in pieces]
    if not sum(weights):
        weights = [decimal(quantity) for _days, quantity, _cost in pieces]
    kept = sum(weight * percent_of(piece[0], rows) for weight, piece in zip(weights, pieces))
    return kept / sum(weights)


def buckets(pieces, rows):
    """Return [(from, to or None, per cent, quantity)] of the rows that hold something, the young first.

    Shape: `pieces` [(days, quantity, unit cost)].

    >>> [tuple(map(str, bucket)) for bucket in buckets([(400, 10, 1), (30, 2, 1), (20, 3, 1)], [(181, 75), (366, 50)])]
    [('0', '180', '100', '5'), ('366', 'None', '50', '10')]
    """
    starts = [0] + [start for start, _percent in rows]
    held = {}
    for days, quantity, _cost in pieces:
        index = row_of(days, rows)
        index = 0 if index is None else index + 1
        held[index] = held.get(index, 0) + decimal(quantity)
    return [
        (
            starts[index],
            starts[index + 1] - 1 if index + 1 < len(starts) else None,
            decimal(rows[index - 1][1]) if index else Decimal(100),
            quantity,
        )
        for index, quantity in sorted(held.items())
    ]


def months_of_stock(quantity, issued, months):
    """Return for how many months `quantity` lasts if issues go on as in the last `months`; None: for ever.

    >>> months_of_stock(110, 10, 3), months_of_stock(5, 0, 3)
    (Decimal('33'), None)
    """
    issued = decimal(issued)
    return decimal(quantity) * decimal(months) / issued if issued > 0 else None


def write_downs(items, step):
    """Return by how much each item of a group must lie below its cost, to the cent.

    The group is tested as one: it is short by Σ cost − Σ net realisable value, if that is above zero, and items below
    their cost bear it in proportion to what they are below. An item by itself is a group of one.

    Shape: `items` [(cost, net realisable value)], multiples of `step`; returns as many Decimals from zero up.
    Source: IAS 2.29.

    >>> [str(w) for w in write_downs([(100, 120), (100, 85)], 0.01)], [str(w) for w in write_downs([(100, 85)], 0.01)]
    (['0', '0'], ['15.00'])
    >>> [str(w) for w in write_downs([(100, 110), (100, 70), (100, 90)], 0.01)]
    ['0', '22.50', '7.50']
    """
    below = [max(round_to(cost, step) - round_to(value, step), Decimal(0)) for cost, value in items]
    short = sum(round_to(cost, step) - round_to(value, step) for cost, value in items)
    if short <= 0:
        return [Decimal(0)] * len(items)
    shares = iter(distribute(short, [each for each in below if each], step))
    return [next(shares) if each else Decimal(0) for each in below]


def bounded(value, new, lowest, highest):
    """Return the new value of an item, its change kept between `lowest` ≤ 0 and `highest` ≥ 0; None: no bound.

    >>> bounded(42, 66, None, 18), bounded(42, 30, 0, None)
    (Decimal('60'), Decimal('42'))
    """
    change = decimal(new) - decimal(value)
    if lowest is not None:
        change = max(change, decimal(lowest))
    if highest is not None:
        change = min(change, decimal(highest))
    return decimal(value) + change


def cost_not_above(value, quantity, digits):
    """Return the highest unit cost of so many `digits` at which `quantity` is not worth more than `value`.

    >>> cost_not_above(750.60, 147, 2)  # 5.106…
    Decimal('5.10')
    """
    return (decimal(value) / decimal(quantity)).quantize(Decimal(1).scaleb(-digits), rounding=ROUND_FLOOR)
