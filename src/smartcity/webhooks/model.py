"""What a webhook is: another system's address, what it wants to hear of, and how far it has heard.

Messages and signatures are those of the Standard Webhooks specification, so that a receiver can
check them with its libraries: https://github.com/standard-webhooks/standard-webhooks
"""

from collections.abc import Collection
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from smartcity.feed.event import Event, PublicState, Topic

TOPICS: Final = (Topic.REPORT, Topic.ALERT)
"""What has a public side: of everything else nobody outside may hear."""

EVERY: Final = "*"
GONE: Final = "gone"
"""The public could see it, and cannot any more. Whoever hears of a topic at all is told."""

MOST: Final = 100
"""So many webhooks one city has."""

Name = Annotated[
    str, Meta(min_length=1, max_length=100, description="What the system is called in this city.")
]
Url = Annotated[
    str,
    Meta(
        pattern=r"^https?://[^\s/@]+(/\S*)?$",
        max_length=2000,
        description=(
            "Where messages are posted: by https (`not_https`), and to no address of a machine's "
            "own or a private network (`not_reachable`), unless the settings permit that network."
        ),
    ),
]
Kind = Annotated[str, Meta(max_length=80)]
Kinds = Annotated[
    tuple[Kind, ...],
    Meta(
        min_length=1,
        max_length=100,
        description="Which events it hears of: `report.resolve`, or `report.*` for all of a topic.",
    ),
]


class State(StrEnum):
    ACTIVE = "active"
    PAUSED = "paused"  # nothing is sent; what happens meanwhile is kept in the feed


class Pause(StrEnum):
    """Why a webhook is paused."""

    ASKED = "asked"  # an administrator did it
    FAILING = "failing"  # for a day nothing was taken
    GONE = "gone"  # the receiver answered 410: it wants no more


class Place(msgspec.Struct, frozen=True):
    """How far in the feed a webhook has heard."""

    epoch: str
    seq: int

    @property
    def cursor(self) -> str:
        return f"{self.epoch}-{self.seq}"


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """That the receiver did not take what was sent: since when, how often, and why at last."""

    since: datetime
    attempts: int
    reason: str


class Webhook(msgspec.Struct, frozen=True, kw_only=True):
    """The document. Its secret follows from its id and `generation`. `revision` grows whenever an
    administrator changes it: what was being sent then is not written down any more.
    """

    id: UUID = msgspec.field(name="_id")
    name: str
    url: str
    kinds: frozenset[str]
    place: Place
    created_at: datetime
    generation: int = 1
    revision: int = 1
    state: State = State.ACTIVE
    paused: Pause | None = None
    next_at: datetime
    failure: Failure | None = None
    delivered_at: datetime | None = None

    def wants(self, event: Event) -> bool:
        """Whether this system is to hear of an event, if the public may."""
        if event.gone:
            return any(kind.startswith(f"{event.topic}.") for kind in self.kinds)
        wanted = {f"{event.topic}.{event.action}", f"{event.topic}.{EVERY}"}
        return event.public is not None and not self.kinds.isdisjoint(wanted)


class NewWebhook(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A system that wants to hear of events, from now on."""

    name: Name
    url: Url
    kinds: Kinds


class WebhookChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be different. What is not given stays."""

    name: Name | UnsetType = UNSET
    url: Url | UnsetType = UNSET
    kinds: Kinds | UnsetType = UNSET
    state: Annotated[
        State | UnsetType,
        Meta(description="`active` begins again where it stopped, at once."),
    ] = UNSET


class Message(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is posted: the event, and what the public sees of its subject after it."""

    type: str
    timestamp: datetime
    cursor: str
    """Its place in the feed, which a replay may begin behind."""
    id: UUID | None = None
    data: PublicState | None = None


def unknown_kinds(kinds: Collection[str], actions: Collection[str]) -> list[int]:
    """Which of the kinds, by their place, no event will ever be. `actions` are the city's kinds."""
    known = {*actions, *(f"{topic}.{EVERY}" for topic in TOPICS)}
    return [place for place, kind in enumerate(kinds) if kind not in known]
