"""The graded tests of the only part."""

from __future__ import annotations

import numpy as np
from gradescope_utils.autograder_utils.decorators import number, weight
from hypothesis import given
from hypothesis import strategies as st

from tests.hidden.judge import assert_equal
from toy.basket import Basket

NUMBERS = st.floats(min_value=1.0, max_value=1e6)


@weight(1)
@number("1.1.1")
@given(drawn=NUMBERS)
def test_double_is_twice_the_number(submission, drawn):
    """Is twice the number.

    2 · number (slide "Multiples").
    """
    assert_equal("arithmetic.double", submission.arithmetic.double(drawn), 2.0 * drawn)


@weight(1)
@number("1.2.1")
@given(drawn=NUMBERS)
def test_triple_is_three_times_the_number(submission, drawn):
    """Is three times the number.

    3 · number (slide "Multiples").
    """
    assert_equal("arithmetic.triple", submission.arithmetic.triple(drawn), 3.0 * drawn)


@weight(1)
@number("1.2.2")
@given(drawn=NUMBERS, scale=st.floats(min_value=2.0, max_value=10.0))
def test_the_scale_makes_no_difference(submission, drawn, scale):
    """Is the same at any scale.

    The scale is against an underflow alone (slide "Multiples").
    """
    assert_equal("arithmetic.triple", submission.arithmetic.triple(drawn, scale), 3.0 * drawn)


@weight(1)
@number("1.3.1")
@given(drawn=st.lists(st.tuples(NUMBERS, st.integers(1, 9)), min_size=2, max_size=4))
def test_total_adds_price_times_count(submission, drawn):
    """Adds price times count.

    Σ price · count (slide "Sums").
    """
    prices, counts = (np.array(column, dtype=float) for column in zip(*drawn, strict=True))
    assert_equal("arithmetic.total", submission.arithmetic.total(Basket(prices, counts)), prices @ counts)
