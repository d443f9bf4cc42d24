import numpy as np


def rewards_to_go(rewards, mask):
    rewards = np.where(mask, rewards, 0.0)
    return (rewards.sum(axis=1, keepdims=True) - rewards.cumsum(axis=1) + rewards) * mask


def predict_baseline(weights, baseline_features):
    return np.dot(baseline_features, weights)


def fit_baseline(baseline_features, returns, mask, ridge=0.0):
    X, y = baseline_features[mask], returns[mask]
    values, vectors = np.linalg.eigh(X.T @ X)
    # Directions in which the features do not vary carry no weight.
    inverse = np.where(values > 1e-9 * max(values.max(), 1e-300), 1 / np.maximum(values + ridge, 1e-300), 0)
    return vectors @ (inverse * (vectors.T @ (X.T @ y)))
