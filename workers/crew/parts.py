"""What the modules of this folder are made with and make."""

from collections.abc import Callable, Iterator

from smartcity.composition import Composition
from smartcity.feed.consumer import BATCH, Consumer, Handle
from smartcity.storage.leases import Lease
from workers.duty import Chore, Duty

Leasing = Callable[[str], Lease]
"""A lease of this process by its name."""

Work = Iterator[Duty | Chore]


def reading(
    name: str, handle: Handle, shared: Composition, lease: Leasing, batch: int = BATCH
) -> Duty:
    """The duty of a consumer of the feed."""
    consumer = Consumer(name, shared.feed_store, lease(f"consumer:{name}"), handle, batch=batch)
    poll_s = shared.settings.consumer_poll_ms / 1000
    return Duty(name=name, run_once=consumer.run_once, poll_s=poll_s, full=batch)
