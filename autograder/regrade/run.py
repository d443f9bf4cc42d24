"""Grades a class again: what was graded before is kept, what is official stays so until it is promoted."""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from autograder.grading.assignment import Assignment
from autograder.grading.batch import Graded, Grader, Job, cores, grade_all
from autograder.grading.cluster import cluster_grader
from autograder.grading.errors import NotGraded, UnusableRequest
from autograder.grading.hidden_tests import collect_tests
from autograder.grading.integrity import fingerprints
from autograder.grading.manifest import choose, read_manifest
from autograder.grading.progress import OnProgress, Progress
from autograder.grading.results import Outcome, in_one_line
from autograder.grading.settings import read_settings
from autograder.grading.stop import Stop
from autograder.grading.submission import Collected, UnreadableSubmission, collect
from autograder.grading.versions import versions
from autograder.grading.warm import warm_graders
from autograder.grading.writer import write_json
from autograder.regrade.export import HandedIn, Official, empty, read_export
from autograder.regrade.journal import Journal, Key
from autograder.regrade.record import Record, read_record
from autograder.regrade.report import write_report
from autograder.regrade.tables import write_private, write_tables

MAX_TRIES = 3
"""Of a grading in which the grader itself fails: a machine out of memory recovers, a broken test does not."""
MIN_SECONDS_TOLD = 10.0
"""A grading that is under way for so long is told of."""
_OURS = frozenset({"results", "unpacked", "official.json", ".lock"})
"""By one of these, a folder is known as one that this command has filled before."""


@dataclass(frozen=True)
class Summary:
    """What a run has done.

    Attributes:
        records: every submission, sorted by name.
        graded: how many were graded now.
        kept: how many had been graded before.
        files: the tables.
        promoted: how many scores became official.
    """

    records: tuple[Record, ...]
    graded: int
    kept: int
    files: tuple[Path, ...]
    promoted: int = 0

    @property
    def faults(self) -> tuple[str, ...]:
        """A sentence for each submission that the grader failed on."""
        return tuple(
            f"{one.handed_in.name}: {one.message}" for one in self.records if one.status == "not graded"
        )


def regrade(
    assignment: Assignment,
    export: Path,
    out: Path,
    *,
    only: str = "",
    promote: Sequence[str] = (),
    workers: int | None = None,
    scheduler: str = "",
    on_progress: OnProgress = lambda progress: None,
    on_notice: Callable[[str], None] = lambda sentence: None,
) -> Summary:
    """Grade a class, or what of it was not graded before, and write its tables.

    Args:
        assignment: the homework.
        export: the platform's export, or a folder or zip with a folder or zip for each submission.
        out: the folder for what is found: a new one, or one of an earlier run.
        only: the rows to grade, as `manifest.choose` takes them; empty for all.
        promote: whose new scores become official: names of submissions, numbers or addresses of students, or
            ``"all"``.
        workers: how many gradings run at once; by default one a core.
        scheduler: the address of a Dask cluster that grades; empty for this machine.
        on_progress: called at the beginning, after every grading, and every few seconds.
        on_notice: is told what the user should know of the cluster, in a sentence.

    Raises:
        UnusableRequest: the export is none, the folder is somebody else's, nobody has such a name, or the
            cluster does not answer.
        NotGraded: no grading succeeds.
    """
    settings = read_settings(assignment.settings_file, assignment.numbers)
    if only:
        tests, _ = collect_tests(assignment)
        checks = read_manifest(tests, assignment, settings.visibility_of).checks
        choose(only, [check.row.number for check in checks.values()], assignment)
    with _owned(out):
        # Emptied at every start: a run that is killed leaves something in them.
        unpacked, under_way = empty(out / "unpacked"), empty(out / "under way")
        try:
            found = read_export(export, unpacked, assignment.package, assignment.modules)
            official = Officials(out / "official.json")
            known = {one.name for one in _named(found.submissions, promote)}
            version = versions(fingerprints(assignment))
            run = _Run(assignment, Journal(out / "results", only), official, only, version, on_progress)
            run.prepare(found.submissions, settings.salt_id)
            if not found.is_platforms and not run.has_modules:
                raise UnusableRequest(
                    f'"{export}" is no class: none of the {len(found.submissions)} folders and zips in it '
                    f"holds a module of {assignment.package}."
                )
            graders = (
                cluster_grader(scheduler, workers, on_notice)
                if scheduler
                else warm_graders(assignment.root, under_way, workers)
            )
            with graders as grader, Stop() as stop, stop.ends(run):
                run.grade(grader)
        finally:
            for folder in (unpacked, under_way):
                empty(folder).rmdir()
        records = tuple(record for _, record in sorted(run.records.items()))
        promoted = official.promote(record for record in records if record.handed_in.name in known)
        records = tuple(
            dataclasses.replace(record, official=official.of(record.handed_in)) for record in records
        )
        page = write_report(assignment.title, assignment.points + assignment.bonus, records)
        files = *write_tables(records, out), write_private(out / "report.html", page)
        return Summary(records, run.graded, run.kept, files, promoted)


