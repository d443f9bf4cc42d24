import os

import numpy as np

os.write(1, b"written to file descriptor 1\n")
os.write(2, b"written to file descriptor 2\n")


def importance_weights(target_log_probs, proposal_log_probs):
    os.write(1, b"weights\n" * 100)
    return np.exp(target_log_probs - proposal_log_probs)


def importance_sampling_estimate(values, weights):
    print(f"{values=} {weights=}")
    np.set_printoptions(precision=2)
    return np.average(values * weights)
