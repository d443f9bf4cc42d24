from hw4.baseline import fit_baseline, predict_baseline, rewards_to_go
from hw4.importance_sampling import importance_weights
from hw4.policy import action_log_probabilities, over_trajectories, score, take


def ppo_loss(theta, theta_k, features, actions, advantages, mask, kl_weight):
    new = take(action_log_probabilities(theta, features), actions)
    old = take(action_log_probabilities(theta_k, features), actions)
    return -over_trajectories(importance_weights(new, old) * advantages + kl_weight * new, mask)


def ppo_gradient(theta, theta_k, features, actions, advantages, mask, kl_weight):
    new = take(action_log_probabilities(theta, features), actions)
    old = take(action_log_probabilities(theta_k, features), actions)
    factors = importance_weights(new, old) * advantages + kl_weight
    return -over_trajectories(factors[..., None] * score(theta, features, actions), mask)


def ppo_update(theta_k, features, actions, advantages, mask, kl_weight, learning_rate, minibatches):
    theta = theta_k
    for i in iter(minibatches):
        theta = theta - learning_rate * ppo_gradient(
            theta, theta_k, features[i], actions[i], advantages[i], mask[i], kl_weight
        )
    return theta


def ppo_iteration(theta_k, baseline_batch, update_batch, kl_weight, learning_rate, minibatches, ridge):
    b, u = baseline_batch, update_batch
    w = fit_baseline(b.baseline_features, rewards_to_go(b.rewards, b.mask), b.mask, ridge)
    A = rewards_to_go(u.rewards, u.mask) - predict_baseline(w, u.baseline_features)
    return ppo_update(theta_k, u.features, u.actions, A, u.mask, kl_weight, learning_rate, minibatches)


def clip_penalty_weights(target_log_probs, proposal_log_probs, advantages, clip):
    w = importance_weights(target_log_probs, proposal_log_probs)
    beyond = ((w > 1 + clip) & (advantages > 0)) | ((w < 1 - clip) & (advantages < 0))
    return -(w * advantages) * beyond
