"""Restrictions bind a person's device and account, and nobody else."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from smartcity.audit.records import AuditRecords
from smartcity.audit.store import AuditRecordStore
from smartcity.clock import now
from smartcity.errors import SenderBanned
from smartcity.identifiers import new_id
from smartcity.identity.personal import PersonalData
from smartcity.identity.roles import Actor, Role
from smartcity.identity.senders.model import Kind, NewRestriction
from smartcity.identity.senders.service import Senders
from smartcity.identity.senders.store import RestrictionStore
from smartcity.storage.mongo import Database
from tests.unit.identity_parts import CITY, KEY

pytestmark = pytest.mark.anyio

DISPATCHER = Actor(roles=frozenset({Role.DISPATCHER}), id=new_id())


def senders_of(database: Database) -> Senders:
    return Senders(
        RestrictionStore(database),
        PersonalData(KEY),
        AuditRecords(AuditRecordStore(database)),
        CITY,
    )


def device(name: UUID | None = None, **more: Any) -> Actor:
    return Actor(roles=frozenset({Role.DEVICE}), id=name or new_id(), **more)


async def ban(senders: Senders, *whom: UUID) -> None:
    until = now() + timedelta(days=1)
    decided = NewRestriction(kind=Kind.BANNED, until=until, reason="r", explanation="e")
    await senders.restrict(DISPATCHER, new_id(), set(whom), decided)


async def is_banned(senders: Senders, actor: Actor, sender: UUID | None = None) -> bool:
    try:
        await senders.admit(actor, sender)
    except SenderBanned:
        return True
    return False


async def test_a_new_device_that_logs_in_to_the_account_is_bound_too(database: Database) -> None:
    senders, account, first = senders_of(database), new_id(), new_id()
    await ban(senders, first)
    again = device(account=account, others=frozenset({first}))
    assert await is_banned(senders, again)
    assert not await is_banned(senders, device())
    assert not await is_banned(senders, device(account=new_id(), others=frozenset({new_id()})))


async def test_the_account_stays_bound_when_the_device_leaves_it(database: Database) -> None:
    senders, account, first = senders_of(database), new_id(), new_id()
    await ban(senders, first)
    assert await is_banned(senders, device(first, account=account))
    elsewhere = senders_of(database)
    await elsewhere.refresh()
    await senders.refresh()
    for process in (senders, elsewhere):
        assert await is_banned(process, device(account=account))
        assert await is_banned(process, device(first))


async def test_a_caller_is_bound_and_not_the_operator_who_writes_for_others(
    database: Database,
) -> None:
    senders, caller = senders_of(database), new_id()
    operator = Actor(roles=frozenset({Role.OPERATOR}), id=new_id())
    await ban(senders, caller)
    assert await is_banned(senders, operator, caller)
    assert not await is_banned(senders, operator, new_id())


async def test_of_several_restrictions_the_strictest_holds(database: Database) -> None:
    senders, one, other = senders_of(database), new_id(), new_id()
    until = now() + timedelta(days=1)
    limit = NewRestriction(
        kind=Kind.LIMITED, until=until + timedelta(days=9), reason="r", explanation="e", per_day=1
    )
    await senders.restrict(DISPATCHER, new_id(), {one}, limit)
    await ban(senders, other)
    both = device(one, account=new_id(), others=frozenset({other}))
    assert await is_banned(senders, both)
    assert not await is_banned(senders, device(one))
