import dataclasses
from pathlib import PurePosixPath

import numpy as np
import pytest

from autograder.release import proof, template
from autograder.release.proof import Template
from tests.engine import toy_homework

MODULE = PurePosixPath("toy/arithmetic.py")


@pytest.fixture(scope="module")
def homework(tmp_path_factory):
    return toy_homework.make(tmp_path_factory.mktemp("homework"))


def leaks(homework, path, content):
    sources = template.generate(homework).sources
    return proof.leaks(homework, Template({PurePosixPath(path): content}, sources))


def differences(homework, arithmetic):
    whole = template.generate(homework)
    files = {path: content for path, content in whole.files.items() if path != MODULE}
    if arithmetic is not None:
        files[MODULE] = arithmetic.encode()
    return proof.interface_differences(homework, Template(files, whole.sources))


def test_a_good_template_is_proven(homework):
    template.write(homework)
    assert proof.prove(homework, template.generate(homework), homework.template) == []


@pytest.mark.parametrize(
    "text",
    [
        "x = 1\nreturn scale * math.fsum([double(number), number]) / scale\n",
        "x = 1\nscale*math.fsum( [double( number ),\n    number] ) /scale\n",
        "x = 1\nanother_name = scale * math.fsum([double(number), number]) / scale  # why\n",
        "\n# return scale * math.fsum([double(number),\n#     number]) / scale\n",
        '"""Docstring.\nscale * math.fsum([double(number), number]) / scale\n"""\n',
        "Prose\n> scale * math.fsum(`double(number)`, number) / scale, quoted\n",
        '{"source":\n["x\\nscale * math.fsum(\\n [double(number), number]) / scale\\n"]}\n',
        "x\ndouble_it = reduce(_add, [number, number], 0.0 * number)\n",
        "x\n#   THE SUM is exact, for every number that  floats can hold!\n",
        "x\n# (scaled against an UNDERFLOW)\n",
        "x\n'Return the sum of two numbers that the caller has checked before.'\n",
        "x\ndef _add(left: float, right: float) -> float: ...\n",
    ],
)
@pytest.mark.parametrize("path", ["README.md", "tests/test_arithmetic.py", "toy/lab/notes.txt"])
def test_a_piece_of_solution_is_found_in_every_file_and_layout(homework, path, text):
    (problem,) = leaks(homework, path, text.encode())
    assert problem.startswith(f"student_template/{path}:2: ")
    assert "of solutions/toy/arithmetic.py" in problem
    assert "fsum" not in problem
    assert "exact" not in problem


def test_the_message_names_the_line_of_the_solution(homework):
    (problem,) = leaks(homework, "README.md", b"reduce(_add, [number, number], 0.0 * number)")
    line = toy_homework.ARITHMETIC[: toy_homework.ARITHMETIC.index("doubled =")].count("\n") + 1
    assert f"(line {line} of solutions/toy/arithmetic.py)" in problem


@pytest.mark.parametrize(
    "text",
    [
        "doubled = 2\nreturn doubled\n",  # short lines are everybody's
        "from functools import cache, partial, reduce\n",  # imports are no secret
        "assert triple(number) == 3 * number\n",
        "# The sum is exact.\n",
        "# Scaled against an overflow.\n",
        'NOTE = "# BEGIN SOLUTION"\n',
    ],
)
def test_honest_code_is_no_leak(homework, text):
    assert leaks(homework, "tests/test_arithmetic.py", text.encode()) == []


def test_what_is_no_text_is_read_all_the_same(homework):
    content = b"\xff\xfe\x00 scale * math.fsum([double(number), number]) / scale \x00"
    assert len(leaks(homework, "notes.bin", content)) == 1


def test_a_marker_that_is_left_in_code_is_named(homework):
    (problem,) = leaks(homework, "tests/test_x.py", b"x = 1\n# END SOLUTION\n")
    assert problem.startswith("student_template/tests/test_x.py:2: a solution marker is left")


