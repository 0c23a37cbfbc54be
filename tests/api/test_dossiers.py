"""Dossiers over HTTP: what their holders see, and what nobody else can find out."""

from typing import Any

import pytest

from smartcity.dossiers.secrets import DossierSecrets
from smartcity.dossiers.store import DossierStore
from smartcity.dossiers.sync.importing import DossierImporter
from smartcity.dossiers.sync.reading import RowReader
from smartcity.identity.personal import PersonalData
from tests.api.town import Answer, Person, Town
from tests.unit.dossiers_made import numbered, row

pytestmark = pytest.mark.anyio

CODE = str(row(1)["code"])
DONE = {
    "procedure": "1.001193",
    "agency": "ttpvhcc",
    "status": "9",
    "updated_at": "2026-06-05T09:00:00+07:00",
}


async def told(town: Town, *rows: dict[str, Any]) -> None:
    key = town.settings.secret()
    reader = RowReader(PersonalData(key), DossierSecrets(key), town.city.zone, "one-stop")
    await DossierImporter(DossierStore(town.database), reader).take_in(numbered(rows))


async def look_up(
    person: Person, code: str = CODE, secret: str = "4321", language: str = "vi"
) -> Answer:
    return await person.ask(
        "POST",
        "/v1/dossiers/lookup",
        json={"code": code, "secret": secret},
        headers={"Accept-Language": language},
    )


async def follow(person: Person, code: str = CODE, secret: str = "4321") -> Answer:
    return await person.ask("PUT", f"/v1/me/dossiers/{code}", json={"secret": secret})


async def followed(person: Person) -> list[str]:
    answer = await person.get("/v1/me/dossiers")
    assert answer.status_code == 200, answer.text
    return [item["code"] for item in answer.json()["items"]]


async def test_whoever_has_code_and_secret_sees_where_the_dossier_stands(hanoi_town: Town) -> None:
    await told(hanoi_town, row(1), row(1, **DONE))
    answer = await look_up(hanoi_town.nobody(), language="en")
    assert answer.status_code == 200, answer.text
    assert answer.json() == {
        "code": CODE,
        "procedure": {"code": "1.001193", "name": "Registration of a birth"},
        "agency": {"code": "ttpvhcc", "name": "City Public Administration Service Centre"},
        "status": {"code": 9, "text": "Processing finished", "stage": "finished"},
        "steps": [
            {"status": 4, "text": "Being processed", "at": "2026-06-02T02:00:00Z"},
            {"status": 9, "text": "Processing finished", "at": "2026-06-05T02:00:00Z"},
        ],
        "as_of": "2026-06-05T02:00:00Z",
        "collect_place": "City Public Administration Service Centre",
        "received_at": "2026-06-01T02:00:00Z",
        "due_at": "2026-06-20T16:59:59Z",
        "finished_at": "2026-06-05T02:00:00Z",
        "on_time": True,
        "channel": "online",
    }


async def test_it_is_told_in_the_callers_language_and_never_names_the_applicant(
    hanoi_town: Town,
) -> None:
    await told(hanoi_town, row(1, **DONE, collect_place="Quầy 5"))
    answer = await look_up(hanoi_town.nobody())
    assert answer.json()["status"]["text"] == "Đã xử lý xong"
    assert answer.json()["procedure"]["name"] == "Đăng ký khai sinh"
    assert answer.json()["collect_place"] == "Quầy 5"
    assert "Nguyễn" not in answer.text


async def test_what_the_pack_does_not_know_is_shown_by_its_code(hanoi_town: Town) -> None:
    await told(hanoi_town, row(1, status="77", procedure="9.999999", agency="H26.99"))
    shown = (await look_up(hanoi_town.nobody())).json()
    assert shown["procedure"] == {"code": "9.999999", "name": "9.999999"}
    assert shown["agency"]["name"] == shown["collect_place"] == "H26.99"
    assert shown["status"] == {"code": 77, "text": "Trạng thái 77", "stage": "unknown"}


async def test_code_and_secret_are_taken_as_people_type_them(hanoi_town: Town) -> None:
    await told(hanoi_town, row(1, secret="K7M29Q"))
    answer = await look_up(hanoi_town.nobody(), f" {CODE.lower()} ", "k7m2 9q")
    assert answer.status_code == 200


async def test_a_wrong_secret_and_an_unknown_code_cannot_be_told_apart(hanoi_town: Town) -> None:
    await told(hanoi_town, row(1))
    wrong = await look_up(hanoi_town.nobody(), secret="1234")
    unknown = await look_up(hanoi_town.nobody(), str(row(2)["code"]))
    assert wrong.status_code == unknown.status_code == 404
    assert wrong.json() == unknown.json()
    assert wrong.json()["code"] == "not_found"


async def test_what_is_no_code_is_told_so(hanoi_town: Town) -> None:
    answer = await look_up(hanoi_town.nobody(), "H26-9090")
    assert answer.status_code == 400
    assert answer.json()["fields"] == [{"path": "code", "reason": "not_a_dossier_code"}]


@pytest.mark.parametrize("code", [CODE, str(row(2)["code"])])
async def test_secrets_cannot_be_tried_out(hanoi_town: Town, code: str) -> None:
    await told(hanoi_town, row(1))
    for secret in range(10):
        assert (await look_up(hanoi_town.nobody(), code, f"{secret:04}")).status_code == 404
    refused = await look_up(hanoi_town.nobody(), code)
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) > 0
    other = await look_up(hanoi_town.nobody(), str(row(3)["code"]))
    assert other.status_code == 404


async def test_a_followed_dossier_is_shown_without_its_secret(hanoi_town: Town) -> None:
    await told(hanoi_town, row(1), row(2), row(3, **DONE))
    device, other = await hanoi_town.device(), await hanoi_town.device()
    for number in (1, 3):
        answer = await follow(device, str(row(number)["code"]))
        assert answer.status_code == 200, answer.text
        assert answer.json()["code"] == row(number)["code"]
    assert (await follow(device)).status_code == 200  # again
    assert await followed(device) == [row(3)["code"], row(1)["code"]]
    assert await followed(other) == []


async def test_nobody_follows_a_dossier_without_its_secret(hanoi_town: Town) -> None:
    await told(hanoi_town, row(1))
    device = await hanoi_town.device()
    assert (await follow(device, secret="1234")).status_code == 404
    assert await followed(device) == []
    assert (await follow(hanoi_town.nobody())).status_code == 401


async def test_unfollowing_is_harmless_whatever_was_followed(hanoi_town: Town) -> None:
    await told(hanoi_town, row(1))
    device = await hanoi_town.device()
    await follow(device)
    for code in (CODE, CODE, str(row(2)["code"])):
        assert (await device.ask("DELETE", f"/v1/me/dossiers/{code}")).status_code == 204
    assert await followed(device) == []
