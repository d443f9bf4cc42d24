"""The mistakes students make in HW4, one file a module: each a wrong twist of the right function."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from types import MappingProxyType

from autograder.grading.assignment import Catalogue, Misconception


def load() -> Catalogue:
    """Return every mistake of this folder, the right functions and the probes that tell them apart."""
    from autograder.misconceptions.edges import edges  # here: they import the reference
    from autograder.misconceptions.probes import probes
    from hw4.lab.signatures import SIGNATURES

    order = list(SIGNATURES)
    found = sorted(_mistakes(), key=lambda one: order.index(one.function) if one.function in order else -1)
    right = {
        name: getattr(importlib.import_module(f"hw4.{name.partition('.')[0]}"), name.partition(".")[2])
        for name in SIGNATURES
    }
    return Catalogue(tuple(found), MappingProxyType(right), probes, edges)


def _mistakes() -> Iterator[Misconception]:
    for file in pkgutil.iter_modules(__path__, f"{__name__}."):
        for entry in vars(importlib.import_module(file.name)).values():
            several = entry if isinstance(entry, tuple) else (entry,)  # of several functions
            yield from (one for one in several if isinstance(one, Misconception))
