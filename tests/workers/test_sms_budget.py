"""The month's budget of text messages: whatever happens to whoever pays, no more is sent than it
allows.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from uuid import UUID

import msgspec
import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from smartcity.city.model import City
from smartcity.city.policies import Sms
from smartcity.clock import now
from smartcity.identifiers import new_id
from smartcity.notifications.letters.sms.budget import SmsBudget
from smartcity.notifications.letters.sms.model import Payment
from smartcity.notifications.letters.sms.store import INDEXES, PAYMENTS, SmsBudgetStore
from smartcity.storage.mongo import Database, connect

pytestmark = pytest.mark.anyio


class End(StrEnum):
    """What becomes of an attempt that has paid."""

    TAKEN = "taken"
    LOST = "lost"  # taken, and nobody hears of it: the answer is lost, or the process killed
    DIED = "died"  # killed before anything left
    REFUSED = "refused"


class Gateway:
    """Counts what it sends; one that drops repeats sends a message once."""

    def __init__(self, *, drops: bool) -> None:
        self._drops = drops
        self._known: set[UUID] = set()
        self.parts = 0

    def send(self, message: UUID, parts: int) -> None:
        if not (self._drops and message in self._known):
            self.parts += parts
        self._known.add(message)


Plan = Sequence[tuple[int, Sequence[Sequence[End]]]]
"""Messages: the parts of each, and the attempts at it, which several workers make at once."""

ATTEMPTS = st.lists(st.sampled_from(End), min_size=1, max_size=3)
MESSAGE = st.tuples(st.integers(1, 4), st.lists(ATTEMPTS, min_size=1, max_size=2))


async def play(uri: str, plan: Plan, most: int, *, drops: bool) -> tuple[int, int]:
    """The parts that were sent, and those that are counted."""
    client, database = connect(uri, "test_sms_budget", timeout_s=10, pool=16)
    month, gateway = f"{new_id()}", Gateway(drops=drops)
    async with client:
        store = SmsBudgetStore(database)

        async def work(message: UUID, parts: int, ends: Sequence[End]) -> None:
            for end in ends:
                wanted = Payment(message=message, month=month, parts=parts, attempt=new_id())
                paid = await store.pay(
                    wanted, most=most, anew=not drops, expires_at=now() + timedelta(days=1)
                )
                if paid is None:
                    return
                await asyncio.sleep(0)
                if end in {End.TAKEN, End.LOST}:
                    gateway.send(message, parts)
                if end is End.TAKEN:
                    return
                if end is End.REFUSED:
                    await store.give_back(paid)

        messages = [(new_id(), parts, workers) for parts, workers in plan]
        await asyncio.gather(
            *(work(one, parts, ends) for one, parts, workers in messages for ends in workers)
        )
        return gateway.parts, await store.spent(month)


@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(MESSAGE, min_size=1, max_size=6), st.integers(0, 12), st.booleans())
def test_never_more_is_sent_than_is_counted_and_never_more_counted_than_allowed(
    mongo_uri: str, plan: Plan, most: int, drops: bool
) -> None:
    sent, counted = asyncio.run(play(mongo_uri, plan, most, drops=drops))
    assert sent <= counted <= most


@settings(max_examples=8)
@given(st.lists(st.integers(1, 4), min_size=1, max_size=6), st.booleans())
def test_what_was_surely_not_sent_is_given_back(
    mongo_uri: str, sizes: list[int], drops: bool
) -> None:
    plan = [(parts, [[End.REFUSED] * 3]) for parts in sizes]
    assert asyncio.run(play(mongo_uri, plan, sum(sizes), drops=drops)) == (0, 0)


# --- a city's budget -----------------------------------------------------------------------------

POLICY = Sms(monthly_parts=10, reserve_share=0.25, hotline="1022")


@pytest.fixture
async def budget(database: Database, hanoi: City) -> AsyncIterator[SmsBudget]:
    city = msgspec.structs.replace(hanoi, sms=POLICY)
    with time_machine.travel(datetime(2026, 12, 31, 16, 30, tzinfo=UTC)):  # 23:30 in Hanoi
        yield SmsBudget(SmsBudgetStore(database), city)


async def paid(budget: SmsBudget, parts: int, *, urgent: bool = True) -> Payment | None:
    return await budget.pay(new_id(), parts, urgent=urgent, anew=False)


async def test_the_last_of_it_is_for_what_is_urgent(budget: SmsBudget) -> None:
    assert await paid(budget, 7, urgent=False)
    assert await paid(budget, 1, urgent=False) is None
    assert await paid(budget, 2)
    assert await paid(budget, 2) is None
    assert await paid(budget, 1)
    standing = await budget.standing()
    assert (standing.month, standing.spent, standing.left) == ("2026-12", 10, 0)
    assert (standing.budget, standing.kept_for_urgent) == (10, 3)
    assert standing.until == datetime(2026, 12, 31, 17, tzinfo=UTC)


async def test_with_the_citys_month_a_new_budget_begins(budget: SmsBudget) -> None:
    message = new_id()
    assert await budget.pay(message, 10, urgent=True, anew=False)
    assert await paid(budget, 1) is None
    with time_machine.travel(datetime(2026, 12, 31, 17, 30, tzinfo=UTC)):
        assert (await budget.standing()).left == 10
        again = await budget.pay(message, 4, urgent=True, anew=False)
        assert again is not None
        assert again.parts == 4, "what was paid in another month is not paid in this one"
        assert (await budget.standing()).spent == 4
    assert (await budget.standing()).spent == 10


async def test_one_message_is_paid_once_unless_its_gateway_would_send_it_again(
    budget: SmsBudget,
) -> None:
    message = new_id()
    first = await budget.pay(message, 2, urgent=True, anew=False)
    second = await budget.pay(message, 2, urgent=True, anew=False)
    third = await budget.pay(message, 2, urgent=True, anew=True)
    assert [one and one.parts for one in (first, second, third)] == [2, 0, 2]
    assert (await budget.standing()).spent == 4


async def test_what_another_attempt_may_rest_on_is_not_given_back(budget: SmsBudget) -> None:
    message = new_id()
    first = await budget.pay(message, 2, urgent=True, anew=False)
    second = await budget.pay(message, 2, urgent=True, anew=False)
    assert first
    assert second
    await budget.give_back(first)
    await budget.give_back(second)
    assert (await budget.standing()).spent == 2


async def test_nothing_is_given_back_twice(budget: SmsBudget) -> None:
    assert await paid(budget, 3)
    payment = await paid(budget, 2)
    assert payment
    await asyncio.gather(*(budget.give_back(payment) for _ in range(4)))
    assert (await budget.standing()).spent == 3


async def test_who_paid_is_forgotten_some_days_after_the_month(
    budget: SmsBudget, database: Database
) -> None:
    assert await paid(budget, 1)
    (kept,) = await database[PAYMENTS].find({}).to_list()
    assert kept["expires_at"] == datetime(2027, 1, 7, 17, tzinfo=UTC)
    assert INDEXES[PAYMENTS][0].document["expireAfterSeconds"] == 0
