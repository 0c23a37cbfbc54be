"""What is left of a report when its person is forgotten."""

from datetime import timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartcity.city.model import City
from smartcity.identifiers import new_id
from smartcity.reports.model import Action, By, Entry, Party, Report, Status
from smartcity.reports.personal.forgetting import Forgetting, photos_of
from smartcity.reports.personal.store import PersonalStore
from smartcity.reports.store import ReportStore
from smartcity.storage.mongo import Database
from tests.unit.reports_made import MONDAY, make_report

UNTOUCHED = (
    "id", "code", "version", "status", "category", "agency", "deadlines", "due_at", "location",
    "routing", "submitted_at", "updated_at", "received_at", "finished_at", "rating",
)  # fmt: skip


def entry(report: Report, party: Party, text: str) -> Entry:
    return Entry(
        id=new_id(),
        at=MONDAY,
        action=Action.COMMENT,
        by=By(party=party, id=report.reporter.id if party is Party.REPORTER else new_id()),
        status=report.status,
        text=text,
        attachments=(new_id(),),
    )


def told(city: City, status: Status) -> Report:
    report = make_report(city, description="Tôi là An, 0912345678", status=status)
    said = [entry(report, p, "Gọi 0912345678") for p in (Party.REPORTER, Party.HANDLER)]
    return msgspec.structs.replace(
        report,
        finished_at=MONDAY if status is Status.CLOSED else None,
        timeline=(*report.timeline, *said),
        files=tuple(file for one in said for file in one.attachments),
    )


@pytest.mark.parametrize("status", [Status.RECEIVED, Status.CLOSED])
def test_nothing_that_a_handler_relies_on_is_changed(hanoi: City, status: Status) -> None:
    report = told(hanoi, status)
    for after in (Forgetting(hanoi).retained(report), Forgetting(hanoi).erased(report)):
        for name in UNTOUCHED:
            assert getattr(after, name) == getattr(report, name), name
        kept = [(e.id, e.at, e.action, e.by.party, e.status) for e in after.timeline]
        assert kept == [(e.id, e.at, e.action, e.by.party, e.status) for e in report.timeline]
        assert report.reporter.id not in {e.by.id for e in after.timeline}
        assert after.timeline[2].by == report.timeline[2].by
        assert after.reporter.id != report.reporter.id


def test_an_officials_words_stay_without_numbers(hanoi: City) -> None:
    report = told(hanoi, Status.CLOSED)
    for after in (Forgetting(hanoi).retained(report), Forgetting(hanoi).erased(report)):
        assert after.timeline[2].text == "Gọi •••"
        assert after.timeline[2].attachments == report.timeline[2].attachments


def test_only_erasure_takes_photos_and_only_the_reporters(hanoi: City) -> None:
    report = told(hanoi, Status.RECEIVED)
    assert photos_of(report) == set(report.timeline[1].attachments)
    assert Forgetting(hanoi).retained(report).files == report.files
    assert Forgetting(hanoi).erased(report).files == report.timeline[2].attachments


@given(text=st.text(max_size=200), status=st.sampled_from(Status))
def test_forgetting_twice_takes_no_more_words_than_once(
    hanoi: City, text: str, status: Status
) -> None:
    forgetting = Forgetting(hanoi)
    report = make_report(hanoi, description=text or "x", status=status)
    once = forgetting.erased(report)
    assert forgetting.erased(once).description == once.description
    assert forgetting.erased(once).timeline[0].text == once.timeline[0].text


@pytest.mark.anyio
async def test_what_comes_while_a_person_is_forgotten_is_kept(
    database: Database, hanoi: City
) -> None:
    report = told(hanoi, Status.RECEIVED)
    store = ReportStore(database)
    await store.insert(report, [])
    late = entry(report, Party.HANDLER, "Chúng tôi đến ngay")
    after = msgspec.structs.replace(report, updated_at=MONDAY + timedelta(hours=1))
    assert await store.advance(report, after, [late], []) is not None
    await PersonalStore(database).rewrite([(report, Forgetting(hanoi).erased(report))])
    kept = await store.find(report.id)
    assert kept is not None
    assert [e.text for e in kept.timeline[1:]] == ["Gọi •••", "Gọi •••", "Chúng tôi đến ngay"]
    assert kept.reporter.erasing


@pytest.mark.anyio
async def test_a_report_that_moved_on_is_left_to_be_found_again(
    database: Database, hanoi: City
) -> None:
    report = told(hanoi, Status.CLOSED)
    store = ReportStore(database)
    reopened = msgspec.structs.replace(report, status=Status.RECEIVED, finished_at=None)
    await store.insert(reopened, [])
    await PersonalStore(database).rewrite([(report, Forgetting(hanoi).erased(report))])
    assert await store.find(report.id) == reopened
