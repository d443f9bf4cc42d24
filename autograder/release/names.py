"""Made-up people, with names as they are in a class: in several scripts, with accents, with signs."""

from __future__ import annotations

import itertools
import random
from collections.abc import Mapping

_SCRIPTS = (
    (
        *(("Amélie", "Anna", "Ben", "Chloé", "Daniel", "Elif", "Emma", "Finn", "Grace", "Inés"),),
        *(("O’Brien", "Smith", "Müller", "García-López", "Nguyễn", "Łukasik", "Sørensen", "Öztürk"),),
        " ",
    ),
    (("Иван", "Олег", "Никита"), ("Петренко", "Коваль", "Левченко"), " "),
    (("Γιώργος", "Νίκος", "Πέτρος"), ("Παπαδόπουλος", "Βασιλείου"), " "),
    (("王", "李", "陈", "張"), ("伟", "娜", "子涵", "思远"), ""),
    (("佐藤", "田中", "鈴木"), ("陽子", "健", "大翔"), " "),
    (("김", "이", "박"), ("서연", "민준", "지우"), ""),
    (("محمد", "فاطمة", "علي"), ("حسن", "الخطيب"), " "),
    (("יעל", "נועם"), ("כהן", "לוי"), " "),
    (("प्रिया", "अर्जुन"), ("शर्मा", "पटेल"), " "),
    (("สมชาย", "มาลี"), ("ใจดี", "แสงทอง"), " "),
)
"""Given and family names, or the other way round, and what stands between them."""
_SHARES = (12, 1, 1, 3, 1, 1, 1, 1, 2, 1)
_ODD = ("@lice Young", "=Max Power", "-Kim", "Robert <b>Bobby</b>, Jr.")
"""Names that mean something to a spreadsheet or a page."""
_MIN_ODD = 8
"""From so many students on, one has such a name."""


def people(number: int, rng: random.Random) -> list[Mapping[str, str]]:
    """Make people up.

    Args:
        number: how many.
        rng: draws their names.

    Returns:
        For each a ``name``, an ``email``, and a ``sid`` with leading zeros, which every fortieth lacks.
    """
    found: list[Mapping[str, str]] = []
    odd = itertools.cycle(_ODD)
    for place in range(number):
        (script,) = rng.choices(_SCRIPTS, _SHARES)
        first, last, between = script
        name = f"{rng.choice(first)}{between}{rng.choice(last)}"
        if place % 50 == _MIN_ODD - 1:
            name = next(odd)
        person = {"name": name, "sid": f"{rng.randrange(10**7):08d}", "email": f"s{place + 1}@example.edu"}
        if place % 40 == 20:
            del person["sid"]
        found.append(person)
    return found
