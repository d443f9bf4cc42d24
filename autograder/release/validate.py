"""Proves the grader: grades every submission whose marks are known, and reports where it is wrong."""

from __future__ import annotations

import dataclasses
import itertools
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.grading.assignment import Assignment, Misconception
from autograder.grading.batch import Graded, Job, grade_all
from autograder.grading.progress import OnProgress, Progress
from autograder.grading.results import Outcome, in_one_line
from autograder.grading.warm import warm_graders
from autograder.release import known
from autograder.release.attacks import AttackCheck, check_attacks
from autograder.release.salts import SaltCheck, check_salts

NAMED_WELL = 0.95
"""The share of the mistakes that must be named by their own sentence."""
SAMPLE = 7
"""How many of the mistakes a reduced validation grades."""
MAX_MISTAKE_SALTS = 20
"""Under how many salts the mistakes are graded at most: 440 mistakes under 20 take an hour of a core."""


@dataclass(frozen=True)
class WholeCheck:
    """A submission that must get a known number of points.

    Attributes:
        name: the submission's name.
        expected: the points it must get, bonus included.
        points: the points it got, or None where it could not be graded.
        failed: the rows it lost, by number, with the first line of their explanations.
        problem: why it could not be graded; empty where it could.
    """

    name: str
    expected: float
    points: float | None
    failed: Mapping[str, str]
    problem: str = ""

    @property
    def is_good(self) -> bool:
        """Whether the points are as expected."""
        return self.points == self.expected


@dataclass(frozen=True)
class MistakeCheck:
    """A submission with one known mistake.

    Attributes:
        name: the mistake's name.
        function: ``module.function``.
        wanted: rows that must fail; where empty, one of the function's rows must.
        rows: every row of the function, and whether it failed: the mistake's line of the kill matrix.
        is_named: whether a failed row shows the mistake's own sentence.
        misnamed: the other mistakes whose sentences a failed row shows.
        problem: why it could not be graded; empty where it could.
    """

    name: str
    function: str
    wanted: tuple[str, ...]
    rows: Mapping[str, bool]
    is_named: bool
    misnamed: tuple[str, ...]
    problem: str = ""

    @property
    def is_caught(self) -> bool:
        """Whether the mistake loses points where it should."""
        return any(self.rows.values()) and all(self.rows.get(row, False) for row in self.wanted)


@dataclass(frozen=True)
class ReportCard:
    """What a validation found.

    Attributes:
        reference: the reference, which must get everything.
        template: the template, which must get nothing.
        styles: right submissions in other styles, which must get everything.
        mistakes: the kill matrix, a line a mistake.
        salted: the reference under other salts, which draw other inputs: everything, each time.
        steady: the mistakes under other salts, each of which must lose the same rows every time.
        idle: the rows of functions that no known mistake loses.
        attacks: what the attack suite found; None where it was not run.
    """

    reference: WholeCheck
    template: WholeCheck
    styles: tuple[WholeCheck, ...]
    mistakes: tuple[MistakeCheck, ...]
    salted: tuple[WholeCheck, ...] = ()
    steady: tuple[SaltCheck, ...] = ()
    idle: tuple[str, ...] = ()
    attacks: AttackCheck | None = None

    @property
    def caught(self) -> int:
        """How many mistakes lose points where they should."""
        return sum(mistake.is_caught for mistake in self.mistakes)

    @property
    def named(self) -> int:
        """How many mistakes are named by their own sentence."""
        return sum(mistake.is_named for mistake in self.mistakes)

    @property
    def shortcomings(self) -> tuple[str, ...]:
        """A sentence for everything that the grader gets wrong; none where it is good."""
        return tuple(self._shortcomings())

    def _shortcomings(self) -> Iterator[str]:
        for check in (self.reference, self.template, *self.styles, *self.salted):
            if not check.is_good:
                yield _complaint(check)
        for mistake in self.mistakes:
            if mistake.problem:
                yield f"{mistake.name} could not be graded: {mistake.problem}"
            elif not mistake.is_caught:
                wanted = ", ".join(mistake.wanted) or f"any row of {mistake.function}"
                failed = ", ".join(row for row, has_failed in mistake.rows.items() if has_failed) or "none"
                yield f"{mistake.name} is not caught: {wanted} should fail, but what failed is: {failed}."
            if mistake.misnamed:
                yield f"{mistake.name} is taken for {', '.join(mistake.misnamed)}."
        yield from itertools.chain.from_iterable(check.complaints for check in self.steady)
        for row in self.idle:
            yield f"Nothing loses row {row}: write a mistake that does, or take the row out."
        if self.attacks is not None and not self.attacks.is_good:
            yield f"The attack suite: {self.attacks.problem or 'not every attack was survived.'}"
            for name, message in self.attacks.failed:
                yield f"{name} was not survived: {message}"
        if self.mistakes and self.named < NAMED_WELL * len(self.mistakes):
            unnamed = ", ".join(mistake.name for mistake in self.mistakes if not mistake.is_named)
            yield (
                f"{self.named} of {len(self.mistakes)} mistakes are named, but {NAMED_WELL:.0%} were "
                f"expected. Not named: {unnamed}."
            )

    def to_json(self) -> dict[str, object]:
        """The whole report as JSON values."""
        return {
            "is_good": not self.shortcomings,
            "shortcomings": list(self.shortcomings),
            "reference": _whole_to_json(self.reference),
            "template": _whole_to_json(self.template),
            "styles": [_whole_to_json(check) for check in self.styles],
            "salted": [_whole_to_json(check) for check in self.salted],
            "steady": [dataclasses.asdict(check) for check in self.steady],
            "idle_rows": list(self.idle),
            "attacks": dataclasses.asdict(self.attacks) if self.attacks is not None else None,
            "caught": self.caught,
            "named": self.named,
            "mistakes": [
                {
                    "name": mistake.name,
                    "function": mistake.function,
                    "is_caught": mistake.is_caught,
                    "is_named": mistake.is_named,
                    "misnamed": list(mistake.misnamed),
                    "failed_rows": [row for row, has_failed in mistake.rows.items() if has_failed],
                    "passed_rows": [row for row, has_failed in mistake.rows.items() if not has_failed],
                    "problem": mistake.problem,
                }
                for mistake in self.mistakes
            ],
        }


