"""The city's other systems, as administrators look after what they are sent."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Controller, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Meta

from smartcity.identity.roles import Actor
from smartcity.webhooks.model import Failure, NewWebhook, Pause, State, Webhook, WebhookChange
from smartcity.webhooks.service import Webhooks


class WebhookView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A webhook, how far it has heard, and how it fares.

    `behind` is how many events the feed has behind `cursor`, wanted or not. `failure` says that
    what comes next is not taken; after a day of that the webhook is paused.
    """

    id: UUID
    name: str
    url: str
    kinds: list[str]
    state: State
    cursor: str
    behind: int
    created_at: datetime
    paused: Pause | None = None
    failure: Failure | None = None
    next_at: datetime | None = None
    delivered_at: datetime | None = None


class AddedWebhook(WebhookView, frozen=True, kw_only=True):
    """`secret` is told once: the receiver checks signatures with it."""

    secret: str


class WebhookList(msgspec.Struct, frozen=True):
    """All of them, in the order in which they were made."""

    items: list[WebhookView]


class WebhookSecret(msgspec.Struct, frozen=True):
    """What messages are signed with from now on."""

    secret: str


class Replay(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where to begin again: behind the event of this `cursor`."""

    after: Annotated[str, Meta(max_length=60, description="The `cursor` of a message.")]


class WebhookController(Controller):
    path = "/v1/webhooks"
    tags = ("Webhooks",)

    @get(operation_id="ListWebhooks")
    async def listed(self, webhooks: NamedDependency[Webhooks]) -> WebhookList:
        """List the systems that hear of events."""
        end = (await webhooks.end()).seq
        return WebhookList([_view(webhook, end) for webhook in await webhooks.all()])

    @post(operation_id="AddWebhook")
    async def add(
        self,
        data: JSONBody[NewWebhook],
        actor: NamedDependency[Actor],
        webhooks: NamedDependency[Webhooks],
    ) -> AddedWebhook:
        """Let a system hear of what happens from now on: of each event, in order, what the public
        sees. Messages are signed as Standard Webhooks says (headers `webhook-id`,
        `webhook-timestamp`, `webhook-signature`); one that is not answered 2xx within 15 seconds is
        sent again, with the same id, before any other.
        """
        webhook, secret = await webhooks.add(actor, data)
        shown = msgspec.structs.asdict(await _shown(webhook, webhooks))
        return AddedWebhook(**shown, secret=secret)

    @get("/{webhook_id:uuid}", operation_id="GetWebhook")
    async def one(
        self, webhook_id: FromPath[UUID], webhooks: NamedDependency[Webhooks]
    ) -> WebhookView:
        """Show how far a system has heard, and how it fares."""
        return await _shown(await webhooks.get(webhook_id), webhooks)

    @patch("/{webhook_id:uuid}", operation_id="UpdateWebhook")
    async def change(
        self,
        webhook_id: FromPath[UUID],
        data: JSONBody[WebhookChange],
        actor: NamedDependency[Actor],
        webhooks: NamedDependency[Webhooks],
    ) -> WebhookView:
        """Change where and what is sent, pause it, or let it go on where it stopped."""
        return await _shown(await webhooks.change(actor, webhook_id, data), webhooks)

    @post("/{webhook_id:uuid}/secret", operation_id="RenewWebhookSecret", status_code=200)
    async def renew_secret(
        self,
        webhook_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        webhooks: NamedDependency[Webhooks],
    ) -> WebhookSecret:
        """Sign with another secret, from the next message on. What the receiver refuses until it
        knows the new one is sent again.
        """
        return WebhookSecret(await webhooks.renew_secret(actor, webhook_id))

    @post("/{webhook_id:uuid}/replay", operation_id="ReplayWebhook", status_code=200)
    async def replay(
        self,
        webhook_id: FromPath[UUID],
        data: JSONBody[Replay],
        actor: NamedDependency[Actor],
        webhooks: NamedDependency[Webhooks],
    ) -> WebhookView:
        """Send everything behind a place in the feed again, under the same ids."""
        return await _shown(await webhooks.replay(actor, webhook_id, data.after), webhooks)

    @delete("/{webhook_id:uuid}", operation_id="RemoveWebhook")
    async def remove(
        self,
        webhook_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        webhooks: NamedDependency[Webhooks],
    ) -> None:
        """Send this system nothing more."""
        await webhooks.remove(actor, webhook_id)


async def _shown(webhook: Webhook, webhooks: Webhooks) -> WebhookView:
    return _view(webhook, (await webhooks.end()).seq)


def _view(webhook: Webhook, end: int) -> WebhookView:
    place = webhook.place
    return WebhookView(
        id=webhook.id,
        name=webhook.name,
        url=webhook.url,
        kinds=sorted(webhook.kinds),
        state=webhook.state,
        cursor=place.cursor,
        behind=max(0, end - place.seq),
        created_at=webhook.created_at,
        paused=webhook.paused,
        failure=webhook.failure,
        next_at=webhook.next_at if webhook.failure else None,
        delivered_at=webhook.delivered_at,
    )
