"""Trains on CartPole with the student's functions: the run, what went wrong in it, and its learning curve."""

from __future__ import annotations

import functools
import importlib
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import numpy as np
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from hw4.lab import environment, training
from hw4.lab.compare import Mismatch
from hw4.lab.signatures import SIGNATURES
from hw4.lab.training import Iteration, LearningCurve, TrainingSettings
from hw4.lab.updates import UPDATES

PACKAGE = Path(__file__).resolve().parent.parent


def run(algorithm: str, settings: TrainingSettings, seed: int) -> LearningCurve:
    """Train with the student's functions, and turn whatever they raise into a sentence."""
    update = functools.partial(UPDATES[algorithm], settings, find_function)
    try:
        with _progress(algorithm, settings) as show:
            return training.train(update, settings, np.random.default_rng(seed), on_iteration=show)
    except click.ClickException:
        raise
    except Mismatch as mismatch:
        raise click.ClickException(str(mismatch)) from None
    except KeyboardInterrupt:
        raise click.ClickException("Training was interrupted.") from None
    except Exception as error:
        raise click.ClickException(explain(error)) from error


@contextmanager
def _progress(algorithm: str, settings: TrainingSettings) -> Iterator[Callable[[Iteration], None]]:
    """Show a progress bar on the error stream, where that is a terminal; yield what moves it."""
    columns = (
        TextColumn(algorithm),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("mean return {task.fields[mean_return]:.1f}"),
        TimeRemainingColumn(),
    )
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(algorithm, total=settings.iterations, mean_return=0.0)
        yield lambda iteration: progress.update(
            task, completed=iteration.number, mean_return=iteration.mean_return
        )


def explain(error: Exception) -> str:
    """Say what the student's code raised: file, line and message of the last place that is theirs."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"hw4/{Path(error.filename).name}, line {error.lineno}, cannot be read by Python: {error.msg}."
    modules = {function.partition(".")[0] for function in SIGNATURES}
    if isinstance(error, ModuleNotFoundError) and str(error.name).removeprefix("hw4.") in modules:
        return f"{str(error.name).replace('.', '/')}.py is missing: put the file you were given back."
    message = f"{type(error).__name__}: {error}".rstrip(": ")
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        path = Path(frame.filename).resolve()
        if path.parent != PACKAGE or path.stem not in modules:
            continue
        if isinstance(error, NotImplementedError):
            todo = str(error) or frame.name
            return f"{todo} is not filled in yet: write it in hw4/{path.name}, then train again."
        return f"hw4/{path.name}, line {frame.lineno}, in {frame.name}: {message}\n    {frame.line}"
    if isinstance(error, ModuleNotFoundError) and error.name:
        return environment.not_installed(str(error.name).partition(".")[0])
    return f"A function of hw4 could not be called: {message}. Keep the names and arguments you were given."


def find_function(name: str) -> Callable[..., Any]:
    """Find a function that students fill in.

    Its module is imported only now: one that cannot be read stops only the algorithms built on it.

    Args:
        name: ``module.function``, as in ``SIGNATURES``.

    Raises:
        click.ClickException: the module has no such function.
    """
    module, _, function_name = name.partition(".")
    function = getattr(importlib.import_module(f"hw4.{module}"), function_name, None)
    if function is None:
        raise click.ClickException(
            f"hw4/{module}.py has no function {function_name}: keep the names you were given."
        )
    return function


def describe(algorithm: str, settings: TrainingSettings, seed: int, curve: LearningCurve) -> Iterator[str]:
    """Write the learning curve in a few lines of text."""
    sampled = settings.baseline_trajectories + settings.update_trajectories
    run = f"horizon {settings.horizon}, {settings.iterations} iterations, seed {seed}"
    yield f"{algorithm.upper()} on CartPole-v1: {run}"
    yield ""
    yield f"  {'mean return':<13}{_blocks(curve.returns, settings.horizon)}"
    shown = sorted({round(part * (settings.iterations - 1) / 5) for part in range(6)})
    yield f"  {'iteration':<13}" + "".join(f"{k + 1:>10,}" for k in shown)
    yield f"  {'mean return':<13}" + "".join(f"{curve.returns[k]:>10.1f}" for k in shown)
    yield f"  {'env steps':<13}" + "".join(f"{curve.environment_steps[k]:>10,}" for k in shown)
    yield ""
    yield f"An iteration's mean return is that of its {sampled} trajectories, sampled before its step."
    verdict = "reached" if curve.final_return >= settings.bar else "missed"
    yield (
        f"Final mean return {curve.final_return:.1f} over {settings.evaluation_episodes} fresh episodes: "
        f"the bar of {settings.bar:g} is {verdict}."
    )


def _blocks(returns: np.ndarray, horizon: int) -> str:
    """Draw the curve in one character an iteration, a full block for a return of `horizon`."""
    levels = "\u2581\u2582\u2583\u2584\u2585\u2586\u2587\u2588"
    try:
        levels.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:  # an old Windows console, or a pipe
        levels = "_.:-=+*#"
    return "".join(levels[min(int(len(levels) * value / horizon), len(levels) - 1)] for value in returns)


def draw(plot: Path, algorithm: str, settings: TrainingSettings, seed: int, curve: LearningCurve) -> None:
    """Write the learning curve as a picture."""
    # Not pyplot: it looks for a screen, and takes half a second to import.
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.0, 4.2), layout="constrained")
    axes = figure.subplots()
    iterations = range(1, settings.iterations + 1)
    axes.axhline(settings.bar, color="0.45", linestyle="--", linewidth=1.0, label=f"bar, {settings.bar:g}")
    axes.plot(iterations, curve.returns, color="tab:blue", marker="o", markersize=3.5, label="while training")
    axes.plot(
        settings.iterations + 1,
        curve.final_return,
        color="tab:orange",
        marker="*",
        markersize=13,
        linestyle="none",
        label=f"final policy, {curve.final_return:.1f}",
    )
    axes.set_title(f"{algorithm.upper()} on CartPole-v1, horizon {settings.horizon}, seed {seed}")
    axes.set_xlabel(f"iteration ({curve.environment_steps[-1]:,} environment steps in all)")
    axes.set_ylabel("mean return")
    axes.set_ylim(0.0, 1.05 * settings.horizon)
    axes.grid(alpha=0.25)
    axes.legend(loc="lower right")
    figure.savefig(plot, dpi=150)
