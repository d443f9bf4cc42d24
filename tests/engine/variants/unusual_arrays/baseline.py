import numpy as np


def rewards_to_go(rewards, mask):
    hidden = np.ma.masked_array(rewards, mask=~mask)
    return np.ma.cumsum(hidden[:, ::-1], axis=1)[:, ::-1].filled(0.0)


def fit_baseline(baseline_features, returns, mask, ridge=0.0):
    X, y = np.asmatrix(baseline_features[mask]), np.asmatrix(returns[mask]).T
    weights = np.linalg.pinv(X.T * X + ridge * np.asmatrix(np.eye(X.shape[1])), rcond=1e-12) * X.T * y
    return np.asarray(weights).ravel()


def predict_baseline(weights, baseline_features):
    return np.asfortranarray(baseline_features) @ np.asarray(weights)
