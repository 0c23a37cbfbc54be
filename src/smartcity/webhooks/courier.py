"""Takes a webhook's messages to its receiver: one after the other, in the order of the feed.

At least once: killed between sending and writing down, it sends again what it had in hand, under
the same ids.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, Protocol
from uuid import UUID

import structlog
from msgspec.structs import replace

from smartcity.audit.records import AuditRecords
from smartcity.clock import now
from smartcity.feed.event import Published
from smartcity.feed.store import FeedStore
from smartcity.identity.roles import CLOCK
from smartcity.webhooks.messages import Post, of_event, of_reset
from smartcity.webhooks.model import Failure, Pause, Place, State, Webhook
from smartcity.webhooks.posting import NotTaken
from smartcity.webhooks.signing import secret_of, signed
from smartcity.webhooks.store import WebhookStore

log = structlog.get_logger(__name__)

BATCH: Final = 200
SAVED_EVERY: Final = timedelta(seconds=1)
"""So much at the most is sent again after a process was killed."""

FIRST_WAIT_S: Final = 5.0
LONGEST_WAIT_S: Final = 3600.0
PATIENCE: Final = timedelta(days=1)
"""Who takes nothing for as long is sent nothing more, until an administrator says so."""


class Receivers(Protocol):
    """The way to them."""

    async def post(self, url: str, body: bytes, headers: Mapping[str, str], /) -> None:
        """Raises `NotTaken`."""
        ...


class Courier:
    """`key` is the installation's secret."""

    def __init__(
        self,
        store: WebhookStore,
        feed: FeedStore,
        receivers: Receivers,
        audit: AuditRecords,
        key: bytes,
    ) -> None:
        self._store = store
        self._feed = feed
        self._receivers = receivers
        self._audit = audit
        self._key = key

    async def deliver(self, webhook: Webhook) -> None:
        """Send what this webhook has not heard, until there is no more, a message is not taken, or
        it is not ours any more to go on.
        """
        trip = _Trip(webhook)
        try:
            while events := await self._next(trip):
                if not await self._send(trip, events):
                    return
        except NotTaken as refusal:
            trip.webhook = await self._refused(trip.webhook, refusal)
        await self._save(trip)

    async def _next(self, trip: "_Trip") -> Sequence[Published]:
        """What is to be sent next, behind a place that the feed still has; if going there leaves
        something out, the receiver is told.
        """
        epoch, first = await self._feed.epoch(), await self._feed.first_seq()
        if trip.place.epoch != epoch or trip.place.seq + 1 < first:
            begin = Place(epoch, first - 1)
            await self._post(trip.webhook, of_reset(trip.webhook, begin))
            trip.delivered(begin)
        return await self._feed.after(trip.place.seq, BATCH, trip.place.epoch)

    async def _send(self, trip: "_Trip", events: Sequence[Published]) -> bool:
        """False if it is not ours any more to go on."""
        for published in events:
            place = Place(published.epoch, published.seq)
            if (post := of_event(trip.webhook, published)) is None:
                trip.passed(place)
            else:
                await self._post(trip.webhook, post)
                trip.delivered(place)
            if trip.is_to_be_saved() and not await self._save(trip):
                return False
        return True

    async def _save(self, trip: "_Trip") -> bool:
        """False if an administrator has changed it, or another process went on with it."""
        done = await self._store.save(trip.webhook, trip.saved)
        trip.saved, trip.saved_at = trip.place, now()
        return done

    async def _post(self, webhook: Webhook, post: Post) -> None:
        secret = secret_of(self._key, webhook.id, webhook.generation)
        headers = signed(secret, post.id, int(now().timestamp()), post.body)
        await self._receivers.post(webhook.url, post.body, headers)

    async def _refused(self, webhook: Webhook, refusal: NotTaken) -> Webhook:
        """How it stands after a failure: it waits, or has failed for too long."""
        at, before = now(), webhook.failure
        failure = Failure(
            since=before.since if before else at,
            attempts=before.attempts + 1 if before else 1,
            reason=str(refusal),
        )
        log.warning("webhook failed", webhook=str(webhook.id), reason=failure.reason)
        wait_s = max(min(refusal.wait_s, LONGEST_WAIT_S), _backoff_s(webhook.id, failure.attempts))
        webhook = replace(webhook, failure=failure, next_at=at + timedelta(seconds=wait_s))
        pause = _pause(failure, refusal, at)
        if pause is None:
            return webhook
        await self._audit.write(CLOCK, "webhook_paused", webhook.id, because=pause)
        return replace(webhook, state=State.PAUSED, paused=pause)


class _Trip:
    """One webhook on its way, and when that was last written down."""

    def __init__(self, webhook: Webhook) -> None:
        self.webhook = webhook
        self.saved = webhook.place
        self.saved_at = now()

    @property
    def place(self) -> Place:
        return self.webhook.place

    def passed(self, place: Place) -> None:
        self.webhook = replace(self.webhook, place=place)

    def delivered(self, place: Place) -> None:
        self.webhook = replace(self.webhook, place=place, delivered_at=now(), failure=None)

    def is_to_be_saved(self) -> bool:
        return now() - self.saved_at >= SAVED_EVERY


def _pause(failure: Failure, refusal: NotTaken, at: datetime) -> Pause | None:
    if refusal.for_good:
        return Pause.GONE
    return Pause.FAILING if at - failure.since >= PATIENCE else None


def _backoff_s(webhook: UUID, attempts: int) -> float:
    """Doubling, and spread over half of it, so that those who failed together do not come back
    together.
    """
    whole = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2 ** min(attempts - 1, 16))
    return whole * (0.5 + webhook.int % 1024 / 2048)
