import numpy as np


def rewards_to_go(rewards, mask):
    masked = rewards * mask
    return np.flip(np.cumsum(np.flip(masked, axis=1), axis=1), axis=1) * mask


def fit_baseline(baseline_features, returns, mask, ridge=0.0):
    k = baseline_features.shape[-1]
    X = (baseline_features * mask[..., None]).reshape(-1, k)
    y = (returns * mask).reshape(-1)
    if ridge == 0.0:
        return np.linalg.lstsq(X, y, rcond=None)[0]
    return np.linalg.solve(X.T @ X + ridge * np.eye(k), X.T @ y)


def predict_baseline(weights, baseline_features):
    return (baseline_features * weights).sum(axis=-1)
