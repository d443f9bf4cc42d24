"""Landlock: the kernel's own list of folders a process may read and write, for good, without root.

Needs Linux 5.13; what a newer kernel adds (TCP with 6.7, abstract sockets and signals with 6.12) is used
where it is there. It takes three system calls, used here by number: the C library has no names for them.
"""

from __future__ import annotations

import ctypes
import os
import socket
import stat
from collections.abc import Sequence

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_ASK_VERSION = 1
_RULE_BENEATH = 1

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_FOLDER = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_REFER, _TRUNCATE, _DEVICE_CONTROL = 1 << 13, 1 << 14, 1 << 15
_FIRST_VERSION = (1 << 13) - 1
_MAKE_DEVICES = 1 << 6 | 1 << 11
_TCP = 1 << 0 | 1 << 1
_ABSTRACT_SOCKETS_AND_SIGNALS = 1 << 0 | 1 << 1


class _Ruleset(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("network", ctypes.c_uint64), ("scopes", ctypes.c_uint64))


class _Rule(ctypes.Structure):
    _pack_ = 1
    _layout_ = "ms"
    _fields_ = (("access", ctypes.c_uint64), ("folder", ctypes.c_int32))


def restrict(readable: Sequence[str], writable: Sequence[str]) -> dict[str, str]:
    """Leave this process only the files below the folders named. It needs ``no_new_privs``.

    Args:
        readable: folders or files that may be read; what does not exist is passed over.
        writable: folders or files that may be read and written. Nothing may be executed.

    Returns:
        For files, TCP and scopes, ``"on"`` or why it is not; the first two have been tried out.
    """
    library = ctypes.CDLL(None, use_errno=True)
    nothing = ctypes.c_void_p(None)
    version = library.syscall(
        ctypes.c_long(_CREATE_RULESET), nothing, ctypes.c_size_t(0), ctypes.c_uint32(_ASK_VERSION)
    )
    if version < 1:
        return _everywhere(f"not in this kernel ({os.strerror(ctypes.get_errno())})")
    if _has_threads():
        return _everywhere("another thread is running, which it would not reach")
    files = _rights(version)
    wanted = _Ruleset(
        files,
        _TCP if version >= 4 else 0,
        _ABSTRACT_SOCKETS_AND_SIGNALS if version >= 6 else 0,
    )
    size = 24 if version >= 6 else 16 if version >= 4 else 8
    ruleset = library.syscall(
        ctypes.c_long(_CREATE_RULESET), ctypes.byref(wanted), ctypes.c_size_t(size), ctypes.c_uint32(0)
    )
    if ruleset < 0:
        return _everywhere(f"refused by the system ({os.strerror(ctypes.get_errno())})")
    try:
        reading = _READ_FILE | _READ_FOLDER
        writing = files & ~_EXECUTE & ~_MAKE_DEVICES & ~_DEVICE_CONTROL
        for path, access in [*((p, reading) for p in readable), *((p, writing) for p in writable)]:
            _allow(library, ruleset, path, access)
        failed = library.syscall(ctypes.c_long(_RESTRICT_SELF), ctypes.c_int(ruleset), ctypes.c_uint32(0))
    finally:
        os.close(ruleset)
    if failed:
        return _everywhere(f"refused by the system ({os.strerror(ctypes.get_errno())})")
    return {
        "Landlock files": _try_files(),
        "Landlock TCP": _try_tcp() if version >= 4 else "needs Linux 6.7",
        "Landlock scopes": "on" if version >= 6 else "needs Linux 6.12",
    }


def _everywhere(reason: str) -> dict[str, str]:
    return dict.fromkeys(("Landlock files", "Landlock TCP", "Landlock scopes"), reason)


def _has_threads() -> bool:
    """It takes the calling thread alone: another one, of a linear algebra library, would stay free."""
    try:
        return len(os.listdir("/proc/self/task")) > 1
    except OSError:
        return False


def _rights(version: int) -> int:
    rights = _FIRST_VERSION
    if version >= 2:
        rights |= _REFER
    if version >= 3:
        rights |= _TRUNCATE
    if version >= 5:
        rights |= _DEVICE_CONTROL
    return rights


def _allow(library: ctypes.CDLL, ruleset: int, path: str, access: int) -> None:
    try:
        handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not stat.S_ISDIR(os.fstat(handle).st_mode):
            access &= _READ_FILE | _WRITE_FILE | _TRUNCATE
        rule = _Rule(access, handle)
        library.syscall(
            ctypes.c_long(_ADD_RULE),
            ctypes.c_int(ruleset),
            ctypes.c_int(_RULE_BENEATH),
            ctypes.byref(rule),
            ctypes.c_uint32(0),
        )
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
