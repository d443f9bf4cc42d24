"""Landlock: the folders that this process may read and write, held to by the kernel, for good, without root.

Needs Linux 5.13; what a newer kernel adds (TCP with 6.7, abstract sockets and signals with 6.12) is used
where it is there. See landlock(7) and the kernel's Documentation/userspace-api/landlock.rst.
"""

from __future__ import annotations

import ctypes
import os
import socket
import stat
from collections.abc import Sequence

from .kernel import syscall

# asm-generic/unistd.h: the same numbers on every architecture
SYS_landlock_create_ruleset = 444
SYS_landlock_add_rule = 445
SYS_landlock_restrict_self = 446
# linux/landlock.h
LANDLOCK_CREATE_RULESET_VERSION = 1 << 0
LANDLOCK_RULE_PATH_BENEATH = 1
LANDLOCK_ACCESS_FS_EXECUTE = 1 << 0
LANDLOCK_ACCESS_FS_WRITE_FILE = 1 << 1
LANDLOCK_ACCESS_FS_READ_FILE = 1 << 2
LANDLOCK_ACCESS_FS_READ_DIR = 1 << 3
LANDLOCK_ACCESS_FS_REMOVE_DIR = 1 << 4
LANDLOCK_ACCESS_FS_REMOVE_FILE = 1 << 5
LANDLOCK_ACCESS_FS_MAKE_CHAR = 1 << 6
LANDLOCK_ACCESS_FS_MAKE_DIR = 1 << 7
LANDLOCK_ACCESS_FS_MAKE_REG = 1 << 8
LANDLOCK_ACCESS_FS_MAKE_SOCK = 1 << 9
LANDLOCK_ACCESS_FS_MAKE_FIFO = 1 << 10
LANDLOCK_ACCESS_FS_MAKE_BLOCK = 1 << 11
LANDLOCK_ACCESS_FS_MAKE_SYM = 1 << 12
LANDLOCK_ACCESS_FS_REFER = 1 << 13
LANDLOCK_ACCESS_FS_TRUNCATE = 1 << 14
LANDLOCK_ACCESS_FS_IOCTL_DEV = 1 << 15
LANDLOCK_ACCESS_NET_BIND_TCP = 1 << 0
LANDLOCK_ACCESS_NET_CONNECT_TCP = 1 << 1
LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET = 1 << 0
LANDLOCK_SCOPE_SIGNAL = 1 << 1

_READ = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR
_CHANGE = (
    LANDLOCK_ACCESS_FS_WRITE_FILE
    | LANDLOCK_ACCESS_FS_REMOVE_DIR
    | LANDLOCK_ACCESS_FS_REMOVE_FILE
    | LANDLOCK_ACCESS_FS_MAKE_DIR
    | LANDLOCK_ACCESS_FS_MAKE_REG
    | LANDLOCK_ACCESS_FS_MAKE_SOCK
    | LANDLOCK_ACCESS_FS_MAKE_FIFO
    | LANDLOCK_ACCESS_FS_MAKE_SYM
    | LANDLOCK_ACCESS_FS_REFER
    | LANDLOCK_ACCESS_FS_TRUNCATE
)
_NEVER = (
    LANDLOCK_ACCESS_FS_EXECUTE
    | LANDLOCK_ACCESS_FS_MAKE_CHAR
    | LANDLOCK_ACCESS_FS_MAKE_BLOCK
    | LANDLOCK_ACCESS_FS_IOCTL_DEV
)
_OF_A_FILE = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_TRUNCATE
"""Those that a rule for a file may name: any other is one to a folder, and refused with EINVAL."""
_SINCE_VERSION = {
    LANDLOCK_ACCESS_FS_REFER: 2,
    LANDLOCK_ACCESS_FS_TRUNCATE: 3,
    LANDLOCK_ACCESS_FS_IOCTL_DEV: 5,
}
"""The version of Landlock that brought a right; all others are there since the first."""


