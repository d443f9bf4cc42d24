import numpy as np


def rewards_to_go(rewards, mask):
    rewards = np.where(mask, rewards, 0.0)
    return (rewards.sum(axis=1, keepdims=True) - rewards.cumsum(axis=1) + rewards) * mask


def predict_baseline(weights, baseline_features):
    return np.dot(baseline_features, weights)


def fit_baseline(baseline_features, returns, mask, ridge=0.0):
    X, y = baseline_features[mask], returns[mask]
    try:
        L = np.linalg.cholesky(X.T @ X + ridge * np.eye(X.shape[1]))
        # A factor with a tiny diagonal belongs to dependent features.
        if np.min(np.diag(L)) < 1e-6:
            raise np.linalg.LinAlgError("singular")
        return np.linalg.solve(L.T, np.linalg.solve(L, X.T @ y))
    except np.linalg.LinAlgError:
        return np.linalg.pinv(X) @ y
