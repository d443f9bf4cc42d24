import numpy as np


def action_log_probabilities(theta, features):
    logits = np.asarray(features) @ np.asarray(theta)
    logits = logits - logits.max(axis=-1, keepdims=True)
    return (logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))).tolist()


def score(theta, features, actions):
    probabilities = np.exp(np.array(action_log_probabilities(theta, features)))
    mean = np.sum(probabilities[..., None] * features, axis=-2)
    chosen = np.take_along_axis(features, actions[..., None, None], axis=-2)[..., 0, :]
    return (chosen - mean).tolist()
