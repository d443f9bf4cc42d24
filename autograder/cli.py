"""The command line: a function a verb, which parses, calls, prints and says the exit status.

Exit status 0 where the command did its job, 2 for unusable arguments, 1 where the program itself failed. Each
verb imports what it needs itself: ``template`` needs no pytest.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from autograder.grading.errors import NotGraded

A_PATH = click.Path(path_type=Path)
A_FILE = click.Path(dir_okay=False, path_type=Path)
A_FOLDER = click.Path(file_okay=False, path_type=Path)


def _in_a_folder(context: click.Context, parameter: click.Parameter, file: Path | None) -> Path | None:
    """Refuse a file in a folder that does not exist before the long work begins, not after it."""
    if file is not None and not file.parent.is_dir():
        raise click.BadParameter(f'there is no folder "{file.parent}": make it, or name another.')
    return file


@click.group(no_args_is_help=False)
def app() -> None:
    """The grader: from a submission to results.json, and from the solutions to the template."""


@app.command(short_help="Grade one submission.")
@click.argument("submission", type=A_PATH, required=False)
@click.option("--results", type=A_PATH, help="Where to write results.json; the platform has its place.")
@click.option(
    "--only",
    multiple=True,
    metavar="ROWS",
    help="Grade these rows alone: numbers and names such as 3.1 or ppo_loss, separated by commas.",
)
@click.option("--salt", default="", help="Draw the hidden inputs from this salt, not the settings' one.")
@click.option(
    "--salt-id", default="", help="Refuse unless the salt has this name, the salt_id of other results."
)
@click.option("--collected", is_flag=True, hidden=True, help="SUBMISSION is a file of `Collected.write`.")
@click.option("--platform", is_flag=True, help="Use the grading platform's folders.")
@click.option(
    "--require-isolation",
    type=click.Choice(["A", "B", "C", "D"]),
    help="Refuse to grade below this mode of isolation (SECURITY.md).",
)
def grade(
    submission: Path | None,
    results: Path | None,
    only: tuple[str, ...],
    salt: str,
    salt_id: str,
    collected: bool,
    platform: bool,
    require_isolation: str | None,
) -> None:
    """Grade SUBMISSION, a folder or zip that was handed in; print a table and write results.json."""
    from rich.console import Console

    from autograder.grading import console
    from autograder.grading.platform import Platform
    from autograder.grading.session import Request
    from autograder.grading.session import grade as grade_submission
    from autograder.grading.submission import Collected
    from autograder.homework import ASSIGNMENT

    if platform == (submission is not None):
        raise click.UsageError("Give the folder or zip to grade, or --platform on the grading platform.")
    folders = Platform.from_environment()
    file = results or (folders.results_file if platform else Path("results.json"))
    place = submission or folders.submission
    request = Request(
        Collected.read(place) if collected else place,
        file,
        ",".join(only),
        salt,
        salt_id,
        require_isolation or "",
        folders if platform else None,
    )
    graded = grade_submission(ASSIGNMENT, request)
    console.show(graded, ASSIGNMENT, Console())
    print(f"Results written to {file}.")
    if graded.faults:
        raise click.ClickException("\n".join(["The grader itself failed:", *graded.faults]))


@app.command(short_help="Generate student_template/ from the solutions.")
@click.option("--check", is_flag=True, help="Change nothing; exit 1 when it is stale.")
def template(check: bool) -> None:
    """Generate student_template/ from solutions/ and tests/public/."""
    from autograder.homework import ASSIGNMENT
    from autograder.release import template as templates

    try:
        if check:
            problems = templates.check(ASSIGNMENT, templates.generate(ASSIGNMENT))
            if problems:
                raise click.ClickException("\n".join([*problems, 'Run "python -m autograder template".']))
            print("student_template/ is what solutions/ and tests/public/ generate.")
            return
        written = templates.write(ASSIGNMENT)
    except templates.ReleaseError as error:
        raise click.ClickException(str(error)) from None
    changed, removed = len(written.changed), len(written.removed)
    print(f"student_template/: {len(written.files)} files, {changed} changed, {removed} removed.")


@app.command(short_help="Make the handout's HTML and PDF from its Markdown.")
@click.option("--check", is_flag=True, help="Change nothing; exit 1 when one of them is stale.")
def handout(check: bool) -> None:
    """Make solutions/handout.html and .pdf from docs/handout/, for `template` to hand out."""
    from autograder.homework import ASSIGNMENT
    from autograder.release import handout as handouts
    from autograder.release.template import ReleaseError

    try:
        if check:
            problems = handouts.check(ASSIGNMENT)
            if problems:
                raise click.ClickException("\n".join([*problems, 'Run "python -m autograder handout".']))
            print("The handout is what its Markdown gives.")
            return
        changed = handouts.write(ASSIGNMENT)
    except ReleaseError as error:
        raise click.ClickException(str(error)) from None
    names = ", ".join(file.name for file in changed)
    print(
        f'Changed: {names}. Run "python -m autograder template".' if names else "The handout was up to date."
    )


@app.command(short_help="Look at all that the homework declares, in seconds.")
def lint() -> None:
    """Say what of the homework is not declared, not consistent or not meant to be handed out; then exit 1."""
    print(f"{_lint()} were looked at: nothing to mend.")


def _lint() -> str:
    """Refuse what `lint` finds, print what it notes; return how much was looked at."""
    from autograder.grading.progress import doing
    from autograder.homework import ASSIGNMENT
    from autograder.release.lint import lint as look_at

    with doing("looking at what the homework declares"):
        found = look_at(ASSIGNMENT)
    for note in found.notes:
        print(f"Note: {note}", file=sys.stderr)
    if found.problems:
        raise click.ClickException("\n".join(found.problems))
    return found.looked_at


@app.command(short_help="Make the platform's zip and the students' zip.")
@click.option("--out", type=A_FOLDER, default="dist", show_default=True, help="Where to put the two zips.")
def bundle(out: Path) -> None:
    """Make the platform's zip and the students' zip, after proving that both are fit to leave."""
    from autograder.grading.progress import shown_progress
    from autograder.grading.settings import read_settings
    from autograder.homework import ASSIGNMENT
    from autograder.release.bundle import build, write
    from autograder.release.template import ReleaseError
    from autograder.release.validate import SAMPLE, validate

    _lint()
    try:
        salt = read_settings(ASSIGNMENT.settings_file).salt
        with shown_progress() as show:
            archives = build(
                ASSIGNMENT,
                salt,
                lambda: validate(ASSIGNMENT, sample=SAMPLE, on_progress=show).shortcomings,
                show,
            )
    except ReleaseError as error:
        raise click.ClickException(str(error)) from None
    for archive, file in zip(archives, write(archives, out), strict=True):
        print(f"{file}  {archive.size_bytes:,} bytes  SHA-256 {archive.sha256}")


@app.command(short_help="Prove the grader on submissions of known marks.")
@click.option("--json", "json_file", type=A_FILE, callback=_in_a_folder, help="Write the report there.")
@click.option("--reduced", is_flag=True, help="A handful of mistakes and styles alone, and no attacks.")
@click.option(
    "--salts",
    type=click.IntRange(min=0),
    default=0,
    help="Grade the reference under so many other salts, too, and the mistakes under up to 20 of them.",
)
@click.option("--workers", type=click.IntRange(min=1), help="Gradings at once; by default one a core.")
def validate(json_file: Path | None, reduced: bool, salts: int, workers: int | None) -> None:
    """Prove the grader on submissions whose marks are known; exit 1 when it falls short."""
    import json

    from rich.console import Console

    from autograder.grading.progress import shown_progress
    from autograder.homework import ASSIGNMENT
    from autograder.release import card
    from autograder.release.validate import SAMPLE
    from autograder.release.validate import validate as validate_grader

    _lint()
    with shown_progress() as show:
        sample = SAMPLE if reduced else None
        report = validate_grader(ASSIGNMENT, sample=sample, salts=salts, workers=workers, on_progress=show)
    card.show(report, Console(highlight=False))
    if json_file is not None:
        json_file.write_text(json.dumps(report.to_json(), indent=1), encoding="utf-8")
    if report.shortcomings:
        raise click.ClickException(
            "The grader falls short: mend what is listed above before it grades anybody."
        )


@app.command(short_help="Hold a results.json against the platform's rules.")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--total", type=float, help="The published total that max_score must add up to.")
def check_results(file: Path, total: float | None) -> None:
    """Hold FILE, anybody's results.json, against the platform's rules; exit 1 when it breaks one."""
    from autograder.release.results_rules import check_file

    problems = check_file(file, total)
    if problems:
        raise click.ClickException("\n".join(problems))
    print(f"{file} obeys every rule of the platform that is known.")


@app.command(short_help="Replay a run of the platform.")
@click.argument("submission", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--as",
    "delivery",
    type=click.Choice(["upload", "files", "folder", "github", "group", "late", "all"]),
    default="upload",
    show_default=True,
    help="How it arrives.",
)
@click.option(
    "--time-limit",
    type=click.FloatRange(min=0.0, min_open=True),
    default=600.0,
    show_default=True,
    help="Seconds after which the platform ends the run.",
)
@click.option("--reuse-environment", is_flag=True, help="Skip setup.sh: lend the run this environment.")
@click.option("--page", type=A_FILE, callback=_in_a_folder, help="Write what the student sees there.")
def rehearse(
    submission: Path, delivery: str, time_limit: float, reuse_environment: bool, page: Path | None
) -> None:
    """Replay a run of the platform with SUBMISSION, from the zip to the results; then judge and show them."""
    from rich.console import Console

    from autograder.grading.progress import doing
    from autograder.grading.submission import UnreadableSubmission
    from autograder.homework import ASSIGNMENT
    from autograder.release import rehearse as rehearsal
    from autograder.release import view
    from autograder.release.delivery import DESCRIPTIONS, Delivery
    from autograder.release.template import ReleaseError

    deliveries = list(Delivery) if delivery == "all" else [Delivery(delivery)]
    problems: list[str] = []
    try:
        with contextlib.ExitStack() as stack:
            with doing("building the image"):
                lent = Path(sys.prefix) if reuse_environment else None
                image = stack.enter_context(rehearsal.image(ASSIGNMENT, lent))
            print(image.output, end="", flush=True)
            for one in deliveries:
                with doing(f"grading {DESCRIPTIONS[one]}"):
                    held = rehearsal.rehearse(ASSIGNMENT, image, submission, one, time_limit)
                if held.document is not None:
                    view.show(held.document, Console(), is_after_due_date=held.is_after_due_date)
                    if page is not None:
                        text = view.to_page(
                            held.document, ASSIGNMENT.title, is_after_due_date=held.is_after_due_date
                        )
                        page.write_text(text, encoding="utf-8")
                print(rehearsal.describe(held), flush=True)
                problems += held.problems
    except UnreadableSubmission as error:
        raise click.UsageError(str(error)) from None
    except (rehearsal.RehearsalError, ReleaseError) as error:
        raise click.ClickException(str(error)) from None
    if problems:
        raise click.ClickException("\n".join(problems))


@app.command(short_help="Make up a class, to try out regrade.")
@click.option("--students", type=click.IntRange(min=1), required=True, help="How many students there are.")
@click.option("--out", type=A_FOLDER, required=True, help="Where to write the export: a new folder.")
@click.option("--seed", type=int, default=0, show_default=True, help="The same seed gives the same class.")
def demo_class(students: int, out: Path, seed: int) -> None:
    """Make up the platform's export of a class: names, groups, mistakes, late and broken uploads."""
    from autograder.grading.progress import shown_progress
    from autograder.homework import ASSIGNMENT
    from autograder.release.democlass import make_class

    with shown_progress() as show:
        made = make_class(ASSIGNMENT, students, out, seed, show)
    kinds = ", ".join(f"{count} {kind}" for kind, count in made.items())
    print(f"{out}: {sum(made.values())} submissions of {students} students: {kinds}.")


