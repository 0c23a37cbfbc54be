"""Reports of another system: what a mapping may say, and what a row means."""

from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from uuid import UUID

import pytest

from smartcity.city.model import City
from smartcity.identifiers import CODE_LENGTH
from smartcity.reports.deadlines import Clocks
from smartcity.reports.imports.files import open_rows
from smartcity.reports.imports.histories import WAYS, stages
from smartcity.reports.imports.mapping import MappingError, load_mapping
from smartcity.reports.imports.reading import NOBODY, ReportReader
from smartcity.reports.lifecycle import TRANSITIONS
from smartcity.reports.model import Report
from smartcity.reports.words import Action, Party, Status
from smartcity.rowfiles.files import FileError
from smartcity.rowfiles.rows import RowError
from tests.unit.imports_made import (
    CLOSED,
    NOW,
    OPEN,
    PackPlaces,
    edited,
    mapping,
    reader,
)

BATCH = UUID(int=7)


def read(city: City, columns: dict[str, str]) -> Report:
    return reader(city).report(columns, BATCH, NOW)


# --- the mapping ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('id = "CASE_ENQUIRY_ID"', "", "import.toml: id: is missing"),
        ('id = "CASE', 'idd = "CASE', "import.toml: idd: is not a key here"),
        ('zone = "America/New_York"', 'zone = "Boston"', "times.zone: there is no time zone"),
        ("%m/%d/%Y %I", "%m/%d %I", "times.format: does not hold a day, a month and a year"),
        ("%m/%d/%Y %I", "%Q %I", "times.format: is not understood"),
        (
            'Closed = "closed"',
            'Closed = "gone"',
            "status.values.Closed: an import cannot tell gone",
        ),
        ('Closed = "closed"', 'Closed = "merged"', "an import cannot tell merged"),
        ('Closed = "closed"', 'Closed = "rejected"', "`status.reasons` must say why"),
        ("values.Open", 'reasons.Closed = "x"\nvalues.Open', "Closed: there is no reason x"),
        ('"metrolist"', '"metro"', "category.values.Survey: there is no category metro"),
        ('= "INFO"', '= "info"', "agency.values.No Q: there is no agency info"),
        ('column = "REASON"', 'column = "REASON"\ndefault = "x"', "category.default: there is no"),
        ('"{CLOSURE_REASON}"', '"{CLOSURE_REASON"', "text.answer: has braces"),
        ("[times]", "[times", "import.toml: line"),
    ],
)
def test_a_mistake_in_a_mapping_is_told_with_its_key_and_the_reason(
    boston: City, tmp_path: Path, old: str, new: str, said: str
) -> None:
    with pytest.raises(MappingError) as told:
        load_mapping(edited(tmp_path, old, new), boston)
    assert any(said in str(mistake) for mistake in told.value.mistakes), told.value


def test_all_mistakes_in_a_mapping_are_told_at_once(boston: City, tmp_path: Path) -> None:
    file = edited(tmp_path, "America/New_York", "Boston")
    file.write_text(file.read_text().replace('= "metrolist"', '= "metro"'))
    with pytest.raises(MappingError) as told:
        load_mapping(file, boston)
    assert len(told.value.mistakes) == 2


def test_a_mapping_that_is_not_there_is_told(boston: City, tmp_path: Path) -> None:
    with pytest.raises(MappingError, match="the file is missing"):
        load_mapping(tmp_path / "import.toml", boston)


# --- what a row means -----------------------------------------------------------------------------


@pytest.mark.parametrize("status", list(Status))
def test_every_imported_timeline_is_one_that_the_lifecycle_table_allows(status: Status) -> None:
    if status not in WAYS:
        assert status in {Status.HELD, Status.WAITING, Status.MERGED}
        return
    passed = stages(status)
    assert (passed[0].action, passed[0].status) == (Action.SUBMIT, Status.SUBMITTED)
    for before, stage in pairwise(passed):
        assert before.status in TRANSITIONS[stage.action].sources
        assert stage.status == (TRANSITIONS[stage.action].to or before.status)
    assert passed[-1].status is status


def test_a_closed_request_is_a_closed_report_with_the_source_s_own_times(boston: City) -> None:
    report = read(boston, CLOSED)
    opened = datetime(2015, 1, 1, 5, 25, 36, tzinfo=UTC)
    closed = datetime(2015, 4, 28, 12, 49, 50, tzinfo=UTC)
    assert report.status is Status.CLOSED
    assert [(entry.action, entry.at) for entry in report.timeline] == [
        (Action.SUBMIT, opened),
        (Action.RECEIVE, opened),
        (Action.RESOLVE, closed),
        (Action.CLOSE, closed),
    ]
    assert {entry.by.party for entry in report.timeline} == {Party.CLOCK}
    assert report.timeline[2].text == CLOSED["CLOSURE_REASON"]
    assert (report.submitted_at, report.received_at, report.finished_at) == (opened, opened, closed)
    assert report.deadlines.resolve_by == datetime(2015, 1, 16, 13, 30, tzinfo=UTC)
    assert report.due_at is None
    assert (report.category, report.field) == ("street-lights", "public-works-department")
    assert (report.agency, report.routing.rule) == ("PWDx", "import")
    assert report.description == "Street Light Outages (Public Works Department)"
    assert (report.place.lon, report.place.lat) == (-71.0944, 42.3474)
    assert report.source == "boston311/101001240736"
    assert report.reporter.id == NOBODY


