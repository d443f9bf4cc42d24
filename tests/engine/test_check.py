"""`python -m hw4 check`: what it says of a student's folder, and that it says each cause once."""

from __future__ import annotations

import inspect
import json
import re
import shutil
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.grading import wording
from autograder.grading.results import RejectedCall
from autograder.homework import ASSIGNMENT as HW4
from hw4.lab import calls, check, command_line
from hw4.lab.check import UnknownFunction, choose
from hw4.lab.compare import Mismatch
from hw4.lab.signatures import SIGNATURES
from tests.engine.conftest import ROOT
from tests.engine.student import fill_in, replace_body, run_student, unfill
from tests.public import strategies

STYLES = sorted(style.name for style in HW4.right_variants.iterdir() if style.is_dir())


def checked(folder, *arguments, **environment) -> str:
    done = run_student(folder, "check", *arguments, **environment)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


def marks(shown: str) -> dict[str, str]:
    """The mark of each function, by its number."""
    return {number: mark for mark, number in re.findall(r"^  (\S) (\d\.\d) ", shown, re.MULTILINE)}


def note(shown: str, number: str) -> str:
    """What stands behind a function's points."""
    (line,) = re.findall(rf"^  \S {re.escape(number)} \w+ +[\d.]+(?: bonus)?(.*)$", shown, re.MULTILINE)
    return line.strip()


# The whole


def test_the_template_shows_nothing_attempted_and_where_to_begin():
    shown = checked(ROOT / "student_template")
    assert marks(shown) == dict.fromkeys((one.number for one in SIGNATURES.values()), "·")
    assert "0 of 19 functions done, 0 of 88 points and 0 of 6 bonus points so far." in shown
    assert re.search(
        r"^Next: 1\.1 action_log_probabilities, hw4/policy\.py:\d+ \(about 20 min", shown, re.MULTILINE
    )
    assert shown.endswith("\nA hint: python -m hw4 hint 1.1\n")
    assert len(shown.splitlines()) == len(SIGNATURES) + 4


def test_the_reference_is_right_in_the_order_of_its_numbers(tmp_path):
    shown = checked(fill_in(tmp_path / "home"))
    assert list(marks(shown).items()) == [(one.number, "✓") for one in SIGNATURES.values()]
    assert "19 of 19 functions done, 88 of 88 points and 6 of 6 bonus points so far." in shown
    assert "Next" not in shown


@pytest.mark.parametrize("style", STYLES)
def test_right_code_in_another_style_is_right_at_home(tmp_path, style):
    folder = fill_in(tmp_path / "home")
    for module in (HW4.right_variants / style).glob("*.py"):
        shutil.copy(module, folder / "hw4")
    shown = checked(folder)
    assert "19 of 19 functions done" in shown, shown


@pytest.mark.parametrize(
    "disguise",
    [lambda source: b"\xef\xbb\xbf" + source, lambda source: source.replace(b"\n", b"\r\n")],
    ids=["byte order mark", "carriage returns"],
)
def test_files_as_windows_saves_them_are_right(tmp_path, disguise):
    folder = fill_in(tmp_path / "home")
    for module in HW4.modules:
        source = folder / "hw4" / f"{module}.py"
        source.write_bytes(disguise(source.read_bytes()))
    assert marks(checked(folder, "1")) == {"1.1": "✓", "1.2": "✓"}


@pytest.fixture(scope="module")
def broken(tmp_path_factory):
    """A folder with one mistake of each kind, and what `check --all` says of it."""
    folder = fill_in(tmp_path_factory.mktemp("broken") / "home")
    replace_body(
        folder, "policy", "score", 'print("the features are", features)', "return features[..., 0, :]"
    )
    replace_body(
        folder,
        "baseline",
        "fit_baseline",
        "nothing = np.zeros(3)",
        "return baseline_features[mask] @ nothing",
    )
    unfill(folder, "2.4", "policy_gradient", "policy_gradient_estimate")
    replace_body(folder, "npg", "fisher_estimate", "scores -= 0.25", "return scores[0].T @ scores[0]")
    replace_body(folder, "npg", "npg_step_size", "return np.array([[1.0, 2.0]])")
    replace_body(folder, "importance_sampling", "importance_weights", "pass")
    replace_body(folder, "importance_sampling", "importance_sampling_estimate", "raise SystemExit")
    replace_body(
        folder, "ppo", "clip_penalty_weights", "return np.random.default_rng().normal(size=advantages.shape)"
    )
    return folder, checked(folder, "--all")


