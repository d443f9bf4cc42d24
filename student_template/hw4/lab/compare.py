"""Compares what a function returned with what was expected, at home and in the grader alike.

A mismatch is a sentence: the function, what was expected, what was found. No formula is known here.
"""

from __future__ import annotations

import numpy as np

from hw4.lab.signatures import SIGNATURES

RELATIVE_TOLERANCE = 1e-6
"""Any stable float64 evaluation of these short sums agrees far better; a wrong factor is far worse."""
STEP_TOLERANCE = 1e-4
"""For η and the steps built on it: leaves room for a guard of at most 1e-6 in a denominator above 0.1."""
ROUNDING = 1e-15
"""An error of this size, relative to the quantity's natural scale, is never a mistake."""
FLOAT32_FACTOR = 1e9
"""float32 rounds 2²⁹ = 5.4e8 times as coarsely as float64; a little more is allowed."""
_MAX_SHOWN_ENTRIES = 24


class Mismatch(AssertionError):
    """A returned value is not what was expected. The message is complete sentences for the student.

    Attributes:
        function: ``module.function`` as in ``SIGNATURES``.
        kind: what is wrong of what one call returned, ``"type"``, ``"shape"``, ``"not finite"`` or
            ``"value"``; ``"argument"``, the call changed one; ``"relation"``, what several calls returned, or
            what was computed from it, does not fit together; ``"outcome"``, no call in particular.
        expected: the array expected, or None where none exists.
        found: the array found, or None where nothing numeric came back.
        related: further functions whose calls are part of a relation.
    """

    def __init__(
        self,
        function: str,
        kind: str,
        message: str,
        expected: np.ndarray | None = None,
        found: np.ndarray | None = None,
        related: tuple[str, ...] = (),
    ) -> None:
        super().__init__(message)
        self.function = function
        self.kind = kind
        self.expected = expected
        self.found = found
        self.related = related


def as_returned(function: str, returned: object, shape: tuple[int, ...]) -> np.ndarray:
    """Turn what a function returned into a finite float64 array of the shape expected.

    Args:
        function: ``module.function`` as in ``SIGNATURES``.
        returned: anything ``np.asarray`` turns into float64; for a number, one-element arrays too.
        shape: the shape expected; ``()`` for a number.

    Returns:
        A plain float64 ndarray of exactly that shape.

    Raises:
        Mismatch: nothing numeric, another shape, or a NaN or infinity.
    """
    __tracebackhide__ = True  # pytest shows the test's line, not ours
    if returned is None:
        raise Mismatch(function, "type", f"{function} returned None: is its last line a return statement?")
    try:
        if np.iscomplexobj(np.asarray(returned)):
            raise Mismatch(
                function,
                "type",
                f"{function} returned complex numbers, but real ones were expected: "
                "for a symmetric matrix, eigh keeps real what eig may not.",
            )
        # asarray, not asanyarray: a subclass (a masked array, say) must not decide comparisons. No copy where
        # none is needed: that `found` is the array returned tells which call was rejected.
        found = np.asarray(returned, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        raise Mismatch(
            function,
            "type",
            f"{function} returned a {type(returned).__name__} that is not an array of real numbers.",
        ) from None
    if shape == () and found.size == 1:
        found = found.reshape(())
    if found.shape != shape:
        expected = _describe(function, shape)
        raise Mismatch(
            function,
            "shape",
            f"{function} returned shape {found.shape}, but {expected} was expected.",
            None,
            found,
        )
    if not np.isfinite(found).all():
        raise Mismatch(function, "not finite", _not_finite(function, found), None, found)
    return found


def assert_close(
    function: str,
    returned: object,
    expected: object,
    *,
    tolerance: float = RELATIVE_TOLERANCE,
    scale: float | None = None,
    entrywise: bool = False,
    rounding: float = ROUNDING,
    relation: str = "",
) -> None:
    """Assert that a function returned what was expected: shape first, then finiteness, then the values.

    Args:
        function: ``module.function`` as in ``SIGNATURES``.
        returned: what the function returned.
        expected: the values expected.
        tolerance: allowed error relative to ``scale``.
        scale: the size that rounding is relative to; by default the largest entry expected. Give the size
            of the summed terms where they may cancel.
        entrywise: compare every entry with its own size instead, where small ones matter beside large ones.
        rounding: an error that is allowed whatever the size of the result. The default is that of a quantity
            whose natural scale is 1, such as a probability.
        relation: where `returned` was computed from what the function returned: what it has to be, in a
            sentence put before the numbers.

    Raises:
        Mismatch: with the first thing that differs.
    """
    __tracebackhide__ = True
    wanted = np.array(expected, dtype=np.float64, subok=False)
    found = as_returned(function, returned, wanted.shape)
    largest = float(np.max(np.abs(wanted), initial=0.0))
    relative_to = np.abs(wanted) if entrywise else max(scale or 0.0, largest)
    allowed = np.maximum(tolerance * relative_to, rounding)
    error = np.abs(found - wanted)
    if not (error <= allowed).all():
        kind = "relation" if relation else "value"
        message = _wrong_value(function, found, wanted, error, relation)
        if (
            _is_float32(found)
            and (error <= FLOAT32_FACTOR * np.maximum(ROUNDING * relative_to, rounding)).all()
        ):
            message += "\nIt was computed in float32: keep float64."
        raise Mismatch(function, kind, message, wanted, found)


def _is_float32(found: np.ndarray) -> bool:
    """Whether every entry is a float32 number, and not all are as short as integers and their halves."""
    with np.errstate(over="ignore"):
        single = found.astype(np.float32)
        return bool(np.array_equal(single, found) and not np.array_equal(single.astype(np.float16), found))


def _describe(function: str, shape: tuple[int, ...]) -> str:
    axes = SIGNATURES[function].returns.axes or ()
    if axes == ():
        return "a number"
    if "..." in axes or len(axes) != len(shape):
        return str(shape)
    return f"({', '.join(axes)}{',' if len(axes) == 1 else ''}) = {shape}"


def _not_finite(function: str, found: np.ndarray) -> str:
    if found.shape == ():
        return f"{function} returned {found[()]}: look for a division by zero, an overflow in exp, or ln 0."
    where = tuple(int(index) for index in np.argwhere(~np.isfinite(found))[0])
    count = f"{int((~np.isfinite(found)).sum())} of {found.size} entries are not finite"
    return (
        f"{function} returned {found[where]} at {_index(where)} ({count}): "
        "look for a division by zero, an overflow in exp, or ln 0."
    )


def _wrong_value(
    function: str, found: np.ndarray, wanted: np.ndarray, error: np.ndarray, relation: str
) -> str:
    if found.shape == ():
        numbers = f"{found[()]:.8g}, but {wanted[()]:.8g} was expected."
        return f"{relation}\n  It is {numbers}" if relation else f"{function} returned {numbers}"
    where = tuple(int(index) for index in np.unravel_index(int(np.argmax(error)), error.shape))
    entry = f"the entry at {_index(where)} is {found[where]:.8g}, but {wanted[where]:.8g} was expected."
    head = f"{relation}\n  Here {entry}" if relation else f"{function}: {entry}"
    if found.size > _MAX_SHOWN_ENTRIES:
        return head
    name = "found   " if relation else "returned"
    return f"{head}\n  expected {_write(wanted)}\n  {name} {_write(found)}"


def _index(where: tuple[int, ...]) -> str:
    return "[" + ", ".join(map(str, where)) + "]"


def _write(array: np.ndarray) -> str:
    return np.array2string(array, precision=6, separator=", ", suppress_small=False).replace(
        "\n", "\n           "
    )
