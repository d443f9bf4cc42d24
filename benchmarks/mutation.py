"""How many small changes to the reference lose points: mutation testing with cosmic-ray.

    .venv/bin/pip install cosmic-ray==8.7.0
    .venv/bin/python benchmarks/mutation.py [--workers 2] [--only MODULE] [--salt SALT]

Every mutant is the reference with one operator, number or condition changed. It is graded as a submission, on
the rows of its module's part. It is killed when a row finds a mistake, and survives when it gets every point:
then a row is missing, or the change makes no difference. docs/mutation.md lists the changes that make none,
with the reason. The exit status is 0 when exactly these survive.

cosmic-ray only makes the mutants: it knows no result but killed and survived, and a grading that fails
because of the grader is neither.
"""

from __future__ import annotations

import argparse
import ast
import importlib.metadata
import itertools
import os
import re
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(1, f"{sys.path[0]}/solutions")

from autograder.grading.batch import Graded, Job, grade_all
from autograder.grading.results import Outcome
from autograder.grading.warm import warm_graders
from autograder.homework import ASSIGNMENT as HW4
from autograder.release.known import write_reference

VERSION = "8.7.0"
"""Another version of cosmic-ray makes other mutants, and the explanations would not fit them."""
EXPLANATIONS = HW4.root / "docs" / "mutation.md"
FINDINGS = {Outcome.FAILED.value, Outcome.NOT_ATTEMPTED.value}
"""Outcomes that say something about the mutant. A row that ran out of the grading's time says nothing."""
RAISED = "CallRaised"
"""The kind of a row whose function raised an exception, as ``|`` does on floats: any call notices that."""
UNEXPLAINED = f"UNEXPLAINED: a graded row is missing, or the reason in {EXPLANATIONS.name}."
BLOCK = re.compile(r"^```diff\n(.*?)^```\n(.*?)(?=^```diff|^#|\Z)", re.DOTALL | re.MULTILINE)
"""In docs/mutation.md: changed lines, and the reason below them."""


@dataclass(frozen=True)
class Change:
    """One changed place, as docs/mutation.md has it: without a line number, which other changes move.

    Attributes:
        function: ``module.function``.
        before: the reference's line without its indentation; several are joined.
        after: the mutant's.
    """

    function: str
    before: str
    after: str

    def __str__(self) -> str:
        """The change as docs/mutation.md has it."""
        return f"### `{self.function}`\n\n```diff\n- {self.before}\n+ {self.after}\n```"


@dataclass(frozen=True)
class Mutant:
    """A module of the reference with one change."""

    module: str
    line: int
    change: Change
    source: str


@dataclass(frozen=True)
class Made:
    """The mutants of a module, and how many others do not compile or are the same as another."""

    mutants: tuple[Mutant, ...]
    not_python: int
    same: int


@dataclass(frozen=True)
class Judged:
    """A graded mutant: the rows that found a mistake, and whether each of them saw an exception."""

    mutant: Mutant
    rows: tuple[str, ...]
    has_only_raised: bool

    @property
    def is_killed(self) -> bool:
        """Whether the mutant lost points."""
        return bool(self.rows)


def make_mutants(module: str, source: str) -> Made:
    """Change every place of a module that cosmic-ray's operators change, one at a time.

    Left out: changes in annotations, which are never evaluated; those made twice; those that do not compile.
    """
    from cosmic_ray.mutating import mutate_code
    from cosmic_ray.plugins import get_operator, operator_names

    seen = {syntax_tree(source)}
    mutants: list[Mutant] = []
    not_python = same = 0
    for name in sorted(operator_names()):
        operator = get_operator(name)
        if operator.arguments():
            continue  # they put in random numbers and variables: another run would have other mutants
        for occurrence in itertools.count():
            mutated = mutate_code(source, operator(), occurrence)
            if mutated is None:
                break
            try:
                tree = syntax_tree(mutated)
            except SyntaxError:
                not_python += 1
                continue
            if tree in seen:
                same += 1
                continue
            seen.add(tree)
            mutants.append(compare(module, source, mutated))
    mutants.sort(key=lambda mutant: (mutant.line, mutant.change.after))
    return Made(tuple(mutants), not_python, same)