def failure(shown: str, number: str) -> str:
    (text,) = re.findall(rf"^{re.escape(number)} \w+ is wrong: .*?(?=^\n\d)", shown, re.MULTILINE | re.DOTALL)
    return text


def test_what_is_right_is_shown_whatever_is_wrong_before_it(broken):
    _, shown = broken
    found = marks(shown)
    assert {number for number, mark in found.items() if mark == "✓"} >= {"1.1", "2.1", "2.3", "6.1"}
    assert {number for number, mark in found.items() if mark == "✗"} >= {
        "1.2",
        "2.2",
        "3.1",
        "3.2",
        "4.1",
        "4.2",
    }
    assert found["2.4"] == "·"
    assert note(shown, "2.4") == "not attempted"
    assert note(shown, "3.4") == "right so far, waits for 2.2 fit_baseline"


def test_a_wrong_answer_shows_the_call_what_was_expected_and_what_was_printed(broken):
    folder, shown = broken
    text = failure(shown, "1.2")
    line = next(
        number
        for number, code in enumerate((folder / "hw4" / "policy.py").read_text("utf-8").splitlines(), 1)
        if code.startswith("def score")
    )
    assert text.startswith(
        f"1.2 score is wrong: hw4/policy.py:{line}\n  Checked: ∇ ln π_θ is 1 − p for the first"
    )
    assert "    features=np.array([[[1.0], [0.0]], [[1.0], [0.0]]]),\n" in text
    assert (
        "    expected [[ 0.25],\n              [-0.75]]\n    returned [[1.],\n              [1.]]\n" in text
    )
    assert "  Your code printed:\n    the features are [[[1.]\n" in text
    assert re.search(r"  The test: tests/test_policy\.py:\d+\n", text)


def test_a_slip_is_named_beside_the_number_that_it_gives(tmp_path):
    home = fill_in(tmp_path / "home")
    body = (
        "design = baseline_features[mask]",
        "normal = design.T @ design + len(mask) * ridge * np.eye(design.shape[1])",
        "return np.linalg.pinv(normal) @ design.T @ returns[mask]",
    )
    replace_body(home, "baseline", "fit_baseline", *body)
    shown = checked(home, "2.2")
    assert "\n  (3.111, 1.2) is what a ridge times N = 3 gives, (4.667, 3) no ridge." in shown
    assert "\n    returned [3.111111, 1.2     ]\n" in shown


def test_the_call_can_be_pasted_and_gives_what_was_rejected(broken):
    folder, shown = broken
    block = re.search(r"  The call:\n(.*?)\n    \)\n", failure(shown, "1.2"), re.DOTALL).group(1)
    *imports, call = re.split(r"\n(?=    score\()", block)
    code = "\n".join(line[4:] for line in "\n".join(imports).splitlines())
    code += f"\nprint({inspect.cleandoc(call)}\n).tolist())"
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True)
    assert done.stdout.endswith("[[1.0], [1.0]]\n"), done.stderr


def test_what_the_code_raises_is_shown_with_its_line(broken):
    _, shown = broken
    text = failure(shown, "2.2")
    assert re.match(r"2\.2 fit_baseline is wrong: hw4/baseline\.py:\d+\n", text)
    assert "  fit_baseline raised ValueError: matmul" in text
    assert "      return baseline_features[mask] @ nothing\n" in text
    assert "  The call:\n" in text


def test_an_argument_that_is_changed_is_named(broken):
    _, shown = broken
    assert "npg.fisher_estimate changed its argument scores in place: work on a copy" in failure(shown, "3.1")


@pytest.mark.parametrize(
    ("number", "sentence"),
    [
        ("3.2", "npg.npg_step_size returned shape (1, 2), but a number was expected."),
        ("4.1", "importance_sampling.importance_weights returned None: is its last line a return statement?"),
        ("4.2", "importance_sampling_estimate raised SystemExit"),
    ],
)
def test_what_is_no_answer_at_all_is_said(broken, number, sentence):
    assert sentence in failure(broken[1], number)


