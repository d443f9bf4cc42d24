"""Collecting a submission: every shape it may come in; nothing followed or unpacked that should not be."""

from __future__ import annotations

import os
import stat
import zipfile
from pathlib import Path

import pytest

from autograder.grading import submission
from autograder.grading.submission import MAX_FILE_BYTES, UnreadableSubmission, collect, show

MODULES = ("policy", "npg")


def put(folder: Path, **sources: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for module, source in sources.items():
        (folder / f"{module}.py").write_text(source, encoding="utf-8")
    return folder


def zip_of(file: Path, **members: str) -> Path:
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "/").replace("_py", ".py"), content)
    return file


def gather(path: Path):
    return collect(path, "hw4", MODULES)


@pytest.mark.parametrize("inside", ["", "hw4", "work/hw4", "a/b/c/hw4", "my homework/hw4"])
def test_a_folder_is_found_below_any_wrapping(tmp_path, inside):
    put(tmp_path / "upload" / inside, policy="p", npg="n")
    assert gather(tmp_path / "upload").sources == {"policy": b"p", "npg": b"n"}


@pytest.mark.parametrize("inside", ["", "hw4/", "work/hw4/", "work\\hw4\\"])
def test_a_zip_is_found_below_any_wrapping(tmp_path, inside):
    with zipfile.ZipFile(tmp_path / "upload.zip", "w") as archive:
        archive.writestr(f"{inside}policy.py", "p")
        archive.writestr(f"{inside}npg.py", "n")
    assert gather(tmp_path / "upload.zip").sources == {"policy": b"p", "npg": b"n"}


def test_the_package_goes_before_any_other_folder(tmp_path):
    put(tmp_path / "old", policy="old", npg="old")
    put(tmp_path / "deep" / "hw4", policy="new")
    collected = gather(tmp_path)
    assert collected.sources == {"policy": b"new"}
    assert "deep/hw4" in collected.notes[0]
    assert "old/" in collected.notes[0]


def test_a_missing_module_is_named(tmp_path):
    collected = gather(put(tmp_path / "hw4", policy="p").parent)
    assert collected.missing == {
        "npg": "npg.py is missing from the submission: hand it in together with the other modules."
    }


def test_a_module_beside_the_package_is_pointed_at(tmp_path):
    put(tmp_path / "hw4", policy="p")
    put(tmp_path, npg="n")
    assert "npg.py is not with the other modules but at npg.py" in gather(tmp_path).missing["npg"]


def test_other_files_are_left_alone(tmp_path):
    put(tmp_path / "hw4", policy="p", conftest="import os", trajectories="mine", numpy="mine")
    assert set(gather(tmp_path).sources) == {"policy"}


def test_caches_and_resource_forks_are_not_searched(tmp_path):
    put(tmp_path / "__MACOSX" / "hw4", policy="fork")
    put(tmp_path / "hw4", policy="p")
    assert gather(tmp_path).sources == {"policy": b"p"}


def test_a_notebook_is_not_graded_and_said_to_be(tmp_path):
    put(tmp_path / "hw4", policy="p")
    (tmp_path / "hw4" / "npg.ipynb").write_text("{}")
    with zipfile.ZipFile(tmp_path / "u.zip", "w") as archive:
        archive.writestr("hw4/policy.py", "p")
        archive.writestr("hw4/npg.ipynb", "{}")
    for upload in (tmp_path, tmp_path / "u.zip"):
        (note,) = gather(upload).notes
        assert "hw4/npg.ipynb" in note
        assert "Notebooks are not graded" in note


def test_a_link_is_not_followed(tmp_path):
    secret = tmp_path / "secret.py"
    secret.write_text("secret")
    folder = put(tmp_path / "upload" / "hw4", policy="p")
    (folder / "npg.py").symlink_to(secret)
    collected = gather(tmp_path / "upload")
    assert "npg" not in collected.sources
    assert "link" in collected.missing["npg"]


def test_a_linked_folder_is_not_entered(tmp_path):
    put(tmp_path / "elsewhere" / "hw4", policy="secret")
    (tmp_path / "upload").mkdir()
    (tmp_path / "upload" / "hw4").symlink_to(tmp_path / "elsewhere" / "hw4")
    assert not gather(tmp_path / "upload").sources


def test_a_fifo_is_not_waited_for(tmp_path):
    put(tmp_path / "hw4", policy="p")
    os.mkfifo(tmp_path / "hw4" / "npg.py")
    assert "not a regular file" in gather(tmp_path).missing["npg"]


def test_a_folder_named_like_a_module_is_no_module(tmp_path):
    put(tmp_path / "hw4", policy="p")
    (tmp_path / "hw4" / "npg.py").mkdir()
    assert "npg" in gather(tmp_path).missing


