"""Grades trusted submissions in this process, without worker and isolation: many of them a second.

For the grader's own checks over the catalogue of mistakes and the right styles. Never for a submission that
somebody handed in.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from autograder.grading.assignment import Assignment
from autograder.grading.hidden_tests import run_hidden_tests
from autograder.grading.lender import Lender
from autograder.grading.mixed import MixedPackage, Replacement
from autograder.grading.plugin import GradingPlugin
from autograder.grading.results import Results
from autograder.grading.settings import Settings
from autograder.sandbox import failures
from autograder.sandbox.calls import Call, CallLog, arrays_in
from autograder.sandbox.inside import wire
from autograder.sandbox.limits import Deadline


def grade(
    assignment: Assignment, folder: Path, salt: str, only: str = "", problems: list[str] | None = None
) -> Results:
    """Grade a trusted submission as `grading.session` does, but for isolation and limits.

    Args:
        assignment: the homework.
        folder: holds the package with the submission's modules; those that are not there are the reference's.
        salt: the hidden inputs are drawn from it and the submission's content.
        only: the rows to grade, as `manifest.choose` takes them; empty for all.
        problems: where the grader itself failed is added here, if it is given.

    Raises:
        KeyboardInterrupt: a signal stopped it.
    """
    submission: Any = TrustedSubmission(assignment, folder)
    settings, deadline = Settings(salt), Deadline()
    plugin = GradingPlugin(
        assignment, submission, settings, submission.digest, deadline, lambda results: None, only
    )
    if run_hidden_tests(assignment, plugin):
        raise KeyboardInterrupt
    if problems is not None:
        problems += plugin.problems
    return plugin.results


class TrustedSubmission:
    """A submission whose functions are called in this process; to the tests it looks like the proxy.

    Args:
        assignment: the homework.
        folder: holds the package with the submission's modules.

    Attributes:
        is_lending: whether a function that is called gets the reference's earlier functions.
        digest: of the submission's content, in place of the collected files' digest.
        calls: the latest calls that tests made.
    """

    def __init__(self, assignment: Assignment, folder: Path) -> None:
        package = folder / assignment.package
        sources = {module: package / f"{module}.py" for module in assignment.modules}
        self.digest = hashlib.sha256(
            b"".join(file.read_bytes() for file in sources.values() if file.exists())
        ).hexdigest()
        self.is_lending = False
        self.calls = CallLog()
        self._numpy_errors: Any = dict.fromkeys(np.geterr(), "ignore")
        self._own = {
            False: self._load(assignment, package),
            True: self._load(assignment, package, Lender(assignment)),
        }
        for module in assignment.modules:
            names = [function.name for function in assignment.functions if function.module == module]
            calls = {name: _Function(self, module, name) for name in names}
            setattr(self, module, SimpleNamespace(**calls))

    def call(self, name: str, arguments: Sequence[object], keywords: Mapping[str, object]) -> np.ndarray:
        """Call a function as it is, on the arguments as they are."""
        package = self._own[self.is_lending]
        package.under_test = name
        function = package.functions.get(name)
        if function is None:
            raise failures.MissingFunction(name, f"There is no function {name}.")
        try:
            with np.errstate(**self._numpy_errors):
                returned = function(*arguments, **keywords)
        except NotImplementedError as error:
            raise failures.NotAttempted(name, f"{name} is not attempted yet: {error}.") from None
        except Exception as error:
            raise failures.CallRaised(name, f"{name} raised {type(error).__name__}: {error}.") from error
        if returned is None:
            raise failures.UnusableReturn(name, f"{name} returned None.")
        return np.array(returned, dtype=np.float64, subok=False)

    @contextlib.contextmanager
    def lending(self) -> Iterator[None]:
        """Lend the reference's earlier functions while the context lasts, as the proxy does."""
        lent_before, self.is_lending = self.is_lending, True
        try:
            yield
        finally:
            self.is_lending = lent_before

    def renew(self) -> None:
        """Do nothing: trusted code carries no state over."""

    def start_row(self) -> None:
        """Do nothing: time is not limited."""

    def take_printed(self) -> str:
        """Return nothing: what is printed is not kept."""
        return ""

    def _load(
        self, assignment: Assignment, package: Path, earlier: Replacement | None = None
    ) -> MixedPackage:
        """Import the submission's modules; those that are not there are the reference's."""
        errors = np.seterr(**self._numpy_errors)
        try:
            return MixedPackage(assignment, [package, assignment.solutions / assignment.package], earlier)
        finally:
            self._numpy_errors = np.seterr(**errors)  # what the submission set is for its calls alone


class _Function:
    """One function of a trusted submission."""

    def __init__(self, submission: TrustedSubmission, module: str, name: str) -> None:
        self.submission, self.module, self.name = submission, module, name

    def __call__(self, *arguments: object, **keywords: object) -> np.ndarray:
        """Return what the function returns for copies of these arguments."""
        return self._call(arguments, keywords)[0]

    def each(self, calls: Iterable[tuple[object, ...]]) -> list[np.ndarray]:
        """Return what the function returns for each of some arguments."""
        return [self(*arguments) for arguments in calls]

    def with_arguments(self, *arguments: object) -> tuple[np.ndarray, list[np.ndarray]]:
        """Return what the function returns, and its array arguments as the call left them."""
        return self._call(arguments, {})

    def _call(
        self, arguments: tuple[object, ...], keywords: Mapping[str, object]
    ) -> tuple[np.ndarray, list[np.ndarray]]:
        name = f"{self.module}.{self.name}"
        copies = tuple(map(_as_sent, arguments))
        named = {key: _as_sent(value) for key, value in keywords.items()}
        returned: np.ndarray | None = None
        try:
            returned = self.submission.call(name, copies, named)
            return returned, list(arrays_in(copies))
        finally:
            self.submission.calls.add(Call(name, arguments, keywords, returned))


def _as_sent(value: object) -> object:
    """The copy of an argument that a worker would be given; numpy's numbers become Python's, for example."""
    arrays: list[np.ndarray] = []
    description = json.loads(json.dumps(wire.encode(value, arrays)))
    copies = [np.array(array, order="K") for array in arrays]
    return wire.decode(description, copies, imports_records=True)
