"""Every function a student fills in, with the shapes of its arguments and of what it returns, as data.

Knows the shapes only: neither the formulas nor the points.
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
    """One function: its arguments in order, and what it returns."""

    function: str
    arguments: tuple[Argument, ...]
    returns: Argument

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

    def describe_return(self, sizes: Mapping[str, int]) -> str:
        """Write the returned shape in symbols and numbers: ``(d, d) = (4, 4)``, or ``a number``."""
        if self.returns.axes == ():
            return "a number"
        return describe_shape(self.returns.axes or (), sizes)


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


def _parse(function: str, text: str) -> Signature:
    """Read ``"theta (d,), features (..., A, d) -> (..., A)"``.

    ``int`` or ``bool`` and then ``= default`` may follow a shape.
    """
    before, _, after = text.partition("->")
    arguments = tuple(_parse_argument(piece) for piece in _split(before))
    return Signature(function, arguments, _parse_argument(after.strip()))


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


_TABLE = {
    "policy.action_log_probabilities": "theta (d,), features (..., A, d) -> (..., A)",
    "policy.score": "theta (d,), features (..., A, d), actions (...) int -> (..., d)",
    "baseline.rewards_to_go": "rewards (N, H), mask (N, H) bool -> (N, H)",
    "baseline.fit_baseline": (
        "baseline_features (N, H, k), returns (N, H), mask (N, H) bool, ridge () = 0.0 -> (k,)"
    ),
    "baseline.predict_baseline": "weights (k,), baseline_features (N, H, k) -> (N, H)",
    "policy_gradient.policy_gradient_estimate": (
        "scores (N, H, d), advantages (N, H), mask (N, H) bool -> (d,)"
    ),
    "importance_sampling.importance_weights": "target_log_probs (...), proposal_log_probs (...) -> (...)",
    "importance_sampling.importance_sampling_estimate": "values (n,), weights (n,) -> ()",
    "npg.fisher_estimate": "scores (N, H, d), mask (N, H) bool -> (d, d)",
    "npg.npg_step_size": "gradient (d,), fisher (d, d), delta () -> ()",
    "npg.npg_step": "theta (d,), gradient (d,), fisher (d, d), delta () -> (d,)",
    "npg.npg_iteration": (
        "theta (d,), baseline_batch TrajectoryBatch, update_batch TrajectoryBatch, "
        "delta (), ridge (), damping () -> (d,)"
    ),
    "ppo.ppo_loss": (
        "theta (d,), theta_k (d,), features (M, H, A, d), actions (M, H) int, advantages (M, H), "
        "mask (M, H) bool, kl_weight () -> ()"
    ),
    "ppo.ppo_gradient": (
        "theta (d,), theta_k (d,), features (M, H, A, d), actions (M, H) int, advantages (M, H), "
        "mask (M, H) bool, kl_weight () -> (d,)"
    ),
    "ppo.ppo_update": (
        "theta_k (d,), features (M, H, A, d), actions (M, H) int, advantages (M, H), mask (M, H) bool, "
        "kl_weight (), learning_rate (), minibatches (S, B) int -> (d,)"
    ),
    "ppo.ppo_iteration": (
        "theta_k (d,), baseline_batch TrajectoryBatch, update_batch TrajectoryBatch, kl_weight (), "
        "learning_rate (), minibatches (S, B) int, ridge () -> (d,)"
    ),
    "trpo.kl_estimate": "theta_k (d,), theta (d,), features (N, H, A, d), mask (N, H) bool -> ()",
    "trpo.trpo_step": (
        "theta_k (d,), gradient (d,), fisher (d, d), features (N, H, A, d), actions (N, H) int, "
        "advantages (N, H), mask (N, H) bool, delta (), backtrack () = 0.5, max_backtracks () = 10 -> (d,)"
    ),
}

SIGNATURES: Mapping[str, Signature] = MappingProxyType(
    {name: _parse(name, text) for name, text in _TABLE.items()}
)
"""Every function of the homework by ``module.function``, in the lecture's order."""
