from typing import Any

import httpx
import pytest

from smartcity.storage.mongo import Database
from tests.api.identity_app import bearer, client, identity_app
from tests.unit.identity_parts import Identity

pytestmark = pytest.mark.anyio

PHONE = {"platform": "android", "language": "vi", "push": {"kind": "fid", "value": "f-1"}}
BROWSER = {"platform": "web", "language": "en"}


def app(database: Database, **options: Any):
    return identity_app(Identity(database, **options))


async def registered(http: httpx.AsyncClient) -> str:
    return (await http.post("/v1/devices", json=PHONE)).json()["token"]


async def test_a_phone_registers_and_is_known_by_its_token(database: Database):
    async with client(app(database)) as http:
        answer = await http.post("/v1/devices", json=PHONE)
        assert answer.status_code == 201
        assert answer.json().keys() == {"id", "token"}
        assert "set-cookie" not in answer.headers
        me = await http.get("/v1/devices/me", headers=bearer(answer.json()["token"]))
        shown = me.json()
        assert shown.pop("created_at")
        assert shown == {"id": answer.json()["id"], **PHONE}


async def test_a_browser_gets_a_cookie_that_scripts_cannot_read(database: Database):
    async with client(app(database, public_url="https://city.example")) as http:
        answer = await http.post("/v1/devices", json=BROWSER)
        cookie = answer.headers["set-cookie"]
        for part in ("smartcity=d_", "HttpOnly", "SameSite=lax", "Secure", "Path=/", "Max-Age="):
            assert part in cookie


async def test_a_browser_is_known_by_its_cookie(database: Database):
    async with client(app(database)) as http:
        answer = await http.post("/v1/devices", json=BROWSER)
        assert "Secure" not in answer.headers["set-cookie"], "over http it would never come back"
        me = await http.get("/v1/devices/me")
        assert me.json()["id"] == answer.json()["id"]


async def test_a_device_changes_what_it_names_and_takes_away_with_null(database: Database):
    async with client(app(database)) as http:
        headers = bearer(await registered(http))
        change: dict[str, Any] = {
            "language": "en",
            "units": ["u2"],
            "categories": ["pothole", "roads"],
            "quiet_hours": {"from": "22:00", "to": "06:00:00"},
            "push": None,
        }
        answer = await http.patch("/v1/devices/me", json=change, headers=headers)
        assert answer.status_code == 200
        me = (await http.get("/v1/devices/me", headers=headers)).json()
        assert me == answer.json()
        assert me["quiet_hours"] == change["quiet_hours"]
        assert (me["language"], me["units"]) == ("en", ["u2"])
        assert me["categories"] == ["pothole", "roads"]
        assert "push" not in me


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"platform": "toaster", "language": "vi"}, "platform"),
        ({"platform": "ios", "language": "fr"}, "language"),
        ({"platform": "ios", "language": "vi", "push": {"kind": "fid", "value": ""}}, "push.value"),
        (PHONE | {"push": {"kind": "fid", "value": ".."}}, "push.value"),
        (PHONE | {"push": {"kind": "fid", "value": "x" * 4096}}, "push.value"),
        ({"platform": "ios", "language": "vi", "admin": True}, None),
    ],
)
async def test_a_wrong_registration_is_a_problem_and_makes_no_device(
    database: Database, body: dict[str, Any], path: str | None
):
    async with client(app(database)) as http:
        answer = await http.post("/v1/devices", json=body)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert path is None or path in [field["path"] for field in answer.json()["fields"]]
    assert await database["devices"].count_documents({}) == 0


async def test_a_unit_that_is_not_the_citys_is_named(database: Database):
    async with client(app(database)) as http:
        headers = bearer(await registered(http))
        answer = await http.patch("/v1/devices/me", json={"units": ["u9"]}, headers=headers)
    assert answer.status_code == 400
    assert [field["path"] for field in answer.json()["fields"]] == ["units.0"]


