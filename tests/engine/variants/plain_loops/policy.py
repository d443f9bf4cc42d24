"""The policy in plain Python: a loop for every sum."""

import math

import numpy as np


def action_log_probabilities(theta, features):
    A, d = features.shape[-2:]
    theta = list(theta)
    table = []
    for state in features.reshape(-1, A, d).tolist():
        logits = []
        for phi in state:
            z = 0.0
            for t, x in zip(theta, phi):
                z += t * x
            logits.append(z)
        top = max(logits)
        total = 0.0
        for z in logits:
            total += math.exp(z - top)
        table.append([z - top - math.log(total) for z in logits])
    return np.array(table).reshape(features.shape[:-1])


def score(theta, features, actions):
    A, d = features.shape[-2:]
    log_probs = action_log_probabilities(theta, features).reshape(-1, A).tolist()
    table = []
    for state, log_pi, action in zip(features.reshape(-1, A, d).tolist(), log_probs, np.ravel(actions)):
        row = list(state[action])
        for phi, log_p in zip(state, log_pi):
            p = math.exp(log_p)
            for i in range(d):
                row[i] -= p * phi[i]
        table.append(row)
    return np.array(table).reshape(*features.shape[:-2], d)
