"""Trains on CartPole with the student's functions: the run, what went wrong in it, its result in words."""

from __future__ import annotations

import dataclasses
import functools
import importlib
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import numpy as np
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from hw4.lab import cartpole, environment, training
from hw4.lab.compare import Mismatch
from hw4.lab.runs import Run
from hw4.lab.signatures import SIGNATURES
from hw4.lab.training import (
    Iteration,
    LearningCurve,
    NPGSettings,
    PPOSettings,
    TrainingSettings,
    TRPOSettings,
    Update,
)
from hw4.lab.updates import UPDATES, FindFunction

PACKAGE = Path(__file__).resolve().parent.parent
SYMBOLS = {
    "delta": "δ",
    "damping": "damping",
    "kl_weight": "λ",
    "learning_rate": "learning rate",
    "sgd_steps": "S",
    "minibatch_trajectories": "B",
    "baseline_trajectories": "N",
    "update_trajectories": "M",
}
"""How a setting is written, in the order of writing; the others are not written."""


class UnusableSettings(Exception):
    """Settings that the algorithm does not have; the message is a sentence for the student."""


def settings_of(
    algorithm: str, horizon: int, changes: Mapping[str, float | None], *, graded: bool = False
) -> TrainingSettings:
    """Return the assignment's settings, or the graded ones, with some of them changed.

    Args:
        algorithm: as in ``SETTINGS``.
        horizon: 200 or 500.
        changes: new values by name; None leaves a setting as it is.
        graded: take the settings of the graded run.

    Raises:
        UnusableSettings: the algorithm has no such setting, or no graded run.
    """
    if graded and (algorithm not in training.GRADED or horizon != training.GRADED[algorithm].horizon):
        names = " and ".join(training.GRADED)
        raise UnusableSettings(f"Only {names} at horizon 500 are graded: leave out --graded.")
    settings = training.GRADED[algorithm] if graded else training.SETTINGS[algorithm][horizon]
    given: dict[str, Any] = {name: value for name, value in changes.items() if value is not None}
    own = {field.name for field in dataclasses.fields(settings)}
    for name in given:
        if name not in own:
            options = ", ".join(option_of(other) for other in changes if other in own)
            raise UnusableSettings(f"{algorithm} has no {option_of(name)}: it has {options}.")
    if isinstance(settings, PPOSettings):
        most = int(given.get("update_trajectories", settings.update_trajectories))
        usual = min(settings.minibatch_trajectories, most)
        if given.setdefault("minibatch_trajectories", usual) > most:
            raise UnusableSettings(
                f"A minibatch is of the {most} trajectories: --minibatch-trajectories is at most {most}."
            )
    return dataclasses.replace(settings, **given)


def option_of(setting: str) -> str:
    """Return the command line's option for a setting."""
    return f"--{setting.replace('_', '-')}"


def run(
    algorithm: str,
    settings: TrainingSettings,
    seeds: Sequence[int],
    *,
    to_the_end: bool = False,
    find_function: FindFunction | None = None,
) -> list[Run]:
    """Train with the student's functions, once with each seed.

    Ctrl-C ends the training, and what was learnt until then is returned.

    Args:
        algorithm: as in ``SETTINGS``.
        settings: the constants.
        seeds: one for each training.
        to_the_end: make all iterations, also behind the bar.
        find_function: finds the student's functions; by default those of this package.

    Raises:
        KeyboardInterrupt: nothing was learnt before it.
    """
    made: list[Run] = []
    stop_at = np.inf if to_the_end else settings.bar
    with _progress(algorithm, settings, len(seeds)) as show:
        for seed in seeds:
            update = functools.partial(UPDATES[algorithm], settings, find_function or find_in_package)
            one = _run_once(algorithm, settings, update, seed, stop_at, functools.partial(show, len(made)))
            if one is not None:
                made.append(one)
            if one is None or one.was_interrupted:
                break
    if not made:
        raise KeyboardInterrupt
    return made


