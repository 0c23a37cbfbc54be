import asyncio
from datetime import timedelta
from time import perf_counter

import pytest
import time_machine
from pyotp.totp import TOTP

from smartcity.clock import now
from smartcity.errors import TooManyRequests, Unauthenticated, WrongCredentials
from smartcity.identifiers import token_hash
from smartcity.identity.staff.model import SESSION_LASTS, LogIn
from smartcity.storage.mongo import Database
from tests.unit.identity_parts import PASSWORD, Identity

pytestmark = pytest.mark.anyio

RIGHT = LogIn(username="lan", password=PASSWORD)
WRONG = LogIn(username="lan", password="wrong horse battery staple")
HOME = "203.0.113.7"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


async def test_the_token_of_a_session_makes_the_caller_that_member_of_staff(database: Database):
    identity = Identity(database)
    staff = await identity.staff.add("Lan", PASSWORD, ["supervisor"], ["roads"])
    token, session, _ = await identity.sessions.log_in(RIGHT, HOME)
    actor = await identity.sessions.actor(token_hash(token))
    assert actor is not None
    assert (actor.id, actor.roles) == (staff.id, staff.roles)
    assert actor.agencies == {"roads", "bridges"}
    assert token.startswith("s_")
    assert session.expires_at - session.created_at == SESSION_LASTS
    assert token not in str(await database["sessions"].find_one())


async def test_a_password_may_be_typed_on_any_keyboard(database: Database):
    identity = Identity(database)
    await identity.staff.add("lan", "mật khẩu rất dài", ["dispatcher"])
    decomposed = LogIn(
        username="lan", password="ma\u0323\u0302t kha\u0302\u0309u ra\u0302\u0301t da\u0300i"
    )
    await identity.sessions.log_in(decomposed, HOME)


async def test_an_unknown_name_a_wrong_password_and_a_disabled_account_look_the_same(
    database: Database,
):
    identity = Identity(database)
    await identity.staff.add("lan", PASSWORD, ["dispatcher"])
    await identity.staff.add("minh", PASSWORD, ["dispatcher"])
    await identity.staff.disable("minh")
    seen: list[tuple[object, ...]] = []
    took: list[float] = []
    for given in (
        WRONG,
        LogIn(username="no", password=PASSWORD),
        LogIn(username="minh", password=PASSWORD),
    ):
        began = perf_counter()
        with pytest.raises(WrongCredentials) as refusal:
            await identity.sessions.log_in(given, HOME)
        took.append(perf_counter() - began)
        seen.append((refusal.value.fields, refusal.value.details))
    assert len(set(map(str, seen))) == 1
    assert min(took) > 0.005, "each has hashed a password"


async def test_after_too_many_failures_even_the_right_password_waits(database: Database):
    identity = Identity(database, limit_logins="2/hour")
    await identity.staff.add("lan", PASSWORD, ["dispatcher"])
    for _ in range(2):
        with pytest.raises(WrongCredentials):
            await identity.sessions.log_in(WRONG, HOME)
    with pytest.raises(TooManyRequests):
        await identity.sessions.log_in(RIGHT, HOME)
    await identity.sessions.log_in(RIGHT, "198.51.100.1")


async def test_a_session_ends_after_a_working_day(database: Database):
    identity = Identity(database)
    await identity.staff.add("lan", PASSWORD, ["dispatcher"])
    token, _, _ = await identity.sessions.log_in(RIGHT, HOME)
    with time_machine.travel(now() + SESSION_LASTS - timedelta(minutes=1)):
        assert await identity.sessions.actor(token_hash(token)) is not None
    with time_machine.travel(now() + SESSION_LASTS):
        assert await identity.sessions.actor(token_hash(token)) is None


async def test_who_logs_out_ends_that_session_only(database: Database):
    identity = Identity(database)
    await identity.staff.add("lan", PASSWORD, ["dispatcher"])
    one, _, _ = await identity.sessions.log_in(RIGHT, HOME)
    other, _, _ = await identity.sessions.log_in(RIGHT, HOME)
    await identity.sessions.log_out(one)
    with pytest.raises(Unauthenticated):
        await identity.sessions.current(one)
    assert (await identity.sessions.current(other))[1].username == "lan"


async def test_disabling_an_account_ends_its_sessions(database: Database):
    identity = Identity(database)
    await identity.staff.add("lan", PASSWORD, ["dispatcher"])
    token, _, _ = await identity.sessions.log_in(RIGHT, HOME)
    await identity.staff.disable("lan")
    assert await identity.sessions.actor(token_hash(token)) is None
    assert await database["sessions"].count_documents({}) == 0


def with_code(code: str | None) -> LogIn:
    return LogIn(username="lan", password=PASSWORD, totp=code)


async def test_a_one_time_code_is_asked_for_only_after_the_password(database: Database):
    identity = Identity(database)
    await identity.staff.add("lan", PASSWORD, ["dispatcher"], totp=SECRET)
    with pytest.raises(WrongCredentials) as refusal:
        await identity.sessions.log_in(RIGHT, HOME)
    assert [field.path for field in refusal.value.fields] == ["totp"]
    with pytest.raises(WrongCredentials) as refusal:
        await identity.sessions.log_in(WRONG, HOME)
    assert refusal.value.fields == ()
    assert SECRET not in str(await database["staff"].find_one())


async def test_a_one_time_code_opens_once(database: Database):
    identity = Identity(database)
    await identity.staff.add("lan", PASSWORD, ["dispatcher"], totp=SECRET)
    given = with_code(TOTP(SECRET).now())
    results = await asyncio.gather(
        *(identity.sessions.log_in(given, HOME) for _ in range(4)), return_exceptions=True
    )
    assert sum(isinstance(result, tuple) for result in results) == 1
    assert sum(isinstance(result, WrongCredentials) for result in results) == 3


async def test_a_code_of_the_step_before_opens_and_an_older_one_does_not(database: Database):
    identity = Identity(database)
    await identity.staff.add("lan", PASSWORD, ["dispatcher"], totp=SECRET)
    with time_machine.travel("2026-03-01T08:00:10Z", tick=False):
        with pytest.raises(WrongCredentials):
            await identity.sessions.log_in(
                with_code(TOTP(SECRET).at(now() - timedelta(seconds=60))), HOME
            )
        await identity.sessions.log_in(
            with_code(TOTP(SECRET).at(now() - timedelta(seconds=30))), HOME
        )
        await identity.sessions.log_in(with_code(TOTP(SECRET).at(now())), HOME)
        with pytest.raises(WrongCredentials):
            await identity.sessions.log_in(
                with_code(TOTP(SECRET).at(now() - timedelta(seconds=30))), HOME
            )
