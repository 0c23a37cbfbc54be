"""Attachments over HTTP: uploads in one piece and bit by bit, and what may be looked at."""

import asyncio
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import httpx
import pytest
from litestar import Litestar, Request
from litestar.di import Provide
from litestar.openapi import OpenAPIConfig

from api.citizen.attachments import AttachmentController, UploadController
from api.conditional import ConditionalRequests
from api.errors import Problems
from smartcity.attachments.examiner import Examiner
from smartcity.attachments.files import open_files
from smartcity.attachments.receiving import PART_BYTES
from smartcity.attachments.service import AttachmentService
from smartcity.attachments.store import AttachmentStore
from smartcity.audit.records import AuditRecords
from smartcity.audit.store import AuditRecordStore
from smartcity.city.model import City
from smartcity.identifiers import new_id
from smartcity.identity.attempts.service import Attempts
from smartcity.identity.personal import PersonalData
from smartcity.identity.roles import ANYONE, Actor, Role
from smartcity.identity.senders.service import Senders
from smartcity.identity.senders.store import RestrictionStore
from smartcity.reports.receipts import Receipts
from smartcity.reports.store import ReportStore
from smartcity.settings import load_settings
from smartcity.storage.mongo import Database
from tests.unit.sample_files import document, photo
from tests.unit.sample_reports import Reports

pytestmark = pytest.mark.anyio

UPLOAD_BYTES = 4_000_000
PHOTO = photo(orientation=6)
LONG = document() + b"%" + bytes(3 * PART_BYTES)


def caller(request: Request[Any, Any, Any]) -> Actor:
    """Who speaks, by a header that is only this test's."""
    name = request.headers.get("x-actor", "")
    role, _, actor = name.partition(" ")
    return Actor(roles=frozenset({Role(role)}), id=UUID(actor)) if actor else ANYONE


def device(role: Role = Role.DEVICE) -> dict[str, str]:
    return {"X-Actor": f"{role} {new_id()}"}


@pytest.fixture
def reports() -> Reports:
    return Reports()


@pytest.fixture
def app(database: Database, tmp_path: Path, hanoi: City, reports: Reports) -> Litestar:
    attachments = AttachmentService(
        AttachmentStore(database),
        open_files("", tmp_path),
        Examiner(pixels=50_000_000, zone=hanoi.zone),
        reports,
        upload_bytes=UPLOAD_BYTES,
        per_report=10,
    )
    senders = Senders(
        RestrictionStore(database),
        PersonalData(bytes(32)),
        AuditRecords(AuditRecordStore(database)),
        hanoi,
    )
    attempts = Attempts(database, load_settings({}, environment={}))
    receipts = Receipts(ReportStore(database), attempts, b"secret")
    return Litestar(
        [AttachmentController, UploadController],
        dependencies={
            "actor": Provide(caller, sync_to_thread=False),
            "attachments": Provide(lambda: attachments, sync_to_thread=False),
            "senders": Provide(lambda: senders, sync_to_thread=False),
            "receipts": Provide(lambda: receipts, sync_to_thread=False),
            "address": Provide(lambda: "127.0.0.1", sync_to_thread=False),
        },
        middleware=[ConditionalRequests()],
        exception_handlers=Problems(hanoi).handlers,
        request_max_body_size=100_000,
        openapi_config=OpenAPIConfig(title="Attachments", version="1"),
        logging_config=None,
    )


@pytest.fixture
async def api(app: Litestar) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(cast("Any", app))
    async with httpx.AsyncClient(transport=transport, base_url="http://city.example") as client:
        yield client


async def announced(api: httpx.AsyncClient, content: bytes, sender: dict[str, str]) -> str:
    body = {"sha256": sha256(content).hexdigest(), "bytes": len(content)}
    answer = await api.post("/v1/uploads", json=body, headers=sender)
    assert answer.status_code == 201
    assert answer.headers["Upload-Offset"] == "0"
    assert answer.headers["Upload-Complete"] == "?0"
    return answer.headers["Location"]