def syntax_tree(source: str) -> str:
    """Write a module's syntax tree without annotations, which are never evaluated."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            node.returns = None
        elif isinstance(node, ast.arg):
            node.annotation = None
    compile(tree, "mutant", "exec")
    return ast.dump(tree)


def compare(module: str, source: str, mutated: str) -> Mutant:
    """Find the lines in which a mutant differs from the reference, and their function."""
    old, new = source.splitlines(), mutated.splitlines()
    first = equal_at_the_start(old, new)
    last = equal_at_the_start(old[:first:-1], new[:first:-1])
    before, after = (
        " ".join(line.strip() for line in lines[first : len(lines) - last]) for lines in (old, new)
    )
    function = next(
        node.name
        for node in ast.parse(source).body
        if isinstance(node, ast.FunctionDef) and node.lineno <= first + 1 <= (node.end_lineno or 0)
    )
    return Mutant(module, first + 1, Change(f"{module}.{function}", before, after), mutated)


def equal_at_the_start(one: Sequence[str], other: Sequence[str]) -> int:
    """Count the first lines that two texts share."""
    return sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def read_explanations(text: str) -> Mapping[Change, str]:
    """Read the equivalent mutants and their reasons.

    Below a heading ``module.function`` there are blocks of a line ``-`` of the reference and the lines ``+``
    that may replace it, each followed by the reason.

    Raises:
        SystemExit: a block has no reason.
    """
    reasons: dict[Change, str] = {}
    for section in re.split(r"^### ", text, flags=re.MULTILINE)[1:]:
        function = section.splitlines()[0].strip("`")
        for block, reason in BLOCK.findall(section):
            if not reason.strip():
                raise SystemExit(f"{EXPLANATIONS.name}: a block of {function} has no reason below it.")
            before = ""
            for line in block.splitlines():
                if line.startswith("-"):
                    before = line[1:].strip()
                elif line.startswith("+"):
                    reasons[Change(function, before, line[1:].strip())] = reason.strip()
    return reasons


def judge(mutants: Sequence[Mutant], folder: Path, salt: str, workers: int) -> Iterator[Judged]:
    """Grade the mutants, each on its module's part, and yield them as they end.

    Raises:
        SystemExit: the grader failed, or the reference lost points.
    """
    parts = {function.module: part.number for part in HW4.parts for function in part.functions}
    reference = write_reference(HW4, folder / "reference")
    modules = dict.fromkeys(mutant.module for mutant in mutants)
    with warm_graders(HW4.root, workers=workers) as grader:
        first = (Job(f"reference {parts[module]}", reference, parts[module], salt) for module in modules)
        for graded in grade_all(grader, first):
            if lost := [str(row["number"]) for row in findings(graded)]:
                raise SystemExit(f"The reference itself loses points in {', '.join(lost)}: mend that first.")

        for graded in grade_all(grader, _jobs(mutants, parts, folder, salt)):
            lost_rows = findings(graded)
            yield Judged(
                mutants[int(graded.job.name)],
                tuple(str(row["number"]) for row in lost_rows),
                all(row["extra_data"].get("kind") == RAISED for row in lost_rows),
            )


def _jobs(mutants: Sequence[Mutant], parts: Mapping[str, str], folder: Path, salt: str) -> Iterator[Job]:
    for number, mutant in enumerate(mutants):
        submission = write_reference(HW4, folder / str(number))
        file = submission / HW4.package / f"{mutant.module}.py"
        file.write_text(mutant.source, encoding="utf-8")
        yield Job(str(number), submission, parts[mutant.module], salt)


def findings(graded: Graded) -> list[Mapping[str, object]]:
    """Return the rows that found a mistake.

    Raises:
        SystemExit: the grading failed, the grader did, or its files changed meanwhile.
    """
    if graded.document is None:
        raise SystemExit(graded.problem)
    rows, staff = graded.document["tests"], graded.document["extra_data"]
    assert isinstance(rows, list)
    assert isinstance(staff, dict)
    if not rows:
        raise SystemExit(f"There are no rows in part {graded.job.only}: nothing was graded.")
    judged = {*FINDINGS, Outcome.PASSED.value}
    unclear = [str(row["number"]) for row in rows if row["extra_data"]["outcome"] not in judged]
    if unclear:
        reason = "; ".join(map(str, staff["grader_faults"])) or "the time ran out."
        raise SystemExit(f"The grader itself failed in {', '.join(unclear)}: {reason}")
    if staff["changed_files"]:
        raise SystemExit(f"{', '.join(staff['changed_files'])} changed during a grading: run this again.")
    return [row for row in rows if row["extra_data"]["outcome"] in FINDINGS]


def row_of(name: str, judged: Sequence[Judged], reasons: Mapping[Change, str]) -> str:
    """Write the table's row of a module, or of all."""
    killed = sum(one.is_killed for one in judged)
    raised = sum(one.is_killed and one.has_only_raised for one in judged)
    survived = [one for one in judged if not one.is_killed]
    equivalent = sum(one.mutant.change in reasons for one in survived)
    score = killed / (len(judged) - equivalent)
    strict = (killed - raised) / max(1, len(judged) - equivalent - raised)
    return (
        f"| {name} | {len(judged)} | {killed} | {raised} | {len(survived)} | {equivalent} "
        f"| {score:.1%} | {strict:.1%} |"
    )


