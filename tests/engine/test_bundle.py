"""The two zips: what they hold, that they are the same bytes every time, and what they are refused for."""

from __future__ import annotations

import dataclasses
import io
import os
import shutil
import stat
import subprocess
import sys
import zipfile
from pathlib import Path, PurePosixPath

import pytest

from autograder.grading.integrity import fingerprints
from autograder.grading.settings import read_settings
from autograder.homework import ASSIGNMENT as HW4
from autograder.release import bundle, template
from autograder.release.template import ReleaseError
from tests.engine import toy_homework
from tests.engine.conftest import ROOT

SALT = "a salt of the toy's own"
HIDDEN = '''def test_double(submission):
    """Doubles."""
    for number in (1.5, -2.0, 1e300):
        assert submission.arithmetic.double(number) == number + number, "double is not twice the number"


def test_triple(submission):
    tripled = submission.arithmetic.triple(2.0)
    assert tripled == 6.0
'''
SHORT_BODY = "tripled = submission.arithmetic.triple(2.0)\n\nassert tripled == 6.0"


@pytest.fixture
def homework(tmp_path):
    """The toy homework with everything that a zip for the platform needs, and something that it does not."""
    files = {
        "setup.sh": "#!/usr/bin/env bash\n",
        "run_autograder": "#!/usr/bin/env bash\n",
        "requirements/grading.lock": "",
        "autograder/__init__.py": "",
        "autograder/setup/examine.py": "",
        "autograder/release/proof.py": "",
        "autograder/.cache": "",
        "tests/__init__.py": "",
        "tests/hidden/test_arithmetic.py": HIDDEN,
        "tests/engine/test_engine.py": "",
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    toy = toy_homework.make(tmp_path)
    template.write(toy)
    return toy


def members(archive):
    with zipfile.ZipFile(io.BytesIO(archive.content)) as opened:
        return {member.filename: member for member in opened.infolist()}


def unpack(archive, folder):
    folder.mkdir()
    with zipfile.ZipFile(io.BytesIO(archive.content)) as opened:
        opened.extractall(folder)
    return folder


def students_zip(homework):
    return bundle.students_zip(homework, template.generate(homework))


def test_the_platforms_zip_holds_what_grading_needs_and_nothing_else(homework):
    assert set(members(bundle.platform_zip(homework))) == {
        "setup.sh",
        "run_autograder",
        "requirements/grading.lock",
        "autograder/__init__.py",
        "autograder/setup/examine.py",
        "solutions/toy/__init__.py",
        "solutions/toy/__main__.py",
        "solutions/toy/arithmetic.py",
        "solutions/toy/basket.py",
        "student_template/toy/__init__.py",
        "student_template/toy/__main__.py",
        "student_template/toy/arithmetic.py",
        "student_template/toy/basket.py",
        "tests/__init__.py",
        "tests/hidden/test_arithmetic.py",
        "tests/public/test_arithmetic.py",
    }


def test_only_the_two_scripts_are_executable(homework):
    modes = {
        name: member.external_attr >> 16 for name, member in members(bundle.platform_zip(homework)).items()
    }
    executable = {name for name, mode in modes.items() if stat.S_IMODE(mode) == 0o755}
    assert executable == {"setup.sh", "run_autograder"}
    assert {stat.S_IMODE(mode) for mode in modes.values()} == {0o755, 0o644}
    assert all(stat.S_ISREG(mode) for mode in modes.values())


def test_the_students_zip_is_the_template_in_a_folder(homework, tmp_path):
    folder = unpack(students_zip(homework), tmp_path / "home") / "toy-student"
    found = {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert found == {Path(path): content for path, content in template.generate(homework).files.items()}


def test_nothing_of_the_machine_is_in_a_zip(homework):
    for archive in (bundle.platform_zip(homework), students_zip(homework)):
        found = members(archive)
        assert list(found) == sorted(found)
        assert {member.date_time for member in found.values()} == {(1980, 1, 1, 0, 0, 0)}
        assert {member.compress_type for member in found.values()} == {zipfile.ZIP_STORED}
        assert {member.create_system for member in found.values()} == {3}


def test_identical_sources_give_identical_bytes(homework, tmp_path):
    """Whatever the time, the modes and the order in which the files were made."""
    first = bundle.build(homework, SALT, list)
    copy = tmp_path / "copy"
    for path in sorted(homework.root.rglob("*"), reverse=True):
        if path.is_file() and copy not in path.parents:
            target = copy / path.relative_to(homework.root)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
            os.utime(target, (1, 1_000_000_000))
            target.chmod(0o600)
    second = bundle.build(dataclasses.replace(homework, root=copy), SALT, list)
    assert [archive.sha256 for archive in first] == [archive.sha256 for archive in second]


def test_a_stale_template_is_not_handed_out(homework):
    (homework.template / "README.md").write_text("Old.\n")
    with pytest.raises(ReleaseError, match=r"README\.md:1: from here on(.|\n)*autograder template"):
        bundle.build(homework, SALT, list)


def test_a_stale_handout_is_not_handed_out(homework):
    """Its HTML and PDF have never been made."""
    shutil.copytree(ROOT / "docs" / "handout", homework.root / "docs" / "handout")
    with pytest.raises(ReleaseError, match=r"solutions/handout\.html is not what(.|\n)*autograder handout"):
        bundle.build(homework, SALT, list)


def test_a_solution_is_not_handed_out(homework):
    leak = "Hint: return scale * math.fsum([double(number), number]) / scale\n"
    for folder in (homework.solutions, homework.template):
        (folder / "README.md").write_text(leak)
    with pytest.raises(ReleaseError, match="repeats a piece of solution"):
        bundle.build(homework, SALT, list)


def test_a_grader_that_falls_short_is_not_handed_out(homework):
    with pytest.raises(ReleaseError, match="half of F is missed"):
        bundle.build(homework, SALT, lambda: ["half of F is missed"])


@pytest.mark.parametrize(
    ("leak", "sentence"),
    [
        (f"# salt = '{SALT}'\n", "notes.md holds the salt"),
        (HIDDEN, r"notes.md repeats a piece of a hidden test \(test_arithmetic.py, line 3\)"),
        (SHORT_BODY, r"test_arithmetic.py, line 8"),
        ("  ".join(HIDDEN.split("\n", 2)[2].split(" ")), "repeats a piece of a hidden test"),
    ],
)
def test_a_secret_is_not_handed_out(homework, leak, sentence):
    (homework.solutions / "notes.md").write_text(leak)
    template.write(homework)
    with pytest.raises(ReleaseError, match=sentence) as caught:
        bundle.build(homework, SALT, list)
    assert SALT not in str(caught.value)


def test_a_salt_that_can_be_guessed_is_refused(homework):
    with pytest.raises(ReleaseError, match="The salt has 4 characters"):
        bundle.build(homework, "salt", list)


def test_a_link_is_not_packed(homework):
    (homework.root / "setup.sh").unlink()
    (homework.root / "setup.sh").symlink_to("run_autograder")
    with pytest.raises(ReleaseError, match=r"setup\.sh is no regular file"):
        bundle.platform_zip(homework)


def test_windows_line_ends_in_a_script_are_refused(homework):
    (homework.root / "run_autograder").write_bytes(b"#!/usr/bin/env bash\r\n")
    with pytest.raises(ReleaseError, match="run_autograder has Windows line ends"):
        bundle.platform_zip(homework)


def test_what_is_shipped_holds_no_secret_of_hw4():
    salt = read_settings(ROOT / "autograder" / "settings.toml").salt
    assert not bundle.find_secrets(HW4, salt, template.generate(HW4).files)


def test_the_grader_runs_from_its_zip(tmp_path):
    """Nothing that grading needs is left out: the command line starts and grades in the unpacked folder."""
    source = unpack(bundle.platform_zip(HW4), tmp_path / "source")
    assert not (source / "autograder" / "release").exists()
    assert not (source / "autograder" / "regrade").exists()
    assert fingerprints(dataclasses.replace(HW4, root=source)) == fingerprints(HW4)
    command = [sys.executable, "-m", "autograder", "grade", str(ROOT / "solutions"), "--only", "2.3"]
    command += ["--results", str(tmp_path / "results.json")]
    done = subprocess.run(command, cwd=source, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "In the rows asked for: 2.5 of 2.5" in done.stdout


def test_writing_replaces_what_was_there(homework, tmp_path):
    out = tmp_path / "dist" / "term"
    for _ in range(2):
        files = bundle.write([students_zip(homework)], out)
    assert files == [out / "toy-student.zip"]
    assert [path.name for path in out.iterdir()] == ["toy-student.zip"]


def test_paths_in_the_students_zip_are_relative(homework):
    for name in members(students_zip(homework)):
        path = PurePosixPath(name)
        assert not path.is_absolute()
        assert ".." not in path.parts
