import numpy as np


def action_log_probabilities(theta, features):
    logits = np.matmul(features, theta)
    return logits - np.logaddexp.reduce(logits, axis=-1, keepdims=True)


def score(theta, features, actions):
    log_probs = action_log_probabilities(theta, features)
    rows = features.reshape(-1, *features.shape[-2:])
    chosen = rows[np.arange(len(rows)), np.ravel(actions)]
    mean = (np.exp(log_probs).reshape(len(rows), -1, 1) * rows).sum(1)
    return (chosen - mean).reshape(*features.shape[:-2], -1)
