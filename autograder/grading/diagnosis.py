"""Names the mistake in a wrong function, which answers a few probes as a known mistake does.

One that agrees on all of them is reported; a tie or no match is not guessed at. Knows no formula.
"""

from __future__ import annotations

import dataclasses
import enum
import functools
import itertools
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.grading.assignment import Catalogue, Misconception
from autograder.sandbox.calls import arrays_in
from autograder.sandbox.failures import SubmissionFault
from autograder.sandbox.proxy import Submission

Probe = Sequence[object]
Twist = Callable[..., Any]

ROUNDING = 1e-5
"""Relative to the largest value: room for a guard of 1e-6 in a denominator, and none for another mistake."""
CLOSER = 1e-4
"""Or the mistake is ten thousand times closer than the right value is: a small one is still told apart."""
FLOAT32_NOISE = 1e-2
"""What float32 may change, relative to the largest value, where logits are near 1000."""


@dataclass(frozen=True)
class Diagnosis:
    """What is known of a wrong function.

    Attributes:
        sentence: one or two sentences to the student with the slide; None where nothing fits.
        faults: for the staff, the mistakes whose twists raised an exception that is not theirs, each with its
            traceback. Such a slip costs that candidate only.
    """

    sentence: str | None = None
    faults: tuple[str, ...] = ()


def diagnose(function: str, submission: Submission, catalogue: Catalogue, seed: int) -> Diagnosis:
    """Say which known mistake a wrong function makes, or which two at once.

    It is called on a handful of small inputs and a few edges, and lent the reference's earlier functions
    meanwhile: an earlier mistake is not to hide this one.

    Args:
        function: ``module.function``, of which a row has failed.
        submission: the submission in its sandbox.
        catalogue: the known mistakes.
        seed: the probes are drawn from it.

    Returns:
        The mistake. No sentence where nothing fits, where two mistakes fit alike, or where the function does
        not return.
    """
    mistakes = catalogue.of(function)
    if not mistakes:
        return Diagnosis()
    rng = np.random.default_rng(seed)
    probes = [(probe, False) for probe in catalogue.probes(function, rng)]
    probes += [(probe, True) for probe in catalogue.edges(function, rng)]
    right = catalogue.right[function]
    with submission.lending():
        cases = [
            _Case(probe, found, _call(right, probe), is_edge)
            for (probe, is_edge), found in zip(probes, _ask(submission, function, probes), strict=False)
        ]
    faults: dict[str, str] = {}
    singles: list[tuple[Misconception, ...]] = [
        (made,) for mistake in mistakes if (made := _fitted(mistake, cases, faults))
    ]
    fits = {made: _fit(cases, made, right, faults) for made in singles}
    if all(fit in (None, _Fit.BUT_FOR_EDGES) for fit in fits.values()):
        # A second mistake explains anything that the first does not: asked for only where no single one fits.
        sound = [mistake for mistake in mistakes if mistake.name not in faults]
        fits |= {made: _fit(cases, made, right, faults) for made in itertools.permutations(sound, 2)}
    best = min(((fit, len(made)) for made, fit in fits.items() if fit), default=None)
    fitting = [made for made, fit in fits.items() if (fit, len(made)) == best]
    return Diagnosis(_sentence(_told_apart(cases, right, fitting)), tuple(faults.values()))


@dataclass(frozen=True, eq=False)
class _Answer:
    """What a call returned, None where it raised, and which of its array arguments it changed."""

    value: np.ndarray | None
    changed: tuple[bool, ...] = ()


@dataclass(frozen=True, eq=False)
class _Case:
    """A probe, what the student's function answers and what the right one does."""

    probe: Probe
    found: _Answer
    right: _Answer
    is_edge: bool


def _all_of(mistakes: Sequence[Misconception]) -> Twist:
    """One twist that makes several mistakes, each around the next."""
    if len(mistakes) == 1:
        return mistakes[0].twist

    def twist(right: Twist, *arguments: object) -> object:
        return mistakes[0].twist(functools.partial(_all_of(mistakes[1:]), right), *arguments)

    return twist


def _ask(submission: Submission, function: str, probes: Sequence[tuple[Probe, bool]]) -> Iterator[_Answer]:
    """The student's answers, until more would only cost time; none where the first call raises."""
    module, _, name = function.partition(".")
    has_answered = False
    for probe, _ in probes:
        before = list(arrays_in(probe))
        try:
            value, after = getattr(getattr(submission, module), name).with_arguments(*probe)
        except SubmissionFault as fault:
            if fault.ends_row or not has_answered:
                return
            yield _Answer(None)
        else:
            has_answered = True
            yield _Answer(value, _changes(before, after))


def _call(function: Twist, probe: Probe, raises: tuple[type[Exception], ...] = ()) -> _Answer:
    """What one of our own functions answers; it may raise what the mistake itself ends in."""
    arguments = [_copied(argument) for argument in probe]
    try:
        with np.errstate(all="ignore"):
            value = np.array(function(*arguments), dtype=np.float64)
    except raises:
        return _Answer(None)
    return _Answer(value, _changes(list(arrays_in(probe)), list(arrays_in(arguments))))


def _fitted(mistake: Misconception, cases: Sequence[_Case], faults: dict[str, str]) -> Misconception | None:
    """The mistake, with its number as the answers show it; None where it has a number and no number does."""
    if mistake.fit is None:
        return mistake
    answers = [
        (case.probe, case.found.value)
        for case in cases
        if case.found.value is not None
        and case.right.value is not None
        and case.found.value.shape == case.right.value.shape
    ]
    try:
        with np.errstate(all="ignore"):
            number = mistake.fit(answers)
    except Exception:  # a slip in the catalogue costs this candidate alone
        faults[mistake.name] = _fault(mistake)
        return None
    return None if number is None or not np.isfinite(number) else mistake.with_number(number)