def _run_once(
    algorithm: str,
    settings: TrainingSettings,
    update: Update,
    seed: int,
    stop_at: float,
    show: Callable[[Iteration, float, float], None],
) -> Run | None:
    """Train once; None where it was interrupted before the first iteration ended."""
    kept: list[tuple[float, int, float, float]] = []
    theta = np.zeros(cartpole.POLICY_FEATURES)

    def keep(iteration: Iteration) -> None:
        nonlocal theta
        kl = step_kl(iteration)
        length = float(np.linalg.norm(iteration.theta - iteration.theta_k))
        kept.append((iteration.mean_return, iteration.environment_steps, kl, length))
        theta = iteration.theta
        show(iteration, kl, length)

    curve = None
    rng = np.random.default_rng(seed)
    try:
        curve = training.train(update, settings, rng, stop_at=stop_at, on_iteration=keep)
    except KeyboardInterrupt:
        if not kept:
            return None
    returns, steps, kl, lengths = np.array(kept, dtype=np.float64).reshape(-1, 4).T
    was_interrupted = curve is None
    if curve is None:
        evaluation = cartpole.rollout(theta, rng, settings.evaluation_episodes, settings.horizon)
        final = cartpole.mean_return(evaluation)
        curve = LearningCurve(returns, steps.astype(np.int64), theta, final)
    return Run(algorithm, settings, seed, curve, kl, lengths, was_interrupted)


def step_kl(iteration: Iteration) -> float:
    """Estimate KL(ρ_θk | ρ_θk+1) on the iteration's trajectories.

        (1/N) Σ_n Σ_h KL(π_θk(·|s_h) | π_θk+1(·|s_h))

    With two actions π(1|s) is the logistic function of the difference of the logits.
    """
    from scipy.special import expit, rel_entr

    features = iteration.batch.features[iteration.batch.mask]
    toward_right = features[:, 1] - features[:, 0]
    # A student's θ may be large: the logits overflow to ±inf, whose probability is 0 or 1.
    with np.errstate(over="ignore"):
        before, after = (expit(toward_right @ theta) for theta in (iteration.theta_k, iteration.theta))
    return float((rel_entr(before, after) + rel_entr(1 - before, 1 - after)).sum() / len(iteration.batch))


def predicted_kl(settings: TrainingSettings) -> str:
    """Say what δ predicts of a step's KL; nothing where there is no δ."""
    delta = _writable("δ", "delta")
    if isinstance(settings, NPGSettings):
        return f"{delta}/2 = {settings.delta / 2:g}"
    if isinstance(settings, TRPOSettings):
        return f"at most {delta} = {settings.delta:g}"
    return ""


