"""Ends every process of one user and no other: the only file that sends a signal to "all processes".

Run by root as ``python -I -S -B sweeper.py VICTIM OWN``, or in a fork of a process that runs nothing but the
grader's code. By kill(2), its signal to all processes then reaches those only whose real or saved user is
this process's effective one (the victim's) or its real one (a number that nobody has). The kernel sends it to
all of them in one step, so that no process escapes by forking. Neither user may be root or a person: that is
checked after the change of user, and no signal is sent where anything is not as it must be.
"""

from __future__ import annotations

import os
import pwd
import signal
import sys

FIRST, LAST = 60000, 64999
"""The numbers of made-up users: no account has them."""


def refusal(victim: int, own: int) -> str:
    """Say why this process, with the users that it has now, must not send the signal; empty where it may."""
    if victim == own or not all(FIRST <= uid <= LAST for uid in (victim, own)):
        return "the users are not two of those that are made up"
    for uid in (victim, own):
        try:
            return f"user {uid} is {pwd.getpwuid(uid).pw_name}"
        except KeyError:
            pass
    if os.getresuid() != (own, victim, own):
        return f"the change of user gave {os.getresuid()}"
    with open("/proc/self/status", encoding="ascii", errors="replace") as status:
        lines = dict(line.rstrip("\n").split(":", 1) for line in status if ":" in line)
    if any(int(lines[name], 16) for name in ("CapPrm", "CapEff")):
        return "root's capabilities are still there"
    if lines["Uid"].split() != [str(own), str(victim), str(own), str(victim)]:
        return "the kernel has other users for this process"
    for pid in (1, os.getppid()):
        try:
            os.kill(pid, 0)
        except PermissionError:
            continue
        except ProcessLookupError:
            continue
        return f"process {pid} could be reached"
    return ""


def become(victim: int, own: int) -> None:
    """Take the victim as the effective user, and the one that nobody has as real and saved user."""
    os.setgroups([])
    os.setresgid(own, own, own)
    os.setresuid(own, victim, own)


def sweep(victim: int, own: int) -> str:
    """Check, then end every process of the victim but this one; return why it was refused, or nothing."""
    become(victim, own)
    reason = refusal(victim, own)
    if not reason:
        os.kill(-1, signal.SIGKILL)
    return reason


if __name__ == "__main__":
    sys.exit(sweep(int(sys.argv[1]), int(sys.argv[2])) or 0)