def test_without_all_the_first_alone_is_explained(broken):
    folder, _ = broken
    shown = checked(folder, "1")
    assert re.findall(r"^(\S+) \w+ is wrong", shown, re.MULTILINE) == ["1.2"]
    shown = checked(folder, "3")
    assert re.findall(r"^(\S+) \w+ is wrong", shown, re.MULTILINE) == ["3.1"]
    assert note(shown, "3.2").endswith("(or because of what is wrong above)")
    assert list(marks(shown)) == ["3.1", "3.2", "3.3", "3.4"]


def test_a_failing_input_is_the_smallest_that_was_found(tmp_path):
    """Right on small padding, so that only drawn inputs fail: a trajectory of two steps, one of them real."""
    folder = fill_in(tmp_path / "home")
    replace_body(
        folder, "npg", "fisher_estimate",
        "real = np.where(mask[..., None] | (np.abs(scores) < 100), scores, scores)",
        "return np.einsum('nhi,nhj->ij', real * (mask[..., None] | (real > 1e6)), real) / len(scores)",
    )  # fmt: skip
    text = failure(checked(folder, "3.1"), "3.1")
    sizes = re.search(r"scores=np\.array\((\[.*?\])\),", text).group(1)
    assert np.shape(eval(sizes)) == (1, 2, 1)
    assert "1000000000000.0" in sizes


def test_of_calls_held_against_one_another_those_on_the_input_that_failed_are_shown(tmp_path):
    """Wrong for tables of states alone: the smallest one has one row, one column and one action."""
    folder = fill_in(tmp_path / "home")
    replace_body(
        folder, "policy", "action_log_probabilities",
        "logits = features @ theta - (features @ theta).max(axis=-1, keepdims=True)",
        "wrong = 0.1 * (features.ndim > 3)",
        "return logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True)) - wrong",
    )  # fmt: skip
    text = failure(checked(folder, "1.1"), "1.1")
    assert "The probabilities have to add up to 1." in text
    assert text.count("    action_log_probabilities(\n") == 1
    assert np.shape(eval(re.search(r"features=np\.array\((.*)\),\n", text)[1])) == (1, 1, 1, 1)


def test_answers_that_depend_on_earlier_calls_are_named(tmp_path):
    """Wrong in the thirtieth call alone, so that the input that failed passes when it is tried again."""
    folder = fill_in(tmp_path / "home")
    replace_body(
        folder, "npg", "fisher_estimate",
        "made.append(None)",
        "real = scores[mask]",
        "return real.T @ real / len(mask) + (len(made) == 30)",
    )  # fmt: skip
    source = folder / "hw4" / "npg.py"
    source.write_text(source.read_text("utf-8") + "\n\nmade = []\n", "utf-8")
    text = failure(checked(folder, "3.1"), "3.1")
    assert "The same input gave different results: a function must depend on its arguments alone." in text


def test_an_endless_or_unwritable_message_is_shown_in_short(tmp_path):
    folder = fill_in(tmp_path / "home")
    replace_body(folder, "policy", "score", 'raise KeyError("\\udc80" + "x" * 100_000)')
    text = failure(checked(folder, "1.2"), "1.2")
    assert "score raised KeyError: '" in text
    assert len(text) < 2000


# One cause is said once


@pytest.fixture(scope="module")
def unreadable(tmp_path_factory):
    """What is said of a folder in which modules cannot be imported, each for another reason."""
    folder = fill_in(tmp_path_factory.mktemp("unreadable") / "home")
    baseline = folder / "hw4" / "baseline.py"
    baseline.write_text(baseline.read_text("utf-8") + "\ndef half(:\n", "utf-8")
    ppo = folder / "hw4" / "ppo.py"
    ppo.write_text(
        ppo.read_text("utf-8").replace("import numpy as np", "import numpy as np\nimport torch"), "utf-8"
    )
    (folder / "hw4" / "importance_sampling.py").write_text("def f():\n\tx = 1\n        y = 2\n", "utf-8")
    (folder / "hw4" / "trpo.py").unlink()
    return checked(folder, "--all")


