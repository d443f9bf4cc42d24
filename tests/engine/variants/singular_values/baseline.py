import numpy as np


def rewards_to_go(rewards, mask):
    rewards = np.where(mask, rewards, 0.0)
    return (rewards.sum(axis=1, keepdims=True) - rewards.cumsum(axis=1) + rewards) * mask


def predict_baseline(weights, baseline_features):
    return np.dot(baseline_features, weights)


def fit_baseline(baseline_features, returns, mask, ridge=0.0):
    U, S, Vt = np.linalg.svd(baseline_features[mask], full_matrices=False)
    S = np.where(S > 1e-10, S, 0)
    shrunk = np.divide(S, S**2 + ridge, out=np.zeros_like(S), where=S > 0)
    return Vt.T @ (shrunk * (U.T @ returns[mask]))
