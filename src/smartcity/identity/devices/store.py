"""Devices in MongoDB."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from pymongo import ASCENDING, IndexModel, ReplaceOne, ReturnDocument

from smartcity.clock import now
from smartcity.identity.devices.model import (
    SILENT_DAYS,
    Device,
    DevicePage,
    Phone,
    PushAddress,
    QuietHours,
    Reach,
    Subscriber,
)
from smartcity.storage.gathering import look_up
from smartcity.storage.mongo import (
    Database,
    Document,
    from_document,
    if_found,
    raw_id,
    to_document,
    with_raw_ids,
)

DEVICES: Final = "devices"
LEFT: Final = "left_subscriptions"

SUBSCRIBED_BY: Final = frozenset({"push", "units", "language"})
"""Whatever changes one of these puts a device out of step with what topics it has at FCM, and says
so in the same write (`notifications.subscriptions`).
"""

PHONE_FIELDS: Final = Phone.__struct_encode_fields__

MERGED: Final = 200
"""So many parts of an index the server merges in their order; of more it sorts what it found
(`internalQueryMaxScansToExplode`).
"""

INDEXES: Final[Mapping[str, Sequence[IndexModel]]] = {
    DEVICES: [
        IndexModel([("token_hash", ASCENDING)], name="token", unique=True),
        IndexModel(
            [("push.value", ASCENDING)],
            name="push",
            partialFilterExpression={"push.value": {"$exists": True}},
        ),
        IndexModel(
            [("seen_at", ASCENDING)],
            name="silent",
            partialFilterExpression={"push.value": {"$exists": True}},
        ),
        IndexModel(
            [("account", ASCENDING)],
            name="account",
            partialFilterExpression={"account": {"$exists": True}},
        ),
        IndexModel([("units", ASCENDING), ("_id", ASCENDING)], name="units"),
        # Only of those that have categories: a city has a million devices that follow a unit.
        IndexModel(
            [("units", ASCENDING)],
            name="subscribers",
            partialFilterExpression={"categories": {"$exists": True}},
        ),
        IndexModel(
            [("seen_at", ASCENDING)],
            name="retention",
            expireAfterSeconds=SILENT_DAYS * 86_400,
        ),
    ]
}


class Reached(msgspec.Struct, frozen=True):
    """What is read of a device to send it a push."""

    id: UUID = msgspec.field(name="_id")
    push: PushAddress | None = None
    quiet_hours: QuietHours | None = None


class DeviceStore:
    def __init__(self, database: Database) -> None:
        self._devices = database[DEVICES]
        self._left = database[LEFT]
        self._raw = with_raw_ids(self._devices)
        self._by_token = look_up(self._by_tokens)
        self._find = look_up(self._by_ids)

    async def add(self, device: Device) -> None:
        document = to_document(device)
        if not device.categories:
            del document["categories"]
        if device.push is not None:
            document |= _out_of_step()
        await self._devices.insert_one(document)

    async def get(self, device: UUID) -> Device | None:
        return await self._find(device)

    async def _by_ids(self, devices: Collection[UUID]) -> dict[UUID, Device]:
        return {device.id: device for device in await self.several(devices)}

    async def by_token(self, token_hash: bytes) -> Device | None:
        return await self._by_token(token_hash)

    async def _by_tokens(self, hashes: Collection[bytes]) -> dict[bytes, Device]:
        found = self._devices.find({"token_hash": {"$in": list(hashes)}})
        return {document["token_hash"]: from_document(document, Device) async for document in found}

    async def change(self, device: UUID, fields: Mapping[str, Any]) -> Device | None:
        """Set the fields, and answer with the device after it; none if it is not there."""
        change: Document = {"$set": dict(fields)}
        if not SUBSCRIBED_BY.isdisjoint(fields):
            change["$set"] |= _out_of_step()
        if "categories" in fields and not fields["categories"]:  # the index knows who has some
            change["$unset"] = {"categories": change["$set"].pop("categories")}
        found = await self._devices.find_one_and_update(
            {"_id": device}, change, return_document=ReturnDocument.AFTER
        )
        return if_found(found, Device)

    async def join(self, device: UUID, account: UUID) -> bool:
        """False if the device is linked to another account, or not there."""
        free_or_same = {"account": {"$in": [None, account]}}
        done = await self._devices.update_one(
            {"_id": device} | free_or_same, {"$set": {"account": account}}
        )
        return done.matched_count == 1

    async def of_accounts(self, accounts: Collection[UUID]) -> list[Device]:
        found = self._devices.find({"account": {"$in": list(accounts)}})
        return [from_document(document, Device) async for document in found]

    async def seen(self, device: UUID, at: datetime) -> None:
        await self._devices.update_one({"_id": device}, {"$max": {"seen_at": at}})

    async def several(self, devices: Collection[UUID]) -> list[Device]:
        """Those of the devices that are there."""
        found = self._devices.find({"_id": {"$in": list(devices)}})
        return [from_document(document, Device) async for document in found]

    async def reach(self, devices: Collection[UUID]) -> dict[UUID, Reach]:
        """Where pushes go and when not, for those who have an address."""
        wanted = {"_id": {"$in": list(map(raw_id, devices))}}
        fields = {"push.kind": 1, "push.value": 1, "quiet_hours": 1}
        in_one_answer = self._raw.find(wanted, fields, batch_size=len(devices))
        documents = await in_one_answer.to_list()
        found = [from_document(document, Reached) for document in documents]
        return {one.id: Reach(one.push, one.quiet_hours) for one in found if one.push is not None}

    async def subscribers(
        self, units: Collection[str], categories: Collection[str]
    ) -> AsyncIterator[Subscriber]:
        """Devices that want to hear of one of these categories or fields, and follow a unit of
        these, as they are read.
        """
        wanted = {"units": {"$in": list(units)}, "categories": {"$in": list(categories)}}
        found = self._devices.find(wanted, {"units": 1, "categories": 1}).hint("subscribers")
        async for document in found:
            yield from_document(document, Subscriber)

    async def count(self, units: Collection[str] | None) -> int:
        """How many devices follow one of these units; without units, how many there are."""
        if units is None:
            return await self._devices.estimated_document_count()
        return await self._count({"units": {"$in": list(units)}})

    async def count_by_unit(self, units: Collection[str]) -> dict[str, int]:
        """How many devices follow each of these units; read from the index alone."""
        return {unit: await self._count({"units": unit}) for unit in units}

    async def _count(self, query: Mapping[str, Any]) -> int:
        """By the command `count`: an aggregation would fetch each device to count it."""
        count = {"count": self._devices.name, "query": query}
        found = await self._devices.database.command(count)
        return found["n"]

    async def walk(
        self, units: Collection[str] | None, *, after: UUID | None, limit: int
    ) -> DevicePage:
        """The devices that follow one of these units, or all without units, by their ids behind
        one of them: of as many as `limit` that are looked at. Nothing is sorted in memory.
        """
        query: Document = {} if after is None else {"_id": {"$gt": raw_id(after)}}
        if units is not None and len(units) <= MERGED:
            query["units"] = {"$in": list(units)}
            found = self._raw.find(query, PHONE_FIELDS).hint("units")
        else:
            # Each of them is read: so many units are most of a city, and a page is bounded where
            # the server would go on and on until it found enough.
            found = self._raw.find(query, (*PHONE_FIELDS, "units")).hint("_id_")
        page = await found.sort("_id", ASCENDING).limit(limit).to_list()
        meant = None if units is None or len(units) <= MERGED else frozenset(units)
        return DevicePage(
            [
                from_document(document, Phone)
                for document in page
                if meant is None or not meant.isdisjoint(document.get("units", ()))
            ],
            UUID(bytes=page[-1]["_id"]) if page else None,
        )

    async def phones(self, devices: Collection[UUID]) -> list[Phone]:
        """How these are reached."""
        found = self._devices.find({"_id": {"$in": list(devices)}}, PHONE_FIELDS)
        return [from_document(document, Phone) for document in await found.to_list()]

    async def remove(self, persons: Collection[UUID]) -> None:
        """Their tokens open nothing any more. What topics they had is kept until FCM has forgotten
        it too: else it would go on telling them. Idempotent.
        """
        theirs = {"_id": {"$in": list(persons)}}
        subscribed = self._devices.find(
            theirs | {"subscribed": {"$type": "object"}}, {"subscribed": 1}
        )
        left = [{**document, **_out_of_step()} for document in await subscribed.to_list()]
        if left:
            await self._left.bulk_write(
                [ReplaceOne({"_id": one["_id"]}, one, upsert=True) for one in left], ordered=False
            )
        await self._devices.delete_many(theirs)

    async def forget_pushes(self, addresses: Collection[PushAddress]) -> None:
        """Take these from every device."""
        for kind in {address.kind for address in addresses}:
            values = [address.value for address in addresses if address.kind == kind]
            await self._devices.update_many(
                {"push.value": {"$in": values}, "push.kind": kind},
                {"$set": _without_push()},
            )

    async def forget_silent_pushes(self, before: datetime, limit: int) -> int:
        """Take the addresses from up to `limit` devices that were not seen since; how many they
        were.
        """
        silent = {"seen_at": {"$lt": before}, "push.value": {"$exists": True}}
        found = await self._devices.find(silent, {"_id": 1}).limit(limit).to_list()
        if found:
            ids = [document["_id"] for document in found]
            await self._devices.update_many(
                {"_id": {"$in": ids}} | silent, {"$set": _without_push()}
            )
        return len(found)

    async def forget_push(self, address: PushAddress, *, but: UUID | None = None) -> None:
        """Take the address from every device, or from every other."""
        await self._devices.update_many(
            {"push.value": address.value, "push.kind": address.kind, "_id": {"$ne": but}},
            {"$set": _without_push()},
        )


def _out_of_step() -> Document:
    return {"subscribe_at": now()}


def _without_push() -> Document:
    return {"push": None, **_out_of_step()}
