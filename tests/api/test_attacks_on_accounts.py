"""Who wants more than their own account gives them, or to stay where they were put out."""

import asyncio

import pytest

from tests.api.bursts import elsewhere
from tests.api.test_staff import Tree, added, log_in, settled
from tests.api.town import PASSWORD, Person, Town

pytestmark = pytest.mark.anyio


async def own_id(person: Person) -> str:
    return (await person.get("/v1/sessions/current")).json()["id"]


async def a_supervisor(town: Town, agency: str, name: str) -> Person:
    admin = await town.staff("admin")
    new = await added(admin, name, "supervisor", agencies=[agency])
    return await settled(town, name, new["temporary_password"]["password"])


@pytest.mark.parametrize("role", ["admin", "supervisor"])
async def test_an_unattended_screen_is_not_enough_to_take_its_owners_account(
    hanoi_town: Town, role: str
) -> None:
    person = await hanoi_town.staff(role, agencies=[Tree(hanoi_town).head])
    own = f"/v1/staff/{await own_id(person)}"
    assert (await person.get(own)).status_code == 200 or role == "supervisor"
    assert (await person.ask("POST", f"{own}/password")).status_code == 403
    assert (await person.ask("DELETE", f"{own}/totp")).status_code == 403
    assert (await person.get("/v1/sessions/current")).status_code == 200


async def test_who_was_just_logging_in_with_a_password_that_is_reset_is_not_let_in(
    hanoi_town: Town,
) -> None:
    tree = Tree(hanoi_town)
    admin = await hanoi_town.staff("admin")
    lan = await added(admin, "lan", "handler", agencies=[tree.below])
    await settled(hanoi_town, "lan", lan["temporary_password"]["password"])
    given = {"username": "lan", "password": PASSWORD}
    doors = [elsewhere(hanoi_town, None) for _ in range(12)]

    tries = [door.ask("POST", "/v1/sessions", json=given) for door in doors]
    reset, *answers = await asyncio.gather(
        admin.ask("POST", f"/v1/staff/{lan['id']}/password"), *tries
    )
    assert reset.status_code == 201, reset.text
    for answer in answers:
        person = Person(hanoi_town.http, answer.json().get("token", "s_none"))
        assert (await person.get("/v1/sessions/current")).status_code == 401


async def test_a_supervisor_raises_nobody_and_reaches_nobody_elsewhere(hanoi_town: Town) -> None:
    tree = Tree(hanoi_town)
    admin = await hanoi_town.staff("admin")
    head = await a_supervisor(hanoi_town, tree.head, "truong")
    above = f"/v1/staff/{await own_id(head)}"
    below = await a_supervisor(hanoi_town, tree.below, "pho")
    own = f"/v1/staff/{await own_id(below)}"
    other = await added(admin, "minh", "handler", agencies=[tree.elsewhere])
    both = await added(admin, "hoa", "handler", agencies=[tree.below, tree.elsewhere])
    many = await added(admin, "an", "handler", "auditor", agencies=[tree.below])
    for wish in (
        {"roles": ["admin"]},
        {"roles": ["supervisor", "dispatcher"]},
        {"agencies": [tree.head]},
        {"agencies": [tree.below, tree.elsewhere]},
        {"oidc": {"issuer": "city-id", "subject": "pho"}},
    ):
        assert (await below.ask("PATCH", own, json=wish)).status_code == 403, wish
    for target in (above, *(f"/v1/staff/{one['id']}" for one in (other, both, many))):
        answers = [
            await below.get(target),
            await below.ask("PATCH", target, json={"agencies": [tree.below]}),
            await below.ask("POST", f"{target}/password"),
            await below.ask("DELETE", f"{target}/totp"),
            await below.ask("PUT", f"{target}/disabled"),
            await below.ask("DELETE", f"{target}/sessions"),
        ]
        assert {answer.status_code for answer in answers} == {404}, target
    for agency in (tree.head, tree.elsewhere):
        listed = await below.get(f"/v1/staff?agency={agency}")
        assert listed.json()["items"] == []
    assert (await log_in(hanoi_town, "truong", PASSWORD)).status_code == 201
