"""Every function a student fills in, declared once: number, name, title, shapes, and its card.

Whatever needs one of these reads it here. Knows no formula.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from hw4.trajectories import ShapeError, TrajectoryBatch, describe_shape

_DTYPES = {"int": np.int64, "bool": np.bool_}


@dataclass(frozen=True)
class Argument:
    """One argument, or the returned value.

    Attributes:
        name: as in the function's signature; empty for the returned value.
        axes: the axes' symbols, ``"..."`` for any leading axes, ``()`` for a number; None for a
            TrajectoryBatch.
        dtype: ``np.float64``, ``np.int64`` or ``np.bool_``.
        default: how the default value is written in the signature, or None where there is none.
    """

    name: str
    axes: tuple[str, ...] | None
    dtype: type = np.float64
    default: str | None = None


@dataclass(frozen=True)
class Signature:
    """One function that students fill in.

    Attributes:
        number: its number in the handout and in the rows, such as ``"3.1"``.
        function: ``module.function``.
        title: how a row names it, such as ``"Fisher estimate"``.
        arguments: in order.
        returns: what it returns.
        points: what its rows add up to.
        difficulty: from 1 to 5.
        minutes: how long it takes, with the lecture at hand.
        learns: what is learnt, behind "You learn".
        is_bonus: whether the points come on top of the total.
    """

    number: str
    function: str
    title: str
    arguments: tuple[Argument, ...]
    returns: Argument
    points: float
    difficulty: int
    minutes: int
    learns: str
    is_bonus: bool = False

    @property
    def card(self) -> str:
        """What stands at the head of its stub; ``{lines}`` is how long the solution is."""
        points = f"{self.points:g} {'bonus ' if self.is_bonus else ''}point{'' if self.points == 1 else 's'}"
        return (
            f"Part {self.number}, {points}: difficulty {self.difficulty} of 5, {self.minutes} minutes, "
            f"about {{lines}}. You learn {self.learns}."
        )

    def check_arguments(self, arguments: Mapping[str, object]) -> dict[str, int]:
        """Hold a call's arguments against their shapes.

        Args:
            arguments: the values by argument name; arguments left out are not looked at.

        Returns:
            The sizes that the arguments show, by symbol: ``{"N": 5, "H": 20, …}``.

        Raises:
            ShapeError: a sentence that names the argument, the shape expected and the shape found.
            ValueError: a parameter vector θ that is not finite, with a sentence that says so.
        """
        sizes: dict[str, int] = {}
        leading: dict[str, tuple[int, ...]] = {}
        for argument in self.arguments:
            if argument.name in arguments:
                _check_argument(self.function, argument, arguments[argument.name], sizes, leading)
        return sizes


def _check_argument(
    function: str,
    argument: Argument,
    value: object,
    sizes: dict[str, int],
    leading: dict[str, tuple[int, ...]],
) -> None:
    where = f"{function}: {argument.name}"
    if argument.axes is None:
        if not isinstance(value, TrajectoryBatch):
            raise ShapeError(f"{where} is a {type(value).__name__}, but a TrajectoryBatch was expected.")
        return
    found = np.asarray(value)
    if argument.dtype is not np.float64 and found.dtype != argument.dtype:
        raise ShapeError(
            f"{where} has dtype {found.dtype}, but {np.dtype(argument.dtype)} was expected: "
            f'use {argument.name}.astype("{np.dtype(argument.dtype)}").'
        )
    axes = argument.axes
    if axes[:1] == ("...",):
        axes = axes[1:]
        first = leading.setdefault("...", found.shape[: max(found.ndim - len(axes), 0)])
        fits = found.shape[: len(first)] == first
        tail = found.shape[len(first) :]
        inside = [*map(str, first), *(str(sizes.get(axis, axis)) for axis in axes)]
        expected = f"({', '.join(inside)}{',' if len(inside) == 1 else ''})"
    else:
        fits, tail, expected = True, found.shape, describe_shape(axes, sizes)
    seen = dict(sizes)  # learns within this array too: (d, d) is square even where d is new
    fits = fits and len(tail) == len(axes)
    fits = fits and all(seen.setdefault(axis, size) == size for axis, size in zip(axes, tail, strict=True))
    if not fits:
        shown = "a number" if argument.axes == () else expected
        raise ShapeError(f"{where} has shape {found.shape}, but {shown} was expected.")
    if argument.name.startswith("theta") and not np.isfinite(found).all():
        raise ValueError(
            f"{where} is not finite: look for an overflow or a division by zero in the step before."
        )
    sizes.update(seen)


def _declare(
    number: str,
    function: str,
    title: str,
    shapes: str,
    *,
    points: float,
    difficulty: int,
    minutes: int,
    learns: str,
    is_bonus: bool = False,
) -> Signature:
    """Declare a function whose shapes are written as ``"theta (d,), features (..., A, d) -> (..., A)"``.

    ``int`` or ``bool`` and then ``= default`` may follow a shape.
    """
    before, _, after = shapes.partition("->")
    arguments = tuple(_parse_argument(piece) for piece in _split(before))
    returns = _parse_argument(after.strip())
    return Signature(
        number, function, title, arguments, returns, points, difficulty, minutes, learns, is_bonus
    )


def _split(text: str) -> list[str]:
    pieces, depth, start = [], 0, 0
    for position, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if character == "," and depth == 0:
            pieces.append(text[start:position].strip())
            start = position + 1
    return [*pieces, text[start:].strip()]


def _parse_argument(text: str) -> Argument:
    text, _, default = text.partition(" = ")
    name, has_axes, rest = text.partition("(")
    name = name.strip()
    if not has_axes:
        return Argument(name.removesuffix("TrajectoryBatch").strip(), None)
    inside, _, dtype = rest.partition(")")
    axes = tuple(axis.strip() for axis in inside.split(",") if axis.strip())
    return Argument(name, axes, _DTYPES.get(dtype.strip(), np.float64), default or None)


_DECLARED = (
    _declare(
        "1.1",
        "policy.action_log_probabilities",
        "Action log-probabilities",
        "theta (d,), features (..., A, d) -> (..., A)",
        points=5.5,
        difficulty=2,
        minutes=20,
        learns="why a softmax is computed from shifted logits",
    ),
    _declare(
        "1.2",
        "policy.score",
        "Score",
        "theta (d,), features (..., A, d), actions (...) int -> (..., d)",
        points=6.5,
        difficulty=3,
        minutes=30,
        learns="what the score is: what was chosen, less what the policy expected",
    ),
    _declare(
        "2.1",
        "baseline.rewards_to_go",
        "Rewards to go",
        "rewards (N, H), mask (N, H) bool -> (N, H)",
        points=5,
        difficulty=2,
        minutes=15,
        learns="which rewards an action can still change",
    ),
    _declare(
        "2.2",
        "baseline.fit_baseline",
        "Fitting the baseline",
        "baseline_features (N, H, k), returns (N, H), mask (N, H) bool, ridge () = 0.0 -> (k,)",
        points=7.5,
        difficulty=3,
        minutes=30,
        learns="that a baseline is plain regression, and what a ridge does to it",
    ),
    _declare(
        "2.3",
        "baseline.predict_baseline",
        "Predicting with the baseline",
        "weights (k,), baseline_features (N, H, k) -> (N, H)",
        points=2.5,
        difficulty=1,
        minutes=5,
        learns="what a linear baseline predicts",
    ),
    _declare(
        "2.4",
        "policy_gradient.policy_gradient_estimate",
        "Policy gradient estimate",
        "scores (N, H, d), advantages (N, H), mask (N, H) bool -> (d,)",
        points=7,
        difficulty=2,
        minutes=20,
        learns="the policy gradient: a mean over trajectories of sums over steps",
    ),
    _declare(
        "3.1",
        "npg.fisher_estimate",
        "Fisher estimate",
        "scores (N, H, d), mask (N, H) bool -> (d, d)",
        points=9,
        difficulty=2,
        minutes=25,
        learns="what the Fisher information is made of",
    ),
    _declare(
        "3.2",
        "npg.npg_step_size",
        "NPG step size",
        "gradient (d,), fisher (d, d), delta () -> ()",
        points=7,
        difficulty=3,
        minutes=25,
        learns="how δ, and no learning rate, says how far a step goes",
    ),
    _declare(
        "3.3",
        "npg.npg_step",
        "NPG step",
        "theta (d,), gradient (d,), fisher (d, d), delta () -> (d,)",
        points=8,
        difficulty=2,
        minutes=15,
        learns="what the natural gradient does to a direction",
    ),
    _declare(
        "3.4",
        "npg.npg_iteration",
        "NPG iteration",
        "theta (d,), baseline_batch TrajectoryBatch, update_batch TrajectoryBatch, delta (), ridge (), "
        "damping () -> (d,)",
        points=8,
        difficulty=3,
        minutes=30,
        learns="how an iteration is put together, and why the baseline has trajectories of its own",
    ),
    _declare(
        "4.1",
        "importance_sampling.importance_weights",
        "Importance weights",
        "target_log_probs (...), proposal_log_probs (...) -> (...)",
        points=3.5,
        difficulty=1,
        minutes=10,
        learns="why ratios of probabilities are computed in log space",
    ),
    _declare(
        "4.2",
        "importance_sampling.importance_sampling_estimate",
        "Importance sampling estimate",
        "values (n,), weights (n,) -> ()",
        points=2.5,
        difficulty=1,
        minutes=5,
        learns="how samples of one distribution speak for another",
    ),
    _declare(
        "4.3",
        "ppo.ppo_loss",
        "PPO loss",
        "theta (d,), theta_k (d,), features (M, H, A, d), actions (M, H) int, advantages (M, H), mask "
        "(M, H) bool, kl_weight () -> ()",
        points=5,
        difficulty=3,
        minutes=35,
        learns="what the surrogate objective and its KL penalty reward",
    ),
    _declare(
        "4.4",
        "ppo.ppo_gradient",
        "PPO gradient",
        "theta (d,), theta_k (d,), features (M, H, A, d), actions (M, H) int, advantages (M, H), mask "
        "(M, H) bool, kl_weight () -> (d,)",
        points=5,
        difficulty=4,
        minutes=45,
        learns="how the gradient of a probability is written with the score",
    ),
    _declare(
        "4.5",
        "ppo.ppo_update",
        "PPO update",
        "theta_k (d,), features (M, H, A, d), actions (M, H) int, advantages (M, H), mask (M, H) bool, "
        "kl_weight (), learning_rate (), minibatches (S, B) int -> (d,)",
        points=3,
        difficulty=2,
        minutes=20,
        learns="how SGD uses the trajectories of an old policy again and again",
    ),
    _declare(
        "4.6",
        "ppo.ppo_iteration",
        "PPO iteration",
        "theta_k (d,), baseline_batch TrajectoryBatch, update_batch TrajectoryBatch, kl_weight (), "
        "learning_rate (), minibatches (S, B) int, ridge () -> (d,)",
        points=3,
        difficulty=2,
        minutes=15,
        learns="what PPO has in common with NPG, and what it replaces",
    ),
    _declare(
        "4.7",
        "ppo.clip_penalty_weights",
        "Clip as a penalty",
        "target_log_probs (...), proposal_log_probs (...), advantages (...), clip () -> (...)",
        points=1,
        is_bonus=True,
        difficulty=4,
        minutes=40,
        learns="that clipping is a penalty whose weight depends on θ",
    ),
    _declare(
        "6.1",
        "trpo.kl_estimate",
        "KL estimate",
        "theta_k (d,), theta (d,), features (N, H, A, d), mask (N, H) bool -> ()",
        points=1.5,
        is_bonus=True,
        difficulty=3,
        minutes=25,
        learns="how far two policies are apart in the states that were visited",
    ),
    _declare(
        "6.2",
        "trpo.trpo_step",
        "TRPO step",
        "theta_k (d,), gradient (d,), fisher (d, d), features (N, H, A, d), actions (N, H) int, "
        "advantages (N, H), mask (N, H) bool, delta (), backtrack () = 0.5, max_backtracks () = 10 -> "
        "(d,)",
        points=3.5,
        is_bonus=True,
        difficulty=4,
        minutes=45,
        learns="what a line search adds to a closed-form step",
    ),
)

SIGNATURES: Mapping[str, Signature] = MappingProxyType({one.function: one for one in _DECLARED})
"""Every function of the homework by ``module.function``, in the order of its numbers."""
