import numpy as np


def _to_go(row):
    return np.add.accumulate(row[::-1])[::-1]


def rewards_to_go(rewards, mask):
    return np.apply_along_axis(_to_go, 1, np.where(mask, rewards, 0.0)) * mask


def fit_baseline(baseline_features, returns, mask, ridge=0.0):
    X, y = np.compress(mask.ravel(), baseline_features.reshape(mask.size, -1), axis=0), returns[mask]
    if not ridge:
        return np.linalg.pinv(X.T @ X, hermitian=True) @ (X.T @ y)
    return np.linalg.solve(X.T @ X + np.diag(np.full(X.shape[1], ridge)), X.T @ y)


def predict_baseline(weights, baseline_features):
    return np.vectorize(np.dot, signature="(k),(k)->()")(weights, baseline_features)
