"""The mistakes students make in HW4, one file a module: each a wrong twist of the right function."""

from __future__ import annotations

import importlib
from types import MappingProxyType

from autograder.grading.assignment import Catalogue, Misconception

MODULES = ("policy", "baseline", "policy_gradient", "importance_sampling", "npg", "ppo", "trpo")


def load() -> Catalogue:
    """Return every known mistake, the right functions and the probes that tell them apart."""
    from autograder.misconceptions.edges import edges  # here: they import the reference
    from autograder.misconceptions.probes import probes
    from hw4.lab.signatures import SIGNATURES

    found = tuple(
        entry
        for module in MODULES
        for entry in vars(importlib.import_module(f"{__name__}.{module}")).values()
        if isinstance(entry, Misconception)
    )
    right = {
        name: getattr(importlib.import_module(f"hw4.{name.partition('.')[0]}"), name.partition(".")[2])
        for name in SIGNATURES
    }
    return Catalogue(found, MappingProxyType(right), probes, edges)