@pytest.mark.parametrize(
    ("before", "after", "line"),
    [
        ("scale: float = 1.0", "scale: float = 2.0", 20),
        ("number: float) ->", "number: int) ->", 10),
        ("Return twice", "Return half", 10),
        ("import math", "import cmath", 5),
        ("def triple", "def threefold", 20),
        ("    # Part 1.2", "    scale += 1\n    # Part 1.2", 20),
    ],
)
def test_signatures_docstrings_and_given_code_are_those_of_the_solutions(homework, before, after, line):
    changed = toy_homework.ARITHMETIC_TEMPLATE.replace(before, after, 1)
    assert differences(homework, changed)[0].startswith(
        f"student_template/toy/arithmetic.py:{line}: this is not what stands on line"
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (toy_homework.ARITHMETIC_TEMPLATE + "\n\nx = 1\n", "8 statements"),
        ("def double(:\n", "arithmetic.py:1: the file is not valid Python"),
        (None, "arithmetic.py is missing"),
    ],
)
def test_a_module_that_is_not_whole_is_named(homework, text, words):
    assert words in differences(homework, text)[-1]


@pytest.mark.parametrize(
    ("before", "after", "problem"),
    [
        (
            'raise NotImplementedError("Part 1.2: triple")',
            "return number",
            "student_template/toy/arithmetic.py:20: arithmetic.triple returned 1; "
            "NotImplementedError: Part 1.2: triple was expected.",
        ),
        (
            '"Part 1.1: double"',
            '"Part 1.1"',
            "student_template/toy/arithmetic.py:17: arithmetic.double raised NotImplementedError: Part 1.1; "
            "NotImplementedError: Part 1.1: double was expected.",
        ),
        (
            "import math",
            "import no_such_module",
            "student_template/toy/arithmetic.py:5: toy.arithmetic cannot be imported "
            "(ModuleNotFoundError: No module named 'no_such_module').",
        ),
    ],
)
def test_a_template_that_does_not_behave_is_reported(homework, tmp_path, before, after, problem):
    changed = toy_homework.ARITHMETIC_TEMPLATE.replace(before, after)
    toy_homework.make(tmp_path, arithmetic=changed)
    assert proof.behaviour(homework, tmp_path / "solutions") == [problem]


def test_given_code_before_a_stub_gets_arguments_of_the_shapes_declared(tmp_path):
    """And a number where a number is declared."""
    head = "    # Part 1.2"
    given = "    assert (number.shape, number.dtype.kind, 1.0 / scale) == ((2, 2), 'i', 1.0)\n"
    template = toy_homework.ARITHMETIC_TEMPLATE.replace(head, given + head, 1)
    assignment = toy_homework.make(tmp_path, arithmetic=template)
    assert "AssertionError" not in (problem := proof.behaviour(assignment, tmp_path / "solutions")[0])
    assert "AttributeError" in problem
    argument = toy_homework.DECLARATIONS.Argument
    arguments = argument("number", axes=("N", "d"), dtype=np.int64), argument("scale")
    signature = toy_homework.DECLARATIONS.Signature(arguments)
    triple = dataclasses.replace(toy_homework.TRIPLE, signature=signature)
    part = dataclasses.replace(
        assignment.parts[0], functions=(toy_homework.DOUBLE, triple, toy_homework.TOTAL)
    )
    declared = dataclasses.replace(assignment, parts=(part,))
    assert proof.behaviour(declared, tmp_path / "solutions") == []


def test_a_template_that_ends_the_process_is_reported(homework, tmp_path):
    toy_homework.make(tmp_path, __init__="raise SystemExit(3)\n")
    (problem,) = proof.behaviour(homework, tmp_path / "solutions")
    assert "ended with status 3" in problem


def test_the_folder_the_probe_starts_in_plays_no_part(homework, tmp_path, monkeypatch):
    template.write(homework)
    (tmp_path / "json.py").write_text("raise RuntimeError('imported from the current folder')\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert proof.behaviour(homework, homework.template) == []
