"""Part 1: the softmax-linear policy π_θ(a|s) ∝ exp(θ·φ(s,a)) and its score ∇_θ ln π_θ(a|s).

Knows one state or any number of them (the leading axes), and nothing of trajectories or masks.
"""

from __future__ import annotations

import numpy as np


def action_log_probabilities(theta: np.ndarray, features: np.ndarray) -> np.ndarray:
    """Return the log-probability of every action under the softmax-linear policy.

        ln π_θ(a|s) = θ·φ(s,a) − ln Σ_a' exp(θ·φ(s,a'))

    (lecture, "Example of Natural Gradient on 1-d problem", is its smallest case). Stable for logits of any
    size: ln Σ exp must neither overflow at logits of +1e4 nor become ln 0 at −1e4.

    Args:
        theta: (d,), the policy's parameters θ.
        features: (..., A, d), φ(s,a) for every action a.

    Returns:
        (..., A), ln π_θ(a|s); every entry finite and at most 0.

    Example:
        At θ = 0 both of two actions have probability ½, and ln ½ = −0.693.

        >>> action_log_probabilities(np.array([0.0]), np.array([[1.0], [0.0]])).round(3).tolist()
        [-0.693, -0.693]
    """
    # BEGIN SOLUTION
    logits = features @ theta
    logits = logits - logits.max(axis=-1, keepdims=True)
    return logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))
    # END SOLUTION


def score(theta: np.ndarray, features: np.ndarray, actions: np.ndarray) -> np.ndarray:
    """Return the score of the chosen actions, the gradient of their log-probability.

        ∇_θ ln π_θ(a|s) = φ(s,a) − Σ_a' π_θ(a'|s) φ(s,a')

    (lecture, "PG with a Learned Baseline", the term inside g').

    Args:
        theta: (d,), the policy's parameters θ.
        features: (..., A, d), φ(s,a) for every action a.
        actions: (...) int64, the action chosen in each state.

    Returns:
        (..., d), ∇_θ ln π_θ(a|s). Its mean over a ~ π_θ(·|s) is zero.

    Example:
        φ(s,0) = 1 and φ(s,1) = 0 are equally likely, so their mean is ½; action 0 was chosen.

        >>> score(np.array([0.0]), np.array([[1.0], [0.0]]), np.array(0)).round(3).tolist()
        [0.5]
    """
    # BEGIN SOLUTION
    probabilities = np.exp(action_log_probabilities(theta, features))
    one_hot = np.eye(features.shape[-2])[actions]
    return np.einsum("...a,...ad->...d", one_hot - probabilities, features)
    # END SOLUTION
