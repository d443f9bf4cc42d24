"""NPG that imports nothing of the homework but numpy."""

import numpy as np


def fisher_estimate(scores, mask):
    N = len(mask)
    return np.array(
        [
            [(scores[..., i] * scores[..., j])[mask].sum() / N for j in range(scores.shape[2])]
            for i in range(scores.shape[2])
        ]
    )


def npg_step_size(gradient, fisher, delta):
    x = np.linalg.solve(fisher, gradient)
    with np.errstate(divide="ignore", invalid="ignore"):
        eta = np.sqrt(delta / (gradient @ x))
    return np.where(np.isfinite(eta), eta, 0.0)


def npg_step(theta, gradient, fisher, delta):
    x = np.linalg.solve(fisher, gradient)
    length = np.sqrt(x @ fisher @ x)
    return theta + (np.sqrt(delta) * x / length if length > 0 else 0 * x)


def npg_iteration(theta, baseline_batch, update_batch, delta, ridge, damping):
    def to_go(batch):
        r = np.where(batch.mask, batch.rewards, 0)
        return np.stack([r[:, h:].sum(1) for h in range(r.shape[1])], axis=1)

    m = baseline_batch.mask
    psi, y = baseline_batch.baseline_features[m], to_go(baseline_batch)[m]
    w = np.linalg.solve(psi.T @ psi + ridge * np.eye(psi.shape[1]), psi.T @ y)
    u = update_batch
    A = to_go(u) - u.baseline_features @ w
    z = u.features @ theta
    z = np.exp(z - z.max(-1, keepdims=True))
    pi = z / z.sum(-1, keepdims=True)
    n, h = np.ogrid[: len(z), : z.shape[1]]
    s = (u.features[n, h, u.actions] - (pi[..., None] * u.features).sum(2)) * u.mask[..., None]
    g = (s * np.where(u.mask, A, 0)[..., None]).sum((0, 1)) / len(s)
    F = np.tensordot(s, s, ((0, 1), (0, 1))) / len(s) + damping * np.eye(len(g))
    return npg_step(theta, g, F, delta)