def validate(
    assignment: Assignment,
    *,
    sample: int | None = None,
    salts: int = 0,
    workers: int | None = None,
    on_progress: OnProgress = lambda progress: None,
) -> ReportCard:
    """Grade every submission whose marks are known, and compare the results with them.

    Args:
        assignment: the homework.
        sample: how many mistakes to grade, beside one style and no attack; None for all of everything.
        salts: under how many other salts the reference is graded, too, and the mistakes under the first of
            them, up to `MAX_MISTAKE_SALTS`.
        workers: how many gradings run at once; by default one a core.
        on_progress: called after every grading.
    """
    every = assignment.catalogue().misconceptions
    mistakes = every if sample is None else _spread(every, sample)
    other_salts = [f"validate {number}" for number in range(1, salts + 1)]
    with tempfile.TemporaryDirectory(prefix="validate-") as folder:
        jobs = list(_jobs(assignment, mistakes, Path(folder), other_salts, None if sample is None else 1))
        total = len(jobs) + (len(mistakes) if salts else 0)
        finished = itertools.count(1)

        def advance(name: str) -> None:
            on_progress(Progress(name, next(finished), total))

        graded: dict[str, Graded] = {}
        with warm_graders(assignment.root, workers=workers) as grader:
            for done in grade_all(grader, jobs):
                graded[done.job.name] = done
                advance(done.job.name)
    several = other_salts[:MAX_MISTAKE_SALTS]
    steady = check_salts(assignment, mistakes, several, workers, lambda name: advance(f"{name}, other salts"))
    # The attacks look for survivors and files left behind: nothing else is graded meanwhile.
    attacks = check_attacks(assignment.root, workers) if sample is None else None
    full = assignment.points + assignment.bonus
    # By name: gradings end in any order.
    styles = sorted(name for name in graded if name.startswith(_STYLE))
    checked = tuple(_check_mistake(mistake, graded[_MISTAKE + mistake.name], every) for mistake in mistakes)
    return ReportCard(
        _check_whole(graded[_REFERENCE], full),
        _check_whole(graded[_TEMPLATE], 0.0),
        tuple(_check_whole(graded[name], full) for name in styles),
        checked,
        tuple(_check_whole(graded[_SALTED + salt], full) for salt in other_salts),
        steady,
        find_idle(checked) if sample is None else (),
        attacks,
    )


def find_idle(mistakes: Iterable[MistakeCheck]) -> tuple[str, ...]:
    """Find the rows that no mistake loses: they may check nothing.

    Rows of a part without functions are left out: mistakes are graded on their own function's rows alone.

    Args:
        mistakes: all of the catalogue's.
    """
    is_lost: dict[str, bool] = {}
    for mistake in mistakes:
        for row, has_failed in mistake.rows.items():
            is_lost[row] = is_lost.get(row, False) or has_failed
    return tuple(row for row, lost in is_lost.items() if not lost)


