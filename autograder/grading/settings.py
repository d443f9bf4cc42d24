"""What the staff decides, read from a TOML file. A wrong key or value is a sentence, never a guess."""

from __future__ import annotations

import difflib
import hashlib
import sys
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib  # there, pytest brings it along


class SettingsError(Exception):
    """The settings file cannot be used; the message names the key and what it takes."""


@dataclass(frozen=True)
class Settings:
    """The staff's settings.

    Attributes:
        salt: hidden inputs are drawn from it and the submission's content.
        budget_seconds: after so long, the rows not yet run are reported as such.
    """

    salt: str
    budget_seconds: float = 480.0

    @property
    def salt_id(self) -> str:
        """A name for the salt that does not give it away."""
        return hashlib.sha256(f"salt-id {self.salt}".encode()).hexdigest()[:8]

    def seed(self, digest: str, purpose: str) -> int:
        """A seed that depends on the salt, the submission and the purpose, and on nothing else."""
        text = f"{self.salt}\n{digest}\n{purpose}"
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


def read_settings(file: Path) -> Settings:
    """Read the settings.

    Raises:
        SettingsError: the file is missing or not TOML, or a key or value is wrong.
    """
    try:
        values = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f'The settings "{file}" cannot be read: {error.strerror}.') from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{file.name} is not TOML: {error}.") from None
    return _from_values(values, file.name)


def _from_values(values: Mapping[str, object], name: str) -> Settings:
    known = [field.name for field in fields(Settings)]
    for key in values:
        if key not in known:
            close = difflib.get_close_matches(key, known, n=1)
            meant = f"did you mean {close[0]}?" if close else f"known are {', '.join(known)}."
            raise SettingsError(f"{name}: there is no setting {key}; {meant}")
    salt, budget = values.get("salt"), values.get("budget_seconds", Settings.budget_seconds)
    if not isinstance(salt, str) or not salt:
        raise SettingsError(f"{name}: salt is {salt!r}, but a text that is not empty was expected.")
    if isinstance(budget, bool) or not isinstance(budget, int | float) or not budget > 0:
        raise SettingsError(
            f"{name}: budget_seconds is {budget!r}, but a number of seconds above 0 was expected."
        )
    return Settings(salt, float(budget))