@pytest.mark.parametrize(
    ("sentence", "first", "others"),
    [
        (r"hw4/baseline\.py, line \d+, cannot be read by Python: invalid syntax\.", "2.1", ("2.2", "2.3")),
        (
            r"hw4/importance_sampling\.py, line 3, cannot be read by Python: tabs and spaces are mixed\.",
            "4.1",
            ("4.2",),
        ),
        (
            r"hw4/ppo\.py, line \d+, imports torch, which the grader does not have: use numpy or scipy\.",
            "4.3",
            ("4.4",),
        ),
        (r"hw4/trpo\.py is missing: put the file you were given back\.", "6.1", ("6.2",)),
    ],
)
def test_a_module_that_cannot_be_imported_is_one_sentence(unreadable, sentence, first, others):
    assert len(re.findall(sentence, unreadable)) == 1
    for number in others:
        assert note(unreadable, number) == f"the same as {first}"


def test_what_is_built_on_an_unreadable_module_is_tested_all_the_same(unreadable):
    assert marks(unreadable)["3.1"] == marks(unreadable)["3.3"] == "✓"
    assert note(unreadable, "3.4") == "right so far, waits for 2.1 rewards_to_go"


def test_an_endless_loop_ends_with_its_line_and_the_rest_is_tested(tmp_path):
    folder = fill_in(tmp_path / "home")
    replace_body(folder, "baseline", "rewards_to_go", "steps = 0", "while True:", "    steps += 1")
    shown = checked(folder)
    line = int(re.search(r"2\.1 rewards_to_go is wrong: hw4/baseline\.py:(\d+)", shown).group(1))
    code = (folder / "hw4" / "baseline.py").read_text("utf-8").splitlines()[line - 1]
    assert code.strip() in ("while True:", "steps += 1")
    assert "baseline.rewards_to_go did not end within 5 s: is there a loop that never ends?" in shown
    assert [number for number, mark in marks(shown).items() if mark != "✓"] == ["2.1", "3.4", "4.6"]
    assert note(shown, "3.4") == "right so far, waits for 2.1 rewards_to_go"


def test_a_module_whose_import_never_ends_is_named_and_the_rest_is_tested(tmp_path):
    folder = fill_in(tmp_path / "home")
    tests = folder / "hw4" / "lab" / "check.py"
    tests.write_text(
        tests.read_text("utf-8").replace("IMPORT_SECONDS = 15.0", "IMPORT_SECONDS = 2.0"), "utf-8"
    )
    source = folder / "hw4" / "importance_sampling.py"
    source.write_text(source.read_text("utf-8") + "\nwhile True:\n    pass\n", "utf-8")
    shown = checked(folder, "4")
    assert "The import of hw4/importance_sampling.py did not end within 2 s" in shown
    assert (marks(shown)["4.1"], marks(shown)["4.2"]) == ("✗", "✗")
    assert note(shown, "4.2") == "the same as 4.1"
    assert note(shown, "4.3") == "right so far, waits for 4.1 importance_weights"


def test_code_that_ends_python_is_named_and_the_rest_is_tested(tmp_path):
    folder = fill_in(tmp_path / "home")
    replace_body(folder, "baseline", "rewards_to_go", "import os", "os._exit(0)")
    shown = checked(folder, "2")
    assert "baseline.rewards_to_go ended Python itself (status 0): does it call exit?" in shown
    assert marks(shown)["2.2"] == "✓"


def test_a_function_that_was_removed_is_named(tmp_path):
    folder = fill_in(tmp_path / "home")
    source = folder / "hw4" / "trpo.py"
    source.write_text(source.read_text("utf-8").replace("def kl_estimate", "def kl"), "utf-8")
    shown = checked(folder, "6.1")
    assert "hw4/trpo.py has no function kl_estimate: keep the names you were given." in shown


def test_tests_that_cannot_be_read_or_found_are_one_sentence(tmp_path):
    folder = fill_in(tmp_path / "home")
    (folder / "tests" / "test_npg.py").write_text("def broken(:\n", encoding="utf-8")
    done = run_student(folder, "check")
    assert (done.returncode, done.stdout) == (1, "")
    assert re.fullmatch(
        r"tests/test_npg\.py cannot be read \(.*\): put the file you were given back\.\n", done.stderr
    )
    (folder / "tests").rename(folder / "elsewhere")
    done = run_student(folder, "check")
    assert done.returncode == 1
    assert done.stderr == 'There is no folder "tests" beside hw4: put the one you were given back.\n'


