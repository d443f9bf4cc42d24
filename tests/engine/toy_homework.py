"""The small homework of ``tests/engine/toy``: its declarations, and its sources to be copied and spoilt."""

from __future__ import annotations

import dataclasses
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

from autograder.grading.assignment import Assignment

TOY = Path(__file__).resolve().parent / "toy"


def _declarations() -> ModuleType:
    """Its homework.py, under another name than that of HW4."""
    specification = importlib.util.spec_from_file_location("toy_as_data", TOY / "autograder" / "homework.py")
    module = importlib.util.module_from_spec(specification)
    sys.modules[module.__name__] = module  # dataclasses look there for their module
    specification.loader.exec_module(module)
    return module


DECLARATIONS = _declarations()
DOUBLE, TRIPLE, TOTAL = DECLARATIONS.DOUBLE, DECLARATIONS.TRIPLE, DECLARATIONS.TOTAL
FILES = {
    file.relative_to(TOY).as_posix(): file.read_text(encoding="utf-8")
    for folder in ("solutions", "tests/public")
    for file in sorted((TOY / folder).rglob("*"))
    if file.is_file() and file.suffix != ".pyc"
}
"""What students get, with answers."""
ARITHMETIC = FILES["solutions/toy/arithmetic.py"]
ARITHMETIC_TEMPLATE = '''"""Part 1: multiples."""

from __future__ import annotations

import math

from toy.basket import Basket


def double(number: float) -> float:
    """Return twice the number (lecture, "Multiples").

    The markers "# BEGIN SOLUTION" may be named in a string.
    """
    # Hint: add.
    # Part 1.1: your code replaces this comment and the line below.
    raise NotImplementedError("Part 1.1: double")


def triple(number: float, scale: float = 1.0) -> float:
    """Return three times the number (lecture, "Multiples"), whatever the scale."""
    # Part 1.2: your code replaces this comment and the line below.
    raise NotImplementedError("Part 1.2: triple")


def total(basket: Basket) -> float:
    """Return what a basket costs, Σ price · count (lecture, "Sums")."""
    # Part 1.3: your code replaces this comment and the line below.
    raise NotImplementedError("Part 1.3: total")
'''


def make(root: Path, **changed: str) -> Assignment:
    """Write what students get to a folder; a keyword such as ``README=...`` replaces the file so named."""
    for name, text in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(changed.get(path.stem, text).encode())
    return dataclasses.replace(DECLARATIONS.ASSIGNMENT, root=root)
