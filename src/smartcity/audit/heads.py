"""Tells the world where the chain stands, so that nobody can rewrite it unseen.

Once an hour in the logs, which other machines may collect; once a day (of the city's zone) at a
public address, where a newspaper may fetch it. Both happen as soon as a worker runs again.
"""

from datetime import datetime
from zoneinfo import ZoneInfo

import structlog

from smartcity.audit.model import DayHead
from smartcity.audit.store import AuditStore
from smartcity.clock import now

log = structlog.get_logger(__name__)


class AuditHeads:
    """Made to be asked often: it does what the hour and the day ask for, once."""

    def __init__(self, store: AuditStore, zone: ZoneInfo) -> None:
        self._store = store
        self._zone = zone
        self._logged: datetime | None = None

    async def keep(self) -> None:
        """Log the hour's head and publish the day's, if it was not done. Raises `HeadLost`."""
        at = now()
        hour = at.replace(minute=0, second=0, microsecond=0)
        if self._logged != hour:
            head = await self._store.head()
            log.info("audit head", count=head.count, head=head.mac.hex())
            self._logged = hour
        date = at.astimezone(self._zone).date().isoformat()
        if await self._store.published(date) is None:
            head = await self._store.head()
            day = DayHead(date=date, count=head.count, mac=head.mac, at=at)
            if await self._store.publish(day):
                log.info("audit head published", date=date, count=head.count, head=head.mac.hex())
