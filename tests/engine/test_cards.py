"""The exercise cards: at the head of every stub, and in the README's table, from one declaration."""

from __future__ import annotations

import ast
import dataclasses
import re
from pathlib import PurePosixPath

import pytest

from autograder.homework import ASSIGNMENT as HW4
from autograder.release import handout, markers, proof, template
from hw4.lab.signatures import SIGNATURES
from tests.engine import toy_homework

CARD = "Part 1.1, 2 points: about {lines}. You learn to double."
TRIPLE = '    """Return three times the number (lecture, "Multiples"), whatever the scale."""\n'


@pytest.fixture
def homework(tmp_path):
    """The toy homework with a card for its first function, whose docstring has room for it."""
    return with_card(toy_homework.make(tmp_path), 0)


def with_card(homework, place, card=CARD):
    (part,) = homework.parts
    functions = list(part.functions)
    functions[place] = dataclasses.replace(functions[place], card=card)
    return dataclasses.replace(homework, parts=(dataclasses.replace(part, functions=tuple(functions)),))


def stub_of(homework, path="toy/arithmetic.py", name="double"):
    tree = ast.parse(template.generate(homework).files[PurePosixPath(path)])
    return next(node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == name)


# In a stub


def test_a_card_is_the_second_paragraph_of_the_stubs_docstring(homework):
    paragraphs = ast.get_docstring(stub_of(homework)).split("\n\n")
    assert paragraphs[:2] == [
        'Return twice the number (lecture, "Multiples").',
        "Part 1.1, 2 points: about 2 lines. You learn to double.",
    ]
    assert paragraphs[2].startswith("The markers")
    assert template.write(homework).changed


def test_a_long_card_is_wrapped(homework):
    text = "Part 1.1: " + "twice and " * 30 + "again."
    stub = ast.get_docstring(stub_of(with_card(homework, 0, text)), clean=False)
    assert " ".join(stub.split("\n\n")[1].split()) == text
    assert max(map(len, stub.splitlines())) <= markers.MAX_LINE_CHARS


def test_a_docstring_of_one_line_has_no_room_for_a_card(homework):
    sentence = r"arithmetic\.py:\d+: the docstring of triple is one line: its card needs room below it"
    with pytest.raises(template.ReleaseError, match=sentence):
        template.generate(with_card(homework, 1))


def test_a_function_without_docstring_has_no_place_for_a_card(tmp_path):
    source = toy_homework.ARITHMETIC.replace(TRIPLE, "")
    with pytest.raises(template.ReleaseError, match="triple has no docstring: its card belongs there"):
        template.generate(with_card(toy_homework.make(tmp_path, arithmetic=source), 1))


@pytest.mark.parametrize(
    ("old", "new"),
    [("2 points", "3 points"), ("to double.", "to double.\n\n    Twice."), ("twice the", "half the")],
)
def test_another_card_or_docstring_than_declared_is_refused(homework, old, new):
    made = template.generate(homework)
    (path,) = [path for path in made.files if path.name == "arithmetic.py"]
    text = made.files[path].decode()
    assert old in text
    changed = proof.Template({**made.files, path: text.replace(old, new, 1).encode()}, made.sources)
    assert not proof.interface_differences(homework, made)
    assert len(proof.interface_differences(homework, changed)) == 1


@pytest.mark.parametrize("function", HW4.functions, ids=lambda function: function.qualified_name)
def test_every_stub_of_the_homework_says_what_it_is_worth_and_takes(function):
    declared = SIGNATURES[function.qualified_name]
    stub = stub_of(HW4, f"hw4/{function.module}.py", function.name)
    card = " ".join(ast.get_docstring(stub).split("\n\n")[1].split())
    assert re.fullmatch(
        rf"Part {declared.number}, {declared.points:g} (bonus )?points?: difficulty [1-5] of 5, "
        rf"{declared.minutes} minutes, about \d+ lines?\. You learn {re.escape(declared.learns)}\.",
        card,
    )
    assert 1 <= declared.difficulty <= 5


def test_a_wrapped_line_counts_once(tmp_path):
    source = toy_homework.ARITHMETIC.replace(
        "    doubled = reduce(_add, [number, number], 0.0 * number)\n",
        "    doubled = reduce(\n        _add,\n        [number, number],\n        0.0 * number,\n    )\n",
    )
    stub = stub_of(with_card(toy_homework.make(tmp_path, arithmetic=source), 0))
    assert "about 2 lines" in ast.get_docstring(stub)


# In the table of exercises


def test_the_readmes_table_is_what_is_declared():
    readme = (HW4.solutions / "README.md").read_text(encoding="utf-8")
    table = "\n".join(handout.exercises(HW4))
    assert table in readme, f"The table of solutions/README.md should read\n{table}"
