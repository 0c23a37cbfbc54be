import asyncio

import pytest
import time_machine

from smartcity.errors import TooManyRequests
from smartcity.identity.attempts.service import LOG_IN
from smartcity.storage.mongo import Database
from tests.unit.identity_parts import Identity

pytestmark = pytest.mark.anyio


async def test_after_as_many_failures_as_the_setting_says_nobody_may_try(database: Database):
    attempts = Identity(database, limit_secrets="3/hour").attempts
    for _ in range(3):
        await attempts.check("receipt", "K7M2")
        await attempts.failed("receipt", "K7M2")
    with pytest.raises(TooManyRequests) as refusal:
        await attempts.check("receipt", "K7M2")
    assert refusal.value.retry_after_s is not None
    assert 3500 < refusal.value.retry_after_s <= 3600


async def test_failures_are_counted_per_kind_and_per_key(database: Database):
    attempts = Identity(database, limit_secrets="1/hour", limit_logins="2/hour").attempts
    await attempts.failed("receipt", "one")
    await attempts.check("receipt", "another")
    await attempts.check("dossier", "one")
    await attempts.failed(LOG_IN, "one")
    await attempts.check(LOG_IN, "one")


async def test_every_process_sees_the_same_count(database: Database):
    here, there = (Identity(database, limit_secrets="20/hour").attempts for _ in range(2))
    await asyncio.gather(*(a.failed("receipt", "one") for a in (here, there) for _ in range(10)))
    for attempts in (here, there):
        with pytest.raises(TooManyRequests):
            await attempts.check("receipt", "one")


async def test_when_the_window_is_over_one_may_try_again(database: Database):
    attempts = Identity(database, limit_secrets="1/minute").attempts
    with time_machine.travel("2026-03-01T08:00:00Z", tick=False) as clock:
        await attempts.failed("receipt", "one")
        clock.shift(59)
        with pytest.raises(TooManyRequests):
            await attempts.check("receipt", "one")
        clock.shift(2)
        await attempts.check("receipt", "one")
        await attempts.failed("receipt", "one")
        with pytest.raises(TooManyRequests) as refusal:
            await attempts.check("receipt", "one")
    assert refusal.value.retry_after_s == 60


async def test_what_was_tried_does_not_stand_in_the_database(database: Database):
    await Identity(database).attempts.failed(LOG_IN, "lan 203.0.113.7")
    assert "lan" not in str(await database["attempts"].find_one())
