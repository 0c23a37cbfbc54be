import asyncio

import pytest

from smartcity.identifiers import new_token
from smartcity.identity import credentials as module
from smartcity.identity.devices.model import NewDevice, Platform
from smartcity.identity.roles import Role
from smartcity.identity.staff.model import LogIn
from smartcity.storage.mongo import Database
from tests.unit.identity_parts import PASSWORD, Identity

pytestmark = pytest.mark.anyio

PHONE = NewDevice(platform=Platform.ANDROID, language="vi")


async def test_every_kind_of_token_goes_through_one_door(database: Database):
    identity = Identity(database)
    _, device = await identity.devices.register(PHONE)
    await identity.staff.add("lan", PASSWORD, ["dispatcher"])
    session, _, _ = await identity.sessions.log_in(LogIn(username="lan", password=PASSWORD), "")
    key = await identity.keys.add("feed", ["feed"])
    actors = [await identity.credentials.actor(token) for token in (device, session, key)]
    assert [actor and actor.roles for actor in actors] == [
        {Role.DEVICE},
        {Role.DISPATCHER},
        {Role.MACHINE},
    ]


@pytest.mark.parametrize("token", ["", "d_", "x_" + "a" * 43, "d_" + "a" * 10_000, "d_" + "a" * 43])
async def test_an_unknown_token_opens_nothing(database: Database, token: str):
    assert await Identity(database).credentials.actor(token) is None


async def test_a_token_is_remembered_and_the_database_not_asked_again(database: Database):
    identity = Identity(database)
    _, token = await identity.devices.register(PHONE)
    first = await identity.credentials.actor(token)
    await database["devices"].delete_many({})
    assert await identity.credentials.actor(token) is first


async def test_an_unknown_token_is_remembered_too(database: Database):
    identity = Identity(database)
    token = new_token("d_")
    assert await identity.credentials.actor(token) is None
    await database.drop_collection("devices")
    assert await identity.credentials.actor(token) is None


async def test_a_token_taken_back_opens_nothing_once_it_is_no_longer_remembered(database: Database):
    identity = Identity(database, remembered_s=0.05)
    key = await identity.keys.add("feed", ["feed"])
    assert await identity.credentials.actor(key) is not None
    await identity.keys.revoke("feed")
    assert await identity.credentials.actor(key) is not None
    await asyncio.sleep(0.06)
    assert await identity.credentials.actor(key) is None


async def test_a_token_is_forgotten_on_request(database: Database):
    identity = Identity(database)
    key = await identity.keys.add("feed", ["feed"])
    await identity.credentials.actor(key)
    await identity.keys.revoke("feed")
    identity.credentials.forget(key)
    assert await identity.credentials.actor(key) is None


def test_no_token_is_remembered_for_longer_than_promised():
    assert module.REMEMBERED_S <= 5
