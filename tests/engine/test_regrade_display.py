"""What a run prints: a table for people, one line of JSON where nobody watches."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from autograder.regrade.display import MAX_FAULTS_SHOWN, describe_faults, show_summary
from autograder.regrade.run import Summary
from tests.engine.made_up_class import a_class, record

OUT = Path("graded")


def console(*, terminal):
    return Console(file=io.StringIO(), force_terminal=terminal, width=100, _environ={"TERM": "xterm"})


def written(where):
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", where.file.getvalue())


def summary(*more):
    records = (*a_class(), *more)
    return Summary(records, graded=10, kept=2, files=(OUT / "grades.csv",))


def lost(name):
    return record(name, status="not graded", message="The machine is out of memory.")


def test_a_terminal_gets_a_table():
    where = console(terminal=True)
    show_summary(summary(lost("submission_20")), OUT, where)
    said = written(where)
    assert re.search(r"submissions +│ +13", said)
    assert re.search(r"not graded +│ +1", said)
    assert re.search(r"graded now, kept from before +│ +10, 2", said)
    assert re.search(r"scores that change +│ +\d+", said)
    assert "Written: graded/grades.csv" in said


def test_where_nobody_watches_there_is_one_line_of_json(capsys):
    show_summary(summary(lost("submission_20")), OUT, console(terminal=False))
    (line,) = capsys.readouterr().out.splitlines()
    found = json.loads(line)
    assert (found["submissions"], found["graded"], found["kept"]) == (13, 10, 2)
    assert found["not_graded"] == ["submission_20"]
    assert sum(found["outcomes"].values()) == 13


def test_many_faults_are_not_all_printed():
    said = describe_faults(
        summary(*(lost(f"submission_{20 + place}") for place in range(MAX_FAULTS_SHOWN + 5)))
    )
    assert said.splitlines()[0] == "15 submissions are not graded, and have no new score:"
    assert said.splitlines()[-1] == "and 5 more."
    assert describe_faults(replace(summary(), records=())) == ""
