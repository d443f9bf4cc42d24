"""All helpers live here, and the other modules take them from here."""

import numpy as np

__all__ = ["action_log_probabilities", "score"]

DTYPE = np.float64
AXIS = -1


def take(table, actions):
    """Entries of the actions taken."""
    one_hot = actions[..., None] == np.arange(table.shape[-1])
    return table[one_hot].reshape(actions.shape)


def over_trajectories(terms, mask):
    """Sum over real steps, mean over trajectories."""
    while mask.ndim < terms.ndim:
        mask = mask[..., None]
    return np.where(mask, terms, 0).sum(axis=(0, 1)) / terms.shape[0]


def action_log_probabilities(theta, features):
    logits = np.dot(features, theta).astype(DTYPE)
    logits -= np.amax(logits, axis=AXIS, keepdims=True)
    logits -= np.log(np.sum(np.exp(logits), axis=AXIS, keepdims=True))
    return logits


def score(theta, features, actions):
    probabilities = np.exp(action_log_probabilities(theta, features))
    centred = features - np.sum(probabilities[..., None] * features, axis=-2, keepdims=True)
    return np.take_along_axis(centred, actions[..., None, None], axis=-2)[..., 0, :]
