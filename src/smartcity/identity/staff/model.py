"""What a staff account and a session are."""

from datetime import datetime, timedelta
from typing import Annotated, Final
from uuid import UUID

import msgspec
from msgspec import Meta

from smartcity.identity.roles import Role

PREFIX: Final = "s_"
"""What a session's token begins with."""

SESSION_LASTS: Final = timedelta(hours=12)
"""A working day. A session is not prolonged: tomorrow one logs in again."""


class Staff(msgspec.Struct, frozen=True, kw_only=True):
    """A staff account as it is kept.

    `folded` is the user name as it is compared: no two accounts look alike. `agencies` are those
    given; whom a supervisor acts for follows from them and the city's tree. `totp` is the secret,
    encrypted; `totp_step` the last time step whose code was used.
    """

    id: UUID = msgspec.field(name="_id")
    username: str
    folded: str
    name: str
    password: str
    roles: frozenset[Role]
    agencies: frozenset[str] = frozenset()
    totp: bytes | None = None
    totp_step: int | None = None
    created_at: datetime
    disabled_at: datetime | None = None


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """One log-in. It opens nothing after `expires_at`."""

    id: UUID = msgspec.field(name="_id")
    token_hash: bytes
    staff: UUID
    created_at: datetime
    expires_at: datetime


class LogIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What somebody types to log in."""

    username: Annotated[str, Meta(min_length=1, max_length=100)]
    password: Annotated[str, Meta(min_length=1, max_length=256)]
    totp: Annotated[str, Meta(pattern="^[0-9]{6}$")] | None = None
