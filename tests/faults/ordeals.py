"""People go on with what they do while an installation is in trouble; then all is counted.

Everybody asks again until they have an answer, so every story that was begun comes to its end. What
must then be in each place follows from the stories alone.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Sequence
from contextlib import AsyncExitStack
from typing import Final

from smartcity.city.model import City
from smartcity.clock import now
from smartcity.feed.event import Topic
from smartcity.feed.store import FeedStore
from smartcity.notifications.trailing.rules import WITH_ANOTHER
from smartcity.storage.mongo import Database, connect
from tests.faults.installations import Installation
from tests.faults.listeners import Listener
from tests.faults.people import Phone, handler, phone
from tests.faults.processes import until
from tests.faults.stories import ACTIONS, TOLD, Story, tell
from tests.standins.fixtures import Fcm
from tests.unit.reports_made import make_report

PHONES: Final = 3
IN_FLIGHT_S: Final = 0.1
"""So long a push takes, that some are in hand when their worker is killed."""


async def endure(installation: Installation, city: City, fcm: Fcm, trouble: Awaitable[None]) -> int:
    """Let there be trouble under people's hands. Fails if anything is lost, doubled or out of order
    afterwards. Answers how often people had to ask again.
    """
    fcm.fault(times=1_000_000, delay_s=IN_FLIGHT_S)
    over = asyncio.Event()
    async with AsyncExitStack() as stack:
        desk = await stack.enter_async_context(
            handler(installation, make_report(city, now()).agency)
        )
        phones = [await stack.enter_async_context(phone(installation)) for _ in range(PHONES)]
        listener = await stack.enter_async_context(Listener(installation.address))

        async def tell_on(one: Phone) -> list[Story]:
            told: list[Story] = []
            while not over.is_set():
                told.append(await tell(city, one, desk))
            return told

        async with asyncio.TaskGroup() as group:
            telling = [group.create_task(tell_on(one)) for one in phones]
            await trouble
            over.set()

        told = [task.result() for task in telling]
        client, database = connect(installation.mongo_uri, "smartcity", timeout_s=10, pool=4)
        async with client:
            stories = [story for some in told for story in some]
            await _until_drained(database, len(stories))
            await _each_report_is_there_once(database, stories)
            await _each_event_is_in_the_feed_once(database, stories)
            await _each_event_was_heard_once(listener, database)
            for own in told:
                await _each_notification_is_there_once_and_was_pushed(own, database, fcm)
        return sum(one.unanswered for one in (desk, *phones))


async def _until_drained(database: Database, stories: int) -> None:
    """Everything that was promised was done."""

    async def drained() -> bool:
        told = {"action": {"$in": list(TOLD)}}
        return (
            await database["feed"].count_documents({}) >= stories * len(ACTIONS)
            and await database["notifications"].count_documents(told) >= stories * len(TOLD)
            and await database["notifications"].find_one({"push.state": "pending"}) is None
            and await database["reports"].find_one({"outbox_at": {"$exists": True}}) is None
        )

    await until(drained, "all is published, told and pushed")


async def _each_report_is_there_once(database: Database, stories: Sequence[Story]) -> None:
    kept = [str(report["_id"]) async for report in database["reports"].find({}, {"_id": 1})]
    assert sorted(kept) == sorted(story.report for story in stories)


async def _each_event_is_in_the_feed_once(database: Database, stories: Sequence[Story]) -> None:
    log = await FeedStore(database).after(0, 100_000, "any")
    assert [one.seq for one in log] == list(range(1, len(log) + 1))
    told = [one for one in log if one.event.topic is Topic.REPORT]
    assert len(told) == len(stories) * len(ACTIONS)
    for story in stories:
        own = [one.event.action for one in told if str(one.event.subject) == story.report]
        assert own == list(ACTIONS)


async def _each_event_was_heard_once(listener: Listener, database: Database) -> None:
    log = await FeedStore(database).after(0, 100_000, "any")
    shown = [one for one in log if one.event.public is not None]

    async def heard_all() -> bool:
        return bool(listener.heard) and listener.heard[-1].seq >= shown[-1].seq

    await until(heard_all, "the stream tells of the last event")
    assert [(one.seq, one.data["state"]["id"], one.data["action"]) for one in listener.heard] == [
        (one.seq, str(one.event.subject), one.event.action) for one in shown
    ]


async def _each_notification_is_there_once_and_was_pushed(
    own: Sequence[Story], database: Database, fcm: Fcm
) -> None:
    """Or another was pushed for it, but never for the last of a story. A push may be repeated, if
    something died that had it in hand, and then it is the same.
    """
    citizen = own[0].phone
    inbox = await citizen.inbox()
    assert [(item["subject"], item["action"]) for item in inbox] == [
        (story.report, action) for story in own for action in TOLD
    ]
    pushes = [push["message"] for push in fcm.messages(citizen.push_address)]
    times = Counter(push["data"]["id"] for push in pushes)
    trailed = database["notifications"].find({"push.reason": WITH_ANOTHER}, {"_id": 1})
    untold = {str(notification["_id"]) async for notification in trailed}
    assert set(times) == {item["id"] for item in inbox} - untold
    assert untold.isdisjoint(item["id"] for item in inbox if item["action"] == TOLD[-1])
    told = {(push["data"]["id"], push["notification"]["body"]) for push in pushes}
    assert len(told) == len(times), "a repeat says the same"
