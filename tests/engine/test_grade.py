"""Whole gradings through the command line: what each kind of submission earns, and what it is told."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import hypothesis.configuration
import pytest

from autograder.homework import ASSIGNMENT as HW4
from autograder.release import inprocess
from hw4.lab.signatures import SIGNATURES, Signature
from tests.engine.conftest import MODULES, ROOT, SOLUTIONS, points, replace, run_grade

PART_POINTS = {"1": 12, "2": 22, "3": 32, "4": 22 + 1, "5": 12, "6": 5}


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    return run_grade(ROOT / "solutions", tmp_path_factory.mktemp("reference") / "results.json")


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    return run_grade(ROOT / "student_template", tmp_path_factory.mktemp("template") / "results.json")


def test_the_reference_earns_everything(reference):
    assert reference.status == 0
    assert not reference.lost
    assert "Total: 100 of 100 (+6 bonus)" in reference.printed
    assert reference.document["score"] == 106


def test_the_rows_of_each_part_add_up_to_its_points(reference):
    for part, total in PART_POINTS.items():
        assert points(reference.rows, f"{part}.") == total


def test_the_published_total_is_100_and_the_bonus_stands_on_top(reference, template):
    for graded in (reference, template):
        assert sum(row["max_score"] for row in graded.document["tests"]) == 100
        bonus = [row for number, row in graded.rows.items() if number.startswith("6.")]
        assert all("bonus" in row["name"] for row in bonus)


def test_a_grading_leaves_nothing_where_it_is_started(tmp_path, submit):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    environment.pop("HYPOTHESIS_STORAGE_DIRECTORY", None)
    (started_from := tmp_path / "elsewhere").mkdir()
    command = [sys.executable, "-m", "autograder", "grade", str(submit()), "--only", "3.1"]
    command += ["--results", str(tmp_path / "results.json")]
    subprocess.run(command, cwd=started_from, env=environment, check=True, stdout=subprocess.DEVNULL)
    assert list(started_from.iterdir()) == []


def test_a_test_run_keeps_what_hypothesis_writes_in_the_environment():
    folder = hypothesis.configuration.storage_directory("constants", intent_to_write=False).path
    assert folder == Path(sys.prefix) / "hypothesis" / "constants"


def test_rows_are_sorted_by_number(reference):
    numbers = [tuple(map(int, row["number"].split("."))) for row in reference.document["tests"]]
    assert numbers == sorted(numbers)


def test_the_template_earns_nothing_in_the_same_rows(reference, template):
    assert template.status == 0
    assert template.document["score"] == 0
    assert [(r["number"], r["name"]) for r in template.document["tests"]] == [
        (r["number"], r["name"]) for r in reference.document["tests"]
    ]


def test_the_template_is_told_which_function_is_not_attempted(template):
    for number, row in template.rows.items():
        assert row["extra_data"]["outcome"] == "not attempted", number
        assert "is not attempted yet" in row["output"]
    assert "npg.fisher_estimate is not attempted yet" in template.rows["3.1.1"]["output"]


def shape_of(signature: Signature) -> str:
    """An expression for the returned shape in terms of the arguments."""
    sizes: list[str] = []
    for axis in signature.returns.axes or ():
        argument = next(argument for argument in signature.arguments if axis in (argument.axes or ()))
        own = len(argument.axes or ())
        if axis == "...":
            sizes.append(f"*np.shape({argument.name})[:np.ndim({argument.name}) - {own - 1}]")
        else:
            sizes.append(f"np.shape({argument.name})[{(argument.axes or ()).index(axis) - own}]")
    return f"({''.join(f'{size}, ' for size in sizes)})"


@pytest.mark.parametrize("answer", ["np.zeros({})", "np.ones({})", "np.random.default_rng().normal(size={})"])
def test_an_answer_of_the_right_shape_alone_earns_nothing(submit, answer):
    """Neither a constant nor random numbers: no property holds of them that a row would credit."""
    modules = dict.fromkeys(MODULES, "import numpy as np\n")
    for name, signature in SIGNATURES.items():
        module, _, function = name.partition(".")
        arguments = ", ".join(
            argument.name + (f"={argument.default}" if argument.default else "")
            for argument in signature.arguments
        )
        modules[module] += f"def {function}({arguments}):\n    return {answer.format(shape_of(signature))}\n"
    results = inprocess.grade(HW4, submit(**modules), "pepper")
    assert results.rows
    assert {row.number: row.score for row in results.rows if row.score} == {}


def test_grading_twice_gives_the_same_but_for_times(submit, tmp_path):
    wrong = submit(npg=("@ real_scores / len(mask)", "@ real_scores / mask.sum()"))

    def without_times(document):
        document = json.loads(json.dumps(document))
        del document["execution_time"]
        for row in document["tests"]:
            del row["extra_data"]["seconds"]
        return document

    one, two = (run_grade(wrong, tmp_path / f"{n}.json", "--only", "3.1") for n in (1, 2))
    assert one.lost
    assert without_times(one.document) == without_times(two.document)


def test_another_salt_draws_other_inputs(submit, tmp_path):
    # What a search ends with is the smallest input whatever the salt; this one ends with the first large one.
    body = "if scores.size > 10: raise NotImplementedError(scores.ravel()[:8].tolist())\n    real_scores ="
    telling = submit(npg=("real_scores =", body))
    outputs = {
        run_grade(telling, tmp_path / "r.json", "--only", "3.1.1", "--salt", salt).rows["3.1.1"]["output"]
        for salt in ("a", "b", "c")
    }
    assert len(outputs) == 3


def test_a_row_is_graded_again_only_with_the_salt_of_the_results_in_question(grade):
    first = grade(SOLUTIONS.parent, "--only", "2.3", "--salt", "pepper")
    name = first.document["extra_data"]["salt_id"]
    again = grade(SOLUTIONS.parent, "--only", "2.3", "--salt", "pepper", "--salt-id", name)
    assert (again.status, again.document["score"]) == (0, first.document["score"])
    refused = grade(SOLUTIONS.parent, "--only", "2.3", "--salt-id", name)
    assert refused.status == 2
    assert f"not {name}: other inputs would be drawn" in refused.said
    assert refused.document == again.document


@pytest.mark.parametrize("shape", ["folder", "wrapped", "bare", "zip", "wrapped zip", "bare zip"])
def test_every_shape_of_submission_is_graded(grade, tmp_path, shape):
    inside = {"wrapped": "my work/hw4", "wrapped zip": "my work/hw4", "bare": "", "bare zip": ""}.get(
        shape, "hw4"
    )
    folder = tmp_path / "upload" / inside
    folder.mkdir(parents=True)
    for module in MODULES:
        shutil.copy(SOLUTIONS / f"{module}.py", folder)
    upload = tmp_path / "upload"
    if "zip" in shape:
        upload = tmp_path / "upload.zip"
        with zipfile.ZipFile(upload, "w") as archive:
            for file in folder.glob("*.py"):
                archive.write(file, file.relative_to(tmp_path / "upload"))
    graded = grade(upload, "--only", "2.3")
    assert graded.status == 0
    assert not graded.lost


class TestWhatOneModuleCosts:
    """A mistake in policy.py, which everything else is built on, costs the rows of policy.py alone."""

    def test_a_missing_module(self, grade, submit):
        graded = grade(submit(policy=None))
        assert graded.status == 0
        assert graded.lost_functions == {"1.1", "1.2"}
        assert graded.document["score"] == 106 - 12
        assert "policy.py is missing" in graded.rows["1.1.1"]["output"]
        assert graded.rows["1.2.1"]["output"] == "This fails for the same cause as 1.1.1: see there."

    def test_a_syntax_error(self, grade, submit):
        source = (SOLUTIONS / "policy.py").read_text(encoding="utf-8") + "def broken(:\n"
        line = f"hw4/policy.py, line {source.count(chr(10))}"
        broken = submit(policy=source)
        graded = grade(broken, "--only", "1")
        assert graded.document["score"] == 0
        version = f"Python {sys.version_info.major}.{sys.version_info.minor} grades"
        for words in ("SyntaxError", line, "`def broken(:`", version):
            assert words in graded.rows["1.1.1"]["output"]
        # 3.4 calls the functions of policy.py.
        assert not grade(broken, "--only", "3.4").lost


def test_a_lent_function_is_said_to_be_lent(grade, submit):
    graded = grade(submit(policy=None), "--only", "3.4")
    assert not graded.lost
    assert "with the lecture's earlier functions in place of yours" in graded.rows["3.4.1"]["output"]


def test_a_wrong_piece_costs_its_own_rows_alone(grade, submit):
    wrong = submit(npg=("@ real_scores / len(mask)", "@ real_scores / mask.sum()"))
    assert grade(wrong, "--only", "3").lost_functions == {"3.1"}


FAULTS = {
    "exception": (
        "    return baseline_features @ weights",
        "    return baseline_features @ weight",
        "NameError",
    ),
    "shape": (
        "    return baseline_features @ weights",
        "    return (baseline_features @ weights).sum(axis=0)",
        "but (N, H) = ",
    ),
    "nan": (
        "    return baseline_features @ weights",
        "    return baseline_features @ weights * np.nan",
        "nan at [",
    ),
    "none": ("    return baseline_features @ weights", "    baseline_features @ weights", "returned None"),
    "string": ("    return baseline_features @ weights", '    return "b"', "returned a str, not an array"),
    "exit": ("    return baseline_features @ weights", "    raise SystemExit(0)", "a function must return"),
    "death": (
        "    return baseline_features @ weights",
        "    __import__('os')._exit(0)",
        "ended the whole Python process",
    ),
    "hang": (
        "    return baseline_features @ weights",
        "    __import__('time').sleep(600)",
        "look for a loop that never ends",
    ),
    "not attempted": (
        "    return baseline_features @ weights",
        '    raise NotImplementedError("Part 2.3: predict_baseline")',
        "is not attempted yet",
    ),
    "renamed": (
        "def predict_baseline(",
        "def predict(",
        "There is no function predict_baseline in baseline.py",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_costs_its_own_rows_and_is_explained(grade, submit, fault):
    old, new, sentence = FAULTS[fault]
    graded = grade(submit(baseline=(old, new)), "--only", "2", limits="short" if fault == "hang" else "usual")
    assert graded.status == 0
    assert graded.lost_functions == {"2.3"}
    assert sentence in graded.rows["2.3.1"]["output"]
    assert "Traceback" not in graded.rows["2.3.1"]["output"]


def test_an_exception_is_told_with_file_line_and_source(grade, submit):
    output = grade(submit(baseline=FAULTS["exception"][:2]), "--only", "2.3").rows["2.3.1"]["output"]
    source = (SOLUTIONS / "baseline.py").read_text(encoding="utf-8").splitlines()
    line = next(n for n, text in enumerate(source, start=1) if "return baseline_features @ weights" in text)
    assert f"hw4/baseline.py, line {line}: `return baseline_features @ weight`" in output


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("import os; os._exit(3)", "ended the whole Python process"),
        ("import time; time.sleep(600)", "did not end within"),
        ("import torch", "Only numpy, scipy, the standard library"),
        ("1 / 0", "ZeroDivisionError"),
    ],
)
def test_a_module_that_cannot_be_imported_costs_its_own_rows(grade, submit, code, sentence):
    limits = "short" if "sleep" in code else "usual"
    graded = grade(submit(policy_gradient=f"{code}\n"), "--only", "2", limits=limits)
    assert graded.lost_functions == {"2.4"}
    assert sentence in graded.rows["2.4.1"]["output"]


def test_nothing_the_student_sees_names_a_path_of_the_machine(grade, submit):
    graded = grade(submit(baseline=FAULTS["exception"][:2]), "--only", "2.3")
    assert "/tmp" not in json.dumps(graded.document)
    assert str(ROOT) not in json.dumps(graded.document)


def test_a_fault_of_the_grader_is_seen_at_the_terminal_and_costs_its_row_alone(repository, tmp_path):
    replace(
        repository / "tests/hidden/test_baseline.py",
        "weights = weights_multiplied_by * rng",
        "weights = weights_multiplied_by * rgn",
    )
    graded = run_grade(SOLUTIONS.parent, tmp_path / "results.json", "--only", "2.3", root=repository)
    assert graded.status == 1
    assert graded.rows["2.3.1"]["extra_data"]["outcome"] == "grader fault"
    assert graded.lost == {"2.3.1"}
    assert "In the rows asked for:" in graded.printed
    assert graded.said.startswith("The grader itself failed:\n2.3.1: Traceback")
    assert graded.said.rstrip().splitlines()[-1].startswith("NameError: name 'rgn' is not defined")


def test_rows_are_asked_for_by_numbers_and_names_and_the_sums_are_theirs(grade, submit):
    old, new = FAULTS["exception"][:2]
    graded = grade(submit(baseline=(old, new)), "--only", "2.3.1,score", "--only", "baseline.rewards_to_go")
    numbers = {number.rpartition(".")[0] for number in graded.rows}
    assert numbers == {"1.2", "2.1", "2.3"}
    assert "2.3.2" not in graded.rows
    possible = sum(row["max_score"] for row in graded.rows.values())
    earned = graded.document["score"]
    assert earned < possible < 100
    assert f"In the rows asked for: {earned:g} of {possible:g} in" in graded.printed
    assert graded.document["output"].startswith(f"{earned:g} of {possible:g} points in the rows asked for.")
    part = sum(row["max_score"] for number, row in graded.rows.items() if number.startswith("1."))
    assert f"{part:g} / {part:g}" in graded.printed


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "Give the folder or zip to grade"),
        (["nowhere"], 'The submission "nowhere" does not exist: give a folder or a zip that holds hw4/*.py.'),
        (
            ["solutions", "--only", "9.9"],
            'There are no rows "9.9": give the number of a part, function or row',
        ),
        (["solutions", "--only", "2.3", "--only", "3.1.99"], 'There are no rows "3.1.99"'),
        (["solutions", "--result", "x"], "No such option"),
        (["solutions", "--results", "pyproject.toml/results.json"], "The results cannot be written to"),
    ],
)
def test_unusable_arguments_end_in_one_sentence_and_status_2(arguments, sentence, tmp_path):
    import subprocess
    import sys

    results = [] if "--results" in arguments else ["--results", str(tmp_path / "results.json")]
    command = [sys.executable, "-m", "autograder", "grade", *arguments, *results]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_an_unreadable_submission_still_leaves_valid_results(tmp_path):
    graded = run_grade(tmp_path / "nowhere", tmp_path / "results.json")
    assert graded.document["score"] == 0
    assert "does not exist" in graded.document["output"]


def test_the_platform_layout_is_graded_without_arguments(tmp_path, submit):
    import os
    import subprocess
    import sys

    platform = tmp_path / "autograder"
    (platform / "results").mkdir(parents=True)
    shutil.copytree(submit(), platform / "submission")
    done = subprocess.run(
        [sys.executable, "-m", "autograder", "grade", "--platform", "--only", "2.3"],
        cwd=ROOT,
        env=os.environ | {"AUTOGRADER_ROOT": str(platform)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    document = json.loads((platform / "results" / "results.json").read_text(encoding="utf-8"))
    assert document["score"] == 2.5


def test_no_process_and_no_folder_is_left_behind(grade, submit, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    tmp_path.chmod(0o755)
    grade(submit(), "--only", "2.3")
    assert not list(Path(tmp_path).glob("hw4-box-*"))
