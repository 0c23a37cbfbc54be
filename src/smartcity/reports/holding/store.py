"""Which new devices had something in common lately, and which reports wait, in MongoDB."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

from pymongo import ASCENDING, IndexModel, ReturnDocument

from smartcity.city.policies import Burst
from smartcity.reports.model import Report
from smartcity.reports.store import COLLECTION
from smartcity.reports.words import Status
from smartcity.storage.gathering import Gathering
from smartcity.storage.mongo import Database, Document, from_document

BURSTS: Final = "bursts"

INDEXES: Final[Mapping[str, Sequence[IndexModel]]] = {
    BURSTS: [IndexModel([("until", ASCENDING)], name="retention", expireAfterSeconds=0)],
    COLLECTION: [
        IndexModel(
            [("held.at", ASCENDING), ("_id", ASCENDING)],
            name="held",
            partialFilterExpression={"status": Status.HELD.value},
        )
    ],
}

COUNTED: Final = 10_000
"""So many waiting reports are counted; there is no telling more of them apart."""

_LISTED: Final = {"timeline": 0, "outbox": 0, "folded": 0}


class Sighting(NamedTuple):
    """A new device that came with a trait."""

    trait: bytes
    device: UUID
    at: datetime


class BurstStore:
    """Of every trait the new devices of the last minutes, one more than may pass at the most.

    One write sees and counts, so that the answer is exact over all processes; those who come with
    the same trait at the same moment share it.
    """

    def __init__(self, database: Database, burst: Burst) -> None:
        self._bursts = database[BURSTS]
        self._allowed = burst.devices
        self._window = timedelta(minutes=burst.minutes)
        self._see = Gathering(self._see_together)

    async def see(self, sighting: Sighting) -> bool:
        """Count the device, once in the window. Whether there are more than may pass, with it."""
        return await self._see(sighting)

    async def _see_together(self, sightings: Sequence[Sighting]) -> list[bool | Exception]:
        by_trait: dict[bytes, list[int]] = {}
        for place, sighting in enumerate(sightings):
            by_trait.setdefault(sighting.trait, []).append(place)
        answers: dict[int, bool] = {}
        asked = [[sightings[place] for place in places] for places in by_trait.values()]
        found = await asyncio.gather(*(self._seen_before(same) for same in asked))
        for places, before in zip(by_trait.values(), found, strict=True):
            for place in places:
                before.add(sightings[place].device)
                answers[place] = len(before) > self._allowed
        return [answers[place] for place in range(len(sightings))]

    async def _seen_before(self, same: Sequence[Sighting]) -> set[UUID]:
        """Those who came with this trait in the window before these, who are counted with it."""
        since = same[0].at - self._window
        fresh = {sighting.device: sighting.at for sighting in same}
        document = await self._bursts.find_one_and_update(
            {"_id": same[0].trait},
            _counting(fresh, since, until=same[0].at + self._window, most=self._allowed + 1),
            upsert=True,
            return_document=ReturnDocument.BEFORE,
        )
        devices: list[Document] = document["devices"] if document else []
        return {one["id"] for one in devices if one["at"] > since}


class HeldReports:
    """The reports that wait for a dispatcher."""

    def __init__(self, database: Database) -> None:
        self._reports = database[COLLECTION]

    async def oldest(self, *, after: tuple[datetime, UUID] | None, limit: int) -> list[Report]:
        """In the order in which they came to wait, without their timelines."""
        query: Document = {"status": Status.HELD.value}
        if after is not None:
            at, last = after
            query["$or"] = [{"held.at": {"$gt": at}}, {"held.at": at, "_id": {"$gt": last}}]
        found = self._reports.find(query, _LISTED).sort([("held.at", 1), ("_id", 1)]).limit(limit)
        return [
            from_document(document | {"timeline": (), "folded": ""}, Report)
            async for document in found
        ]

    async def count(self) -> int:
        """How many wait; no more than `COUNTED` are counted."""
        return await self._reports.count_documents({"status": Status.HELD.value}, limit=COUNTED)


def _counting(
    fresh: Mapping[UUID, datetime], since: datetime, *, until: datetime, most: int
) -> list[dict[str, Any]]:
    """An update that forgets who came before the window and adds who is not there; of too many the
    latest stay.
    """
    devices = [{"id": device, "at": at} for device, at in fresh.items()]
    lately = _those_where({"$gt": ["$$one.at", since]}, {"$ifNull": ["$devices", []]})
    unseen = _those_where({"$not": [{"$in": ["$$one.id", "$devices.id"]}]}, {"$literal": devices})
    return [
        {"$set": {"devices": lately, "until": until}},
        {"$set": {"devices": {"$slice": [{"$concatArrays": ["$devices", unseen]}, -most]}}},
    ]


def _those_where(condition: Mapping[str, Any], devices: Mapping[str, Any]) -> dict[str, Any]:
    return {"$filter": {"input": devices, "as": "one", "cond": condition}}
