import numpy as np


def rewards_to_go(rewards, mask):
    rewards = np.where(mask, rewards, 0.0)
    return (rewards.sum(axis=1, keepdims=True) - rewards.cumsum(axis=1) + rewards) * mask


def predict_baseline(weights, baseline_features):
    return np.dot(baseline_features, weights)


def fit_baseline(baseline_features, returns, mask, ridge=0.0):
    X, y = baseline_features[mask], returns[mask]
    if ridge == 0:
        return np.linalg.pinv(X) @ y
    return np.linalg.inv(X.T @ X + ridge * np.eye(X.shape[1])) @ X.T @ y
