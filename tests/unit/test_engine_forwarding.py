"""The forwarding engine: the worked histories by hand, and random ones against a second, slower reckoning."""

from decimal import Decimal
from fractions import Fraction

import pytest
from engine.forwarding import (
    Event,
    forward_average,
    forward_fifo,
    forward_standard,
    spread_per_unit,
)
from hypothesis import example, given
from hypothesis import strategies as st

CENT = Decimal("0.01")


def texts(found):
    return {key: "%.2f" % share for key, share in found.shares.items()}


# F1: at the date 4 @ 10 and 10 @ 12 = 160, to 132: -28 / 14 = -2 a unit
F1 = [("l1", 4, -8), ("l2", 10, -20)]
# F2: 10 @ 10 = 100 to 80: -2 a unit
F2 = [("l1", 10, -20)]


def test_fifo_two_issues_over_two_layers():
    events = [Event("d1", -5, 1), Event("in", 5, 2), Event("d2", -3, 3)]
    found = forward_fifo(F1, events, CENT)
    # 5 × 2 = 10: all 4 of the first layer and 1 of the second; 3 × 2 = 6; 6 × 2 = 12 stay in the second
    assert texts(found) == {"d1": "-10.00", "d2": "-6.00"}
    assert found.left == -12
    assert found.layers == {"l2": (6, -12), "in": (5, 0)}


def test_fifo_customer_return_brings_its_share_back():
    found = forward_fifo(F2, [Event("d", -4, 1), Event("r", 1, 2, 1)], CENT)
    # 4 × 2 = 8 went, 8 / 4 = 2 came back: 6 in the first layer × 2 = 12, and the returned one 2
    assert texts(found) == {"d": "-8.00", "r": "2.00"}
    assert found.left == -14
    assert found.layers == {"l1": (6, -12), "r": (1, -2)}


def test_fifo_stock_below_zero_takes_all():
    # 4 @ 10 = 40 to 32: -8; nine leave, four of them were there
    found = forward_fifo([("l1", 4, -8)], [Event("d", -9, 1), Event("in", 10, 2)], CENT)
    assert texts(found) == {"d": "-8.00"}
    assert found.left == 0
    assert found.layers == {"in": (5, 0)}


def test_fifo_return_into_stock_below_zero_brings_back_what_is_left_of_it():
    # nine leave of four, -8 with them; six come back, of which five fill the hole and one is in stock: 8 / 9 of it
    found = forward_fifo([("l1", 4, -9)], [Event("d", -9, 1), Event("r", 6, 2, 1)], CENT)
    assert texts(found) == {"d": "-9.00", "r": "1.00"}
    assert found.left == -1


def test_fifo_second_return_of_an_issue_brings_no_more_than_it_took():
    events = [Event("d", -2, 1), Event("r1", 1, 2, 1), Event("r2", 1, 3, 1), Event("r3", 1, 4, 1)]
    found = forward_fifo([("l1", 10, -20)], events, CENT)
    assert texts(found) == {"d": "-4.00", "r1": "2.00", "r2": "2.00"}
    assert found.left == -20


def test_fifo_return_of_what_left_before_the_date_is_a_receipt_like_any_other():
    found = forward_fifo([("l1", 10, -20)], [Event("r", 5, 2, 99), Event("d", -10, 3)], CENT)
    assert texts(found) == {"d": "-20.00"}


def test_fifo_correction_of_an_issue_gives_its_share_back():
    # a delivery of 4 is corrected to 3 afterwards: a positive movement of the same stock move
    found = forward_fifo([("l1", 10, -20)], [Event("d", -4, 1), Event("c", 1, 1)], CENT)
    assert texts(found) == {"d": "-8.00", "c": "2.00"}


def test_fifo_thirds_of_a_cent_add_up():
    # -1.00 on 3 units: 0.33, 0.34, 0.33
    events = [Event("d1", -1, 1), Event("d2", -1, 2), Event("d3", -1, 3)]
    found = forward_fifo([("l1", 3, -1)], events, CENT)
    assert texts(found) == {"d1": "-0.33", "d2": "-0.34", "d3": "-0.33"}
    assert found.left == 0


def test_fifo_whole_receipt_into_stock_below_zero_goes_on_at_once_for_what_fills_it():
    # 5 below zero; 8 come in and change by +24, 3 a unit: 5 × 3 go on at once, of the other three 2 leave, 1 stays
    events = [Event("d1", -5, 1), Event("in", 8, 2), Event("d2", -2, 3)]
    found = forward_fifo([], events, CENT, {"in": 24})
    assert texts(found) == {"in": "15.00", "d2": "6.00"}
    assert found.left == 3
    assert found.layers == {"in": (1, 3)}


def test_fifo_whole_receipt_that_stock_below_zero_takes_up_is_not_in_stock():
    found = forward_fifo([], [Event("d1", -5, 1), Event("in", 3, 2)], CENT, {"in": -1})
    assert texts(found) == {"in": "-1.00"}
    assert (found.left, found.layers) == (0, {})