def report(
    modules: Sequence[str], made: Mapping[str, Made], judged: Sequence[Judged], reasons: Mapping[Change, str]
) -> bool:
    """Print the table and the survivors; return whether exactly the explained mutants survived."""
    print("| module | mutants | killed | only raised | survived | equivalent | score | without raised |")
    print("|---|---|---|---|---|---|---|---|")
    for module in modules:
        print(row_of(module, [one for one in judged if one.mutant.module == module], reasons))
    if len(modules) > 1:
        print(row_of("all", judged, reasons))
    not_python = sum(one.not_python for one in made.values())
    same = sum(one.same for one in made.values())
    print(f"\nNot counted: {not_python} that do not compile, {same} in annotations or made twice.")
    survivors = [one.mutant for one in judged if not one.is_killed]
    for mutant in sorted(survivors, key=lambda one: (modules.index(one.module), one.line)):
        print(f"\n{HW4.package}/{mutant.module}.py:{mutant.line} survived.\n\n{mutant.change}\n")
        print(reasons.get(mutant.change, UNEXPLAINED))
    unexplained = [one for one in survivors if one.change not in reasons]
    stale = 0
    killers = {one.mutant.change: one.rows for one in judged}
    for change in reasons:
        if change.function.partition(".")[0] not in modules:
            continue
        if change not in killers:
            stale += 1
            print(f"\nSTALE: {EXPLANATIONS.name} explains a mutant that is no longer made.\n\n{change}")
        elif killers[change]:
            stale += 1
            rows = ", ".join(killers[change])
            print(f"\nWRONG: {EXPLANATIONS.name} calls a mutant equivalent that fails {rows}.\n\n{change}")
    print(f"\n{len(unexplained)} survivors without a reason, {stale} reasons without a survivor.")
    return not unexplained and not stale


def require_cosmic_ray() -> None:
    """Check that the version of cosmic-ray is the one that docs/mutation.md was written for.

    Raises:
        SystemExit: it is another one, or none.
    """
    try:
        found = importlib.metadata.version("cosmic-ray")
    except importlib.metadata.PackageNotFoundError:
        found = "none"
    if found != VERSION:
        raise SystemExit(
            f"cosmic-ray {VERSION} is needed, and {found} is installed: run "
            f'".venv/bin/pip install cosmic-ray=={VERSION}".'
        )


def main() -> int:
    """Make the mutants, grade them, and print what was found."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--workers", type=int, default=os.cpu_count(), help="gradings at once")
    parser.add_argument("--only", choices=HW4.modules, help="make mutants of this module alone")
    parser.add_argument("--salt", default="", help="draws the hidden inputs, in place of the settings' salt")
    arguments = parser.parse_args()
    require_cosmic_ray()
    reasons = read_explanations(EXPLANATIONS.read_text(encoding="utf-8"))
    modules = (arguments.only,) if arguments.only else HW4.modules
    made = {
        module: make_mutants(
            module, (HW4.solutions / HW4.package / f"{module}.py").read_text(encoding="utf-8")
        )
        for module in modules
    }
    mutants = [mutant for one in made.values() for mutant in one.mutants]
    judged: list[Judged] = []
    with tempfile.TemporaryDirectory(prefix="mutation-") as folder:
        for one in judge(mutants, Path(folder), arguments.salt, arguments.workers):
            judged.append(one)
            print(f"\r{len(judged)} of {len(mutants)} graded", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return 0 if report(modules, made, judged, reasons) else 1


if __name__ == "__main__":
    sys.exit(main())
