"""PPO in plain Python, a step of a trajectory at a time."""

import math

import numpy as np

from hw4.baseline import fit_baseline, predict_baseline, rewards_to_go
from hw4.policy import action_log_probabilities, score


def ppo_loss(theta, theta_k, features, actions, advantages, mask, kl_weight):
    M, H = actions.shape
    new = action_log_probabilities(theta, features)
    old = action_log_probabilities(theta_k, features)
    total = 0.0
    for m in range(M):
        for h in range(H):
            if mask[m, h]:
                a = actions[m, h]
                ratio = math.exp(new[m, h, a] - old[m, h, a])
                total += ratio * advantages[m, h] - kl_weight * -new[m, h, a]
    return -total / M


def ppo_gradient(theta, theta_k, features, actions, advantages, mask, kl_weight):
    M, H = actions.shape
    new = action_log_probabilities(theta, features).tolist()
    old = action_log_probabilities(theta_k, features).tolist()
    scores = score(theta, features, actions).tolist()
    gradient = [0.0] * len(theta)
    for m in range(M):
        for h in range(H):
            if mask[m, h]:
                a = actions[m, h]
                ratio = math.exp(new[m][h][a] - old[m][h][a])
                factor = ratio * advantages[m, h] + kl_weight
                for i, s in enumerate(scores[m][h]):
                    gradient[i] -= factor * s
    return [g / M for g in gradient]


def ppo_update(theta_k, features, actions, advantages, mask, kl_weight, learning_rate, minibatches):
    theta = [float(t) for t in theta_k]
    for t in range(minibatches.shape[0]):
        index = minibatches[t]
        g = ppo_gradient(
            np.array(theta),
            theta_k,
            features[index],
            actions[index],
            advantages[index],
            mask[index],
            kl_weight,
        )
        for i in range(len(theta)):
            theta[i] = theta[i] - learning_rate * g[i]
    return theta


def ppo_iteration(theta_k, baseline_batch, update_batch, kl_weight, learning_rate, minibatches, ridge):
    old = baseline_batch
    weights = fit_baseline(old.baseline_features, rewards_to_go(old.rewards, old.mask), old.mask, ridge)
    b = predict_baseline(weights, update_batch.baseline_features)
    R = rewards_to_go(update_batch.rewards, update_batch.mask)
    A = np.zeros(R.shape)
    for m in range(A.shape[0]):
        for h in range(A.shape[1]):
            A[m, h] = R[m, h] - b[m, h]
    return ppo_update(
        theta_k,
        update_batch.features,
        update_batch.actions,
        A,
        update_batch.mask,
        kl_weight,
        learning_rate,
        minibatches,
    )


def clip_penalty_weights(target_log_probs, proposal_log_probs, advantages, clip):
    result = np.zeros(advantages.shape)
    for index in np.ndindex(advantages.shape):
        weight = math.exp(target_log_probs[index] - proposal_log_probs[index])
        if advantages[index] > 0 and weight > 1 + clip:
            result[index] = -weight * advantages[index]
        if advantages[index] < 0 and weight < 1 - clip:
            result[index] = -weight * advantages[index]
    return result
