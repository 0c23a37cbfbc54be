from typing import Any

import pytest

from smartcity.errors import Conflict, Invalid, NotFound
from smartcity.identifiers import new_id
from smartcity.identity.roles import Role
from smartcity.storage.mongo import Database
from tests.unit.identity_parts import PASSWORD, Identity

pytestmark = pytest.mark.anyio


async def test_an_account_keeps_no_password(database: Database):
    staff = await Identity(database).staff.add("lan", PASSWORD, ["handler"], ["roads"])
    assert staff.roles == {Role.HANDLER}
    assert PASSWORD not in str(await database["staff"].find_one())
    assert staff.password is not None
    assert staff.password.startswith("$argon2id$")


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"username": ""}, "username"),
        ({"password": "eleven chrs"}, "password"),
        ({"username": "Nguyễn Thị Lan", "password": "nguyen thi lan"}, "password"),
        ({"roles": ["king"]}, "roles"),
        ({"roles": ["device"]}, "roles"),
        ({"roles": []}, "roles"),
        ({"agencies": ["nowhere"]}, "agencies"),
        ({"agencies": []}, "agencies"),
        ({"totp": "not base 32!"}, "totp"),
        ({"totp": "JBSWY3DP"}, "totp"),
    ],
)
async def test_a_wrong_account_is_refused_with_the_field(
    database: Database, wrong: dict[str, Any], field: str
):
    given: dict[str, Any] = {
        "username": "lan",
        "password": PASSWORD,
        "roles": ["handler"],
        "agencies": ["roads"],
    }
    with pytest.raises(Invalid) as refusal:
        await Identity(database).staff.add(**{**given, **wrong})
    assert [error.path for error in refusal.value.fields] == [field]
    assert await database["staff"].count_documents({}) == 0


async def test_a_role_of_the_whole_city_needs_no_agency(database: Database):
    staff = await Identity(database).staff.add("minh", PASSWORD, ["dispatcher"])
    assert staff.agencies == frozenset()


async def test_two_accounts_never_look_alike(database: Database):
    staff = Identity(database).staff
    await staff.add("Hòa", PASSWORD, ["dispatcher"])
    for same in ("Hòa", "hoà", "HOA"):
        with pytest.raises(Conflict):
            await staff.add(same, PASSWORD, ["dispatcher"])


async def test_a_handler_works_for_one_agency_and_a_supervisor_for_those_below(database: Database):
    identity = Identity(database)
    staff = identity.staff
    handler = await staff.add("lan", PASSWORD, ["handler"], ["roads"])
    supervisor = await staff.add("minh", PASSWORD, ["supervisor"], ["roads"])
    working = {
        (who.username, agency): await identity.colleagues.works_for(who.id, agency)
        for who in (handler, supervisor)
        for agency in ("roads", "bridges", "waste")
    }
    assert working == {
        ("lan", "roads"): True,
        ("lan", "bridges"): False,
        ("lan", "waste"): False,
        ("minh", "roads"): True,
        ("minh", "bridges"): True,
        ("minh", "waste"): False,
    }


async def test_colleagues_are_an_agencys_people_and_the_supervisors_above_it(database: Database):
    identity = Identity(database)
    for username, role, agency in (
        ("lan", "handler", "bridges"),
        ("minh", "supervisor", "roads"),
        ("hoa", "handler", "roads"),
        ("mai", "auditor", "bridges"),
        ("gone", "handler", "bridges"),
    ):
        await identity.staff.add(username, PASSWORD, [role], [agency])
    await identity.staff.disable("gone")
    assert [one.name for one in await identity.colleagues.of("bridges")] == ["lan", "minh"]
    assert [one.name for one in await identity.colleagues.of("roads")] == ["hoa", "minh"]
    assert await identity.colleagues.of("waste") == []


async def test_nobody_works_who_is_disabled_or_unknown(database: Database):
    identity = Identity(database)
    staff, colleagues = identity.staff, identity.colleagues
    handler = await staff.add("lan", PASSWORD, ["handler"], ["roads"])
    reader = await staff.add("mai", PASSWORD, ["auditor"], ["roads"])
    await staff.disable("LAN")
    assert not await colleagues.works_for(handler.id, "roads")
    assert not await colleagues.works_for(reader.id, "roads")
    assert not await colleagues.works_for(new_id(), "roads")
    with pytest.raises(NotFound):
        await staff.disable("nobody")
