"""`python -m hw4 pack`, and what is said where the homework is run in another way than this."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from autograder.grading.submission import collect
from autograder.homework import ASSIGNMENT as HW4
from hw4.lab import command_line, pack
from tests.engine.student import fill_in, unfill

FILES = sorted(f"hw4/{module}.py" for module in HW4.modules)


@pytest.fixture
def home(tmp_path, monkeypatch) -> Path:
    """A student's folder that `pack` takes for its own."""
    folder = fill_in(tmp_path / "home")
    monkeypatch.setattr(pack, "PACKAGE", folder / "hw4")
    monkeypatch.setattr("hw4.lab.environment.FOLDER", folder)
    return folder


def packed(capsys, *arguments: str, status: int = 0) -> list[str]:
    assert command_line.main(["pack", *arguments]) == status
    captured = capsys.readouterr()
    return (captured.out + captured.err).splitlines()


# The zip


def test_the_zip_holds_the_files_to_fill_in_and_nothing_else(capsys, home):
    (home / ".venv" / "lib").mkdir(parents=True)
    (home / ".venv" / "lib" / "npg.py").write_text("not the student's")
    (line,) = packed(capsys)
    assert line.startswith(f"{home / 'hw4-submission.zip'} is ready to hand in: 7 files, ")
    with zipfile.ZipFile(home / "hw4-submission.zip") as archive:
        assert archive.namelist() == FILES
        assert {member.date_time for member in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert archive.read("hw4/npg.py") == (home / "hw4" / "npg.py").read_bytes()


def test_the_grader_takes_from_it_what_the_folder_holds(capsys, home):
    packed(capsys)
    from_zip = collect(home / "hw4-submission.zip", "hw4", HW4.modules)
    assert from_zip.digest == collect(home, "hw4", HW4.modules).digest
    assert not from_zip.missing
    assert not from_zip.notes


def test_the_same_files_give_the_same_bytes_whenever_they_were_saved(capsys, home, tmp_path, monkeypatch):
    packed(capsys)
    copy = shutil.copytree(home / "hw4", tmp_path / "copy" / "hw4", copy_function=shutil.copyfile)
    monkeypatch.setattr(pack, "PACKAGE", copy)
    packed(capsys, "--out", str(tmp_path / "other.zip"))
    assert (tmp_path / "other.zip").read_bytes() == (home / "hw4-submission.zip").read_bytes()


def test_it_is_graded_with_full_marks(capsys, home):
    packed(capsys)
    command = [sys.executable, "-m", "autograder", "grade", str(home / "hw4-submission.zip"), "--only", "1"]
    command += ["--results", str(home / "results.json")]
    done = subprocess.run(command, cwd=HW4.root, capture_output=True, text=True)
    assert "In the rows asked for: 12 of 12" in done.stdout, done.stderr


# What will cost points


def test_what_is_missing_unreadable_or_not_attempted_is_said_and_the_rest_is_packed(capsys, home):
    unfill(home, "1.2", "policy", "score")
    unfill(home, "2.4", "policy_gradient", "policy_gradient_estimate")
    (home / "hw4" / "ppo.py").write_text("x = 1\ndef broken(:\n", encoding="utf-8")
    (home / "hw4" / "trpo.py").unlink()
    *warnings, ready = packed(capsys)
    assert warnings == [
        "hw4/ppo.py, line 2, cannot be read by Python, which costs its points.",
        "hw4/trpo.py is missing, which costs its points.",
        "Not attempted: 1.2 score, 2.4 policy_gradient_estimate.",
    ]
    assert "6 files" in ready


def test_without_any_file_there_is_nothing_to_pack(capsys, home):
    for module in HW4.modules:
        (home / "hw4" / f"{module}.py").unlink()
    assert packed(capsys, status=1) == [
        f"There is nothing to pack in {home / 'hw4'}: put the files you were given back."
    ]


def test_a_zip_that_cannot_be_written_leaves_nothing_behind(capsys, home, tmp_path):
    (sentence,) = packed(capsys, "--out", str(tmp_path / "no" / "a.zip"), status=1)
    assert "cannot be written (No such file or directory): choose another place with --out." in sentence
    assert not list(tmp_path.rglob("*.part"))


# Run in another way


@pytest.mark.parametrize(
    ("inside", "command"),
    [
        (".", ["hw4/npg.py"]),
        (".", ["hw4/trpo.py"]),
        (".", ["hw4"]),
        (".", ["hw4/__main__.py", "check"]),
        ("hw4", ["npg.py"]),
        ("hw4", ["__main__.py", "check"]),
        ("hw4", ["-m", "hw4", "check"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else value,
)
def test_a_file_that_is_run_by_itself_says_how_to_run_it(home, inside, command):
    done = subprocess.run([sys.executable, *command], cwd=home / inside, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr == (
        f"The files of hw4 are not run by themselves: run python -m hw4 check in the folder {home}.\n"
    )


def test_a_python_that_is_too_old_is_told_so(home):
    code = (
        "import sys, runpy; sys.path.insert(0, '.'); sys.version_info = (3, 9, 18); "
        "runpy.run_module('hw4', run_name='__main__')"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=home, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr == "This is Python 3.9, but HW4 needs 3.10 to 3.13: install one of them.\n"


@pytest.mark.parametrize("file", ["__init__.py", "__main__.py", "hw4.py"])
def test_an_old_python_can_read_the_files_that_tell_it(file):
    """Nothing but what every Python since 2.7 knows: ASCII, no f-string, no annotation, no `from None`."""
    source = (HW4.solutions / "hw4" / file).read_bytes()
    assert source.isascii()
    assert not any(word in source for word in (b' f"', b'(f"', b"__future__", b"->", b" from None"))
