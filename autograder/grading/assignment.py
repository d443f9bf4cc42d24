"""What a grader must know of a homework: functions, parts, points, folders. Names no particular homework."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Function:
    """One function a student fills in.

    Attributes:
        number: its number in the handout and in the rows, such as ``"3.1"``.
        module: the module's name without the package, such as ``"npg"``.
        name: the function's name.
        title: how a row names it, such as ``"Fisher estimate"``.
    """

    number: str
    module: str
    name: str
    title: str

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
        points: what its rows add up to.
        functions: the functions filled in here; none for a part that only runs earlier ones.
        is_bonus: its points come on top of the total.
    """

    number: str
    title: str
    points: float
    functions: tuple[Function, ...] = ()
    is_bonus: bool = False


@dataclass(frozen=True)
class Assignment:
    """A homework, as the engine sees it.

    Attributes:
        title: the homework's name.
        package: the package students fill in.
        root: the repository's folder (on the platform: the unpacked zip).
        modules: the modules students fill in, dependencies first; one ``.py`` file each.
        parts: in the order of the rows.
    """

    title: str
    package: str
    root: Path
    modules: tuple[str, ...]
    parts: tuple[Part, ...]

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
    def points(self) -> float:
        """The published total, without the bonus."""
        return sum(part.points for part in self.parts if not part.is_bonus)

    @property
    def functions(self) -> tuple[Function, ...]:
        """Every function students fill in, in the order of the parts."""
        return tuple(function for part in self.parts for function in part.functions)
