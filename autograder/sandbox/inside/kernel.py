"""Two functions of the C library that Python has no name for, called as their manual pages say."""

from __future__ import annotations

import ctypes
from typing import Any

# linux/prctl.h
PR_SET_PDEATHSIG = 1
PR_GET_DUMPABLE = 3
PR_SET_DUMPABLE = 4
PR_SET_SECCOMP = 22
PR_SET_CHILD_SUBREAPER = 36
PR_SET_NO_NEW_PRIVS = 38
PR_GET_NO_NEW_PRIVS = 39


def prctl(option: int, *arguments: int) -> int:
    """Get or set an attribute of this process.

    See the manual page of this name. An argument that is not given is 0: some options insist on it.

    Returns:
        What the option says; -1 where it was refused, with the reason in `ctypes.get_errno`.
    """
    values = (*arguments, 0, 0, 0, 0)[:4]
    return int(_c_library().prctl(ctypes.c_int(option), *map(ctypes.c_ulong, values)))


def syscall(number: int, *arguments: Any) -> int:
    """Make a system call by its number.

    Integers are passed as longs, and what `ctypes.byref` returns as a pointer.

    Returns:
        What the system call returns; -1 where it was refused, with the reason in `ctypes.get_errno`.
    """
    values = [ctypes.c_long(value) if isinstance(value, int) else value for value in arguments]
    return int(_c_library().syscall(ctypes.c_long(number), *values))


def _c_library() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)
