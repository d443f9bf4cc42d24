"""The end of a worker: nothing that runs as its user is alive afterwards, and no file of its is left.

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
"""A sweep takes 15 ms; a machine that stalls is no reason to leave something alive."""
_LOOKS, _LOOK_SECONDS = 500, 0.002
"""After each. Counts, not a time: a machine that stalls looks less often."""
_SHARED_FOLDERS = ("/tmp", "/var/tmp", "/dev/shm", "/run/lock")
_STATUS = re.compile(
    rb"^State:\t(\S).*?^PPid:\t(\d+)\n.*?^Uid:\t(\d+)\t(\d+)\t(\d+)\t(\d+)\n", re.DOTALL | re.MULTILINE
)
"""Of /proc/PID/status. The name above it has no line of its own to give: the kernel escapes its line ends."""
SAME_USER = "HW4_ALLOW_SAME_USER"
"""With 1, as in setup.sh, student code may run as root where root's Python is root's alone."""


def gives_workers_own_users() -> bool:
    """Whether this process is root, and can so make others run as a user of their own."""
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
    """Every process there is; none where there is no /proc.

    The status file is read, not the owner of the folder: that is root for a process that is not dumpable.
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
    """A process's number and when it was started, as far as that is told: no two processes have both alike.

    Empty where there is no such process.
    """
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            # After the name in brackets, from the state on: starttime is the 20th.
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
        # SystemRandom: it must differ between gradings at the same moment, and is no part of a result.
        for uid in random.SystemRandom().sample(free, min(len(free), 100)):
            if self._lock(uid):
                self.uid = uid
                return
        raise GraderFault(
            "There is no user to run student code as: root's container maps none of the users "
            f"{sweeper.FIRST} to {sweeper.LAST}. Run the grader as an ordinary user, or map them."
        )

    def release(self) -> None:
        """Let others have it."""
        if self._holder is not None:
            self._holder.close()

    def _lock(self, uid: int) -> bool:
        """Take the name of an abstract socket: there once for all, and gone with its process."""
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
    """Those of the made-up users that exist in this container."""
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
    """Become the parent of whatever loses its own below this process, so that it can be reaped."""
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
        return ""  # what is left will be seen
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
    """End a process and its descendants where they have the grader's own user.

    Not exact: a process that forked and lost its parent is missed. Workers that cannot be swept by user are
    kept from forking by their system-call filter, where there is one.
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
    """Remove a file or a folder with all that is in it, however deep or hostile; nothing may be using it.

    Not `shutil.rmtree`, which recurses: a folder nested 2000 deep ends it. Each folder's folders are moved up
    to the root instead, so that no path ever gets long.
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
