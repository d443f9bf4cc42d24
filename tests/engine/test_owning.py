"""docs/owning.md: its recipes are applied to a copy of the repository, and do what they say."""

from __future__ import annotations

import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator

import pytest

from tests.engine.conftest import ROOT, replace

OWNING = (ROOT / "docs" / "owning.md").read_text(encoding="utf-8")
BEHIND = {"solutions/hw4/lab/signatures.py": '    _declare(\n        "2.1",'}
"""Before which line a block goes that does not go to the end of its file."""


def blocks(heading: str) -> Iterator[tuple[str, str, str]]:
    """The fenced blocks of a section: the file that was last named before each, its language and its text."""
    section = re.search(rf"^## {heading}\n(.*?)(?=^## |\Z)", OWNING, re.MULTILINE | re.DOTALL)
    assert section, heading
    pieces = re.split(r"```(\w+)\n(.*?)```\n", section[1], flags=re.DOTALL)
    for before, language, text in zip(pieces[::3], pieces[1::3], pieces[2::3], strict=False):
        yield re.findall(r"`([\w/.]+\.py)`", before)[-1], language, text


def apply(root, heading):
    for file, language, text in blocks(heading):
        path = root / file
        if language == "diff":
            lines = text.splitlines()
            old = "\n".join(line[1:] for line in lines if line.startswith("-"))
            replace(path, old, "\n".join(line[1:] for line in lines if line.startswith("+")))
        elif file in BEHIND:
            replace(path, BEHIND[file], f"{textwrap.indent(text.rstrip(), '    ')},\n{BEHIND[file]}")
        else:
            path.write_text(f"{path.read_text(encoding='utf-8')}\n\n{text}", encoding="utf-8")


def run(root, *verb):
    command = [sys.executable, "-m", "autograder", *verb]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("heading", ["Changing points", "Adding a function"])
def test_a_recipe_leaves_nothing_to_mend(repository, heading):
    apply(repository, heading)
    assert run(repository, "template").returncode == 0
    linted = run(repository, "lint")
    assert linted.returncode == 0, linted.stderr


def test_points_that_are_half_changed_are_named(repository):
    file, _, text = next(blocks("Changing points"))
    old, new = (line[1:] for line in text.splitlines())
    replace(repository / file, old, new)
    assert "The rows of part 1 add up to 12 points, not to 13." in run(repository, "lint").stderr


def test_a_function_that_was_added_is_graded(repository):
    apply(repository, "Adding a function")
    assert run(repository, "template").returncode == 0
    right = run(repository, "grade", "solutions", "--only", "entropy")
    assert right.returncode == 0, right.stderr
    assert "(+1 bonus)" in right.stdout
    stub = run(repository, "grade", "student_template", "--only", "1.3")
    assert "not attempted" in stub.stdout
    wrong = repository / "wrong"
    source = (repository / "solutions/hw4/policy.py").read_text(encoding="utf-8")
    (wrong / "hw4").mkdir(parents=True)
    turned = source.replace(
        "return -np.sum(np.exp(log_probabilities)", "return np.sum(np.exp(log_probabilities)"
    )
    (wrong / "hw4" / "policy.py").write_text(turned, encoding="utf-8")
    assert "Your entropy is negative" in run(repository, "grade", "wrong", "--only", "1.3").stdout


def test_the_files_that_are_named_exist():
    named = {name for name in re.findall(r"`([\w/.]+/[\w.]+\.(?:py|toml|md))`", OWNING) if "<" not in name}
    assert named
    assert [name for name in sorted(named) if not (ROOT / name).is_file()] == []
