"""Attachments in MongoDB: one document each. Every change asks in its filter for what it relies on,
so that of two at once one finds nothing to change.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from pymongo import ASCENDING, DESCENDING, IndexModel, ReturnDocument, UpdateMany
from pymongo.errors import DuplicateKeyError

from smartcity.attachments.images import Place
from smartcity.attachments.media import Refusal
from smartcity.attachments.model import UNFINISHED, Attachment, Content, Standing, State
from smartcity.storage.mongo import Database, Document, from_document, if_found, to_document

ATTACHMENTS: Final = "attachments"

INDEXES: Final[Mapping[str, Sequence[IndexModel]]] = {
    ATTACHMENTS: [
        IndexModel(
            [("owner", ASCENDING), ("sha256", ASCENDING)],
            name="loose",
            unique=True,
            partialFilterExpression={"standing": Standing.LOOSE.value},
        ),
        IndexModel([("owner", ASCENDING), ("sha256", ASCENDING), ("_id", DESCENDING)], name="same"),
        IndexModel(
            [("standing", ASCENDING), ("state", ASCENDING), ("created_at", ASCENDING)],
            name="sweep",
        ),
    ],
}

SAME_FILE: Final = 50
"""How many times one owner may have sent one file, as far as we look back."""

OPEN: Final = [state.value for state in UNFINISHED]
LIVING: Final = [standing.value for standing in Standing if standing is not Standing.DOOMED]
NOT_DOOMED: Final = {"$ne": Standing.DOOMED.value}


class AttachmentStore:
    """Reads and writes attachments."""

    def __init__(self, database: Database) -> None:
        self._attachments = database[ATTACHMENTS]

    # --- reading ---------------------------------------------------------------------------------

    async def get(self, attachment: UUID) -> Attachment | None:
        found = await self._attachments.find_one({"_id": attachment, "standing": NOT_DOOMED})
        return if_found(found, Attachment)

    async def several(self, attachments: Collection[UUID]) -> dict[UUID, Attachment]:
        """Those of these attachments that there are, by id."""
        found = await self._find({"_id": {"$in": list(attachments)}, "standing": NOT_DOOMED})
        return {attachment.id: attachment for attachment in found}

    async def same_file(self, owner: UUID, sha256: bytes) -> list[Attachment]:
        """An owner's attachments with this content, the latest first."""
        return await self._find(
            {"owner": owner, "sha256": sha256, "standing": NOT_DOOMED},
            sort={"_id": -1},
            limit=SAME_FILE,
        )

    async def of_owners(self, owners: Collection[UUID], limit: int) -> list[Attachment]:
        """What these persons sent, in a report or in none."""
        theirs: Document = {"owner": {"$in": list(owners)}, "standing": NOT_DOOMED}
        return await self._find(theirs, limit=limit)

    async def count_loose(self, owner: UUID, limit: int) -> int:
        """How many attachments of an owner are in no report, counted up to a limit."""
        return await self._attachments.count_documents(
            {"owner": owner, "standing": Standing.LOOSE.value}, limit=limit
        )

    # --- an upload's way -------------------------------------------------------------------------

    async def add(self, attachment: Attachment) -> bool:
        """Write a fresh one; false if the owner has the same file in no report already."""
        try:
            await self._attachments.insert_one(to_document(attachment))
        except DuplicateKeyError:
            return False
        return True

    async def append(self, seen: Attachment, part: str, size_bytes: int) -> Attachment | None:
        """Note a part that was written behind what was seen; none if another came first."""
        return await self._advance(
            seen,
            {
                "$set": {"state": State.RECEIVING.value},
                "$inc": {"received": size_bytes},
                "$push": {"parts": part},
            },
        )

    async def restart(self, seen: Attachment) -> None:
        """Forget what has arrived."""
        await self._advance(
            seen, {"$set": {"state": State.ANNOUNCED.value, "received": 0, "parts": []}}
        )

    async def refuse(self, seen: Attachment, refusal: Refusal) -> None:
        """End an upload whose file may not be kept."""
        await self._advance(
            seen,
            {"$set": {"state": State.REFUSED.value, "refusal": refusal.value, "parts": []}},
        )

    async def finish(
        self,
        seen: Attachment,
        content: Content,
        thumbnail: Content | None,
        taken_at: datetime | None,
        place: Place | None,
    ) -> None:
        """Make an upload ready. Whoever does so first has done it for all.

        A refusal gives way: the same file was examined again, and by then there was the memory.
        """
        await self._attachments.update_one(
            {"_id": seen.id, "state": {"$ne": State.READY.value}, "standing": NOT_DOOMED},
            {
                "$set": {
                    "state": State.READY.value,
                    "received": seen.size_bytes,
                    "parts": [],
                    "refusal": None,
                    "content": to_document(content),
                    "thumbnail": thumbnail and to_document(thumbnail),
                    "taken_at": taken_at,
                    "place": place and to_document(place),
                }
            },
        )

    async def _advance(self, seen: Attachment, change: Document) -> Attachment | None:
        """Change an unfinished upload if nothing has come or gone since it was seen."""
        found = await self._attachments.find_one_and_update(
            {
                "_id": seen.id,
                "state": {"$in": OPEN},
                "standing": NOT_DOOMED,
                "parts": list(seen.parts),
            },
            change,
            return_document=ReturnDocument.AFTER,
        )
        return if_found(found, Attachment)

    # --- its tie to a report ---------------------------------------------------------------------

    async def claim(self, attachments: Collection[UUID], owner: UUID, report: UUID) -> int:
        """Tie an owner's attachments to a report; how many are tied to it now."""
        mine = {"_id": {"$in": list(attachments)}, "owner": owner}
        await self._attachments.update_many(
            {**mine, "standing": {"$in": [Standing.LOOSE.value, Standing.CLAIMED.value]}},
            {"$set": {"standing": Standing.CLAIMED.value, "report": report}},
        )
        return await self._attachments.count_documents(
            {**mine, "report": report, "standing": NOT_DOOMED}
        )

    async def keep(self, attachment: UUID, report: UUID) -> None:
        """A written report holds it."""
        await self._attachments.update_one(
            {"_id": attachment, "standing": NOT_DOOMED},
            {"$set": {"standing": Standing.KEPT.value, "report": report}},
        )

    async def give_away(self, given: Mapping[tuple[UUID, UUID], Collection[UUID]]) -> None:
        """Of each (owner, nobody), let these be nobody's which are the owner's. Idempotent."""
        if given:
            await self._attachments.bulk_write(
                [
                    UpdateMany({"_id": {"$in": list(files)}, "owner": owner}, _owned(nobody))
                    for (owner, nobody), files in given.items()
                ],
                ordered=False,
            )

    async def doom(self, seen: Attachment) -> None:
        """Begin to remove one, unless a report has claimed it since it was seen."""
        await self._attachments.update_one(
            {"_id": seen.id, "standing": seen.standing.value, "report": seen.report},
            {"$set": {"standing": Standing.DOOMED.value}},
        )

    async def delete(self, attachment: UUID) -> None:
        await self._attachments.delete_one({"_id": attachment})

    # --- sweeping --------------------------------------------------------------------------------

    async def unkept(
        self, *, unfinished_before: datetime, before: datetime, limit: int
    ) -> list[Attachment]:
        """The oldest that no report was seen to hold, of before a time or, unfinished, another."""
        return await self._find(
            {
                "standing": {"$in": [Standing.LOOSE.value, Standing.CLAIMED.value]},
                "$or": [
                    {"created_at": {"$lt": before}},
                    {"state": {"$in": OPEN}, "created_at": {"$lt": unfinished_before}},
                ],
            },
            sort={"created_at": 1},
            limit=limit,
        )

    async def doomed(self, limit: int) -> list[Attachment]:
        return await self._find({"standing": Standing.DOOMED.value}, limit=limit)

    async def arrived(self, *, before: datetime, limit: int) -> list[Attachment]:
        """Uploads that are complete and were never examined: their process died."""
        return await self._find(
            {
                "standing": {"$in": LIVING},
                "state": State.RECEIVING.value,
                "created_at": {"$lt": before},
                "$expr": {"$eq": ["$received", "$size_bytes"]},
            },
            limit=limit,
        )

    async def abandoned(self, *, before: datetime, limit: int) -> list[Attachment]:
        """Uploads that a report waits for since before a time."""
        return await self._find(
            {
                "standing": Standing.KEPT.value,
                "state": {"$in": OPEN},
                "created_at": {"$lt": before},
            },
            limit=limit,
        )

    async def _find(
        self, condition: Document, *, sort: Mapping[str, Any] | None = None, limit: int = 0
    ) -> list[Attachment]:
        found = self._attachments.find(condition, sort=sort, limit=limit)
        return [from_document(document, Attachment) async for document in found]


def _owned(owner: UUID) -> Document:
    return {"$set": {"owner": owner}}
