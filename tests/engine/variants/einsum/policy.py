import numpy as np


def action_log_probabilities(theta, features):
    z = np.einsum("...ad,d->...a", features, theta)
    z = z - z.max(-1, keepdims=True)
    return z - np.log(np.einsum("...a->...", np.exp(z)))[..., None]


def score(theta, features, actions):
    pi = np.exp(action_log_probabilities(theta, features))
    one_hot = np.eye(features.shape[-2])[actions]
    return np.einsum("...a,...ad->...d", one_hot, features) - np.einsum("...a,...ad->...d", pi, features)
