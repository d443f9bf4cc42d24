"""The baseline in plain Python; only the linear system is numpy's."""

import numpy as np


def rewards_to_go(rewards, mask):
    N, H = rewards.shape
    returns = np.zeros((N, H))
    for n in range(N):
        total = 0.0
        for h in range(H - 1, -1, -1):
            if mask[n, h]:
                total += rewards[n, h]
                returns[n, h] = total
    return returns


def fit_baseline(baseline_features, returns, mask, ridge=0.0):
    N, H, k = baseline_features.shape
    A = np.zeros((k, k))
    b = np.zeros(k)
    for n in range(N):
        for h in range(H):
            if not mask[n, h]:
                continue
            for i in range(k):
                b[i] += baseline_features[n, h, i] * returns[n, h]
                for j in range(k):
                    A[i, j] += baseline_features[n, h, i] * baseline_features[n, h, j]
    for i in range(k):
        A[i, i] += ridge
    return np.linalg.pinv(A) @ b


def predict_baseline(weights, baseline_features):
    N, H, k = baseline_features.shape
    return np.array(
        [[sum(weights[i] * baseline_features[n, h, i] for i in range(k)) for h in range(H)] for n in range(N)]
    )
