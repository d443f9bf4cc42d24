"""A class is read from the platform's export, or from a folder or zip of submissions; nothing else is one."""

from __future__ import annotations

import shutil
import zipfile

import pytest

from autograder.grading.errors import UnusableRequest
from autograder.regrade.export import MAX_FILE_BYTES, Student, read_export

METADATA = """---
submission_7:
  :submitters:
  - :name: 王伟
    :sid: '00123456'
    :email: wei@example.edu
  - :name: "Zoë O’Brien"
    :email: zoe@example.edu
  :created_at: 2026-10-08 12:02:15.694811000 Z
  :score: 87.5
  :status: processed
  :results:
    score: 87.5
    tests:
    - number: 1.1.1
      score: 2.0
      max_score: 2.0
    - number: '1.10'
      extra_data:
        score: 0.5
    - name: a row without a number
      score: 1.0
  :history:
  - :id: 5
    :created_at: 2026-10-07 12:02:15.694811000 Z
    :score: 12.0
  - :id: 9
    :created_at: 2026-10-09 09:00:00.000000000 Z
    :score: 99.0
submission_8:
  :submitters:
  - :name: Null
    :sid: 0042
    :email:
  :created_at: 2026-10-08 13:00:00.000000000 Z
  :score: !ruby/object:BigDecimal 18:0.64e2
  :status: processed
  :results:
  :history: []
submission_9:
  :submitters: []
  :score:
"../../etc":
  :submitters: []
"""


@pytest.fixture
def export(tmp_path):
    """Two submissions with entries, one without a folder, one without an entry, and a key that leads away."""
    folder = tmp_path / "assignment_1_export"
    for name in ("submission_7/hw4", "submission_8", "submission_10"):
        (folder / name).mkdir(parents=True)
    (folder / "submission_7" / "hw4" / "npg.py").write_text("right = True\n")
    (folder / "submission_metadata.yml").write_text(METADATA, encoding="utf-8")
    (folder / ".DS_Store").touch()
    return folder


def read(path, tmp_path):
    scratch = tmp_path / "scratch"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir()
    return read_export(path, scratch, "hw4", ["policy", "npg"])


def zipped(folder, file, wrapper=""):
    with zipfile.ZipFile(file, "w") as archive:
        for path in sorted(folder.rglob("*")):
            archive.write(path, f"{wrapper}{path.relative_to(folder)}")
    return file


def test_every_entry_and_every_folder_is_a_submission(export, tmp_path):
    found = read(export, tmp_path)
    assert found.is_platforms
    names = ["../../etc", "submission_10", "submission_7", "submission_8", "submission_9"]
    assert [one.name for one in found.submissions] == names
    assert [one.place.exists() for one in found.submissions] == [False, True, True, True, False]


def test_an_entry_is_read_as_it_is_written(export, tmp_path):
    seven, eight = (one for one in read(export, tmp_path).submissions if one.name[-1] in "78")
    assert seven.students == (
        Student("王伟", "00123456", "wei@example.edu"),
        Student("Zoë O’Brien", "", "zoe@example.edu"),
    )
    assert seven.created_at == "2026-10-08 12:02:15.694811000 Z"
    assert seven.official.score == 87.5
    assert dict(seven.official.rows) == {"1.1.1": 2.0, "1.10": 0.5}
    assert eight.students == (Student("Null", "0042", ""),)
    assert eight.official.score == 64.0


def test_a_newer_attempt_than_the_active_one_is_named(export, tmp_path):
    seven, eight = (one for one in read(export, tmp_path).submissions if one.name[-1] in "78")
    assert (seven.attempts, seven.newest_attempt) == (3, "2026-10-09 09:00:00.000000000 Z")
    assert (eight.attempts, eight.newest_attempt) == (1, "")


@pytest.mark.parametrize("wrapper", ["", "assignment_1_export/"])
def test_a_zip_is_read_as_its_folder(export, tmp_path, wrapper):
    archive = zipped(export, tmp_path / "export.zip", wrapper)
    folder, unpacked = read(export, tmp_path), read(archive, tmp_path)
    assert [one.name for one in folder.submissions] == [one.name for one in unpacked.submissions]
    assert [one.official for one in folder.submissions] == [one.official for one in unpacked.submissions]
    assert (unpacked.submissions[2].place / "hw4" / "npg.py").read_text() == "right = True\n"
    assert unpacked.submissions[3].place.is_dir()


def test_a_zip_reaches_nothing_outside_and_fills_no_disk(tmp_path):
    with zipfile.ZipFile(tmp_path / "class.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("ada/npg.py", b"#" * (8 * MAX_FILE_BYTES))
        archive.writestr("ada/film.mp4", b"0" * 1000)
        archive.writestr("../../escaped.py", b"")
        archive.writestr("/absolute.py", b"")
        link = zipfile.ZipInfo("bob/npg.py")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
        archive.writestr(f"bob/{'x' * 300}.py", b"")
    found = read(tmp_path / "class.zip", tmp_path)
    assert [one.name for one in found.submissions] == ["ada", "bob"]
    unpacked = [path for path in (tmp_path / "scratch").rglob("*") if path.is_file()]
    assert [path.name for path in unpacked] == ["npg.py"]
    assert unpacked[0].stat().st_size == MAX_FILE_BYTES + 1
    assert not (tmp_path.parent / "escaped.py").exists()


def test_a_folder_of_folders_and_zips_is_a_class(tmp_path):
    folder = tmp_path / "class"
    (folder / "Ada Łukasik" / "hw4").mkdir(parents=True)
    (folder / "__MACOSX").mkdir()
    (folder / "notes.txt").touch()
    zipped(folder / "Ada Łukasik", folder / "bob.zip")
    zipped(folder / "Ada Łukasik", folder / "Ada Łukasik.zip")
    found = read(folder, tmp_path)
    assert not found.is_platforms
    assert [one.name for one in found.submissions] == ["Ada Łukasik", "Ada Łukasik.zip", "bob"]


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda path: None, "does not exist: give the platform's export"),
        (lambda path: path.write_text("no zip"), "is neither a folder nor a zip"),
        (lambda path: path.mkdir(), "is no class: it has neither submission_metadata.yml nor a folder"),
        (lambda path: (path / "hw4").mkdir(parents=True), "is one submission, not a class: grade it with"),
    ],
)
def test_what_is_no_class_gets_a_sentence(tmp_path, make, sentence):
    make(tmp_path / "given")
    with pytest.raises(UnusableRequest, match=sentence):
        read(tmp_path / "given", tmp_path)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a: [", "is no YAML"),
        ("- a list", "names no submission"),
        ("[" * 3000, "is no YAML"),
        ("\x00", "no YAML"),
    ],
)
def test_broken_metadata_get_a_sentence(tmp_path, text, sentence):
    (tmp_path / "class").mkdir()
    (tmp_path / "class" / "submission_metadata.yml").write_text(text)
    with pytest.raises(UnusableRequest, match=sentence):
        read(tmp_path / "class", tmp_path)


def test_a_damaged_zip_gets_a_sentence(export, tmp_path):
    archive = zipped(export, tmp_path / "export.zip")
    archive.write_bytes(archive.read_bytes().replace(b"right = True", b"right = Trve"))
    with pytest.raises(UnusableRequest, match="cannot be read"):
        read(archive, tmp_path)
