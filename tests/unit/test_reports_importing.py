"""Reports of another system are taken in, and taking in again changes nothing."""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from smartcity.city.model import City
from smartcity.clock import now
from smartcity.feed.event import Topic
from smartcity.feed.store import ANNOUNCEMENTS, FeedStore
from smartcity.reports.imports.files import open_rows
from smartcity.reports.imports.importing import CHUNK, Outcome
from smartcity.reports.imports.mapping import load_mapping
from smartcity.reports.imports.reading import NOBODY
from smartcity.reports.model import Report
from smartcity.reports.personal.store import PersonalStore
from smartcity.reports.privacy import HIDDEN
from smartcity.reports.store import COLLECTION, ReportStore
from smartcity.rowfiles.rows import Reject, RowError
from smartcity.storage.mongo import Database, from_document
from tests.unit.imports_made import (
    edited,
    importer,
    mapping,
    numbered,
    row,
)

pytestmark = pytest.mark.anyio


async def take_in(database: Database, city: City, *rows: dict[str, str]) -> Outcome:
    return await (await importer(database, city)).take_in(numbered(rows))


async def everything(database: Database) -> list[Any]:
    reports = await database[COLLECTION].find().sort("_id").to_list()
    return reports + await database[ANNOUNCEMENTS].find().sort("_id").to_list()


async def test_a_second_run_changes_nothing(database: Database, boston: City) -> None:
    rows = [row(number) for number in range(20)]
    assert await take_in(database, boston, *rows) == Outcome(new=20)
    before = await everything(database)
    assert await take_in(database, boston, *rows) == Outcome(known=20)
    assert await everything(database) == before


async def test_what_became_of_an_imported_report_since_stays(
    database: Database, boston: City
) -> None:
    await take_in(database, boston, row(1))
    await database[COLLECTION].update_one({}, {"$set": {"status": "received", "version": 9}})
    await take_in(database, boston, row(1))
    changed = await database[COLLECTION].find_one({})
    assert changed
    assert (changed["status"], changed["version"]) == ("received", 9)


async def test_a_request_opened_at_another_time_is_the_same_request(
    database: Database, boston: City
) -> None:
    await take_in(database, boston, row(1))
    moved = row(1, OPEN_DT="01/01/2015 12:30:00 AM")
    assert await take_in(database, boston, moved) == Outcome(known=1)


async def test_a_name_that_comes_twice_in_a_file_is_taken_once(
    database: Database, boston: City
) -> None:
    assert await take_in(database, boston, row(1), row(1)) == Outcome(new=1, known=1)


async def test_what_retention_has_passed_already_comes_without_numbers_and_as_nobodys(
    database: Database, boston: City
) -> None:
    called = "Called (617) 635-4500."
    yesterday = (now() - timedelta(days=1)).strftime("%m/%d/%Y %I:%M:%S %p")
    await take_in(
        database,
        boston,
        row(1, CLOSURE_REASON=called),
        row(2, CLOSURE_REASON=called, CLOSED_DT=yesterday),
    )
    old, young = await database[COLLECTION].find().sort("finished_at").to_list()
    assert HIDDEN in old["timeline"][-2]["text"]
    assert old["reporter"]["id"] != NOBODY
    assert called in young["timeline"][-2]["text"]
    reached = await PersonalStore(database).finished(
        behind=(now() - timedelta(days=2), UUID(int=0)), before=now(), limit=10
    )
    assert [report.id for report in reached] == [young["_id"]]


class Cut(Exception):
    """The power went off."""


@pytest.mark.parametrize("at", [1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK + 5])
async def test_an_import_that_was_cut_off_is_completed_by_the_next(
    database: Database, boston: City, at: int
) -> None:
    rows = numbered(row(number) for number in range(2 * CHUNK + 10))

    def until_the_cut() -> Any:
        yield from rows[:at]
        raise Cut

    cut = await importer(database, boston)
    with pytest.raises(ExceptionGroup if at >= CHUNK else Cut):
        await cut.take_in(until_the_cut())
    outcome = await (await importer(database, boston)).take_in(rows)
    assert outcome.new + outcome.known == len(rows)
    assert await database[COLLECTION].count_documents({}) == len(rows)
    promised = await FeedStore(database).promises([ANNOUNCEMENTS], 10)
    told = {event.batch for promise in promised for event in promise.events}
    assert told == set(await database[COLLECTION].distinct("batch"))