@app.command(short_help="Grade a whole class again, and compare.")
@click.argument("export", type=A_PATH)
@click.option(
    "--out", type=A_FOLDER, required=True, help="For what is found: a new folder, or an earlier run's."
)
@click.option("--workers", type=click.IntRange(min=1), help="Gradings at once; by default one a core.")
@click.option(
    "--scheduler",
    default="",
    metavar="ADDRESS",
    help="Grade on the Dask cluster of this scheduler, such as tls://10.0.0.5:8786.",
)
@click.option(
    "--only", multiple=True, metavar="ROWS", help="Grade these rows alone; the others keep their points."
)
@click.option(
    "--promote",
    multiple=True,
    metavar="WHO",
    help="Make new scores official: a submission, a student's number or address, or all.",
)
def regrade(
    export: Path,
    out: Path,
    workers: int | None,
    scheduler: str,
    only: tuple[str, ...],
    promote: tuple[str, ...],
) -> None:
    """Grade EXPORT, a class, again: the platform's export, or a folder or zip of submissions.

    New scores stand beside the official ones. An interrupted run goes on where it was.
    """
    from rich.console import Console

    from autograder.grading.progress import shown_progress
    from autograder.homework import ASSIGNMENT
    from autograder.regrade import display
    from autograder.regrade.run import regrade as regrade_class

    console = Console(stderr=True)
    with shown_progress(console) as show:
        summary = regrade_class(
            ASSIGNMENT,
            export,
            out,
            only=",".join(only),
            promote=promote,
            workers=workers,
            scheduler=scheduler,
            on_progress=show,
            on_notice=lambda sentence: console.print(sentence, markup=False, highlight=False, soft_wrap=True),
        )
    display.show_summary(summary, out, Console())
    if summary.faults:
        raise click.ClickException(display.describe_faults(summary))


