"""Whether a known mistake loses the same rows whatever inputs are drawn: it is graded under many salts.

The catalogue's code is trusted, so it is graded without isolation, in several processes.
"""

from __future__ import annotations

import dataclasses
import functools
import multiprocessing
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from autograder.grading.assignment import Assignment, Misconception
from autograder.grading.batch import cores
from autograder.grading.results import Outcome, in_one_line
from autograder.release import inprocess, known


@dataclass(frozen=True)
class SaltCheck:
    """One mistake, graded under some salts.

    Attributes:
        name: the mistake's name.
        salts: under how many salts.
        lost: the rows of its function that it lost, and under how many salts.
        faults: where the grader itself failed, and with what; a line each.
    """

    name: str
    salts: int
    lost: Mapping[str, int]
    faults: tuple[str, ...] = ()

    @property
    def unsteady(self) -> tuple[str, ...]:
        """The rows that are lost under some of the salts alone."""
        return tuple(row for row, times in self.lost.items() if times < self.salts)

    @property
    def is_good(self) -> bool:
        """Whether the same rows are lost under every salt."""
        return not self.complaints

    @property
    def complaints(self) -> tuple[str, ...]:
        """A sentence for every row that is not lost each time, and for the grader's own faults."""
        unsteady = (
            f"{self.name} loses row {row} under {self.lost[row]} of {self.salts} salts: mend the row, so "
            "that the draw does not decide."
            for row in self.unsteady
        )
        faults = (f"{self.name}: the grader itself failed under some salt: {fault}" for fault in self.faults)
        return (*unsteady, *faults)


def check_salts(
    assignment: Assignment,
    mistakes: Sequence[Misconception],
    salts: Sequence[str],
    workers: int | None = None,
    on_done: Callable[[str], None] = lambda name: None,
) -> tuple[SaltCheck, ...]:
    """Grade every mistake's own rows under every salt.

    Args:
        assignment: the homework; its functions must be importable by another process.
        mistakes: the mistakes.
        salts: the salts.
        workers: how many processes; by default one a core.
        on_done: called with a mistake's name when it has been graded under all of them.

    Returns:
        What was found, in the order of the mistakes; nothing where there are no salts.
    """
    if not salts:
        return ()
    numbers = {function.qualified_name: function.number for function in assignment.functions}
    found: dict[str, SaltCheck] = {}
    # Not forked: a process with threads, such as a progress bar's, is not safe to fork.
    spawn = multiprocessing.get_context("spawn")
    with (
        tempfile.TemporaryDirectory(prefix="salts-") as folder,
        ProcessPoolExecutor(workers or cores(), mp_context=spawn) as pool,
    ):
        grade = functools.partial(_grade, assignment, salts=tuple(salts))
        running = {}
        for mistake in mistakes:
            submission = known.write_mistaken(assignment, mistake, Path(folder) / mistake.name)
            running[pool.submit(grade, submission, numbers[mistake.function])] = mistake.name
        try:
            for future in as_completed(running):
                name = running[future]
                lost, faults = future.result()
                found[name] = SaltCheck(name, len(salts), lost, faults)
                on_done(name)
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise
    return tuple(found[mistake.name] for mistake in mistakes)


def _grade(
    assignment: Assignment, submission: Path, only: str, salts: tuple[str, ...]
) -> tuple[dict[str, int], tuple[str, ...]]:
    """Count under how many salts a submission loses each row; runs in another process."""
    # Without the catalogue, rows are lost without a diagnosis, which would take half of the time.
    nameless = dataclasses.replace(assignment.catalogue(), misconceptions=())
    unnamed = dataclasses.replace(assignment, catalogue=lambda: nameless)
    lost: Counter[str] = Counter()
    faults: set[str] = set()
    for salt in salts:
        problems: list[str] = []
        rows = inprocess.grade(unnamed, submission, salt, only, problems).rows
        lost.update(row.number for row in rows if row.outcome is Outcome.FAILED)
        faults.update(map(in_one_line, problems))
    return dict(sorted(lost.items())), tuple(sorted(faults))