def test_a_package_that_is_missing_is_one_sentence_that_knows_of_the_folders_own_environment(tmp_path):
    folder = fill_in(tmp_path / "home")
    code = (
        "import sys, runpy; sys.path.insert(0, '.'); sys.modules['click'] = None; sys.argv = ['hw4']; "
        "runpy.run_module('hw4', run_name='__main__')"
    )

    def complaint() -> str:
        return subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True).stderr

    assert complaint() == "click is not installed: run python -m pip install -r requirements.txt.\n"
    (folder / ".venv").mkdir()
    assert complaint() == (
        f"click is not installed for {sys.executable}, but this folder has an environment of its own: run "
        "source .venv/bin/activate, then try again.\n"
    )


def test_a_console_that_cannot_write_the_marks_gets_plain_ones(tmp_path):
    shown = checked(fill_in(tmp_path / "home"), "1", PYTHONIOENCODING="cp1252")
    assert re.findall(r"^  (\S+) +1\.", shown, re.MULTILINE) == ["ok", "ok"]


def test_settings_of_pytest_and_breakpoints_change_nothing(tmp_path):
    folder = fill_in(tmp_path / "home")
    replace_body(folder, "policy", "score", "breakpoint()", "return np.zeros(3)")
    (folder / "pytest.ini").write_text("[pytest]\naddopts = --no-such-option\n", encoding="utf-8")
    shown = checked(folder, "1", PYTEST_ADDOPTS="-k nothing")
    assert marks(shown) == {"1.1": "✓", "1.2": "✗"}
    assert "policy.score returned shape (3,), but (2, 1) was expected." in shown


# Watching


def test_watching_checks_again_at_a_save_and_ends_when_all_is_right(tmp_path):
    folder = fill_in(tmp_path / "home")
    right = (folder / "hw4" / "policy.py").read_bytes()
    replace_body(folder, "policy", "score", "return features[..., 0, :]")
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "hw4", "check", "1", "--watch"], cwd=folder, stdout=subprocess.PIPE,
        encoding="utf-8",
    )  # fmt: skip
    timer = threading.Timer(60.0, process.kill)
    timer.start()
    try:
        shown = ""
        while "Checks again when a file is saved" not in shown:
            line = process.stdout.readline()
            assert line, shown
            shown += line
        assert marks(shown) == {"1.1": "✓", "1.2": "✗"}
        (folder / "hw4" / "policy.py").write_bytes(right)
        assert marks(process.stdout.read()) == {"1.1": "✓", "1.2": "✓"}
        assert process.wait() == 0
    finally:
        timer.cancel()
        process.kill()
        process.stdout.close()


def test_a_save_during_the_check_is_not_missed(tmp_path, monkeypatch):
    """What is compared with is how the files were before the check."""
    monkeypatch.setattr(check, "PACKAGE", tmp_path)
    (tmp_path / "npg.py").write_text("1")
    before = check.saved()
    (tmp_path / "npg.py").write_text("12")
    start = time.monotonic()
    check.wait_for_save(before)
    assert time.monotonic() - start < check.POLL_SECONDS


# Which functions


@pytest.mark.parametrize(
    ("wanted", "numbers"),
    [
        ("", [one.number for one in SIGNATURES.values()]),
        ("2", ["2.1", "2.2", "2.3", "2.4"]),
        ("1.2", ["1.2"]),
        ("score", ["1.2"]),
        ("Policy.Score", ["1.2"]),
        ("npg", ["3.1", "3.2", "3.3", "3.4"]),
        ("hw4/trpo.py", ["6.1", "6.2"]),
        ("policy_gradient", ["2.4"]),
    ],
)
def test_functions_are_chosen_by_number_or_name(wanted, numbers):
    assert [one.number for one in choose(wanted)] == numbers