@contextmanager
def _progress(
    algorithm: str, settings: TrainingSettings, seeds: int
) -> Iterator[Callable[[int, Iteration, float, float], None]]:
    """Show a progress bar on the error stream, where that is a terminal; yield what moves it."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[state]}"),
        TimeRemainingColumn(),
    )
    console = Console(stderr=True)
    predicted = predicted_kl(settings)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(algorithm, total=settings.iterations, state="")

        def show(finished: int, iteration: Iteration, kl: float, length: float) -> None:
            description = f"{algorithm} {finished + 1}/{seeds}" if seeds > 1 else algorithm
            expected = f" ({predicted})" if predicted else ""
            state = f"return {iteration.mean_return:.0f}  KL {kl:.2f}{expected}  step {length:.2g}"
            progress.update(task, description=description, completed=iteration.number, state=state)

        yield show


@contextmanager
def as_sentences(task: str) -> Iterator[None]:
    """Turn what the student's functions raise into a sentence.

    Args:
        task: what is being done, such as "train", for the message that something is not filled in yet.

    Raises:
        click.ClickException: with the sentence.
    """
    try:
        yield
    except (click.ClickException, OSError):  # a file that cannot be written is no fault of a function
        raise
    except Mismatch as mismatch:
        raise click.ClickException(str(mismatch)) from None
    except Exception as error:
        raise click.ClickException(explain(error, task)) from error


def explain(error: Exception, task: str) -> str:
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
            return f"{todo} is not filled in yet: write it in hw4/{path.name}, then {task} again."
        return f"hw4/{path.name}, line {frame.lineno}, in {frame.name}: {message}\n    {frame.line}"
    if isinstance(error, ModuleNotFoundError) and error.name:
        return environment.not_installed(str(error.name).partition(".")[0])
    return f"A function of hw4 could not be called: {message}. Keep the names and arguments you were given."


def find_in_package(name: str) -> Callable[..., Any]:
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


def describe(runs: Sequence[Run]) -> Iterator[str]:
    """Say in a few lines of text what one or more trainings led to."""
    first, settings = runs[0], runs[0].settings
    seeds = f"seed {first.seed}" if len(runs) == 1 else f"seeds {first.seed} to {runs[-1].seed}"
    yield f"{first.algorithm.upper()} on CartPole-v1: horizon {settings.horizon}, {write(settings)}, {seeds}"
    yield ""
    yield from _describe_one(first) if len(runs) == 1 else _describe_several(runs)


def write(settings: TrainingSettings, count: int | None = None) -> str:
    """Write the settings that differ between algorithms, the first or all: ``δ = 1, damping = 3``."""
    values = dataclasses.asdict(settings)
    used = {_writable(symbol, name): values[name] for name, symbol in SYMBOLS.items() if name in values}
    return ", ".join([f"{symbol} = {value:g}" for symbol, value in used.items()][:count])


def _writable(text: str, plain: str) -> str:
    """The text, or the plain one where the output cannot hold it: an old Windows console, or a pipe."""
    try:
        text.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return plain
    return text


def _describe_one(run: Run) -> Iterator[str]:
    settings, curve = run.settings, run.curve
    made = len(curve.returns)
    yield f"  {'mean return':<13}{_blocks(curve.returns, settings.horizon)}"
    shown = sorted({round(part * (made - 1) / 5) for part in range(6)})
    yield f"  {'iteration':<13}" + "".join(f"{k + 1:>10,}" for k in shown)
    yield f"  {'mean return':<13}" + "".join(f"{curve.returns[k]:>10.1f}" for k in shown)
    yield f"  {'env steps':<13}" + "".join(f"{curve.environment_steps[k]:>10,}" for k in shown)
    predicted = predicted_kl(settings)
    yield (
        f"  {'KL of a step':<13}" + "".join(f"{run.kl[k]:>10.2f}" for k in shown) + f"   {predicted}".rstrip()
    )
    yield f"  {'step length':<13}" + "".join(f"{run.step_lengths[k]:>10.2g}" for k in shown)
    yield ""
    sampled = settings.baseline_trajectories + settings.update_trajectories
    yield f"An iteration's mean return is that of its {sampled} trajectories, sampled before its step."
    stopped = made < settings.iterations
    if run.was_interrupted:
        yield f"Interrupted after {made} of {settings.iterations} iterations."
    elif stopped:
        yield f"The bar was reached after {made} of {settings.iterations} iterations: --full makes them all."
    episodes = sampled if stopped and not run.was_interrupted else settings.evaluation_episodes
    yield (
        f"Final mean return {curve.final_return:.1f} over {episodes} fresh episodes: "
        f"the bar of {settings.bar:g} is {'reached' if run.reached else 'missed'}."
    )


def _describe_several(runs: Sequence[Run]) -> Iterator[str]:
    from hw4.lab import plots

    settings = runs[0].settings
    _, returns = plots.align(runs, "iterations")
    low, high = plots.interval(returns[:, -1:])
    yield f"  {'mean return':<13}{_blocks(plots.interquartile_mean(returns), settings.horizon)}"
    yield ""
    reached = [run for run in runs if run.reached]
    yield f"{len(reached)} of {len(runs)} seeds reach the bar of {settings.bar:g}."
    if reached:
        made = [len(run.curve.returns) for run in reached]
        steps = [int(run.points()[0][-1]) for run in reached]
        yield (
            f"In the median they make {np.median(made):g} iterations ({min(made)} to {max(made)}) "
            f"and {np.median(steps):,.0f} environment steps ({min(steps):,} to {max(steps):,})."
        )
    yield (
        f"Final mean return: {plots.interquartile_mean(returns[:, -1]):.1f}, the interquartile mean "
        f"over seeds (95 % bootstrap interval {low[0]:.1f} to {high[0]:.1f})."
    )
    if any(run.was_interrupted for run in runs):
        yield f"Interrupted: the last of these runs made {len(runs[-1].curve.returns)} iterations."


def _blocks(returns: np.ndarray, horizon: int) -> str:
    """Draw the curve in one character an iteration, a full block for a return of `horizon`."""
    levels = _writable("\u2581\u2582\u2583\u2584\u2585\u2586\u2587\u2588", "_.:-=+*#")
    return "".join(levels[min(int(len(levels) * value / horizon), len(levels) - 1)] for value in returns)
