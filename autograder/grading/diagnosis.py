"""Names the mistake in a wrong function, which answers a few probes as a known mistake does.

One that agrees on all of them is reported; a tie or no match is not guessed at. Knows no formula.
"""

from __future__ import annotations

import copy
import functools
import itertools
from collections.abc import Callable, Sequence
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


def diagnose(function: str, submission: Submission, catalogue: Catalogue, seed: int) -> str | None:
    """Say which known mistake a wrong function makes, or which two at once.

    It is called on a handful of small inputs, and lent the reference's earlier functions meanwhile: an
    earlier mistake is not to hide this one.

    Args:
        function: ``module.function``, of which a row has failed.
        submission: the submission behind the wall.
        catalogue: the known mistakes.
        seed: the probes are drawn from it.

    Returns:
        One or two sentences to the student with the slide, or None where nothing fits, where two mistakes
        fit alike, or where the function does not return.
    """
    mistakes = catalogue.of(function)
    probes = list(catalogue.probes(function, np.random.default_rng(seed)))
    if not mistakes or not probes:
        return None
    try:
        with submission.lending():
            found = [_ask(submission, function, probe) for probe in probes]
    except SubmissionFault:
        return None
    right = catalogue.right[function]
    cases = [_Case(probe, answer, _call(right, probe)) for probe, answer in zip(probes, found, strict=True)]
    singles = [(mistake,) for mistake in mistakes]
    pairs = itertools.permutations(mistakes, 2)
    # A second mistake explains anything that the first does not: asked for only where no single one fits.
    for candidates in (singles, pairs):
        fitting = [made for made in candidates if _fits(cases, functools.partial(_all_of(made), right))]
        if fitting:
            return _sentence(_told_apart(cases, right, fitting))
    return None


@dataclass(frozen=True, eq=False)
class _Answer:
    """What a call returned, and which of its array arguments it changed."""

    value: np.ndarray
    changed: tuple[bool, ...]


@dataclass(frozen=True, eq=False)
class _Case:
    """A probe, what the student's function answers and what the right one does."""

    probe: Probe
    found: _Answer
    right: _Answer | None


def _all_of(mistakes: Sequence[Misconception]) -> Twist:
    """One twist that makes several mistakes, each around the next."""
    if len(mistakes) == 1:
        return mistakes[0].twist

    def twist(right: Twist, *arguments: object) -> object:
        return mistakes[0].twist(functools.partial(_all_of(mistakes[1:]), right), *arguments)

    return twist


def _ask(submission: Submission, function: str, probe: Probe) -> _Answer:
    module, _, name = function.partition(".")
    before = list(arrays_in(probe))
    value, after = getattr(getattr(submission, module), name).with_arguments(*probe)
    return _Answer(value, _changes(before, after))


def _call(function: Twist, probe: Probe) -> _Answer | None:
    """What one of our own functions answers; None where it cannot be computed."""
    arguments = copy.deepcopy(list(probe))
    try:
        with np.errstate(all="ignore"):
            value = np.array(function(*arguments), dtype=np.float64)
    except (ArithmeticError, IndexError, TypeError, ValueError, np.linalg.LinAlgError):
        return None  # two twists around one another may not fit: the one returns another shape, say
    return _Answer(value, _changes(list(arrays_in(probe)), list(arrays_in(arguments))))


def _fits(cases: Sequence[_Case], wrong: Twist) -> bool:
    """Whether a mistake answers every probe as the student's function does, one of them wrongly."""
    differs, leaves_the_same, changes = False, True, False
    for case in cases:
        answer = _call(wrong, case.probe)
        if answer is None or case.right is None:
            return False
        if not _agree(case.found.value, answer.value, case.right.value):
            return False
        differs = differs or not _agree(case.right.value, answer.value, case.right.value)
        leaves_the_same = leaves_the_same and answer.changed == case.found.changed
        changes = changes or any(answer.changed)
    # Where every value is right, the mistake is what it leaves of its arguments.
    return differs or (changes and leaves_the_same)


def _told_apart(
    cases: Sequence[_Case], right: Twist, fitting: Sequence[Sequence[Misconception]]
) -> Sequence[Sequence[Misconception]]:
    """Of mistakes that return the same, those that leave the arguments as the student's function does."""

    def leaves_the_same(made: Sequence[Misconception]) -> bool:
        wrong = functools.partial(_all_of(made), right)
        answers = [_call(wrong, case.probe) for case in cases]
        pairs = zip(cases, answers, strict=True)
        return all(answer is not None and answer.changed == case.found.changed for case, answer in pairs)

    return [made for made in fitting if leaves_the_same(made)] if len(fitting) > 1 else fitting


def _agree(found: np.ndarray, wrong: np.ndarray, right: np.ndarray) -> bool:
    if found.size == wrong.size == 1:
        found, wrong = found.reshape(()), wrong.reshape(())
    if found.shape != wrong.shape:
        return False
    are_finite = bool(np.isfinite(wrong).all()), bool(np.isfinite(found).all())
    if not all(are_finite):
        return not any(are_finite)  # which entries break down depends on how a formula is written
    size = float(np.max(np.abs(wrong), initial=0.0))
    allowed = ROUNDING * size
    if right.shape == wrong.shape and np.isfinite(right).all():
        distance = float(np.max(np.abs(wrong - right), initial=0.0))
        allowed = min(allowed, CLOSER * distance) if distance > ROUNDING * size else allowed
    return float(np.max(np.abs(found - wrong), initial=0.0)) <= allowed


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


def _changes(before: Sequence[np.ndarray], after: Sequence[np.ndarray]) -> tuple[bool, ...]:
    return tuple(not np.array_equal(old, new) for old, new in zip(before, after, strict=True))
