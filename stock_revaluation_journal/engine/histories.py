"""What a product is worth by all that happened to it, as Odoo 19.0 works it out.

A history is two lists in order of time: quantities counted, above zero for receipts, below for issues, None where a
cost was set; and what each receipt is worth, or the cost that was set. All are floats, as Odoo has them: the same
arithmetic in the same order comes to the same cent.
"""


def merge_lines(ids, counted, values):
    """Return (ids, counted, values) with the lines of one move as one event: their quantities, its value.

    >>> merge_lines([7, 8, 8, 8], [None, 2.0, 3.0, -0.0], [4.0, 30.0, 30.0, 30.0])
    ([7, 8], [None, 5.0], [4.0, 30.0])
    """
    if len(set(ids)) == len(ids):
        return ids, counted, values
    merged = []
    for move_id, number, value in zip(ids, counted, values):
        if merged and number is not None and merged[-1][0] == move_id and merged[-1][1] is not None:
            merged[-1][1] += number
        else:
            merged.append([move_id, number, value])
    return tuple(map(list, zip(*merged)))


def replay_average(counted, values, quantity_now):
    """Return what a product is worth under average cost: a cost that no receipt followed counts for all in stock.

    10 at 2, 10 at 4, 5 issued; then set to 5, with 15 in stock:

    >>> replay_average([10.0, 10.0, -5.0], [20.0, 40.0, 0.0], 15.0)
    45.0
    >>> replay_average([10.0, 10.0, -5.0, None], [20.0, 40.0, 0.0, 5.0], 15.0)
    75.0

    Source: `product.product._run_avco` of 19.0, February 2026.
    """
    quantity = average = total = 0.0
    is_set = False
    for number, value in zip(counted, values):
        if number is None:
            average, is_set = value, True
            total = average * quantity
        elif number < 0:
            total += number * average
            quantity += number
        else:
            is_set = False
            if quantity > 0:
                quantity += number
                total += value
                average = total / quantity
            else:
                quantity += number
                average = value / number if number else average
                total = average * quantity
    return average * quantity_now if is_set else total


def take_newest(counted, values, quantity, rounding):
    """Return what the newest receipts that hold `quantity` are worth, None if they do not hold as much.

    Units: `rounding` is the smallest quantity of the product's unit.

    >>> take_newest([10.0, -4.0, None, 10.0], [20.0, 0.0, 9.0, 40.0], 16.0, 0.01)
    52.0
    >>> take_newest([10.0], [20.0], 11.0, 0.01) is None
    True
    """
    total = 0.0
    for number, value in zip(reversed(counted), reversed(values)):
        if number is not None and number > 0:
            taken = min(number, quantity)
            total += value * taken / number
            quantity -= taken
            if quantity < rounding / 2:
                return total
    return None
