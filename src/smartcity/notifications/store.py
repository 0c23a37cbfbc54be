"""Notifications in MongoDB."""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from pymongo import ASCENDING, DESCENDING, IndexModel, UpdateMany
from pymongo.errors import BulkWriteError

from smartcity.notifications.model import (
    UNREAD_LIMIT,
    DuePlace,
    DuePush,
    Notification,
    Place,
    Push,
    PushPlace,
    PushStanding,
    PushState,
    Urgency,
)
from smartcity.storage.mongo import (
    Database,
    Document,
    are_duplicates,
    from_document,
    if_found,
    raw_id,
    to_document,
    with_raw_ids,
)

NOTIFICATIONS: Final = "notifications"

NEWEST_FIRST: Final = (("created_at", DESCENDING), ("seq", DESCENDING), ("_id", DESCENDING))
DUE_FIRST: Final = (("push.next_at", ASCENDING), ("_id", ASCENDING))
BY_REASON: Final = (
    ("push.reason", ASCENDING),
    ("created_at", DESCENDING),
    ("_id", DESCENDING),
)
WITH_REASON: Final[Document] = {"push.reason": {"$type": "string"}}
UNREAD: Final[Document] = {"read_at": None}
PENDING: Final[Document] = {"push.state": PushState.PENDING.value}

STANDING_FIELDS: Final = PushStanding.__struct_encode_fields__
DUE_FIELDS: Final = DuePush.__struct_encode_fields__

INDEXES: Final[Mapping[str, Sequence[IndexModel]]] = {
    NOTIFICATIONS: [
        IndexModel([("recipient", ASCENDING), *NEWEST_FIRST], name="inbox"),
        IndexModel(
            [("recipient", ASCENDING), *NEWEST_FIRST],
            name="unread",
            partialFilterExpression=UNREAD,
        ),
        IndexModel(
            [("recipient", ASCENDING), ("read_at", ASCENDING)],
            name="read",
            partialFilterExpression={"read_at": {"$type": "date"}},
        ),
        # Of what was sent, neither of these knows: a push that goes well leaves the first, and that
        # is all it costs.
        IndexModel(
            [("push.urgency", ASCENDING), *DUE_FIRST],
            name="push_due",
            partialFilterExpression=PENDING,
        ),
        IndexModel(
            [("push.state", ASCENDING), *BY_REASON],
            name="push_reasons",
            partialFilterExpression=WITH_REASON,
        ),
        IndexModel([("expires_at", ASCENDING)], name="retention", expireAfterSeconds=0),
    ],
}


