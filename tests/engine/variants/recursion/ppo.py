import numpy as np

from hw4.baseline import fit_baseline, predict_baseline, rewards_to_go
from hw4.policy import action_log_probabilities, score


def _taken(theta, features, actions):
    return np.take_along_axis(action_log_probabilities(theta, features), actions[..., None], -1)[..., 0]


def ppo_loss(theta, theta_k, features, actions, advantages, mask, kl_weight):
    if len(mask) > 1:
        rest = (features[1:], actions[1:], advantages[1:], mask[1:], kl_weight)
        one = (features[:1], actions[:1], advantages[:1], mask[:1], kl_weight)
        n = len(mask)
        return (ppo_loss(theta, theta_k, *one) + (n - 1) * ppo_loss(theta, theta_k, *rest)) / n
    new, old = _taken(theta, features, actions), _taken(theta_k, features, actions)
    return -np.sum((np.exp(new - old) * advantages - kl_weight * -new)[mask])


def ppo_gradient(theta, theta_k, features, actions, advantages, mask, kl_weight):
    new, old = _taken(theta, features, actions), _taken(theta_k, features, actions)
    s = score(theta, features, actions)
    gradient = sum(
        (np.exp(new[i] - old[i]) * advantages[i] + kl_weight) * s[i] for i in zip(*np.nonzero(mask))
    )
    return -gradient / len(mask)


def ppo_update(
    theta_k,
    features,
    actions,
    advantages,
    mask,
    kl_weight,
    learning_rate,
    minibatches,
    theta=None,
):
    theta = theta_k if theta is None else theta
    if len(minibatches) == 0:
        return theta
    i = minibatches[0]
    g = ppo_gradient(theta, theta_k, features[i], actions[i], advantages[i], mask[i], kl_weight)
    return ppo_update(
        theta_k,
        features,
        actions,
        advantages,
        mask,
        kl_weight,
        learning_rate,
        minibatches[1:],
        theta=theta - learning_rate * g,
    )


def ppo_iteration(theta_k, baseline_batch, update_batch, kl_weight, learning_rate, minibatches, ridge):
    b, u = baseline_batch, update_batch
    w = fit_baseline(b.baseline_features, rewards_to_go(b.rewards, b.mask), b.mask, ridge)
    A = rewards_to_go(u.rewards, u.mask) - predict_baseline(w, u.baseline_features)
    return ppo_update(theta_k, u.features, u.actions, A, u.mask, kl_weight, learning_rate, minibatches)


def clip_penalty_weights(target_log_probs, proposal_log_probs, advantages, clip):
    if np.ndim(advantages) > 0:
        triples = zip(target_log_probs, proposal_log_probs, advantages)
        return np.array([clip_penalty_weights(*triple, clip) for triple in triples])
    w = np.exp(target_log_probs - proposal_log_probs)
    if advantages > 0:
        return -w * advantages if w > 1 + clip else 0.0
    return -w * advantages if w < 1 - clip and advantages < 0 else 0.0
