"""The command line: a function a verb, which parses, calls, prints and says the exit status.

Exit status 0 where the command did its job, 2 for unusable arguments, 1 where the program itself failed. Each
verb imports what it needs itself: ``template`` needs no pytest.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from typer import Argument, Option

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
USAGE_ERROR: type[Exception] = typer.BadParameter.__mro__[1]
"""Click's class of unusable arguments; typer carries its own click, whose modules are private."""


class Refusal(Exception):
    """The command cannot do what was asked; the message is one sentence that says what to do.

    Args:
        sentence: what to print.
        status: the exit status.
    """

    def __init__(self, sentence: str, status: int) -> None:
        super().__init__(sentence)
        self.status = status


@app.callback()
def autograder() -> None:
    """The grader of HW4: from a submission to results.json, and from the solutions to the template."""


@app.command()
def grade(
    submission: Annotated[
        Path | None, Argument(help="The folder or zip that was handed in.", show_default=False)
    ] = None,
    results: Annotated[
        Path | None,
        Option(help="Where to write results.json; the platform has its place.", show_default=False),
    ] = None,
    only: Annotated[str, Option(help="Grade only the rows below this number, such as 3.1.")] = "",
    salt: Annotated[str, Option(help="Draw the hidden inputs from this salt, not the settings' one.")] = "",
    platform: Annotated[bool, Option("--platform", help="Use the grading platform's folders.")] = False,
) -> None:
    """Grade one submission, print a table and write results.json."""
    import dataclasses

    from rich.console import Console

    from autograder.grading import console, gradescope
    from autograder.grading.grade import grade as grade_submission
    from autograder.grading.results import Results
    from autograder.grading.settings import SettingsError, read_settings
    from autograder.grading.submission import UnreadableSubmission
    from autograder.homework import HW4, ROOT
    from autograder.sandbox.failures import GraderFault

    if platform == (submission is not None):
        raise Refusal("Give the folder or zip to grade, or --platform on the grading platform.", 2)
    folders = gradescope.Platform.from_environment()
    file = results or (folders.results_file if platform else Path("results.json"))
    source = submission or folders.submission
    known = {function.number for function in HW4.functions} | {part.number for part in HW4.parts}
    if only and not any(only == number or only.startswith(f"{number}.") for number in known):
        raise Refusal(f"There is no part or function {only}: give a number such as 3 or 3.1.", 2)
    try:
        gradescope.write(gradescope.provisional(HW4.title, "The grading did not finish."), file)
    except OSError as error:
        raise Refusal(f'The results cannot be written to "{file}": {error.strerror}.', 2) from None
    last_written = [0]

    def write(current: Results) -> None:
        is_last = bool(current.summary)
        gradescope.write(gradescope.render(current), file, durable=is_last)
        last_written[0] += 1

    try:
        settings = read_settings(ROOT / "autograder" / "settings.toml")
        if salt:
            settings = dataclasses.replace(settings, salt=salt)
        graded = grade_submission(HW4, source, settings, write, only)
    except UnreadableSubmission as error:
        gradescope.write(gradescope.provisional(HW4.title, str(error)), file)
        raise Refusal(str(error), 0 if platform else 2) from None
    except (GraderFault, SettingsError) as error:
        if not last_written[0]:
            sentence = "The grader itself failed; this is no mistake of yours. Tell the course staff."
            gradescope.write(gradescope.provisional(HW4.title, sentence), file)
        raise Refusal(str(error), 1) from None
    console.show(graded, HW4, Console())
    print(f"Results written to {file}.")


@app.command()
def template(
    check: Annotated[bool, Option("--check", help="Change nothing; exit 1 when it is stale.")] = False,
) -> None:
    """Generate student_template/ from solutions/ and tests/public/."""
    from autograder.homework import HW4
    from autograder.release.template import TemplateError, write
    from autograder.release.template import check as check_template

    if check:
        problems = check_template(HW4)
        if problems:
            raise Refusal("\n".join([*problems, 'Run "python -m autograder template".']), 1)
        print("student_template/ is what solutions/ and tests/public/ generate.")
        return
    try:
        written = write(HW4)
    except TemplateError as error:
        raise Refusal(str(error), 1) from None
    changed, removed = len(written.changed), len(written.removed)
    print(f"student_template/: {len(written.files)} files, {changed} changed, {removed} removed.")


def main(arguments: Sequence[str]) -> int:
    """Run one verb.

    Args:
        arguments: the command line without the program's name.

    Returns:
        The exit status.
    """
    try:
        status = app(list(arguments), prog_name="python -m autograder", standalone_mode=False)
    except Refusal as refusal:
        print(str(refusal), file=sys.stderr)
        return refusal.status
    except USAGE_ERROR as error:
        sentence = str(error).rstrip(".")
        print(f'{sentence}. See "python -m autograder --help".', file=sys.stderr)
        return 2
    except typer.Abort:
        print("Interrupted: the results written so far are kept.", file=sys.stderr)
        return 1
    return status if isinstance(status, int) else 0
