"""How many hints of each function were shown: a small file in the student's folder, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path

FILE = Path(__file__).resolve().parent.parent.parent / ".hints.json"


def shown(function: str) -> int:
    """How many hints of a function were shown; 0 where that is not known.

    Args:
        function: ``module.function``.
    """
    count = _read().get(function, 0)
    return count if isinstance(count, int) and count > 0 else 0


def remember(function: str, count: int) -> None:
    """Keep how many hints of a function were shown.

    Args:
        function: ``module.function``.
        count: how many.

    Raises:
        OSError: the file cannot be written.
    """
    FILE.write_text(json.dumps({**_read(), function: count}, indent=1) + "\n", encoding="utf-8")


def _read() -> dict[str, object]:
    """What the file says; nothing where it is missing or broken, since hints are then shown again."""
    try:
        found = json.loads(FILE.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
