import numpy as np

from hw4.baseline import fit_baseline, predict_baseline, rewards_to_go
from hw4.policy import action_log_probabilities, score


def taken(theta, features, actions):
    log_probs = np.array(action_log_probabilities(theta, features))
    return np.take_along_axis(log_probs, actions[..., None], axis=-1)[..., 0]


def ppo_loss(theta, theta_k, features, actions, advantages, mask, kl_weight):
    new, old = taken(theta, features, actions), taken(theta_k, features, actions)
    terms = np.exp(new - old) * np.asarray(advantages) + kl_weight * new
    return [-terms[mask].sum() / len(mask)]


def ppo_gradient(theta, theta_k, features, actions, advantages, mask, kl_weight):
    new, old = taken(theta, features, actions), taken(theta_k, features, actions)
    factors = (np.exp(new - old) * np.asarray(advantages) + kl_weight)[mask]
    return (-(factors @ np.array(score(theta, features, actions))[mask]) / len(mask)).tolist()


def ppo_update(theta_k, features, actions, advantages, mask, kl_weight, learning_rate, minibatches):
    theta = list(theta_k)
    for rows in minibatches.tolist():
        slope = ppo_gradient(
            np.array(theta), theta_k, features[rows], actions[rows], advantages[rows], mask[rows], kl_weight
        )
        theta = [t - learning_rate * s for t, s in zip(theta, slope)]
    return theta


def ppo_iteration(theta_k, baseline_batch, update_batch, kl_weight, learning_rate, minibatches, ridge):
    old, new = baseline_batch, update_batch
    w = fit_baseline(old.baseline_features, rewards_to_go(old.rewards, old.mask), old.mask, ridge)
    advantages = np.subtract(rewards_to_go(new.rewards, new.mask), predict_baseline(w, new.baseline_features))
    return ppo_update(
        theta_k, new.features, new.actions, advantages, new.mask, kl_weight, learning_rate, minibatches
    )


def clip_penalty_weights(target_log_probs, proposal_log_probs, advantages, clip):
    def one(new, old, advantage):
        w = float(np.exp(new - old))
        if (advantage > 0 and w > 1 + clip) or (advantage < 0 and w < 1 - clip):
            return -w * advantage
        return 0.0

    weights = map(one, np.ravel(target_log_probs), np.ravel(proposal_log_probs), np.ravel(advantages))
    return np.reshape(list(weights), np.shape(advantages)).tolist()
