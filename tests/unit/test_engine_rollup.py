"""Lowest first: every part before what it goes into, circles found and named, on small and on random bills."""

import random

import pytest
from engine.rollup import lowest_first


def test_parts_come_before_what_is_made_of_them_whatever_the_order_given():
    parts = {"D": ["C"], "C": ["A", "B"], "A": [], "B": []}
    for keys in (["D", "C", "A", "B"], ["A", "B", "C", "D"], ["C", "D", "B", "A"]):
        order, circles = lowest_first({key: parts[key] for key in keys})
        assert order.index("C") > max(order.index("A"), order.index("B"))
        assert order[-1] == "D"
        assert circles == {}


def test_product_made_of_itself_is_a_circle_of_one():
    assert lowest_first({"A": ["A", "B"], "B": []}) == (["B"], {"A": ("A",)})


def test_two_circles_each_name_their_own_and_what_stands_above_has_none_of_its_own():
    order, circles = lowest_first({"a": ["b"], "b": ["a"], "x": ["y"], "y": ["x"], "top": ["x"], "free": ["screw"]})
    assert order == ["free"]
    assert set(circles["a"]) == set(circles["b"]) == {"a", "b"}
    assert set(circles["x"]) == set(circles["y"]) == set(circles["top"]) == {"x", "y"}


def test_chain_of_fifty_thousand_levels_needs_no_recursion():
    depth = 50000
    order, circles = lowest_first({level: [level + 1] for level in range(depth)})
    assert (order, circles) == (list(range(depth - 1, -1, -1)), {})


def reachable(parts, key):
    """Return everything below `key`, by plain search."""
    found, level = set(), {key}
    while level:
        level = {part for each in level for part in parts.get(each, ())} - found
        found |= level
    return found


@pytest.mark.parametrize("seed", range(60))
def test_random_bills_are_ordered_and_their_circles_are_real(seed):
    draw = random.Random(seed)
    size = draw.randint(1, 25)
    acyclic = seed % 3 == 0  # parts with higher numbers only
    parts = {
        key: [part for part in draw.sample(range(size + 5), draw.randint(0, min(4, size))) if not acyclic or part > key]
        for key in draw.sample(range(size), size)
    }
    order, circles = lowest_first(parts)
    assert sorted(order + list(circles)) == sorted(parts)
    place = {key: index for index, key in enumerate(order)}
    for key in order:
        assert all(place[part] < place[key] for part in parts[key] if part in parts)
    in_circle = {key for key in parts if key in reachable(parts, key)}
    assert set(circles) == {key for key in parts if key in in_circle or reachable(parts, key) & in_circle}
    for key, circle in circles.items():
        assert all(after in parts[before] for before, after in zip(circle, circle[1:] + circle[:1]))
        assert len(set(circle)) == len(circle)
        assert set(circle) <= reachable(parts, key)
    assert not (acyclic and circles)
