"""A system-call filter: no sockets, no further processes, no signals to others, nothing that stays behind.

Student code computes; numpy, scipy and threads need none of what is refused here. Refused calls fail with
EPERM, so that honest code sees an exception, not its end. See seccomp(2) and the kernel's
Documentation/userspace-api/seccomp_filter.rst; the numbers are those of x86-64 and of 64-bit ARM.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import socket
from collections.abc import Iterator
from dataclasses import dataclass

from .kernel import PR_SET_SECCOMP, prctl, syscall

# linux/bpf_common.h
BPF_LD, BPF_JMP, BPF_RET = 0x00, 0x05, 0x06
BPF_W, BPF_ABS, BPF_K = 0x00, 0x20, 0x00
BPF_JEQ, BPF_JGE, BPF_JSET = 0x10, 0x30, 0x40
# linux/seccomp.h
SECCOMP_SET_MODE_FILTER, SECCOMP_MODE_FILTER = 1, 2
SECCOMP_FILTER_FLAG_TSYNC = 1 << 0
SECCOMP_FILTER_FLAG_SPEC_ALLOW = 1 << 2
SECCOMP_RET_ERRNO = 0x00050000
SECCOMP_RET_ALLOW = 0x7FFF0000
# linux/sched.h
CLONE_THREAD = 0x00010000
# linux/elf-em.h and linux/audit.h, whose names of the two flags begin with two underscores
EM_X86_64, EM_AARCH64 = 62, 183
AUDIT_ARCH_64BIT, AUDIT_ARCH_LE = 0x80000000, 0x40000000
AUDIT_ARCH_X86_64 = EM_X86_64 | AUDIT_ARCH_64BIT | AUDIT_ARCH_LE
AUDIT_ARCH_AARCH64 = EM_AARCH64 | AUDIT_ARCH_64BIT | AUDIT_ARCH_LE
# asm/unistd.h of x86-64: the same calls once more, with 32-bit pointers
X32_SYSCALL_BIT = 0x40000000

# The instructions that the filter is made of.
BPF_LD_W_ABS = BPF_LD | BPF_W | BPF_ABS
BPF_JMP_JEQ_K = BPF_JMP | BPF_JEQ | BPF_K
BPF_JMP_JGE_K = BPF_JMP | BPF_JGE | BPF_K
BPF_JMP_JSET_K = BPF_JMP | BPF_JSET | BPF_K
BPF_RET_K = BPF_RET | BPF_K

REFUSED = {
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
OWN_PROCESS_ONLY = {
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
"""Where another process has the same user, these could end or starve it: without root, that is the grader.

They are allowed for the worker's own number and for 0, which means the caller itself, or, to kill(2), the
caller's process group: the worker's own, since it leads a session.
"""
FILTERED = {
    "socketpair": (53, 199),
    "clone": (56, 220),
    "clone3": (435, 435),
}
"""These are allowed for some arguments."""
SYS_seccomp = {"x86_64": 317, "aarch64": 277}


@dataclass(frozen=True)
class Architecture:
    """What a filter must know of a processor: the kernel's number for it, and its column of those above."""

    audit: int
    column: int
    has_x32: bool


ARCHITECTURES = {
    "x86_64": Architecture(AUDIT_ARCH_X86_64, 0, has_x32=True),
    "aarch64": Architecture(AUDIT_ARCH_AARCH64, 1, has_x32=False),
}

Instruction = tuple[int, int, int, int]
"""One step of classic BPF, as ``struct sock_filter`` has it: code, jt, jf, k.

A jump skips ``jt`` steps where its comparison with ``k`` holds, else ``jf``.
"""


class _SeccompData(ctypes.Structure):
    """``struct seccomp_data``: what a filter sees of a call."""

    _fields_ = (
        ("nr", ctypes.c_int),
        ("arch", ctypes.c_uint32),
        ("instruction_pointer", ctypes.c_uint64),
        ("args", ctypes.c_uint64 * 6),
    )


class _SockFilter(ctypes.Structure):
    """``struct sock_filter``."""

    _fields_ = (
        ("code", ctypes.c_uint16),
        ("jt", ctypes.c_uint8),
        ("jf", ctypes.c_uint8),
        ("k", ctypes.c_uint32),
    )