def test_average_receipt_between_two_issues():
    # A1: -20 on 10; 4 of 10 take 8; 6 come in: 12; 3 of 12 take a quarter of the 12 left = 3
    events = [Event("d1", -4, 1), Event("in", 6, 2), Event("d2", -3, 3)]
    found = forward_average(-20, 10, events, CENT)
    assert texts(found) == {"d1": "-8.00", "d2": "-3.00"}
    assert found.left == -9


def test_average_thirds_of_a_cent_add_up():
    # A2: +1.00 on 3: 1/3 = 0.33, another third: 0.67 altogether, 0.33 stays
    found = forward_average(1, 3, [Event("d1", -1, 1), Event("d2", -1, 2)], CENT)
    assert texts(found) == {"d1": "0.33", "d2": "0.34"}
    assert found.left == Decimal("0.33")


def test_average_emptied_stock_and_return():
    # all 10 leave with -20; 2 of them come back: 2 / 10 of it
    found = forward_average(-20, 10, [Event("d", -10, 1), Event("r", 2, 2, 1)], CENT)
    assert texts(found) == {"d": "-20.00", "r": "4.00"}
    assert found.left == -4


def test_average_below_zero_takes_all_and_a_return_into_the_hole_brings_nothing():
    found = forward_average(-20, 10, [Event("d", -15, 1), Event("r", 5, 2, 1), Event("in", 9, 3)], CENT)
    assert texts(found) == {"d": "-20.00"}
    assert found.left == 0


def test_average_cost_set_anew_takes_what_is_left():
    found = forward_average(-20, 10, [Event("d", -4, 1), Event("cost", 0), Event("d2", -3, 3)], CENT)
    assert texts(found) == {"d": "-8.00", "cost": "-12.00"}
    assert found.left == 0


def test_standard_receipt_moves_at_the_new_cost():
    # S1: 10 → 8: 4 out take 8, 2 in bring -4: 8 × -2 = -16
    found = forward_standard(-20, 10, [Event("d", -4, 1), Event("in", 2, 2)], CENT)
    assert texts(found) == {"d": "-8.00", "in": "4.00"}
    assert found.left == -16


def test_standard_next_change_of_cost_takes_back_what_is_left():
    # S2: 4 out take 8; the cost is set to 12: it changes the 6 by 24 instead of 12
    found = forward_standard(-20, 10, [Event("d", -4, 1), Event("cost", 0), Event("in", 5, 2)], CENT)
    assert texts(found) == {"d": "-8.00", "cost": "-12.00"}
    assert found.left == 0


def test_nothing_issued_leaves_all_in_stock():
    assert forward_fifo(F1, [], CENT).left == -28
    assert forward_average(-20, 10, [], CENT).left == -20
    assert forward_standard(-20, 10, [Event("in", 0.5, 1)], CENT).left == -21


def test_spread_per_unit_empties_small_layers_first():
    # 10 @ 1 and 10 @ 9, -60: -3 a unit is more than the first has, so it ends at zero and the other takes -50
    assert spread_per_unit(-60, [(10, 10), (10, 90)], CENT) == [-10, -50]
    assert spread_per_unit(-100, [(10, 10), (10, 90)], CENT) == [-10, -90]
    assert spread_per_unit(10, [(3, 0), (1, 0)], CENT) == [Decimal("7.5"), Decimal("2.5")]
    # 28 digits make a 28th of the last one too much of this one: it ends at zero all the same
    odd = Decimal("0.7215400323407826")
    assert spread_per_unit(-odd, [(Decimal("4.453871940548014"), odd)], Decimal("1e-16")) == [-odd]
    for layers in ([], [(1, 5)]):
        with pytest.raises(ValueError):
            spread_per_unit(-6, layers, CENT)


LAYERS = st.lists(st.tuples(st.integers(1, 30), st.integers(0, 10**5)), min_size=1, max_size=8)


@given(LAYERS, st.integers(-(10**5), 10**5))
@example([(1, 0), (1, 1), (1, 1)], -1)
def test_spread_per_unit_keeps_the_total_and_empties_nothing_below_zero(cents, amount):
    layers = [(quantity, Decimal(value) / 100) for quantity, value in cents]
    amount = max(Decimal(amount) / 100, -sum(value for _quantity, value in layers))
    changes = spread_per_unit(amount, layers, CENT)
    assert sum(changes) == amount
    assert all(value + change >= 0 for (_quantity, value), change in zip(layers, changes))
    # among the layers that are not emptied each unit changes by the same, to within the cents of rounding
    rest = [
        change / quantity
        for (quantity, value), change in zip(layers, changes)
        if value + change > 2 * len(layers) * CENT
    ]
    assert not rest or max(rest) - min(rest) <= 2 * len(layers) * CENT


