"""What is wrong with the Python that runs, in a sentence. Needs the standard library only."""

from __future__ import annotations

import os
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent.parent
"""The student's folder, with ``hw4/`` and the requirements."""
VENV = FOLDER / ".venv"


def not_installed(package: str) -> str:
    """Say how to get a package that is missing.

    Where the folder has an environment that is not the one that runs, that is the likely cause.

    Args:
        package: its name.
    """
    if VENV.is_dir() and Path(sys.prefix).resolve() != VENV.resolve():
        activate = r".venv\Scripts\activate" if os.name == "nt" else "source .venv/bin/activate"
        return (
            f"{package} is not installed for {sys.executable}, but this folder has an environment of its "
            f"own: run {activate}, then try again."
        )
    return f"{package} is not installed: run python -m pip install -r requirements.txt."
