import numpy as np


def _one_state(theta, features):
    z = features @ theta
    z = z - max(z)
    return z - np.log(sum(np.exp(z)))


action_log_probabilities = np.vectorize(_one_state, signature="(d),(a,d)->(a)")


def _one_score(theta, features, action):
    return features[action] - np.exp(_one_state(theta, features)) @ features


score = np.vectorize(_one_score, signature="(d),(a,d),()->(d)")
