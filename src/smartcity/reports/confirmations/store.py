"""Confirmations in MongoDB: one document for each report and person."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from typing import Final
from uuid import UUID

from pymongo import ASCENDING, IndexModel
from pymongo.asynchronous.client_session import AsyncClientSession

from smartcity.identifiers import new_id
from smartcity.reports.confirmations.model import Confirmation
from smartcity.storage.mongo import Database, Document, from_document, to_document
from smartcity.storage.transactions import in_transaction

CONFIRMATIONS: Final = "confirmations"

UNLINKED_AT_ONCE: Final = 1000

INDEXES: Final[Mapping[str, Sequence[IndexModel]]] = {
    CONFIRMATIONS: [
        IndexModel([("_id.report", ASCENDING), ("_id.person", ASCENDING)], name="of_report"),
        IndexModel([("_id.person", ASCENDING)], name="of_person"),
    ]
}


class ConfirmationStore:
    def __init__(self, database: Database) -> None:
        self._confirmations = database[CONFIRMATIONS]

    async def add(self, confirmation: Confirmation) -> None:
        """Idempotent: one that is there keeps its time."""
        document = to_document(confirmation)
        await self._confirmations.update_one(
            {"_id": document.pop("_id")}, {"$setOnInsert": document}, upsert=True
        )

    async def of(self, persons: Collection[UUID], limit: int) -> list[Confirmation]:
        found = self._confirmations.find({"_id.person": {"$in": list(persons)}}).limit(limit)
        return [from_document(document, Confirmation) async for document in found]

    async def persons(
        self, reports: Collection[UUID], chunk: int
    ) -> AsyncIterator[tuple[UUID, Sequence[UUID]]]:
        """Report by report, up to `chunk` of those who confirmed it at a time; not those of whom it
        was forgotten.
        """
        known = {"_id.report": {"$in": list(reports)}, "at": {"$exists": True}}
        current: UUID | None = None
        gathered: list[UUID] = []
        async for document in self._confirmations.find(known, {"_id": 1}).sort("_id.report"):
            report = document["_id"]["report"]
            if current is not None and (report != current or len(gathered) == chunk):
                yield current, gathered
                gathered = []
            current = report
            gathered.append(document["_id"]["person"])
        if current is not None:
            yield current, gathered

    async def remove(self, persons: Collection[UUID]) -> None:
        """Everything that they confirmed; it counts no more. Idempotent."""
        await self._confirmations.delete_many({"_id.person": {"$in": list(persons)}})

    async def unlink(self, reports: Collection[UUID]) -> None:
        """Forget who confirmed these reports and when, but not how many: what is left of each has
        no time, and the id of nobody. Who confirmed two that are merged counts twice from then on.
        """
        linked: Document = {"_id.report": {"$in": list(reports)}, "at": {"$exists": True}}

        async def write(session: AsyncClientSession) -> None:
            found = self._confirmations.find(linked, {"_id": 1}, session=session)
            known = [document["_id"] async for document in found.limit(UNLINKED_AT_ONCE)]
            if known:
                nobodys = [{"_id": one | {"person": new_id()}} for one in known]
                await self._confirmations.insert_many(nobodys, session=session)
                await self._confirmations.delete_many({"_id": {"$in": known}}, session=session)

        while await self._confirmations.find_one(linked, {"_id": 1}):
            await in_transaction(self._confirmations.database, write)

    async def withdraw(self, reports: Collection[UUID], persons: Collection[UUID]) -> None:
        await self._confirmations.delete_many(
            {"_id.report": {"$in": list(reports)}, "_id.person": {"$in": list(persons)}}
        )

    async def count(self, groups: Mapping[UUID, Collection[UUID]]) -> Mapping[UUID, int]:
        """How many people confirmed the reports of each group, each person once in a group.
        Answered from an index, and for groups of one report without telling persons apart.
        """
        alone = [name for name, reports in groups.items() if set(reports) == {name}]
        several = {name: groups[name] for name in groups.keys() - set(alone)}
        return await self._count_alone(alone) | await self._count_groups(several)

    async def _count_alone(self, reports: Collection[UUID]) -> dict[UUID, int]:
        """A person confirms one report only once."""
        if not reports:
            return {}
        found = await self._confirmations.aggregate(
            [
                {"$match": {"_id.report": {"$in": list(reports)}}},
                {"$group": {"_id": "$_id.report", "count": {"$sum": 1}}},
            ]
        )
        return {document["_id"]: document["count"] async for document in found}

    async def _count_groups(self, groups: Mapping[UUID, Collection[UUID]]) -> dict[UUID, int]:
        every = [report for reports in groups.values() for report in reports]
        if not every:
            return {}
        of: list[Document] = [
            {"$cond": [{"$in": ["$_id.report", list(reports)]}, [name], []]}
            for name, reports in groups.items()
        ]
        found = await self._confirmations.aggregate(
            [
                {"$match": {"_id.report": {"$in": every}}},
                {"$project": {"person": "$_id.person", "group": {"$concatArrays": of}}},
                {"$unwind": "$group"},
                {"$group": {"_id": {"group": "$group", "person": "$person"}}},
                {"$group": {"_id": "$_id.group", "count": {"$sum": 1}}},
            ]
        )
        return {document["_id"]: document["count"] async for document in found}
