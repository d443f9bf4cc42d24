import numpy as np

np.seterr(all="raise")


def action_log_probabilities(theta, features):
    logits = features @ theta
    logits = logits - logits.max(axis=-1, keepdims=True)
    with np.errstate(under="ignore"):  # an action that is never taken has probability 0
        total = np.exp(logits).sum(axis=-1, keepdims=True)
    return logits - np.log(total)


def score(theta, features, actions):
    with np.errstate(under="ignore"):
        pi = np.exp(action_log_probabilities(theta, features))
        mean = np.einsum("...a,...ad->...d", pi, features)
    return np.take_along_axis(features, actions[..., None, None], axis=-2)[..., 0, :] - mean