def test_an_open_request_is_in_its_agency_s_queue(boston: City) -> None:
    report = read(boston, OPEN)
    assert report.status is Status.RECEIVED
    assert report.due_at == report.deadlines.resolve_by
    assert report.finished_at is None


def test_without_a_date_of_its_own_a_request_gets_the_pack_s(boston: City) -> None:
    report = read(boston, {**OPEN, "TARGET_DT": ""})
    assert report.deadlines.calendar.startswith("office/")
    assert report.deadlines.resolve_by > report.deadlines.receive_by > report.submitted_at


@pytest.mark.parametrize(
    ("reason", "category"),
    [("Signs & Signals", "signs-signals"), ("Valet", "parking-complaints")],
)
def test_a_category_is_found_by_its_name_or_in_the_table(
    boston: City, reason: str, category: str
) -> None:
    assert read(boston, {**CLOSED, "REASON": reason}).category == category


def test_a_closed_request_without_an_answer_says_so(boston: City) -> None:
    answer = read(boston, {**CLOSED, "CLOSURE_REASON": " "}).timeline[2].text
    assert answer == "Closed without a published answer."


def test_a_rejected_request_has_the_pack_s_reason(boston: City, tmp_path: Path) -> None:
    more = 'Closed = "closed"\nvalues.Invalid = "rejected"\nreasons.Invalid = "no-violation"'
    means = load_mapping(edited(tmp_path, 'Closed = "closed"', more), boston)
    report = reader(boston, means).report({**CLOSED, "CASE_STATUS": "Invalid"}, BATCH, NOW)
    assert report.status is Status.REJECTED
    assert report.timeline[-1].reason == "no-violation"


@pytest.mark.parametrize(
    ("columns", "column", "reason"),
    [
        ({"CASE_ENQUIRY_ID": " "}, "CASE_ENQUIRY_ID", "missing"),
        ({"CASE_ENQUIRY_ID": "1" * 101}, "CASE_ENQUIRY_ID", "longer than 100 characters"),
        ({"OPEN_DT": ""}, "OPEN_DT", "missing"),
        ({"OPEN_DT": "yesterday"}, "OPEN_DT", "not a time"),
        ({"OPEN_DT": "01/01/0001 12:25:36 AM"}, "OPEN_DT", "not a time"),
        ({"OPEN_DT": "01/01/2027 12:25:36 AM"}, "OPEN_DT", "lies in the future"),
        ({"TARGET_DT": "31/31/2015 12:25:36 AM"}, "TARGET_DT", "not a time"),
        ({"TARGET_DT": "01/01/9999 12:25:36 AM"}, "TARGET_DT", "not a time"),
        ({"CLOSED_DT": ""}, "CLOSED_DT", "missing"),
        ({"CLOSED_DT": "12/31/2014 12:25:36 AM"}, "CLOSED_DT", "before it was opened"),
        ({"CASE_STATUS": "Lost"}, "CASE_STATUS", "unknown: Lost"),
        ({"REASON": "Aliens"}, "REASON", "unknown: Aliens"),
        ({"REASON": ""}, "REASON", "missing"),
        ({"Department": "XXXX"}, "Department", "unknown: XXXX"),
        ({"LATITUDE": "", "LONGITUDE": ""}, "LATITUDE", "missing"),
        ({"LATITUDE": "north"}, "LATITUDE", "not a number"),
        ({"LONGITUDE": ""}, "LONGITUDE", "not a number"),
        ({"LATITUDE": "0", "LONGITUDE": "0"}, "LATITUDE", "outside the city"),
        ({"LATITUDE": "nan"}, "LATITUDE", "outside the city"),
    ],
)
def test_a_row_that_cannot_be_taken_is_refused_with_its_column_and_the_reason(
    boston: City, columns: dict[str, str], column: str, reason: str
) -> None:
    with pytest.raises(RowError) as told:
        read(boston, {**CLOSED, **columns})
    assert (told.value.column, told.value.reason) == (column, reason)


def test_a_category_without_a_place_needs_no_point(boston: City) -> None:
    columns = {"REASON": "Notification", "LATITUDE": "", "LONGITUDE": ""}
    assert read(boston, {**CLOSED, **columns}).location is None


def test_codes_are_the_same_every_time_and_only_with_the_same_key(boston: City) -> None:
    code = read(boston, CLOSED).code
    assert code == read(boston, CLOSED).code
    assert len(code.replace("-", "")) == CODE_LENGTH
    other_key = bytes(32)
    elsewhere = ReportReader(boston, mapping(boston), PackPlaces(boston), Clocks(boston), other_key)
    assert elsewhere.report(CLOSED, BATCH, NOW).code != code


# --- the file -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "said"),
    [
        (b"", "missing columns: CASE_ENQUIRY_ID, CASE_STATUS"),
        (b"id;name\n", "missing columns"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "missing columns"),
        (",".join([*CLOSED, "REASON"]).encode(), "columns that are there twice: REASON"),
    ],
)
def test_a_file_without_the_mapping_s_columns_is_refused(
    boston: City, tmp_path: Path, header: bytes, said: str
) -> None:
    file = tmp_path / "a.csv"
    file.write_bytes(header)
    with pytest.raises(FileError, match=said), open_rows(file, mapping(boston)):
        pass
