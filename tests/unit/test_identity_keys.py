from datetime import timedelta

import pytest
import time_machine

from smartcity.clock import now
from smartcity.errors import Conflict, Invalid, NotFound
from smartcity.identifiers import token_hash
from smartcity.identity.keys.model import VALID_DAYS
from smartcity.identity.roles import Role, Scope
from smartcity.storage.mongo import Database
from tests.unit.identity_parts import Identity

pytestmark = pytest.mark.anyio


async def test_a_key_makes_its_holder_a_machine_with_its_scopes(database: Database):
    identity = Identity(database)
    key = await identity.keys.add("one-stop", ["onestop", "feed"])
    actor = await identity.keys.actor(token_hash(key))
    assert actor is not None
    assert (actor.roles, actor.scopes) == ({Role.MACHINE}, {Scope.ONESTOP, Scope.FEED})
    assert key.startswith("k_")
    assert key not in str(await database["keys"].find_one())


async def test_a_key_taken_back_or_too_old_opens_nothing(database: Database):
    keys = Identity(database).keys
    key = await keys.add("one-stop", ["onestop"])
    with time_machine.travel(now() + timedelta(days=VALID_DAYS)):
        assert await keys.actor(token_hash(key)) is None
    await keys.revoke("one-stop")
    assert await keys.actor(token_hash(key)) is None
    with pytest.raises(NotFound):
        await keys.revoke("one-stop")


async def test_no_two_keys_have_one_name(database: Database):
    keys = Identity(database).keys
    await keys.add("one-stop", ["onestop"])
    with pytest.raises(Conflict):
        await keys.add("one-stop", ["feed"])


@pytest.mark.parametrize(
    ("name", "scopes", "field"),
    [("", ["feed"], "name"), ("x", [], "scopes"), ("x", ["everything"], "scopes")],
)
async def test_a_wrong_key_is_refused_with_the_field(
    database: Database, name: str, scopes: list[str], field: str
):
    with pytest.raises(Invalid) as refusal:
        await Identity(database).keys.add(name, scopes)
    assert [wrong.path for wrong in refusal.value.fields] == [field]
