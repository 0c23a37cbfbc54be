"""The duties of one process, and the leases under which it performs them."""

import asyncio
from collections.abc import Sequence
from itertools import chain
from uuid import uuid4

import structlog

from smartcity.composition import Composition
from smartcity.storage.leases import Lease
from workers.crew import alerting, clockwork, keeping, outward, pushing, spine, telling
from workers.crew.doors import Doors
from workers.duty import Chore, Duty, perform
from workers.scheduler import Clock

log = structlog.get_logger(__name__)


class Crew:
    """Any number of processes may have one: a lease decides which of them does a piece of work."""

    def __init__(self, shared: Composition, doors: Doors) -> None:
        self._shared = shared
        self._holder = uuid4().hex
        self._leases: list[Lease] = []
        self._clock = Clock(shared.city.zone)
        self._duties: list[Duty] = []
        for part in chain(
            spine.work(shared, self._lease),
            telling.work(shared, doors, self._lease),
            pushing.work(shared, doors, self._lease),
            alerting.work(shared, self._lease),
            clockwork.work(shared, self._lease),
            outward.work(shared, doors, self._lease),
            keeping.work(shared, self._lease),
        ):
            if isinstance(part, Chore):
                self._clock.every_minutes(part.minutes, part.do)
            else:
                self._duties.append(part)

    async def work(self, stop: asyncio.Event) -> None:
        """Perform every duty until told to stop; then let go of what others may wait for."""
        async with asyncio.TaskGroup() as group:
            for duty in self._duties:
                group.create_task(perform(duty, stop), name=duty.name)
            self._clock.start()
            log.info("working", duties=self._names())
            await stop.wait()
            self._clock.stop()
            for duty in self._duties:
                duty.finish()
        for duty in self._duties:
            await duty.leave()
        for lease in self._leases:
            await lease.release()

    def _names(self) -> Sequence[str]:
        return [duty.name for duty in self._duties]

    def _lease(self, name: str) -> Lease:
        lease = Lease(self._shared.database, name, self._holder, self._shared.settings.lease_s)
        self._leases.append(lease)
        return lease
