import numpy as np
from scipy.special import log_softmax, softmax


def action_log_probabilities(theta, features):
    return log_softmax(features @ theta, axis=-1)


def score(theta, features, actions):
    probabilities = softmax(features @ theta, axis=-1)
    expected = (probabilities[..., None] * features).sum(axis=-2)
    taken = np.take_along_axis(features, np.asarray(actions)[..., None, None], axis=-2)
    return np.squeeze(taken, axis=-2) - expected
