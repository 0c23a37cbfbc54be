"""What a restriction of a sender is."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Final
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from smartcity.text import READABLE

LONGEST: Final = timedelta(days=366)
"""No restriction is set for longer; whoever deserves it is restricted anew."""

Words = Annotated[str, Meta(min_length=1, max_length=2000, pattern=READABLE)]
Line = Annotated[str, Meta(min_length=1, max_length=300, pattern=READABLE)]
PerDay = Annotated[int, Meta(ge=1, le=100)]


class Kind(StrEnum):
    LIMITED = "limited"  # so many reports a day
    BANNED = "banned"  # no reports, comments and files


class NewRestriction(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a dispatcher decides. `reason` is for dispatchers; `explanation` is told to the sender,
    who may object. `per_day` belongs to `limited`.
    """

    kind: Kind
    until: Annotated[datetime, Meta(tz=True)]
    reason: Words
    explanation: Line
    per_day: PerDay | None = None


class Restriction(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The document. It binds whoever speaks under one of the ids: a device, an account, a caller
    whom an operator writes for. `reason` is ciphertext, as people may be named in it. It holds
    until `until`, and one that was lifted until then.
    """

    id: UUID = msgspec.field(name="_id")
    senders: frozenset[UUID]
    report: UUID
    """The one that it was decided on."""
    kind: Kind
    reason: bytes
    explanation: str
    until: datetime
    set_at: datetime
    set_by: UUID
    changed_at: datetime
    per_day: int | None = None


class RestrictionView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A restriction, as dispatchers see it: by the report that it was decided on."""

    id: UUID
    report: UUID
    kind: Kind
    reason: str
    explanation: str
    until: datetime
    set_at: datetime
    set_by: UUID
    per_day: int | UnsetType = UNSET
