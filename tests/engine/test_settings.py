"""The staff's settings: read from TOML, and wrong ones are a sentence."""

from __future__ import annotations

import pytest

from autograder.grading.settings import Settings, SettingsError, read_settings
from autograder.homework import ROOT


@pytest.fixture
def settings_file(tmp_path):
    return tmp_path / "settings.toml"


def test_the_shipped_settings_can_be_read():
    settings = read_settings(ROOT / "autograder" / "settings.toml")
    assert settings.salt
    assert 0 < settings.budget_seconds < 600


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("sallt = 'x'", "there is no setting sallt; did you mean salt?"),
        ("colour = 'x'", "there is no setting colour; known are"),
        ("salt = ''", "salt is ''"),
        ("salt = 3", "salt is 3"),
        ("budget_seconds = 5", "salt is None"),
        ("salt = 'x'\nbudget_seconds = 'long'", "budget_seconds is 'long'"),
        ("salt = 'x'\nbudget_seconds = 0", "budget_seconds is 0"),
        ("salt = 'x'\nbudget_seconds = true", "budget_seconds is True"),
        ("salt = 'x'\nbudget_seconds = nan", "budget_seconds is nan"),
        ("salt = ", "is not TOML"),
    ],
)
def test_a_wrong_setting_is_a_sentence(settings_file, text, sentence):
    settings_file.write_text(text)
    with pytest.raises(SettingsError) as caught:
        read_settings(settings_file)
    assert sentence in str(caught.value)


def test_missing_settings_are_a_sentence(settings_file):
    with pytest.raises(SettingsError, match="cannot be read"):
        read_settings(settings_file)


def test_a_seed_depends_on_salt_submission_and_purpose_alone():
    seeds = {
        Settings(salt).seed(digest, purpose)
        for salt in "ab"
        for digest in ("one", "two")
        for purpose in ("3.1", "3.2")
    }
    assert len(seeds) == 8
    assert Settings("a", 1.0).seed("one", "3.1") == Settings("a", 2.0).seed("one", "3.1")


def test_the_salts_name_does_not_give_it_away():
    assert Settings("pepper").salt_id == Settings("pepper").salt_id != Settings("salt").salt_id
    assert "pepper" not in Settings("pepper").salt_id