_REFERENCE, _TEMPLATE, _STYLE, _MISTAKE = "reference", "template", "style ", "mistake "
_SALTED = "reference, salt "


def _spread(mistakes: Sequence[Misconception], number: int) -> tuple[Misconception, ...]:
    return tuple(mistakes[:: max(1, len(mistakes) // number)][:number])


def _jobs(
    assignment: Assignment,
    mistakes: Sequence[Misconception],
    folder: Path,
    salts: Sequence[str],
    max_styles: int | None,
) -> Iterator[Job]:
    """The long gradings first, so that all cores are busy until the end."""
    styles = itertools.islice(known.write_right(assignment, folder / "styles"), max_styles)
    yield from (Job(_STYLE + name, submission) for name, submission in styles)
    reference = known.write_reference(assignment, folder / "reference")
    yield Job(_REFERENCE, reference)
    yield from (Job(_SALTED + salt, reference, salt=salt) for salt in salts)
    yield Job(_TEMPLATE, known.write_template(assignment, folder / "template"))
    numbers = {function.qualified_name: function.number for function in assignment.functions}
    for mistake in mistakes:
        submission = known.write_mistaken(assignment, mistake, folder / "mistakes" / mistake.name)
        # Whether it is caught shows in its own function's rows; the others would only take time.
        yield Job(_MISTAKE + mistake.name, submission, only=numbers[mistake.function])


def _rows(graded: Graded) -> list[Mapping[str, object]]:
    rows = graded.document["tests"] if graded.document is not None else []
    return rows if isinstance(rows, list) else []


def _outcome(row: Mapping[str, object]) -> str:
    extra = row["extra_data"]
    return str(extra["outcome"]) if isinstance(extra, dict) else ""


def _diagnosis(row: Mapping[str, object]) -> str:
    extra = row["extra_data"]
    return str(extra.get("diagnosis", "")) if isinstance(extra, dict) else ""


def _has_failed(row: Mapping[str, object]) -> bool:
    """Whether a row lost its points as wrong; a grader fault or a time-out is no caught mistake."""
    return _outcome(row) == Outcome.FAILED.value


def _check_whole(graded: Graded, expected: float) -> WholeCheck:
    name = graded.job.name.removeprefix(_STYLE)
    problem = graded.problem or _fault(graded)
    if graded.document is None or problem:
        return WholeCheck(name, expected, None, {}, problem)
    failed = {
        str(row["number"]): str(row["output"])
        for row in _rows(graded)
        if _outcome(row) != Outcome.PASSED.value
    }
    return WholeCheck(name, expected, float(str(graded.document["score"])), failed)


def _check_mistake(mistake: Misconception, graded: Graded, every: Sequence[Misconception]) -> MistakeCheck:
    failed = [row for row in _rows(graded) if _has_failed(row)]
    diagnoses = "\n".join(_diagnosis(row) for row in failed)
    others = {
        other.sentence: other.name
        for other in every
        if other.function == mistake.function and other.sentence != mistake.sentence
    }
    return MistakeCheck(
        mistake.name,
        mistake.function,
        mistake.rows,
        {str(row["number"]): _has_failed(row) for row in _rows(graded)},
        mistake.sentence in diagnoses,
        tuple(name for sentence, name in others.items() if sentence in diagnoses),
        graded.problem or _fault(graded),
    )


def _fault(graded: Graded) -> str:
    """The first fault of the grader itself; empty where there was none."""
    if not graded.faults:
        return ""
    more = f" (and {len(graded.faults) - 1} more)" if len(graded.faults) > 1 else ""
    return f"the grader itself failed{more}: {in_one_line(graded.faults[0])}"


def _complaint(check: WholeCheck) -> str:
    if check.points is None:
        return f"{check.name} could not be graded: {check.problem}"
    rows = "; ".join(
        f"{number}: {output.splitlines()[0] if output else ''}" for number, output in check.failed.items()
    )
    lost = f" Lost rows: {rows}" if check.expected else ""
    return f"{check.name} got {check.points:g} points, but {check.expected:g} were expected.{lost}"


def _whole_to_json(check: WholeCheck) -> dict[str, object]:
    return {
        "name": check.name,
        "is_good": check.is_good,
        "expected": check.expected,
        "points": check.points,
        "failed_rows": dict(check.failed) if check.expected else sorted(check.failed),
        "problem": check.problem,
    }
