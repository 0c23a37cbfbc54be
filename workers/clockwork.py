"""The clock's duty: what becomes of reports when time passes."""

from typing import Final

from smartcity.reports.clockwork.sweep import Sweep
from smartcity.storage.leases import Lease

POLL_S: Final = 1.0


class Clockwork:
    """Of several processes that run one, the lease holder sweeps. Should two believe that they are,
    each step is still taken once.
    """

    def __init__(self, sweep: Sweep, lease: Lease) -> None:
        self._sweep = sweep
        self._lease = lease

    async def run_once(self) -> int:
        """Take the steps of one batch. Answers how many reports had rung."""
        if await self._lease.hold() is None:
            return 0
        return await self._sweep.run_once()