@contextlib.contextmanager
def _owned(folder: Path) -> Iterator[None]:
    """Make a folder for this command and its owner alone, and hold it."""
    if folder.exists() and not folder.is_dir():
        raise UnusableRequest(f'"{folder}" is a file: name a folder for what is found.')
    if folder.is_dir() and any(folder.iterdir()) and not any((folder / name).exists() for name in _OURS):
        raise UnusableRequest(f'"{folder}" holds something else: name a new folder for what is found.')
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    with (folder / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UnusableRequest(f'Another run is at work in "{folder}": wait for its end.') from None
        yield


class _Run:
    """The gradings of a run.

    Args:
        assignment: the homework.
        journal: what has been graded.
        officials: what counts.
        only: the rows asked for.
        version: of the grader, by which workers must grade.
        on_progress: called at the beginning, after every grading, and every few seconds.

    Attributes:
        records: what is known of each submission, by name.
        graded: how many were graded in this run.
        kept: how many an earlier one has graded.
        has_modules: whether any submission holds a module.
        is_stopped: set by a signal.
    """

    def __init__(
        self,
        assignment: Assignment,
        journal: Journal,
        officials: Officials,
        only: str,
        version: Mapping[str, str],
        on_progress: OnProgress,
    ) -> None:
        self.records: dict[str, Record] = {}
        self.graded = self.kept = 0
        self.has_modules = self.is_stopped = False
        self._assignment = assignment
        self._journal = journal
        self._officials = officials
        self._only = only
        self._version = version
        self._on_progress = on_progress
        self._outcomes: Counter[str] = Counter()
        self._waiting: dict[str, tuple[HandedIn, Key, str]] = {}

    def prepare(self, submissions: Sequence[HandedIn], salt_id: str) -> None:
        """Find out what was graded before, and what is to be graded."""
        self._total = len(submissions)
        for handed_in in submissions:
            if not handed_in.place.exists():
                self._end(self._ungraded(handed_in, "not graded", "The export has no folder of this name."))
                continue
            try:
                found = self._collect(handed_in)
            except UnreadableSubmission as error:
                self._end(self._ungraded(handed_in, "unreadable", str(error), score=0.0))
                continue
            self.has_modules |= bool(found.sources)
            key = Key(handed_in.name, _digest(_content(found)), _digest(self._version), salt_id, self._only)
            document = self._journal.find(key)
            if document is None:
                self._waiting[handed_in.name] = handed_in, key, found.digest
            else:
                self.kept += 1
                self._end(self._read(handed_in, document))

    def grade(self, grader: Grader) -> None:
        """Grade what is waiting; where the grader fails, try again, a bounded number of times.

        Args:
            grader: grades each.

        Raises:
            NotGraded: the first gradings all fail, or no more can be graded.
        """
        self._report()
        problems: dict[str, str] = {}
        for _ in range(MAX_TRIES):
            for graded in grade_all(grader, self._jobs(problems), self._report):
                problem = self._problem(graded)
                if problem:
                    problems[graded.job.name] = problem
                    if not self.graded and len(problems) >= MAX_TRIES * min(cores(), grader.at_once):
                        raise NotGraded(f"The first {len(problems)} gradings all failed: {problem}")
                else:
                    self._keep(graded)
                self._report()
            if not self._waiting:
                return
        for name, (handed_in, _, _) in self._waiting.items():
            self._end(self._ungraded(handed_in, "not graded", problems[name]))
        self._report()

    def _jobs(self, problems: dict[str, str]) -> Iterator[Job]:
        """What is waiting, each read when it is drawn: the class need not fit into memory."""
        for name, (handed_in, _, _) in list(self._waiting.items()):
            try:
                yield Job(name, self._collect(handed_in), self._only, versions=self._version)
            except UnreadableSubmission as error:  # it was readable before
                problems[name] = str(error)

    def _collect(self, handed_in: HandedIn) -> Collected:
        return collect(handed_in.place, self._assignment.package, self._assignment.modules)

    def _problem(self, graded: Graded) -> str:
        """Why a grading does not count: the grader failed, or files changed. Empty where it counts."""
        if graded.document is None:
            return graded.problem
        _, key, digest = self._waiting[graded.job.name]
        extra = _mapping(graded.document["extra_data"])
        if extra.get("submission_sha256") != digest:
            return "The submission changed while it was read: run again."
        if _digest(_mapping(extra.get("versions"))) != key.grader:
            return "The grader changed while it ran: run again."
        rows = graded.document["tests"]
        assert isinstance(rows, list)
        failed = [row["number"] for row in rows if row["extra_data"]["outcome"] == Outcome.GRADER_FAULT.value]
        if failed or not rows:
            first = in_one_line(graded.faults[0]) if graded.faults else "it found no rows"
            return f"The grader itself failed in {', '.join(failed) or 'all rows'}: {first}"
        return ""

    def _keep(self, graded: Graded) -> None:
        handed_in, key, _ = self._waiting.pop(graded.job.name)
        assert graded.document is not None
        self.graded += 1
        self._end(self._read(handed_in, self._journal.keep(key, graded.document)))

    def _read(self, handed_in: HandedIn, document: Mapping[str, Any]) -> Record:
        official = self._officials.of(handed_in)
        return read_record(handed_in, official, document, is_whole=not self._only)

    def _ungraded(self, one: HandedIn, status: str, message: str, score: float | None = None) -> Record:
        is_whole = not self._only
        return Record(one, self._officials.of(one), status, (), score, is_whole, message)

    def _end(self, record: Record) -> None:
        self.records[record.handed_in.name] = record
        self._outcomes[record.outcome] += 1

    def _report(self, oldest: str = "", seconds: float = 0.0) -> None:
        """Tell how the gradings have ended so far, and which one is under way for the longest time."""
        counts = [f"{count} {outcome}" for outcome, count in sorted(self._outcomes.items())]
        if seconds >= MIN_SECONDS_TOLD:
            counts.append(f"{oldest} for {seconds:.0f} s")
        self._on_progress(Progress(" · ".join(counts), len(self.records), self._total))


class Officials:
    """What counts: the export's scores, and over them those that were promoted, which a file keeps.

    Args:
        file: the file.

    Raises:
        UnusableRequest: it cannot be read.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._promoted: dict[str, Any] = {}
        try:
            for name, one in json.loads(file.read_text(encoding="utf-8")).items():
                self._promoted[name] = {**one, "score": float(one["score"]), "rows": dict(one["rows"])}
        except FileNotFoundError:
            pass
        except (ValueError, TypeError, KeyError, AttributeError):
            raise UnusableRequest(
                f'"{file}" is not as it was written: put back a copy, or remove it.'
            ) from None

    def of(self, handed_in: HandedIn) -> Official:
        """What counts for a submission."""
        promoted = self._promoted.get(handed_in.name)
        if promoted is None:
            return handed_in.official
        return Official(promoted["score"], MappingProxyType(promoted["rows"]))

    def promote(self, records: Iterable[Record]) -> int:
        """Make new scores official; those that are not known stay as they are. Return how many."""
        count = 0
        for record in records:
            if record.new_score is None:
                continue
            graded = {row.number: row.score for row in record.rows}
            rows = graded if record.is_whole else {**record.official.rows, **graded}
            self._promoted[record.handed_in.name] = {
                "score": record.new_score,
                "rows": rows,
                "stamp": dict(record.stamp or {}),
            }
            count += 1
        if count:
            write_json(self._promoted, self._file, mode=0o600)
        return count


def _named(submissions: Iterable[HandedIn], wanted: Sequence[str]) -> Iterator[HandedIn]:
    """The submissions that are meant by names, numbers and addresses.

    Raises:
        UnusableRequest: nobody has one of them.
    """
    unknown = set(wanted) - {"all"}
    for one in submissions:
        names = {one.name, *(value for student in one.students for value in (student.sid, student.email))}
        unknown -= names
        if "all" in wanted or names.intersection(wanted):
            yield one
    if unknown:
        raise UnusableRequest(
            f'Nobody is called "{min(unknown)}": promote a submission by its name in the '
            'export, a student by number or address, or "all".'
        )


def _content(found: Collected) -> Mapping[str, object]:
    """What results depend on: the modules, and what the student is told of other files."""
    return {"modules": found.digest, "missing": dict(found.missing), "notes": list(found.notes)}


def _digest(values: Mapping[str, object]) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:16]


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}