def test_a_module_that_is_too_large_is_not_read(tmp_path):
    put(tmp_path / "hw4", policy="p", npg="#" * (MAX_FILE_BYTES + 1))
    assert "larger than 1 MiB" in gather(tmp_path).missing["npg"]


def test_a_zip_member_that_inflates_is_not_read(tmp_path):
    with zipfile.ZipFile(tmp_path / "u.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("hw4/policy.py", "p")
        archive.writestr("hw4/npg.py", "#" * 50_000_000)
    assert "larger than 1 MiB" in gather(tmp_path / "u.zip").missing["npg"]


def test_a_link_in_a_zip_is_no_module(tmp_path):
    with zipfile.ZipFile(tmp_path / "u.zip", "w") as archive:
        link = zipfile.ZipInfo("hw4/npg.py")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    assert "link" in gather(tmp_path / "u.zip").missing["npg"]


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 torn", b"not a zip"])
def test_a_file_that_is_no_zip_is_refused_with_a_sentence(tmp_path, content):
    (tmp_path / "u.zip").write_bytes(content)
    with pytest.raises(UnreadableSubmission, match="folder or a zip that holds hw4"):
        gather(tmp_path / "u.zip")


def test_a_damaged_member_costs_itself_only(tmp_path):
    zip_of(tmp_path / "u.zip", hw4__policy_py="p" * 1000, hw4__npg_py="n" * 1000)
    content = bytearray((tmp_path / "u.zip").read_bytes())
    place = content.index(b"n" * 100)
    content[place : place + 10] = b"X" * 10
    (tmp_path / "u.zip").write_bytes(content)
    collected = gather(tmp_path / "u.zip")
    assert set(collected.sources) == {"policy"}
    assert "cannot be unpacked" in collected.missing["npg"]


def test_what_is_not_there_is_refused_with_a_sentence(tmp_path):
    with pytest.raises(UnreadableSubmission, match=r"does not exist: give a folder or a zip"):
        gather(tmp_path / "nothing")


def test_an_empty_folder_has_every_module_missing(tmp_path):
    collected = gather(tmp_path)
    assert set(collected.missing) == set(MODULES)
    assert "No module of the homework was found" in collected.notes[0]


def test_the_digest_depends_on_content_and_place_alone(tmp_path):
    one = gather(put(tmp_path / "one" / "hw4", policy="p", npg="n").parent)
    two = gather(put(tmp_path / "two" / "wrapped" / "hw4", policy="p", npg="n"))
    other = gather(put(tmp_path / "three", policy="n", npg="p"))
    assert one.digest == two.digest != other.digest


def test_hostile_names_are_shown_escaped():
    assert show("a\x1b[31m\nb") == "a\\x1b[31m\\nb"
    assert len(show("x" * 1000)) <= 120


def test_a_zip_of_the_whole_folder_with_its_environment_is_read(tmp_path):
    """More and larger than any limit on what is counted: 12,000 members and 73 MB in .venv."""
    with zipfile.ZipFile(tmp_path / "u.zip", "w") as archive:
        archive.writestr("home/hw4/policy.py", "p")
        archive.writestr("home/.venv/lib/libopenblas.so", bytes(73_000_000))
        for number in range(12_000):
            archive.writestr(f"home/.venv/lib/python3.12/site-packages/package/module_{number}.py", "")
        archive.writestr("home/.venv/lib/python3.12/site-packages/package/npg.py", "not the student's")
    collected = gather(tmp_path / "u.zip")
    assert collected.sources == {"policy": b"p"}
    assert "npg" in collected.missing


def test_a_zip_with_too_many_members_is_refused_before_they_are_read(tmp_path, monkeypatch):
    monkeypatch.setattr(submission, "MAX_DIRECTORY_BYTES", 500)
    few = zip_of(tmp_path / "few.zip", hw4__policy_py="p")
    assert gather(few).sources == {"policy": b"p"}
    many = zip_of(tmp_path / "many.zip", **{f"hw4__{number}_py": "" for number in range(20)})
    with pytest.raises(UnreadableSubmission, match="too many members: hand in the package alone"):
        gather(many)


def test_a_folder_with_too_many_entries_is_refused_but_not_for_its_environment(tmp_path, monkeypatch):
    monkeypatch.setattr(submission, "MAX_ENTRIES", 10)
    put(tmp_path / ".venv" / "lib", **{f"module_{number}": "" for number in range(20)})
    put(tmp_path / "hw4", policy="p")
    assert gather(tmp_path).sources == {"policy": b"p"}
    put(tmp_path / "more", **{f"module_{number}": "" for number in range(20)})
    with pytest.raises(UnreadableSubmission, match="more than 10 entries"):
        gather(tmp_path)
