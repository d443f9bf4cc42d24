import numpy as np

from . import baseline, importance_sampling, policy
from .trajectories import TrajectoryBatch


def _pick(table, actions):
    m, h = np.indices(actions.shape)
    return table[m, h, actions]


def ppo_loss(theta, theta_k, features, actions, advantages, mask, kl_weight):
    new = _pick(policy.action_log_probabilities(theta, features), actions)[mask]
    old = _pick(policy.action_log_probabilities(theta_k, features), actions)[mask]
    ratio = importance_sampling.importance_weights(new, old)
    return (-(ratio * advantages[mask]).sum() + kl_weight * (-new).sum()) / mask.shape[0]


def ppo_gradient(theta, theta_k, features, actions, advantages, mask, kl_weight):
    real_features, real_actions = features[mask], actions[mask]
    new = policy.action_log_probabilities(theta, real_features)
    old = policy.action_log_probabilities(theta_k, real_features)
    rows = np.arange(len(real_actions))
    ratio = importance_sampling.importance_weights(new[rows, real_actions], old[rows, real_actions])
    scores = policy.score(theta, real_features, real_actions)
    return -(scores.T @ (ratio * advantages[mask] + kl_weight)) / mask.shape[0]


def ppo_update(theta_k, features, actions, advantages, mask, kl_weight, learning_rate, minibatches):
    theta, data = theta_k, (features, actions, advantages, mask)
    for index in minibatches:
        theta = theta - learning_rate * ppo_gradient(theta, theta_k, *[x[index] for x in data], kl_weight)
    return theta


def ppo_iteration(
    theta_k,
    baseline_batch: TrajectoryBatch,
    update_batch: TrajectoryBatch,
    kl_weight,
    learning_rate,
    minibatches,
    ridge,
):
    y = baseline.rewards_to_go(baseline_batch.rewards, baseline_batch.mask)
    w = baseline.fit_baseline(baseline_batch.baseline_features, y, baseline_batch.mask, ridge)
    a = baseline.rewards_to_go(update_batch.rewards, update_batch.mask)
    a = a - baseline.predict_baseline(w, update_batch.baseline_features)
    u = update_batch
    return ppo_update(theta_k, u.features, u.actions, a, u.mask, kl_weight, learning_rate, minibatches)


def clip_penalty_weights(target_log_probs, proposal_log_probs, advantages, clip):
    w = importance_sampling.importance_weights(target_log_probs, proposal_log_probs)
    too_large = np.logical_and(advantages > 0, w > 1 + clip)
    too_small = np.logical_and(advantages < 0, w < 1 - clip)
    penalty = np.zeros_like(w)
    penalty[too_large | too_small] = (-w * advantages)[too_large | too_small]
    return penalty
