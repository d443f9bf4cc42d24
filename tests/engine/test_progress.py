"""The bar of a long command: there in a terminal, nowhere else."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys

from rich.console import Console

from autograder.grading.progress import Progress, doing, shown_progress
from tests.engine.conftest import ROOT, terminal


def console(*, terminal):
    return Console(file=io.StringIO(), force_terminal=terminal, width=100, _environ={"TERM": "xterm"})


def written(where):
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", where.file.getvalue())


def test_a_terminal_gets_a_bar_with_what_is_done_and_how_much():
    where = console(terminal=True)
    with shown_progress(where) as show:
        show(Progress("proving the template"))
        show(Progress("mistake [b]", 3, 10))
    assert re.search(r"3/10 .*mistake \[b\]", written(where))


def test_what_counts_nothing_shows_no_number():
    where = console(terminal=True)
    with doing("building the image", where):
        pass
    assert "building the image" in written(where)
    assert "/" not in written(where)


def test_where_nobody_watches_nothing_is_shown():
    where = console(terminal=False)
    with shown_progress(where) as show:
        show(Progress("grading", 1, 2))
    assert where.file.getvalue() == ""


def test_a_command_shows_its_bar_on_stderr_in_a_terminal():
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "100"}
    command = [sys.executable, "-m", "autograder", "lint"]
    with terminal() as (read, theirs):
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=theirs, text=True
        )
        os.close(theirs)
        shown = b"".join(read)
        printed, _ = process.communicate()
    assert b"looking at what the homework declares" in shown
    assert "nothing to mend" in printed
    assert "\x1b" not in printed
