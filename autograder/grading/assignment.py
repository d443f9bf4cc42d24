"""What a grader must know of a homework: functions, parts, points, folders. Names no particular homework."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, runtime_checkable

if TYPE_CHECKING:
    import numpy as np

Answers: TypeAlias = "Sequence[tuple[Sequence[Any], np.ndarray]]"
"""Probes, and what a function answered to each: an array of the right shape."""


@runtime_checkable
class Mismatch(Protocol):
    """What a hidden test raises where an answer is wrong: an exception whose message is for the student.

    Attributes:
        function: ``module.function``.
        kind: ``"type"``, ``"shape"``, ``"not finite"`` or ``"value"`` of what one call returned;
            ``"argument"``, which the call changed; ``"relation"`` of several calls; ``"outcome"`` of none.
        expected: the array expected, or None where none exists.
        found: the array found, or None where nothing numeric came back.
        related: further functions whose calls are part of a relation.
    """

    function: str
    kind: str
    expected: np.ndarray | None
    found: np.ndarray | None
    related: tuple[str, ...]


class Argument(Protocol):
    """One argument: its name, the symbols of its axes (None for a record), its dtype, and its default."""

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def axes(self) -> tuple[str, ...] | None: ...  # noqa: D102
    @property
    def dtype(self) -> type: ...  # noqa: D102
    @property
    def default(self) -> str | None: ...  # noqa: D102


class Signature(Protocol):
    """The arguments of a function, and their shapes."""

    @property
    def arguments(self) -> Sequence[Argument]:
        """In order."""

    def check_arguments(self, arguments: Mapping[str, object]) -> dict[str, int]:
        """Return the sizes that a call's arguments show; ValueError with a sentence where they do not fit."""


@dataclass(frozen=True)
class Function:
    """One function students fill in.

    Attributes:
        number: its number in the handout and in the rows, such as ``"3.1"``.
        module: the module's name without the package, such as ``"npg"``.
        name: the function's name.
        title: how a row names it, such as ``"Fisher estimate"``.
        signature: its arguments and their shapes; None where they are not declared.
        bonus_points: what its rows add up to, where they count on top of the total; else 0.
        points: what students are told that its rows add up to; None where they are told nothing.
        card: a paragraph for the head of its stub's docstring; ``{lines}`` becomes the solution's length.
        hints: what students may ask for, from vague to plain; none of them holds a line of a solution.
        difficulty: from 1 to 5; 0 where students are told nothing.
        minutes: how long it takes; 0 where students are told nothing.
        learns: what is learnt, behind "You learn".
    """

    number: str
    module: str
    name: str
    title: str
    signature: Signature | None = None
    bonus_points: float = 0.0
    points: float | None = None
    card: str = ""
    hints: tuple[str, ...] = ()
    difficulty: int = 0
    minutes: int = 0
    learns: str = ""

    @property
    def qualified_name(self) -> str:
        """``module.function``."""
        return f"{self.module}.{self.name}"


@dataclass(frozen=True)
class Part:
    """A part of the homework.

    Attributes:
        number: its number, the first piece of its functions' and rows' numbers.
        title: its heading.
        points: what its rows add up to, without those of functions that are a bonus.
        functions: the functions filled in here; none for a part that only runs earlier ones.
        is_bonus: its points come on top of the total.
    """

    number: str
    title: str
    points: float
    functions: tuple[Function, ...] = ()
    is_bonus: bool = False


