"""Stands between hypothesis and a test: keeps the smallest failing input, and ends a search that is done."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import hypothesis.errors

from autograder.grading.assignment import Mismatch
from autograder.sandbox.calls import Call, CallLog
from autograder.sandbox.failures import SubmissionFault

EXAMPLES_AFTER_FAILURE = 80
"""Inputs tried to make a failing one smaller. A count, not a time: results must not depend on speed."""


class RowEnded(BaseException):
    """Ends hypothesis's search at once: of exceptions beyond `Exception` it swallows only exits."""


class Recorder:
    """Records every input a test is tried on.

    Args:
        test: the test to call with each input.
        log: the calls that the test makes.
        examples: inputs that the test is always tried on: after the search, whose smallest one reads better.

    Attributes:
        failure: what the smallest failing input raised, or None.
        calls: the calls that the test made on that input.
    """

    def __init__(
        self, test: Callable[..., None], log: CallLog, examples: Sequence[Mapping[str, Any]] = ()
    ) -> None:
        self.failure: BaseException | None = None
        self.calls: tuple[Call, ...] = ()
        self._log = log
        self._examples = examples
        self._size: int | None = None
        self._test = getattr(test, "recorded_test", test)
        self._tries = 0
        self._wants_first = False

    def as_test(self) -> Callable[..., None]:
        """The test, with its inputs recorded."""

        @functools.wraps(self._test)
        def recorded(*arguments: Any, **keywords: Any) -> None:
            self._try(arguments, keywords)

        recorded.recorded_test = self._test  # type: ignore[attr-defined]
        return recorded

    def try_examples(self, fixtures: Mapping[str, Any]) -> None:
        """Call the test with each of its fixed examples, and with what its fixtures are."""
        arguments = {
            name: fixtures[name] for name in inspect.signature(self._test).parameters if name in fixtures
        }
        for example in self._examples:
            try:
                self._try((), {**arguments, **example})
            except hypothesis.errors.UnsatisfiedAssumption:
                raise AssertionError(f"The example {example} is of no use to its test.") from None

    @contextmanager
    def from_the_start(self) -> Iterator[None]:
        """Record the test anew, to its first failure; afterwards what was recorded before is there again."""
        before = (self.failure, self.calls, self._size)
        self.failure, self.calls, self._size, self._wants_first = None, (), None, True
        try:
            yield
        finally:
            self.failure, self.calls, self._size = before
            self._wants_first = False

    def _try(self, arguments: tuple[Any, ...], keywords: Mapping[str, Any]) -> None:
        if self.failure is not None:
            self._tries += 1
            if self._tries > EXAMPLES_AFTER_FAILURE:
                raise RowEnded
        self._log.clear()
        try:
            self._test(*arguments, **keywords)
        except hypothesis.errors.HypothesisException:
            raise  # how a test says that an input is of no use to it
        except Exception as error:
            self._remember(error, keywords)
            # A hang or a missing function is the same on every input: trying others would only cost time. And
            # where the grader itself fails, a smaller input would not make it the student's mistake.
            is_students = isinstance(error, Mismatch | SubmissionFault)
            if not is_students or self._wants_first or getattr(error, "ends_row", False):
                raise RowEnded from error
            raise

    def _remember(self, error: BaseException, keywords: Mapping[str, Any]) -> None:
        size = len(repr({name: value for name, value in keywords.items() if name != "submission"}))
        if self._size is None or size <= self._size:
            self.failure, self.calls, self._size = error, self._log.latest(), size