async def test_a_category_or_field_that_is_not_the_citys_is_named(database: Database):
    async with client(app(database)) as http:
        headers = bearer(await registered(http))
        wish = {"categories": ["pothole", "roads", "weather"]}
        answer = await http.patch("/v1/devices/me", json=wish, headers=headers)
        assert answer.status_code == 400
        assert [field["path"] for field in answer.json()["fields"]] == ["categories.2"]
        await http.patch("/v1/devices/me", json={"categories": ["roads", "roads"]}, headers=headers)
        me = (await http.get("/v1/devices/me", headers=headers)).json()
        assert me["categories"] == ["roads"]
        await http.patch("/v1/devices/me", json={"categories": []}, headers=headers)
        assert "categories" not in (await http.get("/v1/devices/me", headers=headers)).json()


@pytest.mark.parametrize("header", ["Bearer d_nonsense", "Bearer ", "Basic bGFuOng=", "nonsense"])
async def test_a_wrong_token_is_refused_even_where_none_is_needed(database: Database, header: str):
    async with client(app(database)) as http:
        assert (await http.get("/v1/city")).status_code == 200
        answer = await http.get("/v1/city", headers={"Authorization": header})
    assert answer.status_code == 401
    assert answer.json()["code"] == "unauthenticated"
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_without_a_token_one_has_to_sign_in_and_with_another_role_it_is_forbidden(
    database: Database,
):
    async with client(app(database)) as http:
        assert (await http.get("/v1/agency/queue")).status_code == 401
        headers = bearer(await registered(http))
        assert (await http.get("/v1/agency/queue", headers=headers)).status_code == 403


async def test_an_operation_that_is_not_in_the_table_is_refused_for_everybody(database: Database):
    async with client(app(database)) as http:
        assert (await http.get("/v1/forgotten")).status_code == 401
        headers = bearer(await registered(http))
        assert (await http.get("/v1/forgotten", headers=headers)).status_code == 403


async def test_anybody_may_ask_which_methods_there_are(database: Database):
    async with client(app(database)) as http:
        answer = await http.options("/v1/devices/me")
    assert answer.status_code == 204


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Origin": "http://city.example"}, 200),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://city.example"}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({}, 403),
    ],
)
async def test_a_change_by_cookie_needs_the_browsers_word_that_our_page_asked(
    database: Database, headers: dict[str, str], status: int
):
    async with client(app(database)) as http:
        await http.post("/v1/devices", json=BROWSER)
        answer = await http.patch("/v1/devices/me", json={"language": "vi"}, headers=headers)
    assert answer.status_code == status


async def test_the_public_address_is_our_origin_when_a_proxy_stands_before(database: Database):
    async with client(app(database, public_url="https://smart.example")) as http:
        token = (await http.post("/v1/devices", json=BROWSER)).json()["token"]
        for origin, status in (("https://smart.example", 200), ("http://city.example", 403)):
            answer = await http.patch(
                "/v1/devices/me",
                json={"language": "vi"},
                headers={"Origin": origin, "Cookie": f"other=1; smartcity={token}"},
            )
            assert answer.status_code == status


async def test_a_token_in_the_header_needs_no_such_word(database: Database):
    async with client(app(database)) as http:
        headers = {**bearer(await registered(http)), "Origin": "http://elsewhere.example"}
        answer = await http.patch("/v1/devices/me", json={"language": "en"}, headers=headers)
    assert answer.status_code == 200


async def test_no_other_site_signs_a_browser_in(database: Database):
    async with client(app(database)) as http:
        answer = await http.post(
            "/v1/devices", json=BROWSER, headers={"Sec-Fetch-Site": "cross-site"}
        )
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


async def test_a_cookie_that_has_expired_does_not_stand_in_the_way_of_a_new_one(database: Database):
    async with client(app(database), Cookie="smartcity=d_long-gone") as http:
        assert (await http.get("/v1/city")).status_code == 401
        assert (await http.post("/v1/devices", json=BROWSER)).status_code == 201
