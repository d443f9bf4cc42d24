"""docs/owning.md: its recipes are applied to a copy of the repository, and do what they say."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Iterator

import pytest

from autograder import cli
from tests.engine.conftest import ROOT, replace, run_grade

OWNING = (ROOT / "docs" / "owning.md").read_text(encoding="utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
SIGNATURES = "solutions/hw4/lab/signatures.py"
BEHIND = {"1.3": '    _declare(\n        "2.1",', "7.1": ")\n\nSIGNATURES:"}
"""Before which text a declaration goes, by its number."""


@pytest.fixture
def repository(tmp_path):
    """A copy of all that is not hidden."""
    ignored = shutil.ignore_patterns(".*", "__pycache__", "dist", "results.json")
    shutil.copytree(ROOT, tmp_path / "repository", ignore=ignored)
    return tmp_path / "repository"


def section(heading: str) -> str:
    found = re.search(rf"^## {heading}\n(.*?)(?=^## |\Z)", OWNING, re.MULTILINE | re.DOTALL)
    assert found, heading
    return found[1]


def blocks(heading: str) -> Iterator[tuple[str, str, str]]:
    """The fenced blocks of a section: the file that was last named before each, its language and its text."""
    pieces = re.split(r"```(\w+)\n(.*?)```\n", section(heading), flags=re.DOTALL)
    assert len(pieces) > 1, heading
    for before, language, text in zip(pieces[::3], pieces[1::3], pieces[2::3], strict=False):
        yield (re.findall(r"`([\w/.]+\.py)`", before) or [""])[-1], language, text


def change(path, text):
    """Make the changes of a diff, which an empty line separates."""
    for hunk in text.strip("\n").split("\n\n"):
        lines = hunk.splitlines(keepends=True)
        old = "".join(line[1:] for line in lines if line[0] in "- ")
        replace(path, old.rstrip("\n"), "".join(line[1:] for line in lines if line[0] in "+ ").rstrip("\n"))


def apply(root, heading):
    scripts = ""  # those of a section share their functions
    for file, language, text in blocks(heading):
        if language == "sh":
            scripts += text
        elif language == "diff":
            change(root / file, text)
        elif file == SIGNATURES:
            behind = next(place for number, place in BEHIND.items() if f'"{number}"' in text)
            replace(root / file, behind, f"{textwrap.indent(text.rstrip(), '    ')},\n{behind}")
        else:
            add(root / file, text)
    subprocess.run(["bash", "-euc", scripts], cwd=root, check=True)


def add(path, text):
    """Put a block at the end of a file, or into a new one."""
    before = f"{path.read_text(encoding='utf-8')}\n\n" if path.exists() else ""
    path.write_text(before + text, encoding="utf-8")


def run(root, *verb):
    command = [sys.executable, "-m", "autograder", *verb]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)


def assert_nothing_to_mend(root):
    """Handout and template can be made and nothing is left for lint to name; returns what lint looked at."""
    for verb in ("handout", "template"):
        made = run(root, verb)
        assert made.returncode == 0, made.stderr
    linted = run(root, "lint")
    assert linted.returncode == 0, linted.stderr
    return linted.stdout


def grade(root, submission, only):
    graded = run_grade(root / submission, root.parent / "results.json", "--only", only, root=root)
    assert graded.status == 0, graded.said
    return graded


def write_wrong(root, module, old, new, package="hw4"):
    """Write the reference's module with a mistake in it, as a submission."""
    file = root / "wrong" / f"{module}.py"
    file.parent.mkdir()
    shutil.copy(root / "solutions" / package / file.name, file)
    replace(file, old, new)


def test_points_can_be_changed(repository):
    apply(repository, "Changing points")
    rows, _, points, functions, _, told = (
        [cell.strip() for cell in line.split("|")[2:-1]]
        for line in re.findall(r"^\|.*", section("Changing points"), re.M)
    )
    declared = (repository / SIGNATURES).read_text(encoding="utf-8")
    for function, worth in zip(functions, told, strict=True):
        (old,) = re.findall(rf'(?s)_declare\(\n        "{function}".*?points=[\d.]+,\n', declared)
        declared = declared.replace(old, f"{old.rpartition('=')[0]}={worth},\n")
    (repository / SIGNATURES).write_text(declared, encoding="utf-8")
    for row, weight in zip(rows, points, strict=True):
        (file,) = (
            file
            for file in (repository / "tests" / "hidden").glob("test_*.py")
            if f'@number("{row}")' in file.read_text(encoding="utf-8")
        )
        (old,) = re.findall(rf'@weight\(.*\)\n@number\("{row}"\)', file.read_text(encoding="utf-8"))
        replace(file, old, f'@weight({weight})\n@number("{row}")')
    assert_nothing_to_mend(repository)
    assert grade(repository, "solutions", "1").document["score"] == 10


def test_points_that_are_half_changed_are_named(repository):
    apply(repository, "Changing points")
    assert "The rows of part 1 add up to 12 points, not to 10." in run(repository, "lint").stderr