@pytest.mark.parametrize(
    ("wanted", "near"), [("scroe", "score"), ("1.9", "1."), ("fisher", "fisher_estimate"), ("qqqq", "")]
)
def test_an_unknown_function_is_a_sentence_with_the_nearest(capsys, wanted, near):
    with pytest.raises(UnknownFunction, match=re.escape(f'There is no function "{wanted}"')):
        choose(wanted)
    assert command_line.main(["check", wanted]) == 2
    sentence = capsys.readouterr().err
    assert sentence.count("\n") == 1
    assert (f"Did you mean {near}" in sentence) == bool(near)
    assert sentence.endswith("See python -m hw4 check --help.\n")


@pytest.mark.parametrize(
    ("place", "sentence"),
    [("choose", "Interrupted.\n"), ("run", "The check was interrupted.\n")],
)
def test_an_interrupt_is_one_sentence(capsys, monkeypatch, place, sentence):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(check, place, interrupt)
    assert command_line.main(["check"]) == 1
    assert capsys.readouterr().err.lstrip("\n") == sentence


# The tests and their functions

READ_MARKS = """
import json, os, pytest
from hw4.lab import calls, public_tests
found, original = {}, calls.CallLog.call
def call(self, name, *arguments, **keywords):
    found[test].append(name)
    return original(self, name, *arguments, **keywords)
class Plugin:
    def pytest_runtest_setup(self, item):
        global test
        test = item.nodeid
        found[test] = [public_tests.function_of(item)]
calls.CallLog.call = call
status = pytest.main(["tests", "-c", os.devnull, "-pno:terminal"], plugins=[Plugin()])
print(json.dumps(found))
"""


def test_every_public_test_is_of_the_last_function_that_it_calls(tmp_path):
    folder = fill_in(tmp_path / "home")
    done = subprocess.run([sys.executable, "-c", READ_MARKS], cwd=folder, capture_output=True, text=True)
    found = json.loads(done.stdout.splitlines()[-1])
    order = list(SIGNATURES)
    for test, (mark, *called) in found.items():
        assert mark == max(called, key=order.index), test
    assert {mark for mark, *_ in found.values()} == set(SIGNATURES)


# Calls


@given(drawn=strategies.two_batches(), leading=strategies.decisions(), is_fortran=st.booleans())
def test_the_grader_and_the_student_are_shown_a_call_in_the_same_words(drawn, leading, is_fortran):
    features = np.asfortranarray(leading.features) if is_fortran else leading.features
    arguments = {
        "theta": drawn.theta,
        "baseline_batch": drawn.baseline_batch,
        "features": features,
        "minibatches": np.zeros((0, 2), dtype=np.int64),
        "delta": np.float64(0.5),
    }
    for max_chars in (50, 1500):
        ours = calls.to_python(calls.Call("npg.npg_iteration", arguments), max_chars)
        theirs = wording.to_python(RejectedCall("npg.npg_iteration", "hw4", arguments, None), max_chars)
        assert ours == theirs


def test_arguments_are_kept_as_they_were_and_a_changed_one_is_refused():
    def fisher_estimate(scores, mask):
        scores += 1.0
        return scores

    log, scores = calls.CallLog(), np.zeros((1, 1, 1))
    with pytest.raises(
        Mismatch, match=r"changed its argument scores in place: work on a copy, scores\.copy\(\)"
    ):
        log.call("npg.fisher_estimate", fisher_estimate, scores, mask=np.array([[True]]))
    (call,) = log.latest()
    assert call.arguments["scores"].tolist() == [[[0.0]]]


def test_the_call_that_is_shown_is_the_one_whose_answer_was_rejected():
    from hw4.lab.public_tests import rejected

    made = [calls.Call("npg.npg_step_size", {}, value, True) for value in (1.0, [2.0], None, 3.0)]
    other = calls.Call("npg.npg_step", {}, 2.0, True)

    def mismatch(kind, found):
        return Mismatch("npg.npg_step_size", kind, "", None, None if found is None else np.array(found))

    assert rejected(mismatch("value", 2.0), "npg.npg_step_size", [*made, other]) == [made[1]]
    assert rejected(mismatch("type", None), "npg.npg_step_size", made) == [made[2]]
    assert rejected(mismatch("relation", 9.0), "npg.npg_step_size", [*made, other]) == made
    assert rejected(mismatch("relation", 9.0), "npg.npg_step_size", made * 2) == made[:1]
    raised = calls.Call("npg.npg_step", {})
    assert rejected(ValueError(), "npg.npg_step", [*made, raised]) == [raised]
