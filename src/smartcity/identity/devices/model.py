"""What a device is: an installed app or a browser, the first and often only form of a citizen."""

from datetime import datetime, time
from enum import StrEnum
from typing import Annotated, Final, Literal, Self
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

PREFIX: Final = "d_"
"""What a device's token begins with."""

SILENT_DAYS: Final = 400
"""A device that was not seen for longer is forgotten; browsers keep no cookie longer either."""

ADDRESS_DAYS: Final = 270
"""After so long a silence FCM itself forgets an address, and it is no use to send there."""

Language = Annotated[str, Meta(max_length=35)]
UnitCodes = Annotated[tuple[Annotated[str, Meta(max_length=40)], ...], Meta(max_length=100)]
CategoryCodes = Annotated[tuple[Annotated[str, Meta(max_length=40)], ...], Meta(max_length=100)]
WallTime = Annotated[str, Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?$")]
"""A time of the day by the clock on the wall: `22:00`, or `22:00:00`."""


class Platform(StrEnum):
    ANDROID = "android"
    IOS = "ios"
    WEB = "web"


class PushAddress(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a device's pushes go: a Firebase installation id, or an older registration token."""

    kind: Literal["fid", "token"]
    value: Annotated[str, Meta(min_length=1, max_length=4096)]


class QuietHours(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When a device wants no push, in the city's zone; over midnight when `to` is the earlier."""

    start: WallTime = msgspec.field(name="from")
    end: WallTime = msgspec.field(name="to")

    @classmethod
    def between(cls, start: time, end: time) -> Self:
        return cls(start=start.isoformat("seconds"), end=end.isoformat("seconds"))

    @property
    def times(self) -> tuple[time, time]:
        return time.fromisoformat(self.start), time.fromisoformat(self.end)


class NewDevice(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a device says of itself when it registers."""

    platform: Platform
    language: Language
    push: PushAddress | None = None


class DeviceChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a device changes of itself. What is not given stays; null takes away."""

    language: Language | UnsetType = UNSET
    push: PushAddress | UnsetType | None = UNSET
    units: UnitCodes | UnsetType = UNSET
    categories: CategoryCodes | UnsetType = UNSET
    quiet_hours: QuietHours | UnsetType | None = UNSET


class Device(msgspec.Struct, frozen=True, kw_only=True):
    """A device as it is kept. `units` are the codes of the units it follows, `account` is the
    citizen's to whom it is linked. `categories` are the codes of those, or of whole fields, whose
    reports in these units it wants to hear of.
    """

    id: UUID = msgspec.field(name="_id")
    token_hash: bytes
    platform: Platform
    language: str
    push: PushAddress | None = None
    units: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    quiet_hours: QuietHours | None = None
    account: UUID | UnsetType = UNSET
    created_at: datetime
    seen_at: datetime


class Phone(msgspec.Struct, frozen=True, kw_only=True):
    """What is read of a device to tell it something: how it is reached, if it is, and in which
    language.
    """

    id: UUID = msgspec.field(name="_id")
    push: PushAddress | None = None
    language: str


class DevicePage(msgspec.Struct, frozen=True):
    """A page of a walk by id: the devices found, and up to which id all were looked at; none: the
    walk is at its end.
    """

    phones: list[Phone]
    up_to: UUID | None


class Subscriber(msgspec.Struct, frozen=True):
    """What is read of a device that wants to hear of reports in some units."""

    id: UUID = msgspec.field(name="_id")
    units: frozenset[str]
    categories: frozenset[str]


class Reach(msgspec.Struct, frozen=True):
    """Where a device's pushes go, and when not."""

    address: PushAddress
    quiet_hours: QuietHours | None
