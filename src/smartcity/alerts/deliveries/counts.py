"""How the telling of phones goes, for those who run the system."""

from collections.abc import Sequence
from typing import Final

from smartcity.alerts.deliveries.model import DeliveryCount
from smartcity.alerts.deliveries.store import DeliveryStore

PAUSE_S: Final = 10.0


class DeliveryCounts:
    """Kept, and counted anew behind the answers: a city has few deliveries."""

    def __init__(self, store: DeliveryStore) -> None:
        self._store = store
        self.counts: Sequence[DeliveryCount] = ()

    async def refresh(self) -> None:
        self.counts = await self._store.counts()
