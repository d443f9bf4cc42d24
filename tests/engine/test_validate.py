"""The report card: a reduced run of the real thing, and what it says where the grader falls short."""

from __future__ import annotations

import ast
import dataclasses
import json
import os
import subprocess
import sys

import pytest

from autograder.grading.batch import Graded, Job
from autograder.homework import ASSIGNMENT as HW4
from autograder.release import known, validate
from autograder.release.attacks import AttackCheck, check_attacks, read_report
from autograder.release.salts import SaltCheck
from autograder.release.validate import MistakeCheck, ReportCard, WholeCheck

GOOD = WholeCheck("reference", 106.0, 106.0, {})
NOTHING = WholeCheck("template", 0.0, 0.0, {"1.1.1": "not attempted"})
CAUGHT = MistakeCheck("mean", "npg.fisher_estimate", ("3.1.1",), {"3.1.1": True, "3.1.2": False}, True, ())


def test_a_reduced_run_finds_nothing_to_complain_of():
    seen = []
    card = validate.validate(HW4, sample=3, salts=2, on_progress=seen.append)
    assert card.shortcomings == ()
    assert card.reference.points == 106.0
    assert card.template.points == 0.0
    assert card.caught == card.named == len(card.mistakes) == 3
    assert len(card.styles) == 1
    assert [check.points for check in card.salted] == [106.0, 106.0]
    assert [check.name for check in card.steady] == [mistake.name for mistake in card.mistakes]
    assert all(check.is_good and check.salts == 2 for check in card.steady)
    assert [progress.done for progress in seen] == list(range(1, seen[-1].total + 1))
    assert json.loads(json.dumps(card.to_json()))["is_good"]


def test_a_good_grader_has_no_shortcomings():
    assert ReportCard(GOOD, NOTHING, (GOOD,), (CAUGHT,)).shortcomings == ()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"reference": dataclasses.replace(GOOD, points=104.5, failed={"3.1.4": "It changed.\nMore."})},
            "reference got 104.5 points, but 106 were expected. Lost rows: 3.1.4: It changed.",
        ),
        (
            {"template": dataclasses.replace(NOTHING, points=0.5)},
            "template got 0.5 points, but 0 were expected.",
        ),
        (
            {"salted": (dataclasses.replace(GOOD, name="reference, salt 7", points=104.0),)},
            "reference, salt 7 got 104 points, but 106 were expected. Lost rows: ",
        ),
        (
            {"attacks": AttackCheck(0, problem="it hung.")},
            "The attack suite: it hung.",
        ),
        (
            {"styles": (dataclasses.replace(GOOD, name="loops", points=None, problem="It hung."),)},
            "loops could not be graded: It hung.",
        ),
        (
            {"mistakes": (dataclasses.replace(CAUGHT, rows={"3.1.1": False, "3.1.2": True}),)},
            "mean is not caught: 3.1.1 should fail, but what failed is: 3.1.2.",
        ),
        (
            {"mistakes": (dataclasses.replace(CAUGHT, wanted=(), rows={"3.1.1": False}),)},
            "mean is not caught: any row of npg.fisher_estimate should fail, but what failed is: none.",
        ),
        (
            {"steady": (SaltCheck("mean", 20, {"3.1.1": 20, "3.1.5": 18}),)},
            "mean loses row 3.1.5 under 18 of 20 salts: mend the row, so that the draw does not decide.",
        ),
        (
            {"steady": (SaltCheck("mean", 20, {"3.1.1": 20}, ("3.1.2: Traceback … KeyError: 'm'",)),)},
            "mean: the grader itself failed under some salt: 3.1.2: Traceback … KeyError: 'm'",
        ),
        ({"idle": ("3.1.2",)}, "Nothing loses row 3.1.2: write a mistake that does, or take the row out."),
        ({"mistakes": (dataclasses.replace(CAUGHT, misnamed=("sum",)),)}, "mean is taken for sum."),
        (
            {"mistakes": (CAUGHT, dataclasses.replace(CAUGHT, name="sum", is_named=False))},
            "1 of 2 mistakes are named, but 95% were expected. Not named: sum.",
        ),
        (
            {"mistakes": (dataclasses.replace(CAUGHT, problem="It hung."),)},
            "mean could not be graded: It hung.",
        ),
    ],
)
def test_a_shortcoming_is_a_sentence(changes, sentence):
    card = dataclasses.replace(ReportCard(GOOD, NOTHING, (GOOD,), (CAUGHT,)), **changes)
    assert card.shortcomings == (sentence,)
    assert not card.to_json()["is_good"]


def test_the_rows_that_no_mistake_loses_are_found():
    other = dataclasses.replace(CAUGHT, name="sum", rows={"3.1.1": False, "3.1.3": True})
    assert validate.find_idle([CAUGHT, other]) == ("3.1.2",)


DRAWN = """

@weight(0.5)
@number("3.1.4")
def test_fisher_is_judged_by_the_draw(submission, draw_seed):
    \"\"\"Is judged by the draw.\"\"\"
    if draw_seed("salted") % 2:
        raise Mismatch(FISHER, "value", "The draw decides.")
"""


