"""One-time codes, recovery codes and lock-outs over HTTP."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import time_machine
from pyotp.totp import TOTP

from tests.api.town import PASSWORD, Person, Town, town

pytestmark = pytest.mark.anyio

HOME = "203.0.113.7"
WRONG = "wrong horse battery staple"
STEP_S = 30


async def log_in(
    town: Town, name: str, password: str = PASSWORD, address: str = HOME, **more: str
) -> httpx.Response:
    given = {"username": name, "password": password, **more}
    where = {"X-Forwarded-For": address}
    answer = await town.http.post("/v1/sessions", json=given, headers=where)
    town.http.cookies.clear()
    return answer


async def named(town: Town, person: Person) -> str:
    return (await person.get("/v1/sessions/current")).json()["username"]


class WithCodes:
    """Somebody who has set up one-time codes."""

    def __init__(self, person: Person, name: str, secret: str, recovery: list[str]) -> None:
        self.person = person
        self.name = name
        self.secret = secret
        self.recovery = recovery

    def code(self) -> str:
        return TOTP(self.secret).now()


async def with_codes(town: Town, person: Person) -> WithCodes:
    begun = await person.ask("POST", "/v1/staff/me/totp", json={"password": PASSWORD})
    assert begun.status_code == 201, begun.text
    secret = begun.json()["secret"]
    assert f"secret={secret}" in begun.json()["uri"]
    assert begun.json()["uri"].startswith("otpauth://totp/")
    confirmed = await person.ask("PUT", "/v1/staff/me/totp", json={"code": TOTP(secret).now()})
    assert confirmed.status_code == 200, confirmed.text
    name = await named(town, person)
    return WithCodes(person, name, secret, confirmed.json()["recovery_codes"])


@pytest.fixture
async def proxied(mongo_uri: str, tmp_path: Path) -> AsyncIterator[Town]:
    """A town behind a proxy, so that its people come from different addresses."""
    options: dict[str, Any] = {
        "trusted_proxies": "127.0.0.1",
        "limit_logins": "3/hour",
        "limit_account_logins": "5/hour",
    }
    async with town(mongo_uri, tmp_path, **options) as started:
        yield started


async def test_codes_are_asked_for_once_the_first_is_confirmed(hanoi_town: Town) -> None:
    lan = await hanoi_town.staff("dispatcher")
    name = await named(hanoi_town, lan)
    begun = await lan.ask("POST", "/v1/staff/me/totp", json={"password": PASSWORD})
    assert (await log_in(hanoi_town, name)).status_code == 201, "not confirmed yet"
    wrong = await lan.ask("PUT", "/v1/staff/me/totp", json={"code": "000000"})
    assert wrong.status_code == 401
    code = TOTP(begun.json()["secret"]).now()
    assert (await lan.ask("PUT", "/v1/staff/me/totp", json={"code": code})).status_code == 200
    refused = await log_in(hanoi_town, name)
    assert refused.status_code == 401
    assert refused.json()["fields"] == [{"path": "totp", "reason": "required"}]
    again = await lan.ask("POST", "/v1/staff/me/totp", json={"password": PASSWORD})
    assert again.status_code == 409


async def test_setting_up_codes_needs_the_password(hanoi_town: Town) -> None:
    lan = await hanoi_town.staff("dispatcher")
    answer = await lan.ask("POST", "/v1/staff/me/totp", json={"password": WRONG})
    assert answer.status_code == 401


async def test_the_code_that_confirmed_opens_nothing_and_the_next_one_does(
    hanoi_town: Town,
) -> None:
    with time_machine.travel("2026-11-18T08:00:05Z", tick=False) as clock:
        lan = await with_codes(hanoi_town, await hanoi_town.staff("dispatcher"))
        assert (await log_in(hanoi_town, lan.name, totp=lan.code())).status_code == 401
        clock.shift(STEP_S)
        assert (await log_in(hanoi_town, lan.name, totp=lan.code())).status_code == 201
        assert (await log_in(hanoi_town, lan.name, totp=lan.code())).status_code == 401


async def test_each_recovery_code_opens_once_however_it_is_typed(hanoi_town: Town) -> None:
    lan = await with_codes(hanoi_town, await hanoi_town.staff("dispatcher"))
    assert len(set(lan.recovery)) == 10
    first, second = lan.recovery[0].lower().replace("-", " "), lan.recovery[1]
    opened = await log_in(hanoi_town, lan.name, recovery_code=first)
    assert opened.json()["recovery_codes"] == 9
    assert (await log_in(hanoi_town, lan.name, recovery_code=first)).status_code == 401
    at_once = [log_in(hanoi_town, lan.name, recovery_code=second) for _ in range(4)]
    answers = await asyncio.gather(*at_once)
    assert sorted(answer.status_code for answer in answers) == [201, 401, 401, 401]
    kept = await hanoi_town.database["staff"].find_one({"username": lan.name})
    for code in lan.recovery:
        assert code not in str(kept)
    assert lan.secret not in str(kept)


async def test_a_recovery_code_needs_the_password_too(hanoi_town: Town) -> None:
    lan = await with_codes(hanoi_town, await hanoi_town.staff("dispatcher"))
    refused = await log_in(hanoi_town, lan.name, WRONG, recovery_code=lan.recovery[0])
    assert refused.status_code == 401
    assert (await log_in(hanoi_town, lan.name, recovery_code=lan.recovery[0])).status_code == 201, (
        "it was not used up"
    )


async def test_new_recovery_codes_take_the_place_of_the_old(hanoi_town: Town) -> None:
    lan = await with_codes(hanoi_town, await hanoi_town.staff("dispatcher"))
    proof = {"password": PASSWORD, "recovery_code": lan.recovery[0]}
    renewed = await lan.person.ask("POST", "/v1/staff/me/recovery-codes", json=proof)
    assert renewed.status_code == 200
    old, new = lan.recovery[1], renewed.json()["recovery_codes"][0]
    assert (await log_in(hanoi_town, lan.name, recovery_code=old)).status_code == 401
    assert (await log_in(hanoi_town, lan.name, recovery_code=new)).status_code == 201


async def test_codes_are_given_up_with_the_password_and_a_code(hanoi_town: Town) -> None:
    lan = await with_codes(hanoi_town, await hanoi_town.staff("dispatcher"))
    path = "/v1/staff/me/totp/removal"
    for proof in (
        {"password": PASSWORD},
        {"password": WRONG, "recovery_code": lan.recovery[0]},
        {"password": PASSWORD, "recovery_code": "K7M2-9QXR-4TB"},
    ):
        assert (await lan.person.ask("POST", path, json=proof)).status_code == 401
    proof = {"password": PASSWORD, "recovery_code": lan.recovery[0]}
    assert (await lan.person.ask("POST", path, json=proof)).status_code == 204
    assert (await log_in(hanoi_town, lan.name)).status_code == 201


async def test_an_administrator_resets_codes_for_who_lost_phone_and_paper(
    hanoi_town: Town,
) -> None:
    lan = await with_codes(hanoi_town, await hanoi_town.staff("dispatcher"))
    account = (await lan.person.get("/v1/sessions/current")).json()["id"]
    admin = await hanoi_town.staff("admin")
    assert (await admin.ask("DELETE", f"/v1/staff/{account}/totp")).status_code == 204
    assert (await lan.person.get("/v1/sessions/current")).status_code == 401
    assert (await log_in(hanoi_town, lan.name)).status_code == 201


async def test_who_must_have_codes_and_has_none_may_only_set_them_up(
    mongo_uri: str, tmp_path: Path
) -> None:
    async with town(mongo_uri, tmp_path, totp_roles="admin, auditor") as strict:
        dispatcher = await strict.staff("dispatcher")
        assert (await dispatcher.get("/v1/agency/queue")).status_code == 200
        admin = await strict.staff("admin")
        assert (await admin.get("/v1/sessions/current")).json()["demands"] == ["totp"]
        assert (await admin.get("/v1/staff")).status_code == 403
        await with_codes(strict, admin)
        assert (await admin.get("/v1/sessions/current")).json()["demands"] == []
        assert (await admin.get("/v1/staff")).status_code == 200


async def test_a_thief_with_many_addresses_does_not_shut_the_holders_own_door(
    proxied: Town,
) -> None:
    lan = await named(proxied, await proxied.staff("dispatcher"))
    assert (await log_in(proxied, lan, address=HOME)).status_code == 201
    tries = [await log_in(proxied, lan, WRONG, address=f"198.51.100.{n}") for n in range(8)]
    assert [tried.status_code for tried in tries] == [401] * 5 + [429] * 3
    assert int(tries[-1].headers["retry-after"]) > 0
    assert (await log_in(proxied, lan, address="192.0.2.1")).status_code == 429, "a new address"
    assert (await log_in(proxied, lan, address=HOME)).status_code == 201


async def test_a_thief_at_the_holders_own_address_is_stopped_there(proxied: Town) -> None:
    lan = await named(proxied, await proxied.staff("dispatcher"))
    assert (await log_in(proxied, lan, address=HOME)).status_code == 201
    for status in (401, 401, 401, 429):
        assert (await log_in(proxied, lan, WRONG, address=HOME)).status_code == status
    assert (await log_in(proxied, lan, address="192.0.2.1")).status_code == 201


async def test_guessing_one_account_does_not_touch_another(proxied: Town) -> None:
    lan, minh = [await named(proxied, await proxied.staff("dispatcher")) for _ in range(2)]
    for n in range(8):
        await log_in(proxied, lan, WRONG, address=f"198.51.100.{n}")
    assert (await log_in(proxied, minh, address="192.0.2.1")).status_code == 201


async def test_an_account_that_is_not_there_locks_as_one_that_is(proxied: Town) -> None:
    lan = await named(proxied, await proxied.staff("dispatcher"))
    seen = {
        name: [
            (await log_in(proxied, name, WRONG, address=f"198.51.100.{n}")).status_code
            for n in range(7)
        ]
        for name in (lan, "nobody at all")
    }
    assert seen[lan] == seen["nobody at all"]


async def test_an_address_is_kept_as_a_digest_only(proxied: Town) -> None:
    lan = await named(proxied, await proxied.staff("dispatcher"))
    await log_in(proxied, lan, address=HOME)
    doors = await proxied.database["staff_doors"].find().to_list()
    assert doors
    assert HOME not in str(doors)


async def test_guessing_the_present_password_at_an_open_screen_is_stopped(proxied: Town) -> None:
    lan = await proxied.staff("dispatcher")
    change = {"present": WRONG, "new": "a staple of the horse"}
    for status in (401, 401, 401, 429):
        answer = await lan.ask("PUT", "/v1/staff/me/password", json=change)
        assert answer.status_code == status
    assert (await log_in(proxied, await named(proxied, lan))).status_code == 201
