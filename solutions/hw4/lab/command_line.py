"""The student's command line: ``python -m hw4 check``, ``train npg``.

Every error is one sentence; the exit status is 2 for unusable arguments and 1 where the command failed. What
needs more than click is imported where it is used: the help is there without.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hw4.lab import environment

if TYPE_CHECKING:
    from hw4.lab.signatures import Signature

PROGRAM = "python -m hw4"
ALGORITHMS = ("npg", "ppo", "reinforce", "trpo")
HORIZONS = ("200", "500")
"""Those of ``hw4.lab.training.SETTINGS``, which needs numpy: the help is there without."""
PLOT_SUFFIXES = (".png", ".pdf", ".svg")


@click.group(no_args_is_help=False)
def app() -> None:
    """HW4, From NPG to PPO: test your own code, and run it on CartPole-v1."""


def _require_writable(_: click.Context, option: click.Parameter, plot: Path | None) -> Path | None:
    """Find out before training whether the plot can be written after it."""
    if plot is None:
        return None
    if plot.suffix.lower() not in PLOT_SUFFIXES:
        raise click.BadParameter(f"{plot} must end in .png, .pdf or .svg.")
    is_new = not plot.exists()
    try:
        # Opening is the only reliable test: permission bits say little on Windows and network drives.
        plot.open("ab").close()
        if is_new:
            plot.unlink()
    except OSError as error:
        sentence = f"{plot} cannot be written ({error.strerror}): choose another place."
        raise click.BadParameter(sentence) from None
    if importlib.util.find_spec("matplotlib") is None:
        raise click.ClickException(
            "matplotlib is not installed: run python -m pip install matplotlib, or leave out --plot."
        )
    return plot


@app.command(short_help="Train npg, ppo, reinforce or trpo.")
@click.argument("algorithm", metavar="ALGORITHM", type=click.Choice(ALGORITHMS, case_sensitive=False))
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    metavar="N",
    help="The same seed gives the same run.",
)
@click.option(
    "--horizon",
    type=click.Choice(HORIZONS),
    default="500",
    show_default=True,
    help="Steps an episode may last; 500 is graded.",
)
@click.option(
    "--plot",
    type=click.Path(path_type=Path),
    callback=_require_writable,
    metavar="FILE",
    help="Also draw the learning curve as a .png, .pdf or .svg.",
)
def train(algorithm: str, seed: int, horizon: str, plot: Path | None) -> None:
    """Train npg, ppo, reinforce or trpo on CartPole-v1 with the assignment's settings and your functions.

    npg needs Parts 1 to 3, ppo Parts 1, 2 and 4, reinforce Parts 1 and 2, and trpo everything.
    """
    from hw4.lab import learning
    from hw4.lab.training import SETTINGS

    settings = SETTINGS[algorithm][int(horizon)]
    curve = learning.run(algorithm, settings, seed)
    for line in learning.describe(algorithm, settings, seed, curve):
        print(line)
    if plot is not None:
        learning.draw(plot, algorithm, settings, seed, curve)
        print(f"The learning curve is in {plot}.")


@app.command("check", short_help="Test your functions, in their order.")
@click.argument("wanted", metavar="[NUMBER or NAME]", default="")
@click.option("--all", "wants_all", is_flag=True, help="Explain every wrong function, not the first alone.")
@click.option("--watch", "is_watching", is_flag=True, help="Check again whenever a file is saved.")
def check_command(wanted: str, wants_all: bool, is_watching: bool) -> None:
    r"""Run the public tests and say of each function how it is, and why the first wrong one is wrong.

    \b
    python -m hw4 check            every function
    python -m hw4 check 3          those of Part 3
    python -m hw4 check 1.2        one function, by its number
    python -m hw4 check score      or by its name
    """
    from hw4.lab import check

    try:
        _check(check.choose(wanted), wants_all=wants_all, is_watching=is_watching)
    except check.UnknownFunction as error:
        raise click.BadArgumentUsage(str(error)) from None
    except check.Unusable as error:
        raise click.ClickException(str(error)) from None


@app.command("hint", short_help="Show the next hint for a function.")
@click.argument("wanted", metavar="NUMBER or NAME")
@click.option("--all", "wants_all", is_flag=True, help="Show all three at once.")
def hint_command(wanted: str, wants_all: bool) -> None:
    """Show one more hint for a function at each call, from vague to plain, three at most."""
    from hw4.lab import board, check, hint_memory
    from hw4.lab.hints import HINTS

    try:
        functions = check.choose(wanted)
    except check.UnknownFunction as error:
        raise click.BadArgumentUsage(str(error)) from None
    if len(functions) > 1:
        first = functions[0].number
        raise click.BadArgumentUsage(f'"{wanted}" is {len(functions)} functions: give one, such as {first}.')
    (signature,) = functions
    hints = HINTS.get(signature.function, ())
    before = len(hints) if wants_all else hint_memory.shown(signature.function)
    board.show_hints(board.open_console(), signature, hints, before)
    if before < len(hints):
        try:
            hint_memory.remember(signature.function, before + 1)
        except OSError as error:
            raise click.ClickException(
                f"{hint_memory.FILE} cannot be written ({error.strerror}), so the next call shows this hint "
                f"again: {PROGRAM} hint {signature.number} --all shows every one."
            ) from None


@app.command("pack", short_help="Make the zip to hand in.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Where to write it; by default hw4-submission.zip beside the folder hw4.",
)
def pack_command(out: Path | None) -> None:
    """Make the zip to hand in: the seven files that you fill in, and nothing else."""
    from hw4.lab import pack

    target = out or environment.FOLDER / pack.NAME
    try:
        packed = pack.pack(target)
    except pack.NothingToPack as error:
        raise click.ClickException(str(error)) from None
    except OSError as error:
        raise click.ClickException(
            f"{target} cannot be written ({error.strerror}): choose another place with --out."
        ) from None
    for warning in packed.warnings:
        print(warning)
    print(f"{target} is ready to hand in: {len(packed.files)} files, {packed.size_bytes / 1000:.0f} kB.")


def _check(functions: Sequence[Signature], *, wants_all: bool, is_watching: bool) -> None:
    """Check once; or, watching, at every save until all is right."""
    from hw4.lab import board, check

    console = board.open_console()
    try:
        while True:
            before = check.saved()
            all_right = board.show(console, check.run(functions), wants_all=wants_all)
            if not is_watching or all_right:
                return
            console.print("\nChecks again when a file is saved; Ctrl+C ends.")
            check.wait_for_save(before)
            console.clear()
    except KeyboardInterrupt:
        if not is_watching:
            raise click.ClickException("The check was interrupted.") from None


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status: 0 done, 2 unusable arguments, 1 failed.

    Args:
        arguments: the words after ``python -m hw4``; by default those of this process.
    """
    try:
        app.main(arguments, prog_name=PROGRAM, standalone_mode=False)
    except click.UsageError as error:
        sentence = " ".join(error.format_message().split())
        end = "" if sentence.endswith((".", "?")) else "."
        command = error.ctx.command_path if error.ctx else PROGRAM
        return _complain(f"{sentence}{end} See {command} --help.", error.exit_code)
    except click.ClickException as error:
        return _complain(error.format_message(), error.exit_code)
    except click.Abort:  # Ctrl+C, wherever nothing better is said
        return _complain("Interrupted.", 1)
    except ModuleNotFoundError as error:
        return _complain(environment.not_installed(str(error.name).partition(".")[0]), 1)
    return 0


def _complain(sentence: str, status: int) -> int:
    print(sentence, file=sys.stderr)
    return status
