"""Ends a worker: afterwards no process of its user is alive, and no file of its is left.

Knows processes, users and files; nothing of submissions.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import random
import re
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from autograder.sandbox.failures import GraderFault
from autograder.sandbox.inside import kernel, sweeper

_SWEEPER = Path(sweeper.__file__).resolve()
_SWEEPS, _SWEEP_SECONDS = 10, 10.0
"""A sweep takes 15 ms; a machine that stalls must not leave anything alive."""
_LOOKS, _LOOK_SECONDS = 500, 0.002
"""After each sweep, this often: a number, not a time, so that a machine that stalls has longer."""
_SHARED_FOLDERS = ("/tmp", "/var/tmp", "/dev/shm", "/run/lock")
_STATUS = re.compile(
    rb"^State:\t(\S).*?^PPid:\t(\d+)\n.*?^Uid:\t(\d+)\t(\d+)\t(\d+)\t(\d+)\n", re.DOTALL | re.MULTILINE
)
"""Of /proc/PID/status. A process cannot fake such a line by its name: the kernel escapes its line ends."""
SAME_USER = "HW4_ALLOW_SAME_USER"
"""Where this is 1, student code runs as root, for machines whose Python only root can run. As in setup.sh."""


def gives_workers_own_users() -> bool:
    """Whether workers run as users of their own, which takes root."""
    return hasattr(os, "geteuid") and os.geteuid() == 0 and os.environ.get(SAME_USER) != "1"


@dataclass(frozen=True)
class SystemProcess:
    """A process as /proc shows it.

    Attributes:
        pid: its number.
        parent: its parent's number.
        uids: its real, effective, saved and file-system user.
        is_dead: whether it has ended and only waits to be reaped.
    """

    pid: int
    parent: int
    uids: frozenset[int]
    is_dead: bool


def processes() -> Iterator[SystemProcess]:
    """Every process of the system; none where there is no /proc.

    The users are read from the status file. The owner of the folder is root for a process that is not
    dumpable.
    """
    try:
        names = os.listdir("/proc")
    except OSError:
        return
    for name in names:
        if not name.isdecimal():
            continue
        with contextlib.suppress(OSError):
            with open(f"/proc/{name}/status", "rb") as file:
                found = _STATUS.search(file.read())
            if found is not None:
                state, parent, *uids = found.groups()
                yield SystemProcess(int(name), int(parent), frozenset(map(int, uids)), state in b"ZX")


def identity(pid: int) -> str:
    """The number of a process and when it was started, which no two processes have in common.

    Empty where there is no such process.
    """
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            # proc_pid_stat(5): starttime is field 22, so the 20th after the name in brackets.
            return f"{pid} {int(file.read().rpartition(b')')[2].split()[19])}"
    except OSError:
        if os.path.exists("/proc/self/stat"):
            return ""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return ""
    except PermissionError:
        pass
    return f"{pid} started at an unknown time"


class UidLease:
    """A user that nobody has, kept from other graders until it is released.

    Attributes:
        uid: the user's number.

    Raises:
        GraderFault: this root cannot take on another user.
    """

    def __init__(self) -> None:
        taken = {entry.pw_uid for entry in pwd.getpwall()}
        for process in processes():
            taken |= process.uids
        free = sorted(_mapped_uids() - taken)
        # SystemRandom: gradings that start at the same moment must draw different users.
        for uid in random.SystemRandom().sample(free, min(len(free), 100)):
            if self._lock(uid):
                self.uid = uid
                return
        raise GraderFault(
            "There is no user to run student code as: root's container maps none of the users "
            f"{sweeper.FIRST} to {sweeper.LAST}. Run the grader as an ordinary user, or map them."
        )

    def release(self) -> None:
        """Let other graders take the user."""
        if self._holder is not None:
            self._holder.close()

    def _lock(self, uid: int) -> bool:
        """Bind an abstract socket, see unix(7): only one process can, and its end releases the name."""
        self._holder: socket.socket | None = None
        if sys.platform != "linux":
            return True
        holder = socket.socket(socket.AF_UNIX)
        try:
            holder.bind(f"\0hw4-grader-uid-{uid}")
        except OSError:
            holder.close()
            return False
        self._holder = holder
        return True


def _mapped_uids() -> set[int]:
    """Those of the made-up users that exist in this container, see user_namespaces(7)."""
    everyone = range(sweeper.FIRST, sweeper.LAST + 1)
    try:
        lines = Path("/proc/self/uid_map").read_text(encoding="ascii").splitlines()
    except OSError:
        return set(everyone)
    mapped: set[int] = set()
    for first, _, count in map(str.split, lines):
        end = int(first) + int(count)
        mapped.update(range(max(int(first), everyone.start), min(end, everyone.stop)))
    return mapped


def adopt_orphans() -> None:
    """Become the parent of descendants that lose theirs, so that they can be reaped."""
    if sys.platform == "linux":
        kernel.prctl(kernel.PR_SET_CHILD_SUBREAPER, 1)


def end_all_of(uid: int, run_sweeper: Callable[[int, int], str] | None = None) -> None:
    """End every process of a made-up user, and wait until they are gone.

    Args:
        uid: the user.
        run_sweeper: runs the sweeper for a victim and a user that nobody has, and returns why it refused; by
            default in a process of its own.

    Raises:
        GraderFault: the sweep was refused, or something is still alive.
    """
    for _ in range(_SWEEPS):
        lease = UidLease()
        try:
            reason = (run_sweeper or start_sweeper)(uid, lease.uid)
        finally:
            lease.release()
        if reason:
            raise GraderFault(f"The processes of user {uid} were not ended, because {reason}.")
        if _are_gone(uid):
            return
    raise GraderFault(f"Processes of user {uid} could not be ended: restart the machine or container.")


def start_sweeper(victim: int, own: int) -> str:
    """Run the sweeper in a process of its own, and return why it refused, if it did."""
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-S", "-B", str(_SWEEPER), str(victim), str(own)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=_SWEEP_SECONDS,
            check=False,
            text=True,
            env={},
            cwd="/",
            # Ctrl-C of a terminal is for the grader alone.
            start_new_session=True,
        )
    except subprocess.TimeoutExpired:
        return ""  # the caller looks for what is left, and tries again
    if done.returncode == 0:
        return ""
    return done.stderr.strip().rpartition("\n")[2] or f"its exit status was {done.returncode}"


def _are_gone(uid: int) -> bool:
    for _ in range(_LOOKS):
        left = [process for process in processes() if uid in process.uids]
        for process in left:
            if process.is_dead and process.parent == os.getpid():
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(process.pid, os.WNOHANG)
        if all(process.is_dead for process in left):
            return True
        time.sleep(_LOOK_SECONDS)
    return False


def end_tree(root: int) -> None:
    """End a process and its descendants, for workers that run as the grader's own user.

    Not exact: a descendant whose parent has ended is missed. Where there is a system-call filter, it keeps
    such workers from forking.
    """
    children: dict[int, list[int]] = {}
    for process in processes():
        children.setdefault(process.parent, []).append(process.pid)
    doomed, pending = [], [root]
    while pending:
        pid = pending.pop()
        doomed.append(pid)
        pending += children.get(pid, [])
    for pid in doomed:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)


def remove_files_of(uid: int) -> None:
    """Remove what a user left in the folders that everybody may write to."""
    for folder in _SHARED_FOLDERS:
        with contextlib.suppress(OSError), os.scandir(folder) as listing:
            for entry in list(listing):
                with contextlib.suppress(OSError):
                    if entry.stat(follow_symlinks=False).st_uid == uid:
                        remove(Path(entry.path))


def remove(path: Path) -> None:
    """Remove a file or a folder with all that is in it, however deep; no process may be using it any more.

    Not `shutil.rmtree`, which recurses and fails on a folder nested 2000 deep. Here folders inside a folder
    are moved up to the root first, so that no path gets long.
    """
    with contextlib.suppress(OSError):
        if not stat.S_ISDIR(path.lstat().st_mode):
            path.unlink()
            return
        path.chmod(0o700)
        root = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            _empty(root)
        finally:
            os.close(root)
        path.rmdir()


def _empty(root: int) -> None:
    pending = [entry.name for entry in os.scandir(root)]
    prefix, moved = f"moved-up-{os.urandom(8).hex()}", 0
    while pending:
        name = pending.pop()
        with contextlib.suppress(OSError):
            if not stat.S_ISDIR(os.lstat(name, dir_fd=root).st_mode):
                os.unlink(name, dir_fd=root)
                continue
            os.chmod(name, 0o700, dir_fd=root)
            folder = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=root)
            try:
                for entry in list(os.scandir(folder)):
                    if entry.is_dir(follow_symlinks=False):
                        moved += 1
                        os.chmod(entry.name, 0o700, dir_fd=folder)
                        os.rename(entry.name, f"{prefix}-{moved}", src_dir_fd=folder, dst_dir_fd=root)
                        pending.append(f"{prefix}-{moved}")
                    else:
                        os.unlink(entry.name, dir_fd=folder)
            finally:
                os.close(folder)
            os.rmdir(name, dir_fd=root)
