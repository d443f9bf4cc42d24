"""The platform's metadata: read where it is there, and never a reason to fail."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.grading.metadata import Metadata, read_metadata

WHOLE = {
    "id": 123456,
    "created_at": "2026-11-03T00:30:00.123456-08:00",
    "assignment": {
        "due_date": "2026-11-02T23:00:00.000000-08:00",
        "late_due_date": "2026-11-04T23:00:00.000000-08:00",
        "group_size": 2,
        "group_submission": True,
        "total_points": "100.0",
    },
    "submission_method": "upload",
    "users": [
        {"email": "a@example.edu", "id": 1, "name": "Åsa Ünlü"},
        {"email": "b@example.edu", "id": 2, "name": "Bo"},
    ],
    "previous_submissions": [
        {"submission_time": "2026-11-02T12:00:00-08:00", "score": "40.5", "autograder_error": False},
        {"submission_time": "2026-11-01T12:00:00-08:00", "score": 12.0, "results": {"tests": []}},
        {"submission_time": "2026-11-02T13:00:00-08:00", "score": None, "autograder_error": True},
    ],
}


def read(tmp_path, content):
    file = tmp_path / "submission_metadata.json"
    file.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return read_metadata(file)


def test_everything_is_read(tmp_path):
    assert read(tmp_path, WHOLE).for_staff() == {
        "submission_id": "123456",
        "members": ["Åsa Ünlü", "Bo"],
        "method": "upload",
        "created_at": "2026-11-03T00:30:00.123456-08:00",
        "late_hours": 1.5,
        "is_after_late_due": False,
        "attempt": 4,
        "previous_scores": [12.0, 40.5, None],
    }


@pytest.mark.parametrize(
    ("created_at", "late_seconds"),
    [
        ("2026-11-02T22:59:59-08:00", 0.0),
        ("2026-11-03T07:00:01Z", 1.0),
        ("2026-11-03T08:00:00+01:00", 0.0),
        ("2026-11-03 00:00:00", None),
        ("yesterday", None),
        (None, None),
    ],
)
def test_lateness_is_counted_from_when_it_was_handed_in(tmp_path, created_at, late_seconds):
    assert read(tmp_path, WHOLE | {"created_at": created_at}).late_seconds == late_seconds


def test_after_the_late_due_date_is_said(tmp_path):
    assert read(tmp_path, WHOLE | {"created_at": "2026-11-05T12:00:00-08:00"}).is_after_late_due is True


@pytest.mark.parametrize("score", ["nan", float("inf"), "1e999", "A-", True, [1], 10**400])
def test_a_score_that_is_no_number_is_left_out(tmp_path, score):
    attempts = [{"score": 1, "submission_time": "1"}, {"score": score, "submission_time": "2"}]
    assert read(tmp_path, WHOLE | {"previous_submissions": attempts}).previous_scores == (1.0, None)


def test_without_metadata_there_is_none(tmp_path):
    assert read_metadata(tmp_path / "none.json") is None


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"[" * 100_000, b"[]", b"null", b"{"])
def test_what_cannot_be_read_is_none(tmp_path, content):
    assert read(tmp_path, content) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*WHOLE, "x"]), inner, max_size=4)
    ),
    max_leaves=6,
)


@given(
    changed=st.dictionaries(st.sampled_from([*WHOLE, *WHOLE["assignment"]]), JSON),
    in_assignment=st.booleans(),
)
def test_no_metadata_fails_a_grading(tmp_path_factory, changed, in_assignment):
    document = WHOLE | ({"assignment": WHOLE["assignment"] | changed} if in_assignment else changed)
    metadata = read(tmp_path_factory.getbasetemp(), document)
    assert isinstance(metadata, Metadata)
    json.dumps(metadata.for_staff(), allow_nan=False).encode()


def test_an_address_is_shown_where_there_is_no_name_only(tmp_path):
    users = [{"name": "A", "email": "a@example.edu"}, {"email": "b@example.edu"}, "odd", {"id": 7}]
    assert read(tmp_path, WHOLE | {"users": users}).members == ("A", "b@example.edu", "7")
