"""The locks install what `requirements/*.in` ask for, nothing unpinned, from wherever pip is told to look."""

import re
from pathlib import Path

import pytest

REQUIREMENTS = Path(__file__).parents[2] / "requirements"
PIN = re.compile(r"(?P<name>[a-z0-9-]+)==(?P<version>[\w.]+)(?: ; (?P<marker>[^\\]+))?")
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")


def read_lock(name):
    """{(name, marker): (version, hashes)} of a lock, with line ends joined as pip joins them."""
    text = (REQUIREMENTS / name).read_text(encoding="utf-8")
    lines = [line for line in text.replace("\\\n", " ").splitlines() if line and not line.startswith("#")]
    pins = {}
    for line in lines:
        requirement, *hashes = re.split(r" +(?=--hash)", line.strip())
        match = PIN.fullmatch(requirement.strip())
        assert match, f"{name}: {line[:60]} is not pinned with == and a hash."
        assert hashes, f"{name}: {line[:60]} has no hash."
        assert all(HASH.fullmatch(item.strip()) for item in hashes), f"{name}: {line[:60]} has an odd hash."
        pins[match["name"], (match["marker"] or "").strip()] = (match["version"], frozenset(hashes))
    return pins


def asked_for(name):
    lines = (REQUIREMENTS / name).read_text(encoding="utf-8").splitlines()
    return {re.split(r"[ <>=;]", line)[0] for line in lines if re.match(r"[a-z]", line)}


@pytest.mark.parametrize("name", ["grading", "cluster", "development"])
def test_everything_asked_for_is_pinned_with_hashes(name):
    pinned = {package for package, _ in read_lock(f"{name}.lock")}
    assert asked_for(f"{name}.in") <= pinned


@pytest.mark.parametrize(("small", "large"), [("grading", "cluster"), ("cluster", "development")])
def test_the_locks_agree(small, large):
    pins, others = read_lock(f"{small}.lock"), read_lock(f"{large}.lock")
    assert pins == {pin: others.get(pin) for pin in pins}


def test_grading_has_what_the_grader_imports():
    needed = {"numpy", "gymnasium", "pytest", "hypothesis", "gradescope-utils", "scipy", "click", "rich"}
    assert needed | {"pillow"} <= asked_for("grading.in")


def test_the_numbers_are_the_platforms_on_every_python_that_has_them():
    # One version for 3.10 (the platform's) to 3.13; 3.14 has no builds of it.
    for package in ("numpy", "scipy"):
        markers = sorted(marker for name, marker in read_lock("grading.lock") if name == package)
        assert markers == ["python_full_version < '3.14'", "python_full_version >= '3.14'"]


@pytest.mark.parametrize("path", sorted(REQUIREMENTS.iterdir()), ids=lambda path: path.name)
def test_no_address_of_an_index_is_committed(path):
    text = path.read_text(encoding="utf-8")
    assert "://" not in text
    assert not re.search(r"--(extra-)?index-url|--find-links|--trusted-host", text)