@dataclass(frozen=True)
class Misconception:
    """A known mistake: a wrong twist of the right function, and what to say to those who make it.

    A twist is handed the right function. So it is as short as the mistake is, and two of them can be made at
    once, one twist around the other.

    Attributes:
        name: unique among the homework's, such as ``"fisher_is_averaged_over_steps"``.
        function: ``module.function``.
        twist: called with the right function and then its arguments; returns what the mistake returns.
        slide: the title of the slide it contradicts.
        sentence: one or two sentences to the student. Where two variants are one mistake, they share it.
        rows: the numbers of rows that must fail, such as ``"1.1.2"``; none where any row of the function will
            do.
        fit: where the mistake has a number that students choose, such as a discount, recovers it from probes
            and what the student's function answered to each; None where no number explains the answers. It
            is the twist's one keyword-only argument, whose default is the value that `validate` grades.
        raises: the exceptions that the mistake itself ends in on some inputs; any other is a slip in it.
    """

    name: str
    function: str
    twist: Callable[..., Any]
    slide: str
    sentence: str
    rows: tuple[str, ...] = ()
    fit: Callable[[Answers], float | None] | None = None
    raises: tuple[type[Exception], ...] = ()

    def with_number(self, number: float) -> Misconception:
        """The same mistake made with another number than the twist's default."""
        name = next(iter(self.twist.__kwdefaults__ or {}))
        return replace(self, twist=functools.partial(self.twist, **{name: number}))


def _no_probes(function: str, rng: np.random.Generator) -> Sequence[tuple[object, ...]]:
    return ()


@dataclass(frozen=True)
class Catalogue:
    """The mistakes a homework knows, with all that is needed to tell them apart.

    Attributes:
        misconceptions: the mistakes.
        right: the right function of each name ``module.function``.
        probes: a few argument lists for the function of a name, on which its mistakes differ.
        edges: a few more, of the sizes, magnitudes and special values where some mistakes show alone.
    """

    misconceptions: tuple[Misconception, ...] = ()
    right: Mapping[str, Callable[..., Any]] = field(default_factory=lambda: MappingProxyType({}))
    probes: Callable[[str, np.random.Generator], Sequence[tuple[object, ...]]] = _no_probes
    edges: Callable[[str, np.random.Generator], Sequence[tuple[object, ...]]] = _no_probes

    def of(self, function: str) -> tuple[Misconception, ...]:
        """The mistakes made in one function, ``module.function``."""
        return tuple(mistake for mistake in self.misconceptions if mistake.function == function)


@dataclass(frozen=True)
class Assignment:
    """A homework, as the engine sees it.

    Attributes:
        title: the homework's name.
        package: the package students fill in.
        root: the repository's folder (on the platform: the unpacked zip).
        modules: the modules students fill in, dependencies first; one ``.py`` file each.
        parts: in the order of the rows.
        catalogue: returns the known mistakes. Called when a row has failed, not before: they import the
            reference.
    """

    title: str
    package: str
    root: Path
    modules: tuple[str, ...]
    parts: tuple[Part, ...]
    catalogue: Callable[[], Catalogue] = Catalogue

    @property
    def solutions(self) -> Path:
        """The folder of the reference: the students' folder, with answers."""
        return self.root / "solutions"

    @property
    def template(self) -> Path:
        """The folder students are given, generated from ``solutions`` and ``public_tests``."""
        return self.root / "student_template"

    @property
    def public_tests(self) -> Path:
        """The tests students are given."""
        return self.root / "tests" / "public"

    @property
    def hidden_tests(self) -> Path:
        """The graded tests."""
        return self.root / "tests" / "hidden"

    @property
    def settings_file(self) -> Path:
        """What the staff decides."""
        return self.root / "autograder" / "settings.toml"

    @property
    def right_variants(self) -> Path:
        """Right submissions in other styles than the reference's, a folder each: they must get full marks."""
        return self.root / "tests" / "engine" / "variants"

    @property
    def points(self) -> float:
        """The published total, without the bonus."""
        return sum(part.points for part in self.parts if not part.is_bonus)

    @property
    def bonus(self) -> float:
        """The points to be had on top of the total."""
        parts = sum(part.points for part in self.parts if part.is_bonus)
        return parts + sum(function.bonus_points for function in self.functions)

    @property
    def functions(self) -> tuple[Function, ...]:
        """Every function students fill in, in the order of the parts."""
        return tuple(function for part in self.parts for function in part.functions)

    @property
    def signatures(self) -> Mapping[str, Signature]:
        """The signature of each function, ``module.function``, that has one."""
        return {one.qualified_name: one.signature for one in self.functions if one.signature is not None}

    @property
    def numbers(self) -> frozenset[str]:
        """The numbers that rows begin with: those of the parts and of their functions."""
        return frozenset([part.number for part in self.parts] + [one.number for one in self.functions])
