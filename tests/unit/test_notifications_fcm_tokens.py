"""Access tokens: early, one refresh at a time, and nobody waits longer than it is worth."""

import asyncio
import threading
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from google.auth.exceptions import RefreshError

from smartcity.clock import now
from smartcity.notifications.fcm import tokens
from smartcity.notifications.fcm.tokens import AGAIN_AFTER_S, EARLY, AccessTokens, NoToken

pytestmark = pytest.mark.anyio


class Credential:
    """A credential that the other side gives tokens of an hour, when it answers."""

    def __init__(self) -> None:
        self.token: str | None = None
        self.expiry: datetime | None = None
        self.asked = 0
        self.at_once = 0
        self.most_at_once = 0
        self.answers = threading.Event()
        self.answers.set()
        self.fails = False

    def refresh(self, request: Any, /) -> None:
        self.asked += 1
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        self.answers.wait(5)
        self.at_once -= 1
        if self.fails:
            raise RefreshError("away")
        self.token = f"token {self.asked}"
        self.expiry = (now() + timedelta(hours=1)).replace(tzinfo=None)


@pytest.fixture
def credential() -> Credential:
    return Credential()


@pytest.fixture
def access(credential: Credential) -> AccessTokens:
    return AccessTokens(credential)


async def test_a_token_is_kept_while_it_is_good(
    access: AccessTokens, credential: Credential
) -> None:
    assert [await access.current() for _ in range(3)] == ["token 1"] * 3
    assert credential.asked == 1


async def test_many_that_ask_at_once_wait_for_one_refresh(
    access: AccessTokens, credential: Credential
) -> None:
    assert set(await asyncio.gather(*(access.current() for _ in range(50)))) == {"token 1"}
    assert (credential.asked, credential.most_at_once) == (1, 1)


async def test_while_a_token_is_replaced_the_old_one_serves(
    access: AccessTokens, credential: Credential
) -> None:
    await access.current()
    with time_machine.travel(now() + timedelta(hours=1) - EARLY / 2, tick=False):
        credential.answers.clear()
        told = [await asyncio.wait_for(access.current(), 0.5) for _ in range(20)]
        credential.answers.set()
        while await access.current() == "token 1":
            await asyncio.sleep(0.01)
    assert set(told) == {"token 1"}
    assert (credential.asked, credential.most_at_once) == (2, 1)


async def test_an_expired_token_is_not_used(access: AccessTokens, credential: Credential) -> None:
    await access.current()
    with time_machine.travel(now() + timedelta(hours=2), tick=False):
        assert await access.current() == "token 2"


async def test_a_token_that_fcm_refused_is_replaced(
    access: AccessTokens, credential: Credential
) -> None:
    access.refuse(await access.current())
    assert await access.current() == "token 2"
    access.refuse("token 1")
    assert await access.current() == "token 2"


async def test_nobody_waits_longer_than_the_patience_and_no_second_refresh_begins(
    access: AccessTokens, credential: Credential, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens, "PATIENCE_S", 0.2)
    credential.answers.clear()
    for _ in range(2):
        with pytest.raises(NoToken):
            await access.current()
    assert credential.asked == 1
    credential.answers.set()
    monkeypatch.setattr(tokens, "PATIENCE_S", 5)
    assert await access.current() == "token 1"


async def test_after_a_failure_it_is_not_asked_again_at_once(
    access: AccessTokens, credential: Credential, monkeypatch: pytest.MonkeyPatch
) -> None:
    credential.fails = True
    for _ in range(3):
        with pytest.raises(NoToken):
            await access.current()
    assert credential.asked == 1
    assert AGAIN_AFTER_S > 1
    credential.fails = False
    monkeypatch.setattr(tokens, "AGAIN_AFTER_S", 0.0)
    assert await access.current() == "token 2"
