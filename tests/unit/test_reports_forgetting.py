"""What is left of a report when its person is forgotten."""

from datetime import timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartcity.city.model import City
from smartcity.identifiers import new_id
from smartcity.reports.model import Report
from smartcity.reports.personal.forgetting import Forgetting, photos_of
from smartcity.reports.personal.store import PersonalStore
from smartcity.reports.store import ReportStore
from smartcity.reports.timeline import By, Entry, Redaction
from smartcity.reports.words import Action, Party, Status
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
    assert await PersonalStore(database).rewrite([(report, Forgetting(hanoi).erased(report))]) == 0
    (again,) = await PersonalStore(database).of_persons([report.reporter.id], limit=9)
    assert await PersonalStore(database).rewrite([(again, Forgetting(hanoi).erased(again))]) == 1
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


def hidden(report: Report, *redactions: Redaction) -> Report:
    said = msgspec.structs.replace(
        report.timeline[-1], id=new_id(), action=Action.REDACT, redaction=redactions[0]
    )
    return msgspec.structs.replace(report, redactions=redactions, timeline=(*report.timeline, said))


def test_what_is_hidden_of_a_text_that_is_masked_goes_with_it(hanoi: City) -> None:
    report = make_report(hanoi, description="0912345678 là của ông Tư", status=Status.CLOSED)
    name = report.description.index("ông Tư")
    report = hidden(report, Redaction(target="description", spans=((name, name + 6),)))
    after = Forgetting(hanoi).retained(report)
    assert after.description == "••• là của •••"
    assert after.redactions == ()
    assert after.timeline[-1].redaction is None
    assert "tu" not in after.folded.split()


def test_what_is_hidden_of_a_text_that_stays_is_hidden_still(hanoi: City) -> None:
    report = make_report(hanoi, description="Nhà ông Tư", status=Status.CLOSED)
    report = hidden(report, Redaction(target="description", spans=((4, 10),)))
    after = Forgetting(hanoi).retained(report)
    assert after.description == "Nhà ông Tư"
    assert after.redactions == report.redactions
    assert "tu" not in after.folded.split(), "no search finds what is hidden"


def test_a_text_that_is_hidden_whole_stays_so_until_it_is_erased(hanoi: City) -> None:
    whole = Redaction(target="description")
    report = hidden(make_report(hanoi, description="Gọi 0912345678"), whole)
    assert Forgetting(hanoi).retained(report).redactions == (whole,)
    finished = msgspec.structs.replace(report, status=Status.CLOSED)
    assert Forgetting(hanoi).erased(finished).redactions == ()


def test_nothing_is_hidden_of_a_photo_that_is_gone(hanoi: City) -> None:
    report = told(hanoi, Status.CLOSED)
    theirs, officials = report.files
    report = hidden(report, Redaction(target=str(theirs)), Redaction(target=str(officials)))
    after = Forgetting(hanoi).erased(report)
    assert [one.target for one in after.redactions] == [str(officials)]


def test_a_held_report_keeps_its_words_until_it_is_finished(hanoi: City) -> None:
    after = Forgetting(hanoi).erased(told(hanoi, Status.HELD))
    assert after.description == "Tôi là An, •••"
    assert after.reporter.erasing
