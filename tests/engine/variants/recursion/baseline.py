import numpy as np


def rewards_to_go(rewards, mask):
    def from_step(h):
        if h == rewards.shape[1]:
            return []
        later = from_step(h + 1)
        own = np.where(mask[:, h], rewards[:, h], 0.0)
        return [own + (later[0] if later else 0.0), *later]

    return np.stack(from_step(0), axis=1) * mask


def fit_baseline(baseline_features, returns, mask, ridge=0.0):
    """One sample after the other: recursive sums of ψψᵀ and ψR."""
    k = baseline_features.shape[-1]

    def sums(samples):
        if len(samples) == 1:
            psi, R = samples[0]
            return np.outer(psi, psi), psi * R
        half = len(samples) // 2
        (A, b), (C, d) = sums(samples[:half]), sums(samples[half:])
        return A + C, b + d

    A, b = sums(list(zip(baseline_features[mask], returns[mask])))
    return np.linalg.pinv(A + ridge * np.eye(k), rcond=1e-12) @ b


def predict_baseline(weights, baseline_features):
    if baseline_features.ndim == 1:
        return weights @ baseline_features
    return np.array([predict_baseline(weights, part) for part in baseline_features])
