import numpy as np

from hw4.baseline import fit_baseline, predict_baseline, rewards_to_go
from hw4.policy import action_log_probabilities, score


def ppo_loss(theta, theta_k, features, actions, advantages, mask, kl_weight):
    """Flat arrays: every real step is a row."""
    phi, a, adv = features[mask], actions[mask].astype(int), advantages[mask].astype(np.float64)
    rows = range(len(a))
    log_new = action_log_probabilities(theta, phi)[rows, a]
    log_old = action_log_probabilities(theta_k, phi)[rows, a]
    gain = float(np.dot(np.exp(log_new - log_old), adv))
    entropy_like = float(np.sum(-log_new))
    return float(-(gain - float(kl_weight) * entropy_like)) / float(mask.shape[0])


def ppo_gradient(theta, theta_k, features, actions, advantages, mask, kl_weight):
    phi, a, adv = features[mask], actions[mask].astype(int), advantages[mask]
    rows = range(len(a))
    ratio = np.exp(
        action_log_probabilities(theta, phi)[rows, a] - action_log_probabilities(theta_k, phi)[rows, a]
    )
    s = score(theta, phi, a)
    pg = (s * (ratio * adv)[:, None]).sum(0)
    kl = kl_weight * -s.sum(0)
    return -(pg - kl).astype(float) / float(mask.shape[0])


def ppo_update(theta_k, features, actions, advantages, mask, kl_weight, learning_rate, minibatches):
    path = [np.array(theta_k, dtype=float)]
    for index in np.asarray(minibatches, dtype=int):
        batch = (features[index], actions[index], advantages[index], mask[index])
        path.append(path[-1] - float(learning_rate) * ppo_gradient(path[-1], path[0], *batch, kl_weight))
    return path[-1]


def ppo_iteration(theta_k, baseline_batch, update_batch, kl_weight, learning_rate, minibatches, ridge):
    b, u = baseline_batch, update_batch
    w = fit_baseline(b.baseline_features, rewards_to_go(b.rewards, b.mask), b.mask, float(ridge))
    A = rewards_to_go(u.rewards, u.mask) - predict_baseline(w, u.baseline_features)
    return ppo_update(theta_k, u.features, u.actions, A, u.mask, kl_weight, learning_rate, minibatches)


def clip_penalty_weights(target_log_probs, proposal_log_probs, advantages, clip):
    adv = np.asarray(advantages).astype(float)
    ratio = np.exp(np.asarray(target_log_probs, dtype=float) - np.asarray(proposal_log_probs, dtype=float))
    active = np.logical_or(
        np.logical_and(adv > 0.0, ratio > 1.0 + float(clip)),
        np.logical_and(adv < 0.0, ratio < 1.0 - float(clip)),
    )
    return -np.where(active, ratio * adv, 0.0).astype(float)
