"""What people choose to be told through, over HTTP."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from smartcity.storage.mongo import Database
from tests.api.test_me import erased, export
from tests.api.town import Person, Town, town
from tests.standins.oidc import LocalIssuer, local_issuer

pytestmark = pytest.mark.anyio

CHOICES = "/v1/me/choices"
OF_A_CITIZEN = {
    "receipt": ["email", "push"],
    "progress": ["push"],
    "question": ["email", "push"],
    "result": ["email", "push"],
    "comment": ["push"],
    "privacy": ["email", "push"],
    "followed": ["push"],
    "area": ["push"],
    "dossier": ["email", "push"],
    "digest": [],
}


@pytest.fixture(scope="module")
async def issuer() -> AsyncIterator[LocalIssuer]:
    async with local_issuer() as started:
        yield started


@pytest.fixture
async def linked_town(mongo_uri: str, tmp_path: Path, issuer: LocalIssuer) -> AsyncIterator[Town]:
    """Citizens come through the issuer."""
    async with town(mongo_uri, tmp_path, oidc_issuers=issuer.configured(tmp_path)) as started:
        yield started


async def chosen(person: Person) -> dict[str, list[str]]:
    answer = await person.get(CHOICES)
    assert answer.status_code == 200, answer.text
    return answer.json()["channels"]


async def choose(person: Person, **channels: list[str]) -> dict[str, Any]:
    answer = await person.ask("PATCH", CHOICES, json={"channels": channels})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_who_chose_nothing_is_told_what_holds_for_them(shared_town: Town) -> None:
    device = await shared_town.device()
    assert (await device.get(CHOICES)).json() == {"channels": OF_A_CITIZEN, "available": ["push"]}


async def test_what_is_chosen_holds_and_the_rest_stays(shared_town: Town) -> None:
    device = await shared_town.device()
    await choose(device, comment=[], result=["push", "push"])
    answer = await choose(device, digest=["push"])
    expected = OF_A_CITIZEN | {"comment": [], "result": ["push"], "digest": ["push"]}
    assert answer["channels"] == expected == await chosen(device)
    assert await chosen(await shared_town.device()) == OF_A_CITIZEN


async def test_an_empty_wish_changes_nothing(shared_town: Town) -> None:
    device = await shared_town.device()
    assert (await choose(device))["channels"] == OF_A_CITIZEN


@pytest.mark.parametrize(
    ("channels", "path"),
    [
        ({"work": ["push"]}, "channels.work"),
        ({"comment": ["push"], "question": ["sms"]}, "channels.question"),
        ({"comment": ["pigeon"]}, None),
        ({"weather": ["push"]}, None),
        ({"comment": "push"}, None),
    ],
)
async def test_what_cannot_be_chosen_is_named_and_changes_nothing(
    shared_town: Town, channels: dict[str, Any], path: str | None
) -> None:
    device = await shared_town.device()
    answer = await device.ask("PATCH", CHOICES, json={"channels": channels})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert path is None or [field["path"] for field in answer.json()["fields"]] == [path]
    assert await chosen(device) == OF_A_CITIZEN


async def test_staff_choose_for_their_work(shared_town: Town) -> None:
    auditor = await shared_town.staff("auditor")
    assert (await auditor.get(CHOICES)).json() == {
        "channels": {"work": ["email"], "digest": []},
        "available": [],
    }
    await choose(auditor, work=[])
    assert await chosen(auditor) == {"work": [], "digest": []}
    refused = await auditor.ask("PATCH", CHOICES, json={"channels": {"comment": ["email"]}})
    assert refused.status_code == 400


async def test_nobody_without_a_token_has_choices(shared_town: Town) -> None:
    assert (await shared_town.nobody().get(CHOICES)).status_code == 401


async def link(device: Person, issuer: LocalIssuer, subject: str) -> None:
    token = issuer.token(subject)
    answer = await device.ask("POST", "/v1/me/account", json={"id_token": token})
    assert answer.status_code == 200, answer.text


async def test_an_account_keeps_its_choices_whatever_the_phone_that_joins_it_had_chosen(
    linked_town: Town, issuer: LocalIssuer
) -> None:
    phone, tablet = await linked_town.device(), await linked_town.device()
    await link(phone, issuer, "lan")
    await choose(phone, comment=[])
    await choose(tablet, comment=["push"], area=[])
    await link(tablet, issuer, "lan")
    assert await chosen(tablet) == OF_A_CITIZEN | {"comment": []} == await chosen(phone)
    await choose(tablet, area=[])
    assert (await chosen(phone))["area"] == []


async def test_what_a_phone_chose_goes_with_it_to_an_account_that_chose_nothing(
    linked_town: Town, issuer: LocalIssuer
) -> None:
    phone, tablet = await linked_town.device(), await linked_town.device()
    await choose(phone, comment=[])
    await link(phone, issuer, "lan")
    await link(tablet, issuer, "lan")
    assert (await chosen(tablet))["comment"] == []


async def test_choices_are_exported_and_erased(hanoi_town: Town) -> None:
    device, other = await hanoi_town.device(), await hanoi_town.device()
    await choose(device, comment=[], digest=["push"])
    await choose(other, comment=[])
    (line,) = [one for one in await export(device) if one["kind"] == "choices"]
    assert line["channels"] == {"comment": [], "digest": ["push"]}
    assert (await device.ask("DELETE", "/v1/me")).status_code == 202
    await erased(hanoi_town)
    kept = [one async for one in choices(hanoi_town.database)]
    assert kept == [UUID((await other.get("/v1/devices/me")).json()["id"])]


async def choices(database: Database) -> AsyncIterator[UUID]:
    async for one in database["choices"].find({}):
        yield one["_id"]


async def test_mail_is_available_to_who_has_a_confirmed_address(shared_town: Town) -> None:
    admin, thu = await shared_town.staff("admin"), await shared_town.staff("dispatcher")
    assert (await thu.get(CHOICES)).json()["available"] == []
    newest = (await admin.get("/v1/staff?limit=100")).json()["items"][-1]
    given = {"email": "thu@example.org"}
    assert (await admin.ask("PATCH", f"/v1/staff/{newest['id']}", json=given)).status_code == 200
    assert (await thu.get(CHOICES)).json()["available"] == ["email"]
