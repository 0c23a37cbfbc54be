"""The floor: what the framework, the driver, and both of them do with nothing of ours between.

`python -m tests.benchmarks.bare` serves an app as small as an app can be, on the settings' host and
port, with Granian set up as `smartcity serve` does it.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Final
from uuid import UUID

import msgspec
from granian import Granian
from granian.constants import Interfaces, Loops
from granian.log import LogLevels
from litestar import Litestar, Response, get, post
from litestar.params import FromPath, JSONBody

from smartcity.identifiers import new_code, new_id
from smartcity.reports.requests import NewReport
from smartcity.settings import load_settings
from smartcity.storage.mongo import Database, Document, connect

BARE: Final = "bare"
"""The floor's own collection, with no index but that of the ids."""

READY: Final = "/ready"


class Receipt(msgspec.Struct, frozen=True):
    """An answer about as large as that of a submission."""

    id: UUID
    code: str
    secret: str = "K7M2QX"
    status: str = "submitted"
    names: tuple[str, ...] = ("Ổ gà, mặt đường hư hỏng", "Sở Xây dựng", "Phường Cống Vị")
    times: tuple[str, ...] = ("2026-07-29T08:00:00Z",) * 4


def fresh(template: Document) -> Document:
    """A document equal to the template but for what must differ."""
    return {**template, "_id": new_id(), "code": new_code()}


def step(template: Document) -> Document:
    """The update of one step: some fields and one entry more."""
    entry = template["timeline"][0]
    return {
        "$set": {"status": "received", "updated_at": template["updated_at"]},
        "$inc": {"version": 1},
        "$push": {"timeline": entry, "outbox": template["outbox"][0]},
    }


class Floor:
    """An app that answers, and one that writes and reads documents equal to the system's own."""

    def __init__(self, database: Database, template: Document) -> None:
        self._documents = database[BARE]
        self._template = template

    def app(self) -> Litestar:
        documents, template = self._documents, self._template

        @get(READY)
        async def answer() -> Receipt:
            return Receipt(new_id(), new_code())

        @get("/tile", media_type="application/vnd.mapbox-vector-tile")
        async def tile() -> Response[bytes]:
            return Response(bytes(20_000))

        @post("/answer")
        async def take(data: JSONBody[NewReport]) -> Receipt:
            return Receipt(new_id(), data.category)

        @post("/documents")
        async def insert(data: JSONBody[NewReport]) -> Receipt:
            document = fresh(template)
            await documents.insert_one(document)
            return Receipt(document["_id"], data.category)

        @post("/documents/{document_id:uuid}")
        async def change(document_id: FromPath[UUID]) -> Receipt:
            found = await documents.find_one({"_id": document_id})
            await documents.update_one({"_id": document_id}, step(template))
            assert found is not None
            return Receipt(document_id, found["code"])

        @get("/documents/{document_id:uuid}")
        async def read(document_id: FromPath[UUID]) -> Receipt:
            found = await documents.find_one({"_id": document_id})
            assert found is not None
            return Receipt(document_id, found["code"])
        return Litestar([answer, tile, take, insert, change, read], openapi_config=None, logging_config=None)
