import numpy as np


def rewards_to_go(rewards, mask):
    table = []
    for row, real in zip(rewards.tolist(), mask.tolist()):
        total, backwards = 0.0, []
        for r, is_real in zip(reversed(row), reversed(real)):
            total = total + r if is_real else 0.0
            backwards.append(total)
        table.append(tuple(reversed(backwards)))
    return table


def fit_baseline(baseline_features, returns, mask, ridge=0.0):
    X, y = baseline_features[mask], np.asarray(returns)[mask]
    k = X.shape[-1]
    w, *_ = np.linalg.lstsq(
        np.concatenate([X, ridge**0.5 * np.eye(k)]), np.concatenate([y, [0.0] * k]), rcond=None
    )
    return list(w)


def predict_baseline(weights, baseline_features):
    return [[float(np.dot(psi, weights)) for psi in row] for row in baseline_features]