def test_a_row_that_the_draw_decides_is_found(repository):
    tests = repository / "tests" / "hidden" / "test_npg.py"
    text = tests.read_text(encoding="utf-8")
    before, _, after = text.partition('@weight(0.5)\n@number("3.1.4")')
    _, _, rest = after.partition("\n\n\n@weight")
    tests.write_text(f"{before.rstrip()}\n{DRAWN}\n\n@weight{rest}", encoding="utf-8")
    code = (
        "from autograder.homework import ASSIGNMENT as HW4\n"
        "from autograder.release.salts import check_salts\n"
        "if __name__ == '__main__':\n"
        "    mistake = HW4.catalogue().of('npg.fisher_estimate')[4]\n"
        "    (found,) = check_salts(HW4, [mistake], [str(salt) for salt in range(3)], 1)\n"
        "    print(found.unsteady, found.lost['3.1.1'], found.faults)\n"
    )
    (repository / "ask.py").write_text(code)
    environment = os.environ | {"PYTHONPATH": str(repository / "solutions")}
    command = [sys.executable, "ask.py"]
    done = subprocess.run(
        command, cwd=repository, env=environment, capture_output=True, text=True, check=False
    )
    assert done.stdout == "('3.1.4',) 3 ()\n", done.stderr


def graded(outcome: str, diagnosis: str = "", faults: tuple[str, ...] = ()) -> Graded:
    extra = {"outcome": outcome, "diagnosis": diagnosis}
    row = {"number": "3.1.1", "output": "Checked: F.", "extra_data": extra}
    staff = {"grader_faults": list(faults)}
    return Graded(Job("a job", HW4.root), {"score": 1.0, "tests": [row], "extra_data": staff})


def check(outcome: str, diagnosis: str = "", faults: tuple[str, ...] = ()) -> MistakeCheck:
    every = HW4.catalogue().of("npg.fisher_estimate")
    mistake = next(mistake for mistake in every if mistake.name == "fisher_not_averaged")
    return validate._check_mistake(mistake, graded(outcome, diagnosis, faults), every)


def test_only_a_finding_catches_a_mistake():
    assert check("failed").is_caught
    for outcome in ("passed", "not attempted", "did not finish", "grader fault"):
        assert not check(outcome).is_caught


FAULTS = ("3.1.1: Traceback:\n  a line\nNameError: name 'x' is not defined\n", "another")


def test_a_fault_of_the_grader_is_a_problem_and_no_catch():
    """Also where it cost no row: a diagnosis that raises is the release's business."""
    said = "the grader itself failed (and 1 more): 3.1.1: Traceback: … NameError: name 'x' is not defined"
    assert check("failed").problem == ""
    assert check("failed", faults=FAULTS).problem == said
    whole = validate._check_whole(graded("passed", faults=FAULTS), 1.0)
    assert not whole.is_good
    assert whole.problem == said
    assert validate._check_whole(graded("passed"), 1.0).is_good


def test_a_mistake_is_named_by_its_own_sentence_alone():
    own = 'Your F is N times the lecture\'s: the factor 1/N is missing. (Slide "NPG".)'
    assert check("failed", own).is_named
    assert not check("passed", own).is_named
    other = check("failed", "Your F is half the lecture's: the ½ stands in the Taylor expansion, not in F.")
    assert not other.is_named
    assert other.misnamed == ("fisher_halved",)


def test_right_styles_are_whole_submissions_that_differ_from_the_reference(tmp_path):
    reference = known.write_reference(HW4, tmp_path / "reference") / "hw4"
    styles = dict(known.write_right(HW4, tmp_path / "styles"))
    assert len(styles) >= 25
    for name, submission in styles.items():
        files = {file.stem: file.read_bytes() for file in (submission / "hw4").iterdir()}
        assert set(files) == set(HW4.modules), name
        assert any(content != (reference / f"{stem}.py").read_bytes() for stem, content in files.items()), (
            name
        )
        for content in files.values():
            ast.parse(content)


SURVIVED = (
    '<testsuites><testsuite><testcase name="a"/>'
    '<testcase name="b"><skipped/></testcase>{}</testsuite></testsuites>'
)


def test_the_attack_suites_report_is_read():
    assert read_report(SURVIVED.format("")) == AttackCheck(1, (), 1)
    assert read_report(SURVIVED.format("")).is_good
    failure = '<testcase name="forge"><failure message="assert 9 == 0&#10;more">...</failure></testcase>'
    found = read_report(SURVIVED.format(failure))
    assert found == AttackCheck(1, (("forge", "assert 9 == 0"),), 1)
    card = ReportCard(GOOD, NOTHING, (GOOD,), (CAUGHT,), attacks=found)
    assert card.shortcomings == (
        "The attack suite: not every attack was survived.",
        "forge was not survived: assert 9 == 0",
    )


def test_an_attack_suite_that_ran_nothing_proves_nothing():
    assert not read_report("<testsuites/>").is_good


def test_the_attack_suite_is_run(tmp_path):
    suite = tmp_path / "tests" / "engine" / "test_attacks.py"
    assert "is missing" in check_attacks(tmp_path).problem
    suite.parent.mkdir(parents=True)
    suite.write_text("def test_held():\n    pass\n\ndef test_broken():\n    assert 1 == 2\n")
    found = check_attacks(tmp_path, workers=1)
    assert (found.survived, found.left_out, found.problem) == (1, 0, "")
    assert found.failed == (("test_broken", "assert 1 == 2"),)
    suite.write_text("import nothing_of_that_name\n")
    assert not check_attacks(tmp_path, workers=1).is_good
