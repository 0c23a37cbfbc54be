"""Letters in MongoDB."""

from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from pymongo import ASCENDING, DESCENDING, IndexModel, UpdateMany
from pymongo.errors import BulkWriteError

from smartcity.notifications.letters.model import Envelope, Letter, LetterPlace, LetterStanding
from smartcity.notifications.model import Channel, Push, PushState, Urgency
from smartcity.storage.mongo import (
    Database,
    Document,
    are_duplicates,
    from_document,
    if_found,
    to_document,
)

LETTERS: Final = "letters"

PENDING: Final[Document] = {"sending.state": PushState.PENDING.value}
STANDING_FIELDS: Final = LetterStanding.__struct_encode_fields__

BY_REASON: Final = (
    ("sending.reason", ASCENDING),
    ("created_at", DESCENDING),
    ("_id", DESCENDING),
)

INDEXES: Final[Mapping[str, Sequence[IndexModel]]] = {
    LETTERS: [
        IndexModel([("recipient", ASCENDING), ("subject", ASCENDING)], name="recipient"),
        IndexModel(
            [
                ("channel", ASCENDING),
                ("sending.urgency", ASCENDING),
                ("sending.next_at", ASCENDING),
                ("_id", ASCENDING),
            ],
            name="due",
            partialFilterExpression=PENDING,
        ),
        IndexModel(
            [("channel", ASCENDING), ("sending.state", ASCENDING), *BY_REASON], name="standing"
        ),
        IndexModel([("expires_at", ASCENDING)], name="retention", expireAfterSeconds=0),
    ]
}


class LetterStore:
    def __init__(self, database: Database) -> None:
        self._letters = database[LETTERS]

    async def add(self, letters: Collection[Letter]) -> None:
        """Write those that are not there yet; one that is there stays as it is."""
        if not letters:
            return
        try:
            await self._letters.insert_many(map(to_document, letters), ordered=False)
        except BulkWriteError as error:
            if not are_duplicates(error):
                raise

    async def of(self, person: UUID) -> AsyncIterator[Letter]:
        """Everything that was written to somebody and is kept."""
        async for document in self._letters.find({"recipient": person}):
            yield from_document(document, Letter)

    async def remove(self, persons: Collection[UUID]) -> None:
        """Everything that was written to them. Idempotent."""
        await self._letters.delete_many({"recipient": {"$in": list(persons)}})

    # --- what is to leave ------------------------------------------------------------------------

    async def due(
        self, channel: Channel, urgency: Urgency, at: datetime, limit: int
    ) -> list[Letter]:
        """Letters that are to be tried, longest waiting first."""
        if limit <= 0:  # which the server would take for no limit
            return []
        query = PENDING | {
            "channel": channel.value,
            "sending.urgency": urgency.value,
            "sending.next_at": {"$lte": at},
        }
        found = self._letters.find(query).sort([("sending.next_at", ASCENDING), ("_id", ASCENDING)])
        return [from_document(one, Letter) async for one in found.hint("due").limit(limit)]

    async def beside(self, letters: Collection[Letter], limit: int) -> list[Letter]:
        """Everything pending to the same persons about the same subjects by the same channel."""
        pairs = {(one.channel.value, one.recipient, one.subject) for one in letters}
        if not pairs:
            return []
        query = PENDING | {
            "$or": [
                {"channel": channel, "recipient": recipient, "subject": subject}
                for channel, recipient, subject in sorted(pairs)
            ]
        }
        found = self._letters.find(query).sort("_id", ASCENDING).limit(limit)
        return [from_document(one, Letter) async for one in found]

    async def enclose(self, envelopes: Collection[Envelope]) -> None:
        """These leave together from now on, however often they are tried."""
        if envelopes:
            await self._letters.bulk_write(
                [
                    UpdateMany(
                        {"_id": {"$in": [one.id for one in envelope.letters]}, "envelope": None},
                        {"$set": {"envelope": envelope.id}},
                    )
                    for envelope in envelopes
                ],
                ordered=False,
            )

    async def record(self, standing: Mapping[UUID, Push]) -> None:
        """What became of letters that were pending; one settled meanwhile stays settled."""
        alike: defaultdict[Push, list[UUID]] = defaultdict(list)
        for letter, sending in standing.items():
            alike[sending].append(letter)
        if alike:
            await self._letters.bulk_write(
                [
                    UpdateMany(
                        {"_id": {"$in": ids}} | PENDING,
                        {"$set": {"sending": to_document(sending)}},
                    )
                    for sending, ids in alike.items()
                ],
                ordered=False,
            )

    # --- what became of them ---------------------------------------------------------------------

    async def standing(
        self,
        channel: Channel,
        state: PushState,
        reason: str | None,
        behind: LetterPlace | None,
        limit: int,
    ) -> list[LetterStanding]:
        """A channel's letters in a state, or with this reason: by reason, then newest first."""
        query: Document = {"channel": channel.value, "sending.state": state.value}
        if reason is not None:
            query["sending.reason"] = reason
        if behind is not None:
            here = behind.reason or None
            query["$or"] = [
                {"sending.reason": {"$gt": behind.reason}},
                {"sending.reason": here, "created_at": {"$lt": behind.created_at}},
                {
                    "sending.reason": here,
                    "created_at": behind.created_at,
                    "_id": {"$lt": behind.id},
                },
            ]
        found = self._letters.find(query, STANDING_FIELDS).sort(list(BY_REASON)).limit(limit)
        return [from_document(one, LetterStanding) async for one in found.hint("standing")]

    async def standing_of(self, letter: UUID) -> LetterStanding | None:
        found = await self._letters.find_one({"_id": letter}, STANDING_FIELDS)
        return if_found(found, LetterStanding)

    async def counts(self) -> dict[tuple[Channel, PushState, str], int]:
        """How many letters stand in each state, by channel and reason ("": none); read from an
        index alone.
        """
        group = {"channel": "$channel", "state": "$sending.state", "reason": "$sending.reason"}
        cursor = await self._letters.aggregate(
            [{"$group": {"_id": group, "count": {"$sum": 1}}}], hint="standing"
        )
        return {
            (
                Channel(found["_id"]["channel"]),
                PushState(found["_id"]["state"]),
                found["_id"]["reason"] or "",
            ): found["count"]
            async for found in cursor
        }
