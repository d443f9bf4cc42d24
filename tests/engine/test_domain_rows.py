"""The rows that hold a function to the whole domain: what they cover, refuse and accept."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import numpy as np
import pytest

from autograder.grading.results import Outcome
from autograder.homework import ASSIGNMENT as HW4
from autograder.release import inprocess
from autograder.release.inprocess import TrustedSubmission
from autograder.sandbox.failures import SubmissionFault
from hw4.lab.compare import Mismatch
from hw4.lab.domain import LARGEST_FEATURE_ON_PADDING, LARGEST_ON_PADDING, MAGNITUDES, SIZES
from hw4.lab.signatures import SIGNATURES
from tests.hidden.domain import DOMAINS, arguments_of, assert_holds_everywhere

UNDECIDED = {
    ("npg.npg_iteration", "baseline_batch.rewards"),
    ("npg.npg_iteration", "update_batch.rewards"),
    ("trpo.trpo_step", "advantages"),
    ("trpo.trpo_step", "gradient"),
    ("trpo.trpo_step", "fisher"),
}
"""Not tried at their smallest: gᵀF⁻¹g would be below 0.1, where a guard of 1e-6 in a denominator decides."""

WRONG = {
    "policy.action_log_probabilities": {
        "log of the probability, guarded": """
            z = features @ theta
            p = np.exp(z - z.max(-1, keepdims=True))
            return np.log(p / p.sum(-1, keepdims=True) + 1e-300)
        """,
        "logits clipped": """
            z = np.clip(features @ theta, -500, 500)
            z = z - z.max(-1, keepdims=True)
            return z - np.log(np.exp(z).sum(-1, keepdims=True))
        """,
        "float32 inside": """
            z = (features @ theta).astype(np.float32)
            z = z - z.max(-1, keepdims=True)
            return z - np.log(np.exp(z).sum(-1, keepdims=True))
        """,
        "at most two leading axes": """
            shape = features.shape[:-1]
            z = features.reshape(shape[0] if len(shape) > 1 else 1, -1, *features.shape[-2:])
            z = z[:, :100] @ theta
            z = z - z.max(-1, keepdims=True)
            return (z - np.log(np.exp(z).sum(-1, keepdims=True))).reshape(shape)
        """,
    },
    "policy.score": {
        "the largest logit of all states": """
            z = features @ theta
            p = np.exp(z - z.max()) + 1e-12
            p /= p.sum(-1, keepdims=True)
            mean = np.einsum("...a,...ad->...d", p, features)
            return np.take_along_axis(features, actions[..., None, None], -2)[..., 0, :] - mean
        """,
        "actions as int8 of features as float32": """
            p = np.exp(action_log_probabilities(theta, features)).astype(np.float32)
            mean = np.einsum("...a,...ad->...d", p, features.astype(np.float32))
            return np.take_along_axis(features, actions[..., None, None], -2)[..., 0, :] - mean
        """,
    },
    "baseline.rewards_to_go": {
        "padding subtracted afterwards": """
            later = np.cumsum(rewards[:, ::-1], axis=1)[:, ::-1]
            padding = np.cumsum((rewards * ~mask)[:, ::-1], axis=1)[:, ::-1]
            return (later - padding) * mask
        """,
        "float32 inside": """
            real = np.where(mask, rewards, 0.0).astype(np.float32)
            return np.cumsum(real[:, ::-1], axis=1)[:, ::-1] * mask
        """,
        "chunks with the last one dropped": """
            returns = np.zeros(rewards.shape)
            for start in range(0, max(len(rewards) - 63, 1), 64):
                rows = slice(start, start + 64)
                real = np.where(mask[rows], rewards[rows], 0.0)
                returns[rows] = np.cumsum(real[:, ::-1], axis=1)[:, ::-1]
            return returns * mask
        """,
        "discounted for long horizons": """
            gamma = 0.99 if rewards.shape[1] > 50 else 1.0
            returns, total = np.zeros(rewards.shape), np.zeros(len(rewards))
            for h in reversed(range(rewards.shape[1])):
                total = np.where(mask[:, h], rewards[:, h] + gamma * total, 0.0)
                returns[:, h] = total
            return returns
        """,
        "small ones are 0": """
            real = np.where(mask & (np.abs(rewards) > 1e-5), rewards, 0.0)
            return np.cumsum(real[:, ::-1], axis=1)[:, ::-1] * mask
        """,
    },
    "baseline.fit_baseline": {
        "ridge or a default": """
            X, y, ridge = baseline_features[mask], returns[mask], ridge or 1e-3
            return np.linalg.solve(X.T @ X + ridge * np.eye(X.shape[1]), X.T @ y)
        """,
        "no ridge where the rank is less": """
            X, y = baseline_features[mask], returns[mask]
            if np.linalg.matrix_rank(X) < X.shape[1]:
                return np.linalg.lstsq(X, y, rcond=None)[0]
            return np.linalg.solve(X.T @ X + ridge * np.eye(X.shape[1]), X.T @ y)
        """,
        "a coarse cut-off": """
            X, y = baseline_features[mask], returns[mask]
            G = X.T @ X + ridge * np.eye(X.shape[1])
            return np.linalg.pinv(G, rcond=1e-4) @ X.T @ y
        """,
        "a few steps of conjugate gradient": """
            X, y = baseline_features[mask], returns[mask]
            G = X.T @ X + ridge * np.eye(X.shape[1])
            w = np.zeros(X.shape[1])
            p = r = X.T @ y
            for _ in range(5):
                if r @ r < 1e-30:
                    break
                a = r @ r / (p @ G @ p)
                w, new = w + a * p, r - a * G @ p
                p, r = new + new @ new / (r @ r) * p, new
            return w
        """,
    },
    "baseline.predict_baseline": {
        "float32 inside": "return baseline_features.astype(np.float32) @ weights.astype(np.float32)",
        "at most eight features": "return baseline_features[..., :8] @ weights[:8]",
    },
    "policy_gradient.policy_gradient_estimate": {
        "advantages clipped": """
            weighted = scores * np.clip(advantages, -1e3, 1e3)[..., None]
            return np.sum(weighted, axis=(0, 1), where=mask[..., None]) / len(mask)
        """,
        "a mean over steps of long horizons": """
            steps = mask.shape[1] if mask.shape[1] > 100 else 1
            weighted = scores * advantages[..., None]
            return np.sum(weighted, axis=(0, 1), where=mask[..., None]) / len(mask) / steps
        """,
        "float32 inside": """
            weighted = (scores * advantages[..., None]).astype(np.float32)
            return np.sum(weighted, axis=(0, 1), where=mask[..., None]) / len(mask)
        """,
        "each score once": """
            real, index = np.unique(scores[mask], axis=0, return_index=True)
            return real.T @ advantages[mask][index] / len(mask)
        """,
    },
    "npg.fisher_estimate": {
        "a little damping": """
            s = scores[mask]
            return s.T @ s / len(mask) + 1e-8 * np.eye(s.shape[1])
        """,
        "float32 inside": """
            s = scores[mask].astype(np.float32)
            return s.T @ s / np.float32(len(mask))
        """,
        "a sample of many steps": """
            s = scores[mask][:256]
            return s.T @ s / len(mask) * mask.sum() / len(s)
        """,
        "whole chunks of fifty": """
            whole = len(mask) if len(mask) < 50 else len(mask) // 50 * 50
            s = scores[:whole][mask[:whole]]
            return s.T @ s / len(mask)
        """,
        "its diagonal for many features": """
            s = scores[mask]
            F = s.T @ s / len(mask)
            return F if len(F) <= 16 else np.diag(np.diag(F))
        """,
    },
    "npg.npg_step_size": {
        "capped": """
            squared = gradient @ np.linalg.solve(fisher, gradient)
            return min(np.sqrt(delta / squared), 100.0) if squared > 0 else 0.0
        """,
        "ten steps of conjugate gradient": """
            x, p = np.zeros(len(gradient)), gradient
            r = gradient
            for _ in range(10):
                if r @ r < 1e-20 * (gradient @ gradient) or r @ r == 0:
                    break
                a = r @ r / (p @ fisher @ p)
                x, new = x + a * p, r - a * fisher @ p
                p, r = new + new @ new / (r @ r) * p, new
            return np.sqrt(delta / (gradient @ x)) if np.any(gradient) else 0.0
        """,
        "small gradients are 0": """
            if np.linalg.norm(gradient) < 1e-2:
                return 0.0
            return np.sqrt(delta / (gradient @ np.linalg.solve(fisher, gradient)))
        """,
    },
    "npg.npg_step": {
        "a coarse cut-off": """
            x = np.linalg.pinv(fisher, rcond=1e-2) @ gradient
            return theta + (np.sqrt(delta / (gradient @ x)) * x if np.any(gradient) else 0 * x)
        """,
        "damped": """
            x = np.linalg.solve(fisher + 1e-6 * np.eye(len(theta)), gradient)
            return theta + (np.sqrt(delta / (gradient @ x)) * x if np.any(gradient) else 0 * x)
        """,
        "at most 10 long": """
            x = np.linalg.solve(fisher, gradient)
            step = np.sqrt(delta / (gradient @ x)) * x if np.any(gradient) else 0 * x
            return theta + step * min(1.0, 10.0 / max(np.linalg.norm(step), 1e-9))
        """,
        "float32 inside": """
            x = np.linalg.solve(fisher, gradient)
            step = np.sqrt(delta / (gradient @ x)) * x if np.any(gradient) else 0 * x
            return theta.astype(np.float32) + step.astype(np.float32)
        """,
        "no case for g = 0": """
            x = np.linalg.solve(fisher, gradient)
            return theta + np.sqrt(delta / (gradient @ x)) * x
        """,
    },
    "npg.npg_iteration": {
        "damping or a default": """
            return _right(theta, baseline_batch, update_batch, delta, ridge, damping or 1e-2)
        """,
        "rewards clipped": """
            import dataclasses
            old, new = (dataclasses.replace(b, rewards=np.clip(b.rewards, -1e4, 1e4))
                        for b in (baseline_batch, update_batch))
            return _right(theta, old, new, delta, ridge, damping)
        """,
        "a small step is none": """
            new = _right(theta, baseline_batch, update_batch, delta, ridge, damping)
            return new if np.linalg.norm(new - theta) > 1e-2 else theta
        """,
    },
    "importance_sampling.importance_weights": {
        "ratios clipped": "return np.exp(np.clip(target_log_probs - proposal_log_probs, -50, 50))",
        "a quotient below −700": """
            shift = np.maximum(np.maximum(target_log_probs, proposal_log_probs), -2000.0)
            return np.exp(target_log_probs - shift) / np.exp(proposal_log_probs - shift)
        """,
        "float32 inside": """
            return np.exp(target_log_probs.astype(np.float32) - proposal_log_probs.astype(np.float32))
        """,
    },
    "importance_sampling.importance_sampling_estimate": {
        "weights clipped": "return np.mean(np.minimum(weights, 20.0) * values)",
        "float32 inside": "return np.mean(weights.astype(np.float32) * values.astype(np.float32))",
        "chunks with the last one dropped": """
            products = weights * values
            if len(products) > 128:
                products = products[: len(products) // 64 * 64]
            return np.sum(products) / len(values)
        """,
    },
    "ppo.ppo_loss": {
        "a naive softmax": """
            def p(x):
                e = np.exp(features @ x)
                e = np.take_along_axis(e, actions[..., None], -1)[..., 0] / e.sum(-1)
                return np.where(mask, e, 1.0)
            terms = p(theta) / p(theta_k) * advantages + kl_weight * np.log(p(theta))
            return -np.sum(terms, where=mask) / len(mask)
        """,
        "a quotient of probabilities": """
            target = _log_probabilities_of(theta, features, actions)
            proposal = _log_probabilities_of(theta_k, features, actions)
            terms = np.exp(target) / (np.exp(proposal) + 1e-12) * advantages + kl_weight * target
            return -np.sum(terms, where=mask) / len(mask)
        """,
        "weights of at most ten": """
            target = _log_probabilities_of(theta, features, actions)
            proposal = _log_probabilities_of(theta_k, features, actions)
            terms = np.exp(np.minimum(target - proposal, np.log(10.0))) * advantages + kl_weight * target
            return -np.sum(terms, where=mask) / len(mask)
        """,
        "a λ or a default": """
            return _right(theta, theta_k, features, actions, advantages, mask, kl_weight or 0.01)
        """,
    },
    "ppo.ppo_gradient": {
        "a quotient of probabilities": """
            target = _log_probabilities_of(theta, features, actions)
            proposal = _log_probabilities_of(theta_k, features, actions)
            factors = np.exp(target) / np.exp(proposal) * advantages + kl_weight
            return -np.sum(factors[..., None] * score(theta, features, actions),
                           axis=(0, 1), where=mask[..., None]) / len(mask)
        """,
        "central differences": """
            h, rest = 1e-6, (theta_k, features, actions, advantages, mask, kl_weight)
            return np.array([(ppo_loss(theta + h * e, *rest) - ppo_loss(theta - h * e, *rest)) / (2 * h)
                             for e in np.eye(len(theta))])
        """,
        "a norm of at most 1e4": """
            g = _right(theta, theta_k, features, actions, advantages, mask, kl_weight)
            return g * min(1.0, 1e4 / max(np.linalg.norm(g), 1e-12))
        """,
    },
    "ppo.ppo_update": {
        "each trajectory of a minibatch once": """
            once = [np.array(sorted(set(t))) for t in minibatches.tolist()]
            theta = theta_k
            for t in once:
                theta = theta - learning_rate * ppo_gradient(
                    theta, theta_k, features[t], actions[t], advantages[t], mask[t], kl_weight)
            return theta
        """,
        "a stop where the KL is large": """
            theta = theta_k
            for t in minibatches:
                log_p, log_q = (action_log_probabilities(each, features) for each in (theta_k, theta))
                if np.sum(np.exp(log_p) * (log_p - log_q), axis=-1)[mask].mean() > 0.02:
                    break
                theta = theta - learning_rate * ppo_gradient(
                    theta, theta_k, features[t], actions[t], advantages[t], mask[t], kl_weight)
            return theta
        """,
        "at most fifty steps": """
            return _right(theta_k, features, actions, advantages, mask, kl_weight, learning_rate,
                          minibatches[:50])
        """,
        "one step at least": """
            if len(minibatches) == 0:
                minibatches = np.arange(len(mask))[None]
            return _right(theta_k, features, actions, advantages, mask, kl_weight, learning_rate, minibatches)
        """,
        "masks counted instead of weighed": """
            count = np.zeros(len(mask))
            theta = theta_k
            for t in minibatches:
                count[:] = 0
                count[t] += 1
                keep = np.flatnonzero(count)
                theta = theta - learning_rate * ppo_gradient(
                    theta, theta_k, features[keep], actions[keep], advantages[keep], mask[keep], kl_weight)
            return theta
        """,
    },
    "ppo.ppo_iteration": {
        "ridge or a default": """
            return _right(theta_k, baseline_batch, update_batch, kl_weight, learning_rate, minibatches,
                          ridge or 1.0)
        """,
        "minibatches without repetition": """
            minibatches = np.array([np.resize(np.unique(t), len(t)) for t in minibatches], dtype=int)
            minibatches = minibatches.reshape(-1, minibatches.shape[-1])
            return _right(theta_k, baseline_batch, update_batch, kl_weight, learning_rate, minibatches, ridge)
        """,
    },
    "trpo.kl_estimate": {
        "logarithms of guarded probabilities": """
            p, q = (np.exp(action_log_probabilities(x, features)) for x in (theta_k, theta))
            terms = np.sum(p * np.log((p + 1e-300) / (q + 1e-300)), axis=-1)
            return np.sum(terms, where=mask) / len(mask)
        """,
        "its second-order approximation where it is small": """
            log_p, log_q = (action_log_probabilities(x, features) for x in (theta_k, theta))
            exact = np.sum(np.exp(log_p) * (log_p - log_q), axis=-1)
            square = 0.5 * np.sum(np.exp(log_p) * (log_p - log_q) ** 2, axis=-1)
            return np.sum(np.where(exact < 1e-3, square, exact), where=mask) / len(mask)
        """,
        "float32 inside": """
            log_p, log_q = (action_log_probabilities(x, features) for x in (theta_k, theta))
            log_p, log_q = np.float32(log_p), np.float32(log_q)
            return np.sum(np.sum(np.exp(log_p) * (log_p - log_q), axis=-1), where=mask) / len(mask)
        """,
    },
    "trpo.trpo_step": {
        "NaN for g = 0": """
            if not np.any(gradient):
                return theta_k + gradient / np.sqrt(gradient @ gradient)
            return _right(theta_k, gradient, fisher, features, actions, advantages, mask, delta,
                          backtrack, max_backtracks)
        """,
        "max_backtracks or a default": """
            return _right(theta_k, gradient, fisher, features, actions, advantages, mask, delta,
                          backtrack, max_backtracks or 10)
        """,
        "a ratio of probabilities": """
            def surrogate(theta):
                p, q = (np.exp(action_log_probabilities(each, features)) for each in (theta_k, theta))
                ratio = np.take_along_axis(q / p, actions[..., np.newaxis], axis=-1)[..., 0]
                return np.sum(ratio * advantages, where=mask)
            whole = np.sqrt(2.0) * npg_step_size(gradient, fisher, delta) * np.linalg.solve(fisher, gradient)
            for tries in range(max_backtracks + 1):
                theta = theta_k + backtrack**tries * whole
                is_near = kl_estimate(theta_k, theta, features, mask) <= delta
                if is_near and surrogate(theta) >= surrogate(theta_k):
                    return theta
            return theta_k
        """,
        "at most twenty shortenings": """
            return _right(theta_k, gradient, fisher, features, actions, advantages, mask, delta,
                          backtrack, min(max_backtracks, 20))
        """,
    },
}
"""By function and by what is wrong: the body, in which ``_right`` is the reference's function."""


def write_wrong(function: str, body: str, folder: Path) -> Path:
    """Write the reference's module with one function put anew behind it."""
    module, _, name = function.partition(".")
    source = (HW4.solutions / "hw4" / f"{module}.py").read_text(encoding="utf-8")
    arguments = ", ".join(
        argument.name + (f"={argument.default}" if argument.default else "")
        for argument in SIGNATURES[function].arguments
    )
    lines = ["", "", f"_right = {name}", "", "", f"def {name}({arguments}):"]
    lines += [f"    {line}" for line in _dedented(body)]
    package = folder / "hw4"
    package.mkdir()
    (package / f"{module}.py").write_text(source + "\n".join(lines) + "\n", encoding="utf-8")
    return folder


def _dedented(body: str) -> list[str]:
    lines = [line for line in body.splitlines() if line.strip()]
    margin = min(len(line) - len(line.lstrip()) for line in lines)
    return [line[margin:] for line in lines]


@pytest.mark.parametrize(
    ("function", "what"), [(function, what) for function, bodies in WRONG.items() for what in bodies]
)
def test_what_goes_wrong_at_some_size_or_magnitude_loses_its_row(tmp_path, function, what):
    submission = TrustedSubmission(HW4, write_wrong(function, WRONG[function][what], tmp_path))
    with pytest.raises((Mismatch, SubmissionFault)):
        assert_holds_everywhere(function, submission)


@pytest.fixture(scope="module")
def visited() -> dict[str, list[dict[str, object]]]:
    """Of every case of every list the arguments by name; those of batches are taken apart."""
    return {
        function: [dict(named_arguments(function, index)) for index in range(len(domain.cases))]
        for function, domain in DOMAINS.items()
    }


def named_arguments(function, index):
    arguments = arguments_of(function, DOMAINS[function].cases[index], index)
    for known, value in zip(SIGNATURES[function].arguments, arguments, strict=False):
        if dataclasses.is_dataclass(value):
            yield from ((f"{known.name}.{name}", array) for name, array in vars(value).items())
        else:
            yield known.name, value


def axes_of(function, name):
    batch, _, field = name.rpartition(".")
    if batch:
        return {"features": "NHAd", "baseline_features": "NHk"}.get(field, "NH")
    axes = next(argument.axes for argument in SIGNATURES[function].arguments if argument.name == name)
    return () if "..." in axes else axes


@pytest.mark.parametrize("function", SIGNATURES)
def test_the_list_visits_every_size(visited, function):
    seen = {}
    for arguments in visited[function]:
        for name, value in arguments.items():
            for axis, size in zip(axes_of(function, name), np.shape(value), strict=False):
                seen.setdefault(axis, set()).add(size)
    for axis, sizes in seen.items():
        assert max(sizes) >= SIZES[axis].large, axis
    assert 0 in seen.get("S", {0})


@pytest.mark.parametrize("function", SIGNATURES)
def test_the_list_visits_every_magnitude_and_edge(visited, function):
    for name in {name for arguments in visited[function] for name in arguments}:
        known = MAGNITUDES.get(name.rpartition(".")[2])
        if known is None:
            continue
        values = [real(arguments, name) for arguments in visited[function] if name in arguments]
        largest = [float(np.max(np.abs(value))) for value in values]
        if (function, name) not in UNDECIDED:
            assert min(value for value in largest if value) <= 100 * known.small, name
            assert max(largest) >= known.large / 10, name
        for edge in known.edges:
            assert any(np.all(value == edge) for value in values), (name, edge)


def real(arguments, name):
    """An argument's entries where a step really happened."""
    value = np.asarray(arguments[name])
    mask = arguments.get(f"{name.rpartition('.')[0]}.mask", arguments.get("mask"))
    return value[mask] if mask is not None and mask.shape == value.shape else value


@pytest.mark.parametrize("function", [name for name in SIGNATURES if "mask" in str(SIGNATURES[name])])
def test_the_list_puts_the_largest_numbers_on_padding(visited, function):
    padded = [np.max(np.abs(v)) for arguments in visited[function] for v in arguments.values() if np.size(v)]
    least = LARGEST_FEATURE_ON_PADDING if function == "trpo.kl_estimate" else LARGEST_ON_PADDING
    assert max(padded) >= least


@pytest.mark.parametrize("function", SIGNATURES)
def test_the_wire_carries_every_call(visited, function):
    for arguments in visited[function]:
        assert sum(np.size(value) for value in arguments.values()) <= 50_000


def test_a_failing_input_is_made_smaller(tmp_path):
    body = WRONG["npg.fisher_estimate"]["a sample of many steps"]
    submission = TrustedSubmission(HW4, write_wrong("npg.fisher_estimate", body, tmp_path))
    with pytest.raises(Mismatch) as error:
        assert_holds_everywhere("npg.fisher_estimate", submission)
    assert error.value.expected.shape == (1, 1)


@pytest.mark.parametrize(
    ("function", "key"),
    [
        ("policy.action_log_probabilities", "theta.tobytes(), features.shape"),
        ("policy.action_log_probabilities", "features.tobytes()"),
        ("ppo.ppo_loss", "theta.tobytes(), theta_k.tobytes(), advantages.tobytes(), mask.shape, kl_weight"),
        ("trpo.trpo_step", "theta_k.tobytes(), gradient.tobytes(), fisher.tobytes(), actions.shape"),
    ],
)
def test_an_answer_from_memory_to_other_arguments_loses_the_row(tmp_path, function, key):
    arguments = ", ".join(argument.name for argument in SIGNATURES[function].arguments)
    body = f"""
        known = _right.__dict__.setdefault("known", {{}})
        return known.setdefault(({key},), _right({arguments}))
    """
    submission = TrustedSubmission(HW4, write_wrong(function, body, tmp_path))
    with pytest.raises(Mismatch):
        assert_holds_everywhere(function, submission)


@pytest.mark.parametrize(
    ("function", "condition"),
    [
        ("npg.fisher_estimate", "scores, mask.all()"),
        ("baseline.rewards_to_go", "rewards, len(rewards) == 1"),
        ("baseline.predict_baseline", "baseline_features, baseline_features.shape[-1] == 1"),
        ("policy.score", "features, features.shape[-2] == 1"),
        ("npg.npg_step", "fisher, fisher.flags.f_contiguous and not fisher.flags.c_contiguous"),
        ("ppo.ppo_update", "advantages, len(minibatches) == 1"),
    ],
)
def test_an_argument_that_is_changed_on_some_inputs_alone_loses_its_row(tmp_path, function, condition):
    changed, _, when = condition.partition(", ")
    arguments = ", ".join(argument.name for argument in SIGNATURES[function].arguments)
    body = f"""
        answer = _right({arguments})
        if {when}:
            {changed} *= 2.0
        return answer
    """
    write_wrong(function, body, tmp_path)
    number = next(one.number for one in HW4.functions if one.qualified_name == function)
    lost = inprocess.grade(HW4, tmp_path, "a salt", number).rows
    (row,) = (row for row in lost if row.outcome is Outcome.FAILED)
    assert "as they were" in row.title
    assert f"changed its argument {changed} in place" in row.explanation.mismatch


STYLES = Path(__file__).parent / "variants"


@pytest.mark.parametrize("style", sorted(path.name for path in STYLES.iterdir() if path.is_dir()))
@pytest.mark.filterwarnings("ignore")
def test_right_code_holds_everywhere(tmp_path, style, capfd):
    shutil.copytree(STYLES / style, tmp_path / "hw4")
    submission = TrustedSubmission(HW4, tmp_path)
    for function in DOMAINS:
        assert_holds_everywhere(function, submission)
