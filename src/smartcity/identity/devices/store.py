"""Devices in MongoDB."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from pymongo import ASCENDING, IndexModel, ReturnDocument

from smartcity.identity.devices.model import SILENT_DAYS, Device, PushAddress
from smartcity.storage.gathering import look_up
from smartcity.storage.mongo import (
    Database,
    from_document,
    if_found,
    raw_id,
    to_document,
    with_raw_ids,
)

DEVICES: Final = "devices"

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


class DeviceStore:
    def __init__(self, database: Database) -> None:
        self._devices = database[DEVICES]
        self._raw = with_raw_ids(self._devices)
        self._by_token = look_up(self._by_tokens)
        self._find = look_up(self._by_ids)

    async def add(self, device: Device) -> None:
        await self._devices.insert_one(to_document(device))

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
        found = await self._devices.find_one_and_update(
            {"_id": device}, {"$set": fields}, return_document=ReturnDocument.AFTER
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

    async def push_addresses(self, devices: Collection[UUID]) -> dict[UUID, PushAddress]:
        """Where pushes go, for those who have an address."""
        wanted = {"_id": {"$in": list(map(raw_id, devices))}}
        documents = await self._raw.find(wanted, {"push.kind": 1, "push.value": 1}).to_list()
        found = [from_document(document, Reached) for document in documents]
        return {one.id: one.push for one in found if one.push is not None}

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

    async def in_area(
        self, units: Collection[str] | None, *, after: UUID | None, limit: int
    ) -> list[Device]:
        """Some of the devices that follow one of these units, or of all without units; by their
        ids, behind one of them.
        """
        query: dict[str, Any] = {} if units is None else {"units": {"$in": list(units)}}
        if after is not None:
            query["_id"] = {"$gt": after}
        found = self._devices.find(query).sort("_id", ASCENDING).limit(limit)
        return [from_document(document, Device) async for document in found]

    async def remove(self, persons: Collection[UUID]) -> None:
        """Their tokens open nothing any more. Idempotent."""
        await self._devices.delete_many({"_id": {"$in": list(persons)}})

    async def forget_pushes(self, addresses: Collection[PushAddress]) -> None:
        """Take these from every device."""
        for kind in {address.kind for address in addresses}:
            values = [address.value for address in addresses if address.kind == kind]
            await self._devices.update_many(
                {"push.value": {"$in": values}, "push.kind": kind}, {"$set": {"push": None}}
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
                {"_id": {"$in": ids}} | silent, {"$set": {"push": None}}
            )
        return len(found)

    async def forget_push(self, address: PushAddress, *, but: UUID | None = None) -> None:
        """Take the address from every device, or from every other."""
        await self._devices.update_many(
            {"push.value": address.value, "push.kind": address.kind, "_id": {"$ne": but}},
            {"$set": {"push": None}},
        )
