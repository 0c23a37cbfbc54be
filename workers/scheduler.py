# pyright: reportUnknownMemberType=false, reportMissingTypeStubs=false
"""The workers' clock: APScheduler, and nothing but a clock.

It runs in every process and keeps nothing: what is to be done, and whether it was, stands in the
database, and a lease decides which process does it.
"""

from collections.abc import Awaitable, Callable
from zoneinfo import ZoneInfo

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

log = structlog.get_logger(__name__)

Job = Callable[[], Awaitable[object]]


class Clock:
    """Calls jobs at their times, in the city's zone. A job that is still running is not doubled."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._scheduler = AsyncIOScheduler(timezone=zone)

    def every_minutes(self, minutes: int, job: Job) -> None:
        self._scheduler.add_job(
            _safely, "interval", [job], minutes=minutes, jitter=5, coalesce=True, max_instances=1
        )

    def start(self) -> None:
        self._scheduler.start()

    def stop(self) -> None:
        self._scheduler.shutdown(wait=False)


async def _safely(job: Job) -> None:
    try:
        await job()
    except Exception:  # the next time may go better, and the other jobs must not suffer
        log.exception("job failed")
