"""What was paid, in MongoDB: a document for each month's count, and one for each message in it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from pymongo import ASCENDING, IndexModel
from pymongo.asynchronous.client_session import AsyncClientSession

from smartcity.notifications.letters.sms.model import Payment
from smartcity.storage.mongo import Database, Document
from smartcity.storage.transactions import in_transaction

MONTHS: Final = "sms_months"
PAYMENTS: Final = "sms_payments"

INDEXES: Final[Mapping[str, Sequence[IndexModel]]] = {
    PAYMENTS: [IndexModel([("expires_at", ASCENDING)], name="expiry", expireAfterSeconds=0)],
}


class SmsBudgetStore:
    """The count and its reason are written together or not at all: one transaction each."""

    def __init__(self, database: Database) -> None:
        self._months = database[MONTHS]
        self._payments = database[PAYMENTS]

    async def pay(
        self, wanted: Payment, *, most: int, anew: bool, expires_at: datetime
    ) -> Payment | None:
        """Take what an attempt needs, if the month's count stays within `most` with it; none if it
        would not. A message for which an earlier attempt paid takes nothing more, unless `anew`.
        """
        month = {"_id": wanted.month}
        await self._months.update_one(month, {"$setOnInsert": {"parts": 0}}, upsert=True)
        key = _key(wanted.message, wanted.month)

        async def write(session: AsyncClientSession) -> Payment | None:
            paid = await self._payments.find_one(key, session=session)
            parts = wanted.parts if paid is None or anew else 0
            room = {"$lte": most - parts}
            # Updated even by nothing: two that pay at once meet here, and one goes first.
            counted = await self._months.update_one(
                month | ({"parts": room} if parts else {}),
                {"$inc": {"parts": parts}, "$set": {"attempt": wanted.attempt}},
                session=session,
            )
            if not counted.matched_count:
                return None
            change: Document = {
                "$inc": {"parts": parts},
                "$set": {"attempt": wanted.attempt, "expires_at": expires_at},
            }
            await self._payments.update_one(key, change, upsert=True, session=session)
            return Payment(
                message=wanted.message, month=wanted.month, parts=parts, attempt=wanted.attempt
            )

        return await in_transaction(self._months.database, write)

    async def give_back(self, paid: Payment) -> None:
        """Return what an attempt paid, if no other has begun since: that one may rest on it."""
        if not paid.parts:
            return
        key = _key(paid.message, paid.month)

        async def write(session: AsyncClientSession) -> None:
            left = await self._payments.find_one_and_update(
                key | {"attempt": paid.attempt, "parts": {"$gte": paid.parts}},
                {"$inc": {"parts": -paid.parts}, "$unset": {"attempt": ""}},
                session=session,
            )
            if left is None:
                return
            if left["parts"] == paid.parts:
                await self._payments.delete_one(key, session=session)
            await self._months.update_one(
                {"_id": paid.month}, {"$inc": {"parts": -paid.parts}}, session=session
            )

        await in_transaction(self._months.database, write)

    async def spent(self, month: str) -> int:
        """The parts that were paid in a month and not given back."""
        found = await self._months.find_one({"_id": month})
        return 0 if found is None else found["parts"]


def _key(message: UUID, month: str) -> Document:
    return {"_id": {"message": message, "month": month}}
