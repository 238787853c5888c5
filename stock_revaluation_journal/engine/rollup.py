"""In which order costs are rolled up: what goes into a product before the product itself."""


def lowest_first(parts):
    """Return the products in an order in which all parts of one come before it, and those that have none.

    Shape: `parts` {product: products that go into it}; a part that is no key goes into others and is made of
    nothing. Returns ([keys, lowest first], {key: circle}): a key of the second stands in a circle, or is made of
    one that does, however far below; a circle is a tuple of keys, each made of the next and the last of the first.
    Any depth: without recursion.
    Source: Tarjan, Depth-first search and linear graph algorithms (1972).

    >>> lowest_first({"D": ["C"], "C": ["A", "B"]})
    (['C', 'D'], {})
    >>> lowest_first({"top": ["C", "A"], "C": ["D"], "D": ["C"], "A": []})
    (['A'], {'D': ('D', 'C'), 'C': ('D', 'C'), 'top': ('D', 'C')})
    """
    order, circles = [], {}
    for ring in _rings(parts):
        below = [part for part in parts[ring[0]] if part in circles]
        if len(ring) > 1 or ring[0] in parts[ring[0]]:
            circles.update(dict.fromkeys(ring, _circle(ring, parts)))
        elif below:
            circles[ring[0]] = circles[below[0]]
        else:
            order.append(ring[0])
    return order, circles


def _rings(parts):
    """Yield the keys in lists of those that are made of each other, those that go into others first."""
    number, low, stack, pending = {}, {}, [], set()
    for start in parts:
        path = [] if start in number else [(start, iter(parts[start]))]
        while path:
            key, rest = path[-1]
            if key not in number:
                number[key] = low[key] = len(number)
                stack.append(key)
                pending.add(key)
            part = next((each for each in rest if each in parts and (each not in number or each in pending)), None)
            if part is None:
                path.pop()
                if path:
                    low[path[-1][0]] = min(low[path[-1][0]], low[key])
                if low[key] == number[key]:
                    yield _pop_ring(key, stack, pending)
            elif part in number:
                low[key] = min(low[key], number[part])
            else:
                path.append((part, iter(parts[part])))


def _pop_ring(key, stack, pending):
    """Take the ring that begins with `key` off the stack."""
    ring = []
    while key in pending:
        ring.append(stack.pop())
        pending.remove(ring[-1])
    return ring


def _circle(ring, parts):
    """Return one circle among the keys of `ring`, which are all made of each other."""
    members, walk = set(ring), [ring[0]]
    while walk.count(walk[-1]) == 1:
        walk.append(next(part for part in parts[walk[-1]] if part in members))
    return tuple(walk[walk.index(walk[-1]) : -1])
