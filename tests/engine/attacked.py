"""What the attack suite needs: a copy of the grader to attack, gradings of submissions, and the promises.

The copy lies where other users could read it, so that it is the sandbox that keeps them out.
"""

from __future__ import annotations

import compileall
import contextlib
import hashlib
import json
import math
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from autograder.sandbox import sweep
from autograder.sandbox.box import Box
from autograder.sandbox.inside import sweeper
from tests.engine.conftest import MODULES
from tests.engine.warm import WarmGrader

ROOT = Path(__file__).resolve().parents[2]
ATTACKS = Path(__file__).resolve().parent / "attacks"
IS_ROOT = sweep.gives_workers_own_users() and sys.platform == "linux"
EVERY_LAYER = "limits,privileges,landlock,seccomp"
WITHOUT_LANDLOCK = "limits,privileges,seccomp"
WITHOUT_KERNEL_LAYERS = "limits,privileges"
_SECRETS_OF_TESTS = ("quiet_mask(", "test_fisher_sums", "census_batch(", "real_scores")
_FOLDERS = re.compile(r"(?<![\w…])/(tmp|root|home|usr|var|work|opt|autograder|etc|proc|dev)/")
_FOLDERS_OF_GRADER = ("autograder", "solutions", "student_template", "tests/hidden", "tests/public")
_WITH_NEIGHBOURS = ("exit_os", "exit_sys", "exit_segfault", "kill_parent", "hang", "take_memory", "take_disk")
"""These are graded with the functions beside the attacked one, which must lose nothing."""
_SHARED = ("/tmp", "/var/tmp", "/dev/shm")


@dataclass(frozen=True)
class Attack:
    """A hostile submission, as its file's first line describes it."""

    file: Path
    kind: str
    does: str
    holds: str

    @classmethod
    def read(cls, file: Path) -> Attack:
        kind, does, holds = (
            file.read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ").split(" | ")
        )
        return cls(file, kind, does, holds)

    @property
    def name(self) -> str:
        return self.file.stem

    @property
    def is_dangerous(self) -> bool:
        return self.kind.endswith("(dangerous)")

    @property
    def prefix(self) -> str:
        """The rows that show what must hold: as few as do, since there are many attacks."""
        if self.holds == "costs its module only":
            return "2.1"
        if self.name in _WITH_NEIGHBOURS:
            return "3"
        return "3.1" if self.kind in ("control", "forging", "lying", "keeping state") else "3.1.1"


def all_attacks() -> list[Attack]:
    return [Attack.read(file) for file in sorted(ATTACKS.glob("*.py"))]


@dataclass
class Grading:
    """What came of one grading."""

    status: int
    printed: str
    text: str
    source_changed: list[str]
    document: dict[str, Any] = field(default_factory=dict)

    @property
    def rows(self) -> dict[str, dict[str, Any]]:
        return {row["number"]: row for row in self.document["tests"]}

    @property
    def staff(self) -> dict[str, Any]:
        return self.document["extra_data"]

    @property
    def lost(self) -> set[str]:
        return {number for number, row in self.rows.items() if row["score"] < row["max_score"]}

    def points(self, prefix: str) -> float:
        return sum(row["score"] for number, row in self.rows.items() if f"{number}.".startswith(f"{prefix}."))


