"""What administrators do with webhooks. Each step is in the audit log before it is taken."""

from collections.abc import Collection, Sequence
from uuid import UUID

from msgspec import UNSET, UnsetType
from yarl import URL

from smartcity.audit.records import AuditRecords
from smartcity.clock import now
from smartcity.errors import Conflict, FieldError, Invalid, NotFound
from smartcity.feed.store import FeedStore
from smartcity.identifiers import new_id
from smartcity.identity.roles import Actor
from smartcity.storage.mongo import Document, to_document
from smartcity.webhooks.destinations import Network, leads_nowhere
from smartcity.webhooks.model import (
    MOST,
    NewWebhook,
    Pause,
    Place,
    State,
    Webhook,
    WebhookChange,
    unknown_kinds,
)
from smartcity.webhooks.signing import secret_of, written
from smartcity.webhooks.store import WebhookStore


class Webhooks:
    """`kinds` are all that events of this city may be, `key` is the installation's secret. Without
    `networks` of the city's own that webhooks may lead to, none leads anywhere in the clear.
    """

    def __init__(
        self,
        store: WebhookStore,
        feed: FeedStore,
        audit: AuditRecords,
        *,
        kinds: Collection[str],
        key: bytes,
        networks: Sequence[Network],
    ) -> None:
        self._store = store
        self._feed = feed
        self._audit = audit
        self._kinds = kinds
        self._key = key
        self._networks = networks

    async def add(self, actor: Actor, new: NewWebhook) -> tuple[Webhook, str]:
        """A webhook that hears what happens from now on, and its secret, which is told once.
        Raises `Invalid`, and `Conflict` for one too many.
        """
        self._check(new.url, new.kinds)
        if await self._store.count() >= MOST:
            raise Conflict(limit=MOST)
        at = now()
        webhook = Webhook(
            id=new_id(),
            name=new.name,
            url=new.url,
            kinds=frozenset(new.kinds),
            place=Place(await self._feed.epoch(), await self._feed.last_seq()),
            created_at=at,
            next_at=at,
        )
        await self._audit.write(actor, "webhook_added", webhook.id)
        await self._store.add(webhook)
        return webhook, self._secret(webhook)

    async def all(self) -> list[Webhook]:
        return await self._store.all()

    async def get(self, webhook: UUID) -> Webhook:
        """Raises `NotFound`."""
        found = await self._store.get(webhook)
        if found is None:
            raise NotFound
        return found

    async def change(self, actor: Actor, webhook: UUID, change: WebhookChange) -> Webhook:
        """Raises `Invalid`, `NotFound`."""
        known = await self.get(webhook)
        url = known.url if change.url is UNSET else change.url
        self._check(change.url, () if change.kinds is UNSET else change.kinds)
        fields = to_document(change)
        if change.state is State.ACTIVE or url != known.url:
            fields |= {"failure": None, "next_at": now()}  # it was another address that failed
        if change.state is not UNSET:
            fields["paused"] = Pause.ASKED.value if change.state is State.PAUSED else None
        await self._audit.write(actor, "webhook_changed", webhook, fields=" ".join(sorted(fields)))
        return await self._store.change(webhook, fields)

    async def renew_secret(self, actor: Actor, webhook: UUID) -> str:
        """Another secret, which is told once; the old one signs nothing any more. Raises
        `NotFound`.
        """
        await self.get(webhook)
        await self._audit.write(actor, "webhook_secret_renewed", webhook)
        return self._secret(await self._store.change(webhook, {}, secret=True))

    async def replay(self, actor: Actor, webhook: UUID, after: str) -> Webhook:
        """Send again whatever came behind a place in the feed. Raises `NotFound`, and `Invalid` for
        a place that the feed does not have, or has no more.
        """
        place = await self._place(after)
        await self.get(webhook)
        await self._audit.write(actor, "webhook_replayed", webhook, after=after)
        fields: Document = {"place": to_document(place), "failure": None, "next_at": now()}
        return await self._store.change(webhook, fields)

    async def remove(self, actor: Actor, webhook: UUID) -> None:
        """Raises `NotFound`."""
        await self.get(webhook)
        await self._audit.write(actor, "webhook_removed", webhook)
        if not await self._store.remove(webhook):
            raise NotFound

    async def end(self) -> Place:
        """Where the feed ends, which a webhook that has heard everything stands at."""
        return Place(await self._feed.epoch(), await self._feed.last_seq())

    async def _place(self, cursor: str) -> Place:
        epoch, _, digits = cursor.rpartition("-")
        if not digits.isdecimal() or len(digits) > 18:
            raise Invalid(FieldError("after", "malformed"))
        place = Place(epoch, int(digits))
        kept = await self._feed.first_seq() - 1 <= place.seq <= await self._feed.last_seq()
        if epoch != await self._feed.epoch() or not kept:
            raise Invalid(FieldError("after", "not_kept"))
        return place

    def _check(self, url: str | UnsetType, kinds: Collection[str]) -> None:
        mistakes = [
            FieldError(f"kinds.{place}", "unknown") for place in unknown_kinds(kinds, self._kinds)
        ]
        if url is not UNSET:
            mistakes += [FieldError("url", reason) for reason in _wrong(url, self._networks)]
        if mistakes:
            raise Invalid(*mistakes)

    def _secret(self, webhook: Webhook) -> str:
        return written(secret_of(self._key, webhook.id, webhook.generation))


def _wrong(url: str, networks: Sequence[Network]) -> list[str]:
    """A name is looked up when something is sent to it: it may lead elsewhere by then."""
    try:
        parsed = URL(url)
        (parsed.raw_host or "").encode("idna")  # as it is when the name is looked up
        named = bool(parsed.host)
    except ValueError:
        return ["malformed"]
    if not named or url != url.strip():
        return ["malformed"]
    encrypted = parsed.scheme == "https"
    if not encrypted and not networks:
        return ["not_https"]
    nowhere = leads_nowhere(parsed.host or "", networks, world=encrypted)
    return ["not_reachable"] if nowhere else []
