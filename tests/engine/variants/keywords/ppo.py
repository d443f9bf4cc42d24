import numpy as np

import hw4.importance_sampling as IS
from hw4 import baseline, policy


def log_pi(*, theta, features, actions):
    table = policy.action_log_probabilities(theta=theta, features=features)
    return np.take_along_axis(arr=table, indices=np.expand_dims(actions, axis=-1), axis=-1).squeeze(axis=-1)


def ppo_loss(theta, theta_k, features, actions, advantages, mask, kl_weight):
    new = log_pi(theta=theta, features=features, actions=actions)
    old = log_pi(theta=theta_k, features=features, actions=actions)
    weights = IS.importance_weights(target_log_probs=new, proposal_log_probs=old)
    penalty = kl_weight * np.negative(new)
    return -np.mean(np.sum(a=weights * advantages - penalty, axis=1, where=mask))


def ppo_gradient(theta, theta_k, features, actions, advantages, mask, kl_weight):
    new = log_pi(theta=theta, features=features, actions=actions)
    old = log_pi(theta=theta_k, features=features, actions=actions)
    weights = IS.importance_weights(target_log_probs=new, proposal_log_probs=old)
    scores = policy.score(theta=theta, features=features, actions=actions)
    terms = (weights * advantages + kl_weight)[:, :, None] * scores
    return -np.mean(np.sum(a=terms, axis=1, where=mask[:, :, None]), axis=0)


def ppo_update(theta_k, features, actions, advantages, mask, kl_weight, learning_rate, minibatches):
    theta = np.copy(theta_k)
    for step in range(len(minibatches)):
        pick = minibatches[step, :]
        theta = theta - learning_rate * ppo_gradient(
            theta=theta,
            theta_k=theta_k,
            features=np.take(features, pick, axis=0),
            actions=np.take(actions, pick, axis=0),
            advantages=np.take(advantages, pick, axis=0),
            mask=np.take(mask, pick, axis=0),
            kl_weight=kl_weight,
        )
    return theta


def ppo_iteration(theta_k, baseline_batch, update_batch, kl_weight, learning_rate, minibatches, ridge):
    w = baseline.fit_baseline(
        baseline_features=baseline_batch.baseline_features,
        returns=baseline.rewards_to_go(rewards=baseline_batch.rewards, mask=baseline_batch.mask),
        mask=baseline_batch.mask,
        ridge=ridge,
    )
    predicted = baseline.predict_baseline(weights=w, baseline_features=update_batch.baseline_features)
    return ppo_update(
        theta_k=theta_k,
        features=update_batch.features,
        actions=update_batch.actions,
        advantages=baseline.rewards_to_go(rewards=update_batch.rewards, mask=update_batch.mask) - predicted,
        mask=update_batch.mask,
        kl_weight=kl_weight,
        learning_rate=learning_rate,
        minibatches=minibatches,
    )


def clip_penalty_weights(target_log_probs, proposal_log_probs, advantages, clip):
    w = IS.importance_weights(target_log_probs=target_log_probs, proposal_log_probs=proposal_log_probs)
    clipped = np.clip(w, 1 - clip, 1 + clip)
    is_active = np.less(clipped * advantages, w * advantages)
    return np.negative(np.multiply(w, advantages, where=is_active, out=np.zeros_like(w)))
