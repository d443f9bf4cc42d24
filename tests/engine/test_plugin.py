"""The plugin: manifest first, one row a test, valid results whatever the tests do. Run in its own process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tests.engine.conftest import ROOT

DRIVER = """
import contextlib, dataclasses, json, sys
from pathlib import Path
sys.path[:0] = [sys.argv[2], sys.argv[2] + "/solutions"]
from autograder.grading import gradescope
from autograder.grading.assignment import Assignment, Catalogue, Function, Part
from autograder.grading.hidden_tests import run_hidden_tests
from autograder.grading.plugin import GradingPlugin
from autograder.grading.settings import Settings
from autograder.sandbox import failures
from autograder.sandbox.calls import CallLog
from autograder.sandbox.limits import Deadline
from hw4.lab.signatures import SIGNATURES

class Toy:
    value = 1.0
    lent = 0
    def __init__(self): self.is_lending, self.calls = False, CallLog()
    def renew(self): pass
    def start_row(self): pass
    def take_printed(self): return "hello\\nworld\\n"
    @contextlib.contextmanager
    def lending(self):
        self.is_lending = True
        yield
        self.is_lending = False
    def fault(self, kind): raise getattr(failures, kind)("npg.f", "A sentence.")

functions = (
    Function("1.1", "npg", "f", "The function"),
    Function("1.2", "npg", "npg_step_size", "Step size", SIGNATURES["npg.npg_step_size"]),
)
parts = (Part("1", "One", 2, functions), Part("2", "Two", 1, is_bonus=True))
def catalogue():
    if "faulty catalogue" in sys.argv: raise NameError("a slip in the catalogue")
    return Catalogue()
assignment = Assignment("Toy", "hw4", Path(sys.argv[1]), ("npg",), parts, catalogue)
seen = []
deadline = Deadline(float(sys.argv[3]))
settings = Settings("a salt", prints_shown="prints" in sys.argv)
plugin = GradingPlugin(assignment, Toy(), settings, "a digest", deadline, seen.append, sys.argv[4])
error = None
try:
    run_hidden_tests(assignment, plugin)
except failures.GraderFault as fault:
    error = str(fault)
print(json.dumps({"error": error, "problems": plugin.problems, "seen": len(seen),
    "first": gradescope.render(seen[0]) if seen else None, "last": gradescope.render(plugin.results)}))
"""
HEAD = """
import numpy as np
import pytest
from autograder.sandbox.calls import Call
from gradescope_utils.autograder_utils.decorators import number, visibility, weight
from hypothesis import assume, example, given, settings, strategies as st
from hw4.lab.compare import Mismatch

STEP_SIZE = "npg.npg_step_size"

def require(holds, message):
    if not holds:
        raise Mismatch("npg.f", "outcome", message)

def call_step_size(submission, x):
    returned = np.array(1.0)
    submission.calls.add(Call(STEP_SIZE, (np.array([x]), np.eye(1), 0.5), {}, returned))
    return returned

