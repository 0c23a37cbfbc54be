"""The duty that keeps FCM's topics in step with what devices follow."""

from typing import Final

from smartcity.city.model import City
from smartcity.identity.devices.service import DeviceService
from smartcity.notifications.subscriptions.keeping import SubscriptionKeeper
from smartcity.notifications.subscriptions.store import SubscriptionStore
from smartcity.notifications.topics import Subscriber
from smartcity.storage.leases import Lease

POLL_S: Final = 1.0


class Subscriptions:
    """Of several processes that run one, the lease holder speaks to FCM. Should two believe that
    they are, what they say is the same.
    """

    def __init__(
        self,
        store: SubscriptionStore,
        devices: DeviceService,
        city: City,
        subscriber: Subscriber,
        lease: Lease,
    ) -> None:
        self._lease = lease
        self._keeper = SubscriptionKeeper(store, devices, city, subscriber, self._holds)

    async def run_once(self) -> int:
        """One batch. Answers how many devices it was."""
        return await self._keeper.run_once() if await self._holds() else 0

    async def _holds(self) -> bool:
        return await self._lease.hold() is not None
