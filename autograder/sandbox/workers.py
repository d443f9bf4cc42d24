"""The workers of a submission: started when one is needed, with every module imported, and ended."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from autograder.sandbox import failures, isolation, messages
from autograder.sandbox.box import Box
from autograder.sandbox.inside import wire
from autograder.sandbox.limits import TimeLeft
from autograder.sandbox.process import Borrow, Worker

Lend = Callable[[str, Sequence[object], Mapping[str, object]], np.ndarray]
"""Calls the function of a name; ValueError with a sentence where the arguments do not fit."""


class Workers:
    """Two workers at most: one runs the submission as it is, the other is lent the reference's functions.

    Args:
        box: the folder the submission is run from.
        modules: the modules to import, dependencies first.
        time_left: how long calls and imports may take.
        lend: calls the reference's function of a name.
        order: the functions that may be lent, ``module.function``, earlier ones first.

    Attributes:
        confinement: what the latest worker said of its layers, and the mode that they amount to.
    """

    def __init__(
        self, box: Box, modules: Sequence[str], time_left: TimeLeft, lend: Lend | None, order: Sequence[str]
    ) -> None:
        self.confinement: dict[str, str] = {}
        self._box = box
        self._modules = modules
        self._time_left = time_left
        self._limits = time_left.limits
        self._lend = lend
        self._order = order
        self._running: dict[bool, Worker] = {}
        self._import_faults: dict[str, str] = {}
        self._slow_imports: set[str] = set()
        self._printed: list[str] = []

    def call(
        self, name: str, header: wire.Header, arrays: Sequence[np.ndarray], limit: float, *, is_lending: bool
    ) -> wire.Message:
        """Have a worker call a function; once more after a first time-out, while there is patience left.

        Args:
            name: ``module.function``.
            header: the request.
            arrays: the arrays that it refers to.
            limit: the seconds that the call may take.
            is_lending: whether the function is lent the reference's earlier ones.

        Raises:
            SubmissionFault: there is no reply, or the module cannot be imported.
            GraderFault: the grader itself failed.
        """
        module = name.partition(".")[0]
        answer = functools.partial(self._answer, name) if is_lending else None
        for attempt in (1, 2):
            worker = self._ready(is_lending=is_lending)
            if module in self._import_faults:
                raise failures.ImportFailed(name, self._import_faults[module])
            allowed = self._time_left.allowed(name, limit, self._limits.impatient_seconds)
            try:
                return self._request(worker, header, arrays, allowed, answer)
            except wire.WireTimeout:
                self.end(is_lending=is_lending)
                self._time_left.count_hang(name, allowed)
                if attempt == 2 or allowed < limit:
                    self._time_left.remember_hang(name, allowed, is_lending=is_lending)
                    raise messages.hung(name, seconds=allowed) from None
            except wire.WireClosed:
                ending = worker.exit_sentence()
                self.end(is_lending=is_lending)
                raise messages.died(name, ending=ending) from None
            except wire.WireError:
                self.end(is_lending=is_lending)
                raise messages.bad_reply(name) from None
        raise AssertionError("the second attempt returns or raises")

    def end(self, *, is_lending: bool) -> None:
        """End a worker, so that the next call starts a new one."""
        worker = self._running[is_lending]
        worker.close()
        # Not removed before: when a signal comes in between, `end_all` closes the worker again.
        self._printed.append(worker.take_log())
        del self._running[is_lending]

    def end_all(self) -> None:
        """End the workers that are running."""
        for is_lending in list(self._running):
            self.end(is_lending=is_lending)

    def take_printed(self) -> str:
        """What the workers have printed since this was last asked for, fit to be shown."""
        printed = "".join([*self._printed, *(worker.take_log() for worker in self._running.values())])
        self._printed.clear()
        return messages.clean_log(printed)

    def _ready(self, *, is_lending: bool) -> Worker:
        """The running worker, or a new one with every module imported.

        A module whose import fails is replaced by its stub, so that the modules that import it can still be
        judged. An import that ends the worker costs a new one, in which that module is a stub from the start.
        """
        while is_lending not in self._running:
            worker = Worker(self._box, self._order, lends=is_lending)
            self._running[is_lending] = worker
            self.confinement = {"mode": isolation.mode_of(worker.confinement), **worker.confinement}
            try:
                is_whole = all(self._import(worker, module) for module in self._modules)
            except BaseException:
                # Not all modules are imported: the next call needs a new worker.
                self.end(is_lending=is_lending)
                raise
            if not is_whole:
                self.end(is_lending=is_lending)
        return self._running[is_lending]

    def _import(self, worker: Worker, module: str) -> bool:
        """Import one module, or its stub where that has failed before; False when the worker is lost."""
        file, is_stub = f"{module}.py", module in self._import_faults
        header = {"do": "load", "module": module, "is_stub": is_stub}
        limit = self._limits.import_seconds
        allowed = self._time_left.allowed(file, limit, self._limits.impatient_import_seconds)
        try:
            reply, _ = self._request(worker, header, [], allowed)
        except wire.WireTimeout:
            self._time_left.count_hang(file, allowed)
            if allowed == limit and module not in self._slow_imports:
                self._slow_imports.add(module)  # it is tried once more
            else:
                self._import_faults[module] = messages.import_hung(module, allowed)
            return False
        except wire.WireClosed:
            self._import_faults[module] = messages.import_died(module, worker.exit_sentence())
            return False
        except wire.WireError:
            self._import_faults[module] = messages.import_disturbed(module)
            return False
        if "fault" not in reply:
            return True
        if is_stub:
            before = self._modules[: self._modules.index(module)]
            if all(other in self._import_faults for other in before):
                raise failures.GraderFault(f"The stub of {file} cannot be imported: regenerate the template.")
            return True  # a module imported before has broken the import system, which costs this worker only
        self._import_faults[module] = messages.import_failed(module, reply["fault"])
        return self._import(worker, module)

    def _request(
        self,
        worker: Worker,
        header: wire.Header,
        arrays: Sequence[np.ndarray],
        allowed: float,
        answer: Borrow | None = None,
    ) -> wire.Message:
        """Send a request, as `Worker.request` does, and take what it took from the row's time."""
        try:
            return worker.request(header, arrays, allowed, answer, self._time_left.ends)
        finally:
            self._time_left.take(worker.stopwatch.taken())

    def _answer(self, under_test: str, request: wire.Header, arrays: list[np.ndarray]) -> wire.Message:
        """Answer a worker that borrows a function. `Lend` checks the arguments.

        The worker asks only for earlier functions, unless student code writes to the wire itself.
        """
        name, arguments, keywords = (request.get(key) for key in ("borrow", "arguments", "keywords"))
        if not (isinstance(name, str) and isinstance(arguments, list) and isinstance(keywords, dict)):
            raise wire.WireError("a function is asked for without name or arguments.")
        if name not in self._order[: self._order.index(under_test)]:
            raise wire.WireError("a function is asked for that is not an earlier one.")
        try:
            values = [wire.decode(value, arrays) for value in arguments]
            named = {key: wire.decode(value, arrays) for key, value in keywords.items()}
            assert self._lend is not None
            return {"done": True}, [self._lend(name, values, named)]
        except (wire.WireError, ValueError) as error:
            return {"refusal": str(error)[:1000]}, []
        except (ArithmeticError, AttributeError, LookupError, MemoryError, TypeError) as error:
            # The arguments may be hostile, so an error in the reference is the submission's fault.
            return {"refusal": f"{name} cannot be computed for these arguments: {type(error).__name__}."}, []
