from typing import Any

import httpx
import pytest
from litestar import Litestar, post
from litestar.di import NamedDependency

from api.addresses import Addresses
from api.limits import RateLimits
from api.windows import Windows
from smartcity.identity.roles import Actor
from smartcity.settings import SettingsError
from smartcity.storage.mongo import Database
from tests.api.identity_app import bearer, client, identity_app
from tests.unit.identity_parts import Identity

pytestmark = pytest.mark.anyio

PHONE = {"platform": "android", "language": "vi"}


def app(database: Database, **options: Any) -> Litestar:
    return identity_app(Identity(database, **options))


async def token_of(http: httpx.AsyncClient) -> dict[str, str]:
    return bearer((await http.post("/v1/devices", json=PHONE)).json()["token"])


async def test_every_answer_says_how_much_is_left(database: Database):
    async with client(app(database, limit_reads="3/minute")) as http:
        answer = await http.get("/v1/city")
        assert answer.headers["ratelimit-policy"] == '"reads";q=3;w=60'
        assert answer.headers["ratelimit"] == '"reads";r=2;t=60'
        refused = await http.get("/v1/agency/queue")
        assert refused.headers["ratelimit"] == '"reads";r=1;t=60'


async def test_over_the_limit_a_caller_is_told_when_to_come_back(database: Database):
    async with client(app(database, limit_reads="1/minute")) as http:
        await http.get("/v1/city")
        answer = await http.get("/v1/city")
    assert answer.status_code == 429
    assert answer.json()["code"] == "too_many_requests"
    assert 58 <= int(answer.headers["retry-after"]) <= 60
    assert answer.headers["ratelimit"].startswith('"reads";r=0;t=')


async def test_when_the_window_is_over_the_count_begins_anew():
    windows = Windows()
    windows.open("lan", 3600).count = 7
    assert windows.open("lan", 3600).count == 7
    assert windows.open("minh", 0).count == 0
    windows.open("minh", 0).count = 7
    assert windows.open("minh", 3600).count == 0


async def test_there_are_never_more_windows_than_allowed():
    windows = Windows(remembered=100)
    for caller in range(1000):
        windows.open(caller, 3600).count = caller
    assert len(windows) <= 100
    assert windows.open(999, 3600).count == 999


async def test_each_device_and_each_address_has_its_own_count(database: Database):
    whole = app(database, limit_reads="1/minute")
    async with client(whole) as here, client(whole, "198.51.100.1") as there:
        one, other = await token_of(here), await token_of(here)
        for http, headers in ((here, {}), (there, {}), (here, one), (here, other)):
            assert (await http.get("/v1/city", headers=headers)).status_code == 200
            assert (await http.get("/v1/city", headers=headers)).status_code == 429


async def test_each_class_of_operation_has_its_own_count(database: Database):
    async with client(app(database, limit_devices="1/hour", limit_reads="1/hour")) as http:
        headers = await token_of(http)
        assert (await http.post("/v1/devices", json=PHONE, headers=headers)).status_code == 429
        assert (await http.get("/v1/city", headers=headers)).status_code == 200


async def test_limits_can_be_switched_off(database: Database):
    async with client(app(database, limit_reads="1/minute", rate_limits="off")) as http:
        for _ in range(3):
            answer = await http.get("/v1/city")
            assert answer.status_code == 200
            assert "ratelimit" not in answer.headers


@post("/v1/reports", operation_id="SubmitReport")
async def submit(actor: NamedDependency[Actor], limits: NamedDependency[RateLimits]) -> str:
    if not limits.allows("reports", actor):
        raise limits.refusal("reports", actor)
    limits.count("reports", actor)
    return "taken in"


async def test_an_operation_may_count_for_itself_what_it_took_in(database: Database):
    whole = app(database, limit_reports="2/hour")
    whole.register(submit)
    async with client(whole) as http:
        headers = await token_of(http)
        answers = [await http.post("/v1/reports", headers=headers) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [201, 201, 429]
    assert [answer.headers["ratelimit"].split(";")[1] for answer in answers] == [
        "r=1",
        "r=0",
        "r=0",
    ]
    assert "retry-after" in answers[2].headers


def scope(address: str, *forwarded: str) -> Any:
    headers = [(b"x-forwarded-for", value.encode()) for value in forwarded]
    return {"client": (address, 40_000), "headers": headers}


@pytest.mark.parametrize(
    ("trusted", "seen", "caller"),
    [
        ("", scope("203.0.113.7"), "203.0.113.7"),
        ("", scope("203.0.113.7", "198.51.100.1"), "203.0.113.7"),
        ("10.0.0.0/8", scope("10.1.2.3", "198.51.100.1"), "198.51.100.1"),
        ("10.0.0.0/8", scope("203.0.113.7", "198.51.100.1"), "203.0.113.7"),
        ("10.0.0.0/8", scope("10.1.2.3", "1.2.3.4, 198.51.100.1, 10.9.9.9"), "198.51.100.1"),
        ("10.0.0.0/8", scope("10.1.2.3", "1.2.3.4", "198.51.100.1"), "198.51.100.1"),
        ("10.0.0.0/8, ::1", scope("::1", "198.51.100.1"), "198.51.100.1"),
        ("10.0.0.0/8", scope("10.1.2.3"), "10.1.2.3"),
        ("", scope("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64"),
        ("", scope("::ffff:203.0.113.7"), "203.0.113.7"),
        ("", {"client": None, "headers": []}, "unknown"),
    ],
)
def test_a_caller_is_where_a_proxy_of_ours_or_the_connection_says(
    trusted: str, seen: Any, caller: str
):
    assert Addresses(trusted).of(seen) == caller


def test_a_malformed_proxy_stops_the_start():
    with pytest.raises(SettingsError, match="trusted_proxies"):
        Addresses("10.0.0.0/8, proxy.local")
