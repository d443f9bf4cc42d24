"""What a row is held against, and how it is judged again: a wrong piece is paid for in its own rows alone.

A row that fails is judged once more in two ways. The lecture's function is put on top of the submission's own
earlier ones, and the submission's is held against it: that saves a helper that two functions share, and a
wrong convention that is kept throughout. Or the submission's function is lent the lecture's earlier ones:
that saves what is built on a piece that is missing or raises.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import importlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np

from autograder.grading.assignment import Assignment, Mismatch
from autograder.grading.mixed import MixedPackage
from autograder.sandbox.failures import NotComposable, SubmissionFault
from autograder.sandbox.proxy import Submission

OWN = "Passed: the lecture's gives the same with your earlier functions in it, which cost their own points."
LENT = "Passed with the lecture's earlier functions in place of yours, whose mistakes cost their own points."

FAILED_LENT = "This is what your function does with the lecture's earlier functions in place of yours."


@dataclass(frozen=True)
class Retrial:
    """One way to judge a row again that failed.

    Attributes:
        note: what is said where it passes.
        fixtures: what the test is given in place of its own fixtures of these names.
        begun: begins the time of a row again, and lasts as long as the judging.
    """

    note: str
    fixtures: Mapping[str, Any]
    begun: Callable[[], AbstractContextManager[None]]


class FollowThrough:
    """What the rows of one grading are held against, and the ways to judge them again.

    Args:
        assignment: the homework.
        submission: the submission.
    """

    def __init__(self, assignment: Assignment, submission: Submission) -> None:
        self._assignment = assignment
        self._submission = submission
        self._on_own_pieces = OnOwnPieces(assignment, submission)
        self._kept: dict[str, dict[str, Any]] = {OWN: {}, LENT: {}}

    @functools.cached_property
    def lecture(self) -> SimpleNamespace:
        """The right functions, one attribute a module, as tests reach those of the submission."""
        package, modules = self._assignment.package, self._assignment.modules
        return SimpleNamespace(**{name: importlib.import_module(f"{package}.{name}") for name in modules})

    def retrials(
        self, number: str, fixtures: Mapping[str, Any], failure: Mismatch | SubmissionFault
    ) -> Iterator[Retrial]:
        """The ways to judge a row again, in order.

        Args:
            number: the row's.
            fixtures: those of its test, by name. One that is not held against the `lecture` fixture is judged
                with lent functions alone.
            failure: what the row failed with. Where no value came back, none would with another expectation.
        """
        if "lecture" in fixtures and not isinstance(failure, SubmissionFault):
            given = {"lecture": self._on_own_pieces.for_row(number), "kept": self._kept[OWN]}
            yield Retrial(OWN, given, self._row_begun)
        # With lent pieces, a run is not the student's own.
        given = {"show_curve": lambda run: None, "kept": self._kept[LENT]}
        yield Retrial(LENT, given, self._submission.lending)

    @contextlib.contextmanager
    def _row_begun(self) -> Iterator[None]:
        self._submission.start_row()
        yield


class OnOwnPieces:
    """The right functions on top of the submission's own earlier ones.

    Earlier than the function whose row is judged; in a row of no function, than the one that is called.

    Args:
        assignment: the homework.
        submission: whose functions are called.
    """

    def __init__(self, assignment: Assignment, submission: Submission) -> None:
        self._assignment = assignment
        self._submission = submission

    @functools.cached_property
    def _mixed(self) -> MixedPackage:
        folder = self._assignment.solutions / self._assignment.package
        return MixedPackage(self._assignment, [folder], self._piece)

    def for_row(self, number: str) -> SimpleNamespace:
        """The functions for a row of a number, one attribute a module."""
        rows_own = [one for one in self._assignment.functions if number.startswith(f"{one.number}.")]
        modules: dict[str, dict[str, Any]] = {module: {} for module in self._assignment.modules}
        for one in self._assignment.functions:
            under_test = (rows_own[0] if rows_own else one).qualified_name
            modules[one.module][one.name] = functools.partial(self._call, under_test, one.qualified_name)
        return SimpleNamespace(**{name: SimpleNamespace(**functions) for name, functions in modules.items()})

    def _call(self, under_test: str, name: str, *arguments: Any) -> np.ndarray:
        """Call a function.

        Raises:
            SubmissionFault: the submission's own pieces cannot show what the right answer would be.
        """
        self._mixed.under_test = under_test
        composed = self._composed(name, arguments)
        if self._mixed.is_earlier(name):
            return composed
        right = np.asarray(self._right(name)(*arguments))
        if composed.shape != right.shape or not np.isfinite(composed).all():
            raise NotComposable(name, f"{name} cannot be put together from these pieces.")
        if not np.array_equal(composed, right) and not self._is_telling(name, arguments, composed):
            raise NotComposable(name, f"{name} is the same whatever its arguments are, with these pieces.")
        return composed

    def _composed(self, name: str, arguments: Sequence[Any]) -> np.ndarray:
        try:
            with np.errstate(all="ignore"):
                return np.asarray(self._mixed.functions[name](*arguments), dtype=np.float64)
        except (ArithmeticError, LookupError, TypeError, ValueError) as error:
            # What the submission's pieces return may fit no formula.
            raise NotComposable(name, f"{name} cannot be computed from these pieces: {error}.") from None

    def _is_telling(self, name: str, arguments: Sequence[Any], composed: np.ndarray) -> bool:
        """Whether it answers otherwise where the data are others.

        If every piece returns a constant, the composition cannot be told apart from a wrong one: it moves
        nothing, or moves it by the same whatever the data are. What has the result's shape is no data: a step
        starts from the first, and may end at another by chance.
        """
        alike = [isinstance(one, np.ndarray) and one.shape == composed.shape for one in arguments]
        if any(alike) and np.array_equal(arguments[alike.index(True)], composed):
            return False
        shrunk = [
            one if is_alike else _shrunk(one, place)
            for place, (one, is_alike) in enumerate(zip(arguments, alike, strict=True), start=1)
        ]
        try:
            return not np.array_equal(self._composed(name, shrunk), composed)
        except NotComposable:
            return True

    def _piece(self, name: str, arguments: Sequence[Any], keywords: Mapping[str, Any]) -> Any:
        """What the submission's function returns, where it is of the right shape and finite."""
        module, _, function = name.partition(".")
        with np.errstate(all="ignore"):
            shape = np.shape(self._right(name)(*arguments, **keywords))
        returned: np.ndarray = getattr(getattr(self._submission, module), function)(*arguments, **keywords)
        if shape == () and returned.size == 1:
            returned = returned.reshape(())
        if returned.shape != shape or not np.isfinite(returned).all():
            raise NotComposable(name, f"{name} returned no finite numbers of shape {shape}.")
        return returned if shape else float(returned)

    def _right(self, name: str) -> Any:
        module, _, function = name.partition(".")
        return getattr(importlib.import_module(f"{self._assignment.package}.{module}"), function)


def _shrunk(value: Any, place: int) -> Any:
    """The same data but for the sizes of their real numbers; each array's changes by another factor."""
    if isinstance(value, np.ndarray) and value.dtype == np.float64:
        return 0.9**place * value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
        changed = {
            name: _shrunk(field, place + within) for within, (name, field) in enumerate(fields.items())
        }
        return dataclasses.replace(value, **changed)
    return value
