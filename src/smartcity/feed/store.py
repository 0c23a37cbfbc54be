"""The feed in MongoDB: the log, its counter, the places of its consumers."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from pymongo import ASCENDING, IndexModel, ReturnDocument, UpdateOne, WriteConcern
from pymongo.asynchronous.client_session import AsyncClientSession

from smartcity.clock import now
from smartcity.feed.event import Event, Published
from smartcity.feed.outbox import OUTBOX_AT, Promise, outbox
from smartcity.identifiers import new_code
from smartcity.storage.leases import COLLECTION as LEASES
from smartcity.storage.mongo import Database, Document, from_document, to_document
from smartcity.storage.transactions import in_transaction

ANNOUNCEMENTS: Final = "announcements"
"""Events that no other document promises: one document each."""

PUBLISHER: Final = "publisher"
"""The document that is the publisher's lease, its fence and its counter at once."""

OUTBOX_INDEX: Final = IndexModel(
    [(OUTBOX_AT, ASCENDING)],
    name="outbox",
    partialFilterExpression={OUTBOX_AT: {"$exists": True}},
)
"""For every collection whose documents promise events."""


def feed_indexes(feed_days: int) -> Mapping[str, Sequence[IndexModel]]:
    """The log's indexes; events older than `feed_days` are dropped by the server."""
    return {
        "feed": [
            IndexModel([("event.id", ASCENDING)], name="event", unique=True),
            IndexModel(
                [("published_at", ASCENDING)],
                name="retention",
                expireAfterSeconds=feed_days * 86_400,
            ),
        ],
        ANNOUNCEMENTS: [
            OUTBOX_INDEX,
            IndexModel(
                [("at", ASCENDING)], name="retention", expireAfterSeconds=feed_days * 86_400
            ),
        ],
    }


class LeaseLost(Exception):
    """Another process holds the publisher's lease: nothing was appended."""


class Mark(NamedTuple):
    """How far the log is, by the server's clock. Every document that an event up to `settled` tells
    of has that event's `seq`, or a later one; `last` is the newest event.
    """

    epoch: str
    settled: int
    last: int
    at: datetime


