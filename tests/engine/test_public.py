"""The public tests, run on trusted submissions."""

from __future__ import annotations

from dataclasses import replace

import pytest

from autograder.homework import ASSIGNMENT as HW4
from autograder.release import known, public

CATALOGUE = HW4.catalogue()


def test_the_first_test_that_fails_is_named_and_right_code_fails_none(tmp_path):
    mistake = next(one for one in CATALOGUE.misconceptions if one.name == "fisher_not_averaged")
    wrong = known.write_mistaken(HW4, mistake, tmp_path / "wrong")
    right = known.write_reference(HW4, tmp_path / "right")
    found = public.first_failures(HW4, {wrong: "", right: ""}, workers=1)
    assert found == {wrong: "test_the_lectures_fisher_information_is_p_times_1_minus_p[1-2]", right: ""}


def test_only_the_tests_of_the_function_asked_for_are_run(tmp_path):
    mistake = next(one for one in CATALOGUE.misconceptions if one.name == "fisher_not_averaged")
    wrong = known.write_mistaken(HW4, mistake, tmp_path / "wrong")
    assert public.first_failures(HW4, {wrong: "npg.npg_step"}, workers=1) == {wrong: ""}


def test_tests_that_cannot_be_imported_are_no_tests_that_pass(repository, tmp_path):
    (repository / "tests" / "public" / "test_more.py").write_text("import missing_package\n")
    right = known.write_reference(HW4, tmp_path / "right")
    with pytest.raises(RuntimeError, match="missing_package"):
        public.first_failures(replace(HW4, root=repository), {right: ""}, workers=1)