class _SockFprog(ctypes.Structure):
    """``struct sock_fprog``."""

    _fields_ = (("len", ctypes.c_ushort), ("filter", ctypes.POINTER(_SockFilter)))


def program(architecture: Architecture, process: int) -> list[Instruction]:
    """Write the filter.

    Args:
        architecture: of the machine it is to run on.
        process: the only process that may be signalled or given limits.
    """
    return list(_steps(architecture, process))


def _steps(architecture: Architecture, process: int) -> Iterator[Instruction]:
    column = architecture.column
    yield (BPF_LD_W_ABS, 0, 0, _SeccompData.arch.offset)
    # Calls in the way of another processor (32-bit ones on x86-64) have other numbers: none of them.
    yield (BPF_JMP_JEQ_K, 1, 0, architecture.audit)
    yield _fail(errno.EPERM)
    yield (BPF_LD_W_ABS, 0, 0, _SeccompData.nr.offset)
    if architecture.has_x32:
        yield (BPF_JMP_JGE_K, 0, 1, X32_SYSCALL_BIT)
        yield _fail(errno.EPERM)
    for numbers in REFUSED.values():
        if numbers[column] >= 0:
            yield (BPF_JMP_JEQ_K, 0, 1, numbers[column])
            yield _fail(errno.EPERM)
    for *own_numbers, argument in OWN_PROCESS_ONLY.values():
        yield from _only_if_argument_is(own_numbers[column], argument, (0, process))
    yield from _only_if_argument_is(FILTERED["socketpair"][column], 0, (socket.AF_UNIX,))
    # A thread is made by the same call as a process. clone3 hides its flags in memory, where a filter cannot
    # look; ENOSYS makes the C library fall back to clone, while EPERM would leave Python without threads.
    yield (BPF_JMP_JEQ_K, 0, 1, FILTERED["clone3"][column])
    yield _fail(errno.ENOSYS)
    yield (BPF_JMP_JEQ_K, 0, 3, FILTERED["clone"][column])
    yield (BPF_LD_W_ABS, 0, 0, _SeccompData.args.offset)
    yield (BPF_JMP_JSET_K, 1, 0, CLONE_THREAD)
    yield _fail(errno.EPERM)
    yield (BPF_RET_K, 0, 0, SECCOMP_RET_ALLOW)


def _only_if_argument_is(number: int, argument: int, values: tuple[int, ...]) -> Iterator[Instruction]:
    """Allow a call for some values of an argument, and refuse it for all others."""
    yield (BPF_JMP_JEQ_K, 0, len(values) + 3, number)
    # Process numbers and socket families are C ints: the lower half of the argument is all that counts.
    yield (BPF_LD_W_ABS, 0, 0, _SeccompData.args.offset + 8 * argument)
    for place, value in enumerate(values):
        yield (BPF_JMP_JEQ_K, len(values) - place, 0, value)
    yield _fail(errno.EPERM)
    yield (BPF_RET_K, 0, 0, SECCOMP_RET_ALLOW)


def _fail(reason: int) -> Instruction:
    return (BPF_RET_K, 0, 0, SECCOMP_RET_ERRNO | reason)


def install() -> str:
    """Put the filter on this process and whatever it starts. It needs ``no_new_privs``.

    Returns:
        ``"on"``, or why it is not; it has been tried out.
    """
    machine = platform.machine()
    architecture = ARCHITECTURES.get(machine)
    if architecture is None or ctypes.sizeof(ctypes.c_void_p) != 8:
        return f"no filter is written for {machine}"
    steps = [_SockFilter(*step) for step in program(architecture, os.getpid())]
    filter_ = _SockFprog(len(steps), (_SockFilter * len(steps))(*steps))
    # SPEC_ALLOW leaves speculative execution on, which numpy is slower without: it could only give away what
    # this process itself knows, and the worker holds no secret.
    flags = SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_SPEC_ALLOW
    failed = syscall(SYS_seccomp[machine], SECCOMP_SET_MODE_FILTER, flags, ctypes.byref(filter_))
    if failed:  # before Linux 4.17 there is no SPEC_ALLOW
        failed = prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.addressof(filter_))
    if failed:
        return f"refused by the system ({os.strerror(ctypes.get_errno())})"
    try:
        socket.socket(socket.AF_UNIX).close()
    except PermissionError:
        return "on"
    return "installed, but sockets can still be made"
