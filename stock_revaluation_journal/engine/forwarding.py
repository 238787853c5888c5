"""Who took what since a date, and what share of a change goes along with it.

A revaluation dated in the past changes the stock of that day. What left since takes its share of
the change to where its cost went; a customer return brings the share of its issue back.

Three rules, by costing method. Each returns a `Forwarded`: the share of every event, signed like the
change, and what of the change is still in stock. Shares are whole cents, rounded so that they and what
is left add up to the change exactly: the last issue of a layer, or the stock, takes the rest.

Units: quantities in the product's stock unit, changes in company currency.
Source: Business Central, adjusting the cost of item entries applied to a revalued one.
"""

from collections import deque, namedtuple
from decimal import Decimal

from .rounding import decimal, round_to

# A movement after the date, in time order. `quantity` is positive for what came in, negative for what left and
# zero where the product's cost was set anew; `move` names the stock move, `origin` the move that it returns.
Event = namedtuple("Event", "key quantity move origin", defaults=(None, None))
# `shares` {event key: share of the change that left with it, negative where it came back}, `left` what is in stock,
# `layers` {layer key: (quantity, change)} of what it is made of, under FIFO.
Forwarded = namedtuple("Forwarded", "shares left layers")


class _Shares:
    """Whole cents of amounts that come one by one, the rounding error of each carried to the next."""

    def __init__(self, step):
        self.step, self.exact, self.rounded = step, Decimal(0), Decimal(0)

    def next(self, amount):
        """Return `amount` in whole cents, so that all together are rounded right."""
        self.exact += amount
        rounded = round_to(self.exact, self.step)
        share, self.rounded = rounded - self.rounded, rounded
        return share


class _Layer:
    """What is in stock of one receipt: an interval of all that came in, used up from its beginning.

    `changes` {layer key: change}: its own, or what a return brought back of those that its issue took from. Each is
    rounded by itself, so that a product's change does what those of its layers, one by one, take back.
    """

    def __init__(self, key, begin, end, changes):
        self.key, self.begin, self.end, self.changes = key, begin, end, changes
        self.length, self.given = end - begin, dict.fromkeys(changes, Decimal(0))

    def take(self, until, step):
        """Use the layer up to `until` and return {layer key: share} of its changes that go with it."""
        self.begin = min(until, self.end)
        shares, used = {}, self.length - (self.end - self.begin)
        for key, change in self.changes.items():
            gone = change if self.begin == self.end else round_to(change * used / self.length, step)
            shares[key], self.given[key] = gone - self.given[key], gone
        return shares

    def left(self):
        """Return what of its changes is in stock."""
        return sum(self.changes.values()) - sum(self.given.values())


class _Stack:
    """Layers on one axis, each as long as its quantity, used up from the beginning by all that is issued."""

    def __init__(self, step):
        self.layers, self.step = deque(), step
        self.reach = self.issued = Decimal(0)

    def stocked(self, quantity):
        """Return what of `quantity` is in stock when it comes in: the rest fills stock below zero."""
        return min(quantity, max(self.reach + quantity - self.issued, Decimal(0)))

    def receive(self, key, quantity, changes):
        """Add what of a receipt is in stock, with its changes."""
        begin = self.reach + quantity - self.stocked(quantity)
        self.reach += quantity
        if begin < self.reach:
            self.layers.append(_Layer(key, begin, self.reach, changes))

    def issue(self, quantity):
        """Return {layer key: share} of what goes with `quantity`: from the oldest layers, what it used of them."""
        self.issued, shares = self.issued + quantity, {}
        while self.layers and self.layers[0].begin < self.issued:
            _add(shares, self.layers[0].take(self.issued, self.step))
            if self.layers[0].begin < self.layers[0].end:
                break
            self.layers.popleft()
        return shares


class _Issues:
    """What each stock move took along, for its return to bring back."""

    def __init__(self):
        self.taken = {}

    def add(self, event, shares):
        quantity, taken = self.taken.get(event.move, (Decimal(0), {}))
        self.taken[event.move] = (quantity - decimal(event.quantity), _add(taken, shares))

    def give_back(self, event, quantity):
        """Return {key: share} of `quantity` of what `event` returns, or corrects on the move itself."""
        origin = event.origin if event.origin in self.taken else event.move
        issued, shares = self.taken.get(origin, (Decimal(0), {}))
        quantity = min(quantity, issued)
        if quantity <= 0:
            return {}
        back = {key: share * quantity / issued for key, share in shares.items()}
        self.taken[origin] = (issued - quantity, {key: share - back[key] for key, share in shares.items()})
        return back


def _add(shares, more):
    """Add {key: share} to `shares` and return them."""
    for key, share in more.items():
        shares[key] = shares.get(key, Decimal(0)) + share
    return shares


