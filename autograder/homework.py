"""HW4 as data: its modules, parts and points. The one place that ties this homework to the engine."""

from __future__ import annotations

from pathlib import Path

from autograder.grading.assignment import Assignment, Catalogue, Function, Part
from hw4.lab.hints import HINTS
from hw4.lab.signatures import SIGNATURES, Signature

ROOT = Path(__file__).resolve().parent.parent


def _catalogue() -> Catalogue:
    from autograder.misconceptions import load  # here, because the mistakes import the reference

    return load()


def _function(declared: Signature, *, is_in_bonus: bool) -> Function:
    module, _, name = declared.function.partition(".")
    return Function(
        declared.number,
        module,
        name,
        declared.title,
        declared,
        bonus_points=declared.points if declared.is_bonus and not is_in_bonus else 0.0,
        points=declared.points,
        card=declared.card,
        hints=HINTS.get(declared.function, ()),
        difficulty=declared.difficulty,
        minutes=declared.minutes,
        learns=declared.learns,
    )


def _part(number: str, title: str, points: float, *, is_bonus: bool = False) -> Part:
    declared = [one for one in SIGNATURES.values() if one.number.startswith(f"{number}.")]
    functions = tuple(_function(one, is_in_bonus=is_bonus) for one in declared)
    return Part(number, title, points, functions, is_bonus)


ASSIGNMENT = Assignment(
    title="HW4: From NPG to PPO",
    package="hw4",
    root=ROOT,
    modules=("policy", "baseline", "policy_gradient", "importance_sampling", "npg", "ppo", "trpo"),
    parts=(
        _part("1", "Softmax policy", 12),
        _part("2", "Baseline and policy gradient", 22),
        _part("3", "Fisher information and NPG", 32),
        _part("4", "Importance sampling and PPO", 22),
        _part("5", "CartPole", 12),
        _part("6", "TRPO (bonus)", 5, is_bonus=True),
    ),
    catalogue=_catalogue,
)
