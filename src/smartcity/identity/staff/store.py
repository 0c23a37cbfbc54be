"""Staff accounts, their sessions, and from where they logged in, in MongoDB."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from pymongo import ASCENDING, IndexModel, ReturnDocument
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import DuplicateKeyError

from smartcity.errors import Conflict, StaleVersion
from smartcity.identity.roles import Role
from smartcity.identity.staff.model import Session, Staff
from smartcity.storage.mongo import Database, Document, from_document, if_found, to_document
from smartcity.storage.transactions import in_transaction

STAFF: Final = "staff"
SESSIONS: Final = "sessions"
DOORS: Final = "staff_doors"
GUARDS: Final = "staff_guards"

LAST_ADMIN: Final = "last admin"
"""The document that everything touches which may leave the city without an administrator."""

INDEXES: Final[Mapping[str, Sequence[IndexModel]]] = {
    STAFF: [
        IndexModel([("folded", ASCENDING)], name="folded", unique=True),
        IndexModel(
            [("oidc", ASCENDING)],
            name="oidc",
            unique=True,
            partialFilterExpression={"oidc": {"$exists": True}},
        ),
        IndexModel([("agencies", ASCENDING)], name="agencies"),
        IndexModel([("roles", ASCENDING)], name="roles"),
    ],
    SESSIONS: [
        IndexModel([("token_hash", ASCENDING)], name="token", unique=True),
        IndexModel([("staff", ASCENDING)], name="staff"),
        IndexModel([("expires_at", ASCENDING)], name="retention", expireAfterSeconds=0),
    ],
    DOORS: [IndexModel([("until", ASCENDING)], name="retention", expireAfterSeconds=0)],
}


COLLEAGUES: Final = 1000
"""So many people of some agencies are named at the most."""


class StaffStore:
    def __init__(self, database: Database) -> None:
        self._staff = database[STAFF]
        self._guards = database[GUARDS]

    async def add(self, staff: Staff) -> bool:
        """False if there is an account of this name, or of this identity."""
        try:
            await self._staff.insert_one(to_document(staff))
        except DuplicateKeyError:
            return False
        return True

    async def get(self, staff: UUID) -> Staff | None:
        return if_found(await self._staff.find_one({"_id": staff}), Staff)

    async def several(self, staff: Collection[UUID]) -> list[Staff]:
        """Those of these ids who have an account that is not disabled."""
        found = self._staff.find({"_id": {"$in": list(staff)}, "disabled_at": None})
        return [from_document(document, Staff) async for document in found]

    async def names(self, staff: Collection[UUID], /) -> Mapping[UUID, str]:
        """How colleagues see those of these ids who have an account, disabled or not."""
        found = self._staff.find({"_id": {"$in": list(staff)}}, {"name": 1})
        return {document["_id"]: document["name"] async for document in found}

    async def at_work(self, staff: Collection[UUID], /) -> set[UUID]:
        """Those of these ids whose account is open."""
        if not staff:
            return set()
        query = {"_id": {"$in": list(staff)}, "disabled_at": None}
        return {document["_id"] async for document in self._staff.find(query, {"_id": 1})}

    async def by_name(self, folded: str) -> Staff | None:
        return if_found(await self._staff.find_one({"folded": folded}), Staff)

    async def by_identity(self, digest: bytes) -> Staff | None:
        return if_found(await self._staff.find_one({"oidc": digest}), Staff)

    async def page(
        self,
        after: UUID | None,
        limit: int,
        *,
        roles: frozenset[Role] | None = None,
        agencies: frozenset[str] | None = None,
        agency: str | None = None,
    ) -> list[Staff]:
        """Accounts in the order of their making, with no other roles and agencies than these."""
        query: Document = {} if after is None else {"_id": {"$gt": after}}
        narrowed: list[Document] = []
        if roles is not None:
            narrowed.append({"roles": {"$not": {"$elemMatch": {"$nin": sorted(roles)}}}})
        if agencies is not None:
            narrowed.append({"agencies": {"$in": sorted(agencies)}})
            narrowed.append({"agencies": {"$not": {"$elemMatch": {"$nin": sorted(agencies)}}}})
        if agency is not None:
            narrowed.append({"agencies": agency})
        if narrowed:
            query["$and"] = narrowed
        found = self._staff.find(query).sort("_id", ASCENDING).limit(limit)
        return [from_document(document, Staff) async for document in found]

    async def change(self, staff: Staff, fields: Mapping[str, Any]) -> Staff:
        """Set the fields of an account that is still as it was read; `None` for `oidc` removes it.

        Raises `StaleVersion` if it is not, `Conflict` if the identity is another account's.
        """
        return await self._change(staff, fields, None)

    async def change_but_not_last_admin(self, staff: Staff, fields: Mapping[str, Any]) -> Staff:
        """The same, and raises `Conflict` if it left the city without an administrator.

        Two who disable each other at once both write the guard, so one of them comes later.
        """

        async def write(session: AsyncClientSession) -> Staff:
            await self._guards.update_one(
                {"_id": LAST_ADMIN}, {"$inc": {"count": 1}}, upsert=True, session=session
            )
            changed = await self._change(staff, fields, session)
            left = {"roles": Role.ADMIN.value, "disabled_at": None}
            if await self._staff.count_documents(left, limit=1, session=session) == 0:
                raise Conflict(reason="last_admin")
            return changed

        return await in_transaction(self._staff.database, write)

    async def _change(
        self, staff: Staff, fields: Mapping[str, Any], session: AsyncClientSession | None
    ) -> Staff:
        update: Document = {"$set": dict(fields), "$inc": {"version": 1}}
        if "oidc" in fields and fields["oidc"] is None:
            update["$unset"] = {"oidc": update["$set"].pop("oidc")}
        if not update["$set"]:
            del update["$set"]
        try:
            found = await self._staff.find_one_and_update(
                {"_id": staff.id, "version": staff.version or {"$in": [0, None]}},
                update,
                return_document=ReturnDocument.AFTER,
                session=session,
            )
        except DuplicateKeyError:
            raise Conflict(reason="identity_taken") from None
        changed = if_found(found, Staff)
        if changed is None:
            raise StaleVersion
        return changed

    async def with_role(self, role: Role, agency: str | None, limit: int) -> list[UUID]:
        """Who has a role in an agency (or at all), the longest there first."""
        query: Document = {"roles": role.value, "disabled_at": None}
        if agency is not None:
            query["agencies"] = agency
        found = self._staff.find(query, {"_id": 1}).sort("_id", ASCENDING).limit(limit)
        return [document["_id"] async for document in found]

    async def of_agencies(self, agencies: Collection[str]) -> list[Staff]:
        """The accounts that were given one of these agencies and are not disabled."""
        query: Document = {"agencies": {"$in": list(agencies)}, "disabled_at": None}
        found = self._staff.find(query).limit(COLLEAGUES)
        return [from_document(document, Staff) async for document in found]

    async def use_step(self, staff: UUID, step: int) -> bool:
        """Note the time step of a one-time code. False if it, or a later one, was used before."""
        done = await self._staff.update_one(
            {"_id": staff, "$or": [{"totp_step": None}, {"totp_step": {"$lt": step}}]},
            {"$set": {"totp_step": step}},
        )
        return done.modified_count == 1

    async def use_recovery(self, staff: UUID, digest: bytes) -> bool:
        """Strike out a recovery code. False if it is not one that is left."""
        done = await self._staff.update_one(
            {"_id": staff, "recovery": digest}, {"$pull": {"recovery": digest}}
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

    async def end_all(self, staff: UUID, *, but: bytes | None = None) -> None:
        """All sessions of somebody, or all but the one of a token."""
        await self._sessions.delete_many({"staff": staff, "token_hash": {"$ne": but}})


class DoorStore:
    def __init__(self, database: Database) -> None:
        self._doors = database[DOORS]

    async def is_known(self, door: bytes, at: datetime) -> bool:
        return await self._doors.find_one({"_id": door, "until": {"$gt": at}}) is not None

    async def remember(self, door: bytes, until: datetime) -> None:
        await self._doors.update_one({"_id": door}, {"$set": {"until": until}}, upsert=True)
