from functools import partial, reduce

import numpy as np

from hw4.baseline import fit_baseline, predict_baseline, rewards_to_go
from hw4.importance_sampling import importance_weights
from hw4.policy import action_log_probabilities, score


def objective(theta_k, features, actions, advantages, mask, kl_weight):
    """Return ℓ̂^k and its gradient as functions of θ alone."""

    def log_pi(theta):
        table = action_log_probabilities(theta, features)
        return np.choose(actions, np.moveaxis(table, -1, 0))

    old = log_pi(theta_k)

    def value(theta):
        new = log_pi(theta)
        return np.sum((importance_weights(new, old) * advantages + kl_weight * new) * mask) / len(mask)

    def slope(theta):
        factors = (importance_weights(log_pi(theta), old) * advantages + kl_weight) * mask
        return np.tensordot(factors, score(theta, features, actions), axes=2) / len(mask)

    return value, slope


def ppo_loss(theta, theta_k, *data):
    return -objective(theta_k, *data)[0](theta)


def ppo_gradient(theta, theta_k, *data):
    return -objective(theta_k, *data)[1](theta)


def ppo_update(theta_k, features, actions, advantages, mask, kl_weight, learning_rate, minibatches):
    def descend(theta, index):
        data = [array[index] for array in (features, actions, advantages, mask)]
        return theta - learning_rate * ppo_gradient(theta, theta_k, *data, kl_weight)

    return reduce(descend, minibatches, theta_k)


def ppo_iteration(theta_k, baseline_batch, update_batch, kl_weight, learning_rate, minibatches, ridge):
    fit = partial(fit_baseline, ridge=ridge)
    w = fit(
        baseline_batch.baseline_features,
        rewards_to_go(baseline_batch.rewards, baseline_batch.mask),
        baseline_batch.mask,
    )
    u = update_batch
    advantages = rewards_to_go(u.rewards, u.mask) - predict_baseline(w, u.baseline_features)
    return ppo_update(
        theta_k, u.features, u.actions, advantages, u.mask, kl_weight, learning_rate, minibatches
    )


def clip_penalty_weights(target_log_probs, proposal_log_probs, advantages, clip):
    ratio = importance_weights(target_log_probs, proposal_log_probs)

    def where_clipped(beyond):
        return beyond.astype(float)

    rising = where_clipped((advantages > 0) & (ratio > 1 + clip))
    falling = where_clipped((advantages < 0) & (ratio < 1 - clip))
    return np.multiply(-(rising + falling) * ratio, advantages)
