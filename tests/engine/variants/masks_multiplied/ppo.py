import numpy as np

from hw4.baseline import fit_baseline, predict_baseline, rewards_to_go
from hw4.importance_sampling import importance_weights
from hw4.policy import action_log_probabilities, score


def ppo_loss(theta, theta_k, features, actions, advantages, mask, kl_weight):
    index = actions[..., None]
    lp = np.take_along_axis(action_log_probabilities(theta, features), index, axis=-1)[..., 0] * mask
    lq = np.take_along_axis(action_log_probabilities(theta_k, features), index, axis=-1)[..., 0] * mask
    surrogate = importance_weights(lp, lq) * (advantages * mask)
    return float(-(surrogate + kl_weight * lp).sum(axis=1).mean())


def ppo_gradient(theta, theta_k, features, actions, advantages, mask, kl_weight):
    index = actions[..., None]
    lp = np.take_along_axis(action_log_probabilities(theta, features), index, axis=-1)[..., 0]
    lq = np.take_along_axis(action_log_probabilities(theta_k, features), index, axis=-1)[..., 0]
    coefficients = (importance_weights(lp, lq) * advantages + kl_weight) * mask
    return -(coefficients[..., None] * score(theta, features, actions)).sum(axis=(0, 1)) / mask.shape[0]


def ppo_update(theta_k, features, actions, advantages, mask, kl_weight, learning_rate, minibatches):
    theta = np.array(theta_k)
    for batch in minibatches:
        theta = theta + learning_rate * -ppo_gradient(
            theta, theta_k, features[batch], actions[batch], advantages[batch], mask[batch], kl_weight
        )
    return theta


def ppo_iteration(theta_k, baseline_batch, update_batch, kl_weight, learning_rate, minibatches, ridge):
    old_returns = rewards_to_go(baseline_batch.rewards, baseline_batch.mask)
    weights = fit_baseline(baseline_batch.baseline_features, old_returns, baseline_batch.mask, ridge)
    returns = rewards_to_go(update_batch.rewards, update_batch.mask)
    advantages = (returns - predict_baseline(weights, update_batch.baseline_features)) * update_batch.mask
    return ppo_update(
        theta_k,
        update_batch.features,
        update_batch.actions,
        advantages,
        update_batch.mask,
        kl_weight,
        learning_rate,
        minibatches,
    )


def clip_penalty_weights(target_log_probs, proposal_log_probs, advantages, clip):
    w = importance_weights(target_log_probs, proposal_log_probs)
    active = (advantages > 0) * (w > 1 + clip) + (advantages < 0) * (w < 1 - clip)
    return -1.0 * active * w * advantages