@app.command(hidden=True)
def serve_gradings() -> None:
    """Import the grader once, and fork a grading for each that stdin asks for (`grading.warm`)."""
    from autograder.grading.warm import serve
    from autograder.homework import ASSIGNMENT

    serve(ASSIGNMENT, main)


def main(arguments: Sequence[str]) -> int:
    """Run one verb.

    Args:
        arguments: the command line without the program's name.

    Returns:
        The exit status.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # where the locale is ASCII, the rest is still worth reading
    try:
        status = app.main(list(arguments), prog_name="python -m autograder", standalone_mode=False)
        sys.stdout.flush()
    except click.UsageError as error:
        sentence = error.format_message().strip()
        end = "" if sentence.endswith((".", "?")) else "."
        command = error.ctx.command_path if error.ctx else "python -m autograder"
        print(f'{sentence}{end} See "{command} --help".', file=sys.stderr)
        return error.exit_code
    except click.ClickException as error:
        print(error.format_message(), file=sys.stderr)
        return error.exit_code
    except NotGraded as error:
        print(error, file=sys.stderr)
        return error.status
    except click.Abort:
        print("Interrupted: the results written so far are kept.", file=sys.stderr)
        return 1
    except OSError as error:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115  what is still to be flushed may be what failed
        place = f' ("{error.filename}")' if error.filename else ""
        print(f"The system refused: {error.strerror or error}{place}.", file=sys.stderr)
        return 1
    return status if isinstance(status, int) else 0
