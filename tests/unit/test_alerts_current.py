"""What everybody reads from memory: as fresh as the feed, and no more than is kept."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest

from smartcity.alerts.current import CurrentAlerts
from smartcity.alerts.model import Alert, AlertAction, AlertStatus, Key
from smartcity.alerts.store import INDEXES, AlertStore
from smartcity.clock import now
from smartcity.storage.migrations import create_indexes
from smartcity.storage.mongo import Database
from tests.unit.test_alerts_lifecycle import content, done, draft

pytestmark = pytest.mark.anyio

KEEP = timedelta(days=180)


class Counting(AlertStore):
    """Notes how many alerts each question answered."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.read: list[int] = []

    async def latest(self, statuses: Collection[AlertStatus], **more: Any) -> list[Alert]:
        found = await super().latest(statuses, **more)
        self.read.append(len(found))
        return found


@pytest.fixture
async def store(database: Database) -> Counting:
    await create_indexes(database, INDEXES, lambda _: None)
    return Counting(database)


async def issued(store: AlertStore, at: datetime) -> Alert:
    """One that was issued at a moment, and holds for six hours."""
    alert = draft(content(expires=at + timedelta(hours=6)))
    alert = msgspec.structs.replace(alert, submission=Key(alert.id.bytes, b""))
    alert = done(alert, AlertAction.ISSUE, at=at)
    assert await store.insert(alert, []) == alert
    return alert


def ids(alerts: Collection[Alert]) -> list[UUID]:
    return [alert.id for alert in alerts]


async def test_after_the_first_time_only_what_changed_is_read(store: Counting) -> None:
    at = now()
    for hours in range(1, 5):
        await issued(store, at - timedelta(hours=hours))
    current = CurrentAlerts(store, KEEP)
    await current.refresh()
    await current.refresh()
    fresh = await issued(store, at)
    await current.refresh()
    assert [sum(store.read[turn : turn + 2]) for turn in (0, 2, 4)] == [4, 1, 2]
    assert len(current.active(at)) == 5
    assert ids(current.active(at))[0] == fresh.id


async def test_what_another_machine_wrote_a_little_earlier_is_not_missed(store: Counting) -> None:
    at = now()
    await issued(store, at)
    current = CurrentAlerts(store, KEEP)
    await current.refresh()
    late = await issued(store, at - timedelta(seconds=30))
    await current.refresh()
    assert ids(current.active(at))[-1] == late.id


async def test_a_machine_whose_clock_is_ahead_hides_nothing_that_others_write(
    store: Counting,
) -> None:
    at = now()
    ahead = await issued(store, at + timedelta(hours=2))
    current = CurrentAlerts(store, KEEP)
    await current.refresh()
    fresh = await issued(store, at)
    assert await store.advance(ahead, done(ahead, AlertAction.CANCEL, at=at), [])
    await current.refresh()
    assert ids(current.active(at)) == [fresh.id]


async def test_what_is_older_than_is_kept_is_let_go(store: Counting) -> None:
    at = now()
    old = await issued(store, at - timedelta(days=200))
    current = CurrentAlerts(store, KEEP)
    await current.refresh()
    assert current.told(["1"], at - timedelta(days=300)) == []
    assert await current.find(old.id) == old, "whoever has its address reads it still"


async def test_what_holds_is_never_let_go_for_what_has_ended(
    store: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("smartcity.alerts.current.MOST", 3)
    at = now()
    holding = await issued(store, at - timedelta(hours=5))
    for minutes in range(5):
        alert = await issued(store, at - timedelta(minutes=minutes))
        assert await store.advance(alert, done(alert, AlertAction.CANCEL, at=at), [])
    current = CurrentAlerts(store, timedelta(days=1))
    for _ in range(2):
        await current.refresh()
        assert ids(current.active(at)) == [holding.id]
        assert len(current.told(["1"], at - KEEP)) == 1 + 2 * 2


async def test_an_end_is_seen_as_a_beginning_is(store: Counting) -> None:
    at = now()
    alert = await issued(store, at)
    current = CurrentAlerts(store, KEEP)
    await current.refresh()
    assert await store.advance(alert, done(alert, AlertAction.CANCEL, at=at), [])
    await current.refresh()
    assert current.active(at) == []
    assert {told.message.kind for told in current.told(["1"], at)} == {"Alert", "Cancel"}
    assert current.told(["2"], at) == []
