"""The student's command line: ``python -m hw4 check``, ``train npg``.

Every error is one sentence; the exit status is 2 for unusable arguments and 1 where the command failed. What
needs more than click is imported where it is used: the help is there without.
"""

from __future__ import annotations

import importlib.util
import io
import math
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hw4.lab import environment

if TYPE_CHECKING:
    from hw4.lab.signatures import Signature

PROGRAM = "python -m hw4"
ALGORITHMS = ("npg", "ppo", "reinforce", "trpo")
HORIZONS = ("200", "500")
"""Those of ``hw4.lab.training.SETTINGS``, which needs numpy: the help is there without."""
SUFFIXES = {"plot": (".png", ".pdf", ".svg"), "save": (".json",), "csv": (".csv",), "out": (".gif",)}
"""How the name of a written file may end, by option."""
Command = Callable[..., Any]


@click.group(no_args_is_help=False)
def app() -> None:
    """HW4, From NPG to PPO: test your own code, and run it on CartPole-v1."""


def _require_writable(_: click.Context, option: click.Parameter, file: Path | None) -> Path | None:
    """Find out before training whether a file can be written after it."""
    if file is None:
        return None
    suffixes = SUFFIXES[str(option.name)]
    if file.suffix.lower() not in suffixes:
        choice = " or ".join(filter(None, [", ".join(suffixes[:-1]), suffixes[-1]]))
        raise click.BadParameter(f"{file} must end in {choice}.")
    is_new = not file.exists()
    try:
        # Opening is the only reliable test: permission bits say little on Windows and network drives.
        file.open("ab").close()
        if is_new:
            file.unlink()
    except OSError as error:
        sentence = f"{file} cannot be written ({error.strerror}): choose another place."
        raise click.BadParameter(sentence) from None
    if option.name == "plot":
        _require_matplotlib("leave out --plot")
    return file


def _require_matplotlib(way_out: str) -> None:
    if importlib.util.find_spec("matplotlib") is None:
        raise click.ClickException(
            f"matplotlib is not installed: run python -m pip install matplotlib, or {way_out}."
        )


def _output(name: str, text: str, **others: Any) -> Callable[[Command], Command]:
    path = click.Path(path_type=Path)
    return click.option(name, type=path, callback=_require_writable, metavar="FILE", help=text, **others)


