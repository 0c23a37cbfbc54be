"""What a row means, and why it is refused."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartcity.dossiers.model import Step
from smartcity.dossiers.sync.times import read_time
from smartcity.rowfiles.rows import RowError
from tests.unit.dossiers_made import NOW, PERSONAL, READER, SECRETS, ZONE, row, told


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-06-09T10:15:00+07:00", "2026-06-09T03:15:00Z"),
        ("2026-06-09T03:15:00Z", "2026-06-09T03:15:00Z"),
        ("2026-06-09 10:15", "2026-06-09T03:15:00Z"),
        ("20260609101500", "2026-06-09T03:15:00Z"),
        ("2026-06-09", "2026-06-08T17:00:00Z"),
        ("20260609", "2026-06-08T17:00:00Z"),
        ("2026-06-09T03:15:00.123999Z", "2026-06-09T03:15:00.123Z"),
    ],
)
def test_times_are_read_as_sources_write_them(text: str, moment: str) -> None:
    assert read_time(text, ZONE) == datetime.fromisoformat(moment)


def test_a_day_that_something_is_due_lasts_until_its_end() -> None:
    assert read_time("2026-06-09", ZONE, end_of_day=True) == datetime(
        2026, 6, 9, 16, 59, 59, tzinfo=UTC
    )


@given(st.text(max_size=40))
def test_no_text_breaks_the_reading_of_times(text: str) -> None:
    try:
        moment = read_time(text, ZONE)
    except ValueError:
        return
    assert moment.tzinfo is UTC


def test_a_row_becomes_a_dossier() -> None:
    dossier = told(1, collect_place="Quầy 5")
    assert dossier.code == "000.00.01.H26-260601-0001"
    assert (dossier.status, dossier.channel, dossier.collect_place) == (4, 2, "Quầy 5")
    assert dossier.steps == (Step(4, datetime(2026, 6, 2, 2, tzinfo=UTC)),)
    assert dossier.due_at == datetime(2026, 6, 20, 16, 59, 59, tzinfo=UTC)
    assert (dossier.finished_at, dossier.collected_at) == (None, None)
    assert dossier.source == "one-stop"


def test_neither_the_name_nor_the_secret_is_kept_readable() -> None:
    dossier = told()
    assert dossier.applicant is not None
    assert dossier.secret is not None
    assert b"An" not in dossier.applicant
    assert b"4321" not in dossier.secret
    assert PERSONAL.decrypt(dossier.applicant) == "Nguyễn Văn An"
    assert SECRETS.opens(dossier.code, "43-21", dossier.secret)
    assert not SECRETS.opens("000.00.01.H26-260601-0002", "4321", dossier.secret)


def test_the_secret_of_the_receipt_comes_before_the_digits() -> None:
    dossier = told(secret="K7M29Q", factor="4321")
    assert SECRETS.opens(dossier.code, "k7m2 9q", dossier.secret)
    assert not SECRETS.opens(dossier.code, "4321", dossier.secret)


def test_a_result_handed_over_tells_when_it_was_done() -> None:
    dossier = told(status="10", updated_at="2026-06-25T09:00:00Z", finished_at="2026-06-15")
    assert [step.status for step in dossier.steps] == [9, 10]
    assert dossier.finished_at == datetime(2026, 6, 15, 16, 59, 59, tzinfo=UTC)
    assert dossier.collected_at == datetime(2026, 6, 25, 9, tzinfo=UTC)


def test_a_dossier_done_today_was_not_done_tonight() -> None:
    dossier = told(status="9", updated_at="2026-06-15T09:00:00+07:00", finished_at="2026-06-15")
    assert dossier.finished_at == dossier.as_of


def test_an_unknown_status_is_kept() -> None:
    assert told(status="77").status == 77


def test_one_that_is_not_accepted_needs_no_dates() -> None:
    assert told(status="1", received_at="", due_at="").received_at is None


@pytest.mark.parametrize(
    ("columns", "column", "reason"),
    [
        ({"code": "H26-9090"}, "code", "not a dossier code"),
        ({"code": ""}, "code", "missing"),
        ({"agency": None}, "agency", "missing"),
        ({"status": "four"}, "status", "Expected `int`, got `str`"),
        ({"status": "0"}, "status", "Expected `int` >= 1"),
        ({"updated_at": "yesterday"}, "updated_at", "not a time"),
        ({"updated_at": "2099-01-01T00:00:00Z"}, "updated_at", "lies in the future"),
        ({"due_at": "0001-01-01T00:00:00+14:00"}, "due_at", "not a time"),
        ({"received_at": ""}, "received_at", "missing"),
        ({"finished_at": "2026-06-03"}, "finished_at", "given, but the status is an open one"),
        ({"channel": "4"}, "channel", "Expected `int` <= 3"),
        ({"factor": None}, "factor", "missing"),
        ({"factor": "12a4"}, "factor", "Expected `str` matching regex '^[0-9]{4,6}$'"),
        ({"secret": "abc"}, "secret", "Expected `str` of length >= 4"),
        ({"applicant": "x" * 201}, "applicant", "Expected `str` of length <= 200"),
        ({"procedure": 5}, "procedure", "Expected `str`, got `int`"),
    ],
)
def test_a_row_is_refused_with_its_reason(
    columns: dict[str, Any], column: str, reason: str
) -> None:
    with pytest.raises(RowError) as refused:
        READER.dossier(row(**columns), NOW)
    assert (refused.value.column, refused.value.reason) == (column, reason)
