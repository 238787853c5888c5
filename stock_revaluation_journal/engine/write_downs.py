"""What is left of write-downs: they go with the goods, and come back by reversals.

A write-down is a change of value like any other: what of it followed the goods that left is for `forwarding` to say.
A reversal is the opposite change, and goes with the goods in the same way; what is left is the sum of both.

Units: quantities in the product's stock unit; amounts in company currency, positive for a write-down, negative for
what takes one back.
Source: IAS 2.33 and 2.34.
"""

from collections import namedtuple
from decimal import Decimal

from .forwarding import forward_average, forward_fifo
from .rounding import decimal

# A posted write-down or reversal. `moment` is when it counts, `quantity` the stock that it reached, `layers` {layer
# key: amount} under FIFO (empty: whatever was in stock). `key` is the caller's.
Change = namedtuple("Change", "key moment quantity amount layers")
# What became of one: `shares` [(movement, amount that left with it)] in order of time, `left` what is in stock,
# `layers` {layer key: amount} of what that is made of, under FIFO.
Followed = namedtuple("Followed", "change shares left layers")
# Figures of a period: `opening` + `written_down` − `reversed` − `released` = `closing`.
Movement = namedtuple("Movement", "opening written_down reversed released closing")


def follow(method, movements, changes, step):
    """Return [Followed] of `changes`, in their order.

    Shape: `method` "fifo", else average; `movements` all there ever were, in order of time: an `Event` each, with its
    `moment`.

    >>> from collections import namedtuple
    >>> Moved = namedtuple("Moved", "key quantity move origin moment")
    >>> issue = Moved("d", -4, 1, None, 5)
    >>> moves = [Moved("a", 5, 7, None, 1), Moved("b", 5, 8, None, 2), issue]
    >>> [str(each.left) for each in follow("average", moves, [Change("w", 3, 10, 30, {})], 0.01)]
    ['18.00']
    >>> written = Change("w", 3, 10, 30, {"a": 10, "b": 20})
    >>> found, = follow("fifo", moves, [written], 0.01)
    >>> str(found.left), {key: str(amount) for key, amount in found.layers.items()}
    ('22.00', {'a': '2.00', 'b': '20'})
    """
    found = []
    for change in changes:
        before = [movement for movement in movements if movement.moment <= change.moment]
        after = movements[len(before) :]
        if method == "fifo":
            rows = _open_layers(before, change, step)
            forwarded = forward_fifo(rows, after, step)
        else:
            forwarded = forward_average(change.amount, change.quantity, after, step)
        shares = [(movement, forwarded.shares[movement.key]) for movement in after if movement.key in forwarded.shares]
        left = {key: amount for key, (_quantity, amount) in forwarded.layers.items() if amount}
        found.append(Followed(change, shares, forwarded.left, left))
    return found


def _open_layers(before, change, step):
    """Return [(key, quantity, amount)] of the layers in stock at the moment of `change`, with what it did to them."""
    rows = forward_fifo([], before, step).layers
    if change.layers and set(change.layers) <= set(rows):
        return [(key, quantity, change.layers.get(key, 0)) for key, (quantity, _amount) in rows.items()]
    # What was in stock is used up first
    return [(None, change.quantity, change.amount)]


def left_at(followed, reached):
    """Return what was left of one change; `reached(moment)` tells whether a moment had come.

    >>> from collections import namedtuple
    >>> Moved = namedtuple("Moved", "moment")
    >>> found = Followed(Change("w", 3, 10, 30, {}), [(Moved(5), Decimal(12)), (Moved(7), Decimal(6))], Decimal(12), {})
    >>> [str(left_at(found, lambda moment: moment <= now)) for now in (2, 4, 5, 8)]
    ['0', '30', '18', '12']
    """
    if not reached(followed.change.moment):
        return Decimal(0)
    gone = sum(share for movement, share in followed.shares if reached(movement.moment))
    return decimal(followed.change.amount) - gone


def movement_of(found, is_reversal, before, until):
    """Return the `Movement` of [Followed] in a period.

    `before(moment)` tells whether a moment lies before it, `until(moment)` whether it lies before its end;
    `is_reversal(change)` which changes count as reversals.

    >>> from collections import namedtuple
    >>> Moved = namedtuple("Moved", "moment")
    >>> written = Followed(Change("w", 3, 10, 30, {}), [(Moved(5), Decimal(12))], Decimal(18), {})
    >>> back = Followed(Change("r", 6, 6, -12, {}), [], Decimal(-12), {})
    >>> moved = movement_of([written, back], lambda c: c.key == "r", lambda m: m < 4, lambda m: m < 9)
    >>> [str(each) for each in moved]
    ['30', '0', '12', '12', '6']
    """
    opening = sum((left_at(each, before) for each in found), Decimal(0))
    written, back, released = Decimal(0), Decimal(0), Decimal(0)
    for each in found:
        if until(each.change.moment) and not before(each.change.moment):
            if is_reversal(each.change):
                back -= decimal(each.change.amount)
            else:
                written += decimal(each.change.amount)
        for movement, share in each.shares:
            if until(movement.moment) and not before(movement.moment):
                released += share
    return Movement(opening, written, back, released, opening + written - back - released)


def by_line(found, is_reversal):
    """Return [(key of a write-down, (issued, reversed, left))]: a reversal takes from each by what was left of it.

    >>> one = Followed(Change("w1", 1, 10, 30, {}), [], Decimal(30), {})
    >>> two = Followed(Change("w2", 2, 10, 10, {}), [], Decimal(10), {})
    >>> back = Followed(Change("r", 3, 10, -20, {}), [], Decimal(-20), {})
    >>> [(key, [str(each) for each in row]) for key, row in by_line([one, two, back], lambda c: c.key == "r")]
    [('w1', ['0.00', '15.00', '15.00']), ('w2', ['0.00', '5.00', '5.00'])]
    """
    rows = [_Line(each) for each in found if not is_reversal(each.change)]
    for each in sorted((each for each in found if is_reversal(each.change)), key=lambda each: each.change.moment):
        parts = [(row, max(row.left_at(each.change.moment), Decimal(0))) for row in rows]
        whole = sum(part for _row, part in parts)
        for row, part in parts:
            if part:
                row.reversals.append((each, part / whole))
    return [(row.followed.change.key, row.figures()) for row in rows]


class _Line:
    """A write-down with its parts of later reversals."""

    def __init__(self, followed):
        self.followed, self.reversals = followed, []

    def left_at(self, moment):
        return left_at(self.followed, lambda each: each <= moment) + sum(
            part * left_at(back, lambda each: each <= moment) for back, part in self.reversals
        )

    def figures(self):
        back = -sum((part * decimal(each.change.amount) for each, part in self.reversals), Decimal(0))
        left = self.followed.left + sum(part * each.left for each, part in self.reversals)
        return decimal(self.followed.change.amount) - back - left, back, left