@st.composite
def histories(draw):
    """Draw (quantities at the date, movements): receipts, issues of what is there, returns of issues."""
    layers = draw(st.lists(st.integers(1, 9), min_size=1, max_size=4))
    stock, issued, events = sum(layers), {}, []
    for number in range(draw(st.integers(0, 12))):
        kind = draw(st.sampled_from(["in", "out", "out", "return"]))
        if kind == "out" and stock:
            quantity = draw(st.integers(1, stock))
            events.append(Event(number, -quantity, number))
            issued[number] = quantity
            stock -= quantity
        elif kind == "return" and any(issued.values()):
            origin = draw(st.sampled_from([move for move, quantity in issued.items() if quantity]))
            quantity = draw(st.integers(1, issued[origin]))
            events.append(Event(number, quantity, number, origin))
            issued[origin] -= quantity
            stock += quantity
        else:
            quantity = draw(st.integers(1, 9))
            events.append(Event(number, quantity, number))
            stock += quantity
    return layers, events, stock


def unit_by_unit(changes, events, first_out):
    """Reckon with every unit by itself: what each carries of the change, exactly. Average: all carry the same."""
    stock, taken, shares = list(changes), {}, {}
    for event in events:
        if event.quantity < 0:
            out, stock = stock[: -event.quantity], stock[-event.quantity :]
            if not first_out:
                whole = out + stock  # all units carry the same
                each = sum(whole) / len(whole)
                out, stock = [each] * len(out), [each] * len(stock)
            taken[event.key] = (len(out), sum(out))
            shares[event.key] = sum(out)
        elif event.origin in taken and taken[event.origin][0]:
            quantity, share = taken[event.origin]
            back = share * event.quantity / quantity
            taken[event.origin] = (quantity - event.quantity, share - back)
            stock += [back / event.quantity] * event.quantity
            shares[event.key] = -back
        else:
            stock += [Fraction(0)] * event.quantity
    return shares, sum(stock)


@given(histories(), st.lists(st.integers(-(10**4), 10**4), min_size=4, max_size=4))
def test_fifo_random_histories_agree_with_reckoning_unit_by_unit(history, cents):
    layers, events, stock = history
    changes = [Decimal(cent) / 100 for cent in cents[: len(layers)]]
    found = forward_fifo([(("layer", i), q, c) for i, (q, c) in enumerate(zip(layers, changes))], events, CENT)
    units = [Fraction(change) / q for q, change in zip(layers, changes) for _unit in range(q)]
    agree(found, unit_by_unit(units, events, first_out=True), sum(changes), stock, len(layers) + len(events))
    assert sum(quantity for quantity, _change in found.layers.values()) == stock
    assert sum(change for _quantity, change in found.layers.values()) == found.left


def test_fifo_return_of_two_layers_comes_back_as_each_alone_would():
    # Of 3 that took 0.05 of either layer 1 comes back: 0.05 / 3 = 0.02 of each, though 0.10 / 3 = 0.03
    layers, events = [("l1", 2, Decimal("0.05")), ("l2", 1, Decimal("0.05"))], [Event("d", -3, 1), Event("r", 1, 2, 1)]
    assert texts(forward_fifo(layers, events, CENT)) == {"d": "0.10", "r": "-0.04"}
    alone = [forward_fifo([row[:2] + (row[2] * (row is own),) for row in layers], events, CENT) for own in layers]
    assert [texts(each) for each in alone] == [{"d": "0.05", "r": "-0.02"}] * 2


@given(histories(), st.lists(st.integers(-(10**4), 10**4), min_size=4, max_size=4))
def test_fifo_change_of_a_product_does_what_those_of_its_layers_do_one_by_one(history, cents):
    layers, events, _stock = history
    changes = [Decimal(cent) / 100 for cent in cents[: len(layers)]]

    def forward(changes):
        return forward_fifo([(("layer", i), q, c) for i, (q, c) in enumerate(zip(layers, changes))], events, CENT)

    whole = forward(changes)
    alone = [forward([c if i == j else Decimal(0) for j, c in enumerate(changes)]) for i in range(len(changes))]
    assert whole.left == sum(found.left for found in alone)
    for event in events:
        assert whole.shares.get(event.key, 0) == sum(found.shares.get(event.key, 0) for found in alone)


@given(histories(), st.integers(-(10**4), 10**4))
def test_average_random_histories_agree_with_reckoning_unit_by_unit(history, cents):
    layers, events, stock = history
    change, quantity = Decimal(cents) / 100, sum(layers)
    found = forward_average(change, quantity, events, CENT)
    agree(found, unit_by_unit([Fraction(change) / quantity] * quantity, events, first_out=False), change, stock, 1)


def agree(found, exact, change, stock, pieces):
    shares, left = exact
    assert sum(found.shares.values()) + found.left == change
    assert stock or found.left == 0
    for key, share in shares.items():
        assert abs(Fraction(found.shares.get(key, 0)) - share) <= pieces * CENT
    assert abs(Fraction(found.left) - left) <= (pieces + 1) * CENT


@given(histories(), st.integers(-(10**4), 10**4))
def test_standard_random_histories_keep_value_at_quantity_times_cost(history, cents):
    layers, events, stock = history
    change, quantity = Decimal(cents) / 100, sum(layers)
    found = forward_standard(change, quantity, events, CENT)
    assert sum(found.shares.values()) + found.left == change
    assert abs(found.left - change * stock / quantity) <= CENT
