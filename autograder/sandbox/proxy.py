"""Looks like the package students fill in; each call runs in a worker.

``submission.npg.fisher_estimate(scores, mask)`` runs in a worker and returns a plain float64 array, or raises
a `SubmissionFault`. `workers` starts and ends the processes, `limits` decides how long they may take.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType

import numpy as np

from autograder.sandbox import failures, messages
from autograder.sandbox.box import Box
from autograder.sandbox.calls import Call, CallLog
from autograder.sandbox.inside import wire
from autograder.sandbox.limits import Deadline, Limits, TimeLeft
from autograder.sandbox.workers import Lend, Workers

Arguments = tuple[tuple[object, ...], Mapping[str, object]]
"""Of one call: positional ones, and those by keyword."""

MAX_CALLS = 64
"""Of one message; the arrays of a message are limited to `wire.MAX_ARRAYS`."""


class Submission:
    """A submission that runs in workers, with an attribute for each module; a context manager that ends them.

    Args:
        box: the folder the submission is run from.
        functions: the functions of each module.
        missing: the sentence for each module that was not handed in.
        limits: how long its code may take.
        lend: calls the reference's function of a name, for `lending`.
        order: the functions that may be lent, ``module.function``, earlier ones first.
        deadline: the whole grading's; afterwards every call fails at once.

    Attributes:
        calls: the latest calls that tests made.
        is_lending: whether a function that is called is lent the reference's earlier ones.
    """

    def __init__(
        self,
        box: Box,
        functions: Mapping[str, Sequence[str]],
        missing: Mapping[str, str],
        limits: Limits | None = None,
        lend: Lend | None = None,
        order: Sequence[str] = (),
        deadline: Deadline | None = None,
    ) -> None:
        self.calls = CallLog()
        self.is_lending = False
        self._missing = missing
        self._is_short_of_memory = False
        self._time_left = TimeLeft(limits or Limits(), deadline or Deadline())
        self._workers = Workers(box, list(functions), self._time_left, lend, order)
        self._modules = {module: RemoteModule(self, module, names) for module, names in functions.items()}

    def __enter__(self) -> Submission:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.renew()

    def __getattr__(self, module: str) -> RemoteModule:
        try:
            return self.__dict__["_modules"][module]  # type: ignore[no-any-return]
        except KeyError:
            raise AttributeError(f"the homework has no module {module!r}") from None

    @property
    def confinement(self) -> dict[str, str]:
        """What the latest worker said of its layers, and the mode that they amount to."""
        return self._workers.confinement

    def renew(self) -> None:
        """End the workers; the next call starts a new one, so that nothing is carried over."""
        self._workers.end_all()

    def start_row(self) -> None:
        """Begin to count what the calls of one row take together; no row starts short of memory."""
        self._time_left.start_row()
        if self._is_short_of_memory:
            self._is_short_of_memory = False
            self.renew()

    @contextlib.contextmanager
    def lending(self) -> Iterator[None]:
        """Lend the function that is called the reference's earlier ones, in place of the submission's own.

        Earlier means earlier in ``order``: what is lent has been judged already. The lent functions run in
        this process; a second worker is sent their values, and nothing else. The calls have the time of a row
        again.
        """
        lent_before, self.is_lending = self.is_lending, True
        self.start_row()
        try:
            yield
        finally:
            self.is_lending = lent_before

    def take_printed(self) -> str:
        """What the workers have printed since this was last asked for, fit to be shown."""
        return self._workers.take_printed()

    def call(
        self, module: str, function: str, calls: Sequence[Arguments], *, with_arguments: bool = False
    ) -> list[np.ndarray]:
        """Call a function in the worker, once or several times with one message.

        Args:
            module: the module's name.
            function: the function's name.
            calls: the arguments of each call, positional and by keyword: numbers, arrays, or dataclasses of
                arrays.
            with_arguments: whether the arguments' arrays come back as the calls left them.

        Returns:
            The value that each call returned, then the arguments' arrays if asked for.

        Raises:
            SubmissionFault: a call returned no usable value; the message says why, for the student.
            GraderFault: the grader itself failed.
        """
        name, is_lending = f"{module}.{function}", self.is_lending
        values: list[np.ndarray] = []
        # Of several calls it is known which one failed only where the worker has said so.
        failed = calls[:1] if len(calls) == 1 else []
        try:
            if module in self._missing:
                raise failures.MissingModule(name, self._missing[module])
            header, arrays = _request(module, function, calls, with_arguments=with_arguments)
            limit = self._time_left.limit_of_call(name, arrays, is_lending=is_lending)
            reply, returned = self._workers.call(name, header, arrays, limit, is_lending=is_lending)
            is_fault, n_arrays = "fault" in reply, len(arrays) if with_arguments else 0
            if len(returned) >= len(calls) if is_fault else len(returned) != len(calls) + n_arrays:
                self._workers.end(is_lending=is_lending)
                raise messages.bad_reply(name)
            values, failed = returned, calls[len(returned) : len(returned) + 1]
            if is_fault:
                fault = messages.from_description(name, reply["fault"])
                # The next row needs a new worker: OpenBLAS waits for ever where it gets no memory.
                self._is_short_of_memory |= isinstance(fault, failures.OutOfMemory)
                raise fault
            return values
        finally:
            for (arguments, keywords), value in zip(
                [*calls[: len(values)], *failed], [*values, None], strict=False
            ):
                self.calls.add(Call(name, arguments, keywords, value))


def _request(module: str, function: str, calls: Sequence[Arguments], *, with_arguments: bool) -> wire.Message:
    arrays: list[np.ndarray] = []
    header = {
        "do": "call",
        "module": module,
        "function": function,
        "calls": [
            {
                "arguments": [wire.encode(value, arrays) for value in arguments],
                "keywords": {key: wire.encode(value, arrays) for key, value in keywords.items()},
            }
            for arguments, keywords in calls
        ],
        "with_arguments": with_arguments,
    }
    return header, arrays


class RemoteModule:
    """One module of the submission, one attribute a function."""

    def __init__(self, submission: Submission, module: str, functions: Sequence[str]) -> None:
        self._functions = {name: RemoteFunction(submission, module, name) for name in functions}
        self._module = module

    def __getattr__(self, function: str) -> RemoteFunction:
        try:
            return self.__dict__["_functions"][function]  # type: ignore[no-any-return]
        except KeyError:
            raise AttributeError(
                f"the homework's module {self._module} has no function {function!r}"
            ) from None


@dataclass(frozen=True)
class RemoteFunction:
    """One function of the submission; a call of it runs in a worker."""

    submission: Submission
    module: str
    name: str

    def __call__(self, *arguments: object, **keywords: object) -> np.ndarray:
        """Return what the student's function returns, as a plain float64 array of any shape."""
        return self.submission.call(self.module, self.name, [(arguments, keywords)])[0]

    def each(self, calls: Iterable[tuple[object, ...]]) -> list[np.ndarray]:
        """Return what the function returns for each of some arguments.

        Several calls share a message: a round trip takes far longer than a call of a small input.
        """
        waiting: list[Arguments] = [(arguments, {}) for arguments in calls]
        returned: list[np.ndarray] = []
        while waiting:
            together, waiting = waiting[:MAX_CALLS], waiting[MAX_CALLS:]
            returned += self.submission.call(self.module, self.name, together)
        return returned

    def with_arguments(self, *arguments: object) -> tuple[np.ndarray, list[np.ndarray]]:
        """Return what the function returns, and its array arguments as the call left them, in order."""
        returned, *left = self.submission.call(self.module, self.name, [(arguments, {})], with_arguments=True)
        return returned, left