def at(offset: int, sender: dict[str, str]) -> dict[str, str]:
    return sender | {"Upload-Offset": str(offset)}


async def test_a_photo_is_uploaded_in_one_piece_and_looked_at(api: httpx.AsyncClient) -> None:
    sender = device() | {"Content-Type": "image/jpeg"}
    answer = await api.post("/v1/attachments", content=PHOTO, headers=sender)
    assert answer.status_code == 201
    taken = answer.json()
    assert taken["taken_at"] == "2026-03-04T01:15:30Z"
    assert taken["place"] == pytest.approx({"lat": 21.0285, "lon": 105.8542}, abs=1e-5)
    assert (taken["width"], taken["height"], taken["thumbnail"]) == (480, 640, True)
    assert (await api.post("/v1/attachments", content=PHOTO, headers=sender)).status_code == 200

    path = answer.headers["Location"]
    for shown in (path, f"{path}/thumbnail"):
        content = await api.get(shown, headers=sender)
        assert content.status_code == 200
        assert content.headers["Content-Type"] == "image/jpeg"
        assert content.headers["ETag"] == f'"{sha256(content.content).hexdigest()}"'
        assert content.headers["Content-Length"] == str(len(content.content))
        assert content.headers["Cache-Control"] == "private, no-cache"
        assert content.headers["X-Content-Type-Options"] == "nosniff"
        known = sender | {"If-None-Match": content.headers["ETag"]}
        again = await api.get(shown, headers=known)
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["ETag"] == content.headers["ETag"]


async def test_a_document_is_saved_and_never_shown_in_the_page(api: httpx.AsyncClient) -> None:
    sent, sender = document(), device()
    answer = await api.post("/v1/attachments", content=sent, headers=sender)
    assert answer.json()["kind"] == "document"
    content = await api.get(answer.headers["Location"], headers=sender)
    assert content.content == sent
    assert content.headers["Content-Type"] == "application/pdf"
    name = answer.json()["id"]
    assert content.headers["Content-Disposition"] == f'attachment; filename="{name}.pdf"'


@pytest.mark.parametrize(
    ("content", "status", "code", "reason"),
    [
        (b"GIF89a" + bytes(100), 415, "unsupported_media", "media_type"),
        (b"", 415, "unsupported_media", "media_type"),
        (PHOTO[:900], 400, "invalid", "unreadable"),
        (document(catalog=b"/OpenAction <</S /Launch>>"), 415, "unsupported_media", "active"),
    ],
)
async def test_a_file_that_may_not_be_kept_gets_a_problem(
    api: httpx.AsyncClient, content: bytes, status: int, code: str, reason: str
) -> None:
    lying = device() | {"Content-Type": "image/jpeg"}
    answer = await api.post("/v1/attachments", content=content, headers=lying)
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == code
    assert answer.json()["fields"] == [{"path": "body", "reason": reason}]


async def test_a_body_over_the_limit_is_told_the_limit(api: httpx.AsyncClient) -> None:
    content = bytes(UPLOAD_BYTES + 1)
    answer = await api.post("/v1/attachments", content=content, headers=device())
    assert (answer.status_code, answer.json()["limit"]) == (413, UPLOAD_BYTES)


async def test_an_upload_goes_on_bit_by_bit(api: httpx.AsyncClient) -> None:
    sender = device()
    path = await announced(api, LONG, sender)
    first = await api.patch(path, content=LONG[:1_500_000], headers=at(0, sender))
    assert first.status_code == 200
    assert first.json()["state"] == "receiving"
    assert first.headers["Upload-Offset"] == "1500000"

    wrong = await api.patch(path, content=LONG, headers=at(0, sender))
    assert (wrong.status_code, wrong.json()["code"]) == (409, "wrong_offset")
    assert wrong.json()["offset"] == 1_500_000
    seen = await api.get(path, headers=sender)
    assert (seen.json()["offset"], seen.headers["Cache-Control"]) == (1_500_000, "no-store")

    last = await api.patch(path, content=LONG[1_500_000:], headers=at(1_500_000, sender))
    assert last.json()["state"] == "ready"
    assert last.json()["attachment"]["kind"] == "document"
    assert last.headers["Upload-Complete"] == "?1"
    again = await api.patch(path, content=b"", headers=at(len(LONG), sender))
    assert again.json() == last.json()
    shown = await api.get(path.replace("uploads", "attachments"), headers=sender)
    assert shown.content == LONG


