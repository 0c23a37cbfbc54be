"""The clock's duty for dossiers: whoever has a result to collect is reminded."""

from typing import Final

from smartcity.dossiers.collecting.service import Collecting
from smartcity.storage.leases import Lease

POLL_S: Final = 5.0


class Collector:
    """Of several processes that run one, the lease holder goes the round. Should two believe that
    they are, each reminder is still told once.
    """

    def __init__(self, collecting: Collecting, lease: Lease) -> None:
        self._collecting = collecting
        self._lease = lease

    async def run_once(self) -> int:
        """Look at one page of what people follow. Answers how many follows that were."""
        if await self._lease.hold() is None:
            return 0
        return await self._collecting.run_once()