class Range:
    """A copy of the grader, with a secret of its own, and the gradings of submissions by it."""

    def __init__(self) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="hw4-range-")).resolve()
        self.root.chmod(0o755)
        self.source = self.root / "source"
        self.salt = f"salt-{secrets.token_hex(12)}"
        leave_out = shutil.ignore_patterns("__pycache__", "*.pyc", ".hypothesis")
        for folder in _FOLDERS_OF_GRADER:
            shutil.copytree(ROOT / folder, self.source / folder, ignore=leave_out)
        shutil.copy(ROOT / "tests" / "__init__.py", self.source / "tests" / "__init__.py")
        settings = self.source / "autograder" / "settings.toml"
        settings.write_text(re.sub(r"(?m)^salt = .*$", f'salt = "{self.salt}"', settings.read_text()))
        # As setup.sh does on the platform; without it, every grading would compile the grader anew.
        compileall.compile_dir(self.source, quiet=2)
        self.hashes = self._hashes()
        self.listener = socket.create_server(("127.0.0.1", 0))
        # Of another grading, for those who look for one.
        self.other_box = Box("hw4", ROOT / "student_template" / "hw4", ("npg",), {"npg": b"SECRET = 1\n"})
        self.other_box.__enter__()
        self.warm = WarmGrader(self.source, os.environ | {"SECRET_OF_THE_GRADER": self.salt})
        self._made = 0
        self.neighbour = self.submit(b"", self.new_folder() / "results.json")

    def close(self) -> None:
        self.warm.close()
        self.listener.close()
        self.other_box.__exit__(None, None, None)
        shutil.rmtree(self.root, ignore_errors=True)

    def new_folder(self) -> Path:
        self._made += 1
        folder = self.root / f"run-{self._made}"
        folder.mkdir(mode=0o755)
        return folder

    def submit(self, attack: Attack | str | bytes, results: Path) -> Path:
        """Make a submission: the reference, with an attack at the end of npg.py."""
        package = results.parent / "submission" / "hw4"
        package.mkdir(parents=True)
        for module in MODULES:
            shutil.copy(ROOT / "solutions" / "hw4" / f"{module}.py", package / f"{module}.py")
        text = attack.file.read_text(encoding="utf-8") if isinstance(attack, Attack) else attack
        if isinstance(text, str):
            port = str(self.listener.getsockname()[1])
            for name, value in {"SOURCE": self.source, "RESULTS": results, "PORT": port}.items():
                text = text.replace(f"@{name}@", str(value))
            text = text.encode()
        with open(package / "npg.py", "ab") as file:
            file.write(b"\n\n" + text)
        return package.parent

    def grade(
        self,
        submission: Path,
        results: Path,
        prefix: str,
        *,
        limits: str = "usual",
    ) -> Grading:
        """Grade a submission by the copy's command line; with short limits, by the weakened one.

        A process of its own, imports and all, costs three times what `grade_warm` does.
        """
        verb = ["grade", str(submission), "--results", str(results), "--only", prefix]
        command = ["-m", "autograder", *verb]
        if limits != "usual":
            weakened = Path(__file__).resolve().parent / "weakened.py"
            command = [str(weakened), str(self.source), EVERY_LAYER, limits, *verb]
        done = subprocess.run(
            [sys.executable, *command],
            cwd=self.source,
            env=self._environment(results),
            capture_output=True,
            text=True,
            errors="backslashreplace",
            check=False,
        )
        return self._graded(done.returncode, done.stdout + done.stderr, results)

    def grade_warm(
        self,
        submission: Path,
        results: Path,
        prefix: str,
        *,
        layers: str = EVERY_LAYER,
        limits: str = "usual",
        uid: int | None = None,
    ) -> Grading:
        """Grade a submission by the copy as it was loaded before the first attack; see `warm`."""
        printed = results.with_suffix(".printed")
        status = self.warm.grade(
            arguments=["grade", str(submission), "--results", str(results), "--only", prefix],
            layers=layers,
            limits=limits,
            uid=uid,
            environment=self._environment(results),
            printed=str(printed),
        )
        return self._graded(status, printed.read_text(errors="backslashreplace"), results)

    def assert_unharmed(self) -> None:
        """The next grading of the reference is as if nothing had been."""
        results = self.neighbour.parent / "results.json"
        results.unlink(missing_ok=True)
        graded = self.grade_warm(self.neighbour, results, "2.1.1")
        self.assert_promises(graded)
        assert graded.rows
        assert not graded.lost

    def _environment(self, results: Path) -> dict[str, str]:
        passed_on = ("PATH", "OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")
        return {
            **{name: os.environ[name] for name in passed_on if name in os.environ},
            "SECRET_OF_THE_GRADER": self.salt,
            "LANG": "C.UTF-8",
            "HOME": str(results.parent),
        }

    def _graded(self, status: int, printed: str, results: Path) -> Grading:
        text = results.read_text(encoding="utf-8")
        changed = sorted({name for name, _ in self._hashes().items() ^ self.hashes.items()})
        document = json.loads(text, parse_constant=lambda name: math.nan)
        return Grading(status, printed, text, changed, document)

    def _hashes(self) -> dict[str, str]:
        return {
            str(file.relative_to(self.source)): hashlib.sha256(file.read_bytes()).hexdigest()
            for folder in _FOLDERS_OF_GRADER
            for file in sorted((self.source / folder).rglob("*"))
            if file.is_file() and file.suffix != ".pyc"
        }

    def assert_promises(self, graded: Grading) -> None:
        """What must hold whatever was handed in."""
        assert graded.status == 0, graded.printed
        assert_valid(graded.document)
        assert not graded.source_changed
        assert graded.staff["changed_files"] == []
        assert "LEAK" not in graded.text
        for secret in (self.salt, *_SECRETS_OF_TESTS):
            assert secret not in graded.text + graded.printed, f"{secret} was shown"
        for said in seen_by_student(graded.document):
            assert not _FOLDERS.search(said), said
            hostile = [c for c in said if unicodedata.category(c) in ("Cc", "Cf", "Cs") and c != "\n"]
            assert not hostile, said
        assert not survivors()
        assert not leftovers()


