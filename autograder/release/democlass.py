"""Makes up a class: an export of the platform, for tests, for the documentation and for a first try.

Nothing in it comes from a real class. The official scores in it are those of a made-up older grader, which
failed one row for every third submission that had it right: so a re-grade has something to find.
"""

from __future__ import annotations

import ast
import datetime
import math
import random
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

import yaml

from autograder.grading.assignment import Assignment
from autograder.grading.errors import UnusableRequest
from autograder.grading.gradescope import render
from autograder.grading.manifest import is_below
from autograder.grading.progress import OnProgress, Progress
from autograder.grading.results import Explanation, Outcome, Results
from autograder.release import inprocess, known
from autograder.release.disguise import disguise
from autograder.release.names import people

Sources: TypeAlias = Mapping[str, str]
"""The source of every module, by module."""

METADATA = "submission_metadata.yml"
_SALT, _SECONDS = "demo class", 10.0
DUE = datetime.datetime(2026, 10, 9, 23, 59, tzinfo=datetime.timezone.utc)
_SHARES = {
    "one mistake": 0.32,
    "several mistakes": 0.16,
    "unfinished": 0.08,
    "unchanged": 0.03,
    "empty": 0.03,
    "broken": 0.05,
    "hostile": 0.02,
}
"""How large a share of the class is of each kind; the others are right."""
_MIN_VARIED = 8
"""From so many submissions on, there are an empty one, a broken one and a copy in disguise among them."""
_COMMON_MISTAKES = 60
_GROUP_SIZES = (1, 1, 1, 1, 1, 1, 1, 1, 2, 3)
_LAYOUTS = ("{package}/", "{package}/", "homework/{package}/", "")
_HOSTILE_LINES = ("while True: pass", "import os; os._exit(1)", "raise SystemExit(0)")


@dataclass(frozen=True)
class _Flaw:
    """What loses rows in a submission.

    Attributes:
        module: where it is.
        source: the module with it, for the older grader; it must be safe to run.
        only: the rows it may lose, as `manifest.choose` takes them.
    """

    module: str
    source: str
    only: str


@dataclass(frozen=True)
class _Work:
    """What a submission holds.

    Attributes:
        kind: for the summary.
        files: what was uploaded, by path.
        flaws: what is wrong with it.
    """

    kind: str
    files: Mapping[str, bytes]
    flaws: tuple[_Flaw, ...] = ()


