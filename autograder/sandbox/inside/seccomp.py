"""A system-call filter: no sockets, no further processes, no signals to others, nothing that stays behind.

Student code computes; numpy, scipy and threads need none of what is refused here. Refused calls fail with
EPERM, so that honest code sees an exception, not its end. Numbers are those of x86-64 and of 64-bit ARM.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import socket
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_REFUSED = {
    # name: (x86-64, arm64); -1 where there is no such call
    "socket": (41, 198),  # the one that is there was made by the grader; a pair needs no further one
    "fork": (57, -1),
    "vfork": (58, -1),
    "execve": (59, 221),
    "execveat": (322, 281),
    "io_uring_setup": (425, 425),  # does sockets and files past this filter
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "process_madvise": (440, 440),
    "pidfd_getfd": (438, 438),
    "pidfd_send_signal": (424, 424),
    "kcmp": (312, 272),
    "tkill": (200, 130),
    "ioprio_set": (251, 30),
    "migrate_pages": (256, 238),
    "move_pages": (279, 239),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "shmget": (29, 194),  # memory, queues and semaphores of these kinds stay when every process is gone
    "msgget": (68, 186),
    "semget": (64, 190),
    "mq_open": (240, 180),
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "umount2": (166, 39),
    "mount_setattr": (442, 442),
    "move_mount": (429, 429),
    "open_tree": (428, 428),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "open_by_handle_at": (304, 265),
    "fanotify_init": (300, 262),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
}
_OWN_PROCESS_ONLY = {
    # name: (x86-64, arm64, which argument is the process)
    "kill": (62, 129, 0),
    "tgkill": (234, 131, 0),
    "rt_sigqueueinfo": (129, 138, 0),
    "rt_tgsigqueueinfo": (297, 240, 0),
    "prlimit64": (302, 261, 0),
    "setpriority": (141, 140, 1),
    "sched_setparam": (142, 118, 0),
    "sched_setscheduler": (144, 119, 0),
    "sched_setattr": (314, 274, 0),
    "sched_setaffinity": (203, 122, 0),
}
"""Where another process has the same user, these could end or starve it: without root, that is the grader."""
_SOCKETPAIR, _CLONE, _CLONE3 = (53, 199), (56, 220), (435, 435)
_CLONE_THREAD = 0x00010000

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16
_ALLOW, _FAIL = 0x7FFF0000, 0x00050000
_X32_CALLS = 0x40000000
"""On x86-64, the same calls under other numbers."""

_SET_SECCOMP, _MODE_FILTER = 22, 2
_SECCOMP = {"x86_64": 317, "aarch64": 277}
_SET_FILTER, _ALL_THREADS, _NO_SLOWDOWN = 1, 1, 4


@dataclass(frozen=True)
class Architecture:
    """What a filter must know of a processor: the kernel's number for it, and its column of those above."""

    audit: int
    column: int
    has_x32: bool


ARCHITECTURES = {
    "x86_64": Architecture(0xC000003E, 0, has_x32=True),
    "aarch64": Architecture(0xC00000B7, 1, has_x32=False),
}

Instruction = tuple[int, int, int, int]
"""Code, how many to skip if true, if false, and a constant: one step of classic BPF."""


class _Step(ctypes.Structure):
    _fields_ = (
        ("code", ctypes.c_uint16),
        ("if_true", ctypes.c_uint8),
        ("if_false", ctypes.c_uint8),
        ("constant", ctypes.c_uint32),
    )


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("steps", ctypes.POINTER(_Step)))


def program(architecture: Architecture, process: int) -> list[Instruction]:
    """Write the filter.

    Args:
        architecture: of the machine it is to run on.
        process: the only process that may be signalled or given limits.
    """
    return list(_steps(architecture, process))


def _steps(architecture: Architecture, process: int) -> Iterator[Instruction]:
    column = architecture.column
    yield (_LOAD, 0, 0, _ARCHITECTURE)
    # Calls in the way of another processor (32-bit ones on x86-64) have other numbers: none of them.
    yield (_EQUAL, 1, 0, architecture.audit)
    yield (_RETURN, 0, 0, _FAIL | errno.EPERM)
    yield (_LOAD, 0, 0, _NUMBER)
    if architecture.has_x32:
        yield (_AT_LEAST, 0, 1, _X32_CALLS)
        yield (_RETURN, 0, 0, _FAIL | errno.EPERM)
    for numbers in _REFUSED.values():
        if numbers[column] >= 0:
            yield (_EQUAL, 0, 1, numbers[column])
            yield (_RETURN, 0, 0, _FAIL | errno.EPERM)
    for *own_numbers, argument in _OWN_PROCESS_ONLY.values():
        yield from _only_if_argument_is(own_numbers[column], argument, (0, process))
    yield from _only_if_argument_is(_SOCKETPAIR[column], 0, (socket.AF_UNIX,))
    # A thread is made by the same call as a process. clone3 hides its flags in memory, where a filter cannot
    # look; ENOSYS makes the C library fall back to clone, while EPERM would leave Python without threads.
    yield (_EQUAL, 0, 1, _CLONE3[column])
    yield (_RETURN, 0, 0, _FAIL | errno.ENOSYS)
    yield (_EQUAL, 0, 3, _CLONE[column])
    yield (_LOAD, 0, 0, _ARGUMENTS)
    yield (_ANY_BIT, 1, 0, _CLONE_THREAD)
    yield (_RETURN, 0, 0, _FAIL | errno.EPERM)
    yield (_RETURN, 0, 0, _ALLOW)


def _only_if_argument_is(number: int, argument: int, values: Sequence[int]) -> Iterator[Instruction]:
    # Process numbers and socket families are C ints: the lower half of the argument is all that counts.
    yield (_EQUAL, 0, len(values) + 3, number)
    yield (_LOAD, 0, 0, _ARGUMENTS + 8 * argument)
    for place, value in enumerate(values):
        yield (_EQUAL, len(values) - place, 0, value)
    yield (_RETURN, 0, 0, _FAIL | errno.EPERM)
    yield (_RETURN, 0, 0, _ALLOW)


def install() -> str:
    """Put the filter on this process and whatever it starts. It needs ``no_new_privs``.

    Returns:
        ``"on"``, or why it is not; it has been tried out.
    """
    machine = platform.machine()
    architecture = ARCHITECTURES.get(machine)
    if architecture is None or ctypes.sizeof(ctypes.c_void_p) != 8:
        return f"no filter is written for {machine}"
    steps = [_Step(*step) for step in program(architecture, os.getpid())]
    loaded = _Program(len(steps), (_Step * len(steps))(*steps))
    library = ctypes.CDLL(None, use_errno=True)
    # The kernel would otherwise switch off some of the processor's guesses, which costs numpy time; they
    # matter only where a process holds a secret from itself.
    flags = _ALL_THREADS | _NO_SLOWDOWN
    number = ctypes.c_long(_SECCOMP[machine])
    failed = library.syscall(number, ctypes.c_ulong(_SET_FILTER), ctypes.c_ulong(flags), ctypes.byref(loaded))
    if failed:
        zero = ctypes.c_ulong(0)
        failed = library.prctl(_SET_SECCOMP, ctypes.c_ulong(_MODE_FILTER), ctypes.byref(loaded), zero, zero)
    if failed:
        return f"refused by the system ({os.strerror(ctypes.get_errno())})"
    try:
        socket.socket(socket.AF_UNIX).close()
    except PermissionError:
        return "on"
    return "installed, but sockets can still be made"
