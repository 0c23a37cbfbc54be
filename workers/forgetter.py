"""Who asked to be erased is erased, and what was kept long enough goes."""

from smartcity.people.erasure import Eraser
from smartcity.people.retention import Retention
from smartcity.storage.leases import Lease


class Forgetter:
    """Of several processes that run one, the lease holder forgets."""

    def __init__(self, eraser: Eraser, retention: Retention, lease: Lease) -> None:
        self._eraser = eraser
        self._retention = retention
        self._lease = lease

    async def erase(self) -> int:
        """One batch of what people asked for."""
        return 0 if await self._lease.hold() is None else await self._eraser.run_once()

    async def retain(self) -> int:
        """One batch of what the pack's months have passed for."""
        return 0 if await self._lease.hold() is None else await self._retention.run_once()
