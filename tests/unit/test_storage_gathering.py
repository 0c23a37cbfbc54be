"""What is asked at the same moment goes together, and each gets its own answer."""

import asyncio
from collections.abc import Collection, Sequence
from itertools import chain

import pytest

from smartcity.storage.gathering import APART_S, AT_ONCE, MOST, Gathering, look_up

pytestmark = pytest.mark.anyio


class Doubling:
    """Doubles numbers, slowly, and remembers what came together; refuses the odd ones."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.under_way = 0

    async def together(self, numbers: Sequence[int]) -> list[int | Exception]:
        self.batches.append(list(numbers))
        self.under_way += 1
        assert self.under_way <= AT_ONCE
        await asyncio.sleep(0.01)
        self.under_way -= 1
        return [ValueError(number) if number % 2 else number * 2 for number in numbers]


async def test_what_comes_alone_goes_alone() -> None:
    doubling = Doubling()
    double = Gathering(doubling.together)
    assert await double(4) == 8
    assert await double(6) == 12
    assert doubling.batches == [[4], [6]]


async def test_what_comes_together_goes_together_and_each_gets_its_own() -> None:
    doubling = Doubling()
    double = Gathering(doubling.together)
    answers = await asyncio.gather(*map(double, range(1000)), return_exceptions=True)
    assert [a if isinstance(a, int) else None for a in answers] == [
        None if number % 2 else number * 2 for number in range(1000)
    ]
    assert all(isinstance(answer, ValueError) for answer in answers[1::2])
    assert len(doubling.batches) == 1000 / MOST
    assert sorted(chain.from_iterable(doubling.batches)) == list(range(1000))


async def test_what_comes_right_behind_a_command_goes_together_with_the_next() -> None:
    doubling = Doubling()
    double = Gathering(doubling.together)
    tasks = [asyncio.create_task(double(0))]
    while not doubling.batches:
        await asyncio.sleep(0)
    for number in (2, 4, 6):
        tasks.append(asyncio.create_task(double(number)))
        await asyncio.sleep(0)
    await asyncio.gather(*tasks)
    assert doubling.batches == [[0], [2, 4, 6]]


async def test_what_comes_while_as_many_commands_as_may_be_are_under_way_waits() -> None:
    batches, gate = list[Sequence[int]](), asyncio.Event()

    async def together(numbers: Sequence[int]) -> Sequence[int]:
        batches.append(numbers)
        await gate.wait()
        return numbers

    same = Gathering(together)
    tasks: list[asyncio.Task[int]] = []
    for number in range(AT_ONCE + 4):
        tasks.append(asyncio.create_task(same(number)))
        await asyncio.sleep(2 * APART_S)
    gate.set()
    await asyncio.gather(*tasks)
    assert batches == [*([number] for number in range(AT_ONCE)), [*range(AT_ONCE, AT_ONCE + 4)]]


async def test_who_asks_again_as_soon_as_they_are_answered_is_answered_again() -> None:
    gate = asyncio.Event()

    async def together(numbers: Sequence[int]) -> Sequence[int]:
        await gate.wait()
        return numbers

    same = Gathering(together)

    async def twice(number: int) -> int:
        return await same(await same(number))

    again = asyncio.create_task(twice(1))
    await asyncio.sleep(0.01)
    once = asyncio.create_task(same(2))
    await asyncio.sleep(0.01)
    gate.set()  # both commands end in the same moment
    async with asyncio.timeout(1):
        assert (await again, await once) == (1, 2)


async def test_a_failure_of_all_is_told_to_all_and_the_next_try_is_a_new_one() -> None:
    failing = True

    async def together(numbers: Sequence[int]) -> Sequence[int]:
        if failing:
            raise ConnectionError
        return numbers

    same = Gathering(together)
    failures = await asyncio.gather(same(1), same(2), return_exceptions=True)
    assert [type(failure) for failure in failures] == [ConnectionError, ConnectionError]
    failing = False
    assert await same(3) == 3


async def test_one_that_cannot_be_sent_spoils_nothing_for_the_others() -> None:
    async def together(numbers: Sequence[int]) -> Sequence[int]:
        if 3 in numbers:
            raise OverflowError("does not fit")
        return numbers

    same = Gathering(together)
    answers = await asyncio.gather(*map(same, range(1, 6)), return_exceptions=True)
    assert [a if isinstance(a, int) else type(a) for a in answers] == [1, 2, OverflowError, 4, 5]


async def test_who_goes_away_takes_nothing_from_the_others() -> None:
    double = Gathering(Doubling().together)
    gone, other = asyncio.create_task(double(2)), asyncio.create_task(double(4))
    await asyncio.sleep(0)
    gone.cancel()
    assert await other == 8


async def test_a_key_that_is_not_found_answers_none_and_the_same_key_is_asked_once() -> None:
    asked: list[Collection[str]] = []

    async def many(keys: Collection[str]) -> dict[str, int]:
        asked.append(keys)
        return {"one": 1}

    find = look_up(many)
    assert await asyncio.gather(find("one"), find("two"), find("one")) == [1, None, 1]
    assert asked == [{"one", "two"}]