def assert_valid(document: dict[str, Any]) -> None:
    """The platform's rules of results.json."""
    assert isinstance(document["score"], int | float)
    assert math.isfinite(document["score"])
    assert document["tests"]
    for row in document["tests"]:
        assert math.isfinite(row["score"])
        assert math.isfinite(row["max_score"])
        assert 0 <= row["score"] <= max(row["max_score"], 5)
        assert row["status"] in ("passed", "failed")
        assert len(row["output"]) < 100_000
        assert row["extra_data"]["outcome"] != "grader fault", (row["number"], row["output"])
    assert document["score"] == sum(row["score"] for row in document["tests"])


def seen_by_student(document: dict[str, Any]) -> Iterator[str]:
    yield document["output"]
    for row in document["tests"]:
        yield from (row["name"], row["output"])


def survivors(uid: int | None = None) -> list[sweep.SystemProcess]:
    """The living processes of made-up users whose grader is not at work any more, or of one such user."""
    found = [
        process
        for process in sweep.processes()
        if not process.is_dead and any(sweeper.FIRST <= uid <= sweeper.LAST for uid in process.uids)
    ]
    if uid is not None:
        return [process for process in found if uid in process.uids]
    leased = _leased()
    still = {process.pid for process in sweep.processes() if not process.is_dead}
    return [p for p in found if not p.uids & leased and p.pid in still]


def leftovers() -> list[str]:
    """Files in the shared folders that belong to such users."""
    found = []
    for folder in _SHARED:
        with contextlib.suppress(OSError), os.scandir(folder) as listing:
            for entry in listing:
                with contextlib.suppress(OSError):
                    owner = entry.stat(follow_symlinks=False).st_uid
                    if sweeper.FIRST <= owner <= sweeper.LAST:
                        found.append((entry.path, owner))
    leased = _leased()
    return [path for path, owner in found if owner not in leased and os.path.lexists(path)]


def _leased() -> set[int]:
    """The users that graders have on loan right now, of this suite or of anybody else's."""
    try:
        text = Path("/proc/net/unix").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return set()
    return {int(uid) for uid in re.findall(r"@hw4-grader-uid-(\d+)", text)}
