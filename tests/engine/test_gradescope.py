"""results.json: the platform's rules, and a file that is whole at every moment."""

from __future__ import annotations

import json
import math
import os
from dataclasses import replace

import pytest

from autograder.grading import gradescope
from autograder.grading.curve import TrainingRun
from autograder.grading.platform import Platform
from autograder.grading.results import Explanation, Outcome, Results, Row
from autograder.grading.settings import Settings
from autograder.grading.writer import ResultsWriter, write_json
from autograder.release.results_rules import check_text

ROW = Row("1.1.1", "Check", 2.0, is_bonus=False, outcome=Outcome.PASSED, explanation=Explanation())
BONUS = Row("6.1.1", "Extra", 1.5, is_bonus=True, outcome=Outcome.PASSED, explanation=Explanation())
RESULTS = Results("Homework", (ROW, BONUS), "Well done.", 1.23456, {"salt_id": "x"})
FORMATS = {"text", "html", "simple_format", "md", "ansi"}
VISIBILITIES = {"hidden", "after_due_date", "after_published", "visible"}


def assert_obeys_the_platform(document):
    assert math.isfinite(document["score"])
    assert isinstance(document["execution_time"], float)
    assert {document[key] for key in ("output_format", "test_output_format", "test_name_format")} <= FORMATS
    assert {document["visibility"], document["stdout_visibility"]} <= VISIBILITIES
    assert isinstance(document["extra_data"], dict)
    for row in document["tests"]:
        assert math.isfinite(row["score"])
        assert math.isfinite(row["max_score"])
        assert row["status"] in ("passed", "failed")
        assert isinstance(row["number"], str)
        assert len(row["output"]) < 100_000
        # One hidden row would hide the student's total.
        assert row["visibility"] != "hidden"
    json.dumps(document, allow_nan=False)


def test_a_document_obeys_the_platform():
    assert_obeys_the_platform(gradescope.render(RESULTS))


def test_a_provisional_document_obeys_the_platform():
    document = gradescope.render(Results("Homework", summary="The grading did not finish."))
    assert_obeys_the_platform(document)
    assert document["score"] == 0
    assert document["output"] == "The grading did not finish."


def test_a_bonus_counts_on_top_of_the_total():
    document = gradescope.render(RESULTS)
    assert document["score"] == 3.5
    assert sum(row["max_score"] for row in document["tests"]) == 2.0
    assert document["tests"][1]["name"] == "Extra (bonus, up to +1.5)"


@pytest.mark.parametrize("outcome", [outcome for outcome in Outcome if outcome is not Outcome.PASSED])
def test_only_a_passed_row_scores(outcome):
    (row,) = gradescope.render(replace(RESULTS, rows=(replace(ROW, outcome=outcome),)))["tests"]
    assert (row["score"], row["status"]) == (0.0, "failed")


def test_a_long_output_ends_in_a_sentence():
    long = replace(ROW, explanation=Explanation("x" * 200_000))
    (row,) = gradescope.render(replace(RESULTS, rows=(long,)))["tests"]
    assert len(row["output"]) < 100_000
    assert row["output"].endswith("[The rest was too long to show.]")


def test_a_file_is_replaced_in_one_step(tmp_path):
    file = tmp_path / "results" / "results.json"
    writer = ResultsWriter(file, "Homework")
    writer.provisional("First.")
    with file.open(encoding="utf-8") as reader:
        writer.finish(RESULTS)
        assert json.load(reader)["output"] == "First."
    assert json.loads(file.read_text(encoding="utf-8"))["output"] == "Well done."
    assert os.listdir(file.parent) == ["results.json"]


def test_what_json_cannot_say_leaves_the_old_file(tmp_path):
    file = tmp_path / "results.json"
    ResultsWriter(file, "Homework").finish(RESULTS)
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json({"score": math.nan}, file)
    assert json.loads(file.read_text(encoding="utf-8"))["score"] == 3.5
    assert os.listdir(tmp_path) == ["results.json"]


def test_the_tree_can_be_moved_for_a_rehearsal(monkeypatch, tmp_path):
    monkeypatch.setenv("AUTOGRADER_ROOT", str(tmp_path))
    platform = Platform.from_environment()
    assert platform.results_file == tmp_path / "results" / "results.json"
    monkeypatch.delenv("AUTOGRADER_ROOT")
    assert str(Platform.from_environment().root) == "/autograder"


RUN = TrainingRun(
    "NPG", (20.0, 300.0, 480.0), (900, 2500), (20.0, 90.0, 400.0), (25.0, 350.0, 500.0), 475.0, 500.0
)
CURVE = replace(RUN.curve, html=RUN.html)
LEARNED = replace(ROW, number="5.1.1", curve=CURVE)
SOLVED = replace(LEARNED, number="5.1.2")


def rendered(*rows, **settings):
    document = gradescope.render(Results("Homework", rows, "Done."), Settings("salt", **settings))
    assert check_text(json.dumps(document)) == []
    return document