def make_class(
    assignment: Assignment,
    students: int,
    folder: Path,
    seed: int = 0,
    on_progress: OnProgress = lambda progress: None,
) -> Mapping[str, int]:
    """Make up an export of the platform.

    Args:
        assignment: the homework.
        students: how many students; some hand in together.
        folder: where the export goes: a new folder.
        seed: what is drawn from it; the same seed gives the same class.
        on_progress: called after every submission.

    Returns:
        How many submissions there are of each kind.

    Raises:
        UnusableRequest: the folder holds something already.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UnusableRequest(f'"{folder}" holds something already: name a new folder for the class.')
    rng = random.Random(seed)
    groups = _groups(people(students, rng), rng)
    with tempfile.TemporaryDirectory(prefix="demo-class-") as scratch:
        works = list(_Author(assignment, Path(scratch), rng).write(len(groups)))
        rng.shuffle(works)
        grader = _OlderGrader(assignment, Path(scratch) / "graded")
        entries = {}
        number = 204_450_000
        for place, (group, work) in enumerate(zip(groups, works, strict=True)):
            number += rng.randrange(1, 400)
            name = f"submission_{number}"
            (folder / name).mkdir(parents=True)
            for path, content in work.files.items():
                file = folder / name / path
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(content)
            entries[name] = _entry(group, grader.grade(work.flaws, is_unlucky=place % 3 == 0), number, rng)
            on_progress(Progress(name, place + 1, len(groups)))
    with (folder / METADATA).open("w", encoding="utf-8") as stream:
        yaml.dump(entries, stream, _Dumper, allow_unicode=True, sort_keys=False, explicit_start=True)
    return dict(sorted(Counter(work.kind for work in works).items()))


def _groups(members: Sequence[Mapping[str, str]], rng: random.Random) -> list[list[Mapping[str, str]]]:
    groups, left = [], list(members)
    while left:
        size = rng.choice(_GROUP_SIZES)
        groups.append(left[:size])
        left = left[size:]
    return groups


class _Author:
    """Writes what a class hands in.

    Args:
        assignment: the homework.
        folder: for the right submissions in all styles.
        rng: draws who does what.
    """

    def __init__(self, assignment: Assignment, folder: Path, rng: random.Random) -> None:
        self._assignment = assignment
        self._rng = rng
        self._stubs = self._read(assignment.template)
        styles = known.write_right(assignment, folder / "styles")
        self._styles = [self._read(submission) for _, submission in styles]
        mistakes = list(assignment.catalogue().misconceptions)
        rng.shuffle(mistakes)
        self._mistakes = mistakes[:_COMMON_MISTAKES]
        # A few mistakes are made by many, and most by few.
        self._weights = [1 / (place + 2) for place in range(len(self._mistakes))]
        self._numbers = {function.qualified_name: function.number for function in assignment.functions}

    def write(self, number: int) -> Iterator[_Work]:
        """Write so many submissions."""
        counts = {kind: math.floor(share * number + 0.5) for kind, share in _SHARES.items()}
        copies = 0
        if number >= _MIN_VARIED:
            counts |= {kind: max(counts[kind], 1) for kind in ("empty", "broken")}
            copies = 1
        for _ in range(number - sum(counts.values()) - copies):
            yield self._work("right", self._style())
        for place in range(counts["one mistake"]):
            sources, flaws = self._mistaken(1)
            yield self._work("one mistake", sources, flaws)
            if place < copies:
                copied = {name: disguise(source, self._rng) for name, source in sources.items()}
                yield self._work("copy in disguise", copied, flaws)
        for _ in range(counts["several mistakes"]):
            yield self._work("several mistakes", *self._mistaken(self._rng.choice((2, 2, 3))))
        for _ in range(counts["unfinished"]):
            yield self._unfinished()
        for place in range(counts["hostile"]):
            yield self._hostile(place)
        nothing = tuple(map(self._not_attempted, self._assignment.modules))
        for _ in range(counts["unchanged"]):
            yield self._work("unchanged", self._stubs, nothing)
        for _ in range(counts["empty"]):
            yield _Work("empty", {}, nothing)
        for place in range(counts["broken"]):
            yield self._broken(place, nothing)

    def _read(self, submission: Path) -> Sources:
        folder = submission / self._assignment.package
        return {name: _text(folder / f"{name}.py") for name in self._assignment.modules}

    def _style(self) -> Sources:
        return self._rng.choice(self._styles)

    def _work(self, kind: str, sources: Sources, flaws: tuple[_Flaw, ...] = ()) -> _Work:
        layout = self._rng.choice(_LAYOUTS).format(package=self._assignment.package)
        files = {f"{layout}{name}.py": source.encode() for name, source in sources.items()}
        return _Work(kind, files, flaws)

    def _mistaken(self, number: int) -> tuple[Sources, tuple[_Flaw, ...]]:
        """A right submission with so many mistakes, each in a module of its own."""
        sources, flaws = dict(self._style()), dict[str, _Flaw]()
        modules = {mistake.function.partition(".")[0] for mistake in self._mistakes}
        while len(flaws) < min(number, len(modules)):
            (mistake,) = self._rng.choices(self._mistakes, self._weights)
            module = mistake.function.partition(".")[0]
            if module in flaws:
                continue
            if self._is_needed(module, sources):
                sources = dict(self._style())
                flaws.clear()
                continue
            sources[module] = known.mistaken_source(self._assignment, mistake)
            flaws[module] = _Flaw(module, sources[module], self._numbers[mistake.function])
        return sources, tuple(flaws.values())

    def _is_needed(self, module: str, sources: Sources) -> bool:
        """Whether another module of a style imports what the reference's does not have."""
        offered = {
            node.name
            for node in ast.parse(_reference(self._assignment, module)).body
            if isinstance(node, ast.FunctionDef)
        }
        return any(
            isinstance(node, ast.ImportFrom)
            and (node.module or "").rpartition(".")[2] == module
            and not {alias.name for alias in node.names} <= offered
            for source in sources.values()
            for node in ast.walk(ast.parse(source.removeprefix("\ufeff")))
        )

    def _not_attempted(self, module: str) -> _Flaw:
        """The template's module loses the rows of its own functions, and of the parts that only run them."""
        own = [one.number for one in self._assignment.functions if one.module == module]
        runs = [part.number for part in self._assignment.parts if not part.functions]
        return _Flaw(module, self._stubs[module], ",".join([*own, *runs]))

    def _unfinished(self) -> _Work:
        """As far as one module, and nothing of those behind it."""
        modules = self._assignment.modules
        last = modules[self._rng.randrange(len(modules)) :]
        sources = {**self._reference(), **{name: self._stubs[name] for name in last}}
        return self._work("unfinished", sources, tuple(map(self._not_attempted, last)))

    def _reference(self) -> Sources:
        return {name: _reference(self._assignment, name) for name in self._assignment.modules}

    def _hostile(self, place: int) -> _Work:
        """A function that never ends, or ends its process."""
        function = self._rng.choice(self._assignment.functions)
        source = _reference(self._assignment, function.module)
        hostile = _with_first(source, function.name, _HOSTILE_LINES[place % len(_HOSTILE_LINES)])
        harmless = _with_first(source, function.name, "raise NotImplementedError")
        sources = {**self._reference(), function.module: hostile}
        return self._work("hostile", sources, (_Flaw(function.module, harmless, function.number),))

    def _broken(self, place: int, nothing: tuple[_Flaw, ...]) -> _Work:
        """An upload that cannot be read, or not all of it."""
        whole = self._work("broken", self._reference())
        path, content = self._rng.choice(list(whole.files.items()))
        one = (self._not_attempted(Path(path).stem),)
        package = self._assignment.package
        uploads: Sequence[tuple[Mapping[str, bytes], tuple[_Flaw, ...]]] = (
            ({**whole.files, path: content + b"\ndef unfinished(:\n"}, one),
            ({f"{package}.pdf": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"}, nothing),
            ({f"{package}.zip": b"PK\x03\x04" + content[:200]}, nothing),
            ({"Homework.ipynb": b'{"cells": [], "nbformat": 4}'}, nothing),
            ({**whole.files, path: b"\x00".join([content[:100], content[100:]])}, one),
        )
        return _Work("broken", *uploads[place % len(uploads)])


class _OlderGrader:
    """What the platform had found before: the rows that are lost today, and one that is lost wrongly.

    Args:
        assignment: the homework.
        folder: for the submissions that are graded.
    """

    def __init__(self, assignment: Assignment, folder: Path) -> None:
        self._assignment = assignment
        self._folder = folder
        self._lost: dict[_Flaw, frozenset[str]] = {}
        reference = known.write_reference(assignment, folder / "reference")
        graded = inprocess.grade(assignment, reference, _SALT)
        # The same seed gives the same file.
        rows = tuple(replace(row, seconds=0.1) for row in graded.rows)
        self._passed = replace(graded, rows=rows, seconds=_SECONDS)
        part = max((part for part in assignment.parts if part.functions), key=lambda part: part.points)
        self._wrong = [row.number for row in self._passed.rows if is_below(row.number, part.number)][-1]

    def grade(self, flaws: Sequence[_Flaw], *, is_unlucky: bool) -> Results:
        """Grade one submission.

        Args:
            flaws: what is wrong with it.
            is_unlucky: whether the older grader's mistake hits it.
        """
        lost = {number for flaw in flaws for number in self._lost_by(flaw)}
        lost |= {self._wrong} if is_unlucky else set()
        failed = Explanation("Not as expected.", kind="value")
        rows = tuple(
            replace(row, outcome=Outcome.FAILED, explanation=failed) if row.number in lost else row
            for row in self._passed.rows
        )
        return replace(self._passed, rows=rows, summary="Graded by a made-up older grader.")

    def _lost_by(self, flaw: _Flaw) -> frozenset[str]:
        """The rows that a module loses among those of the reference."""
        if flaw not in self._lost:
            folder = self._folder / str(len(self._lost)) / self._assignment.package
            folder.mkdir(parents=True)
            (folder / f"{flaw.module}.py").write_text(flaw.source, encoding="utf-8")
            graded = inprocess.grade(self._assignment, folder.parent, _SALT, flaw.only)
            self._lost[flaw] = frozenset(
                row.number for row in graded.rows if row.outcome in (Outcome.FAILED, Outcome.NOT_ATTEMPTED)
            )
        return self._lost[flaw]


def _entry(
    group: Sequence[Mapping[str, str]], results: Results, number: int, rng: random.Random
) -> Mapping[str, object]:
    """What the export says of a submission."""
    document = render(results)
    hours = rng.uniform(-40, -0.1) if rng.random() < 0.08 else rng.uniform(0.1, 120)
    created = DUE - datetime.timedelta(hours=hours, microseconds=rng.randrange(10**6))
    history = []
    for before in range(min(int(rng.expovariate(0.6)), 6), 0, -1):
        share = max(0.0, 1 - before * rng.uniform(0.1, 0.4))
        history.append(
            _attempt(number - before, created - datetime.timedelta(hours=3 * before), share, results)
        )
    if rng.random() < 0.05:
        # The student has made an older attempt the active one.
        history.append(_attempt(number + 1, created + datetime.timedelta(minutes=30), 0.5, results))
    return {
        ":submitters": [
            {f":{key}": _Quoted(value) if key == "sid" else value for key, value in person.items()}
            for person in group
        ],
        ":created_at": created,
        ":score": document["score"],
        ":status": "processed",
        ":results": document,
        ":history": history,
    }


def _attempt(number: int, created: datetime.datetime, share: float, results: Results) -> Mapping[str, object]:
    score = round(2 * share * (results.points + results.bonus)) / 2
    output = "Graded by a made-up older grader."
    return {
        ":id": number,
        ":created_at": created,
        ":score": score,
        ":status": "processed",
        ":results": {"score": score, "output": output, "tests": []},
    }


def _text(file: Path) -> str:
    with file.open(encoding="utf-8", newline="") as stream:
        return stream.read()


def _reference(assignment: Assignment, module: str) -> str:
    return _text(assignment.solutions / assignment.package / f"{module}.py")


def _with_first(source: str, name: str, line: str) -> str:
    """A source whose function of a name begins with another line."""
    tree = ast.parse(source)
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name == name:
            node.body = [*ast.parse(line).body, *node.body]
    return ast.unparse(tree) + "\n"


class _Quoted(str):
    """A text that is quoted, as identifiers with leading zeros are."""


class _Dumper(yaml.CSafeDumper):  # type: ignore[misc]
    """Writes as the platform's export is written: times with nine digits and a Z, names as they are."""


def _represent_time(dumper: _Dumper, time: datetime.datetime) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:timestamp", f"{time:%Y-%m-%d %H:%M:%S.%f}000 Z")


def _represent_quoted(dumper: _Dumper, text: _Quoted) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", str(text), style="'")


_Dumper.add_representer(datetime.datetime, _represent_time)
_Dumper.add_representer(_Quoted, _represent_quoted)
