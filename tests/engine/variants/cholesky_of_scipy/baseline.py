import numpy as np


def rewards_to_go(rewards, mask):
    rewards = np.where(mask, rewards, 0.0)
    return (rewards.sum(axis=1, keepdims=True) - rewards.cumsum(axis=1) + rewards) * mask


def predict_baseline(weights, baseline_features):
    return np.dot(baseline_features, weights)


def fit_baseline(baseline_features, returns, mask, ridge=0.0):
    import scipy.linalg

    X, y = baseline_features[mask], returns[mask]
    if ridge > 0:
        factor = scipy.linalg.cho_factor(X.T @ X + ridge * np.eye(X.shape[1]))
        return scipy.linalg.cho_solve(factor, X.T @ y)
    return scipy.linalg.lstsq(X, y)[0]
