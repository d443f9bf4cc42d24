"""PPO whose gradient is the complex-step derivative of its loss: exact to rounding, and no formula."""

import numpy as np

from hw4.baseline import fit_baseline, predict_baseline, rewards_to_go


def _log_pi(theta, features, actions):
    logits = features @ theta
    logits = logits - logits.real.max(axis=-1, keepdims=True)
    log_pi = logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))
    return np.take_along_axis(log_pi, actions[..., None], axis=-1)[..., 0]


def _loss(theta, theta_k, features, actions, advantages, mask, kl_weight):
    new, old = _log_pi(theta, features, actions), _log_pi(theta_k, features, actions)
    return -np.sum((np.exp(new - old) * advantages + kl_weight * new)[mask]) / len(mask)


def ppo_loss(theta, theta_k, features, actions, advantages, mask, kl_weight):
    return _loss(theta, theta_k, features, actions, advantages, mask, kl_weight).real


def ppo_gradient(theta, theta_k, features, actions, advantages, mask, kl_weight):
    data = (theta_k, features, actions, advantages, mask, kl_weight)
    tiny = 1e-200
    return np.array([_loss(theta + 1j * tiny * unit, *data).imag / tiny for unit in np.eye(len(theta))])


def ppo_update(theta_k, features, actions, advantages, mask, kl_weight, learning_rate, minibatches):
    theta = theta_k
    for i in minibatches:
        data = (theta_k, features[i], actions[i], advantages[i], mask[i], kl_weight)
        theta = theta - learning_rate * ppo_gradient(theta, *data)
    return theta


def ppo_iteration(theta_k, baseline_batch, update_batch, kl_weight, learning_rate, minibatches, ridge):
    b, u = baseline_batch, update_batch
    w = fit_baseline(b.baseline_features, rewards_to_go(b.rewards, b.mask), b.mask, ridge)
    A = rewards_to_go(u.rewards, u.mask) - predict_baseline(w, u.baseline_features)
    return ppo_update(theta_k, u.features, u.actions, A, u.mask, kl_weight, learning_rate, minibatches)


def clip_penalty_weights(target_log_probs, proposal_log_probs, advantages, clip):
    """Less the derivative of what PPO-clip leaves out of w·Â, by ln π."""
    gap = target_log_probs - proposal_log_probs
    w = np.exp(gap)
    left_out = w * advantages - np.minimum(w * advantages, np.clip(w, 1 - clip, 1 + clip) * advantages)
    return np.where(left_out > 0, -(np.exp(gap + 1e-200j).imag / 1e-200) * advantages, 0.0)
