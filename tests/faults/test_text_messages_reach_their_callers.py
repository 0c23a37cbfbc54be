"""Workers that send text messages are killed: no caller is missed, a repeat has the same id, and no
more is sent than is paid.
"""

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from itertools import cycle
from pathlib import Path

import pytest

from smartcity.city.model import City
from smartcity.notifications.letters.sms.segments import parts
from smartcity.notifications.letters.sms.store import MONTHS
from smartcity.storage.mongo import connect
from tests.faults.installations import Apart, running
from tests.faults.people import Json, staff
from tests.faults.processes import until
from tests.faults.stories import pothole
from tests.standins.fixtures import SmsGateway
from tests.standins.sms import KEY

pytestmark = pytest.mark.anyio

CALLS = 16
DEATHS = (3, 9)
"""When so many were sent a worker is killed, while the next is on its way."""

CONSENT = {"contact": "2026-01"}


@pytest.fixture
async def installation(tmp_path: Path, sms: SmsGateway) -> AsyncIterator[Apart]:
    made = Apart(tmp_path, workers=2, sms_gateway=sms.file(tmp_path), sms_secret=KEY)
    async with running(made):
        yield made


async def test_workers_that_are_killed_miss_no_caller_and_pay_for_whatever_they_sent(
    installation: Apart, hanoi: City, sms: SmsGateway
) -> None:
    sms.fault("slow", times=CALLS * 3, delay_s=0.3)
    receipts: dict[str, Json] = {}
    async with staff(installation, "operator") as desk:
        for call in range(CALLS):
            contact = {"name": "An", "phone": f"09123456{call:02}"}
            receipt = await desk.submit(pothole(hanoi) | {"contact": contact, "consent": CONSENT})
            receipts[contact["phone"].replace("0", "84", 1)] = receipt
    for sent, worker in zip(DEATHS, cycle(installation.workers), strict=False):
        await until(at_least(sms, sent), f"{sent} are sent")
        await worker.kill_and_start()
    await until(at_least(sms, CALLS), "everybody was told", patience_s=60)

    client, database = connect(installation.mongo_uri, "smartcity", timeout_s=30, pool=4)
    async with client:

        async def settled() -> bool:
            return not await database["letters"].find_one({"sending.state": {"$ne": "sent"}})

        await until(settled, "no letter waits")
        month = await database[MONTHS].find_one({})
    messages = sms.messages()
    assert month is not None
    assert month["parts"] == sum(parts(message["text"]) for message in messages)
    assert {message["to"] for message in messages} == receipts.keys()
    assert len(messages) == CALLS
    for message in messages:
        assert receipts[message["to"]]["code"] in message["text"]
        assert receipts[message["to"]]["secret"] in message["text"]
    repeats = Counter(sms.attempts()) - Counter({one["request_id"]: 1 for one in messages})
    assert repeats.total() <= len(DEATHS), "what was on its way when a worker died, and no more"
    said = "".join(log.read_text(errors="replace") for log in installation.folder.glob("*.log"))
    for number, receipt in receipts.items():
        assert number[2:] not in said
        assert receipt["secret"] not in said


def at_least(sms: SmsGateway, count: int) -> Callable[[], Awaitable[bool]]:
    async def sent() -> bool:
        return len(sms.messages()) >= count

    return sent
