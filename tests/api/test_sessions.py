from typing import Any

import pytest
from litestar import Litestar

from smartcity.storage.mongo import Database
from tests.api.identity_app import bearer, client, identity_app
from tests.unit.identity_parts import PASSWORD, Identity

pytestmark = pytest.mark.anyio

LAN = {"username": "lan", "password": PASSWORD}


async def app_with_lan(database: Database, **options: Any) -> Litestar:
    identity = Identity(database, **options)
    await identity.staff.add("lan", PASSWORD, ["supervisor"], ["roads"], name="Nguyễn Thị Lan")
    return identity_app(identity)


async def test_staff_log_in_and_are_told_who_they_are(database: Database):
    async with client(await app_with_lan(database)) as http:
        answer = await http.post("/v1/sessions", json=LAN)
        assert answer.status_code == 201
        session = answer.json()
        token = session.pop("token")
        assert session.pop("expires_at")
        assert session.pop("id")
        assert session == {
            "username": "lan",
            "name": "Nguyễn Thị Lan",
            "roles": ["supervisor"],
            "agencies": ["bridges", "roads"],
            "demands": [],
            "totp": False,
            "recovery_codes": 0,
        }
        assert (await http.get("/v1/agency/queue", headers=bearer(token))).status_code == 200


async def test_a_browser_needs_the_cookie_only(database: Database):
    async with client(await app_with_lan(database)) as http:
        answer = await http.post("/v1/sessions", json=LAN)
        assert "HttpOnly" in answer.headers["set-cookie"]
        current = await http.get("/v1/sessions/current")
    assert current.json() == {key: v for key, v in answer.json().items() if key != "token"}


async def test_who_logs_out_is_out_at_once(database: Database):
    async with client(await app_with_lan(database)) as http:
        token = (await http.post("/v1/sessions", json=LAN)).json()["token"]
        http.cookies.clear()
        assert (await http.get("/v1/sessions/current", headers=bearer(token))).status_code == 200
        answer = await http.delete("/v1/sessions/current", headers=bearer(token))
        assert answer.status_code == 204
        assert "Max-Age=0" in answer.headers["set-cookie"]
        assert (await http.get("/v1/sessions/current", headers=bearer(token))).status_code == 401


@pytest.mark.parametrize("wrong", [{"password": "wrong horse battery"}, {"username": "nobody"}])
async def test_a_failed_log_in_does_not_say_why(database: Database, wrong: dict[str, str]):
    async with client(await app_with_lan(database)) as http:
        answer = await http.post("/v1/sessions", json={**LAN, **wrong})
    assert answer.status_code == 401
    assert answer.json()["code"] == "wrong_credentials"
    assert "fields" not in answer.json()
    assert "set-cookie" not in answer.headers


async def test_failures_lock_the_account_for_that_address_only(database: Database):
    app = await app_with_lan(database, limit_logins="2/hour")
    async with client(app, "203.0.113.7") as thief, client(app, "198.51.100.1") as lan:
        for status in (401, 401, 429):
            answer = await thief.post("/v1/sessions", json={**LAN, "password": "wrong"})
            assert answer.status_code == status
        assert 3500 < int(answer.headers["retry-after"]) <= 3600
        assert (await lan.post("/v1/sessions", json=LAN)).status_code == 201


async def test_a_device_has_no_session(database: Database):
    async with client(await app_with_lan(database)) as http:
        device = await http.post("/v1/devices", json={"platform": "ios", "language": "vi"})
        answer = await http.get("/v1/sessions/current", headers=bearer(device.json()["token"]))
    assert answer.status_code == 403


async def test_no_other_site_logs_anybody_in(database: Database):
    async with client(await app_with_lan(database)) as http:
        answer = await http.post(
            "/v1/sessions", json=LAN, headers={"Origin": "https://evil.example"}
        )
    assert answer.status_code == 403
