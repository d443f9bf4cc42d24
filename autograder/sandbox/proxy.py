"""The one door through the wall: looks like the package students fill in, and calls across.

``submission.npg.fisher_estimate(scores, mask)`` runs in a worker and returns a plain float64 array, or raises
a `SubmissionFault`. Time limits, restarts and the patience with hangs are decided here.
"""

from __future__ import annotations

import contextlib
import functools
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType

import numpy as np

from autograder.sandbox import failures, isolation, messages
from autograder.sandbox.box import Box
from autograder.sandbox.calls import Call, CallLog
from autograder.sandbox.inside import wire
from autograder.sandbox.process import Borrow, Worker

Lend = Callable[[str, Sequence[object], Mapping[str, object]], np.ndarray]
"""Calls the function of a name; ValueError with a sentence where the arguments do not fit."""


@dataclass(frozen=True)
class Limits:
    """How long student code may take, in seconds as `Stopwatch` counts them.

    Attributes:
        import_seconds: for importing one module.
        call_seconds: for one call, whatever its input.
        call_seconds_per_mebibyte: for each MiB of arguments on top. Plain Python loops over a CartPole batch
            of 10 MiB take about 1 s.
        patience_seconds: what all hangs of a submission together may cost. Until then a hang is tried once
            more, since a core may run at a fraction of its speed for a while.
        impatient_seconds: the limit of a call once patience is used up.
        impatient_import_seconds: the same for an import; scipy alone takes a second on a slow machine.
        most_lent_hangs: so many functions may hang by their own fault, with lent ones around them; the rest
            are then not tried with lent ones. A submission that hangs everywhere is graded in 45 s on a
            full core.
        row_seconds: what the calls of one row together may take, with the same on top for each MiB; and again
            with lent functions.
    """

    import_seconds: float = 10.0
    call_seconds: float = 5.0
    call_seconds_per_mebibyte: float = 3.0
    patience_seconds: float = 10.0
    impatient_seconds: float = 1.0
    impatient_import_seconds: float = 3.0
    most_lent_hangs: int = 6
    row_seconds: float = 30.0


