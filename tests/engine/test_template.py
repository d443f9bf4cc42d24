import dataclasses
import os
from pathlib import Path, PurePosixPath

import pytest

from autograder.release import template
from tests.engine import toy_homework


def contents(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def problems(homework):
    return template.check(homework, template.generate(homework))


@pytest.fixture
def homework(tmp_path):
    return toy_homework.make(tmp_path)


def test_the_template_is_the_stripped_solutions_and_the_public_tests(homework):
    files = template.generate(homework).files
    assert list(map(str, files)) == [
        "README.md",
        "tests/test_arithmetic.py",
        "toy/__init__.py",
        "toy/__main__.py",
        "toy/arithmetic.py",
        "toy/basket.py",
    ]
    assert files[PurePosixPath("toy/arithmetic.py")].decode() == toy_homework.ARITHMETIC_TEMPLATE


def test_writing_gives_what_was_generated_and_nothing_else(homework):
    written = template.write(homework)
    expected = {str(path): content for path, content in template.generate(homework).files.items()}
    assert contents(homework.template) == expected
    assert sorted(map(str, written.changed)) == sorted(expected)
    assert names(homework.root) == ["solutions", "student_template", "tests"]


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such modes")
def test_files_are_readable_by_all_and_not_executable(homework):
    (homework.solutions / "toy/arithmetic.py").chmod(0o700)
    umask = os.umask(0o077)
    try:
        template.write(homework)
    finally:
        os.umask(umask)
    modes = {path.is_dir(): path.stat().st_mode & 0o777 for path in homework.template.rglob("*")}
    assert modes == {True: 0o755, False: 0o644}
    (homework.template / "README.md").chmod(0o755)
    assert problems(homework) == ["student_template/README.md is executable: no file of a template is."]


def test_a_template_that_is_up_to_date_is_not_touched(homework):
    template.write(homework)
    before = homework.template.stat().st_ino
    written = template.write(homework)
    assert (written.changed, written.removed) == ((), ())
    assert homework.template.stat().st_ino == before
    assert problems(homework) == []


def test_caches_dot_files_and_leftovers_of_editors_are_ignored(homework):
    for folder in (homework.solutions / "toy", homework.public_tests):
        for name in (
            "__pycache__/m.pyc",
            ".pytest_cache/x",
            ".hypothesis/x",
            ".DS_Store",
            "m.py~",
            "m.py.orig",
        ):
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_bytes(b"\xff")
    assert len(template.generate(homework).files) == len(toy_homework.FILES)
    template.write(homework)
    (homework.template / "toy/__pycache__").mkdir()
    (homework.template / "toy/__pycache__/m.pyc").write_bytes(b"")
    assert problems(homework) == []


def test_files_that_are_not_python_are_copied_byte_for_byte(homework):
    (homework.solutions / "picture.png").write_bytes(b"\x89PNG\r\n\x00\xff")
    assert template.generate(homework).files[PurePosixPath("picture.png")] == b"\x89PNG\r\n\x00\xff"


def test_stale_files_go_and_are_reported(homework):
    template.write(homework)
    (homework.template / "toy/old.py").write_text("x = 1\n")
    assert problems(homework) == [
        "student_template/toy/old.py is left over: there is no solutions/toy/old.py."
    ]
    assert template.write(homework).removed == (PurePosixPath("toy/old.py"),)
    assert problems(homework) == []


def test_check_names_every_difference_and_changes_nothing(homework):
    template.write(homework)
    (homework.template / "README.md").unlink()
    edited = homework.template / "toy/arithmetic.py"
    edited.write_text(edited.read_text().replace("# Hint: add.", "# Hint: multiply."))
    (homework.template / "tests/test_arithmetic.py").write_text("")
    before = contents(homework.root)
    assert problems(homework) == [
        "student_template/README.md is missing: solutions/README.md gives it.",
        "student_template/tests/test_arithmetic.py:1: from here on the file is not what "
        "tests/public/test_arithmetic.py gives.",
        "student_template/toy/arithmetic.py:15: from here on the file is not what "
        "solutions/toy/arithmetic.py gives.",
    ]
    assert contents(homework.root) == before


def test_every_bad_file_is_named_and_the_old_template_stays(homework):
    template.write(homework)
    before = contents(homework.template)
    (homework.solutions / "toy/__init__.py").write_bytes(b"x = 1\r\n")
    broken = homework.solutions / "toy/arithmetic.py"
    broken.write_text(broken.read_text() + "\n\n# BEGIN SOLUTION\nx = 1\n")
    with pytest.raises(template.ReleaseError) as caught:
        template.write(homework)
    first, second = str(caught.value).splitlines()
    assert first.startswith("solutions/toy/__init__.py:1: ")
    unclosed = toy_homework.ARITHMETIC.count("\n") + 3
    assert second.startswith(f"solutions/toy/arithmetic.py:{unclosed}: ")
    assert contents(homework.template) == before
    assert names(homework.root) == ["solutions", "student_template", "tests"]


def test_a_template_that_cannot_be_proven_is_not_written(homework):
    template.write(homework)
    before = contents(homework.template)
    (homework.solutions / "README.md").write_text(
        "Nothing like scale * fsum([double(number), number]) / scale.\n"
    )
    (homework.solutions / "toy/extra.py").write_text("import no_such_module\n")
    with pytest.raises(template.ReleaseError, match=r"toy/extra.py:1: toy.extra cannot be imported"):
        template.write(homework)
    assert contents(homework.template) == before


def test_a_swap_that_fails_puts_the_old_template_back(homework, monkeypatch):
    template.write(homework)
    before = contents(homework.template)

    (homework.solutions / "README.md").write_text("New.\n")
    rename = Path.rename

    def fail_on_the_new_one(source, target):
        if target == homework.template and source.name == target.name:
            raise OSError("disk full")
        return rename(source, target)

    monkeypatch.setattr(Path, "rename", fail_on_the_new_one)
    with pytest.raises(OSError, match="disk full"):
        template.write(homework)
    assert contents(homework.template) == before
    assert names(homework.root) == ["solutions", "student_template", "tests"]


@pytest.mark.skipif(os.name != "posix", reason="links need a privilege on Windows")
def test_links_are_refused_wherever_they_point(homework):
    (homework.solutions / "linked.md").symlink_to("README.md")
    (homework.public_tests / "more").symlink_to(homework.solutions)
    with pytest.raises(template.ReleaseError) as caught:
        template.generate(homework)
    assert [problem.split(" is a link")[0] for problem in str(caught.value).splitlines()] == [
        "solutions/linked.md",
        "tests/public/more",
    ]


@pytest.mark.skipif(os.name != "posix", reason="links need a privilege on Windows")
def test_a_link_in_the_old_template_is_replaced_and_not_followed(homework):
    template.write(homework)
    outside = homework.root / "outside.md"
    outside.write_bytes((homework.template / "README.md").read_bytes())
    (homework.template / "README.md").unlink()
    (homework.template / "README.md").symlink_to(outside)
    assert "student_template/README.md" in problems(homework)[0]
    template.write(homework)
    assert not (homework.template / "README.md").is_symlink()
    assert outside.is_file()


@pytest.mark.parametrize("make_it", [Path.touch, lambda path: path.symlink_to("solutions")])
def test_something_else_in_the_templates_place_is_not_replaced(homework, make_it):
    make_it(homework.template)
    with pytest.raises(template.ReleaseError, match="student_template is not a folder"):
        template.write(homework)


def test_a_public_test_and_a_given_file_cannot_be_one(homework):
    (homework.solutions / "tests").mkdir()
    (homework.solutions / "tests/test_arithmetic.py").write_text("")
    with pytest.raises(template.ReleaseError, match="would become one file"):
        template.generate(homework)


def test_a_module_or_folder_that_is_not_there_is_named(homework):
    incomplete = dataclasses.replace(homework, modules=("arithmetic", "geometry"))
    with pytest.raises(template.ReleaseError, match=r"solutions/toy/geometry.py is missing"):
        template.generate(incomplete)
    (homework.public_tests / "test_arithmetic.py").unlink()
    homework.public_tests.rmdir()
    with pytest.raises(template.ReleaseError, match="no folder tests/public"):
        template.generate(homework)
