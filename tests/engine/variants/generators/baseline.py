from itertools import accumulate

import numpy as np


def rewards_to_go(rewards, mask):
    returns = np.zeros_like(rewards)
    for n, (row, real) in enumerate(zip(rewards, mask)):
        length = int(real.sum())
        returns[n, :length] = list(accumulate(row[:length][::-1]))[::-1]
    return returns


def fit_baseline(baseline_features, returns, mask, ridge=0.0):
    pairs = [
        (p, r) for ps, rs, ms in zip(baseline_features, returns, mask) for p, r, m in zip(ps, rs, ms) if m
    ]
    X, y = map(np.array, zip(*pairs))
    u, s, vt = np.linalg.svd(X, full_matrices=False)
    keep = s > s[0] * 1e-10 if s[0] > 0 else s < 0
    return sum(
        ((si / (si**2 + ridge)) * (ui @ y) * vi for ui, si, vi in zip(u.T[keep], s[keep], vt[keep])),
        start=np.zeros(X.shape[1]),
    )


def predict_baseline(weights, baseline_features):
    return sum(w * psi for w, psi in zip(weights, np.moveaxis(baseline_features, -1, 0)))
