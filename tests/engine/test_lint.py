"""The lint: one defect at a time in a toy, a copy of the homework with several, and the homework itself."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.grading.assignment import Catalogue, Misconception
from autograder.grading.manifest import Check
from autograder.grading.results import Row
from autograder.grading.settings import Settings, read_settings
from autograder.homework import ASSIGNMENT
from autograder.release import lint
from autograder.release.catalogue import check_catalogue
from tests.engine import toy_homework
from tests.engine.conftest import ROOT, replace

DOUBLE, TRIPLE, TOTAL = "arithmetic.double", "arithmetic.triple", "arithmetic.total"


def double(number):
    """Return twice the number (lecture, "Multiples")."""
    return number + number


def triple(number):
    """Return three times the number (slide "Multiples")."""
    return 3.0 * number


def total(number):
    """Return what it costs (slide "Sums")."""
    return number


def squared(right, number):
    return number * number


def probes(function, rng):
    return [(rng.normal(),), (2.0,)]


def check(number, checked='As on the slide "Multiples".'):
    return Check(f"test_{number}", Row(number, "Multiplies", 1.0, is_bonus=False), checked)


CHECKS = (check("1.1.1"), check("1.1.2", checked=""), check("1.2.1"), check("1.3.1"))
SQUARED = Misconception("squared", DOUBLE, squared, "Multiples", "You square.", ("1.1.1",))
CUBED = Misconception("cubed", TRIPLE, squared, "Multiples", "You cube.")
ADDED = Misconception("added", TOTAL, squared, "Sums", "You add.")
CATALOGUE = Catalogue((SQUARED, CUBED, ADDED), {DOUBLE: double, TRIPLE: triple, TOTAL: total}, probes)


@pytest.fixture
def homework(tmp_path):
    return toy_homework.make(tmp_path)


def found(homework, *, checks=CHECKS, **changes):
    catalogue = dataclasses.replace(CATALOGUE, **changes)
    return [
        *lint.check_functions(homework, checks, catalogue),
        *lint.check_mistakes(homework, checks, catalogue),
        *check_catalogue(catalogue),
    ]


def without_slide(number):
    """Return three times the number."""
    return 3.0 * number


def raises(*arguments):
    raise NameError("name 'nubmer' is not defined")


def draws_badly(function, rng):
    return probes(function, rng) if function == DOUBLE else [(rng.nomal(),)]


def without_signatures(homework):
    (part,) = homework.parts
    bare = tuple(dataclasses.replace(function, signature=None) for function in part.functions)
    return dataclasses.replace(homework, parts=(dataclasses.replace(part, functions=bare),))


MISNUMBERED = dataclasses.replace(SQUARED, rows=("1.2.1",))
UNKNOWN_ROW = dataclasses.replace(SQUARED, rows=("1.1.9",))
ELSEWHERE = dataclasses.replace(SQUARED, name="other", function="arithmetic.quadruple")


def test_a_toy_without_defects_is_clean(homework):
    assert found(homework) == []


def test_a_function_whose_shapes_are_not_declared_is_named(homework):
    assert "arithmetic.triple has no signature: declare the shapes of its arguments." in found(
        without_signatures(homework)
    )


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"checks": CHECKS[:2]}, "arithmetic.triple has no row, and so no points"),
        (
            {"checks": (*CHECKS[:2], check("1.2.1", "With the slides."))},
            'No row of arithmetic.triple names its slide: write (slide "…") in the docstring of test_1.2.1.',
        ),
        ({"right": {DOUBLE: double}}, "arithmetic.triple has no right function in the catalogue"),
        (
            {"right": {DOUBLE: double, TRIPLE: without_slide}},
            'arithmetic.triple names no slide: write (lecture, "…") in its docstring',
        ),
        ({"misconceptions": (SQUARED,)}, "arithmetic.triple has no known mistake"),
        (
            {"misconceptions": (SQUARED, CUBED, SQUARED)},
            "2 mistakes are named squared: rename one.",
        ),
        (
            {"misconceptions": (ELSEWHERE, SQUARED, CUBED)},
            "other is a mistake in arithmetic.quadruple, which is no function of the homework.",
        ),
        (
            {"misconceptions": (dataclasses.replace(SQUARED, sentence=""), CUBED)},
            "squared has no sentence for the student who makes it",
        ),
        ({"misconceptions": (dataclasses.replace(SQUARED, slide=""), CUBED)}, "squared names no slide"),
        (
            {"misconceptions": (UNKNOWN_ROW, CUBED)},
            "squared should lose row 1.1.9, but there is no such row.",
        ),
        (
            {"misconceptions": (MISNUMBERED, CUBED)},
            "squared should lose row 1.2.1, which is none of arithmetic.double.",
        ),
        (
            {"misconceptions": (dataclasses.replace(SQUARED, twist=raises), CUBED)},
            "squared raises on probe 1 of arithmetic.double: NameError: name 'nubmer' is not defined.",
        ),
        (
            {"right": {DOUBLE: double, TRIPLE: raises}},
            "arithmetic.triple of the solutions raises on its probe 1",
        ),
        ({"probes": draws_badly}, "The probes of arithmetic.triple cannot be drawn: AttributeError"),
        ({"probes": lambda function, rng: []}, "arithmetic.triple has no probes"),
    ],
)
def test_a_defect_is_a_sentence_that_says_what_to_do(homework, changes, sentence):
    problems = found(homework, **changes)
    assert any(problem.startswith(sentence) for problem in problems), problems


def test_the_settings_may_name_rows_that_exist_alone():
    visibility = {"1": "visible", "1.1": "visible", "1.1.2": "visible", "1.1.9": "visible", "2": "visible"}
    assert list(lint.check_visibility(Settings("salt", visibility=visibility), CHECKS)) == [
        "The settings say who sees 1.1.9, but no row begins so: take it out, or correct it.",
        "The settings say who sees 2, but no row begins so: take it out, or correct it.",
    ]


@pytest.mark.parametrize(
    "name", ["results.json", "Untitled.ipynb", "arithmetic copy.py", "arithmetic (1).py", "grading.log"]
)
def test_a_leftover_is_named_even_where_git_keeps_it(tmp_path, name):
    file = tmp_path / "solutions" / name
    (problem,) = lint.check_files(tmp_path, [file], {file})
    assert problem.startswith(f"solutions/{name} looks like a leftover")


def test_a_file_that_git_does_not_keep_is_named(homework):
    for command in (["init", "-q"], ["add", "."]):
        subprocess.run(["git", *command], cwd=homework.root, check=True, capture_output=True)
    assert lint.check_tracked(homework) == ([], [])
    (homework.solutions / "toy" / "notes.md").touch()
    (homework.public_tests / "test_secret.py").touch()
    (homework.solutions / ".DS_Store").touch()  # the template leaves it out
    problems, notes = lint.check_tracked(homework)
    assert problems == [
        f"{name} is unknown to git, but students would get it: add it, or move it away."
        for name in ("solutions/toy/notes.md", "tests/public/test_secret.py")
    ]
    assert notes == []


def test_a_copy_that_git_does_not_know_at_all_is_noted(homework):
    problems, notes = lint.check_tracked(homework)
    assert problems == []
    assert notes[0].startswith("This is no checkout of git")
    subprocess.run(["git", "init", "-q"], cwd=homework.root, check=True)
    assert lint.check_tracked(homework) == (problems, notes)


def run_lint(root: Path, verb: str = "lint"):
    command = [sys.executable, "-m", "autograder", verb]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)


def test_the_homework_is_clean():
    done = run_lint(ROOT)
    assert done.returncode == 0, done.stderr
    assert "were looked at: nothing to mend." in done.stdout
    is_shipped = read_settings(ASSIGNMENT.settings_file).salt_id == lint.SHIPPED_SALT_ID
    assert ("Note: The salt in settings.toml is the one of the repository" in done.stderr) == is_shipped


def test_a_copy_with_several_defects_hears_of_all_of_them(repository):
    replace(repository / "tests/hidden/test_npg.py", '@number("3.1.4")', '@number("3.9")')
    replace(repository / "tests/hidden/test_policy.py", "@weight(2)", "@weight(2.3)")
    mistakes = repository / "autograder" / "misconceptions" / "importance_sampling.py"
    replace(mistakes, "np.exp(target_log_probs + proposal", "np.exp(target_log_prob + proposal")
    (repository / "autograder" / "settings.toml").write_text(
        'salt = "of ours"\n[visibility]\n"5.9" = "visible"\n'
    )
    (repository / "solutions" / "results.json").touch()
    done = run_lint(repository)
    assert done.returncode == 1
    for sentence in (
        'has number "3.9", but a text of three pieces was expected',
        "weights_as_a_product raises on probe 1 of importance_sampling.importance_weights: NameError",
        "The rows of part 1 add up to 12.3 points, not to 12.",
        "The rows of part 3 add up to 31.5 points, not to 32.",
        "The settings say who sees 5.9, but no row begins so",
        "solutions/results.json looks like a leftover",
    ):
        assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert "is the one of the repository" not in done.stderr


@pytest.mark.parametrize("verb", ["bundle", "validate"])
def test_what_leaves_or_proves_the_grader_begins_with_the_lint(repository, verb):
    (repository / "solutions" / "results.json").touch()
    done = run_lint(repository, verb)
    assert done.returncode == 1
    assert "solutions/results.json looks like a leftover" in done.stderr
    assert done.stdout == ""
    assert not (repository / "dist").exists()


def test_hidden_tests_that_cannot_be_imported_are_named(repository):
    replace(repository / "tests/hidden/test_npg.py", "from hw4 import npg", "from hw4 import ngp")
    done = run_lint(repository)
    assert done.returncode == 1
    assert "tests/hidden/test_npg.py cannot be imported" in done.stderr


def test_a_catalogue_that_cannot_be_loaded_is_a_sentence(repository):
    replace(repository / "autograder/misconceptions/trpo.py", "from hw4.policy", "from hw4.polciy")
    done = run_lint(repository)
    assert done.returncode == 1
    assert "The catalogue of mistakes cannot be loaded: ModuleNotFoundError" in done.stderr
    assert "Traceback" not in done.stderr


def test_points_that_students_are_told_are_held_against_the_rows(homework):
    (part,) = homework.parts
    first, *others = part.functions
    told = (dataclasses.replace(first, points=3.0), *others)
    told_wrong = dataclasses.replace(homework, parts=(dataclasses.replace(part, functions=told),))
    (sentence,) = [one for one in found(told_wrong) if "worth" in one]
    assert sentence == "Students are told that arithmetic.double is worth 3 points, but its rows add up to 2."
    right = (dataclasses.replace(first, points=2.0), *others)
    told_right = dataclasses.replace(homework, parts=(dataclasses.replace(part, functions=right),))
    assert not [one for one in found(told_right) if "worth" in one]
