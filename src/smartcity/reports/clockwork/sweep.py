"""Takes the steps whose time has come, in bounded batches."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, Protocol
from uuid import UUID

import structlog

from smartcity.clock import now
from smartcity.errors import SmartCityError
from smartcity.identity.roles import CLOCK
from smartcity.reports.clockwork.alarms import turn_opened
from smartcity.reports.clockwork.store import AlarmStore, Ringing
from smartcity.reports.requests import Step
from smartcity.reports.service import ReportService
from smartcity.reports.words import Action

log = structlog.get_logger(__name__)

BATCH: Final = 200
FRESH: Final = BATCH // 4
"""So many of a batch are those that rang last: behind a backlog of a hundred thousand a warning of
this minute is still a warning. The rest are the oldest, so that a backlog ends."""

SET_ASIDE: Final = timedelta(hours=1)
"""When to look again at a report whose step was refused, so that it stands in nobody's way."""


class Reach(Protocol):
    """What is known of messages on their way; notifications answer."""

    async def reached(self, event: UUID, recipient: UUID) -> bool:
        """Whether somebody was told of an event, as far as anybody can know."""
        ...


class Sweep:
    """Any number of these may run at once: a step is taken by one of them."""

    def __init__(self, store: AlarmStore, reports: ReportService, reach: Reach) -> None:
        self._store = store
        self._reports = reports
        self._reach = reach

    async def run_once(self) -> int:
        """Take the steps of one batch. Answers how many reports had rung."""
        at = now()
        rung = await self._rung(at)
        outcomes = await asyncio.gather(*map(self._take, rung), return_exceptions=True)
        failed = [
            (ringing, outcome)
            for ringing, outcome in zip(rung, outcomes, strict=True)
            if isinstance(outcome, BaseException)
        ]
        await self._set_aside(failed, len(rung), at)
        return len(rung)

    async def _rung(self, at: datetime) -> Sequence[Ringing]:
        oldest = await self._store.oldest(at, BATCH - FRESH)
        if len(oldest) < BATCH - FRESH:
            return oldest
        newest = await self._store.newest(at, FRESH)
        return list({ringing.id: ringing for ringing in (*oldest, *newest)}.values())

    async def _take(self, ringing: Ringing) -> None:
        action = ringing.alarm.action
        if action is Action.LAPSE and not await self._was_asked(ringing.id):
            action = Action.PROCEED
        await self._reports.act(ringing.id, [Step(action=action)], CLOCK)

    async def _was_asked(self, report_id: UUID) -> bool:
        """Whether the open question reached the reporter."""
        report, _ = await self._reports.see(report_id, CLOCK)
        opened = turn_opened(report)
        if opened is None:  # it was answered meanwhile: taking the step finds out
            return True
        question = report.timeline[opened[0]]
        return await self._reach.reached(question.id, report.reporter.id)

    async def _set_aside(
        self, failed: Sequence[tuple[Ringing, BaseException]], among: int, at: datetime
    ) -> None:
        """Whoever acted first has given the report another alarm: then nothing is set aside. Where
        every step failed with something unforeseen, it is not the reports' fault.
        """
        unforeseen = [e for _, e in failed if not isinstance(e, SmartCityError)]
        if unforeseen and len(unforeseen) == among:
            raise unforeseen[0]
        for ringing, error in failed:
            if not isinstance(error, SmartCityError):
                log.warning("the clock failed", report=str(ringing.id), error=repr(error))
            await self._store.set_aside(ringing, at + SET_ASIDE)
