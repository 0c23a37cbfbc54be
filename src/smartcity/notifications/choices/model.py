"""What somebody chose, and what holds for who chose nothing: one table."""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

import msgspec

from smartcity.notifications.model import Channel, Kind

PUSH, EMAIL, SMS = Channel.PUSH, Channel.EMAIL, Channel.SMS

Channels = frozenset[Channel]

DEFAULTS: Final[Mapping[Kind, Channels]] = {
    # An e-mail goes only to who gave an address for it, and a text message only to callers, who
    # have no app: it costs the city money, so it says what they wait for and nothing else.
    Kind.RECEIPT: frozenset({PUSH, EMAIL, SMS}),
    Kind.PROGRESS: frozenset({PUSH}),
    Kind.QUESTION: frozenset({PUSH, EMAIL, SMS}),
    Kind.RESULT: frozenset({PUSH, EMAIL, SMS}),
    Kind.COMMENT: frozenset({PUSH}),
    Kind.PRIVACY: frozenset({PUSH, EMAIL, SMS}),
    Kind.FOLLOWED: frozenset({PUSH}),
    Kind.AREA: frozenset({PUSH}),
    Kind.DOSSIER: frozenset({PUSH, EMAIL}),
    Kind.WORK: frozenset({PUSH, EMAIL}),
    Kind.DIGEST: frozenset(),  # nobody gets one who has not asked for it
}


class Offer(msgspec.Struct, frozen=True):
    """What somebody can choose, and what reaches them even without an e-mail address. Neither has
    text messages: they are for callers, who have nothing to choose with.
    """

    kinds: tuple[Kind, ...]
    channels: Channels
    available: Channels


TO_CITIZENS: Final = Offer(
    kinds=tuple(kind for kind in Kind if kind is not Kind.WORK),
    channels=frozenset({PUSH, EMAIL}),
    available=frozenset({PUSH}),
)
TO_STAFF: Final = Offer(
    kinds=(Kind.WORK, Kind.DIGEST), channels=frozenset({EMAIL}), available=frozenset()
)


class Choices(msgspec.Struct, frozen=True, kw_only=True):
    """The document. It is an account's, and counts for all its devices; a device's that has none;
    or a member of staff's. `channels` has only what they chose themselves.
    """

    id: UUID = msgspec.field(name="_id")
    channels: Mapping[Kind, Channels] = {}

    def of(self, kind: Kind) -> Channels:
        """The channels that this kind of thing goes through."""
        return self.channels.get(kind, DEFAULTS[kind])
