"""How a mistake is written down: a function that twists the right one, whose docstring speaks to the student.

A twist may use numpy, the homework's functions and the helpers of its own file: from these, `release` writes
the file of a student who made the mistake.
"""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.grading.assignment import Answers, Misconception

Array = np.ndarray
Right = Callable[..., Any]
"""The right function, handed to a twist as its first argument."""


def mistake(
    function: str,
    slide: str,
    *rows: str,
    fit: Callable[[Answers], float | None] | None = None,
    raises: tuple[type[Exception], ...] = (),
) -> Callable[[Callable[..., Any]], Misconception]:
    """Make a misconception of a twist; its name is the twist's, its sentence the docstring.

    Args:
        function: ``module.function`` that is twisted.
        slide: the title of the slide the mistake contradicts.
        *rows: the numbers of rows that must fail; without any, one of the function's will do.
        fit: recovers the twist's one keyword-only argument from what a student's function answers.
        raises: the exceptions that the mistake itself ends in on some inputs.
    """

    def make(twist: Callable[..., Any]) -> Misconception:
        sentence = " ".join((inspect.getdoc(twist) or "").split())
        return Misconception(twist.__name__, function, twist, slide, sentence, rows, fit, raises)

    return make


def mistake_of_iterations(
    npg_slide: str, ppo_slide: str, ppo_sentence: str = ""
) -> Callable[[Callable[..., Any]], tuple[Misconception, Misconception]]:
    """Make the misconceptions of npg_iteration and of ppo_iteration that are one twist.

    Args:
        npg_slide: the title of the slide that the mistake in NPG contradicts.
        ppo_slide: that of the mistake in PPO.
        ppo_sentence: what to say of the mistake in PPO, where it is not the twist's docstring.
    """

    def make(twist: Callable[..., Any]) -> tuple[Misconception, Misconception]:
        npg = mistake("npg.npg_iteration", npg_slide)(twist)
        ppo = mistake("ppo.ppo_iteration", ppo_slide)(twist)
        said = ppo_sentence or ppo.sentence
        return (
            dataclasses.replace(npg, name=f"iteration_{twist.__name__}"),
            dataclasses.replace(ppo, name=f"ppo_iteration_{twist.__name__}", sentence=said),
        )

    return make