def forward_fifo(layers, events, step, receipts=None):
    """Forward changes of layers: an issue takes from the oldest what it used of them.

    Receipts and issues are intervals on one axis, each as long as its quantity; an issue took from a layer
    what the two share. What was issued before it came in took nothing along.

    Shape: `layers` [(key, quantity, change)] in order, `events` [Event] in order; `receipts` {key: change} of
    receipts among the events that change themselves. Of such a one what filled stock below zero goes on at once.

    >>> moves = [Event("d1", -5, 1), Event("in", 5, 2), Event("d2", -3, 3)]
    >>> found = forward_fifo([("a", 4, -8), ("b", 10, -20)], moves, 0.01)
    >>> [str(found.shares[key]) for key in ("d1", "d2")], str(found.left)
    (['-10.00', '-6.00'], '-12.00')
    """
    step, issues, shares, receipts = decimal(step), _Issues(), {}, receipts or {}
    stack = _Stack(step)
    for key, quantity, change in layers:
        stack.receive(key, decimal(quantity), {key: decimal(change)})
    for event in events:
        quantity = decimal(event.quantity)
        if quantity > 0:
            stocked, change = stack.stocked(quantity), decimal(receipts.get(event.key, 0))
            gone = round_to(change * (quantity - stocked) / quantity, step)
            back = {key: round_to(share, step) for key, share in issues.give_back(event, stocked).items()}
            share = gone - sum(back.values())
            stack.receive(event.key, quantity, _add({event.key: change - gone}, back))
        else:
            taken = stack.issue(-quantity)
            share = sum(taken.values())
            issues.add(event, taken)
        if share:
            shares[event.key] = share
    total = sum(map(decimal, [change for _key, _quantity, change in layers] + list(receipts.values())))
    left = {layer.key: (layer.end - layer.begin, layer.left()) for layer in stack.layers}
    return Forwarded(shares, total - sum(shares.values()), left)


def forward_average(change, quantity, events, step):
    """Forward a change of average cost: an issue of q out of Q takes q/Q of what is left of it.

    The issue that empties the stock, or takes it below zero, takes all. Where the cost is set anew, that takes
    what is left.

    >>> moves = [Event("d1", -1, 1), Event("d2", -1, 2)]
    >>> found = forward_average(1, 3, moves, 0.01)
    >>> [str(share) for share in found.shares.values()], str(found.left)
    (['0.33', '0.34'], '0.33')
    """
    left, stock, issues = decimal(change), decimal(quantity), _Issues()
    cents, shares = _Shares(decimal(step)), {}
    for event in events:
        moved, went = decimal(event.quantity), Decimal(0)
        stock += moved
        if moved > 0:
            went = -sum(issues.give_back(event, min(moved, max(stock, Decimal(0)))).values())
        elif moved < 0:
            went = left if stock <= 0 else left * -moved / (stock - moved)
            issues.add(event, {None: went})
        else:
            went = left
        left -= went
        share = cents.next(went)
        if share:
            shares[event.key] = share
    return Forwarded(shares, decimal(change) - cents.rounded, {})


def forward_standard(change, quantity, events, step):
    """Forward a change of standard cost: what moves, in or out, does so at the new cost until the next change of it.

    >>> moves = [Event("d", -4, 1), Event("in", 2, 2)]
    >>> found = forward_standard(-20, 10, moves, 0.01)
    >>> [str(share) for share in found.shares.values()], str(found.left)
    (['-8.00', '4.00'], '-16.00')
    >>> found = forward_standard(-20, 10, [Event("d", -4, 1), Event("cost", 0)], 0.01)
    >>> [str(share) for share in found.shares.values()], str(found.left)
    (['-8.00', '-12.00'], '0.00')
    """
    left, cents, shares = decimal(change), _Shares(decimal(step)), {}
    for event in events:
        went = -decimal(event.quantity) * decimal(change) / decimal(quantity) if event.quantity else left
        left -= went
        share = cents.next(went)
        if share:
            shares[event.key] = share
        if not event.quantity:
            break
    return Forwarded(shares, decimal(change) - cents.rounded, {})


def spread_per_unit(amount, layers, step):
    """Spread a change over layers so that each unit changes by the same, and no layer falls below zero.

    Where a layer is worth less than its part of a write-down it ends at zero, and the others take the rest.

    Shape: `layers` [(quantity, value)]; returns [change] in whole cents, in order, adding up to `amount`.
    Raises: ValueError if the layers are worth less than a write-down.

    >>> [str(change) for change in spread_per_unit(-28, [(4, 40), (10, 120)], 0.01)]
    ['-8.00', '-20.00']
    >>> [str(change) for change in spread_per_unit(-60, [(5, 25), (5, 50)], 0.01)]
    ['-25.00', '-35.00']
    """
    amount, rows = decimal(amount), [(decimal(quantity), decimal(value)) for quantity, value in layers]
    if not rows or sum((value for _quantity, value in rows), amount) < 0:
        raise ValueError("%s cannot be spread over these layers." % amount)
    emptied, rest, units = set(), amount, sum(quantity for quantity, _value in rows)
    while units:
        low = {i for i, (q, value) in enumerate(rows) if i not in emptied and rest * q / units < -value}
        if not low:
            break
        emptied |= low
        rest = amount + sum(rows[i][1] for i in emptied)
        units = sum(quantity for i, (quantity, _value) in enumerate(rows) if i not in emptied)
    cents, changes, lacking = _Shares(decimal(step)), [], Decimal(0)
    for i, (quantity, value) in enumerate(rows):
        change = cents.next(-value if i in emptied else rest * quantity / units) + lacking
        changes.append(max(change, -value))
        lacking = change - changes[-1]
    for i in reversed(range(len(rows))):  # half a cent too much of the last ones
        changes[i], lacking = max(changes[i] + lacking, -rows[i][1]), min(lacking + changes[i] + rows[i][1], Decimal(0))
    return changes
