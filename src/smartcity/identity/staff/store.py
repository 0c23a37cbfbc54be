"""Staff accounts and their sessions in MongoDB."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from pymongo import ASCENDING, IndexModel, ReturnDocument
from pymongo.errors import DuplicateKeyError

from smartcity.identity.staff.model import Session, Staff
from smartcity.storage.mongo import Database, Document, from_document, to_document

INDEXES: Final[Mapping[str, Sequence[IndexModel]]] = {
    "staff": (IndexModel([("folded", ASCENDING)], unique=True),),
    "sessions": (
        IndexModel([("token_hash", ASCENDING)], unique=True),
        IndexModel([("staff", ASCENDING)]),
        IndexModel([("expires_at", ASCENDING)], expireAfterSeconds=0),
    ),
}


class StaffStore:
    def __init__(self, database: Database) -> None:
        self._staff = database["staff"]

    async def add(self, staff: Staff) -> bool:
        """False if there is an account of this name."""
        try:
            await self._staff.insert_one(to_document(staff))
        except DuplicateKeyError:
            return False
        return True

    async def get(self, staff: UUID) -> Staff | None:
        return _staff(await self._staff.find_one({"_id": staff}))

    async def by_name(self, folded: str) -> Staff | None:
        return _staff(await self._staff.find_one({"folded": folded}))

    async def disable(self, folded: str, at: datetime) -> Staff | None:
        """The account, which now opens nothing; none if there is none of this name."""
        return _staff(
            await self._staff.find_one_and_update(
                {"folded": folded},
                {"$set": {"disabled_at": at}},
                return_document=ReturnDocument.AFTER,
            )
        )

    async def use_step(self, staff: UUID, step: int) -> bool:
        """Note the time step of a one-time code. False if it, or a later one, was used before."""
        done = await self._staff.update_one(
            {"_id": staff, "$or": [{"totp_step": None}, {"totp_step": {"$lt": step}}]},
            {"$set": {"totp_step": step}},
        )
        return done.modified_count == 1


class SessionStore:
    def __init__(self, database: Database) -> None:
        self._sessions = database["sessions"]

    async def add(self, session: Session) -> None:
        await self._sessions.insert_one(to_document(session))

    async def by_token(self, token_hash: bytes) -> Session | None:
        found = await self._sessions.find_one({"token_hash": token_hash})
        return None if found is None else from_document(found, Session)

    async def end(self, token_hash: bytes) -> None:
        await self._sessions.delete_one({"token_hash": token_hash})

    async def end_all(self, staff: UUID) -> None:
        await self._sessions.delete_many({"staff": staff})


def _staff(found: Document | None) -> Staff | None:
    return None if found is None else from_document(found, Staff)
