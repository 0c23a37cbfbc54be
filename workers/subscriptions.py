"""The duty that keeps FCM's topics in step with what devices follow."""

from typing import Final

from smartcity.composition import Composition
from smartcity.notifications.subscriptions.keeping import SubscriptionKeeper
from smartcity.notifications.subscriptions.store import SubscriptionStore
from smartcity.notifications.topics import Subscriber
from smartcity.storage.leases import Lease

POLL_S: Final = 1.0


class Subscriptions:
    """Of several processes that run one, the lease holder speaks to FCM. Should two believe that
    they are, what they say is the same.
    """

    def __init__(self, shared: Composition, subscriber: Subscriber, lease: Lease) -> None:
        store = SubscriptionStore(shared.database)
        self._lease = lease
        self._keeper = SubscriptionKeeper(
            store, shared.devices, shared.city, subscriber, self._holds
        )

    async def run_once(self) -> int:
        """One batch. Answers how many devices it was."""
        return await self._keeper.run_once() if await self._holds() else 0

    async def _holds(self) -> bool:
        return await self._lease.hold() is not None
