"""Imported boundaries in the database: every version is kept, one is current."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

import msgspec
from pymongo import ASCENDING, IndexModel, ReplaceOne

from smartcity.clock import now
from smartcity.errors import NotFound
from smartcity.geography import shapes
from smartcity.geography.boundaries import Boundary
from smartcity.identifiers import digest_of
from smartcity.storage.mongo import Database, from_document, to_document

BOUNDARIES: Final = "boundaries"
VERSIONS: Final = "boundary_versions"

INDEXES: Final[Mapping[str, Sequence[IndexModel]]] = {
    BOUNDARIES: [
        IndexModel([("version", ASCENDING), ("code", ASCENDING)], name="version"),
    ],
}

CURRENT: Final = "current"
"""The id of the one document in `VERSIONS` that names the version in use."""


class UnitDocument(msgspec.Struct, frozen=True, kw_only=True):
    """One unit in one version: an area of its own, for a document holds 16 MB."""

    id: str = msgspec.field(name="_id")
    version: str
    code: str
    wkb: bytes


class VersionDocument(msgspec.Struct, frozen=True, kw_only=True):
    """One import. The one whose id is `CURRENT` is a copy of the one in use."""

    id: str = msgspec.field(name="_id")
    version: str
    source: str
    imported_at: datetime
    units: int


class BoundaryStore:
    """Boundaries by version."""

    def __init__(self, database: Database) -> None:
        self._boundaries = database[BOUNDARIES]
        self._versions = database[VERSIONS]

    async def save(self, boundaries: Sequence[Boundary], source: str) -> str:
        """Keep boundaries and make them the current ones; answers with their version.

        The version is a digest of the content: the same boundaries again are the same version, and
        an import that broke off is completed by repeating it. The switch comes last, in one write,
        so that nobody ever sees half an import.
        """
        encoded = {b.code: shapes.to_wkb(b.shape) for b in boundaries}
        parts = [part for code in sorted(encoded) for part in (code.encode(), encoded[code])]
        version = digest_of(*parts).hex()
        units = [
            UnitDocument(id=f"{version}:{code}", version=version, code=code, wkb=wkb)
            for code, wkb in encoded.items()
        ]
        await self._boundaries.bulk_write(
            [ReplaceOne({"_id": unit.id}, to_document(unit), upsert=True) for unit in units],
            ordered=False,
        )
        for key in (version, CURRENT):
            made = VersionDocument(
                id=key, version=version, source=source, imported_at=now(), units=len(units)
            )
            await self._versions.replace_one({"_id": key}, to_document(made), upsert=True)
        return version

    async def current_version(self) -> str | None:
        """The version in use; none before the first import."""
        found = await self._versions.find_one({"_id": CURRENT}, {"version": 1})
        return None if found is None else found["version"]

    async def load(self, version: str) -> list[Boundary]:
        """The boundaries of a version, by code. Raises `NotFound` if there is no such."""
        cursor = self._boundaries.find({"version": version}).sort("code", ASCENDING)
        units = [from_document(document, UnitDocument) async for document in cursor]
        if not units:
            raise NotFound(version=version)
        return [Boundary(unit.code, shapes.from_wkb(unit.wkb)) for unit in units]