class NotificationStore:
    def __init__(self, database: Database) -> None:
        self._notifications = database[NOTIFICATIONS]
        self._due = with_raw_ids(self._notifications)

    # --- the inbox -------------------------------------------------------------------------------

    async def add(self, notifications: Sequence[Notification]) -> None:
        """Write those that are not there yet; one that is there stays as it is."""
        if not notifications:
            return
        try:
            await self._notifications.insert_many(map(to_document, notifications), ordered=False)
        except BulkWriteError as error:
            if not are_duplicates(error):
                raise

    async def page(
        self, recipient: UUID, behind: Place | None, limit: int, *, unread: bool
    ) -> list[Notification]:
        """Up to `limit` of somebody's notifications behind a place, newest first."""
        query: Document = {"recipient": recipient}
        if unread:
            query |= UNREAD
        if behind is not None:
            query |= _behind(behind)
        found = self._notifications.find(query).sort(list(NEWEST_FIRST)).limit(limit)
        return [from_document(document, Notification) async for document in found]

    async def changed(
        self, recipient: UUID, since: datetime, behind: Place | None, limit: int
    ) -> list[Notification]:
        """Somebody's notifications that were written or read since a moment, newest first."""
        theirs: Document = {"recipient": recipient}
        written: Document = theirs | {"created_at": {"$gt": since}}
        read: Document = theirs | {"read_at": {"$gt": since}}
        # Asked for both at once, the planner may read the whole inbox.
        pages = await asyncio.gather(
            self._changed(written, "inbox", behind, limit),
            self._changed(read, "read", behind, limit),
        )
        both = {one.id: one for page in pages for one in page}
        newest = sorted(both.values(), key=lambda one: one.place.order, reverse=True)
        return newest[:limit]

    async def _changed(
        self, query: Document, index: str, behind: Place | None, limit: int
    ) -> list[Notification]:
        if behind is not None:
            query = {"$and": [query, _behind(behind)]}
        found = self._notifications.find(query).sort(list(NEWEST_FIRST)).hint(index).limit(limit)
        return [from_document(document, Notification) async for document in found]

    async def get(self, notification: UUID) -> Notification | None:
        return if_found(await self._notifications.find_one({"_id": notification}), Notification)

    async def unread(self, recipient: UUID) -> int:
        return await self._notifications.count_documents(
            {"recipient": recipient} | UNREAD, limit=UNREAD_LIMIT
        )

    async def read(self, recipient: UUID, ids: Collection[UUID], at: datetime) -> None:
        await self._notifications.update_many(
            {"_id": {"$in": list(ids)}, "recipient": recipient} | UNREAD, {"$set": {"read_at": at}}
        )

    async def read_all(self, recipient: UUID, up_to: datetime, at: datetime) -> None:
        await self._notifications.update_many(
            {"recipient": recipient, "created_at": {"$lte": up_to}} | UNREAD,
            {"$set": {"read_at": at}},
        )

    async def remove(self, persons: Collection[UUID]) -> None:
        """Everything that they were told. Idempotent."""
        await self._notifications.delete_many({"recipient": {"$in": list(persons)}})

    # --- push ------------------------------------------------------------------------------------

    async def due(
        self,
        urgency: Urgency,
        at: datetime,
        limit: int,
        *,
        behind: DuePlace | None = None,
        but: Collection[UUID] = (),
    ) -> list[DuePush]:
        """Pushes that are to be tried, longest waiting first: those behind a place, and from the
        beginning all `but` some. Keys are all that is read of what is not answered.
        """
        query: Document = PENDING | {"push.urgency": urgency.value, "push.next_at": {"$lte": at}}
        if behind is not None:
            query["push.next_at"]["$gte"] = behind.next_at
            query["$or"] = [
                {"push.next_at": {"$gt": behind.next_at}},
                {"_id": {"$gt": raw_id(behind.id)}},
            ]
        elif but:
            query["_id"] = {"$nin": list(map(raw_id, but))}
        found = (
            self._due.find(query, DUE_FIELDS, batch_size=limit)  # all in one answer, not 101 first
            .sort(list(DUE_FIRST))
            .hint("push_due")
            .limit(limit)
        )
        return [from_document(document, DuePush) for document in await found.to_list()]

    async def record_sent(self, notifications: Collection[UUID], at: datetime) -> None:
        """These pushes were taken: one write for all of them. One settled meanwhile stays so."""
        if notifications:
            await self._notifications.update_many(
                {"_id": {"$in": list(notifications)}} | PENDING,
                {
                    "$set": {
                        "push.state": PushState.SENT.value,
                        "push.reason": None,
                        "push.next_at": None,
                        "push.sent_at": at,
                    },
                    "$inc": {"push.attempts": 1},
                },
            )

    async def record(self, pushes: Mapping[UUID, Push]) -> None:
        """What became of pushes that were pending; one settled meanwhile stays settled."""
        alike: defaultdict[Push, list[UUID]] = defaultdict(list)
        for notification, push in pushes.items():
            alike[push].append(notification)
        if alike:
            await self._notifications.bulk_write(
                [
                    UpdateMany(
                        {"_id": {"$in": ids}} | PENDING, {"$set": {"push": to_document(push)}}
                    )
                    for push, ids in alike.items()
                ],
                ordered=False,
            )

    async def push_standings(
        self, state: PushState, reason: str | None, behind: PushPlace | None, limit: int
    ) -> list[PushStanding]:
        """Pushes in a state that have a reason, or this one: by reason, then newest first."""
        query: Document = {"push.state": state.value} | WITH_REASON
        if reason is not None:
            query["push.reason"] = {"$type": "string", "$eq": reason}
        if behind is not None:
            query["$or"] = [
                {"push.reason": {"$gt": behind.reason}},
                {"push.reason": behind.reason, "created_at": {"$lt": behind.created_at}},
                {
                    "push.reason": behind.reason,
                    "created_at": behind.created_at,
                    "_id": {"$lt": behind.id},
                },
            ]
        found = (
            self._notifications.find(query, STANDING_FIELDS)
            .sort([("push.state", ASCENDING), *BY_REASON])
            .hint("push_reasons")
            .limit(limit)
        )
        return [from_document(document, PushStanding) async for document in found]

    async def push_standing(self, notification: UUID) -> PushStanding | None:
        found = await self._notifications.find_one({"_id": notification}, STANDING_FIELDS)
        return if_found(found, PushStanding)

    async def push_counts(self) -> dict[PushState, dict[str, int]]:
        """How many pushes stand in each state, by reason; read from indexes alone.

        Whatever was neither sent nor waits has a reason. What was sent, which is nearly all, is
        the rest: after a server's crash that figure may be a little off for a while.
        """
        waiting = await self._notifications.count_documents(PENDING, hint="push_due")
        counts: dict[PushState, dict[str, int]] = {state: {} for state in PushState}
        cursor = await self._notifications.aggregate(
            [
                {"$match": WITH_REASON},
                {
                    "$group": {
                        "_id": {"state": "$push.state", "reason": "$push.reason"},
                        "count": {"$sum": 1},
                    }
                },
            ],
            hint="push_reasons",
        )
        async for found in cursor:
            counts[PushState(found["_id"]["state"])][found["_id"]["reason"]] = found["count"]
        fresh = waiting - sum(counts[PushState.PENDING].values())
        sent = await self._notifications.estimated_document_count() - fresh
        sent -= sum(sum(reasons.values()) for reasons in counts.values())
        counts[PushState.PENDING][""] = max(0, fresh)
        counts[PushState.SENT][""] = max(0, sent)
        return counts


async def drop_old_push_index(database: Database) -> None:
    """It knew every push that was ever sent. Those that wait are found by `push_due`."""
    if "push" in await database[NOTIFICATIONS].index_information():
        await database[NOTIFICATIONS].drop_index("push")


def _behind(place: Place) -> Document:
    """What comes after a place, newest first. The first condition bounds the index scan."""
    equal: dict[str, Any] = {}
    alternatives: list[Document] = []
    for name, value in (("created_at", place.created_at), ("seq", place.seq), ("_id", place.id)):
        alternatives.append(equal | {name: {"$lt": value}})
        equal[name] = value
    return {"created_at": {"$lte": place.created_at}, "$or": alternatives}
