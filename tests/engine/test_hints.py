"""Hints: three for each function, one more at each call, and never a line of a solution."""

from __future__ import annotations

import ast
import dataclasses
import re

import pytest

from autograder.homework import ASSIGNMENT as HW4
from autograder.release import template
from hw4.lab import command_line, hint_memory
from hw4.lab.hints import HINTS
from hw4.lab.signatures import SIGNATURES
from tests.engine import toy_homework


@pytest.fixture(autouse=True)
def memory(tmp_path, monkeypatch):
    """Where the number of hints shown is kept."""
    monkeypatch.setattr(hint_memory, "FILE", tmp_path / ".hints.json")
    return tmp_path / ".hints.json"


@pytest.fixture
def hint(capsys, monkeypatch):
    """Ask for hints, and return what is printed with its lines joined."""
    monkeypatch.setenv("COLUMNS", "100")

    def ask(*arguments: str, status: int = 0) -> str:
        assert command_line.main(["hint", *arguments]) == status
        captured = capsys.readouterr()
        return " ".join((captured.out + captured.err).split())

    return ask


def numbers(shown: str) -> list[str]:
    return re.findall(r"Hint (\d) of 3", shown)


# The hints


def test_every_function_has_three_hints_and_nothing_else_has():
    assert list(HINTS) == list(SIGNATURES)
    assert all(len(hints) == 3 for hints in HINTS.values())


def test_the_first_hint_asks():
    assert [function for function, (first, _, _) in HINTS.items() if "?" not in first] == []


@pytest.mark.parametrize("function", HINTS)
def test_no_hint_is_code(function):
    for text in HINTS[function]:
        assert not re.search(r"\bnp\.|numpy|\breturn \w+\(|[\w)\]] (@|\*\*) |einsum|lstsq|linalg", text)


# One more at each call


def test_each_call_shows_one_more_and_after_the_last_all_of_them(hint):
    shown = [hint("score") for _ in range(4)]
    first, _, _ = HINTS["policy.score"]
    assert [numbers(one) for one in shown] == [["1"], ["2"], ["3"], ["1", "2", "3"]]
    assert shown[0] == f"Hint 1 of 3 for 1.2 score: {first} One more: python -m hw4 hint 1.2"
    assert "One more" not in shown[2]


def test_functions_are_counted_apart(hint):
    assert [numbers(hint(name)) for name in ("1.2", "3.1", "1.2", "fisher_estimate")] == [
        ["1"],
        ["1"],
        ["2"],
        ["2"],
    ]


def test_all_of_them_can_be_asked_for_and_count_as_none(hint):
    assert numbers(hint("1.2", "--all")) == ["1", "2", "3"]
    assert numbers(hint("1.2")) == ["1"]


@pytest.mark.parametrize(
    "content", [b"", b"\xff", b"[1]", b'{"policy.score": "two"}', b'{"policy.score": -1}', b"{"]
)
def test_a_broken_memory_begins_again(hint, memory, content):
    memory.write_bytes(content)
    assert [numbers(hint("1.2")) for _ in range(2)] == [["1"], ["2"]]


def test_a_memory_that_cannot_be_written_is_said_and_the_hint_shown(hint, memory):
    memory.mkdir()
    shown = hint("1.2", status=1)
    assert numbers(shown) == ["1"]
    assert f"{memory} cannot be written (Is a directory), so the next call shows this hint again" in shown
    assert "python -m hw4 hint 1.2 --all shows every one." in shown


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["3"], '"3" is 4 functions: give one, such as 3.1. See python -m hw4 hint --help.'),
        (["scroe"], "Did you mean score? See python -m hw4 hint --help."),
        ([], "Missing argument"),
    ],
)
def test_an_unusable_request_is_one_sentence(hint, memory, arguments, sentence):
    assert sentence in hint(*arguments, status=2)
    assert not memory.exists()


def test_a_function_without_hints_is_said_to_have_none(hint, monkeypatch):
    monkeypatch.setattr("hw4.lab.hints.HINTS", {})
    assert hint("1.2") == "There are no hints for 1.2 score."


# What proof refuses


def with_hints(homework, *hints):
    (part,) = homework.parts
    first, *others = part.functions
    functions = (dataclasses.replace(first, hints=hints), *others)
    return dataclasses.replace(homework, parts=(dataclasses.replace(part, functions=functions),))


@pytest.mark.parametrize(
    "text",
    [
        "Write reduce(_add, [number, number], 0.0 * number).",
        "Take `left + right`.",
        "The sum is exact\nfor every number that floats can hold.",
    ],
)
def test_a_hint_that_holds_a_line_of_a_solution_is_refused(tmp_path, text):
    homework = with_hints(toy_homework.make(tmp_path), "What is twice a number?", text)
    sentence = r"Hint 2 of arithmetic\.double holds a line of a solution \(line \d+ of solutions/toy/arith"
    with pytest.raises(template.ReleaseError, match=sentence):
        template.write(homework)


def test_a_hint_in_words_is_not(tmp_path):
    template.write(with_hints(toy_homework.make(tmp_path), "Add the number to itself, with reduce."))


@pytest.mark.parametrize("function", HW4.functions, ids=lambda function: function.qualified_name)
def test_a_solution_in_place_of_a_hint_would_be_refused(function):
    """Every function of the homework, even those of one short line."""
    made = template.generate(HW4)
    (source,) = [one for path, one in made.sources.items() if path.as_posix() == f"hw4/{function.module}.py"]
    tree = ast.parse(source.text)
    (node,) = [one for one in tree.body if isinstance(one, ast.FunctionDef) and one.name == function.name]
    solution = "\n".join(["Write", *(ast.unparse(statement) for statement in node.body[1:])])
    changed = tuple(
        dataclasses.replace(one, hints=(solution,) if one == function else one.hints) for one in HW4.functions
    )
    part = dataclasses.replace(HW4.parts[0], functions=changed)
    problems = template.proof.plain_hints(dataclasses.replace(HW4, parts=(part,)), made)
    assert [problem.split(" holds")[0] for problem in problems] == [f"Hint 1 of {function.qualified_name}"]
