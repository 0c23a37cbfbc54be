"""What is kept of a device's topics."""

from uuid import UUID

import msgspec

from smartcity.identity.devices.model import PushAddress


class Subscribed(msgspec.Struct, frozen=True, kw_only=True):
    """What FCM was told for an address: it has the `topics`, and may have those `asked` for, of
    which no answer was written down yet.
    """

    address: PushAddress
    topics: frozenset[str] = frozenset()
    asked: frozenset[str] = frozenset()


class OutOfStep(msgspec.Struct, frozen=True, kw_only=True):
    """What is read of a device whose topics may not be what they should be."""

    id: UUID = msgspec.field(name="_id")
    push: PushAddress | None = None
    language: str
    units: tuple[str, ...] = ()
    subscribed: Subscribed | None = None


class Left(msgspec.Struct, frozen=True, kw_only=True):
    """What a device had that was removed; by its id."""

    id: UUID = msgspec.field(name="_id")
    subscribed: Subscribed
