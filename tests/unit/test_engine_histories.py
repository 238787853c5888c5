"""What a history of receipts, issues and costs leads to, by hand."""

from engine.histories import merge_lines, replay_average, take_newest


def test_average_below_zero_takes_the_cost_of_the_receipt_that_fills_it():
    # 4 issued of nothing: -4 x 0; 10 at 3 lift it to 6, which are worth 6 x 3
    assert replay_average([-4.0, 10.0], [0.0, 30.0], 6.0) == 18.0


def test_average_receipt_of_nothing_keeps_the_cost():
    # cost set to 5, all 2 issued, a receipt without quantity, then -1 x 5
    assert replay_average([2.0, None, -2.0, 0.0, -1.0], [8.0, 5.0, 0.0, 9.0, 0.0], -1.0) == -5.0


def test_average_cost_set_before_a_receipt_counts_for_what_was_there():
    # 2 at 5, then 2 at 7: 24; one issued at 6: 18
    assert replay_average([2.0, None, 2.0, -1.0], [8.0, 5.0, 14.0, 0.0], 3.0) == 18.0


def test_average_cost_alone_counts_for_all_in_stock():
    assert replay_average([None], [5.0], 3.0) == 15.0
    assert replay_average([], [], 3.0) == 0.0


def test_newest_receipts_stop_within_the_units_rounding():
    # 0.1 + 0.2 is 0.30000000000000004: the receipt before is not touched
    assert take_newest([9.0, 0.1, 0.2], [900.0, 1.0, 3.0], 0.1 + 0.2, 0.01) == 4.0


def test_lines_of_one_move_are_one_event_and_costs_stay_apart():
    ids, counted, values = [5, 5, 5, 6], [None, 1.0, 2.0, -3.0], [4.0, 9.0, 9.0, 0.0]
    assert merge_lines(ids, counted, values) == ([5, 5, 6], [None, 3.0, -3.0], [4.0, 9.0, 0.0])
    assert merge_lines([5, 6], [1.0, -1.0], [2.0, 0.0]) == ([5, 6], [1.0, -1.0], [2.0, 0.0])
