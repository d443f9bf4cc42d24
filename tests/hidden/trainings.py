"""The trainings on CartPole that are graded.

A graded run ends where the bar is reached. docs/bars.md has what these settings do over 1000 seeds.
"""

from __future__ import annotations

import functools

from hw4.lab import updates
from hw4.lab.training import GRADED

NPG, PPO = GRADED["npg"], GRADED["ppo"]
HORIZON = NPG.horizon

npg_hyperparameters = functools.partial(updates.npg_hyperparameters, NPG)
ppo_hyperparameters = functools.partial(updates.ppo_hyperparameters, PPO)
"""From a random generator: what the iterations take after θ and the two batches."""