def test_a_function_that_was_added_is_graded(repository):
    apply(repository, "Adding a function")
    assert "20 functions" in assert_nothing_to_mend(repository)
    assert "(+1 bonus)" in grade(repository, "solutions", "entropy").printed
    assert "not attempted" in grade(repository, "student_template", "1.3").printed
    write_wrong(repository, "policy", "return -np.sum(np.exp(log_prob", "return np.sum(np.exp(log_prob")
    assert "Your entropy is negative" in grade(repository, "wrong", "1.3").printed


def test_a_module_and_a_part_that_were_added_are_graded(repository):
    apply(repository, "Adding a module and a part")
    assert "20 functions" in assert_nothing_to_mend(repository)
    assert "(+1 bonus)" in grade(repository, "solutions", "7").printed
    assert "not attempted" in grade(repository, "student_template", "evaluation.mean_return").printed
    write_wrong(repository, "evaluation", "/ len(mask)", "/ mask.sum()")
    assert "You average over the steps" in grade(repository, "wrong", "7").printed


def test_a_row_that_was_added_is_graded(repository):
    (row,) = re.findall(r"```python\n(.*?)```", CONTRIBUTING, re.DOTALL)
    add(repository / "tests" / "hidden" / "test_npg.py", row)
    assert "The rows of part 3 add up to 33 points, not to 32." in run(repository, "lint").stderr
    apply(repository, "Adding a row")
    assert_nothing_to_mend(repository)
    assert grade(repository, "solutions", "3.1.7").document["score"] == 1


def test_a_mistake_that_was_added_is_named(repository):
    before = re.findall(r"(\d+) mistakes", run(repository, "lint").stdout)
    apply(repository, "Adding a mistake")
    after = re.findall(r"(\d+) mistakes", assert_nothing_to_mend(repository))
    assert [int(number) for number in after] == [int(number) + 1 for number in before]
    write_wrong(repository, "importance_sampling", "np.mean(weights * values)", "np.median(weights * values)")
    graded = grade(repository, "wrong", "4.2")
    assert "4.2.1" in graded.lost
    assert "You take the median of w·f" in graded.printed


def test_a_bonus_that_was_dropped_leaves_the_rest(repository):
    apply(repository, "Dropping a bonus")
    assert "16 functions" in assert_nothing_to_mend(repository)
    for folder in ("solutions", "student_template"):
        assert not (repository / folder / "hw4" / "trpo.py").exists()
        assert "clip_penalty" not in (repository / folder / "hw4" / "ppo.py").read_text(encoding="utf-8")
    graded = grade(repository, "solutions", "4.4,4.6")
    assert not graded.lost
    assert "bonus" not in graded.document["output"]
    refused = run(repository, "grade", "solutions", "--only", "6")
    assert refused.returncode == 2
    trained = subprocess.run(
        [sys.executable, "-m", "hw4", "train", "trpo"],
        cwd=repository / "solutions",
        capture_output=True,
        text=True,
        check=False,
    )
    assert "'trpo' is not one of 'npg', 'ppo', 'reinforce'" in trained.stderr


def test_the_package_can_be_renamed(repository):
    apply(repository, "Renaming the package")
    assert "19 functions" in assert_nothing_to_mend(repository)
    assert not list(repository.glob("*/hw4"))
    graded = grade(repository, "solutions", "1.2")
    assert not graded.lost
    assert "HW5: From NPG to PPO" in graded.printed
    write_wrong(repository, "policy", "one_hot - probabilities", "probabilities - one_hot", package="hw5")
    assert "from hw5.policy import score" in grade(repository, "wrong", "1.2").printed


def test_the_traceback_of_a_fault_is_where_it_is_said_to_be(repository):
    test = repository / "tests" / "hidden" / "test_policy.py"
    replace(test, "expected = reference.action_log_probabilities(", "expected = reference.no_such_function(")
    graded = run_grade(
        repository / "solutions", repository / "results.json", "--only", "1.1", root=repository
    )
    assert graded.status == 1
    (fault,) = graded.document["extra_data"]["grader_faults"]
    for said in ("Traceback", "no_such_function"):
        assert said in fault
        assert said in graded.said
    assert graded.rows["1.1.1"]["output"].startswith("The grader itself failed")
    assert graded.lost == {"1.1.1"}


def test_the_commands_that_are_named_exist():
    named = re.findall(r"-m autograder ([\w-]+)", OWNING) + re.findall(r"`(rehearse|lint|validate)", OWNING)
    assert named
    assert set(named) <= set(cli.app.commands)


def test_the_files_that_are_named_exist():
    named = {name for name in re.findall(r"`([\w/.]+/[\w.]+\.(?:py|toml|md))`", OWNING) if "<" not in name}
    assert named
    added = {name for heading in ("Adding a module and a part",) for name, _, _ in blocks(heading)}
    assert [name for name in sorted(named - added) if not (ROOT / name).is_file()] == []
