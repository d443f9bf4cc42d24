"""The folder a submission is run from: its files, the given modules and the stubs, all read-only.

    runtime/      the worker's own start-up files
    submission/   the package: given modules, submitted modules, stubs for the missing ones
    stubs/        a stub of every module
    scratch-…/    one writable folder for each worker

    grader        which process it belongs to

It lies outside the repository, so that no file of the grader is near student code. Where the grader is root,
only a group of the box's own may enter it. Its workers are in that group; the workers of other boxes are not.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator, Mapping, Set
from pathlib import Path
from types import TracebackType

from autograder.sandbox import sweep
from autograder.sandbox.failures import GraderFault
from autograder.sandbox.forkserver import ForkServer

_INSIDE = Path(__file__).resolve().parent / "inside"
_PREFIX, _OWNER = "hw4-box-", "grader"
LAYERS = frozenset({"limits", "privileges", "landlock", "seccomp"})
"""What a worker gives up, see `inside/confinement.py`."""
_OLD_SECONDS = 3600.0
"""A younger box may be in use by a grader in another container, whose processes cannot be seen here."""


class Box:
    """The folder, as a context manager: made on entry, removed on exit.

    Attributes:
        fork_server: where its workers come from; it ends with the box.
        layers: as given.

    Args:
        package: the name of the package students fill in.
        template: the students' package as it is handed out: given modules and stubs.
        modules: the names of the modules students fill in.
        submitted: the source of each module that was handed in, by module.
        layers: what its workers give up; fewer are for tests, which so see what an older kernel would leave.
    """

    def __init__(
        self,
        package: str,
        template: Path,
        modules: tuple[str, ...],
        submitted: Mapping[str, bytes],
        layers: Set[str] = LAYERS,
    ) -> None:
        self.package = package
        self.layers = layers
        self._template = template
        self._modules = modules
        self._submitted = submitted
        self._scratches = 0
        self._group: sweep.UidLease | None = None
        self.root = Path()
        self.fork_server = ForkServer(Path())

    @property
    def group(self) -> int | None:
        """The group that may look into the box, or None where every worker is the grader's own user."""
        return self._group.uid if self._group else None

    @property
    def runtime(self) -> Path:
        """The folder of the files a worker is started from."""
        return self.root / "runtime"

    @property
    def submission(self) -> Path:
        """The folder that holds the package."""
        return self.root / "submission"

    @property
    def stubs(self) -> Path:
        """The folder that holds the stub of every module."""
        return self.root / "stubs"

    def __enter__(self) -> Box:
        with _room_in_temporary_folder():
            folder = _reachable_temporary_folder()
            _remove_abandoned(folder)
            self.root = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=folder)).resolve()
            try:
                (self.root / _OWNER).write_text(sweep.identity(os.getpid()), encoding="ascii")
                if sweep.gives_workers_own_users():
                    self._group = sweep.UidLease()
                self._fill()
                self.fork_server = ForkServer(self.runtime / "start.py")
            except BaseException:
                self._remove()
                raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._remove()

    def new_scratch(self, uid: int | None) -> Path:
        """Make a folder a worker may write to: its working directory, home and place for temporary files."""
        self._scratches += 1
        scratch = self.root / f"scratch-{self._scratches}"
        with _room_in_temporary_folder():
            scratch.mkdir(mode=0o700)
            if uid is not None and self.group is not None:
                os.chown(scratch, uid, self.group)
        return scratch

    def _fill(self) -> None:
        if not self._template.is_dir():
            raise GraderFault(
                f'There is no students\' package at "{self._template}": run "python -m autograder template".'
            )
        package = self.submission / self.package
        shutil.copytree(self._template, package, ignore=shutil.ignore_patterns("__pycache__"))
        self.stubs.mkdir()
        for module in self._modules:
            shutil.copyfile(self._template / f"{module}.py", self.stubs / f"{module}.py")
        for module, source in self._submitted.items():
            (package / f"{module}.py").write_bytes(source)
        self.runtime.mkdir()
        for file in _INSIDE.glob("*.py"):
            shutil.copyfile(file, self.runtime / file.name)
        # The root stays writable for its owner, who adds a scratch folder for each worker.
        self._open_to_workers(self.root, 0o750)
        for folder, folders, files in os.walk(self.root):
            for name in files:
                self._open_to_workers(Path(folder) / name, 0o440)
            for name in folders:
                self._open_to_workers(Path(folder) / name, 0o550)

    def _open_to_workers(self, path: Path, mode: int) -> None:
        if self.group is not None:
            os.chown(path, 0, self.group)
        path.chmod(mode)

    def _remove(self) -> None:
        self.fork_server.close()
        sweep.remove(self.root)
        if self._group is not None:
            self._group.release()


def _reachable_temporary_folder() -> Path:
    """A folder for temporary files that every user can enter: root's TMPDIR may be in a private one."""
    usual = Path(tempfile.gettempdir()).resolve()
    if all(folder.stat().st_mode & 0o001 for folder in (usual, *usual.parents)):
        return usual
    return Path("/tmp")


@contextlib.contextmanager
def _room_in_temporary_folder() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise GraderFault(
            f"Nothing can be made in the folder for temporary files ({error.strerror}): make room there, or "
            "name another folder by TMPDIR."
        ) from None


def _remove_abandoned(folder: Path) -> None:
    """Remove the boxes that graders of this user left behind when they were killed, an hour ago or more."""
    with contextlib.suppress(OSError), os.scandir(folder) as listing:
        for entry in list(listing):
            if entry.name.startswith(_PREFIX) and _is_abandoned(Path(entry.path)):
                sweep.remove(Path(entry.path))


def _is_abandoned(box: Path) -> bool:
    try:
        folder, owner = box.lstat(), (box / _OWNER).lstat()
        is_ours = stat.S_ISDIR(folder.st_mode) and folder.st_uid == owner.st_uid == os.geteuid()
        if not is_ours or not stat.S_ISREG(owner.st_mode) or time.time() - owner.st_mtime < _OLD_SECONDS:
            return False
        pid, _, started = (box / _OWNER).read_text(encoding="ascii").partition(" ")
        return sweep.identity(int(pid)) != f"{pid} {started}"
    except (OSError, ValueError):
        return False