def test_a_row_with_a_learning_curve_is_html_with_the_students_text_escaped():
    failed = replace(LEARNED, outcome=Outcome.FAILED, explanation=Explanation('raised ValueError("<b>&")'))
    (row,) = rendered(failed)["tests"]
    assert row["output_format"] == "html"
    assert row["output"].startswith("<pre>raised ValueError(&quot;&lt;b&gt;&amp;&quot;)</pre>\n<p><img")
    assert row["extra_data"]["final_return"] == 480.0


def test_a_long_text_leaves_room_for_the_curve():
    failed = replace(LEARNED, outcome=Outcome.FAILED, explanation=Explanation("<" * 200_000))
    (row,) = rendered(failed)["tests"]
    assert len(row["output"]) <= 100_000
    assert row["output"].endswith("</pre>")


def test_names_alone_show_no_curve():
    (row,) = rendered(LEARNED, feedback="names")["tests"]
    assert "output_format" not in row


def test_two_rows_of_one_curve_show_it_once():
    failed = replace(SOLVED, outcome=Outcome.FAILED, explanation=Explanation("It ended at 90."))
    first, second = rendered(LEARNED, failed)["tests"]
    assert "<img" in first["output"]
    assert second["output"] == "It ended at 90.\nThe learning curve is shown in 5.1.1."
    assert "output_format" not in second
    assert second["extra_data"]["final_return"] == 480.0


def test_a_curve_of_another_run_is_shown_too():
    other = replace(SOLVED, curve=replace(CURVE, name="PPO"))
    assert all("<img" in row["output"] for row in rendered(LEARNED, other)["tests"])


@pytest.mark.parametrize("seen", [("visible", "after_published"), ("after_published", "visible")])
def test_no_row_points_to_one_that_is_seen_by_others(seen):
    rows = [replace(row, visibility=when) for row, when in zip((LEARNED, SOLVED), seen, strict=True)]
    assert all("<img" in row["output"] for row in rendered(*rows)["tests"])


def test_without_a_picture_the_curve_is_told_in_text():
    undrawn = replace(CURVE, html="")
    failed = replace(LEARNED, outcome=Outcome.FAILED, explanation=Explanation("x" * 200_000), curve=undrawn)
    first, second = rendered(failed, replace(SOLVED, curve=undrawn))["tests"]
    assert "output_format" not in first
    assert first["output"].startswith("xxx")
    assert first["output"].endswith(f"[The rest was too long to show.]\n{CURVE.text}")
    assert second["output"] == "The learning curve is shown in 5.1.1."


def test_what_no_page_can_show_is_replaced():
    said = Explanation("\x1b[31mred\ud800\x00\r\nnext\ttab", diagnosis="\ud800")
    (row,) = rendered(replace(ROW, outcome=Outcome.FAILED, explanation=said))["tests"]
    assert row["output"] == "�[31mred��\nnext\ttab\nDiagnosis: �"
    assert row["extra_data"]["diagnosis"] == "�"


def test_a_row_says_who_sees_it():
    (row,) = rendered(replace(ROW, visibility="after_due_date"))["tests"]
    assert row["visibility"] == "after_due_date"


def test_points_that_are_not_shown_still_count():
    document = rendered(ROW, BONUS, points_shown=False)
    assert document["score"] == 3.5
    for row in document["tests"]:
        assert "score" not in row
        assert "max_score" not in row
        assert row["status"] == "passed"
        assert "bonus" not in row["name"]
    assert document["tests"][0]["extra_data"] == {
        "outcome": "passed",
        "seconds": 0.0,
        "score": 2.0,
        "max_score": 2.0,
    }


def test_the_leaderboard_is_off_unless_said():
    assert "leaderboard" not in rendered(LEARNED)
    assert "leaderboard" not in rendered(ROW, leaderboard=True)
    assert rendered(LEARNED, leaderboard=True)["leaderboard"] == [
        {"name": "NPG: environment steps to 475", "value": 2500, "order": "asc"},
        {"name": "NPG: final return", "value": 480.0, "order": "desc"},
    ]


def test_the_leaderboard_holds_back_what_is_shown_later():
    later = replace(LEARNED, number="5.1.2", visibility="after_due_date")
    other = replace(LEARNED, number="5.2.1", curve=replace(CURVE, name="PPO"))
    columns = rendered(LEARNED, later, other, leaderboard=True)["leaderboard"]
    assert [column["name"] for column in columns] == ["PPO: environment steps to 475", "PPO: final return"]
    assert "leaderboard" not in rendered(later, leaderboard=True)


def test_who_never_reached_the_bar_has_no_steps_to_it():
    short = replace(LEARNED, curve=replace(CURVE, steps_to_bar=None))
    assert [column["name"] for column in rendered(short, leaderboard=True)["leaderboard"]] == [
        "NPG: final return"
    ]


def test_a_grading_that_is_still_running_says_so():
    assert gradescope.render(replace(RESULTS, summary=""))["output"].startswith("The grading did not finish")


def test_metadata_is_found_in_the_tree(tmp_path):
    platform = Platform(tmp_path)
    assert platform.metadata is None
    (tmp_path / "submission_metadata.json").write_text('{"id": 7}')
    assert platform.metadata.submission == "7"
