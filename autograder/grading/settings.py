"""What the staff decides, read from a TOML file. A wrong key or value is a sentence, never a guess."""

from __future__ import annotations

import difflib
import hashlib
import re
import sys
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from types import MappingProxyType

from autograder.grading.errors import NotGraded

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib  # there, pytest brings it along

FEEDBACK_LEVELS = ("full", "hints", "names")
"""From everything that was found out, to which functions are wrong."""
ISOLATION_MODES = ("none", "A", "B", "C", "D")
VISIBILITIES = ("visible", "after_due_date", "after_published")
"""The platform knows "hidden" too."""
MAX_BUDGET_SECONDS = 2340
"""The platform ends every grading after 40 minutes at most, and overwrites results: a minute is margin."""


class SettingsError(NotGraded):
    """The settings file cannot be used; the message names the key and what it takes."""


@dataclass(frozen=True)
class Settings:
    """The staff's settings.

    Attributes:
        salt: hidden inputs are drawn from it and the submission's content.
        budget_seconds: after so long, the rows not yet run are reported as such.
        feedback: how much a failed row says; one of `FEEDBACK_LEVELS`.
        points_shown: whether rows and the page show points; the total is shown in any case.
        leaderboard: whether the platform shows one.
        isolation: the weakest isolation that is accepted; one of `ISOLATION_MODES`.
        visibility: who sees which rows when, by the beginning of their number; `visible` where not named.
        prints_shown: whether a row shows what the student's code printed during it.
    """

    salt: str
    budget_seconds: float = 480.0
    feedback: str = "full"
    points_shown: bool = True
    leaderboard: bool = False
    isolation: str = "none"
    visibility: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    prints_shown: bool = False

    @property
    def salt_id(self) -> str:
        """A name for the salt that does not give it away."""
        return hashlib.sha256(f"salt-id {self.salt}".encode()).hexdigest()[:8]

    @property
    def required_isolation(self) -> str:
        """The mode as `grade` takes it: empty for whatever there is."""
        return "" if self.isolation == "none" else self.isolation

    def seed(self, digest: str, purpose: str) -> int:
        """A seed that depends on the salt, the submission and the purpose, and on nothing else."""
        text = f"{self.salt}\n{digest}\n{purpose}"
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")

    def visibility_of(self, number: str) -> str:
        """Who sees a row: what is said of the longest beginning of its number, 3.1 before 3."""
        pieces = number.split(".")
        for length in range(len(pieces), 0, -1):
            said = self.visibility.get(".".join(pieces[:length]))
            if said is not None:
                return said
        return "visible"


def read_settings(file: Path, numbers: Collection[str] | None = None) -> Settings:
    """Read the settings.

    Args:
        file: the TOML file.
        numbers: the parts' and functions' numbers that rows begin with; None where they are not known.

    Raises:
        SettingsError: the file is missing or not TOML, or a key or value is wrong.
    """
    try:
        values = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f'The settings "{file}" cannot be read: {error.strerror}.') from None
    except UnicodeDecodeError:
        raise SettingsError(f"{file.name} is not UTF-8: save it in that encoding.") from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{file.name} is not TOML: {error}.") from None
    try:
        return _from_values(values, numbers)
    except SettingsError as error:
        raise SettingsError(f"{file.name}: {error}") from None


def check_visibility(where: str, value: object) -> None:
    """Hold who is to see a row, and when, against what is allowed.

    Args:
        where: what says so, for the sentence.
        value: what it says.

    Raises:
        SettingsError: it is none of `VISIBILITIES`.
    """
    if value == "hidden":
        raise SettingsError(
            f'{where} is "hidden", but one hidden row hides the total from every student: take '
            "after_published."
        )
    _choice(VISIBILITIES)(where, value)


def _from_values(values: Mapping[str, object], numbers: Collection[str] | None) -> Settings:
    known = [field.name for field in fields(Settings)]
    for key in values:
        if key not in known:
            raise SettingsError(f"there is no setting {key}; {_suggest(key, known)}")
    checked = {key: check(key, values[key]) for key, check in _CHECKS.items() if key in values}
    # The one setting without which nothing can be graded.
    salt = _text("salt", values.get("salt"))
    visibility = _visibility(values.get("visibility", {}), numbers)
    return Settings(**{**checked, "salt": salt, "visibility": visibility})  # type: ignore[arg-type]


def _text(key: str, value: object) -> str:
    if not isinstance(value, str) or not value:
        raise SettingsError(f"{key} is {value!r}, but a text that is not empty was expected.")
    return value


def _budget(key: str, value: object) -> float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not 0 < float(str(value)) <= MAX_BUDGET_SECONDS:
        raise SettingsError(
            f"{key} is {value!r}, but a number of seconds above 0 and up to {MAX_BUDGET_SECONDS} was "
            "expected: the platform ends every grading after 2400 at most."
        )
    return float(str(value))


def _truth(key: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise SettingsError(f"{key} is {value!r}, but true or false was expected, without quotes.")
    return value


def _choice(choices: tuple[str, ...]) -> Callable[[str, object], str]:
    def check(key: str, value: object) -> str:
        if value not in choices:
            raise SettingsError(f"{key} is {value!r}; {_suggest(value, choices)}")
        return str(value)

    return check


_CHECKS: Mapping[str, Callable[[str, object], object]] = MappingProxyType(
    {
        "salt": _text,
        "budget_seconds": _budget,
        "feedback": _choice(FEEDBACK_LEVELS),
        "prints_shown": _truth,
        "points_shown": _truth,
        "leaderboard": _truth,
        "isolation": _choice(ISOLATION_MODES),
    }
)


def _visibility(table: object, numbers: Collection[str] | None) -> Mapping[str, str]:
    if not isinstance(table, dict):
        raise SettingsError(f'visibility is {table!r}, but a table was expected, such as "5" = "visible".')
    for number, value in table.items():
        if isinstance(value, dict):
            # Without quotes, TOML reads 6.2 as a table 6 with a key 2.
            raise SettingsError(
                f'visibility of {number}.{next(iter(value), "")}: put the number in quotes, "6.2".'
            )
        if not re.fullmatch(r"\d+(\.\d+)*", number):
            raise SettingsError(
                f'visibility names "{number}", but the number of rows was expected, such as "3.1".'
            )
        if numbers is not None and not any(number == one or number.startswith(f"{one}.") for one in numbers):
            raise SettingsError(
                f"visibility names {number}, but no row begins so; {_suggest(number, numbers)}"
            )
        check_visibility(f"visibility of {number}", value)
    return MappingProxyType(dict(table))


def _suggest(found: object, known: Iterable[str]) -> str:
    """What to write in place of something unknown."""
    known = list(known)
    close = difflib.get_close_matches(str(found), known, n=1)
    return f"did you mean {close[0]}?" if close else f"known are {', '.join(known)}."
