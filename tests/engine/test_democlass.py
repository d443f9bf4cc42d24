"""The made-up class: in the form of the platform's export, with what classes have in them."""

from __future__ import annotations

import ast
import filecmp
import random
import re
import unicodedata

import pytest
import yaml

from autograder.grading.errors import UnusableRequest
from autograder.grading.submission import collect
from autograder.homework import ASSIGNMENT
from autograder.release import inprocess, known
from autograder.release.democlass import METADATA, make_class
from autograder.release.disguise import disguise
from autograder.release.names import people
from tests.engine.conftest import SOLUTIONS

STUDENTS = 12
# Outside the suite, hypothesis' warnings are no errors: hidden tests call strategies' code on examples.
pytestmark = pytest.mark.filterwarnings("ignore::hypothesis.errors.HypothesisDeprecationWarning")


@pytest.fixture(scope="module", autouse=True)
def graded_once():
    """Classes of one seed are made twice here; what is graded for the first serves for the second."""
    grade, known_results = inprocess.grade, {}

    def remembered(assignment, folder, salt, only="", problems=None):
        digest = collect(folder, assignment.package, assignment.modules).digest
        if (digest, only) not in known_results:
            known_results[digest, only] = grade(assignment, folder, salt, only, problems)
        return known_results[digest, only]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(inprocess, "grade", remembered)
        yield


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("class") / "export"
    return folder, make_class(ASSIGNMENT, STUDENTS, folder, seed=1)


@pytest.fixture(scope="module")
def entries(made):
    folder, _ = made
    return yaml.load((folder / METADATA).read_text(encoding="utf-8"), yaml.CSafeLoader)


def test_every_submission_has_an_entry_and_a_folder(made, entries):
    folder, kinds = made
    assert {path.name for path in folder.iterdir()} == {METADATA, *entries}
    assert sum(kinds.values()) == len(entries)
    assert sum(len(entry[":submitters"]) for entry in entries.values()) == STUDENTS


def test_an_entry_has_the_keys_of_the_platform(entries):
    for name, entry in entries.items():
        assert re.fullmatch(r"submission_\d+", name)
        assert list(entry) == [":submitters", ":created_at", ":score", ":status", ":results", ":history"]
        assert entry[":score"] == entry[":results"]["score"]
        assert all({":name", ":email"} <= set(person) for person in entry[":submitters"])
        assert all({":id", ":created_at", ":score", ":results"} <= set(old) for old in entry[":history"])


def test_the_file_is_written_as_the_platform_writes_it(made):
    text = (made[0] / METADATA).read_text(encoding="utf-8")
    assert text.startswith("---\nsubmission_")
    assert re.search(r"^    :sid: '0\d+'$", text, re.MULTILINE)
    assert re.search(r"^  :created_at: \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{9} Z$", text, re.MULTILINE)


def test_a_class_has_wrong_empty_and_broken_submissions_and_a_copy(made):
    folder, kinds = made
    assert {"right", "one mistake", "several mistakes", "empty", "broken", "copy in disguise"} <= set(kinds)
    assert any(not any(path.iterdir()) for path in folder.iterdir() if path.is_dir())


def test_the_same_seed_gives_the_same_class(made, tmp_path):
    folder, kinds = made
    assert make_class(ASSIGNMENT, STUDENTS, tmp_path / "again", seed=1) == kinds
    compared = filecmp.dircmp(folder, tmp_path / "again")
    assert compared.common_files == [METADATA]
    assert not compared.left_only + compared.right_only + compared.diff_files


def test_the_official_scores_are_those_of_the_rows_lost(made, entries):
    for entry in entries.values():
        rows = entry[":results"]["tests"]
        lost = [row for row in rows if row["status"] == "failed"]
        assert len(rows) > 50
        assert entry[":score"] < 106 or not lost
        assert entry[":score"] == pytest.approx(sum(row["score"] for row in rows))


def test_a_folder_that_holds_something_is_left_alone(tmp_path):
    (tmp_path / "thesis.tex").write_text("precious")
    with pytest.raises(UnusableRequest, match="holds something already"):
        make_class(ASSIGNMENT, 3, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_people_have_names_in_several_scripts_and_numbers_with_leading_zeros():
    class_ = people(200, random.Random(0))
    letters_of = " ".join(unicodedata.name(letter) for person in class_ for letter in person["name"])
    for letters in ("CYRILLIC", "GREEK", "CJK", "ARABIC", "HEBREW", "HANGUL", "DEVANAGARI", "ACUTE"):
        assert letters in letters_of
    assert all(person["sid"].startswith("0") for person in class_ if "sid" in person)
    assert sum("sid" not in person for person in class_) == 5
    assert any(person["name"].startswith("=") for person in class_)


def test_a_disguised_copy_is_right_and_looks_otherwise(tmp_path):
    submission = known.write_reference(ASSIGNMENT, tmp_path / "copy")
    rng = random.Random(0)
    for file in (submission / "hw4").iterdir():
        source = file.read_text(encoding="utf-8")
        copy = disguise(source, rng)
        assert "#" not in copy
        assert ast.dump(ast.parse(copy)) != ast.dump(ast.parse(source))
        file.write_text(copy, encoding="utf-8")
    assert collect(submission, "hw4", ASSIGNMENT.modules).missing == {}
    graded = inprocess.grade(ASSIGNMENT, submission, "salt", "4.5", problems := [])
    assert not problems
    assert {row.number: row.explanation.mismatch for row in graded.rows if row.score < row.points} == {}


def test_a_disguise_keeps_the_names_that_callers_use():
    for file in SOLUTIONS.glob("*.py"):
        before, after = (
            file.read_text(encoding="utf-8"),
            disguise(file.read_text(encoding="utf-8"), random.Random(1)),
        )
        arguments = [
            {
                node.name: ast.unparse(node.args)
                for node in ast.parse(text).body
                if isinstance(node, ast.FunctionDef)
            }
            for text in (before, after)
        ]
        assert arguments[0] == arguments[1]