def _fault(mistake: Misconception) -> str:
    return f"{mistake.name} in {mistake.function} cannot be looked for:\n{traceback.format_exc()}"


class _Fit(enum.IntEnum):
    """How well mistakes explain the answers; the better, the smaller."""

    EVERYWHERE = 1
    BUT_FOR_LOST_DIGITS = 2
    """Some answers are near the right ones in both: which digits are lost depends on the order of a sum."""
    BUT_FOR_EDGES = 3
    """Beside an unknown flaw: some edges the student's function gets wrong in yet another way.

    Only for a mistake that shows on the probes. One that explains some edges and not others explains nothing.
    """


def _fit(
    cases: Sequence[_Case], made: Sequence[Misconception], right: Twist, faults: dict[str, str]
) -> _Fit | None:
    """How mistakes answer the probes as the student's function does, one of them wrongly; None where not."""
    wrong = functools.partial(_all_of(made), right)
    raises = made[0].raises if len(made) == 1 else ()
    fit = _Fit.EVERYWHERE
    differs, differs_on_probe, leaves_the_same, changes = False, False, True, False
    for case in cases:
        try:
            answer = _call(wrong, case.probe, raises)
        except Exception:
            if len(made) == 1:
                faults[made[0].name] = _fault(made[0])
            return None  # two twists around one another may not fit: the one returns another shape, say
        if not _agree(case.found.value, answer.value, case.right.value):
            if _is_near(case.found.value, case.right.value) and _is_near(answer.value, case.right.value):
                fit = max(fit, _Fit.BUT_FOR_LOST_DIGITS)
                continue
            if not case.is_edge or _agree(case.found.value, case.right.value, None):
                return None
            fit = _Fit.BUT_FOR_EDGES
            continue
        is_wrong = not _agree(case.right.value, answer.value, case.right.value)
        differs, differs_on_probe = differs or is_wrong, differs_on_probe or (is_wrong and not case.is_edge)
        leaves_the_same = leaves_the_same and answer.changed == case.found.changed
        changes = changes or any(answer.changed)
    if fit is _Fit.BUT_FOR_EDGES and not differs_on_probe:
        return None
    # Where every value is right, the mistake is what it leaves of its arguments.
    return fit if differs or (changes and leaves_the_same) else None


def _told_apart(
    cases: Sequence[_Case], right: Twist, fitting: Sequence[Sequence[Misconception]]
) -> Sequence[Sequence[Misconception]]:
    """Of mistakes that return the same, those that leave the arguments as the student's function does."""

    def leaves_the_same(made: Sequence[Misconception]) -> bool:
        wrong = functools.partial(_all_of(made), right)
        raises = made[0].raises if len(made) == 1 else ()
        return all(_call(wrong, case.probe, raises).changed == case.found.changed for case in cases)

    return [made for made in fitting if leaves_the_same(made)] if len(fitting) > 1 else fitting


def _agree(found: np.ndarray | None, wrong: np.ndarray | None, right: np.ndarray | None) -> bool:
    if found is None or wrong is None:
        return found is wrong
    if found.size == wrong.size == 1:
        found, wrong = found.reshape(()), wrong.reshape(())
    if found.shape != wrong.shape:
        return False
    are_finite = bool(np.isfinite(wrong).all()), bool(np.isfinite(found).all())
    if not all(are_finite):
        return not any(are_finite)  # which entries break down depends on how a formula is written
    size = float(np.max(np.abs(wrong), initial=0.0))
    allowed = ROUNDING * size
    if right is not None and right.shape == wrong.shape and np.isfinite(right).all():
        distance = float(np.max(np.abs(wrong - right), initial=0.0))
        allowed = min(allowed, CLOSER * distance) if distance > ROUNDING * size else allowed
    return float(np.max(np.abs(found - wrong), initial=0.0)) <= allowed


def _is_near(value: np.ndarray | None, right: np.ndarray | None) -> bool:
    """Whether a value is the right one but for what float32 loses."""
    if value is None or right is None or value.shape != right.shape or not np.isfinite(right).all():
        return False
    size = float(np.max(np.abs(right), initial=0.0))
    return bool(np.max(np.abs(value - right), initial=0.0) <= FLOAT32_NOISE * size)


def _sentence(fitting: Sequence[Sequence[Misconception]]) -> str | None:
    """What to say: the one mistake, the one pair, or what all fitting pairs have in common.

    Mistakes that share their sentence count as one.
    """
    slides = {mistake.sentence: mistake.slide for made in fitting for mistake in made}
    sets = {frozenset(mistake.sentence for mistake in made) for made in fitting}
    common = frozenset.intersection(*sets) if sets else frozenset()
    said = [f'{sentence} (Slide "{slides[sentence]}".)' for sentence in slides if sentence in common]
    if not said:
        return None
    if max(map(len, sets)) == 1:
        return said[0]
    return " ".join(["Two mistakes at once." if len(sets) == 1 else "More than one mistake.", *said])


def _copied(argument: object) -> object:
    """A copy whose arrays are its own; `copy.deepcopy` takes several times as long."""
    if isinstance(argument, np.ndarray):
        return argument.copy()
    if dataclasses.is_dataclass(argument) and not isinstance(argument, type):
        fields = dataclasses.fields(argument)
        return dataclasses.replace(argument, **{f.name: _copied(getattr(argument, f.name)) for f in fields})
    return argument


def _changes(before: Sequence[np.ndarray], after: Sequence[np.ndarray]) -> tuple[bool, ...]:
    return tuple(not np.array_equal(old, new) for old, new in zip(before, after, strict=True))