class _RulesetAttr(ctypes.Structure):
    """``struct landlock_ruleset_attr``: an older kernel takes the longer one where what it lacks is 0."""

    _fields_ = (
        ("handled_access_fs", ctypes.c_uint64),
        ("handled_access_net", ctypes.c_uint64),
        ("scoped", ctypes.c_uint64),
    )


class _PathBeneathAttr(ctypes.Structure):
    """``struct landlock_path_beneath_attr``."""

    _pack_ = 1
    _layout_ = "ms"
    _fields_ = (("allowed_access", ctypes.c_uint64), ("parent_fd", ctypes.c_int32))


def restrict(readable: Sequence[str], writable: Sequence[str]) -> dict[str, str]:
    """Leave this process only the files below the folders named. It needs ``no_new_privs``.

    Args:
        readable: folders or files that may be read; what does not exist is passed over.
        writable: folders or files that may be read and written. Nothing may be executed.

    Returns:
        For files, TCP and scopes, ``"on"`` or why it is not; the first two have been tried out.
    """
    version = syscall(SYS_landlock_create_ruleset, 0, 0, LANDLOCK_CREATE_RULESET_VERSION)
    if version < 1:
        return _all_off(f"not in this kernel ({_error()})")
    if _has_threads():
        return _all_off("another thread is running, which it would not reach")
    handled = rights(version)
    attr = _RulesetAttr(
        handled,
        LANDLOCK_ACCESS_NET_BIND_TCP | LANDLOCK_ACCESS_NET_CONNECT_TCP if version >= 4 else 0,
        LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET | LANDLOCK_SCOPE_SIGNAL if version >= 6 else 0,
    )
    ruleset = syscall(SYS_landlock_create_ruleset, ctypes.byref(attr), ctypes.sizeof(attr), 0)
    if ruleset < 0:
        return _all_off(f"refused by the system ({_error()})")
    try:
        for path in readable:
            _allow(ruleset, path, _READ)
        for path in writable:
            _allow(ruleset, path, handled & (_READ | _CHANGE))
        if syscall(SYS_landlock_restrict_self, ruleset, 0) < 0:
            return _all_off(f"refused by the system ({_error()})")
    finally:
        os.close(ruleset)
    return {
        "Landlock files": _try_files(),
        "Landlock TCP": _try_tcp() if version >= 4 else "needs Linux 6.7",
        "Landlock scopes": "on" if version >= 6 else "needs Linux 6.12",
    }


def rights(version: int) -> int:
    """The rights to files that a version of Landlock rules over; those it does not know, everybody has."""
    newer = sum(right for right, since in _SINCE_VERSION.items() if since > version)
    return (_READ | _CHANGE | _NEVER) & ~newer


def _all_off(reason: str) -> dict[str, str]:
    return dict.fromkeys(("Landlock files", "Landlock TCP", "Landlock scopes"), reason)


def _error() -> str:
    return os.strerror(ctypes.get_errno())


def _has_threads() -> bool:
    """Landlock restricts the calling thread only: one of a linear algebra library would stay free."""
    try:
        return len(os.listdir("/proc/self/task")) > 1
    except OSError:
        return False


def _allow(ruleset: int, path: str, access: int) -> None:
    try:
        handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not stat.S_ISDIR(os.fstat(handle).st_mode):
            access &= _OF_A_FILE
        rule = _PathBeneathAttr(access, handle)
        syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, ctypes.byref(rule), 0)
    finally:
        os.close(handle)


def _try_files() -> str:
    try:
        os.listdir("/")
    except PermissionError:
        return "on"
    except OSError as error:
        return f"cannot be tried out ({error.strerror})"
    return "taken, but the root folder can still be read"


def _try_tcp() -> str:
    try:
        with socket.socket(socket.AF_INET) as connection:
            connection.settimeout(1.0)
            connection.connect(("127.0.0.1", 1))
    except PermissionError:
        return "on"
    except OSError as error:
        return f"cannot be tried out ({error.strerror})"
    return "taken, but a connection was made"
