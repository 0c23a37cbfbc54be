"""Every operation × every role, asked over HTTP: the answer is what the table says."""

import asyncio
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID, uuid4

import pytest
from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute
from litestar.types import HTTPReceiveMessage, Message

from api.permissions import PERMISSIONS, SCOPES
from smartcity.clock import now
from smartcity.identifiers import new_id
from smartcity.identity.citizens.model import Citizen
from smartcity.identity.citizens.store import CitizenStore
from smartcity.identity.devices.store import DeviceStore
from smartcity.identity.keys.service import KeyService
from smartcity.identity.keys.store import KeyStore
from smartcity.identity.roles import STAFF, Assurance, Role
from smartcity.identity.roles import Scope as KeyScope
from smartcity.identity.staff.rules import OF_AN_AGENCY
from tests.api.town import Town

pytestmark = pytest.mark.anyio

Tokens = Mapping[Role | KeyScope, str | None]
Operation = tuple[str | None, str, str]
"""Its id, its method and an address that it answers."""

CALLERS = sorted(frozenset(Role) - {Role.CLOCK})
SAMPLES = {UUID: str(uuid4()), int: "0", str: "sample"}
"""What stands in an address for a parameter of each type."""

ENDING = ("LogOut", "UnlinkAccount")
"""What leaves the caller without a token."""

LITESTARS_OWN = "/schema"
"""Pages of the framework that cannot be left out; they have no id."""


@pytest.fixture(scope="module")
async def tokens(hanoi_town: Town) -> Tokens:
    """One credential for each role; a machine's for each scope too."""
    device = (await hanoi_town.device()).token
    agency = next(iter(hanoi_town.city.agencies))
    found: dict[Role | KeyScope, str | None] = {
        Role.ANYONE: None,
        Role.DEVICE: device,
        Role.CITIZEN: await citizen(hanoi_town),
        Role.NEWCOMER: await newcomer(hanoi_town),
    }
    for role in STAFF:
        agencies = [agency] if role in OF_AN_AGENCY else []
        found[role] = (await hanoi_town.staff(role, agencies=agencies)).token
    keys = KeyService(KeyStore(hanoi_town.database))
    found[Role.MACHINE] = await keys.add("every scope", KeyScope)
    for scope in KeyScope:
        found[scope] = await keys.add(f"only {scope}", [scope])
    return found


async def citizen(town: Town) -> str:
    """The token of a device that is linked to an account."""
    given = {"platform": "android", "language": "vi"}
    device = (await town.http.post("/v1/devices", json=given)).json()
    account, store = new_id(), CitizenStore(town.database)
    await store.get_or_add(
        Citizen(
            id=account,
            issuer="city-id",
            identity=account.bytes,
            assurance=Assurance.ACCOUNT,
            created_at=now(),
        )
    )
    assert await DeviceStore(town.database).join(UUID(device["id"]), account)
    return device["token"]


async def newcomer(town: Town) -> str:
    """The token of a session that was begun with a temporary password."""
    admin = await town.staff("admin")
    new = {"username": "newcomer", "roles": ["dispatcher"]}
    added = (await admin.ask("POST", "/v1/staff", json=new)).json()
    given = {"username": "newcomer", "password": added["temporary_password"]["password"]}
    answer = await town.http.post("/v1/sessions", json=given)
    town.http.cookies.clear()
    return answer.json()["token"]


@pytest.mark.parametrize("role", CALLERS)
async def test_a_role_is_refused_exactly_where_the_table_says(
    role: Role, hanoi_town: Town, tokens: Tokens
) -> None:
    refusal = 401 if role is Role.ANYONE else 403
    wrong: list[str] = []
    in_turn = sorted(operations(hanoi_town.app), key=lambda one: ends_the_token(one, role))
    for name, method, path in in_turn:
        allowed = name is not None and role in PERMISSIONS.get(name, ())
        erases = allowed and name == "EraseMe"  # a device that nothing else is tried with
        token = (await hanoi_town.device()).token if erases else tokens[role]
        status = await status_of(hanoi_town.app, method, path, token)
        if status in {401, 403} if allowed else status != refusal:
            wrong.append(f"{name} ({method} {path}): {status}")
    assert wrong == []


async def test_a_key_opens_only_what_its_scopes_name(hanoi_town: Town, tokens: Tokens) -> None:
    for name, method, path in operations(hanoi_town.app):
        if name is not None and name in SCOPES:
            for scope in KeyScope:
                status = await status_of(hanoi_town.app, method, path, tokens[scope])
                assert (status == 403) == (scope is not SCOPES[name]), (name, scope)


async def test_the_table_and_the_api_have_the_same_operations(hanoi_town: Town) -> None:
    found = list(operations(hanoi_town.app))
    assert {name for name, _, _ in found if name is not None} == PERMISSIONS.keys()
    nameless = {path for name, _, path in found if name is None}
    assert [path for path in nameless if not path.startswith(LITESTARS_OWN)] == []


async def test_an_unknown_token_opens_nothing_and_is_not_taken_for_nobodys(
    hanoi_town: Town,
) -> None:
    for name, method, path in operations(hanoi_town.app):
        for token in ("d_unknown", "s_unknown", "k_unknown", "unknown", ""):
            assert await status_of(hanoi_town.app, method, path, token) == 401, name


def operations(app: Litestar) -> Iterator[Operation]:
    """Everything that a request may reach."""
    return (
        (_name(handler), method, _address(route))
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for handler in route.route_handlers
        for method in handler.http_methods - {"OPTIONS"}
    )


def ends_the_token(operation: Operation, role: Role) -> bool:
    """Whether the caller has no token any more after it: so it comes last."""
    name, _, _ = operation
    return name in ENDING and role in PERMISSIONS[name]


def _name(handler: HTTPRouteHandler) -> str | None:
    return handler.operation_id if isinstance(handler.operation_id, str) else None


def _address(route: HTTPRoute) -> str:
    parts = (
        part if isinstance(part, str) else SAMPLES[part.type] for part in route.path_components
    )
    return "/" + "/".join(parts)


async def status_of(app: Litestar, method: str, path: str, token: str | None) -> int:
    """The status of an answer, of which no more is waited for: a stream has no end."""
    status: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    asked = iter([True])

    async def receive() -> HTTPReceiveMessage:
        if not next(asked, False):
            await asyncio.Event().wait()
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            status.set_result(message["status"])

    headers = [(b"content-type", b"application/json"), (b"content-length", b"0")]
    if token is not None:
        headers.append((b"authorization", f"Bearer {token}".encode()))
    scope: Any = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": headers,
        "client": ("127.0.0.1", 1),
        "server": ("town", 80),
    }
    answering = asyncio.ensure_future(app(scope, receive, send))
    await asyncio.wait({answering, status}, return_when=asyncio.FIRST_COMPLETED, timeout=10)
    answering.cancel()
    await asyncio.wait({answering})
    return status.result()