class Submission:
    """A submission behind the wall, one attribute a module. A context manager: the worker ends with it.

    Args:
        box: the folder the submission is run from.
        functions: the functions of each module.
        missing: the sentence for each module that was not handed in.
        limits: how long its code may take.
        lend: calls the reference's function of a name, for `lending`.
        order: the functions that may be lent, ``module.function``, earlier ones first.
        seconds: the whole grading's, by the clock; afterwards every call fails at once.

    Attributes:
        calls: the latest calls that tests made.
    """

    def __init__(
        self,
        box: Box,
        functions: Mapping[str, Sequence[str]],
        missing: Mapping[str, str],
        limits: Limits | None = None,
        lend: Lend | None = None,
        order: Sequence[str] = (),
        seconds: float | None = None,
    ) -> None:
        self._box = box
        self._ends = None if seconds is None else time.monotonic() + seconds
        self._row_left: float | None = None
        self._missing = missing
        self._limits = limits or Limits()
        self._lend = lend
        self._order = order
        self._workers: dict[bool, Worker] = {}
        self.is_lending = False
        self._import_faults: dict[str, str] = {}
        self._slow_imports: set[str] = set()
        self._hung: dict[tuple[str, bool], float] = {}
        self._seconds_hung = 0.0
        self._lent_hangs = 0
        self._is_short_of_memory = False
        self._logs: list[str] = []
        self._prints: list[str] = []
        self._modules = {module: RemoteModule(self, module, names) for module, names in functions.items()}
        self.confinement: dict[str, str] = {}
        self.calls = CallLog()

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

    def renew(self) -> None:
        """End the workers; the next call starts a new one, so that nothing is carried over."""
        for is_lending in list(self._workers):
            self._end(is_lending)

    def start_row(self) -> None:
        """Begin to count what the calls of one row take together; no row starts short of memory."""
        self._row_left = self._limits.row_seconds
        if self._is_short_of_memory:
            self._is_short_of_memory = False
            self.renew()

    def _end(self, is_lending: bool) -> None:
        worker = self._workers[is_lending]
        worker.close()
        # Last: a signal may come in between, and then it is closed once more at the end.
        self._logs.append(worker.log)
        self._prints.append(worker.take_log())
        del self._workers[is_lending]

    @contextlib.contextmanager
    def lending(self) -> Iterator[None]:
        """Lend the function that is called the reference's earlier ones, in place of the submission's own.

        Earlier means earlier in ``order``: what is lent has been judged already. The lent functions run on
        this side of the wall; a worker of its own sees their values, nothing else.
        """
        self.is_lending = True
        if self._row_left is not None:
            self.start_row()
        try:
            yield
        finally:
            self.is_lending = False

    def take_printed(self) -> str:
        """What the workers have printed since this was last asked for, fit to be shown."""
        new = "".join([*self._prints, *(worker.take_log() for worker in self._workers.values())])
        self._prints.clear()
        return messages.clean_log(new)

    @property
    def printed(self) -> str:
        """What the submission's workers have printed so far, each bounded, fit to be shown."""
        running = [worker.log for worker in self._workers.values()]
        return messages.clean_log("".join([*self._logs, *running]))

    def call(
        self,
        module: str,
        function: str,
        arguments: Sequence[object],
        keywords: Mapping[str, object],
        *,
        with_arguments: bool = False,
    ) -> list[np.ndarray]:
        """Call a function in the worker.

        Args:
            module: the module's name.
            function: the function's name.
            arguments: positional arguments: numbers, arrays, or dataclasses of arrays.
            keywords: keyword arguments of the same kinds.
            with_arguments: whether the arguments' arrays come back as the call left them.

        Returns:
            The returned value, then the arguments' arrays if asked for.

        Raises:
            SubmissionFault: no usable value came back; the message says why, for the student.
            GraderFault: the grader itself failed.
        """
        name = f"{module}.{function}"
        if module in self._missing:
            raise failures.MissingModule(name, self._missing[module])
        if (name, self.is_lending) in self._hung:
            raise messages.hung_before(name, self._hung[name, self.is_lending])
        if self.is_lending and self._lent_hangs >= self._limits.most_lent_hangs:
            raise messages.hung_before(name, self._limits.impatient_seconds)
        arrays: list[np.ndarray] = []
        header = {
            "do": "call",
            "module": module,
            "function": function,
            "arguments": [wire.encode(value, arrays) for value in arguments],
            "keywords": {key: wire.encode(value, arrays) for key, value in keywords.items()},
            "with_arguments": with_arguments,
        }
        size = sum(array.nbytes for array in arrays) / 2**20
        limit = self._limits.call_seconds + size * self._limits.call_seconds_per_mebibyte
        if self._row_left is not None:
            self._row_left += size * self._limits.call_seconds_per_mebibyte
        reply, values = self._ask_patiently(module, name, header, arrays, limit)
        if "fault" in reply:
            fault = messages.from_description(name, reply["fault"])
            # OpenBLAS, for one, waits for ever where there is no memory to be had.
            self._is_short_of_memory |= isinstance(fault, failures.OutOfMemory)
            raise fault
        if len(values) != 1 + (len(arrays) if with_arguments else 0):
            self._end(self.is_lending)
            raise messages.bad_reply(name)
        return values

    def _ask_patiently(
        self, module: str, name: str, header: wire.Header, arrays: Sequence[np.ndarray], limit: float
    ) -> tuple[wire.Header, list[np.ndarray]]:
        """Ask the worker, once more after a first time-out while there is patience left."""
        for attempt in (1, 2):
            worker = self._ready_worker()
            if module in self._import_faults:
                raise failures.ImportFailed(name, self._import_faults[module])
            allowed = self._allowed(name, limit, self._limits.impatient_seconds)
            answer = functools.partial(self._answer, name) if self.is_lending else None
            try:
                return self._request(worker, header, arrays, allowed, answer)
            except wire.WireTimeout:
                self._end(self.is_lending)
                self._check_time(name)
                was_patient = allowed == limit
                self._seconds_hung += allowed
                if attempt == 2 or not was_patient:
                    self._hung[name, self.is_lending] = allowed
                    self._lent_hangs += self.is_lending
                    raise messages.hung(name, allowed) from None
            except wire.WireClosed:
                ending = worker.exit_sentence()
                self._end(self.is_lending)
                raise messages.died(name, ending) from None
            except wire.WireError:
                self._end(self.is_lending)
                raise messages.bad_reply(name) from None
        raise AssertionError("the second attempt returns or raises")

    def _request(
        self,
        worker: Worker,
        header: wire.Header,
        arrays: Sequence[np.ndarray],
        allowed: float,
        answer: Borrow | None = None,
    ) -> tuple[wire.Header, list[np.ndarray]]:
        """Ask a worker, and take the time from that of the row."""
        try:
            return worker.request(header, arrays, allowed, answer, self._ends)
        finally:
            if self._row_left is not None:
                self._row_left -= worker.stopwatch.taken()

    def _allowed(self, name: str, limit: float, impatient: float) -> float:
        """The seconds that a call or an import may take, of what there is left of the row's."""
        self._check_time(name)
        if self._seconds_hung >= self._limits.patience_seconds:
            limit = min(limit, impatient)
        return limit if self._row_left is None else min(limit, self._row_left)

    def _check_time(self, name: str) -> None:
        if self._ends is not None and time.monotonic() >= self._ends:
            raise messages.out_of_time(name)
        if self._row_left is not None and self._row_left <= 0:
            raise messages.too_slow(name, self._limits.row_seconds)

    def _ready_worker(self) -> Worker:
        """The running worker, or a new one with every module imported, dependencies first.

        A module whose import fails is replaced by its stub, so that the modules that import it can still be
        judged. An import that ends the worker costs a new one, in which that module is a stub from the start.
        """
        while self.is_lending not in self._workers:
            worker = Worker(self._box, self._order, lends=self.is_lending)
            self._workers[self.is_lending] = worker
            self.confinement = {"mode": isolation.mode_of(worker.confinement), **worker.confinement}
            try:
                is_whole = all(self._import(worker, module) for module in self._modules)
            except BaseException:
                # Half of the modules are there: the next call needs a worker with all of them.
                self._end(self.is_lending)
                raise
            if not is_whole:
                self._end(self.is_lending)
        return self._workers[self.is_lending]

    def _answer(
        self, under_test: str, request: wire.Header, arrays: list[np.ndarray]
    ) -> tuple[wire.Header, list[np.ndarray]]:
        """Answer a worker that borrows a function; what it gives as arguments is checked by `Lend`.

        The worker asks for nothing but earlier functions, unless student code writes to the wire itself.
        """
        name, arguments, keywords = (request.get(key) for key in ("borrow", "arguments", "keywords"))
        if not (isinstance(name, str) and isinstance(arguments, list) and isinstance(keywords, dict)):
            raise wire.WireError("a function is asked for without name or arguments.")
        if name not in self._order[: self._order.index(under_test)]:
            raise wire.WireError("a function is asked for that is not an earlier one.")
        try:
            values = [wire.decode(value, arrays, {}) for value in arguments]
            named = {key: wire.decode(value, arrays, {}) for key, value in keywords.items()}
            assert self._lend is not None
            return {"done": True}, [self._lend(name, values, named)]
        except (wire.WireError, ValueError) as error:
            return {"refusal": str(error)[:1000]}, []
        except (ArithmeticError, AttributeError, LookupError, MemoryError, TypeError) as error:
            # The arguments may be hostile: what they bring about in the reference is their doing.
            return {"refusal": f"{name} cannot be computed for these arguments: {type(error).__name__}."}, []

    def _import(self, worker: Worker, module: str) -> bool:
        """Import one module, or its stub where that has failed before; False when the worker is lost."""
        is_stub = module in self._import_faults
        header = {"do": "load", "module": module, "is_stub": is_stub}
        allowed = self._allowed(
            f"{module}.py", self._limits.import_seconds, self._limits.impatient_import_seconds
        )
        problem: str | None = None
        try:
            reply, _ = self._request(worker, header, [], allowed)
        except wire.WireTimeout:
            self._check_time(f"{module}.py")
            self._seconds_hung += allowed
            if module not in self._slow_imports and allowed == self._limits.import_seconds:
                self._slow_imports.add(module)
                return False
            problem = messages.import_hung(module, allowed)
        except wire.WireClosed:
            problem = messages.import_died(module, worker.exit_sentence())
        except wire.WireError:
            problem = messages.import_disturbed(module)
        if problem is not None:
            self._import_faults[module] = problem
            return False
        if "fault" not in reply:
            return True
        if is_stub:
            if any(other not in self._import_faults for other in self._modules_before(module)):
                return True  # student code that runs in this worker has broken the import system for itself
            raise failures.GraderFault(
                f"The stub of {module}.py cannot be imported: regenerate the template."
            )
        self._import_faults[module] = messages.import_failed(module, reply["fault"])
        return self._import(worker, module)

    def _modules_before(self, module: str) -> list[str]:
        names = list(self._modules)
        return names[: names.index(module)]


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
    """One function of the submission; calling it calls across the wall."""

    submission: Submission
    module: str
    name: str

    def __call__(self, *arguments: object, **keywords: object) -> np.ndarray:
        """Return what the student's function returns, as a plain float64 array of any shape."""
        return self._call(arguments, keywords, with_arguments=False)[0]

    def with_arguments(self, *arguments: object) -> tuple[np.ndarray, list[np.ndarray]]:
        """Return what the function returns, and its array arguments as the call left them, in order."""
        returned, *left = self._call(arguments, {}, with_arguments=True)
        return returned, left

    def _call(
        self, arguments: tuple[object, ...], keywords: Mapping[str, object], *, with_arguments: bool
    ) -> list[np.ndarray]:
        returned: np.ndarray | None = None
        try:
            values = self.submission.call(
                self.module, self.name, arguments, keywords, with_arguments=with_arguments
            )
            returned = values[0]
            return values
        finally:
            self.submission.calls.add(Call(f"{self.module}.{self.name}", arguments, keywords, returned))
