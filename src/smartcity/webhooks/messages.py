"""What is posted of an event: the public's view of it, and nothing else."""

from typing import Final

import msgspec

from smartcity.clock import now
from smartcity.feed.event import Published
from smartcity.webhooks.model import GONE, Message, Place, Webhook

RESET: Final = "feed.reset"
"""What stood between is not kept any more: whoever keeps a copy of the city asks for all of it."""


class Post(msgspec.Struct, frozen=True):
    """A message on its way. A repeat has the same id, by which the receiver drops it."""

    id: str
    body: bytes


def of_event(webhook: Webhook, published: Published) -> Post | None:
    """None if this webhook does not hear of it."""
    event = published.event
    if not webhook.wants(event):
        return None
    message = Message(
        type=f"{event.topic}.{GONE if event.gone else event.action}",
        timestamp=event.at,
        cursor=published.cursor,
        id=event.subject,
        data=event.public,
    )
    return Post(str(event.id), msgspec.json.encode(message))


def of_reset(webhook: Webhook, begin: Place) -> Post:
    """That the feed begins anew for this webhook, behind a place."""
    message = Message(type=RESET, timestamp=now(), cursor=begin.cursor)
    return Post(f"{RESET}.{webhook.id}.{begin.cursor}", msgspec.json.encode(message))
