"""Runs another program to its end, without input, and keeps what it prints."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path


def run(
    command: Sequence[str | Path],
    folder: Path,
    limit_seconds: float,
    environment: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a command.

    Args:
        command: the program and its arguments.
        folder: its working folder.
        limit_seconds: when to kill it.
        environment: all of its environment; by default this process's.

    Returns:
        Its exit status, and what it wrote to stdout and to stderr.

    Raises:
        TimeoutExpired: it was killed.
    """
    return subprocess.run(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        timeout=limit_seconds,
        check=False,
    )