class FeedStore:
    """Reads and writes the log."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._feed = database["feed"]
        self._leases = database[LEASES]
        self._consumers = database["consumers"]
        self._set_aside = database["set_aside"]
        self._epoch: str | None = None

    async def announce(self, event: Event) -> None:
        """Promise an event that goes with no change of a document, such as an import's chunk, or a
        reminder. Promised again, it is the same one.
        """
        await self._database[ANNOUNCEMENTS].update_one(
            {"_id": event.id}, {"$setOnInsert": {"at": event.at, **outbox([event])}}, upsert=True
        )

    # --- publishing ------------------------------------------------------------------------------

    async def promises(self, collections: Sequence[str], limit: int) -> list[Promise]:
        """The documents of some collections that promise events, longest waiting first. One look at
        all of them: it is taken many times a second, and mostly in vain.
        """
        first, *others = collections
        pipeline = _promising(first, limit)
        for other in others:
            pipeline.append({"$unionWith": {"coll": other, "pipeline": _promising(other, limit)}})
        found = await self._database[first].aggregate([*pipeline, *_longest_waiting(limit)])
        return [
            Promise(
                document["collection"],
                document["_id"],
                [from_document(event, Event) for event in document["outbox"]],
            )
            async for document in found
        ]

    async def published(self, events: Collection[UUID]) -> set[UUID]:
        """Which of these events the log already has."""
        found = self._feed.find({"event.id": {"$in": list(events)}}, {"event.id": 1})
        return {document["event"]["id"] async for document in found}

    async def append(self, fence: int, events: Sequence[Event]) -> int:
        """Put events at the end of the log and answer with the last one's `seq`.

        Raises `LeaseLost` if `fence` is no longer the publisher's. The transaction *updates* the
        fence's document: two publishers conflict there, and a snapshot of an old fence can never
        append.
        """

        async def write(session: AsyncClientSession) -> int:
            counter = await self._leases.find_one_and_update(
                {"_id": PUBLISHER, "fence": fence},
                {"$inc": {"seq": len(events)}},
                projection={"seq": 1},
                session=session,
            )
            if counter is None:
                raise LeaseLost
            first = counter.get("seq", 0) + 1
            at = now()
            await self._feed.insert_many(
                [
                    {"_id": seq, "published_at": at, "event": to_document(event)}
                    for seq, event in enumerate(events, first)
                ],
                session=session,
            )
            return first + len(events) - 1

        return await in_transaction(self._database, write)

    async def clear(self, promises: Sequence[Promise], seq: int) -> None:
        """Take exactly these events out of their outboxes; what came since stays promised.

        An outbox that is cleared twice, or not at all, repeats nothing.
        """
        by_collection: dict[str, list[UpdateOne]] = {}
        for promise in promises:
            clearing = _clearing([event.id for event in promise.events], seq)
            by_collection.setdefault(promise.collection, []).append(
                UpdateOne({"_id": promise.document_id}, clearing)
            )
        for name, updates in by_collection.items():
            await self._database[name].bulk_write(updates, ordered=False)

    async def settle(self, fence: int, seq: int) -> None:
        """Note that every event up to `seq` is out of its outbox. Nobody waits until that is
        durable: whoever reads an older note is told something again.
        """
        hasty = self._leases.with_options(write_concern=WriteConcern(1))
        await hasty.update_one({"_id": PUBLISHER, "fence": fence}, {"$max": {"settled": seq}})

    # --- reading ---------------------------------------------------------------------------------

    async def epoch(self) -> str:
        """The name of this life of the log, which lasts longer than any process; the first to ask
        names it.
        """
        if self._epoch is not None:
            return self._epoch
        await self._leases.update_one(
            {"_id": PUBLISHER},
            [{"$set": {"epoch": {"$ifNull": ["$epoch", new_code()[:4]]}}}],
            upsert=True,
        )
        document = await self._leases.find_one({"_id": PUBLISHER}, {"epoch": 1})
        assert document is not None, "it was just written"
        epoch: str = document["epoch"]
        self._epoch = epoch
        return epoch

    async def mark(self) -> Mark:
        """How far it is now, in one look."""
        fields: Document = {"epoch": 1, "settled": 1, "seq": 1, "at": "$$NOW"}
        while (found := await self._leases.find_one({"_id": PUBLISHER}, fields)) is None:
            await self.epoch()
        epoch = found.get("epoch") or await self.epoch()
        return Mark(epoch, found.get("settled", 0), found.get("seq", 0), found["at"])

    async def last_seq(self) -> int:
        """The newest event's place; 0 before the first."""
        async for document in self._feed.find({}, {"_id": 1}).sort("_id", -1).limit(1):
            return document["_id"]
        return 0

    async def first_seq(self) -> int:
        """The oldest kept event's place; one past the newest where none is kept."""
        # In this order: what is published between the two is found in the log, and not passed over.
        counter = await self._leases.find_one({"_id": PUBLISHER}, {"seq": 1})
        async for document in self._feed.find({}, {"_id": 1}).sort("_id", 1).limit(1):
            return document["_id"]
        return (counter or {}).get("seq", 0) + 1

    async def after(self, seq: int, limit: int, epoch: str) -> list[Published]:
        """Up to `limit` events behind `seq`, in order."""
        found = self._feed.find({"_id": {"$gt": seq}}).sort("_id", 1).limit(limit)
        return [
            Published(
                seq=document["_id"], epoch=epoch, event=from_document(document["event"], Event)
            )
            async for document in found
        ]

    # --- forgetting ------------------------------------------------------------------------------

    async def forget(self, persons: Collection[UUID]) -> None:
        """Let no event tell of whose report these persons' are, or that they did something. It
        reads the whole log, which no index of persons is kept for: call it once for many. What is
        audited does not follow from it. Idempotent.
        """
        for collection in (self._feed, self._set_aside):
            for name in ("event.internal.reporter", "event.internal.actor"):
                named: Document = {name: {"$in": list(persons)}}
                await collection.update_many(named, {"$unset": {name: ""}})

    # --- consumers -------------------------------------------------------------------------------

    async def place(self, consumer: str) -> int | None:
        """How far a consumer got; none if it never ran."""
        document = await self._consumers.find_one({"_id": consumer}, {"seq": 1})
        return (document or {}).get("seq")

    async def remember(self, consumer: str, seq: int) -> None:
        """A consumer got as far as `seq`; a place never moves back."""
        await self._consumers.update_one(
            {"_id": consumer},
            {"$max": {"seq": seq}, "$set": {"at": now()}, "$unset": {"failing": ""}},
            upsert=True,
        )

    async def count_failure(self, consumer: str, seq: int) -> int:
        """How often an event failed a consumer, this time included; it outlives the process."""
        document: Document | None = await self._consumers.find_one_and_update(
            {"_id": consumer},
            [
                {
                    "$set": {
                        "failing": {
                            "seq": seq,
                            "count": {
                                "$cond": [
                                    {"$eq": ["$failing.seq", seq]},
                                    {"$add": ["$failing.count", 1]},
                                    1,
                                ]
                            },
                        }
                    }
                }
            ],
            upsert=True,
            return_document=ReturnDocument.AFTER,
        )
        assert document is not None, "it was just written"
        return document["failing"]["count"]

    async def set_aside(self, consumer: str, event: Published, error: str) -> None:
        """Keep an event that a consumer could not take, so that it blocks nothing."""
        await self._set_aside.update_one(
            {"_id": {"consumer": consumer, "seq": event.seq}},
            {
                "$set": {
                    "consumer": consumer,
                    "seq": event.seq,
                    "event": to_document(event.event),
                    "error": error[:1000],
                    "at": now(),
                }
            },
            upsert=True,
        )

    async def behind(self) -> int:
        """How many events the slowest consumer has still to read."""
        last = await self.last_seq()
        places = [d["seq"] async for d in self._consumers.find({}, {"seq": 1}) if "seq" in d]
        return last - min(places, default=last)

    async def count_set_aside(self) -> int:
        return await self._set_aside.count_documents({})


def _promising(collection: str, limit: int) -> list[Document]:
    return [
        {"$match": {OUTBOX_AT: {"$exists": True}}},
        *_longest_waiting(limit),
        {"$project": {"outbox": 1, OUTBOX_AT: 1, "collection": {"$literal": collection}}},
    ]


def _longest_waiting(limit: int) -> list[Document]:
    return [{"$sort": {OUTBOX_AT: ASCENDING}}, {"$limit": limit}]


def _clearing(events: Sequence[UUID], seq: int) -> list[Document]:
    left: Document = {
        "$filter": {
            "input": {"$ifNull": ["$outbox", []]},
            "cond": {"$not": [{"$in": ["$$this.id", list(events)]}]},
        }
    }
    return [
        {"$set": {"outbox": left, "seq": {"$max": ["$seq", seq]}}},
        {
            "$set": {
                OUTBOX_AT: {"$cond": [{"$eq": ["$outbox", []]}, "$$REMOVE", f"${OUTBOX_AT}"]},
                "outbox": {"$cond": [{"$eq": ["$outbox", []]}, "$$REMOVE", "$outbox"]},
            }
        },
    ]