async def test_what_came_before_the_connection_broke_is_kept(
    app: Litestar, api: httpx.AsyncClient
) -> None:
    sender = device()
    path = await announced(api, LONG, sender)
    arriving = asyncio.Queue[dict[str, Any]]()
    arriving.put_nowait({"type": "http.request", "body": LONG[:1_200_000], "more_body": True})
    arriving.put_nowait(
        {"type": "http.request", "body": LONG[1_200_000:1_300_000], "more_body": True}
    )
    arriving.put_nowait({"type": "http.disconnect"})

    async def answer(_: Any) -> None:
        return

    headers = [(k.lower().encode(), v.encode()) for k, v in at(0, sender).items()]
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "PATCH",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": headers,
        "client": ("127.0.0.1", 1),
        "server": ("city.example", 80),
    }
    await app(cast("Any", scope), cast("Any", arriving.get), cast("Any", answer))
    assert (await api.get(path, headers=sender)).json()["offset"] == 1_300_000


async def test_an_announcement_that_makes_no_sense_is_refused(api: httpx.AsyncClient) -> None:
    good: dict[str, Any] = {"sha256": "0" * 64, "bytes": 10}
    for bad in ({"sha256": "X"}, {"bytes": 0}, {"bytes": -1}, {"name": "a.jpg"}):
        answer = await api.post("/v1/uploads", json=good | bad, headers=device())
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    for offset in ("-1", "one"):
        path = await announced(api, PHOTO, sender := device())
        answer = await api.patch(path, content=PHOTO, headers=sender | {"Upload-Offset": offset})
        assert answer.status_code == 400
    answer = await api.patch(path, content=PHOTO, headers=sender)
    assert answer.status_code == 400


async def test_a_stranger_sees_nothing_until_the_report_shows_it(
    api: httpx.AsyncClient, reports: Reports
) -> None:
    answer = await api.post("/v1/attachments", content=PHOTO, headers=device())
    path = answer.headers["Location"]
    for stranger in ({}, device()):
        assert (await api.get(path, headers=stranger)).status_code == 404
        assert (await api.get(f"{path}/thumbnail", headers=stranger)).status_code == 404
        upload = path.replace("attachments", "uploads")
        assert (await api.get(upload, headers=stranger)).status_code == 404
    assert (await api.get(path, headers=device(Role.HANDLER))).status_code == 404
    reports.public.add(UUID(answer.json()["id"]))
    assert (await api.get(path)).status_code == 200


async def test_the_document_tells_what_may_be_sent_and_what_comes_back(app: Litestar) -> None:
    paths = app.openapi_schema.to_schema()["paths"]
    sent = paths["/v1/attachments"]["post"]["requestBody"]["content"]
    assert set(sent) == {
        "image/jpeg",
        "image/png",
        "image/webp",
        "image/heic",
        "application/pdf",
        "application/octet-stream",
    }
    assert set(paths["/v1/attachments"]["post"]["responses"]) >= {"200", "201"}
    shown = paths["/v1/attachments/{attachment_id}"]["get"]["responses"]["200"]["content"]
    assert set(shown) == {"image/jpeg", "application/pdf"}
    appended = paths["/v1/uploads/{attachment_id}"]["patch"]
    assert set(appended["requestBody"]["content"]) == {"application/octet-stream"}
