"""A fixed list of inputs for every function, from the sizes, magnitudes and edges that the contract admits.

The list and its entries are the same in every grading, so that no mistake is missed or caught by luck. An
input is drawn from sizes by symbol and a few settings that make it special, so that a failing one can be made
smaller: a setting fewer, a size smaller.
"""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.sandbox.failures import SubmissionFault
from hw4.lab.compare import STEP_TOLERANCE, Mismatch, assert_close
from hw4.lab.domain import LARGEST_CONDITION, LARGEST_LOG_RATIO, LARGEST_LOGIT
from hw4.policy import action_log_probabilities
from hw4.trajectories import TrajectoryBatch
from tests.hidden.properties import assert_step, loud_batch, loud_features
from tests.public.strategies import LOUD, loud

Arguments = tuple[Any, ...]
Draw = Callable[..., Arguments]

ROUNDING = 1e-13
"""Of the sum of all terms: what float64 leaves, in any order, of a sum of thousands of them."""
MAX_TRIES = 40
"""Inputs tried to make a failing one smaller."""
MAX_DRAWS = 100
"""Draws until an input of the list is admitted; more than one in two are."""
FEW_DRAWS = 4
"""The same for a smaller one, which may be too small to be admitted at all."""


@dataclass(frozen=True)
class Case:
    """One input of the list: how large it is, and what is special about it."""

    sizes: Mapping[str, int]
    settings: Mapping[str, Any]

    def simpler(self) -> Iterator[Case]:
        """Cases that differ by one setting fewer or one smaller size, the boldest first."""
        for name in self.settings:
            rest = {key: value for key, value in self.settings.items() if key != name}
            yield Case(self.sizes, rest)
        for symbol, size in self.sizes.items():
            for smaller in sorted({1, 2, size // 2, 3 * size // 4}):
                if 1 <= smaller < size:
                    yield Case({**self.sizes, symbol: smaller}, self.settings)


def case(sizes: str, **settings: Any) -> Case:
    """Read a case: ``case("N=300 H=2 d=3", exponent=6)``."""
    pairs = (pair.split("=") for pair in sizes.split())
    return Case({symbol: int(size) for symbol, size in pairs}, settings)


@dataclass(frozen=True)
class Domain:
    """How one function is held to every size and magnitude.

    Attributes:
        draw: draws arguments for sizes by symbol and a case's settings.
        cases: the list.
        rounding: the natural scale of the result for these arguments, relative to which float64 rounds.
        is_entrywise: whether every entry is held to its own size. Not for solutions of linear systems.
        tolerance: relative, of a number or an array.
        is_step: whether the result is a step from the first argument, whose length an error is relative to.
        admits: whether the arguments drawn are far from where rounding decides.
    """

    draw: Draw
    cases: tuple[Case, ...]
    rounding: Callable[..., float] = lambda *arguments: 0.0
    is_entrywise: bool = True
    tolerance: float = 1e-6
    is_step: bool = False
    admits: Callable[..., bool] = lambda *arguments: True


def assert_holds_everywhere(function: str, submission: Any, lecture: Any = None) -> None:
    """Hold a function against the lecture's on every case of its list.

    Args:
        function: ``module.function``.
        submission: the submission.
        lecture: the functions to hold it against; by default the reference's.

    Raises:
        Mismatch: for the smallest input found that still fails.
        SubmissionFault: the same, where no value came back.
    """
    for index, listed in enumerate(DOMAINS[function].cases):
        arguments = arguments_of(function, listed, index)
        error = _failure(function, submission, lecture, arguments)
        if error is None:
            if index == 0:
                _assert_forgets(function, submission, lecture, arguments)
            continue
        if getattr(error, "ends_row", False):
            raise error
        smallest = _smallest(function, submission, lecture, listed, index)
        # Once more, so that the call that is shown is the last one made.
        raise _failure(function, submission, lecture, smallest) or error


def _assert_forgets(function: str, submission: Any, lecture: Any, arguments: Arguments) -> None:
    """Hold a function to arguments that differ in one number each: earlier answers may not be given again."""
    for changed in changed_once(arguments):
        if DOMAINS[function].admits(*changed):
            error = _failure(function, submission, lecture, changed)
            if error is not None:
                raise error


def changed_once(arguments: Arguments) -> Iterator[Arguments]:
    """Arguments in which one number, or the end of one array, is half as large again."""
    mask = next((one for one in arguments if isinstance(one, np.ndarray) and one.dtype == np.bool_), None)
    for place, argument in enumerate(arguments):
        for changed in _changed_once(argument, mask):
            yield (*arguments[:place], changed, *arguments[place + 1 :])


def _changed_once(argument: Any, mask: np.ndarray | None) -> Iterator[Any]:
    if isinstance(argument, TrajectoryBatch):
        for name in ("features", "baseline_features", "rewards"):
            for array in _changed_once(getattr(argument, name), argument.mask):
                yield dataclasses.replace(argument, **{name: array})
    elif isinstance(argument, float):
        yield 1.5 * argument
    elif isinstance(argument, np.ndarray) and argument.dtype == np.float64:
        result = argument.copy()
        if mask is not None and argument.shape[:2] == mask.shape:
            result[-1, 0] *= 1.5  # the first step of a trajectory is a real one
        elif argument.ndim > 2:
            result[(-1,) * (argument.ndim - 2)] *= 1.5
        else:
            result[tuple(np.argwhere(argument)[-1])] *= 1.5
        yield result


def arguments_of(function: str, listed: Case, place: int, most_draws: int = MAX_DRAWS) -> Arguments:
    """Draw the arguments of a case at a place of the list; its setting `entries` chooses other entries."""
    domain, settings = DOMAINS[function], dict(listed.settings)
    order = settings.pop("order", "C")
    rng = np.random.default_rng((0, place, settings.pop("entries", 0)))
    for _ in range(most_draws):
        arguments = domain.draw(rng, listed.sizes, **settings)
        if domain.admits(*arguments):
            return tuple(_in_order(argument, order) for argument in arguments)
    raise _NotAdmitted


class _NotAdmitted(Exception):
    """No draw of a case was admitted: it is too small for what is asked."""


def _failure(function: str, submission: Any, lecture: Any, arguments: Arguments) -> Exception | None:
    domain, (module, _, name) = DOMAINS[function], function.partition(".")
    try:
        right = getattr(lecture, module) if lecture else importlib.import_module(f"hw4.{module}")
        expected = getattr(right, name)(*arguments)
        returned = getattr(getattr(submission, module), name)(*arguments)
        if domain.is_step:
            assert_step(function, returned, arguments[0], expected)
        else:
            assert_close(
                function,
                returned,
                expected,
                tolerance=domain.tolerance,
                entrywise=domain.is_entrywise,
                rounding=ROUNDING * domain.rounding(*arguments),
            )
    except (Mismatch, SubmissionFault) as error:
        return error
    return None


def _smallest(function: str, submission: Any, lecture: Any, failing: Case, place: int) -> Arguments:
    """Make a failing case smaller as long as one of the next simpler ones fails too."""
    smallest = arguments_of(function, failing, place)
    tries, simpler = 0, failing.simpler()
    while tries < MAX_TRIES and (candidate := next(simpler, None)) is not None:
        tries += 1
        try:
            arguments = arguments_of(function, candidate, place, FEW_DRAWS)
        except _NotAdmitted:
            continue
        if _failure(function, submission, lecture, arguments) is not None:
            smallest, simpler = arguments, candidate.simpler()
    return smallest


def _in_order(argument: Any, order: str) -> Any:
    if order == "F" and isinstance(argument, TrajectoryBatch):
        return TrajectoryBatch(**{name: np.asfortranarray(array) for name, array in vars(argument).items()})
    return np.asfortranarray(argument) if order == "F" and isinstance(argument, np.ndarray) else argument


# Entries


def _grid(rng: np.random.Generator, *shape: int, exponent: int = 0) -> np.ndarray:
    """Return numbers in [−2, 2] times a power of ten: multiples of 0.1, or of 0.001 at other magnitudes.

    They are short to print and no binary fractions, and at 1e-6 no rounding to 8 decimals leaves them alone.
    """
    if exponent == 0:
        return rng.integers(-20, 21, size=shape) / 10.0
    entries = rng.integers(-2000, 2001, size=shape).astype(float)
    return entries * 10.0 ** (exponent - 3) if exponent > 3 else entries / 10.0 ** (3 - exponent)


def _prefixes(rng: np.random.Generator, N: int, H: int, *, is_whole: bool = False) -> np.ndarray:
    """Return a mask of trajectories at least one step long, one of them with padding where H allows it."""
    lengths = np.full(N, H) if is_whole else rng.integers(1, H + 1, size=N)
    return np.arange(H) < lengths[:, np.newaxis]


def _states(
    rng: np.random.Generator,
    leading: tuple[int, ...],
    A: int,
    d: int,
    *,
    logit: float = 0.0,
    gap: float = 0.0,
    last: float = 0.0,
    is_mixed: bool = False,
    theta_exponent: int = 0,
) -> tuple[np.ndarray, np.ndarray]:
    """Return θ (d,) and features (*leading, A, d) with logits of order 1, and what makes them large.

    Args:
        logit: added to every logit: exp overflows or underflows, the probabilities stay.
        gap: added to the logits of every second action: the others' probabilities vanish.
        last: added to the logits of the last action.
        is_mixed: whether every second state's logits are moved to the other side.
        theta_exponent: θ is of that magnitude.
    """
    theta = _grid(rng, d, exponent=theta_exponent) / np.sqrt(d).round(1)
    features = _grid(rng, *leading, A, d)
    if logit or gap or last:
        theta[0] = 100.0
        features[..., 0] = (logit + gap * (np.arange(A) % 2) + last * (np.arange(A) == A - 1)) / 100.0
        if is_mixed:
            features.reshape(-1, A, d)[::2, :, 0] *= -1.0
    return theta.round(3 - theta_exponent), features


def _actions(rng: np.random.Generator, A: int, shape: tuple[int, ...]) -> np.ndarray:
    """Return actions, the last one among them."""
    actions = np.asarray(rng.integers(A, size=shape))
    actions.flat[0] = A - 1
    return actions


def _leading(sizes: Mapping[str, int]) -> tuple[int, ...]:
    """Return the sizes of the leading axes, which are called l, m and n."""
    return tuple(sizes[symbol] for symbol in "lmn" if symbol in sizes)


def _decisions(rng: np.random.Generator, sizes: Mapping[str, int], **logits: float) -> Arguments:
    return _states(rng, _leading(sizes), sizes["A"], sizes["d"], **logits)


def _decisions_with_actions(rng: np.random.Generator, sizes: Mapping[str, int], **logits: float) -> Arguments:
    theta, features = _decisions(rng, sizes, **logits)
    return theta, features, _actions(rng, sizes["A"], features.shape[:-2])


def _size_of_logits(theta: np.ndarray, features: np.ndarray, *_: Any) -> float:
    return 1.0 + float(np.max(np.abs(features) @ np.abs(theta)))


def _size_of_scores(theta: np.ndarray, features: np.ndarray, *_: Any) -> float:
    return _size_of_logits(theta, features) * float(np.max(np.abs(features)))


# Rewards, baseline, gradient


def _rewards(
    rng: np.random.Generator,
    sizes: Mapping[str, int],
    *,
    exponent: int = 0,
    cancels: bool = False,
    padding: float = 0.0,
    is_whole: bool = False,
) -> Arguments:
    mask = _prefixes(rng, sizes["N"], sizes["H"], is_whole=is_whole)
    rewards = _grid(rng, *mask.shape, exponent=exponent)
    if cancels:
        rewards[:, 0] += 1e6
        rewards[np.arange(len(mask)), mask.sum(axis=1) - 1] -= 1e6
    return loud(rewards, mask, padding), mask


def _sum_of_rewards(rewards: np.ndarray, mask: np.ndarray) -> float:
    return float(np.max(np.sum(np.abs(rewards), axis=1, where=mask)))


def _regression(
    rng: np.random.Generator,
    sizes: Mapping[str, int],
    *,
    ridge: float = 0.0,
    exponent: int = 0,
    features_exponent: int = 0,
    last_feature: str = "",
    padding: float = 0.0,
    is_whole: bool = False,
) -> Arguments:
    """Return a regression; without a ridge it needs more steps than features, and k − 1 of these distinct."""
    mask = _prefixes(rng, sizes["N"], sizes["H"], is_whole=is_whole)
    features = _grid(rng, *mask.shape, sizes["k"], exponent=features_exponent)
    if last_feature == "sum":  # of multiples of 0.1, whose sum is inexact
        features[..., -1] = np.sum(features[..., :-1], axis=-1)
    if last_feature == "near":  # the first one, so that rounding the features to float32 shows
        features[..., -1] = (features[..., 0] + features[..., -1] / 1000.0).round(4)
    if last_feature == "small":
        features[..., -1] /= 1000.0
    returns = _grid(rng, *mask.shape, exponent=exponent)
    return loud(features, mask, padding), loud(returns, mask, padding), mask, ridge


def _is_regular(features: np.ndarray, returns: np.ndarray, mask: np.ndarray, ridge: float) -> bool:
    """Whether every style of solution is far more exact than what is asked for.

    Without a ridge no singular value may be in doubt: with fewer steps than features, the least norm is asked
    for.
    """
    values = np.linalg.svd(features[mask], compute_uv=False)
    if ridge and (len(values) < features.shape[-1] or values[-1] < 1e-9 * values[0]):
        return bool(values[0] ** 2 < 1e5 * ridge)
    return bool(values[0] < 1e4 * values[-1])


def _prediction(
    rng: np.random.Generator,
    sizes: Mapping[str, int],
    *,
    exponent: int = 0,
    cancels: bool = False,
    starts_alike: bool = False,
) -> Arguments:
    weights = _grid(rng, sizes["k"], exponent=exponent)
    features = _grid(rng, sizes["N"], sizes["H"], sizes["k"])
    if cancels and sizes["k"] > 1:
        weights[[0, -1]] = 1e6, -1e6
        features[..., -1] = features[..., 0]
    if starts_alike:
        features[:, 0] = features[0, 0]
    return weights, features


def _sum_of_products(weights: np.ndarray, features: np.ndarray) -> float:
    return float(np.max(np.abs(features) @ np.abs(weights)))


def _scored(
    rng: np.random.Generator,
    sizes: Mapping[str, int],
    *,
    exponent: int = 0,
    cancels: bool = False,
    padding: float = 0.0,
    is_whole: bool = False,
) -> Arguments:
    mask = _prefixes(rng, sizes["N"], sizes["H"], is_whole=is_whole)
    scores, advantages = _grid(rng, *mask.shape, sizes["d"]), _grid(rng, *mask.shape, exponent=exponent)
    if cancels and len(mask) > 1:
        scores[-1, 0] = scores[0, 0]
        advantages[[0, -1], 0] = 1e6, -1e6
    return loud(scores, mask, padding), loud(advantages, mask, padding), mask


def _sum_of_shares(scores: np.ndarray, advantages: np.ndarray, mask: np.ndarray) -> float:
    shares = np.abs(advantages)[..., np.newaxis] * np.abs(scores)
    return float(np.max(np.sum(shares[mask], axis=0))) / len(mask)


def _scores(
    rng: np.random.Generator,
    sizes: Mapping[str, int],
    *,
    exponent: int = 0,
    cancels: bool = False,
    padding: float = 0.0,
    is_whole: bool = False,
    is_zero: bool = False,
) -> Arguments:
    mask = _prefixes(rng, sizes["N"], sizes["H"], is_whole=is_whole)
    scores = _grid(rng, *mask.shape, sizes["d"], exponent=exponent)
    if is_zero:
        scores[mask] = 0.0
    if cancels and len(mask) > 1:
        scores[[0, -1], 0] = 1e3
        scores[-1, 0, 1:] = -1e3
    return loud(scores, mask, padding), mask


def _sum_of_squares(scores: np.ndarray, mask: np.ndarray) -> float:
    return float(np.max(np.sum(scores[mask] ** 2, axis=0))) / len(mask)


# Trust regions


def _trust_region(
    rng: np.random.Generator,
    sizes: Mapping[str, int],
    *,
    delta: float = 1.0,
    exponent: int = 0,
    gradient_exponent: int | None = None,
    is_flat: bool = False,
    is_short: bool = False,
    is_weak: bool = False,
    is_uneven: bool = False,
    sums_to_zero: bool = False,
    theta_exponent: int = 0,
) -> Arguments:
    """Return θ, g, F and δ: F = BBᵀ + c·I, with half as many columns in B as rows, of a condition up to 1e4.

    F's entries are of the magnitude 10^exponent, and g is as small as F, so that gᵀF⁻¹g stays above 0.1.

    Args:
        is_short: whether gᵀF⁻¹g is about ¼, so that a large δ makes a large η.
        is_weak: whether g is along the smallest eigenvalues, where the shortest g has a gᵀF⁻¹g above 0.1.
        is_uneven: whether half of gᵀF⁻¹g is from them, and a hundredth of g.
        sums_to_zero: whether the entries of g add up to 0, which g is not.
    """
    d = sizes["d"]
    factor = _grid(rng, d, (d + 1) // 2)
    if is_weak or is_uneven:
        # Of size 1, so that the smallest eigenvalue is 1e-4: g is then shorter than 1e-5 where F is 1e-6.
        factor = (0.95 * factor / np.linalg.norm(factor)).round(2)
    fisher = (factor @ factor.T).round(4)
    least = 10.0 ** np.ceil(np.log10(max(np.trace(fisher), 1.0) / LARGEST_CONDITION))
    fisher = (fisher + least * np.eye(d)).round(4)
    scaled = fisher * 10.0**exponent if exponent > 0 else fisher / 10.0**-exponent
    gradient = _grid(rng, d, exponent=exponent // 2 if gradient_exponent is None else gradient_exponent)
    strong = factor @ np.linalg.lstsq(factor, gradient, rcond=None)[0]
    if is_weak:
        gradient = (gradient - strong).round(9)
    if is_uneven:
        gradient = (strong + (gradient - strong) / 100.0).round(9)
    if sums_to_zero:
        gradient[-1] -= np.sum(gradient)
    if is_short and np.any(gradient):
        length = np.sqrt(gradient @ np.linalg.solve(scaled, gradient))
        gradient = (gradient / length / 2.0).round(8)
    if is_flat:
        gradient = np.zeros(d)
    return _grid(rng, d, exponent=theta_exponent), gradient, scaled, delta


def _without_theta(draw: Draw) -> Draw:
    return lambda *given, **settings: draw(*given, **settings)[1:]


def _is_region(theta: np.ndarray, gradient: np.ndarray, fisher: np.ndarray, *_: Any) -> bool:
    """Whether a guard of 1e-6 in the denominator is no mistake, and g is 0 or no rounding of 0."""
    squared = float(gradient @ np.linalg.solve(fisher, gradient))
    return squared > 0.1 or not np.any(gradient)


# Importance sampling


def _log_probabilities(
    rng: np.random.Generator,
    sizes: Mapping[str, int],
    *,
    ratio: float = 5.0,
    least: float = -20.0,
    decimals: int = 1,
) -> Arguments:
    """Return ln p̃ and ln p: ratios of both signs up to e^ratio, log-probabilities down to `least`."""
    shape = _leading(sizes)
    ratios = (rng.choice([-1.0, -0.5, 0.1, 0.5, 1.0], size=shape) * ratio).round(decimals)
    proposal = np.where(ratios > 0, least, least - ratios) + rng.integers(0, 2, size=shape) / 10.0
    proposal = np.minimum(proposal, -np.maximum(ratios, 0.0)).round(decimals)
    # Of shape () numpy makes numbers, which have no shape where they arrive.
    return np.asarray((proposal + ratios).round(decimals)), np.asarray(proposal)


def _clip_samples(
    rng: np.random.Generator,
    sizes: Mapping[str, int],
    *,
    exponent: int = 0,
    clip: float = 0.2,
    **log_probabilities: Any,
) -> Arguments:
    """Return log-probabilities, advantages other than 0 of the size 10^exponent, and ε."""
    target, proposal = _log_probabilities(rng, sizes, **log_probabilities)
    signs = rng.choice([-1.0, 1.0], size=target.shape)
    advantages = signs * rng.integers(1, 21, size=target.shape) / 10.0 * 10.0**exponent
    return target, proposal, np.asarray(advantages), clip


def _is_off_the_clip(target: np.ndarray, proposal: np.ndarray, _: np.ndarray, clip: float) -> bool:
    """Whether no weight is so near to 1 ± ε that rounding decides."""
    weights = np.exp(target - proposal)
    return bool(np.all(np.abs(np.abs(weights - 1.0) - clip) > 1e-6))


def _weighted_values(
    rng: np.random.Generator,
    sizes: Mapping[str, int],
    *,
    exponent: int = 0,
    heaviest: int = 4,
    outlier: float = 0.0,
    cancels: bool = False,
) -> Arguments:
    n = sizes["n"]
    values, weights = _grid(rng, n, exponent=exponent), np.zeros(n)
    if heaviest:
        weights = rng.integers(1, 10 * heaviest, size=n) / 10.0
    if outlier:
        values[0], weights[0] = 2.0, outlier
    # Largest terms of one sign, or a single one: where two cancel, scipy's logsumexp with signs may be nan,
    # in which right code may trust.
    products = np.abs(values) * weights
    is_largest = products == products.max()
    values[is_largest] = np.abs(values[is_largest])
    if cancels and n > 3:
        values[[0, n // 2, -1]], weights[[0, n // 2, -1]] = (1e6, -1e6, -1e6), (0.5, 0.25, 0.25)
    return values, weights


def _mean_of_products(values: np.ndarray, weights: np.ndarray) -> float:
    return float(np.mean(np.abs(values) * weights))


# PPO and TRPO


def _two_policies(
    rng: np.random.Generator,
    sizes: Mapping[str, int],
    *,
    N: str = "M",
    apart: float = 1.0,
    exponent: int = 0,
    padding: float = 0.0,
    is_whole: bool = False,
    cancels: bool = False,
    repeats: bool = False,
    gap_of_theta: float | None = None,
    is_near: bool = False,
    features_exponent: int = 0,
    **logits: float,
) -> dict[str, np.ndarray]:
    """Return θ, θ^k, features, actions, advantages and mask of N trajectories, by name.

    Args:
        apart: how far θ is from θ^k.
        repeats: whether the last trajectory is the first once more.
        gap_of_theta: the gap between θ's logits, where it is not that between θ^k's.
        is_near: whether θ is so near θ^k that `np.allclose` cannot tell them apart, at large features.
        features_exponent: features are of that magnitude, and θ is as much smaller.
    """
    mask = _prefixes(rng, sizes[N], sizes["H"], is_whole=is_whole)
    theta_k, features = _states(rng, mask.shape, sizes["A"], sizes["d"], **logits)
    step = _grid(rng, sizes["d"]) / np.sqrt(sizes["d"]).round(1) * apart / 4.0
    if logits:
        gap = logits.get("gap", 0.0)
        step[0] = 100.0 * (gap_of_theta - gap) / gap if gap and gap_of_theta is not None else 0.0
    step = step.round(6)
    if is_near:
        features, step = 10.0 * features, 5e-6 * theta_k
    features, theta_k, step = (
        features * 10.0**features_exponent,
        theta_k / 10.0**features_exponent,
        step / 10.0**features_exponent,
    )
    actions = _actions(rng, sizes["A"], mask.shape)
    advantages = _grid(rng, *mask.shape, exponent=exponent)
    if cancels and len(mask) > 1:
        features[-1, 0], actions[-1, 0] = features[0, 0], actions[0, 0]
        advantages[[0, -1], 0] = 1e6, -1e6
    if repeats:
        for array in (features, actions, advantages, mask):
            array[-1] = array[0]
    if padding:
        features = loud_features(features, mask, padding)
        advantages = loud(advantages, mask, padding)
    return {
        "theta": theta_k + step,
        "theta_k": theta_k,
        "features": features,
        "actions": actions,
        "advantages": advantages,
        "mask": mask,
    }


def _loss_arguments(
    rng: np.random.Generator, sizes: Mapping[str, int], *, kl_weight: float = 0.3, **settings: Any
) -> Arguments:
    return (*_two_policies(rng, sizes, **settings).values(), kl_weight)


def _size_of_loss(
    theta: np.ndarray,
    theta_k: np.ndarray,
    features: np.ndarray,
    actions: np.ndarray,
    advantages: np.ndarray,
    mask: np.ndarray,
    kl_weight: float,
) -> float:
    target, proposal = (
        np.take_along_axis(action_log_probabilities(at, features), actions[..., np.newaxis], axis=-1)[..., 0]
        for at in (theta, theta_k)
    )
    terms = (np.exp(target - proposal) * np.abs(advantages) + kl_weight * np.abs(target))[mask]
    return float(np.sum(terms)) / len(mask) * _size_of_logits(theta_k, features[mask])


def _size_of_gradient(theta: np.ndarray, theta_k: np.ndarray, features: np.ndarray, *rest: Any) -> float:
    largest = max(1.0, float(np.max(np.abs(features))))
    actions, advantages, mask, kl_weight = rest
    size = _size_of_loss(theta, theta_k, features, actions, advantages, mask, kl_weight)
    return largest * (size + kl_weight * mask.sum() / len(mask))


def _minibatches(rng: np.random.Generator, sizes: Mapping[str, int], *, twice: bool) -> np.ndarray:
    """Return (S, B) indices into M trajectories; with `twice`, the first is in every minibatch twice."""
    chosen = rng.integers(sizes["M"], size=(sizes["S"], sizes["B"]))
    if twice and sizes["B"] > 1:
        chosen[:, -1] = chosen[:, 0]
    return chosen


def _learning_rate(features: np.ndarray, advantages: np.ndarray, kl_weight: float, S: int) -> float:
    """A power of 10 with which S steps move θ by about 0.1 at most, so that rounding does not grow."""
    largest = np.max(np.sum(np.abs(advantages) + kl_weight, axis=1)) * 2.0 * np.max(np.abs(features))
    return float(10.0 ** np.floor(np.log10(0.5 / max(float(largest), 1e-300) / max(S, 1))))


def _update(
    rng: np.random.Generator,
    sizes: Mapping[str, int],
    *,
    kl_weight: float = 0.3,
    twice: bool = False,
    is_idle: bool = False,
    boldness: float = 1.0,
    **settings: Any,
) -> Arguments:
    """Return what `ppo_update` takes; with a boldness of 1000 the first steps lead far from θ^k."""
    given = _two_policies(rng, sizes, **settings)
    real = np.where(given["mask"], given["advantages"], 0.0)
    features = np.where(given["mask"][..., np.newaxis, np.newaxis], given["features"], 0.0)
    sgd = (kl_weight, boldness * _learning_rate(features, real, kl_weight, sizes["S"]))
    minibatches = _minibatches(rng, sizes, twice=twice)[: 0 if is_idle else None]
    data = (given["features"], given["actions"], given["advantages"], given["mask"])
    return (given["theta_k"], *data, *sgd, minibatches)


def _batch(
    rng: np.random.Generator,
    theta: np.ndarray,
    features: np.ndarray,
    k: int,
    *,
    exponent: int = 0,
    baseline_exponent: int = 0,
    padding: float = 0.0,
    is_whole: bool = False,
) -> TrajectoryBatch:
    N, H, A, _ = features.shape
    mask = _prefixes(rng, N, H, is_whole=is_whole)
    actions = rng.integers(A, size=mask.shape)
    rewards = _grid(rng, *mask.shape, exponent=exponent)
    # The first action earns more, so that the gradient is not all noise.
    rewards = np.where(actions == 0, np.abs(rewards) + 10.0**exponent, rewards).round(9)
    baseline_features = _grid(rng, *mask.shape, k, exponent=baseline_exponent)
    batch = TrajectoryBatch(features, baseline_features, actions, rewards, mask)
    return loud_batch(batch, padding) if padding else batch


def _two_batches(
    rng: np.random.Generator,
    sizes: Mapping[str, int],
    *,
    features_exponent: int = 0,
    theta_shift: float = 0.0,
    logit: float = 0.0,
    **settings: Any,
) -> tuple[np.ndarray, TrajectoryBatch, TrajectoryBatch]:
    """Return θ^k, N trajectories of length H and M of length L."""
    A, d, k = sizes["A"], sizes["d"], sizes["k"]
    theta, new = _states(rng, (sizes["M"], sizes["L"]), A, d, logit=logit)
    old = _states(rng, (sizes["N"], sizes["H"]), A, d, logit=logit)[1]
    scale = 10.0**-features_exponent
    batches = (_batch(rng, theta, features / scale, k, **settings) for features in (old, new))
    return (theta + theta_shift, *batches)


def _npg_iteration(
    rng: np.random.Generator,
    sizes: Mapping[str, int],
    *,
    delta: float = 0.5,
    ridge: float = 0.3,
    damping: float = 0.1,
    **settings: Any,
) -> Arguments:
    return (*_two_batches(rng, sizes, **settings), delta, ridge, damping)


def _is_telling_npg(
    theta: np.ndarray,
    baseline_batch: TrajectoryBatch,
    update_batch: TrajectoryBatch,
    delta: float,
    ridge: float,
    damping: float,
) -> bool:
    """Whether gᵀF⁻¹g is above 0.1 and neither the fit nor the step amplifies rounding much."""
    npg = importlib.import_module("hw4.npg")
    old, new = baseline_batch, update_batch
    returns = npg.rewards_to_go(old.rewards, old.mask)
    if not _is_regular(old.baseline_features, returns, old.mask, ridge):
        return False
    weights = npg.fit_baseline(old.baseline_features, returns, old.mask, ridge)
    advantages = npg.rewards_to_go(new.rewards, new.mask) - new.baseline_features @ weights
    scores = npg.score(theta, new.features, new.actions)
    gradient = npg.policy_gradient_estimate(scores, advantages, new.mask)
    fisher = npg.fisher_estimate(scores, new.mask) + damping * np.eye(len(theta))
    if np.linalg.cond(fisher) > LARGEST_CONDITION:
        return False
    return float(gradient @ np.linalg.solve(fisher, gradient)) > 0.1


def _ppo_iteration(
    rng: np.random.Generator,
    sizes: Mapping[str, int],
    *,
    kl_weight: float = 0.3,
    ridge: float = 0.3,
    twice: bool = False,
    is_idle: bool = False,
    **settings: Any,
) -> Arguments:
    theta, old, new = _two_batches(rng, sizes, **settings)
    # Rewards to go are at most H times the largest reward, and so, about, is what a baseline makes of them.
    largest = 2.0 * np.sum(np.abs(new.rewards), axis=1, where=new.mask).max()
    advantages = np.full(new.mask.shape, largest)
    features = np.where(new.mask[..., np.newaxis, np.newaxis], new.features, 0.0)
    learning_rate = _learning_rate(features, advantages, kl_weight, sizes["S"])
    minibatches = _minibatches(rng, sizes, twice=twice)[: 0 if is_idle else None]
    return theta, old, new, kl_weight, learning_rate, minibatches, ridge


def _is_telling_ppo(theta: np.ndarray, batch: TrajectoryBatch, *rest: Any) -> bool:
    return _is_regular(batch.baseline_features, batch.rewards, batch.mask, rest[-1])


def _kl(rng: np.random.Generator, sizes: Mapping[str, int], **settings: Any) -> Arguments:
    given = _two_policies(rng, sizes, N="N", **settings)
    return given["theta_k"], given["theta"], given["features"], given["mask"]


def _size_of_kl(theta_k: np.ndarray, theta: np.ndarray, features: np.ndarray, mask: np.ndarray) -> float:
    largest = max(_size_of_logits(at, features[mask]) for at in (theta_k, theta))
    return largest * float(mask.sum()) / len(mask)


def _search(
    rng: np.random.Generator,
    sizes: Mapping[str, int],
    *,
    delta: float = 0.5,
    search: tuple[Any, ...] = (0.5, 10),
    boldness: float = 1.0,
    is_flat: bool = False,
    falls: bool = False,
    is_noisy: bool = False,
    **settings: Any,
) -> Arguments:
    """Return the arguments of trpo_step; a boldness above 1 makes the first lengths too long.

    Args:
        falls: whether the surrogate falls at the first length that the KL admits.
        is_noisy: whether no action is better than the others.
    """
    if falls:
        return _search_that_falls(rng, sizes, delta=delta, search=search, **settings)
    given = _two_policies(rng, sizes, N="N", **settings)
    if not is_noisy:
        # The first action is better, so that the gradient is not all noise.
        better = given["mask"] & (given["actions"] == 0)
        given["advantages"][better] += 2.0 * 10.0 ** settings.get("exponent", 0)
    npg = importlib.import_module("hw4.npg")
    data = (given["features"], given["actions"], given["advantages"], given["mask"])
    scores = npg.score(given["theta_k"], data[0], data[1])
    gradient = npg.policy_gradient_estimate(scores, data[2], data[3]).round(6)
    fisher = ((npg.fisher_estimate(scores, data[3]) + 0.1 * np.eye(len(gradient))) / boldness).round(6)
    if is_flat:
        gradient = np.zeros_like(gradient)
    return given["theta_k"], gradient, fisher, *data, delta, *search


def _search_that_falls(rng: np.random.Generator, sizes: Mapping[str, int], **settings: Any) -> Arguments:
    """Return a search in which the surrogate falls at the first length that the KL admits."""
    for _ in range(MAX_DRAWS):
        arguments = _search(rng, sizes, is_noisy=True, **settings)
        tries = list(trpo_tries(*arguments)) if np.any(arguments[1]) else []
        within = [is_accepted for _, is_within, is_accepted in tries if is_within]
        if len(within) > 1 and within[-1]:
            return arguments
    raise _NotAdmitted


def _is_clear(theta_k: np.ndarray, gradient: np.ndarray, fisher: np.ndarray, *rest: Any) -> bool:
    """Whether no KL and no surrogate is so close to its bound that rounding decides."""
    if not np.any(gradient):
        return True
    if (
        float(gradient @ np.linalg.solve(fisher, gradient)) < 0.1
        or np.linalg.cond(fisher) > LARGEST_CONDITION
    ):
        return False
    search = (*rest, 0.5, 10) if len(rest) == 5 else rest
    return all(is_clear for is_clear, *_ in trpo_tries(theta_k, gradient, fisher, *search))


def trpo_tries(
    theta_k: np.ndarray,
    gradient: np.ndarray,
    fisher: np.ndarray,
    features: np.ndarray,
    actions: np.ndarray,
    advantages: np.ndarray,
    mask: np.ndarray,
    delta: float,
    backtrack: float,
    max_backtracks: int,
) -> Iterator[tuple[bool, bool, bool]]:
    """Try every length up to the accepted one.

    Yields:
        Whether rounding decides nothing, whether the KL is within δ, and whether the length is accepted.
    """
    npg, trpo = importlib.import_module("hw4.npg"), importlib.import_module("hw4.trpo")
    full_step = np.sqrt(2.0) * npg.npg_step_size(gradient, fisher, delta) * np.linalg.solve(fisher, gradient)
    chosen = actions[..., np.newaxis]
    proposal = np.take_along_axis(action_log_probabilities(theta_k, features), chosen, axis=-1)
    for backtracks in range(max_backtracks + 1):
        theta = theta_k + backtrack**backtracks * full_step
        kl = trpo.kl_estimate(theta_k, theta, features, mask)
        target = np.take_along_axis(action_log_probabilities(theta, features), chosen, axis=-1)
        gains = ((np.exp(target - proposal) - 1.0)[..., 0] * advantages)[mask]
        gain, scale = float(np.sum(gains)), float(np.sum(np.abs(gains)))
        is_clear = abs(kl - delta) > 1e-3 * delta and (
            abs(gain) > 1e-3 * scale + 1e-15 or not np.any(advantages)
        )
        is_accepted = kl <= delta and gain >= 0
        yield is_clear, kl <= delta, is_accepted
        if is_accepted:
            return


# The list

_SIX = 6
"""The exponent of the largest magnitude; −6 is that of the smallest."""

# No more than 60 actions where one is picked: `np.choose`, which right code may use, takes 64 at most.
_LOSS_CASES = (
    case("M=3 H=3 A=3 d=3"),
    case("M=307 H=3 A=2 d=2"),
    case("M=2 H=300 A=2 d=2", order="F"),
    case("M=4 H=4 A=6 d=16"),
    case("M=2 H=4 A=60 d=2"),
    case("M=4 H=5 A=3 d=3", is_near=True, kl_weight=0.0),
    case("M=4 H=5 A=3 d=3", apart=0.0),
    case("M=3 H=3 A=3 d=2", repeats=True, is_whole=True),
    # Importance weights of e⁶, about 400.
    case("M=4 H=5 A=4 d=3", gap=12.0, gap_of_theta=6.0, is_whole=True),
    case("M=4 H=5 A=3 d=3", kl_weight=0.0, exponent=-_SIX, padding=LOUD),
    case("M=4 H=5 A=3 d=3", kl_weight=1e6, exponent=_SIX),
    case("M=4 H=4 A=3 d=3", cancels=True),
    case("M=4 H=4 A=3 d=3", logit=1e3),
    case("M=4 H=4 A=3 d=3", logit=1e3, is_mixed=True),
    case("M=4 H=4 A=3 d=3", logit=-1e3),
    case("M=4 H=4 A=4 d=3", gap=800.0, gap_of_theta=680.0),
    case("M=4 H=4 A=4 d=3", gap=900.0),
    # Numbers that float32 rounds, and log-probabilities to which that matters.
    case("M=4 H=4 A=4 d=3", gap=800.3, gap_of_theta=794.1),
)

DOMAINS: Mapping[str, Domain] = {
    "policy.action_log_probabilities": Domain(
        _decisions,
        (
            case("m=3 n=3 A=3 d=3"),
            case("n=307 A=3 d=2"),
            case("m=2 n=150 A=2 d=3", order="F"),
            case("A=6 d=16"),
            case("n=8 A=300 d=2"),
            case("n=8 A=300 d=2", last=1e3),
            case("m=70 n=70 A=2 d=2"),
            case("n=2 A=2 d=40"),
            case("l=2 m=2 n=2 A=3 d=2"),
            case("n=4 A=3 d=3", theta_exponent=-4),
            case("n=4 A=1 d=3", logit=1e3),
            case("n=4 A=3 d=3", logit=LARGEST_LOGIT),
            case("n=4 A=3 d=3", logit=1e3, is_mixed=True),
            case("n=4 A=3 d=3", logit=-LARGEST_LOGIT),
            case("n=4 A=4 d=3", gap=1e3),
            case("n=4 A=4 d=3", gap=-LARGEST_LOGIT),
        ),
        _size_of_logits,
    ),
    "policy.score": Domain(
        _decisions_with_actions,
        (
            case("m=3 n=3 A=3 d=3"),
            case("n=307 A=3 d=2"),
            case("m=2 n=150 A=2 d=3", order="F"),
            case("A=6 d=16"),
            case("n=8 A=60 d=2", last=1e3),
            case("m=70 n=70 A=2 d=2"),
            case("n=2 A=2 d=40"),
            case("l=2 m=2 n=2 A=3 d=2"),
            case("n=4 A=3 d=3", theta_exponent=-4),
            case("n=4 A=1 d=3", logit=1e3),
            case("n=4 A=3 d=3", logit=LARGEST_LOGIT),
            case("n=4 A=3 d=3", logit=1e3, is_mixed=True),
            case("n=4 A=3 d=3", logit=-LARGEST_LOGIT),
            case("n=4 A=4 d=3", gap=1e3),
            case("n=4 A=4 d=3", gap=9.0),
            case("n=4 A=3 d=3", last=8.0),
            case("n=4 A=4 d=3", gap=-LARGEST_LOGIT),
        ),
        _size_of_scores,
    ),
    "baseline.rewards_to_go": Domain(
        _rewards,
        (
            case("N=5 H=5"),
            case("N=307 H=3"),
            case("N=3 H=300"),
            case("N=100 H=100", order="F"),
            case("N=1 H=300", is_whole=True),
            case("N=8 H=8", exponent=-_SIX, padding=LOUD),
            case("N=8 H=8", exponent=_SIX),
            case("N=6 H=8", cancels=True),
        ),
        _sum_of_rewards,
    ),
    "baseline.fit_baseline": Domain(
        _regression,
        (
            case("N=4 H=4 k=4", ridge=0.3),
            case("N=307 H=2 k=3"),
            case("N=30 H=100 k=3", order="F", is_whole=True),
            case("N=8 H=16 k=16"),
            case("N=10 H=12 k=100", ridge=0.1),
            case("N=20 H=20 k=16", ridge=0.1),
            case("N=2 H=2 k=8", ridge=0.3),
            case("N=2 H=2 k=8"),
            case("N=1 H=1 k=4", ridge=0.1),
            case("N=6 H=6 k=4", ridge=0.1, last_feature="sum"),
            case("N=8 H=8 k=3", last_feature="small"),
            case("N=8 H=8 k=3", last_feature="near"),
            case("N=8 H=8 k=3", ridge=1e-6, features_exponent=-3),
            case("N=8 H=8 k=3", features_exponent=-3),
            case("N=8 H=8 k=3", ridge=1e6, exponent=_SIX),
            case("N=8 H=8 k=3", exponent=-_SIX, padding=LOUD),
            # XᵀX is singular, but its rounded Cholesky factor exists.
            case("N=1 H=3 k=4", is_whole=True, entries=30),
        ),
        is_entrywise=False,
        admits=_is_regular,
    ),
    "baseline.predict_baseline": Domain(
        _prediction,
        (
            case("N=3 H=3 k=3"),
            case("N=307 H=3 k=2"),
            case("N=2 H=300 k=2"),
            case("N=3 H=3 k=1"),
            case("N=3 H=3 k=2", starts_alike=True),
            case("N=20 H=20 k=16", order="F"),
            case("N=2 H=2 k=300"),
            case("N=100 H=100 k=3", cancels=True),
            case("N=4 H=4 k=3", exponent=-_SIX),
            case("N=4 H=4 k=3", exponent=_SIX),
            case("N=4 H=4 k=3", cancels=True),
        ),
        _sum_of_products,
    ),
    "policy_gradient.policy_gradient_estimate": Domain(
        _scored,
        (
            case("N=4 H=4 d=4"),
            case("N=307 H=3 d=2"),
            case("N=3 H=300 d=2", order="F"),
            case("N=2 H=300 d=2", is_whole=True),
            case("N=100 H=100 d=2"),
            case("N=5 H=5 d=200"),
            case("N=4 H=5 d=3", exponent=-_SIX, padding=LOUD),
            case("N=4 H=5 d=3", exponent=_SIX),
            case("N=4 H=5 d=3", cancels=True),
            case("N=3 H=3 d=2", is_whole=True),
        ),
        _sum_of_shares,
    ),
    "npg.fisher_estimate": Domain(
        _scores,
        (
            case("N=4 H=4 d=4"),
            case("N=307 H=3 d=2"),
            case("N=3 H=300 d=2", order="F"),
            case("N=2 H=300 d=2", is_whole=True),
            case("N=100 H=100 d=2"),
            case("N=5 H=5 d=120"),
            case("N=4 H=5 d=3", exponent=-3, padding=LOUD),
            case("N=4 H=5 d=3", exponent=3),
            case("N=4 H=5 d=3", cancels=True),
            case("N=3 H=3 d=2", is_whole=True),
            case("N=2 H=3 d=2", is_zero=True),
        ),
        _sum_of_squares,
    ),
    "npg.npg_step_size": Domain(
        _without_theta(_trust_region),
        (
            case("d=3"),
            case("d=1"),
            case("d=16", order="F"),
            case("d=120"),
            case("d=4", delta=1e6, is_short=True),
            case("d=4", delta=1e-6),
            case("d=4", exponent=_SIX),
            case("d=4", exponent=-_SIX),
            case("d=4", exponent=-_SIX, is_short=True, is_weak=True),
            case("d=4", exponent=-_SIX, is_short=True, is_uneven=True),
            case("d=2", sums_to_zero=True),
            case("d=16", exponent=-_SIX, delta=1e6),
            case("d=4", gradient_exponent=_SIX),
            case("d=16", is_flat=True),
        ),
        tolerance=STEP_TOLERANCE,
        admits=lambda *arguments: _is_region(np.zeros(0), *arguments),
    ),
    "npg.npg_step": Domain(
        _trust_region,
        (
            case("d=3"),
            case("d=1"),
            case("d=16", order="F"),
            case("d=120"),
            case("d=4", delta=1e6, is_short=True),
            case("d=4", delta=1e-6, theta_exponent=3),
            case("d=4", exponent=_SIX),
            case("d=4", exponent=-_SIX),
            case("d=4", exponent=-_SIX, is_short=True, is_weak=True),
            case("d=4", exponent=-_SIX, is_short=True, is_uneven=True),
            case("d=2", sums_to_zero=True),
            case("d=16", exponent=-_SIX, delta=1e6),
            case("d=4", gradient_exponent=_SIX),
            case("d=16", is_flat=True),
        ),
        is_step=True,
        admits=_is_region,
    ),
    "npg.npg_iteration": Domain(
        _npg_iteration,
        (
            case("N=3 H=3 M=3 L=3 A=3 d=3 k=3"),
            case("N=150 H=2 M=200 L=2 A=2 d=2 k=2", exponent=2),
            case("N=2 H=100 M=3 L=60 A=2 d=2 k=2", order="F"),
            case("N=8 H=8 M=6 L=9 A=2 d=16 k=8"),
            case("N=4 H=5 M=5 L=4 A=6 d=4 k=2"),
            case("N=6 H=8 M=8 L=9 A=3 d=2 k=2", ridge=0.0, damping=0.0, baseline_exponent=-2),
            case("N=2 H=2 M=8 L=8 A=3 d=2 k=6", damping=0.0),
            case("N=6 H=6 M=8 L=8 A=3 d=2 k=2", damping=0.0, features_exponent=-2),
            case("N=6 H=6 M=6 L=6 A=3 d=3 k=2", exponent=_SIX, padding=LOUD),
            case("N=4 H=5 M=5 L=4 A=3 d=3 k=2", delta=1e6),
            case("N=4 H=5 M=5 L=4 A=3 d=3 k=2", delta=1e-6, theta_shift=2.0),
            case("N=4 H=5 M=5 L=4 A=3 d=3 k=2", logit=1e3),
        ),
        is_step=True,
        admits=_is_telling_npg,
    ),
    "importance_sampling.importance_weights": Domain(
        _log_probabilities,
        (
            case("m=3 n=3"),
            case("n=307"),
            case("m=3 n=100", order="F"),
            case("l=2 m=2 n=2"),
            case(""),
            case("n=6", ratio=LARGEST_LOG_RATIO, least=-9e3),
            case("n=6", ratio=LARGEST_LOG_RATIO, least=-LARGEST_LOG_RATIO),
            case("n=6", least=0.0),
            case("n=6", ratio=30.0, least=-1e4),
            case("n=6", ratio=0.04, decimals=3),
            case("n=6", ratio=0.01, decimals=3, least=-5e3),
            # Both probabilities are denormal numbers, of few digits.
            case("n=6", ratio=2.0, least=-735.0),
            case("n=6", ratio=0.0, least=0.0),
            case("m=2 n=2", ratio=0.0),
        ),
        lambda *arguments: 0.01,
    ),
    "importance_sampling.importance_sampling_estimate": Domain(
        _weighted_values,
        (
            case("n=3"),
            case("n=1"),
            case("n=307"),
            case("n=8", exponent=-_SIX),
            case("n=8", exponent=_SIX),
            case("n=8", heaviest=500),
            case("n=100", outlier=50.0),
            case("n=3", heaviest=0),
            case("n=8", cancels=True),
        ),
        _mean_of_products,
    ),
    "ppo.clip_penalty_weights": Domain(
        _clip_samples,
        (
            case("m=3 n=3", ratio=0.4),
            case("n=307", ratio=0.4),
            case("m=3 n=100", ratio=0.4, order="F"),
            case("l=2 m=2 n=2", ratio=0.4),
            case("", ratio=0.4),
            case("n=12", ratio=LARGEST_LOG_RATIO, least=-9e3),
            case("n=12", ratio=30.0, least=-1e4, exponent=-_SIX),
            case("n=12", ratio=30.0, exponent=_SIX),
            case("n=12", ratio=0.04, decimals=3, clip=0.01),
            case("n=12", ratio=0.4, clip=0.3),
            case("n=12", clip=1.5),
            case("m=2 n=2", ratio=0.0, least=-2.0),
            case("n=6", ratio=0.0, least=0.0),
        ),
        lambda target, proposal, advantages, clip: float(np.max(np.abs(advantages))),
        admits=_is_off_the_clip,
    ),
    "ppo.ppo_loss": Domain(
        _loss_arguments,
        _LOSS_CASES,
        _size_of_loss,
    ),
    "ppo.ppo_gradient": Domain(
        _loss_arguments,
        _LOSS_CASES,
        _size_of_gradient,
    ),
    "ppo.ppo_update": Domain(
        _update,
        (
            case("M=3 H=3 A=3 d=3 S=3 B=3"),
            case("M=200 H=2 A=2 d=2 S=3 B=100"),
            case("M=3 H=200 A=2 d=2 S=2 B=2", order="F"),
            case("M=5 H=4 A=6 d=16 S=2 B=3"),
            case("M=3 H=2 A=2 d=2 S=300 B=1"),
            case("M=3 H=2 A=2 d=2 S=40 B=2", boldness=1e-4),
            case("M=2 H=3 A=3 d=2 S=3 B=5", twice=True),
            case("M=3 H=3 A=3 d=2 S=3 B=2", twice=True),
            case("M=3 H=3 A=3 d=2 S=1 B=2"),
            case("M=3 H=3 A=3 d=2 S=1 B=2", is_idle=True),
            case("M=4 H=3 A=3 d=2 S=2 B=2", kl_weight=0.0, exponent=-_SIX),
            case("M=4 H=4 A=3 d=2 S=2 B=4", exponent=_SIX, padding=LOUD),
            case("M=4 H=3 A=3 d=2 S=3 B=2", logit=1e3),
            case("M=4 H=3 A=4 d=2 S=3 B=2", gap=-900.0),
            case("M=4 H=4 A=3 d=2 S=2 B=4", cancels=True),
            case("M=4 H=3 A=3 d=3 S=3 B=2", boldness=1000.0),
        ),
        is_step=True,
    ),
    "ppo.ppo_iteration": Domain(
        _ppo_iteration,
        (
            case("N=3 H=3 M=3 L=3 A=3 d=3 k=3 S=3 B=3"),
            case("N=150 H=2 M=200 L=2 A=2 d=2 k=2 S=30 B=20"),
            case("N=2 H=100 M=3 L=60 A=2 d=2 k=2 S=2 B=2", order="F"),
            case("N=8 H=8 M=6 L=9 A=2 d=16 k=8 S=2 B=3"),
            case("N=4 H=5 M=5 L=4 A=6 d=4 k=2 S=2 B=3"),
            case("N=6 H=8 M=8 L=9 A=3 d=2 k=2 S=2 B=3", ridge=0.0, kl_weight=0.0, baseline_exponent=-2),
            case("N=2 H=2 M=4 L=4 A=3 d=2 k=6 S=300 B=2"),
            case("N=4 H=4 M=3 L=3 A=3 d=2 k=2 S=3 B=4", twice=True),
            case("N=4 H=4 M=3 L=3 A=3 d=2 k=2 S=1 B=2", is_idle=True),
            case("N=4 H=4 M=4 L=4 A=3 d=2 k=2 S=2 B=3", exponent=_SIX, padding=LOUD),
            case("N=4 H=4 M=4 L=4 A=3 d=2 k=2 S=2 B=3", exponent=-_SIX, kl_weight=0.0),
            case("N=4 H=4 M=4 L=4 A=3 d=2 k=2 S=2 B=3", logit=1e3),
        ),
        is_step=True,
        admits=_is_telling_ppo,
    ),
    "trpo.kl_estimate": Domain(
        _kl,
        (
            case("N=3 H=3 A=3 d=3"),
            case("N=307 H=2 A=2 d=2"),
            case("N=2 H=300 A=2 d=2", order="F"),
            case("N=4 H=4 A=6 d=16"),
            case("N=2 H=2 A=60 d=2"),
            case("N=4 H=4 A=3 d=3", apart=0.01, padding=LOUD),
            case("N=4 H=4 A=3 d=3", apart=0.002),
            case("N=4 H=4 A=4 d=3", gap=14.0, gap_of_theta=1e3),
            case("N=4 H=4 A=3 d=3", logit=1e3),
            case("N=4 H=4 A=3 d=3", logit=1e3, is_mixed=True),
            case("N=4 H=4 A=4 d=3", gap=1e3),
            case("N=4 H=4 A=4 d=3", gap=1e3, gap_of_theta=-1e3),
            case("N=4 H=4 A=2 d=3", gap=-100.0, gap_of_theta=-90.0),
        ),
        _size_of_kl,
    ),
    "trpo.trpo_step": Domain(
        _search,
        (
            case("N=4 H=4 A=3 d=3"),
            case("N=200 H=2 A=2 d=2"),
            case("N=3 H=100 A=2 d=2", order="F"),
            case("N=8 H=8 A=3 d=16"),
            case("N=4 H=4 A=6 d=3"),
            case("N=4 H=4 A=3 d=3", is_flat=True),
            case("N=4 H=4 A=3 d=3", search=(0.5, 0), delta=0.01, boldness=16.0),
            case("N=4 H=4 A=3 d=3", search=(0.9, 40), delta=0.01, boldness=1000.0),
            case("N=4 H=4 A=3 d=3", search=(), boldness=16.0),
            case("N=4 H=4 A=3 d=3", delta=1e-6),
            case("N=4 H=4 A=3 d=3", delta=1e6),
            case("N=2 H=3 A=3 d=2", delta=1e6, search=(0.5, 20), falls=True),
            case("N=4 H=4 A=3 d=3", delta=1e-3, features_exponent=2),
            case("N=4 H=4 A=3 d=3", exponent=_SIX, padding=LOUD),
            case("N=4 H=4 A=3 d=3", logit=1e3),
            case("N=4 H=4 A=4 d=3", gap=-900.0),
        ),
        is_step=True,
        admits=_is_clear,
    ),
}
"""By ``module.function``."""
