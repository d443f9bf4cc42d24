"""The house: a folder imports what stands below it, never above, and no two files import each other."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.homework import ASSIGNMENT

ROOT = Path(__file__).resolve().parents[2]
FLOORS = [
    "autograder.__main__",
    "autograder.cli",
    "autograder.homework",
    "autograder.release",
    "autograder.regrade",
    "autograder.misconceptions",
    "autograder.grading",
    "autograder.oracle",
    "autograder.sandbox",
    "autograder.setup",
    "hw4.__main__",
    "hw4.lab",
    "hw4.trpo",
    "hw4.ppo",
    "hw4.npg",
    "hw4.importance_sampling",
    "hw4.policy_gradient",
    "hw4.baseline",
    "hw4.policy",
    "hw4.tabular",
    "hw4.trajectories",
]
"""From the top floor down."""
FILES = sorted([*(ROOT / "autograder").rglob("*.py"), *(ROOT / "solutions").rglob("*.py")])


def name_of(file: Path) -> str:
    inside = file.relative_to(ROOT / "solutions" if "solutions" in file.parts else ROOT)
    return ".".join(inside.with_suffix("").parts).removesuffix(".__init__")


def imports_of(file: Path) -> Iterator[str]:
    """Every module of the project that a file imports, at its top or inside a function."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = name_of(file).split(".")[: -node.level] if node.level else []
            module = ".".join([*above, *filter(None, [node.module])])
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


def floor_of(module: str) -> int | None:
    for place, floor in enumerate(FLOORS):
        if module == floor or module.startswith(f"{floor}."):
            return place
    return None


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_a_file_imports_nothing_from_a_floor_above(file):
    own = floor_of(name_of(file))
    above = [
        name for name in imports_of(file) if (place := floor_of(name)) is not None and place < (own or 0)
    ]
    assert own is not None or not above, f"{file} stands on no floor"
    assert not above, f"{file.relative_to(ROOT)} imports {above}"


def test_no_two_files_import_each_other():
    names = {name_of(file): file for file in FILES}
    edges = {name: {other for other in imports_of(file) if other in names} for name, file in names.items()}
    pairs = [(one, two) for one in edges for two in edges[one] if one in edges[two] and one != two]
    assert not pairs


def test_the_engine_imports_nothing_of_a_homework_but_its_declaration():
    engine = [ROOT / "autograder" / "cli.py", ROOT / "autograder" / "__main__.py"]
    engine += [
        f for part in ("grading", "regrade", "release") for f in (ROOT / "autograder" / part).rglob("*.py")
    ]
    content = ("hw4", "autograder.misconceptions", "autograder.oracle")
    for file in engine:
        assert not [name for name in imports_of(file) if name.startswith(content)], file


def test_the_sandbox_imports_no_other_folder_of_the_project():
    for file in (ROOT / "autograder" / "sandbox").rglob("*.py"):
        others = [name for name in imports_of(file) if name.split(".")[0] in ("autograder", "hw4", "tests")]
        assert all(name.startswith("autograder.sandbox") for name in others), file


def test_what_stands_beside_student_code_needs_numpy_and_the_standard_library_only():
    allowed = {"numpy", "runtime", *sys.stdlib_module_names}  # "runtime" is what their copies are called
    for file in (ROOT / "autograder" / "sandbox" / "inside").glob("*.py"):
        imported = [name for name in imports_of(file) if not name.startswith("autograder.sandbox.inside")]
        assert {name.split(".")[0] for name in imported} <= allowed, file


def test_what_runs_before_anything_is_installed_needs_the_standard_library_only():
    files = list((ROOT / "autograder" / "setup").glob("*.py"))
    assert files
    for file in files:
        assert set(imports_of(file)) <= {*sys.stdlib_module_names, "pathlib.Path"}, file


def test_the_lab_imports_no_module_that_students_fill_in():
    for file in (ROOT / "solutions" / "hw4" / "lab").rglob("*.py"):
        imported = {name.split(".")[1] for name in imports_of(file) if name.startswith("hw4.")}
        assert not imported.intersection(ASSIGNMENT.modules), file


def test_the_oracle_does_not_use_the_reference():
    for file in (ROOT / "autograder" / "oracle").glob("*.py"):
        imported = {name.split(".")[1] for name in imports_of(file) if name.startswith("hw4.")}
        assert imported <= {"tabular", "trajectories"}, file


def test_graded_code_reaches_student_code_through_the_fixture_only():
    """A hidden test that imports the package under test would judge the reference by itself."""
    for file in (ROOT / "tests" / "public").glob("test_*.py"):
        imported = {name.split(".")[1] for name in imports_of(file) if name.startswith("hw4.")}
        assert not imported.intersection(ASSIGNMENT.modules), file
