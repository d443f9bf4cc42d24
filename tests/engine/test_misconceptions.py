"""The known mistakes: each says what it is, and can be handed in as a student would."""

from __future__ import annotations

import collections
import copy
import subprocess
import sys
import types

import numpy as np
import pytest

from autograder.homework import ASSIGNMENT as HW4
from autograder.homework import ROOT
from autograder.release import known
from hw4.lab.signatures import SIGNATURES

CATALOGUE = HW4.catalogue()
MISTAKES = CATALOGUE.misconceptions
NUMBERS = {function.qualified_name: function.number for function in HW4.functions}


def test_names_are_unique():
    assert not [name for name, n in collections.Counter(m.name for m in MISTAKES).items() if n > 1]


def test_every_function_has_its_mistakes():
    made = collections.Counter(mistake.function for mistake in MISTAKES)
    assert set(made) == set(SIGNATURES)
    assert min(made.values()) >= 8


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name)
def test_a_mistake_says_what_to_do_and_where_it_costs(mistake):
    assert mistake.sentence.endswith(".")
    assert len(mistake.sentence) <= 240
    assert mistake.slide
    assert all(row.startswith(f"{NUMBERS[mistake.function]}.") for row in mistake.rows)


def test_a_sentence_belongs_to_one_function_or_says_the_same_in_both():
    """Within a function, no sentence may stand inside another's: a row's words name one mistake."""
    for function in SIGNATURES:
        sentences = {mistake.sentence for mistake in CATALOGUE.of(function)}
        inside = [(one, other) for one in sentences for other in sentences if one != other and one in other]
        assert not inside


@pytest.mark.parametrize("function", SIGNATURES)
def test_the_written_file_makes_the_mistake(function):
    """As a module of the package, without anything of the grader in it."""
    probe = CATALOGUE.probes(function, np.random.default_rng(5))[1]
    module, _, name = function.partition(".")
    for mistake in CATALOGUE.of(function):
        source = known.mistaken_source(HW4, mistake)
        assert "autograder" not in source
        written = types.ModuleType(f"hw4.{module}")
        exec(compile(source, mistake.name, "exec"), vars(written))
        with np.errstate(all="ignore"):
            expected = mistake.twist(CATALOGUE.right[function], *copy.deepcopy(probe))
            found = getattr(written, name)(*copy.deepcopy(probe))
        np.testing.assert_allclose(found, expected, err_msg=mistake.name)


def test_the_homework_is_imported_without_the_reference():
    code = "import sys; sys.path.append('solutions'); import autograder.homework; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = done.stdout.split()
    assert "hw4.lab.signatures" in loaded
    assert not {f"hw4.{module}" for module in HW4.modules} & set(loaded)