async def test_a_chunk_is_announced_once_and_never_before_it_is_there(
    database: Database, boston: City
) -> None:
    one = await importer(database, boston)
    counts: list[int] = []
    announce = FeedStore.announce

    async def watched(feed: FeedStore, event: Any) -> None:
        counts.append(await database[COLLECTION].count_documents({"batch": event.batch}))
        await announce(feed, event)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(FeedStore, "announce", watched)
        await one.take_in(numbered(row(number) for number in range(CHUNK + 3)))
    assert counts == [CHUNK, 3]
    (first, *_), (second, *_) = [
        promise.events for promise in await FeedStore(database).promises([ANNOUNCEMENTS], 10)
    ]
    assert {first.topic, second.topic} == {Topic.BULK}
    assert {first.of, second.of} == {Topic.REPORT}
    batch = [document["_id"] async for document in ReportStore(database).columns(first.batch)]
    assert len(batch) in counts


async def test_rows_that_a_better_mapping_takes_are_announced_too(
    database: Database, boston: City, tmp_path: Path
) -> None:
    rows = numbered([row(1), row(2, CASE_STATUS="Done")])
    assert await (await importer(database, boston)).take_in(rows) == Outcome(new=1, rejected=1)
    better = edited(tmp_path, 'Closed = "closed"', 'Closed = "closed"\nvalues.Done = "closed"')
    again = await importer(database, boston, load_mapping(better, boston))
    assert await again.take_in(rows) == Outcome(new=1, known=1)
    promised = await FeedStore(database).promises([ANNOUNCEMENTS], 10)
    assert {e.batch for p in promised for e in p.events} == set(
        await database[COLLECTION].distinct("batch")
    )


async def test_refused_rows_are_told_with_their_line_and_name(
    database: Database, boston: City
) -> None:
    heard: list[tuple[Outcome, Sequence[Reject]]] = []
    lines = [*numbered([row(1), row(2, REASON="Aliens")]), (9, RowError("line", "not UTF-8"))]

    def hear(outcome: Outcome, rejects: Sequence[Reject]) -> None:
        heard.append((outcome, rejects))

    await (await importer(database, boston)).take_in(lines, hear)
    assert heard == [
        (
            Outcome(new=1, rejected=2),
            [
                Reject(line=3, name="101000000002", column="REASON", reason="unknown: Aliens"),
                Reject(line=9, name="", column="line", reason="not UTF-8"),
            ],
        )
    ]


# --- the real data --------------------------------------------------------------------------------


async def test_half_a_year_of_boston_is_taken_and_its_figures_agree(
    new_database: Database, boston: City, shared_data: Path
) -> None:
    means = mapping(boston)
    verdicts: dict[str, str] = {}
    with open_rows(shared_data / "boston311_2015h1.csv.gz", means) as rows:

        def noted() -> Any:
            for number, columns in rows.lines:
                assert not isinstance(columns, RowError)
                if columns["TARGET_DT"] and columns["CLOSED_DT"]:
                    verdicts[f"boston311/{columns['CASE_ENQUIRY_ID']}"] = columns["OnTime_Status"]
                yield number, columns

        outcome = await (await importer(new_database, boston)).take_in(noted())
    assert outcome.new + outcome.rejected == 58_119
    assert outcome.rejected == 84  # closed before they were opened

    agreed: Counter[bool] = Counter()
    on_time: Counter[bool] = Counter()
    async for document in new_database[COLLECTION].find({"status": "closed"}):
        report = from_document(document, Report)
        assert report.finished_at
        in_time = report.finished_at <= report.deadlines.first_resolve_by
        on_time[in_time] += 1
        if verdict := verdicts.get(report.source or ""):
            agreed[in_time is (verdict == "ONTIME")] += 1
    assert agreed[False] == 0
    # Over all of them: the source calls on time whatever it gave no date; the pack gives one.
    assert abs(on_time[True] / on_time.total() - 0.797) < 0.1
