"""The floor: what the framework and the driver do together with nothing of ours between.

`python -m tests.benchmarks.bare` serves an app as small as an app can be, on the settings' host and
port, under Granian as `smartcity serve` has it.
"""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, Final
from uuid import UUID

import msgspec
from granian import Granian
from granian.constants import Interfaces, Loops
from litestar import Litestar, Request, Response, get, post
from litestar.datastructures import State
from litestar.params import FromPath, JSONBody

from smartcity.identifiers import new_code, new_id
from smartcity.reports.requests import NewReport
from smartcity.settings import load_settings
from smartcity.storage.mongo import Document, connect

BARE: Final = "bare"
"""The floor's own collection: no index but that of the ids, and in it a document to copy."""

TILE: Final = bytes(20_000)

BareRequest = Request[Any, Any, State]


class Answer(msgspec.Struct, frozen=True):
    """About as large as the receipt of a report."""

    id: UUID
    code: str
    status: str = "submitted"
    names: tuple[str, ...] = ("Ổ gà, mặt đường hư hỏng", "Sở Xây dựng", "Phường Cống Vị")
    times: tuple[str, ...] = ("2026-07-29T08:00:00Z",) * 4


def copy_of(template: Document) -> Document:
    """A document that differs from the template only in what must differ."""
    return {**template, "_id": new_id(), "code": new_code()}


def step_of(template: Document) -> Document:
    """An update as large as that of a lifecycle step."""
    return {
        "$set": {"status": "received", "updated_at": template["updated_at"]},
        "$inc": {"version": 1},
        "$push": {"timeline": template["timeline"][0], "outbox": template["outbox"][0]},
    }


@get("/answer")
async def answer() -> Answer:
    return Answer(new_id(), "K7M2-9QXR-4TB")


@post("/answer")
async def take(data: JSONBody[NewReport]) -> Answer:
    return Answer(new_id(), data.category)


@get("/tile", media_type="application/vnd.mapbox-vector-tile")
async def tile() -> Response[bytes]:
    return Response(TILE)


@post("/documents")
async def insert(request: BareRequest, data: JSONBody[NewReport]) -> Answer:
    document = copy_of(request.app.state.template)
    await request.app.state.documents.insert_one(document)
    return Answer(document["_id"], data.category)


@post("/documents/{document_id:uuid}")
async def change(request: BareRequest, document_id: FromPath[UUID]) -> Answer:
    state = request.app.state
    found = await state.documents.find_one({"_id": document_id})
    await state.documents.update_one({"_id": document_id}, step_of(state.template))
    return Answer(document_id, found["code"])


@get("/documents/{document_id:uuid}")
async def read(request: BareRequest, document_id: FromPath[UUID]) -> Answer:
    found = await request.app.state.documents.find_one({"_id": document_id})
    return Answer(document_id, found["code"])


def application() -> Litestar:
    settings = load_settings()

    @asynccontextmanager
    async def connected(app: Litestar) -> AsyncGenerator[None]:
        client, database = connect(
            settings.mongo_uri, settings.mongo_database, timeout_s=10, pool=settings.mongo_pool
        )
        async with client:
            app.state.documents = database[BARE]
            app.state.template = await database[BARE].find_one()
            yield

    return Litestar(
        [answer, take, tile, insert, change, read],
        lifespan=[connected],
        openapi_config=None,
        logging_config=None,
    )


def main() -> None:
    settings = load_settings()
    Granian(
        "tests.benchmarks.bare:application",
        factory=True,
        interface=Interfaces.ASGI,
        address=settings.host,
        port=settings.port,
        workers=settings.workers,
        loop=Loops.uvloop,
        websockets=False,
        log_enabled=False,
    ).serve()


if __name__ == "__main__":
    main()
