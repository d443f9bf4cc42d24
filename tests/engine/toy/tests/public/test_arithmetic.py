"""Run me at home."""

from toy.arithmetic import double


def test_double():
    assert double(2.0) == 4.0
