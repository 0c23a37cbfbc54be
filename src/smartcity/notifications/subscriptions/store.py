"""The topics of devices in MongoDB: part of the device's own document, as long as there is one."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from pymongo import ASCENDING, IndexModel, UpdateOne

from smartcity.clock import now
from smartcity.identity.devices.model import PushAddress
from smartcity.identity.devices.store import DEVICES, LEFT
from smartcity.notifications.subscriptions.model import Left, OutOfStep, Subscribed
from smartcity.storage.mongo import Database, Document, from_document, to_document

MARKED: Final[Document] = {"subscribe_at": {"$exists": True}}
FIELDS: Final = OutOfStep.__struct_encode_fields__

INDEXES: Final[Mapping[str, Sequence[IndexModel]]] = {
    DEVICES: [
        IndexModel(
            [("subscribe_at", ASCENDING)], name="out_of_step", partialFilterExpression=MARKED
        ),
    ],
    LEFT: [IndexModel([("subscribe_at", ASCENDING)], name="due")],
}


class SubscriptionStore:
    def __init__(self, database: Database) -> None:
        self._devices = database[DEVICES]
        self._left = database[LEFT]

    async def out_of_step(self, at: datetime, limit: int) -> list[OutOfStep]:
        """Devices that are to be looked at, longest waiting first."""
        found = self._devices.find({"subscribe_at": {"$lte": at}}, FIELDS)
        in_turn = await found.sort("subscribe_at", ASCENDING).limit(limit).to_list()
        return [from_document(document, OutOfStep) for document in in_turn]

    async def left(self, at: datetime, limit: int) -> list[Left]:
        """What removed devices had and FCM still has, longest waiting first."""
        found = self._left.find({"subscribe_at": {"$lte": at}})
        in_turn = await found.sort("subscribe_at", ASCENDING).limit(limit).to_list()
        return [from_document(document, Left) for document in in_turn]

    async def holders(self, addresses: Collection[PushAddress]) -> list[OutOfStep]:
        """Whose these addresses are now."""
        if not addresses:
            return []
        values = [address.value for address in addresses]
        found = await self._devices.find({"push.value": {"$in": values}}, FIELDS).to_list()
        return [from_document(document, OutOfStep) for document in found]

    async def ask(self, asked: Mapping[UUID, Subscribed]) -> None:
        """Write down what FCM is about to be asked for: who dies then, knows of it."""
        if asked:
            await self._devices.bulk_write(
                [
                    UpdateOne({"_id": device}, {"$set": {"subscribed": to_document(subscribed)}})
                    for device, subscribed in asked.items()
                ],
                ordered=False,
            )

    async def write(self, told: Sequence[tuple[OutOfStep, Subscribed | None]]) -> None:
        """What FCM has of these now. Those for which that is what they were to have are in step,
        unless they changed meanwhile.
        """
        if told:
            await self._devices.bulk_write(
                [UpdateOne({"_id": one.id}, _step(one, has)) for one, has in told], ordered=False
            )

    async def write_left(self, left: Collection[UUID]) -> None:
        """FCM has nothing of these any more."""
        if left:
            await self._left.delete_many({"_id": {"$in": list(left)}})

    async def later(self, devices: Collection[UUID], at: datetime) -> None:
        """Look at these again then, and not before."""
        for collection in (self._devices, self._left):
            await collection.update_many(
                {"_id": {"$in": list(devices)}} | MARKED, {"$set": {"subscribe_at": at}}
            )


def _step(one: OutOfStep, has: Subscribed | None) -> list[Document]:
    kept = "$$REMOVE" if has is None else {"$literal": to_document(has)}
    state = to_document(one)
    unchanged: list[Document] = [
        {"$eq": [{"$ifNull": [f"${name}", None]}, {"$literal": state[name]}]}
        for name in ("push", "units", "language")
    ]
    done = one.push == (has.address if has else None)
    mark = {"$cond": [{"$and": [done, *unchanged]}, "$$REMOVE", "$subscribe_at"]}
    return [{"$set": {"subscribed": kept, "subscribe_at": mark}}]


async def subscribe_everybody(database: Database) -> None:
    """Devices that were there before topics were: all that have an address are out of step."""
    await database[DEVICES].update_many(
        {"push.value": {"$exists": True}, "subscribed": None, "subscribe_at": None},
        {"$set": {"subscribe_at": now()}},
    )
