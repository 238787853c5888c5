"""Net realisable value and the lower-of test: by hand, and what holds for any figures."""

from decimal import Decimal

from engine.realisable import (
    bounded,
    buckets,
    cost_not_above,
    kept_percent,
    months_of_stock,
    net_price,
    percent_of,
    row_of,
    write_downs,
)
from hypothesis import given
from hypothesis import strategies as st

ROWS = [(91, 90), (181, 75), (366, 0)]
cents = st.integers(0, 10**7).map(lambda number: Decimal(number) / 100)
items = st.lists(st.tuples(cents, cents), min_size=1, max_size=12)
pieces = st.lists(
    st.tuples(st.integers(0, 1000), st.integers(1, 500), st.decimals(0, 100, places=2)), min_size=1, max_size=8
)


def test_price_pays_for_completing_and_selling():
    assert net_price(20, 12.5, 1.25) == Decimal("16.25")  # 20 − 2.50 − 1.25
    assert net_price(20, 0, 0) == 20
    assert net_price(2, 50, 1.01) == 0


def test_rows_begin_on_their_day():
    assert [percent_of(days, ROWS) for days in (0, 90, 91, 180, 181, 365, 366, 5000)] == [
        100, 100, 90, 90, 75, 75, 0, 0,
    ]  # fmt: skip
    assert row_of(None, ROWS) == 2
    assert row_of(None, []) is None
    assert percent_of(5, []) == 100


def test_ages_weigh_by_what_the_goods_cost():
    # 10 at 10.00 and 10 at 20.00: the old ones at 75 per cent: (75 + 200) / 300
    assert kept_percent([(200, 10, 10), (5, 10, 20)], ROWS) == Decimal(27500) / 300
    # worth nothing: by quantity, (5 × 75 + 15 × 100) / 20
    assert kept_percent([(200, 5, 0), (5, 15, 0)], ROWS) == Decimal("93.75")


def test_buckets_say_from_when_to_when():
    found = buckets([(200, 5, 1), (400, 2.5, 1), (400, 1, 1)], ROWS)
    assert found == [(181, 365, 75, 5), (366, None, 0, Decimal("3.5"))]
    assert buckets([(3, 4, 1)], []) == [(0, None, 100, 4)]
    assert buckets([(3, 4, 1)], [(0, 80)]) == [(0, None, 80, 4)]


def test_months_of_stock():
    assert months_of_stock(60, 120, 12) == 6
    assert months_of_stock(60, 0, 12) is None
    assert months_of_stock(60, -3, 12) is None  # more came back than went out


def test_group_of_two_needs_nothing_where_items_by_themselves_do():
    above, below = (100, 120), (100, 85)  # A +20, B −15
    assert write_downs([above, below], 0.01) == [0, 0]
    assert write_downs([above], 0.01) + write_downs([below], 0.01) == [0, 15]


def test_shortfall_of_a_group_is_borne_by_the_items_below_to_the_cent():
    # below by 1.00, 1.00, 1.00 and above by 2.00: 1.00 over three: 0.33, 0.34 (0.67 reached), 0.33
    assert write_downs([(1, 0), (1, 0), (1, 0), (1, 3)], 0.01) == [
        Decimal("0.33"), Decimal("0.34"), Decimal("0.33"), 0,
    ]  # fmt: skip


def test_changes_stay_within_their_bounds():
    # 6 at 7.00 with 18.00 left of a write-down: 9.00 gives 54.00, 11.00 no more than 60.00
    assert bounded(42, 54, None, 18) == 54
    assert bounded(42, 66, None, 18) == 60
    assert bounded(42, 66, None, 0) == 42
    assert bounded(42, 30, None, 18) == 30
    assert bounded(42, 30, 0, None) == 42


def test_rounded_cost_is_not_worth_more_than_the_value():
    assert cost_not_above(Decimal("10.00"), 3, 2) == Decimal("3.33")
    assert cost_not_above(Decimal("60.00"), 6, 2) == 10


@given(items)
def test_write_downs_add_up_and_bring_no_item_below_its_value(group):
    found = write_downs(group, Decimal("0.01"))
    assert sum(found) == max(sum(cost - value for cost, value in group), 0)
    for (cost, value), write_down in zip(group, found):
        assert 0 <= write_down <= max(cost - value, 0)


@given(items)
def test_group_never_needs_more_than_its_items(group):
    single = sum(write_downs([item], Decimal("0.01"))[0] for item in group)
    assert sum(write_downs(group, Decimal("0.01"))) <= single


@given(pieces)
def test_kept_per_cent_lies_between_those_of_the_pieces(found):
    percents = [percent_of(days, ROWS) for days, _quantity, _cost in found]
    assert min(percents) - Decimal("1e-20") <= kept_percent(found, ROWS) <= max(percents) + Decimal("1e-20")


@given(pieces)
def test_buckets_hold_all_pieces(found):
    assert sum(bucket[3] for bucket in buckets(found, ROWS)) == sum(quantity for _days, quantity, _cost in found)


@given(cents, st.integers(1, 1000), st.integers(0, 4))
def test_rounded_cost_is_the_highest_that_fits(value, quantity, digits):
    cost = cost_not_above(value, quantity, digits)
    assert cost * quantity <= value < (cost + Decimal(1).scaleb(-digits)) * quantity
