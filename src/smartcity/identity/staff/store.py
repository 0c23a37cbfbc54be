"""Staff accounts and their sessions in MongoDB."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from pymongo import ASCENDING, IndexModel, ReturnDocument
from pymongo.errors import DuplicateKeyError

from smartcity.identity.roles import Role
from smartcity.identity.staff.model import Session, Staff
from smartcity.storage.mongo import Database, Document, if_found, to_document

STAFF: Final = "staff"
SESSIONS: Final = "sessions"

INDEXES: Final[Mapping[str, Sequence[IndexModel]]] = {
    STAFF: [
        IndexModel([("folded", ASCENDING)], name="folded", unique=True),
        IndexModel([("agencies", ASCENDING)], name="agencies"),
        IndexModel([("roles", ASCENDING)], name="roles"),
    ],
    SESSIONS: [
        IndexModel([("token_hash", ASCENDING)], name="token", unique=True),
        IndexModel([("staff", ASCENDING)], name="staff"),
        IndexModel([("expires_at", ASCENDING)], name="retention", expireAfterSeconds=0),
    ],
}


class StaffStore:
    def __init__(self, database: Database) -> None:
        self._staff = database[STAFF]

    async def add(self, staff: Staff) -> bool:
        """False if there is an account of this name."""
        try:
            await self._staff.insert_one(to_document(staff))
        except DuplicateKeyError:
            return False
        return True

    async def get(self, staff: UUID) -> Staff | None:
        return if_found(await self._staff.find_one({"_id": staff}), Staff)

    async def names(self, staff: Collection[UUID], /) -> Mapping[UUID, str]:
        """How colleagues see those of these ids who have an account, disabled or not."""
        found = self._staff.find({"_id": {"$in": list(staff)}}, {"name": 1})
        return {document["_id"]: document["name"] async for document in found}

    async def by_name(self, folded: str) -> Staff | None:
        return if_found(await self._staff.find_one({"folded": folded}), Staff)

    async def disable(self, folded: str, at: datetime) -> Staff | None:
        """The account, which now opens nothing; none if there is none of this name."""
        found = await self._staff.find_one_and_update(
            {"folded": folded},
            {"$set": {"disabled_at": at}},
            return_document=ReturnDocument.AFTER,
        )
        return if_found(found, Staff)

    async def with_role(self, role: Role, agency: str | None, limit: int) -> list[UUID]:
        """Who has a role in an agency (or at all), the longest there first."""
        query: Document = {"roles": role.value, "disabled_at": None}
        if agency is not None:
            query["agencies"] = agency
        found = self._staff.find(query, {"_id": 1}).sort("_id", ASCENDING).limit(limit)
        return [document["_id"] async for document in found]

    async def use_step(self, staff: UUID, step: int) -> bool:
        """Note the time step of a one-time code. False if it, or a later one, was used before."""
        done = await self._staff.update_one(
            {"_id": staff, "$or": [{"totp_step": None}, {"totp_step": {"$lt": step}}]},
            {"$set": {"totp_step": step}},
        )
        return done.modified_count == 1


class SessionStore:
    def __init__(self, database: Database) -> None:
        self._sessions = database[SESSIONS]

    async def add(self, session: Session) -> None:
        await self._sessions.insert_one(to_document(session))

    async def by_token(self, token_hash: bytes) -> Session | None:
        return if_found(await self._sessions.find_one({"token_hash": token_hash}), Session)

    async def end(self, token_hash: bytes) -> None:
        await self._sessions.delete_one({"token_hash": token_hash})

    async def end_all(self, staff: UUID) -> None:
        await self._sessions.delete_many({"staff": staff})
