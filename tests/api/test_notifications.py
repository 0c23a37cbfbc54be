"""The inbox and follows over HTTP."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import httpx
import pytest
from litestar import Litestar
from litestar.di import Provide

from api.citizen.follows import FollowController
from api.citizen.notifications import NotificationController
from api.errors import Problems
from api.pagination import encode_cursor
from smartcity.feed.event import Topic
from smartcity.identifiers import new_id
from smartcity.identity.roles import Actor, Role
from smartcity.notifications.following.service import Follows
from smartcity.notifications.following.store import FollowStore
from smartcity.notifications.store import NotificationStore
from smartcity.storage.mongo import Database
from tests.api.identity_app import client
from tests.unit.identity_parts import CITY
from tests.unit.test_notifications_inbox import notification
from tests.workers.notified import Reports, inbox_of

pytestmark = pytest.mark.anyio

INBOX = "/v1/me/notifications"
UNKNOWN = new_id()


def app(database: Database, caller: UUID) -> Litestar:
    reports = Reports()
    reports.unknown.add(UNKNOWN)
    parts: dict[str, Any] = {
        "actor": Actor(roles=frozenset({Role.DEVICE}), id=caller),
        "inbox": inbox_of(database),
        "follows": Follows(FollowStore(database), reports),
    }
    return Litestar(
        [NotificationController, FollowController],
        dependencies={
            name: Provide(_always(part), sync_to_thread=False) for name, part in parts.items()
        },
        exception_handlers=Problems(CITY).handlers,
        openapi_config=None,
        logging_config=None,
    )


def _always(part: Any) -> Callable[[], Any]:
    def provide() -> Any:
        return part

    return provide


async def seven(database: Database, recipient: UUID) -> None:
    await NotificationStore(database).add([notification(n, recipient) for n in range(1, 8)])


async def page(http: httpx.AsyncClient, **query: Any) -> dict[str, Any]:
    answer = await http.get(INBOX, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_an_inbox_is_read_page_by_page(database: Database) -> None:
    me = new_id()
    await seven(database, me)
    async with client(app(database, me)) as http:
        first = await page(http, limit=5)
        last = await page(http, limit=5, cursor=first["next_cursor"])
    titles = [item["title"] for item in first["items"] + last["items"]]
    assert titles == [f"Number {n}" for n in range(7, 0, -1)]
    assert first["unread"] == 7
    assert "next_cursor" not in last
    assert first["items"][0].keys() == {
        "id", "topic", "subject", "action", "title", "body", "language", "created_at"
    }  # fmt: skip


async def test_what_is_read_is_no_longer_among_the_unread(database: Database) -> None:
    me = new_id()
    await seven(database, me)
    async with client(app(database, me)) as http:
        newest = (await page(http, limit=2))["items"]
        ids = [item["id"] for item in newest]
        for _ in range(2):
            answer = await http.post(f"{INBOX}/read", json={"ids": ids})
            assert (answer.status_code, answer.json()) == (200, {"unread": 5})
        assert len((await page(http, unread="true"))["items"]) == 5
        answer = await http.post(f"{INBOX}/read", json={"up_to": newest[0]["created_at"]})
        assert answer.json() == {"unread": 0}


async def test_nobody_reads_another_inbox(database: Database) -> None:
    somebody = new_id()
    await seven(database, somebody)
    (theirs, *_) = await NotificationStore(database).page(somebody, None, 10, unread=False)
    async with client(app(database, new_id())) as http:
        assert (await page(http))["items"] == []
        await http.post(f"{INBOX}/read", json={"ids": [str(theirs.id)]})
    assert await NotificationStore(database).unread(somebody) == 7


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"ids": []},
        {"ids": ["not an id"]},
        {"ids": [str(UNKNOWN)], "up_to": "2030-01-01T00:00:00Z"},
        {"up_to": "2030-01-01T00:00:00"},
        {"everything": True},
    ],
)
async def test_a_wish_to_mark_that_is_not_clear_is_refused(
    database: Database, body: dict[str, Any]
) -> None:
    async with client(app(database, new_id())) as http:
        answer = await http.post(f"{INBOX}/read", json=body)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


@pytest.mark.parametrize(
    "cursor",
    ["abc", "ÿ", encode_cursor([0, 2, 3]), encode_cursor(["2026-01-01T00:00:00Z", 2**64 - 1, "x"])],
)
async def test_a_cursor_that_no_page_gave_is_refused(database: Database, cursor: str) -> None:
    async with client(app(database, new_id())) as http:
        answer = await http.get(INBOX, params={"cursor": cursor})
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_cursor")


async def test_a_report_is_followed_and_unfollowed_as_often_as_one_likes(
    database: Database,
) -> None:
    me, report = new_id(), new_id()
    store = FollowStore(database)
    async with client(app(database, me)) as http:
        for _ in range(2):
            assert (await http.put(f"/v1/reports/{report}/follow")).status_code == 204
        assert await store.followed_by(me, Topic.REPORT, 10) == [report]
        for _ in range(2):
            assert (await http.delete(f"/v1/reports/{report}/follow")).status_code == 204
        assert await store.followed_by(me, Topic.REPORT, 10) == []


async def test_a_report_that_is_not_there_cannot_be_followed(database: Database) -> None:
    async with client(app(database, new_id())) as http:
        assert (await http.put(f"/v1/reports/{UNKNOWN}/follow")).status_code == 404
        assert (await http.delete(f"/v1/reports/{UNKNOWN}/follow")).status_code == 204