class _Number(click.FloatRange):
    """A finite number: "nan" and "inf" are floats, but no setting."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        number = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value!r} is no finite number.", param, ctx)
        return number


_POSITIVE, _AT_LEAST_0, _COUNT = _Number(min=0, min_open=True), _Number(min=0), click.IntRange(min=1)
EXPERIMENTS: dict[str, tuple[click.ParamType, str]] = {
    "delta": (_POSITIVE, "δ, the size of the trust region (npg, trpo)."),
    "damping": (_AT_LEAST_0, "What is added to the diagonal of F̂ (npg, trpo)."),
    "kl_weight": (_AT_LEAST_0, "λ, the weight of the KL penalty (ppo)."),
    "learning_rate": (_POSITIVE, "The learning rate (ppo, reinforce)."),
    "sgd_steps": (_COUNT, "S, the SGD steps of an iteration (ppo)."),
    "minibatch_trajectories": (_COUNT, "B, the trajectories of an SGD step (ppo)."),
    "baseline_trajectories": (_COUNT, "N, the trajectories that the baseline is fitted on."),
    "update_trajectories": (_COUNT, "M, the trajectories that the update is made from."),
    "iterations": (_COUNT, "K, the most iterations."),
}
"""The settings that may be changed for an experiment, with their ranges."""


def _experiments(command: Command) -> Command:
    for name, (kind, text) in reversed(EXPERIMENTS.items()):
        command = click.option(f"--{name.replace('_', '-')}", type=kind, metavar="X", help=text)(command)
    return command


_seed = click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    metavar="N",
    help="The first seed. The same seed gives the same run.",
)
_horizon = click.option(
    "--horizon",
    type=click.Choice(HORIZONS),
    default="500",
    show_default=True,
    help="Steps an episode may last; 500 is graded.",
)
_against = click.option(
    "--against",
    type=click.Choice(("iterations", "steps")),
    default="iterations",
    show_default=True,
    help="What the plot has on its axis: iterations or environment steps.",
)


@app.command(short_help="Train npg, ppo, reinforce or trpo.")
@click.argument("algorithm", metavar="ALGORITHM", type=click.Choice(ALGORITHMS, case_sensitive=False))
@_seed
@click.option(
    "--seeds", type=_COUNT, default=1, show_default=True, metavar="K", help="Train with K seeds in a row."
)
@_horizon
@click.option("--graded", is_flag=True, help="Take the settings of the graded run (npg: δ = 8).")
@click.option("--full", "to_the_end", is_flag=True, help="Go on when the bar is reached.")
@_output("--save", "Keep θ, learning curve and settings, for compare and watch, as a .json.")
@_output("--csv", "Write a row for each iteration as a .csv.")
@_output("--plot", "Also draw the learning curve as a .png, .pdf or .svg.")
@_against
@_experiments
def train(
    algorithm: str,
    seed: int,
    seeds: int,
    horizon: str,
    graded: bool,
    to_the_end: bool,
    save: Path | None,
    csv: Path | None,
    plot: Path | None,
    against: str,
    **changes: float | None,
) -> None:
    """Train npg, ppo, reinforce or trpo on CartPole-v1 with the assignment's settings and your functions.

    npg needs Parts 1 to 3, ppo Parts 1, 2 and 4, reinforce Parts 1 and 2, and trpo everything. A run ends
    where the bar is reached. Ctrl-C ends it earlier, and keeps what was learnt.
    """
    from hw4.lab import learning, runs

    try:
        settings = learning.settings_of(algorithm, int(horizon), changes, graded=graded)
    except learning.UnusableSettings as error:
        raise click.UsageError(str(error), click.get_current_context()) from None
    with learning.as_sentences("train"):
        made = learning.run(algorithm, settings, range(seed, seed + seeds), to_the_end=to_the_end)
    for line in learning.describe(made):
        print(line)
    if save is not None:
        runs.save(save, made)
        print(f"The training is in {save}.")
    if csv is not None:
        runs.write_table(csv, made)
        print(f"The iterations are in {csv}.")
    if plot is not None:
        from hw4.lab import plots

        title = f"{algorithm.upper()} on CartPole-v1, horizon {horizon}\n{learning.write(settings)}"
        plots.learning_curves({algorithm.upper(): made}, against, title).savefig(plot, dpi=150)
        print(f"The learning curve is in {plot}.")


@app.command(short_help="Draw several trainings in one plot.")
@click.argument("what", nargs=-1, required=True, metavar="ALGORITHM or FILE …")
@_seed
@click.option(
    "--seeds", type=_COUNT, default=3, show_default=True, metavar="K", help="Train with K seeds in a row."
)
@_horizon
@_against
@_output("--plot", "Where to draw it: a .png, .pdf or .svg.", default=Path("compare.png"), show_default=True)
def compare(what: tuple[str, ...], seed: int, seeds: int, horizon: str, against: str, plot: Path) -> None:
    r"""Draw algorithms and saved trainings in one plot, with the band of the reference.

    \b
    python -m hw4 compare npg ppo                   trains both, 3 seeds each
    python -m hw4 compare small.json large.json     what train --save kept
    """
    from hw4.lab import learning, plots, runs

    groups: dict[str, list[runs.Run]] = {}
    algorithms = [name.lower() for name in what if name.lower() in ALGORITHMS]
    files = [Path(name) for name in what if name.lower() not in ALGORITHMS]
    try:
        # Files first: one that cannot be read is said before anything is trained.
        for file in files:
            if not file.suffix:
                raise click.UsageError(f"'{file}' is no algorithm ({', '.join(ALGORITHMS)}) and no file.")
            is_alone = [other.stem for other in files].count(file.stem) == 1
            groups[file.stem if is_alone else str(file)] = runs.load(file)
    except runs.UnusableFile as error:
        raise click.ClickException(str(error)) from None
    for name in dict.fromkeys(algorithms):
        settings = learning.settings_of(name, int(horizon), {})
        with learning.as_sentences("train"):
            groups[name.upper()] = learning.run(name, settings, range(seed, seed + seeds))
    for made in groups.values():
        for line in learning.describe(made):
            print(line)
        print()
    figure = plots.learning_curves(groups, against, "CartPole-v1", with_reference=True)
    figure.savefig(plot, dpi=150)
    print(f"The learning curves are in {plot}.")


@app.command(short_help="Film the pole under a policy that you trained.")
@click.argument("training", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--grid", "is_grid", is_flag=True, help="16 poles of the one policy; failed ones turn grey.")
@click.option("--seed", type=click.IntRange(min=0), default=0, metavar="N", help="Of the episodes.")
@click.option("--show", is_flag=True, help="Open the film when it is written.")
@_output("--out", "Where to write it: a .gif.", default=Path("pole.gif"), show_default=True)
def watch(training: Path, is_grid: bool, seed: int, show: bool, out: Path) -> None:
    r"""Film the pole before and after a training that train --save kept, as an animated GIF.

    \b
    python -m hw4 train npg --save npg.json
    python -m hw4 watch npg.json
    """
    from hw4.lab import runs

    try:
        run = runs.load(training)[0]
    except runs.UnusableFile as error:
        raise click.ClickException(str(error)) from None
    from hw4.lab import watch as film

    poles = film.grid(run, seed) if is_grid else film.before_and_after(run, seed)
    film.write(out, poles, film.GRID_COLUMNS if is_grid else len(poles))
    for line in film.describe(poles):
        print(line)
    print(f"The film is in {out}.")
    if show:
        click.launch(str(out))


@app.command(short_help="Draw the lecture's pictures with your functions.")
@click.argument("names", nargs=-1, metavar="[NAME …]")
@click.option(
    "--out",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("figures"),
    show_default=True,
    metavar="FOLDER",
    help="Where to put them.",
)
@click.option(
    "--format",
    "kind",
    type=click.Choice(["png", "svg", "pdf"]),
    default="png",
    show_default=True,
    help="Of the files.",
)
def figures(names: tuple[str, ...], folder: Path, kind: str) -> None:
    """Draw the lecture's pictures with your own functions: all of them, or those named."""
    _require_matplotlib("do without figures")
    from hw4.lab import learning
    from hw4.lab.figures import gallery

    for name in names:
        if name not in gallery.FIGURES:
            raise click.UsageError(f"There is no figure {name!r}: choose from {', '.join(gallery.FIGURES)}.")
    wanted = names or tuple(gallery.FIGURES)
    missing = 0
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in wanted:
            try:
                with learning.as_sentences("draw"):
                    file = gallery.write(name, learning.find_in_package, folder, kind)
                print(f"{file}: {gallery.FIGURES[name].title}", flush=True)
            except click.ClickException as error:
                missing += 1
                _complain(error.format_message(), 1)
    except OSError as error:
        raise click.ClickException(
            f"{folder} cannot be written ({error.strerror}): choose another place with --out."
        ) from None
    if missing:
        raise click.ClickException(f"{missing} of {len(wanted)} figures could not be drawn.")


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
    # Before numpy is imported. The matrices are small: threads of BLAS only take time from one another.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # An old Windows console, or a pipe: what it cannot hold becomes a question mark, not an error.
            stream.reconfigure(errors="replace")
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
    except OSError as error:  # such as a full disk
        return _complain(f"{error.filename or 'A file'} cannot be written ({error.strerror}).", 1)
    except ModuleNotFoundError as error:
        return _complain(environment.not_installed(str(error.name).partition(".")[0]), 1)
    return 0


def _complain(sentence: str, status: int) -> int:
    print(sentence, file=sys.stderr)
    return status
