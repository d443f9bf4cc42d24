"""A record of arrays: given, not filled in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Basket:
    """What somebody buys: (n,) prices and (n,) counts."""

    prices: np.ndarray
    counts: np.ndarray
