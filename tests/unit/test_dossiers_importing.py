"""Intake in bulk: the same result however often, in whatever order, and whoever else writes."""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import pytest

from smartcity.clock import now
from smartcity.dossiers.events import DossierBatches
from smartcity.dossiers.model import Dossier
from smartcity.dossiers.store import BATCHES, DOSSIERS, DossierStore
from smartcity.dossiers.sync import importing
from smartcity.dossiers.sync.importing import CHUNK, HANDS, Outcome
from smartcity.feed.event import Event, Topic
from smartcity.feed.store import ANNOUNCEMENTS, FeedStore
from smartcity.identifiers import new_id
from smartcity.rowfiles.rows import Reject, RowError
from smartcity.storage.mongo import Database, from_document
from tests.unit.dossiers_made import dossier_store, importer, numbered, row, told

pytestmark = pytest.mark.anyio

EARLY = {"status": "4", "updated_at": "2026-06-02T09:00:00Z"}
LATE = {"status": "9", "updated_at": "2026-06-05T09:00:00Z"}


def code(number: int) -> str:
    return str(row(number)["code"])


async def take_in(database: Database, *rows: dict[str, Any]) -> Outcome:
    return await (await importer(database)).take_in(numbered(rows))


async def kept(database: Database, number: int) -> Dossier:
    dossier = await DossierStore(database).by_code(code(number))
    assert dossier is not None
    return dossier


async def promised(database: Database) -> list[Event]:
    """What the publisher would find, the longest promised first."""
    return [p.events[0] for p in await FeedStore(database).promises([ANNOUNCEMENTS], 100)]


async def test_a_second_run_changes_nothing(database: Database) -> None:
    rows = [row(number) for number in range(1, 31)]
    assert await take_in(database, *rows) == Outcome(new=30)
    before = await database[DOSSIERS].find().sort("_id").to_list()
    assert await take_in(database, *rows) == Outcome(unchanged=30)
    assert await database[DOSSIERS].find().sort("_id").to_list() == before
    assert len(await promised(database)) == 1
    assert await database[BATCHES].count_documents({}) == 0


@pytest.mark.parametrize("order", [(EARLY, LATE), (LATE, EARLY)])
@pytest.mark.parametrize("at_once", [True, False])
async def test_the_newest_row_wins_in_whatever_order(
    database: Database, order: Sequence[dict[str, str]], at_once: bool
) -> None:
    rows = [row(1, **columns) for columns in order]
    if at_once:
        assert await take_in(database, *rows) == Outcome(new=1, changed=1)
    else:
        for one in rows:
            await take_in(database, one)
    dossier = await kept(database, 1)
    assert dossier.status == 9
    assert [step.status for step in dossier.steps] == [4, 9]
    assert dossier.finished_at == dossier.as_of


async def test_rows_are_counted_by_what_became_of_them(database: Database) -> None:
    await take_in(database, row(1), row(2))
    heard: list[tuple[Outcome, Sequence[Reject]]] = []
    outcome = await (await importer(database)).take_in(
        [
            (2, row(1, **LATE)),
            (3, row(2)),
            (4, row(3)),
            (5, row(4, status="")),
            (6, RowError("line", "not UTF-8")),
        ],
        lambda total, rejects: heard.append((total, rejects)),
    )
    assert outcome == Outcome(new=1, changed=1, unchanged=1, rejected=2)
    ((total, rejects),) = heard
    assert total == outcome
    assert list(rejects) == [
        Reject(line=5, name=code(4), column="status", reason="missing"),
        Reject(line=6, name="", column="line", reason="not UTF-8"),
    ]


async def test_a_whole_chunk_of_known_dossiers_is_told_apart(database: Database) -> None:
    rows = [row(number, code=f"H26-260601-{number:05}") for number in range(CHUNK)]
    assert await take_in(database, *rows) == Outcome(new=CHUNK)
    rows += [row(1, code="H26-260602-0001")]
    rows[7] |= LATE
    assert await take_in(database, *rows) == Outcome(new=1, changed=1, unchanged=CHUNK - 1)


