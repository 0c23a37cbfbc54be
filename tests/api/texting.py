"""A town whose workers send text messages through the stand-in for a gateway, and who calls."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.api.packs import changed_pack
from tests.api.reporting import pothole
from tests.api.town import Person, Town, town
from tests.standins.fixtures import SmsGateway
from tests.standins.sms import KEY
from workers.main import work

NUMBER = "0912345678"
DIALLED = "84912345678"
"""The same number as the gateway is told it."""

CONSENT = {"contact": "2026-01"}
BUDGET = "monthly_parts = 20_000"


@asynccontextmanager
async def texting_town(
    mongo_uri: str, folder: Path, sms: SmsGateway | None, *changes: tuple[str, str], **options: Any
) -> AsyncGenerator[Town]:
    """Nobody works yet. `changes` are of words in the pack's `city.toml`."""
    if sms is not None:
        options |= {"sms_gateway": sms.file(folder), "sms_secret": KEY}
    pack = {"city": changed_pack(folder, "city.toml", *changes)} if changes else {}
    async with town(mongo_uri, folder, **pack, **options) as started:
        yield started


@asynccontextmanager
async def at_work(town: Town, workers: int = 1) -> AsyncGenerator[None]:
    """Workers, each as in a process of its own."""
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        for _ in range(workers):
            group.create_task(work(town.settings, stop))
        try:
            yield
        finally:
            stop.set()


async def called(
    town: Town, operator: Person, phone: str | None = NUMBER, **more: Any
) -> dict[str, Any]:
    """A report that an operator sends for somebody on the phone; what its receipt says."""
    contact = {"name": "Nguyễn Văn An"} | ({"phone": phone} if phone else {})
    report = pothole(town.city, contact=contact, consent=CONSENT, **more)
    answer = await operator.submit(report)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def eventually(
    true: Callable[[], Awaitable[bool] | bool], what: str, patience_s: float = 20
) -> None:
    clock = asyncio.get_running_loop().time
    deadline = clock() + patience_s
    while True:
        found = true()
        if found if isinstance(found, bool) else await found:
            return
        assert clock() < deadline, f"not within {patience_s:g} s: {what}"
        await asyncio.sleep(0.05)


async def all_settled(town: Town, count: int) -> list[dict[str, Any]]:
    """The letters by text message, when there are so many and none of them waits."""
    letters = town.database["letters"]

    async def settled() -> bool:
        written = await letters.count_documents({"channel": "sms"})
        return written == count and not await letters.find_one({"sending.state": "pending"})

    await eventually(settled, f"{count} letters are settled")
    return await letters.find({"channel": "sms"}).to_list()


def states(letters: list[dict[str, Any]]) -> list[tuple[str, str | None]]:
    """What became of them, and why."""
    return sorted((one["sending"]["state"], one["sending"].get("reason")) for one in letters)
