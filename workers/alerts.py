"""The clock's duty for alerts: what has reached its end, ends."""

from smartcity.alerts.service import AlertService
from smartcity.storage.leases import Lease


class AlertClock:
    """Of several processes that run one, the lease holder ends alerts. Should two believe that they
    are, each is still ended once.
    """

    def __init__(self, alerts: AlertService, lease: Lease) -> None:
        self._alerts = alerts
        self._lease = lease

    async def run_once(self) -> int:
        """End what is due. Answers how many alerts that was."""
        if await self._lease.hold() is None:
            return 0
        return await self._alerts.expire_due()
