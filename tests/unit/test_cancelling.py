"""What is ended in the background has ended."""

import asyncio
from contextlib import suppress

import pytest

from smartcity import cancelling

pytestmark = pytest.mark.anyio


async def stubborn(times: int) -> None:
    """Loses so many cancellations."""
    for _ in range(times):
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(60)
    await asyncio.sleep(60)


@pytest.mark.parametrize("times", [0, 1, 3])
async def test_a_task_ends_however_many_cancellations_it_loses(
    times: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cancelling, "AGAIN_S", 0.01)
    tasks = [asyncio.create_task(stubborn(times)) for _ in range(2)]
    await asyncio.sleep(0)
    async with asyncio.timeout(10):
        await cancelling.end(*tasks)
    assert all(task.cancelled() for task in tasks)


async def test_what_had_ended_before_or_fails_meanwhile_troubles_nobody() -> None:
    async def fails() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            raise ValueError

    done, failing = asyncio.create_task(asyncio.sleep(0)), asyncio.create_task(fails())
    await done
    await cancelling.end(done, failing)
    assert isinstance(failing.exception(), ValueError)