async def test_each_chunk_promises_one_event_and_its_batch_can_be_pulled(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "CHUNK", 2)
    await take_in(database, row(1), row(2), row(3))
    events = await promised(database)
    assert [(e.topic, e.of, e.internal) for e in events] == [(Topic.BULK, Topic.DOSSIER, None)] * 2
    store = DossierStore(database)
    batches = [[d.code async for d in store.in_batch(e.batch)] for e in events if e.batch]
    assert sorted(batches) == [[code(1), code(2)], [code(3)]]
    assert await database[DOSSIERS].count_documents({"outbox": {"$exists": True}}) == 0


async def test_people_are_told_of_new_statuses_only(database: Database) -> None:
    await take_in(database, row(1), row(2))
    touched = row(1, updated_at="2026-06-04T09:00:00Z", due_at="2026-07-01")
    await take_in(database, touched, row(2, **LATE), row(3))
    of_new, bulk = await promised(database)
    batches = DossierBatches(DossierStore(database))
    assert [ids async for ids in batches.subjects(of_new)] == [[]]
    ((subject,),) = [ids async for ids in batches.subjects(bulk)]
    assert subject == (await kept(database, 2)).id
    (event,) = await batches.events(bulk, [subject])
    assert (event.topic, event.action, event.subject) == (Topic.DOSSIER, "change", subject)
    assert event.public is None
    assert event.internal is not None
    assert (event.internal.status, event.internal.code) == ("9", code(2))


async def test_a_status_told_by_one_chunk_is_still_found_after_the_next(
    database: Database,
) -> None:
    await take_in(database, row(1))
    await take_in(database, row(1, **LATE))
    await take_in(database, row(1, **LATE | {"updated_at": "2026-06-06T09:00:00Z"}))
    _, turning, touching = await promised(database)
    batches = DossierBatches(DossierStore(database))
    subject = (await kept(database, 1)).id
    assert [ids async for ids in batches.subjects(turning)] == [[subject]]
    assert [ids async for ids in batches.subjects(touching)] == [[]]


async def test_a_chunk_whose_process_died_is_announced_by_the_next_import(
    database: Database,
) -> None:
    store = await dossier_store(database)
    dead, alive = new_id(), new_id()
    await store.open_batch(dead, now() - timedelta(minutes=6))
    await store.add_many([told(1, batch=None)])
    await store.open_batch(alive, now())
    assert await take_in(database, row(2)) == Outcome(new=1)
    assert dead in {event.batch for event in await promised(database)}
    assert alive not in {event.batch for event in await promised(database)}


async def test_two_imports_of_the_same_rows_at_once_lose_nothing(database: Database) -> None:
    early = [row(number, **EARLY) for number in range(1, 201)]
    late = [row(number, **LATE) for number in range(1, 201)]
    one, other = await importer(database), await importer(database)
    outcomes = await asyncio.gather(
        one.take_in(numbered(early)), other.take_in(numbered(reversed(late)))
    )
    assert sum(outcome.new for outcome in outcomes) == 200
    for document in await database[DOSSIERS].find().to_list():
        dossier = from_document(document, Dossier)
        assert (dossier.status, [s.status for s in dossier.steps]) == (9, [4, 9])


async def test_the_same_dossier_in_chunks_that_overtake_each_other_loses_nothing(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "CHUNK", 1)
    days = list(range(2, 28))
    rows = [row(1, status="4", updated_at=f"2026-06-{day:02}T09:00:00Z") for day in days]
    outcome = await take_in(database, *rows)
    assert outcome == Outcome(new=1, changed=len(rows) - 1)
    assert [step.at.day for step in (await kept(database, 1)).steps] == days


async def test_memory_holds_a_chunk_for_each_hand_however_many_rows_there_are(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "CHUNK", 10)
    drawn, ahead = 0, 0

    def endless() -> Iterator[tuple[int, dict[str, Any]]]:
        nonlocal drawn
        for number in range(1, 201):
            drawn += 1
            yield number, row(number)

    def heard(total: Outcome, rejects: Sequence[Reject]) -> None:
        nonlocal ahead
        ahead = max(ahead, drawn - total.rows)

    await (await importer(database)).take_in(endless(), heard)
    assert ahead <= 10 * HANDS


async def test_what_was_read_before_a_failure_is_kept_and_announced(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "CHUNK", 1)

    def broken() -> Iterator[tuple[int, dict[str, Any]]]:
        yield 1, row(1)
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="disk is gone"):
        await (await importer(database)).take_in(broken())
    (event,) = await promised(database)
    assert (await kept(database, 1)).batch == event.batch
