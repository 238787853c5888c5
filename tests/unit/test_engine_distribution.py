"""The distribution engine: hand-computed spreads, and what must hold for any of them."""

from decimal import Decimal

import pytest
from engine.distribution import changes, distribute
from engine.rounding import agree, decimal, round_to, unit_cost_of, value_of
from hypothesis import example, given
from hypothesis import strategies as st

STEPS = st.sampled_from([Decimal("0.01"), Decimal("1"), Decimal("0.001"), Decimal("0.05")])
QUANTITIES = st.lists(st.integers(1, 10**7).map(lambda n: n / 1000), min_size=1, max_size=60)


@pytest.mark.parametrize(
    "total, quantities, expected",
    [
        # 75.00 in 5 @ 5 and 5 @ 10 to zero: nothing is left in either
        (0, [5, 5], ["0.00", "0.00"]),
        # 10 / 7 = 1.428571…; running totals 1.43 2.86 4.29 5.71 7.14 8.57 10.00
        (10, [1] * 7, ["1.43", "1.43", "1.43", "1.42", "1.43", "1.43", "1.43"]),
        # 10.00 at 3 and 1 of 4 units: 7.50 and 2.50
        (10, [3, 1], ["7.50", "2.50"]),
        # 0.02 over 3: running totals 0.0067 → 0.01, 0.0133 → 0.01, 0.02
        (0.02, [1, 1, 1], ["0.01", "0.00", "0.01"]),
        # 0.01 over 200 layers: one of them takes it
        (0.01, [1] * 200, ["0.00"] * 99 + ["0.01"] + ["0.00"] * 100),
    ],
)
def test_distribute_gives_the_figures_worked_out_by_hand(total, quantities, expected):
    assert distribute(total, quantities, 0.01) == [Decimal(piece) for piece in expected]


@given(st.integers(0, 10**9), QUANTITIES, STEPS)
@example(1, [0.001, 1000.0], Decimal("0.01"))
def test_distribute_keeps_the_total_and_one_unit_cost(steps, quantities, step):
    total = steps * step
    pieces = distribute(total, quantities, step)
    assert sum(pieces) == total
    assert min(pieces) >= 0
    whole = sum(map(decimal, quantities))
    for piece, quantity in zip(pieces, quantities):
        assert round_to(piece, step) == piece
        # Rounding of the running total before and after the piece: half a step each
        assert abs(piece - total * decimal(quantity) / whole) <= step


@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)), min_size=1, max_size=40))
def test_changes_add_up_to_the_difference_of_the_totals(pairs):
    new, old = [pair[0] / 100 for pair in pairs], [pair[1] / 100 for pair in pairs]
    assert sum(changes(new, old)) == sum(map(decimal, new)) - sum(map(decimal, old))


@pytest.mark.parametrize(
    "total, quantities, step",
    [(10, [], 0.01), (10, [1, 0], 0.01), (10, [1, -1], 0.01), (10.005, [1], 0.01), (10, [1], 0)],
)
def test_distribute_what_makes_no_sense_is_refused(total, quantities, step):
    with pytest.raises(ValueError):
        distribute(total, quantities, step)


@pytest.mark.parametrize(
    "number, step, expected",
    [
        (72.725, 0.01, "72.73"),
        (-72.725, 0.01, "-72.73"),
        (2.5, 1, "3"),
        (0.1 + 0.2, 0.01, "0.30"),
        (7.13, 0.05, "7.15"),
    ],
)
def test_round_to_halves_go_away_from_zero(number, step, expected):
    assert round_to(number, step) == Decimal(expected)


def test_value_and_unit_cost_of_147_units_at_750():
    # 750 / 147 = 5.102040…; 147 × 5.1020 = 749.994 → 749.99; 147 × 5.10 = 749.70
    assert unit_cost_of(750, 147, 4) == Decimal("5.1020")
    assert value_of(147, 5.1020, 0.01) == Decimal("749.99")
    assert value_of(147, 5.10, 0.01) == Decimal("749.70")


def test_unit_cost_of_nothing_is_refused():
    with pytest.raises(ZeroDivisionError):
        unit_cost_of(10, 0, 4)


@given(st.integers(0, 10**9).map(lambda n: n / 100), st.integers(1, 10**7).map(lambda n: n / 1000))
def test_a_total_agrees_with_the_unit_cost_it_gives(value, quantity):
    assert agree(value, float(unit_cost_of(value, quantity, 4)), quantity, 0.01, 4)


@given(st.integers(0, 10**8).map(lambda n: n / 10000), st.integers(1, 10**7).map(lambda n: n / 1000))
def test_a_unit_cost_agrees_with_the_total_it_gives(unit_cost, quantity):
    assert agree(float(value_of(quantity, unit_cost, 0.01)), unit_cost, quantity, 0.01, 4)


def test_a_total_and_a_unit_cost_that_contradict_do_not_agree():
    assert not agree(760, 5.102, 147, 0.01, 4)