"""
BONUS = '''
@weight(1)
@number("2.1.1")
def test_bonus(submission):
    """A bonus."""
'''


def run(folder: Path, tests: str, *options: str, seconds: float = 60, only: str = "") -> dict:
    hidden = folder / "tests" / "hidden"
    hidden.mkdir(parents=True)
    (hidden / "test_toy.py").write_text(HEAD + textwrap.dedent(tests) + BONUS, encoding="utf-8")
    command = [sys.executable, "-c", DRIVER, str(folder), str(ROOT), str(seconds), only, *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def rows(outcome: dict) -> dict[str, dict]:
    return {row["number"]: row for row in outcome["last"]["tests"]}


def test_the_manifest_has_every_row_before_a_test_runs(tmp_path):
    outcome = run(
        tmp_path,
        '''
        @weight(2)
        @number("1.1.1")
        def test_it(submission):
            """Does it."""
        ''',
    )
    assert [row["number"] for row in outcome["first"]["tests"]] == ["1.1.1", "2.1.1"]
    assert {row["output"] for row in outcome["first"]["tests"]} == {"This check did not finish."}
    assert outcome["first"]["score"] == 0
    assert outcome["seen"] == 3
    assert rows(outcome)["1.1.1"]["name"] == "The function: does it"


def test_metadata_below_given_is_found_too(tmp_path):
    outcome = run(
        tmp_path,
        '''
        @given(x=st.integers())
        @weight(2)
        @number("1.1.1")
        @visibility("after_published")
        def test_it(submission, x):
            """Does it."""
        ''',
    )
    row = rows(outcome)["1.1.1"]
    assert (row["max_score"], row["visibility"], row["status"]) == (2.0, "after_published", "passed")


def test_hidden_tests_that_cannot_be_rows_are_refused_with_everything_that_is_wrong(tmp_path):
    tests = """
        @weight(1)
        @number("1.1.1")
        def test_it(submission):
            \"\"\"Does it.\"\"\"

        @weight(1)
        @number("1.1")
        def test_more(submission):
            pass
        """
    error = run(tmp_path, tests)["error"]
    assert 'number "1.1", but a text of three pieces' in error
    assert "has no docstring" in error
    assert "add up to 1 points, not to 2" in error


def test_hidden_tests_that_cannot_be_imported_are_refused(tmp_path):
    assert "nothing_of_this_name" in run(tmp_path, "import nothing_of_this_name")["error"]


@pytest.mark.parametrize(
    ("body", "outcome", "said"),
    [
        ("assert True", "passed", ""),
        ("require(submission.value == 2, 'It was one.')", "failed", "It was one."),
        ("assert submission.value == 2", "grader fault", "no mistake of yours"),
        ("raise Mismatch('npg.f', 'value', 'One, but two was expected.')", "failed", "One, but two"),
        ("submission.fault('CallRaised')", "failed", "A sentence."),
        ("submission.fault('NotAttempted')", "not attempted", "A sentence."),
        ("1 / 0", "grader fault", "no mistake of yours"),
        ("pytest.skip('no')", "grader fault", "no mistake of yours"),
        ("raise SystemExit(3)", "grader fault", "no mistake of yours"),
    ],
)
def test_wrong_not_attempted_and_the_graders_own_fault_stay_apart(tmp_path, body, outcome, said):
    test = f'@weight(2)\n@number("1.1.1")\ndef test_it(submission):\n    """Does it."""\n    {body}\n'
    found = run(tmp_path, test)
    row = rows(found)["1.1.1"]
    assert row["extra_data"]["outcome"] == outcome
    assert said in row["output"]
    assert rows(found)["2.1.1"]["status"] == "passed"
    assert bool(found["problems"]) == (outcome == "grader fault")


def test_the_call_that_was_rejected_is_shown_for_the_smallest_failing_input(tmp_path):
    outcome = run(
        tmp_path,
        '''
        @weight(2)
        @number("1.1.1")
        @given(x=st.integers(0, 1000))
        def test_it(submission, x):
            """Is small.

            Something of the slide "Small".
            """
            returned = call_step_size(submission, 3.0 * x)
            call_step_size(submission, -1.0)
            if x >= 17:
                raise Mismatch(STEP_SIZE, "value", f"{x} is too large.", np.array(2.0), returned)
        ''',
    )
    row = rows(outcome)["1.1.1"]
    assert row["output"].splitlines() == [
        'Checked: Something of the slide "Small".',
        "The call (after `import numpy as np`, `from hw4.npg import npg_step_size`):",
        "  npg_step_size(",
        "      gradient=np.array([51.0]),",
        "      fisher=np.array([[1.0]]),",
        "      delta=0.5,",
        "  )",
        "17 is too large.",
    ]
    assert row["extra_data"]["call"] == {
        "function": "npg.npg_step_size",
        "arguments": {"gradient": [51.0], "fisher": [[1.0]], "delta": 0.5},
        "expected": 2.0,
        "returned": 1.0,
    }


EXAMPLES = '''
@weight(2)
@number("1.1.1")
@given(x=st.integers(0, 1000))
@example(x=2000)
@example(x=5000)
def test_it(submission, x):
    """Does it."""
    call_step_size(submission, float(x))
    if {condition}:
        raise Mismatch(STEP_SIZE, "value", f"{{x}} is wrong.", np.array(2.0), np.array(1.0))
'''


@pytest.mark.parametrize(
    ("condition", "shown"),
    [("x > 100", 101.0), ("x > 1000", 2000.0), ("x == 5000", 5000.0)],
    ids=["a smaller one is found", "the first", "the second"],
)
def test_an_example_that_fails_is_shown_where_the_search_finds_no_smaller_input(tmp_path, condition, shown):
    row = rows(run(tmp_path, EXAMPLES.format(condition=condition)))["1.1.1"]
    assert (row["status"], row["extra_data"]["call"]["arguments"]["gradient"]) == ("failed", [shown])


def test_an_example_that_passes_with_lent_functions_alone_passes(tmp_path):
    row = rows(run(tmp_path, EXAMPLES.format(condition="x == 5000 and not submission.is_lending")))["1.1.1"]
    assert row["status"] == "passed"
    row = rows(run(tmp_path / "two", EXAMPLES.format(condition="x >= 2000 + 3000 * submission.is_lending")))
    assert row["1.1.1"]["status"] == "failed"


def test_an_example_that_its_test_does_not_admit_is_the_graders_own_fault(tmp_path):
    outcome = run(tmp_path, EXAMPLES.format(condition="not assume(x != 5000)"))
    assert rows(outcome)["1.1.1"]["extra_data"]["outcome"] == "grader fault"
    assert "The example {'x': 5000} is of no use to its test." in outcome["problems"][0]


def test_a_second_row_that_fails_for_the_same_cause_points_to_the_first(tmp_path):
    outcome = run(
        tmp_path,
        '''
        def fail(submission, message):
            raise Mismatch(STEP_SIZE, "value", message, np.array(2.0), call_step_size(submission, 1.0))

        @weight(1)
        @number("1.1.1")
        def test_one(submission):
            """Does it."""
            fail(submission, "It is 1.")

        @weight(0.5)
        @number("1.1.2")
        def test_two(submission):
            """Does it again."""
            fail(submission, "It is 1 here, too.")

        @weight(0.5)
        @number("1.1.3")
        def test_three(submission):
            """Leaves its arguments alone."""
            returned = call_step_size(submission, 1.0)
            raise Mismatch(STEP_SIZE, "argument", "It changed one.", None, returned)
        ''',
    )
    found = rows(outcome)
    assert "same_cause_as" not in found["1.1.1"]["extra_data"]
    assert found["1.1.2"]["output"] == "This fails for the same cause as 1.1.1: see there."
    assert found["1.1.2"]["extra_data"]["same_cause_as"] == "1.1.1"
    assert "It changed one." in found["1.1.3"]["output"]


def test_what_the_diagnosis_raises_costs_the_diagnosis_alone(tmp_path):
    outcome = run(
        tmp_path,
        '''
        @weight(2)
        @number("1.1.1")
        def test_it(submission):
            """Does it."""
            require(False, "It was one.")
        ''',
        "faulty catalogue",
    )
    row = rows(outcome)["1.1.1"]
    assert row["extra_data"]["outcome"] == "failed"
    assert "It was one." in row["output"]
    assert "a slip in the catalogue" in outcome["problems"][0]
    assert rows(outcome)["2.1.1"]["status"] == "passed"


TWO_ROWS_OF_ONE_RUN = '''
import itertools
from autograder.grading.curve import TrainingRun

def raise_it(run): raise ArithmeticError("out of ink")

def one_run():
    return TrainingRun("NPG", (20.0, 480.0), (900,), (20.0, 400.0), (25.0, 500.0), 475.0, 500.0)

@weight(1)
@number("1.1.1")
def test_one(submission, show_curve):
    """Learns."""
    show_curve(one_run())

@weight(1)
@number("1.1.2")
def test_two(submission, show_curve):
    """Learns more."""
    show_curve(one_run())
'''


def test_a_run_is_drawn_once_for_all_its_rows(tmp_path):
    pictures = 'TrainingRun.html = property(lambda run, count=itertools.count(1): f"<p>{next(count)}</p>")'
    found = rows(run(tmp_path, f"{TWO_ROWS_OF_ONE_RUN}\n{pictures}\n"))
    assert found["1.1.1"]["output"] == "<p>1</p>"
    assert found["1.1.2"]["output"] == "The learning curve is shown in 1.1.1."


@pytest.mark.parametrize(
    ("broken", "is_told"), [("picture", True), ("html", True), ("text", False), ("curve", False)]
)
def test_what_drawing_raises_costs_the_picture_alone_and_is_noted_once(tmp_path, broken, is_told):
    outcome = run(tmp_path, f"{TWO_ROWS_OF_ONE_RUN}\nTrainingRun.{broken} = property(raise_it)\n")
    found = rows(outcome)
    assert [row["status"] for row in found.values()] == ["passed", "passed", "passed"]
    assert ("Mean return per iteration" in found["1.1.1"]["output"]) == is_told
    assert "<img" not in found["1.1.1"]["output"]
    (problem,) = outcome["problems"]
    assert problem.startswith("1.1.1: the learning curve could not be drawn.\nTraceback")
    assert problem.endswith("ArithmeticError: out of ink\n")


def test_inputs_are_tried_no_more_once_a_fault_ends_the_row(tmp_path):
    outcome = run(
        tmp_path,
        '''
        calls = []

        @weight(2)
        @number("1.1.1")
        @given(x=st.integers(0, 1000))
        def test_it(submission, x):
            """Is hopeless."""
            calls.append(x)
            if len(calls) > 2:
                raise ValueError("called again")
            submission.fault("CallTimedOut")
        ''',
    )
    assert rows(outcome)["1.1.1"]["output"] == "A sentence."


def test_a_row_that_fails_is_heard_once_more_with_lent_functions(tmp_path):
    outcome = run(
        tmp_path,
        '''
        @weight(2)
        @number("1.1.1")
        @given(x=st.integers(0, 1000))
        def test_it(submission, x):
            """Needs help."""
            require(submission.is_lending or x < 3, "Alone it fails.")
        ''',
    )
    row = rows(outcome)["1.1.1"]
    assert row["status"] == "passed"
    assert "in place of yours" in row["output"]


def test_a_row_that_fails_with_lent_functions_too_keeps_its_first_explanation(tmp_path):
    outcome = run(
        tmp_path,
        '''
        @weight(2)
        @number("1.1.1")
        @given(x=st.integers(0, 1000))
        def test_it(submission, x):
            """Fails anyway."""
            require(x < 3, f"lent {submission.is_lending} at {x}")
        ''',
    )
    assert "lent False at 3" in rows(outcome)["1.1.1"]["output"]


def test_a_run_with_lent_functions_is_not_shown_as_the_students_own(tmp_path):
    tests = """
        @weight(2)
        @number("1.1.1")
        def test_it(submission, show_curve):
            \"\"\"Learns.\"\"\"
            show_curve(one_run())
        """
    lent = tests.replace("show_curve(", "require(submission.is_lending, 'Alone it fails.'); show_curve(")
    for name, source, is_shown in (("own", tests, True), ("lent", lent, False)):
        head = textwrap.dedent(TWO_ROWS_OF_ONE_RUN).partition("@weight")[0]
        row = rows(run(tmp_path / name, head + textwrap.dedent(source)))["1.1.1"]
        assert row["status"] == "passed"
        assert ("Mean return per iteration" in row["output"]) == is_shown


def test_what_a_test_keeps_is_not_mixed_with_what_it_keeps_when_it_is_judged_again(tmp_path):
    outcome = run(
        tmp_path,
        '''
        @weight(1)
        @number("1.1.1")
        def test_one(submission, kept):
            """Learns."""
            require(kept.setdefault("lent", submission.is_lending), "Alone it fails.")

        @weight(1)
        @number("1.1.2")
        def test_two(submission, kept):
            """Learns more."""
            require(kept["lent"] == submission.is_lending, "It is another's.")
            require(submission.is_lending, "Alone it fails.")
        ''',
    )
    assert [row["status"] for row in rows(outcome).values()] == ["passed", "passed", "passed"]


def test_an_unstable_function_is_called_unstable(tmp_path):
    outcome = run(
        tmp_path,
        '''
        calls = []

        @weight(2)
        @number("1.1.1")
        @given(x=st.integers(0, 1000))
        def test_it(submission, x):
            """Is stable."""
            calls.append(x)
            require(len(calls) % 7 != 3, "Now it differs.")
        ''',
    )
    row = rows(outcome)["1.1.1"]
    assert row["status"] == "failed"
    assert "Now it differs." in row["output"]


def test_prints_are_shown_where_a_setting_allows(tmp_path):
    test = '@weight(2)\n@number("1.1.1")\ndef test_it():\n    """Does it."""'
    assert rows(run(tmp_path / "quiet", test))["1.1.1"]["output"] == ""
    shown = rows(run(tmp_path / "loud", test, "prints"))["1.1.1"]["output"]
    assert shown == "Your code printed:\n  hello\n  world"


def test_rows_after_the_budget_are_reported_as_not_run(tmp_path):
    outcome = run(tmp_path, '@weight(2)\n@number("1.1.1")\ndef test_it():\n    """Does it."""', seconds=0)
    assert {row["extra_data"]["outcome"] for row in rows(outcome).values()} == {"did not finish"}
    assert "the time for the whole grading was used up" in rows(outcome)["1.1.1"]["output"]


@pytest.mark.parametrize(
    "ending", ["submission.fault('OutOfTime')", "raise Mismatch('npg.f', 'value', 'No.')"]
)
def test_a_row_that_fails_when_time_is_used_up_did_not_finish(tmp_path, ending):
    """It may fail for want of time, or pass with lent functions if there were some."""
    used_up = "import __main__; __main__.deadline.ends = 0.0; " + ending
    test = f'@weight(2)\n@number("1.1.1")\ndef test_it(submission):\n    """Does it."""\n    {used_up}'
    row = rows(run(tmp_path, test))["1.1.1"]
    assert row["extra_data"]["outcome"] == "did not finish"
    assert row["output"].startswith("This check did not finish: the time for the whole grading was used up")


def test_only_grades_the_rows_below_a_number(tmp_path):
    outcome = run(tmp_path, '@weight(2)\n@number("1.1.1")\ndef test_it():\n    """Does it."""', only="1.1")
    assert list(rows(outcome)) == ["1.1.1"]


def test_settings_of_the_caller_do_not_reach_the_hidden_tests(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTEST_ADDOPTS", "--no-such-option")
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --no-such-option\n")
    (tmp_path / "conftest.py").write_text("")
    outcome = run(tmp_path, '@weight(2)\n@number("1.1.1")\ndef test_it():\n    """Does it."""')
    assert outcome["error"] is None


DRAWS = """
import sys
import hypothesis
from hypothesis import strategies as st
from autograder.grading.plugin import load_profile
load_profile()
if sys.argv[1:]:
    import with_constants
drawn = []

@hypothesis.seed(1)
@hypothesis.settings(max_examples=300)
@hypothesis.given(st.integers(0, 2**40))
def note(number):
    drawn.append(number)

note()
print(drawn)
"""


def test_what_is_drawn_does_not_depend_on_what_is_imported(tmp_path):
    """A row that is graded alone, or in a process that has imported more, draws the same inputs."""
    (tmp_path / "draws.py").write_text(DRAWS)
    (tmp_path / "with_constants.py").write_text(f"NUMBERS = {list(range(10**6, 10**6 + 200))}\n")
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    drawn = [
        subprocess.run(
            [sys.executable, "draws.py", *arguments],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for arguments in ([], ["more"])
    ]
    assert len(drawn[0]) > 1000
    assert drawn[0] == drawn[1]
