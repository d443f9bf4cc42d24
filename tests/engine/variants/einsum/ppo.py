import numpy as np

from hw4.baseline import fit_baseline, predict_baseline, rewards_to_go
from hw4.policy import action_log_probabilities, score


def _logp(theta, features, actions):
    one_hot = np.eye(features.shape[-2])[actions]
    return np.einsum("mha,mha->mh", action_log_probabilities(theta, features), one_hot)


def ppo_loss(theta, theta_k, features, actions, advantages, mask, kl_weight):
    logp = _logp(theta, features, actions)
    ratio = np.exp(logp - _logp(theta_k, features, actions))
    m = mask.astype(float)
    objective = np.einsum("mh,mh,mh", ratio, advantages, m) + kl_weight * np.einsum("mh,mh", logp, m)
    return -objective / len(m)


def ppo_gradient(theta, theta_k, features, actions, advantages, mask, kl_weight):
    ratio = np.exp(_logp(theta, features, actions) - _logp(theta_k, features, actions))
    s = score(theta, features, actions)
    m = mask / len(mask)
    return -np.einsum("mh,mh,mh,mhd->d", ratio, advantages, m, s) - kl_weight * np.einsum("mh,mhd->d", m, s)


def ppo_update(theta_k, features, actions, advantages, mask, kl_weight, learning_rate, minibatches):
    theta = theta_k.copy()
    for i in minibatches:
        theta -= learning_rate * ppo_gradient(
            theta, theta_k, features[i], actions[i], advantages[i], mask[i], kl_weight
        )
    return theta


def ppo_iteration(theta_k, baseline_batch, update_batch, kl_weight, learning_rate, minibatches, ridge):
    b, u = baseline_batch, update_batch
    w = fit_baseline(b.baseline_features, rewards_to_go(b.rewards, b.mask), b.mask, ridge)
    adv = rewards_to_go(u.rewards, u.mask) - predict_baseline(w, u.baseline_features)
    return ppo_update(theta_k, u.features, u.actions, adv, u.mask, kl_weight, learning_rate, minibatches)


def clip_penalty_weights(target_log_probs, proposal_log_probs, advantages, clip):
    ratio = np.exp(target_log_probs - proposal_log_probs)
    active = np.sign(advantages) * (ratio - 1) > clip
    return -np.einsum("...,...,...->...", np.where(active, ratio, 0.0), advantages, active)
