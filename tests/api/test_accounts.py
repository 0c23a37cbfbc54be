"""Citizens and staff who come through an identity provider, over HTTP."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.api.town import Person, Town, town
from tests.standins.oidc import LocalIssuer, local_issuer

pytestmark = pytest.mark.anyio

PROBLEM: dict[str, Any] = {
    "category": "pothole",
    "description": "Ổ gà giữa đường",
    "location": {"lat": 21.0285, "lon": 105.8542},
}


@pytest.fixture
async def issuer() -> AsyncIterator[LocalIssuer]:
    async with local_issuer() as started:
        yield started


@pytest.fixture
async def linked_town(mongo_uri: str, tmp_path: Path, issuer: LocalIssuer) -> AsyncIterator[Town]:
    """Citizens come through the issuer."""
    file = issuer.configured(tmp_path)
    async with town(mongo_uri, tmp_path, oidc_issuers=file) as started:
        yield started


@pytest.fixture
async def staffed_town(mongo_uri: str, tmp_path: Path, issuer: LocalIssuer) -> AsyncIterator[Town]:
    """Staff come through the issuer."""
    file = issuer.configured(tmp_path, **{"for": '"staff"'})
    async with town(mongo_uri, tmp_path, oidc_issuers=file) as started:
        yield started


async def link(device: Person, token: str) -> httpx.Response:
    return await device.ask("POST", "/v1/me/account", json={"id_token": token})


async def linked(town: Town, issuer: LocalIssuer, subject: str) -> Person:
    device = await town.device()
    answer = await link(device, issuer.token(subject))
    assert answer.status_code == 200, answer.text
    return device


async def submitted(device: Person) -> dict[str, Any]:
    answer = await device.submit(PROBLEM)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def mine(device: Person) -> list[str]:
    return [one["id"] for one in (await device.get("/v1/me/reports")).json()["items"]]


async def test_history_moves_to_a_new_phone(linked_town: Town, issuer: LocalIssuer) -> None:
    old = await linked_town.device()
    before = await submitted(old)
    assert (await link(old, issuer.token("lan"))).status_code == 200
    after = await submitted(old)
    new = await linked_town.device()
    assert await mine(new) == []
    answer = await link(new, issuer.token("lan"))
    assert answer.json()["devices"] == 2
    assert await mine(new) == [after["id"], before["id"]]
    assert (await new.get("/v1/me/account")).json() == answer.json()


async def test_a_new_phone_has_the_reporters_rights(linked_town: Town, issuer: LocalIssuer) -> None:
    old = await linked(linked_town, issuer, "lan")
    report = await submitted(old)
    new = await linked(linked_town, issuer, "lan")
    shown = await new.get(f"/v1/reports/{report['id']}")
    assert shown.json()["description"] == PROBLEM["description"]
    withdrawn = await new.act(report["id"], {"action": "withdraw"}, version=1)
    assert withdrawn.status_code == 200, withdrawn.text


async def test_another_person_sees_and_does_nothing_of_it(
    linked_town: Town, issuer: LocalIssuer
) -> None:
    report = await submitted(await linked(linked_town, issuer, "lan"))
    stranger = await linked(linked_town, issuer, "minh")
    assert await mine(stranger) == []
    refused = await stranger.act(report["id"], {"action": "withdraw"}, version=1)
    assert refused.status_code in {403, 404, 409}


async def test_a_device_belongs_to_one_account_at_a_time(
    linked_town: Town, issuer: LocalIssuer
) -> None:
    phone = await linked(linked_town, issuer, "lan")
    assert (await link(phone, issuer.token("lan"))).status_code == 200, "again changes nothing"
    refused = await link(phone, issuer.token("minh"))
    assert refused.status_code == 409
    assert (await phone.get("/v1/me/account")).json()["devices"] == 1


async def test_a_phone_that_changes_hands_keeps_nothing_of_its_former_holder(
    linked_town: Town, issuer: LocalIssuer
) -> None:
    phone = await linked(linked_town, issuer, "lan")
    before = await submitted(phone)
    parted = await phone.ask("DELETE", "/v1/me/account")
    assert parted.status_code == 200
    assert (await phone.get("/v1/devices/me")).status_code == 401, "its token opens nothing"
    second_hand = Person(linked_town.http, parted.json()["token"])
    assert await mine(second_hand) == []
    assert (await second_hand.get("/v1/me/account")).status_code == 404
    nobodys = await submitted(second_hand)
    assert (await link(second_hand, issuer.token("minh"))).status_code == 200
    assert await mine(second_hand) == [nobodys["id"]]
    new = await linked(linked_town, issuer, "lan")
    assert await mine(new) == [before["id"]]


async def test_a_device_without_an_account_has_none_to_show_or_to_part_from(
    linked_town: Town,
) -> None:
    phone = await linked_town.device()
    assert (await phone.get("/v1/me/account")).status_code == 404
    assert (await phone.ask("DELETE", "/v1/me/account")).status_code == 404
    assert (await phone.get("/v1/devices/me")).status_code == 200


async def test_a_stolen_token_links_no_second_device(
    linked_town: Town, issuer: LocalIssuer
) -> None:
    token = issuer.token("lan")
    assert (await link(await linked_town.device(), token)).status_code == 200
    thief = await linked_town.device()
    refused = await link(thief, token)
    assert refused.status_code == 422
    assert refused.json()["code"] == "token_refused"
    assert refused.json()["fields"] == [{"path": "id_token", "reason": "used"}]
    assert (await thief.get("/v1/me/account")).status_code == 404


@pytest.mark.parametrize(
    "wrong", [{"aud": "another-app"}, {"exp": 1}, {"key": "", "algorithm": "none"}]
)
async def test_a_token_that_is_not_genuine_links_nothing(
    linked_town: Town, issuer: LocalIssuer, wrong: dict[str, Any]
) -> None:
    phone = await linked_town.device()
    refused = await link(phone, issuer.token(**wrong))
    assert refused.status_code == 422
    assert (await phone.get("/v1/me/account")).status_code == 404


async def test_while_the_issuer_is_down_the_phone_is_asked_to_come_back(
    mongo_uri: str, tmp_path: Path, issuer: LocalIssuer
) -> None:
    issuer.down = True
    async with town(mongo_uri, tmp_path, oidc_issuers=issuer.configured(tmp_path)) as started:
        phone = await started.device()
        answer = await link(phone, issuer.token("lan"))
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) > 0
        assert (await phone.submit(PROBLEM)).status_code == 201, "reporting needs no account"


async def test_nothing_that_the_identity_provider_tells_is_kept(
    linked_town: Town, issuer: LocalIssuer
) -> None:
    phone = await linked_town.device()
    told: dict[str, Any] = {
        "email": "lan@mail.example",
        "phone_number": "+84912345678",
        "name": "Lan Bí Mật",
    }
    assert (await link(phone, issuer.token("subject-of-lan", **told))).status_code == 200
    for name in await linked_town.database.list_collection_names():
        async for document in linked_town.database[name].find():
            for personal in ("subject-of-lan", *told.values()):
                assert personal not in str(document)


async def test_a_link_that_was_cut_short_is_completed_by_itself(
    linked_town: Town, issuer: LocalIssuer
) -> None:
    """The process died after the device was linked, and before the account knew of it."""
    old = await linked(linked_town, issuer, "lan")
    report = await submitted(old)
    await linked_town.database["citizens"].update_one({}, {"$set": {"devices": []}})
    again = await linked(linked_town, issuer, "lan")
    assert await mine(again) == []
    assert (await link(old, issuer.token("lan"))).status_code == 200
    third = await linked(linked_town, issuer, "lan")
    assert await mine(third) == [report["id"]]


async def test_an_account_links_no_endless_number_of_devices(
    linked_town: Town, issuer: LocalIssuer
) -> None:
    for _ in range(50):
        await linked(linked_town, issuer, "lan")
    refused = await link(await linked_town.device(), issuer.token("lan"))
    assert refused.status_code == 422
    assert refused.json()["limit"] == 50


async def test_how_sure_the_city_is_follows_the_token(
    linked_town: Town, issuer: LocalIssuer
) -> None:
    phone = await linked(linked_town, issuer, "lan")
    assert (await phone.get("/v1/me/account")).json()["assurance"] == "device"
    confirmed: dict[str, Any] = {"phone_number": "+84912345678", "phone_number_verified": True}
    again = await link(phone, issuer.token("lan", **confirmed))
    assert again.json()["assurance"] == "phone"


# --- staff -------------------------------------------------------------------------------------


async def added(admin: Person, subject: str, name: str = "lan") -> dict[str, Any]:
    new = {
        "username": name,
        "roles": ["dispatcher"],
        "oidc": {"issuer": "city-id", "subject": subject},
    }
    answer = await admin.ask("POST", "/v1/staff", json=new)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def come(town: Town, token: str) -> httpx.Response:
    answer = await town.http.post("/v1/sessions/oidc", json={"id_token": token})
    town.http.cookies.clear()
    return answer


async def test_staff_come_through_the_identity_provider_without_a_password(
    staffed_town: Town, issuer: LocalIssuer
) -> None:
    admin = await staffed_town.staff("admin")
    account = await added(admin, "lan@city")
    assert account["oidc"] is True
    assert "temporary_password" not in account
    begun = await come(staffed_town, issuer.token("lan@city"))
    assert begun.status_code == 201, begun.text
    assert begun.json()["demands"] == []
    lan = Person(staffed_town.http, begun.json()["token"])
    assert (await lan.get("/v1/agency/queue")).status_code == 200
    proof = {"password": "no password at all"}
    assert (await lan.ask("POST", "/v1/staff/me/totp", json=proof)).status_code == 409
    typed = {"username": "lan", "password": "no password at all"}
    assert (await staffed_town.http.post("/v1/sessions", json=typed)).status_code == 401


async def test_whom_no_administrator_named_is_not_let_in(
    staffed_town: Town, issuer: LocalIssuer
) -> None:
    admin = await staffed_town.staff("admin")
    account = await added(admin, "lan@city")
    stranger = await come(staffed_town, issuer.token("minh@city"))
    assert stranger.status_code == 401
    assert stranger.json()["code"] == "wrong_credentials"
    assert (await admin.ask("PUT", f"/v1/staff/{account['id']}/disabled")).status_code == 204
    assert (await come(staffed_town, issuer.token("lan@city"))).status_code == 401


async def test_an_identity_is_one_accounts_and_is_taken_away_with_null(
    staffed_town: Town, issuer: LocalIssuer
) -> None:
    admin = await staffed_town.staff("admin")
    account = await added(admin, "lan@city")
    taken = {"issuer": "city-id", "subject": "lan@city"}
    other = {"username": "minh", "roles": ["dispatcher"], "oidc": taken}
    assert (await admin.ask("POST", "/v1/staff", json=other)).status_code == 409
    address = f"/v1/staff/{account['id']}"
    assert (await admin.ask("PATCH", address, json={"oidc": None})).json()["oidc"] is False
    assert (await come(staffed_town, issuer.token("lan@city"))).status_code == 401
    assert (await admin.ask("PATCH", address, json={"oidc": taken})).json()["oidc"] is True
    assert (await come(staffed_town, issuer.token("lan@city"))).status_code == 201


async def test_only_an_administrator_says_who_comes_as_whom(
    staffed_town: Town, issuer: LocalIssuer
) -> None:
    agency = next(iter(staffed_town.city.agencies))
    head = await staffed_town.staff("supervisor", agencies=[agency])
    new = {
        "username": "lan",
        "roles": ["handler"],
        "agencies": [agency],
        "oidc": {"issuer": "city-id", "subject": "lan@city"},
    }
    assert (await head.ask("POST", "/v1/staff", json=new)).status_code == 403


async def test_a_citizens_issuer_opens_no_session_of_staff(
    linked_town: Town, issuer: LocalIssuer
) -> None:
    refused = await come(linked_town, issuer.token("lan"))
    assert refused.status_code == 422
    assert refused.json()["fields"] == [{"path": "id_token", "reason": "issuer"}]
