"""The handout says what the commands print: its sample is made again, its messages are those of the code."""

from __future__ import annotations

import re
import textwrap

import pytest

from autograder.homework import ASSIGNMENT as HW4
from tests.engine.student import fill_in, replace_body, run_student, unfill

HANDOUT = (HW4.solutions / "README.md").read_text(encoding="utf-8")
SOURCES = [*(HW4.solutions / "hw4").glob("*.py"), *(HW4.solutions / "hw4" / "lab").glob("*.py")]
MESSAGES = re.findall(r"^\| `([^`]+)` \| .* \|$", HANDOUT.partition("## Messages")[2], re.MULTILINE)


def sample() -> str:
    return textwrap.dedent(re.search(r"^   ```\n(.*?)^   ```$", HANDOUT, re.MULTILINE | re.DOTALL)[1])


def test_the_sample_is_what_check_prints(tmp_path):
    """Of a softmax that overflows."""
    home = fill_in(tmp_path / "home")
    unfill(home, "1.2", "policy", "score")
    body = ("logits = features @ theta", "return logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))")
    replace_body(home, "policy", "action_log_probabilities", *body)
    done = run_student(home, "check", "1", COLUMNS="95")
    assert done.stdout == sample()


def test_the_first_line_to_go_to_is_the_templates():
    place = re.search(r"`(Next: 1\.1 .*)`\.", HANDOUT)[1]
    assert place in run_student(HW4.template, "check", "1").stdout


def test_every_command_of_the_handout_is_one():
    commands = set(re.findall(r"python -m hw4 (\w+)", HANDOUT))
    assert commands == {"check", "hint", "train", "compare", "watch", "figures", "pack"}


@pytest.mark.parametrize("message", MESSAGES)
def test_a_message_of_the_handout_is_one_of_the_code(message):
    """Piece by piece: what stands for a name or a number in the handout is put in by the code."""
    code = " ".join(" ".join(file.read_text(encoding="utf-8").split()) for file in SOURCES)
    code = re.sub(r'" f?"', "", code)  # a sentence that is broken into lines
    for piece in filter(None, map(str.strip, re.split("…|: ", message))):
        assert piece.strip(",:.") in code, piece


def test_there_are_messages():
    assert len(MESSAGES) > 15
