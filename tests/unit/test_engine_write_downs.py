"""What is left of write-downs, in plain Python: the cases beside the doctests."""

from collections import namedtuple
from decimal import Decimal

import pytest
from engine.write_downs import Change, Followed, Movement, by_line, follow, left_at, movement_of

Moved = namedtuple("Moved", "key quantity move origin moment")
RECEIPTS = [Moved("a", 5, 7, None, 1), Moved("b", 5, 8, None, 2)]


def issue(key, quantity, moment):
    return Moved(key, -quantity, key, None, moment)


def followed(key, moment, amount, *shares):
    """Return a change of which `shares` [(moment, amount)] have left."""
    left = Decimal(amount) - sum(Decimal(share) for _moment, share in shares)
    moved = [(issue(number, 1, when), Decimal(share)) for number, (when, share) in enumerate(shares)]
    return Followed(Change(key, moment, 10, amount, {}), moved, left, {})


def is_reversal(change):
    return change.amount < 0


def test_fifo_without_layers_follows_the_stock_of_its_moment_as_one():
    """10 in stock, written down by 30; of 4 issued 12 go along, though no layer is known."""
    (found,) = follow("fifo", RECEIPTS + [issue("d", 4, 5)], [Change("w", 3, 10, 30, {})], 0.01)
    assert (found.left, found.layers) == (Decimal("18.00"), {None: Decimal("18.00")})


def test_fifo_with_layers_that_were_not_open_follows_the_stock_as_one():
    moves = [RECEIPTS[0], issue("d", 5, 2), RECEIPTS[1]._replace(moment=3), issue("e", 1, 5)]
    (found,) = follow("fifo", moves, [Change("w", 4, 5, 10, {"a": 10})], 0.01)
    assert found.left == Decimal("8.00")


@pytest.mark.parametrize("now, left", [(2, 0), (3, 30), (5, 18)])
def test_left_at_is_nothing_before_and_less_with_each_issue(now, left):
    assert left_at(followed("w", 3, 30, (5, 12)), lambda moment: moment <= now) == left


def test_movement_counts_what_happens_within_the_period_alone():
    """Before it 30 written down and 6 issued, in it 10 written down, 4 reversed, 8 issued, after it 5 issued."""
    found = [followed("w1", 1, 30, (2, 6), (12, 8), (25, 5)), followed("w2", 11, 10), followed("r", 13, -4)]
    found += [followed("w3", 30, 99)]
    moved = movement_of(found, is_reversal, lambda moment: moment < 10, lambda moment: moment < 20)
    assert moved == Movement(24, 10, 4, 8, 22)


def test_reversal_takes_nothing_from_a_write_down_that_is_gone():
    """Of the first nothing was left when 4 were taken back: all of them come from the second."""
    gone, left, back = followed("gone", 1, 10, (2, 10)), followed("left", 1, 10), followed("back", 3, -4)
    assert by_line([gone, left, back], is_reversal) == [("gone", (10, 0, 0)), ("left", (0, 4, 6))]
