"""The doors of a channel: whom it reaches, at which address, in which words, and who carries
letters there.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Final, Protocol
from uuid import UUID

import msgspec

from smartcity.city.model import City
from smartcity.feed.event import Event
from smartcity.notifications.audience import Row
from smartcity.notifications.letters.model import Envelope, Letter
from smartcity.notifications.messages import Words, words
from smartcity.notifications.model import Channel
from smartcity.notifications.push import Outcome, PushResult


class Reader(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody whom a channel reaches. `ids` are all under which they may act: nobody is written to
    about what they did themselves. No `language`: the city's first.
    """

    person: UUID
    ids: frozenset[UUID]
    language: str | None = None


class Readers(Protocol):
    """Whom a channel reaches: only they get letters. A composition root fills it in."""

    async def of(self, hearers: Collection[UUID], /) -> Mapping[UUID, Reader]:
        """Those of the hearers (devices, staff, callers) who can be written to, as persons."""
        ...


class Destination(msgspec.Struct, frozen=True):
    """Where a letter goes, and the `secret` that stands in its text then (`FILLED_IN_LAST`)."""

    address: str
    secret: str = ""


class Addresses(Protocol):
    """Where letters go, asked when they leave. A composition root fills it in."""

    async def of(self, letters: Sequence[Letter], /) -> Mapping[UUID, Destination]:
        """By the letter's id; none for who has no address, or none any more."""
        ...

    async def fail(self, letter: Letter, address: str, /) -> None:
        """There is nobody at this address: send nothing there until it is confirmed anew."""
        ...


class Carrier(Protocol):
    """Takes letters out of the house, in the channel's own way."""

    async def send(self, envelope: Envelope, to: Destination, /) -> PushResult:
        """Try once, within a bounded time. Its reason tells no address; `Limit.PROJECT` means that
        nothing can be sent now, whatever it is. Raises nothing for a letter.
        """
        ...

    async def rest(self) -> None:
        """Nothing follows for a moment: let go of what was kept open."""
        ...


class NoCarrier:
    """Carries nothing and says why: every letter is recorded as not sent."""

    def __init__(self, reason: str) -> None:
        self._answer: Final = PushResult(Outcome.NOT_SENT, reason)

    async def send(self, envelope: Envelope, to: Destination, /) -> PushResult:
        del envelope, to
        return self._answer

    async def rest(self) -> None:
        return


class Manner(msgspec.Struct, frozen=True, kw_only=True):
    """How a channel tells of an event: in which `words`, if at all; and whether what nobody waits
    for is held back for what may follow (`waits`).
    """

    words: Callable[[City, str, Event, Row], Words | None] = words
    waits: bool = True


class Post(msgspec.Struct, frozen=True, kw_only=True):
    """A channel with all its doors. `together`: it takes several letters in one envelope;
    `per_second`: so many envelopes leave at the most.
    """

    channel: Channel
    readers: Readers
    addresses: Addresses
    carrier: Carrier
    per_second: float
    together: bool
    manner: Manner = Manner()
