"""The staff's settings: read from TOML, and wrong ones are a sentence."""

from __future__ import annotations

import pytest

from autograder.grading.settings import Settings, SettingsError, read_settings
from autograder.homework import ASSIGNMENT as HW4
from autograder.homework import ROOT


@pytest.fixture
def settings_file(tmp_path):
    return tmp_path / "settings.toml"


def test_the_shipped_settings_can_be_read():
    numbers = {function.number for function in HW4.functions} | {part.number for part in HW4.parts}
    settings = read_settings(ROOT / "autograder" / "settings.toml", numbers)
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
        ("salt = 'x'\nbudget_seconds = 2400", "up to 2340 was expected: the platform ends every grading"),
        ("salt = ", "is not TOML"),
        ("salt = 'x'\nfeedback = 'ful'", "feedback is 'ful'; did you mean full?"),
        ("salt = 'x'\nfeedback = 1", "feedback is 1; known are full, hints, names."),
        ("salt = 'x'\nfeedback = ['full']", "feedback is ['full']; did you mean full?"),
        ("salt = 'x'\nisolation = 'E'", "isolation is 'E'; known are none, A, B, C, D."),
        ("salt = 'x'\npoints_shown = 'yes'", "points_shown is 'yes', but true or false was expected"),
        ("salt = 'x'\nleaderbord = true", "there is no setting leaderbord; did you mean leaderboard?"),
        ("salt = 'x'\nleaderboard = 1", "leaderboard is 1, but true or false was expected"),
        ("salt = 'x'\nvisibility = 'visible'", "but a table was expected"),
        ("salt = 'x'\n[visibility]\n5 = 'visble'", "visibility of 5 is 'visble'; did you mean visible?"),
        ("salt = 'x'\n[visibility]\n6.2 = 'visible'", "visibility of 6.2: put the number in quotes"),
        ("salt = 'x'\n[visibility]\nppo = 'visible'", 'visibility names "ppo"'),
        (
            "salt = 'x'\n[visibility]\n5 = 'hidden'",
            "hides the total from every student: take after_published.",
        ),
        (
            "salt = 'x'\n[visibility]\n9 = 'visible'",
            "visibility names 9, but no row begins so; known are 3, 3.1",
        ),
    ],
)
def test_a_wrong_setting_is_a_sentence(settings_file, text, sentence):
    settings_file.write_text(text)
    with pytest.raises(SettingsError) as caught:
        read_settings(settings_file, ("3", "3.1", "5", "6.2"))
    assert sentence in str(caught.value)
    assert str(caught.value).startswith("settings.toml")


def test_the_longest_beginning_of_a_number_decides_who_sees_a_row(settings_file):
    settings_file.write_text(
        "salt = 'x'\n[visibility]\n3 = 'after_due_date'\n'3.1' = 'visible'\n'3.10.2' = 'after_published'\n"
    )
    settings = read_settings(settings_file, ("3", "3.1", "3.10"))
    rows = ("3.1.2", "3.10.1", "3.10.2", "3.2.1", "30.1.1", "4.1.1")
    assert [settings.visibility_of(row) for row in rows] == [
        "visible",
        "after_due_date",
        "after_published",
        "after_due_date",
        "visible",
        "visible",
    ]


def test_everything_can_be_set(settings_file):
    settings_file.write_text(
        "salt = 'pepper'\nbudget_seconds = 60\nfeedback = 'names'\npoints_shown = false\nleaderboard = true\n"
        "isolation = 'B'\nprints_shown = true\n[visibility]\n5 = 'after_published'\n"
    )
    assert read_settings(settings_file) == Settings(
        "pepper", 60.0, "names", False, True, "B", {"5": "after_published"}, True
    )


def test_no_isolation_is_required_unless_said():
    assert Settings("salt").required_isolation == ""
    assert Settings("salt", isolation="A").required_isolation == "A"


def test_settings_in_another_encoding_are_a_sentence(settings_file):
    settings_file.write_bytes(b"salt = '\xe9'")
    with pytest.raises(SettingsError, match="is not UTF-8"):
        read_settings(settings_file)


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
