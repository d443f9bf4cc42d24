"""Every input that a function must be right for, as data: sizes, magnitudes and edges, beside the shapes.

The handout's words are "from 1 up to hundreds" and "magnitudes from 1e-6 to 1e6". Knows no formula.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class Sizes:
    """How large an axis gets.

    Attributes:
        least: the smallest size.
        large: what every function is tried at; sizes up to hundreds are admitted for every axis.
    """

    least: int
    large: int


@dataclass(frozen=True)
class Magnitudes:
    """How large the entries of an argument get.

    Attributes:
        small: the smallest magnitude beside 0.
        large: the largest magnitude.
        edges: values at which a branch or a default may go wrong.
    """

    small: float
    large: float
    edges: tuple[float, ...] = ()


SIZES: Mapping[str, Sizes] = MappingProxyType(
    {
        "...": Sizes(1, 300),
        "n": Sizes(1, 300),
        "N": Sizes(1, 150),
        "M": Sizes(1, 60),
        "H": Sizes(1, 100),
        "A": Sizes(1, 6),
        "d": Sizes(1, 16),
        "k": Sizes(1, 8),
        "S": Sizes(0, 30),
        "B": Sizes(1, 20),
    }
)
"""By symbol of `signatures`. Sizes may be equal to one another or not."""

_ANY = Magnitudes(1e-6, 1e6)
_ORDINARY_OR_ZERO = Magnitudes(0.3, 0.3, edges=(0.0,))

MAGNITUDES: Mapping[str, Magnitudes] = MappingProxyType(
    {
        "rewards": _ANY,
        "returns": _ANY,
        "advantages": _ANY,
        "values": _ANY,
        "gradient": Magnitudes(1e-6, 1e6, edges=(0.0,)),
        "fisher": _ANY,
        "delta": _ANY,
        "ridge": _ORDINARY_OR_ZERO,
        "damping": _ORDINARY_OR_ZERO,
        "kl_weight": _ORDINARY_OR_ZERO,
        "max_backtracks": Magnitudes(10, 40, edges=(0,)),
        "clip": Magnitudes(0.01, 1.5),
        "target_log_probs": Magnitudes(0.1, 1e4, edges=(0.0,)),
        "proposal_log_probs": Magnitudes(0.1, 1e4, edges=(0.0,)),
    }
)
"""By argument of `signatures`; of an array, the magnitude of its largest entry."""

LARGEST_LOGIT = 1e4
"""|θ·φ(s,a)| in `action_log_probabilities` and `score`; 1e3 in what is built on them."""
LARGEST_LOG_RATIO = 700.0
"""|ln p̃ − ln p|: beyond, the weight itself is no float64."""
LARGEST_CONDITION = 1e4
"""Of a Fisher matrix: its largest eigenvalue divided by its smallest."""
LARGEST_ON_PADDING = 1e12
"""Any number up to this one may be on padding, where the mask is False, and must not change a result."""
LARGEST_FEATURE_ON_PADDING = 10.0
"""The same for `features`, so that multiplying by the mask is as good as selecting."""
