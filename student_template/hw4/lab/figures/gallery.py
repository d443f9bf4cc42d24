"""Every figure by its name, and the drawing of one to a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import click

from hw4.lab.figures import (
    baselines,
    clipping,
    fitted_policy_iteration,
    importance_weights,
    kl_expansion,
    learning_curves,
    soft_policy_iteration,
    two_actions,
)
from hw4.lab.updates import FindFunction

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Entry:
    """A figure.

    Attributes:
        title: what it shows, in a line.
        draw: draws it, with what finds the student's functions.
    """

    title: str
    draw: Callable[[FindFunction], Figure]


FIGURES: Mapping[str, Entry] = MappingProxyType(
    {
        "two-actions": Entry("the lecture's example: PG crawls, NPG strides", two_actions.draw),
        "kl-expansion": Entry("the KL and its quadratic form along NPG's direction", kl_expansion.draw),
        "kl-of-steps": Entry("the KL after NPG's and TRPO's steps", learning_curves.draw_kl_of_steps),
        "importance-weights": Entry("the variance of importance weights", importance_weights.draw),
        "baselines": Entry("the distribution of ĝ under three baselines", baselines.draw),
        "fitted-policy-iteration": Entry(
            "fitted policy iteration fails, a trust region does not", fitted_policy_iteration.draw
        ),
        "soft-policy-iteration": Entry("NPG is soft policy iteration", soft_policy_iteration.draw),
        "clipping": Entry("PPO-clip against the KL penalty, sample by sample", clipping.draw),
        "learning-curves": Entry("REINFORCE, NPG, TRPO and PPO on CartPole", learning_curves.draw),
        "record": Entry("how few environment steps NPG needs", learning_curves.draw_record),
    }
)
"""In the lecture's order."""

WITHOUT_TIME: Mapping[str, Mapping[str, None]] = MappingProxyType(
    {"svg": {"Date": None}, "pdf": {"CreationDate": None}}
)
"""What is left out of a file, so that the same functions give the same bytes."""


class MissingPiece(click.ClickException):
    """A function is not filled in yet; the message is a sentence for the student."""


def write(name: str, find_function: FindFunction, folder: Path, kind: str = "png") -> Path:
    """Draw a figure and write it.

    Args:
        name: of ``FIGURES``.
        find_function: finds the student's functions.
        folder: where to.
        kind: ``"png"``, ``"svg"`` or ``"pdf"``.

    Returns:
        The file.

    Raises:
        MissingPiece: a function that the figure needs is not filled in yet.
    """
    # Its fonts and lines are set while it is written, too: then it is laid out.
    from matplotlib import rc_context

    from hw4.lab.figures.drawing import STYLE

    file = folder / f"{name}.{kind}"
    with rc_context(STYLE):
        try:
            figure = FIGURES[name].draw(find_function)
        except NotImplementedError as error:
            piece = str(error).removeprefix("Part ").replace(": ", " ", 1)
            raise MissingPiece(f"The figure {name} needs {piece}.") from None
        figure.savefig(file, dpi=150, metadata=WITHOUT_TIME.get(kind))
    return file
