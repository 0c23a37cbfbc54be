"""What a staff account and a session are, and what people send about them."""

from datetime import datetime, timedelta
from typing import Annotated, Final
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from smartcity.identity.emails.model import Email
from smartcity.identity.roles import Role

PREFIX: Final = "s_"
"""What a session's token begins with."""

SESSION_LASTS: Final = timedelta(hours=12)
"""A working day. A session is not prolonged: tomorrow one logs in again."""

TEMPORARY_LASTS: Final = timedelta(days=7)
"""How long a temporary password opens: a letter inside the house, and a holiday."""

Password = Annotated[str, Meta(min_length=1, max_length=256)]
Username = Annotated[str, Meta(max_length=100)]
Code = Annotated[str, Meta(pattern="^[0-9]{6}$")]
RecoveryCode = Annotated[str, Meta(min_length=1, max_length=20)]
Codes = Annotated[frozenset[Annotated[str, Meta(max_length=40)]], Meta(max_length=200)]
Roles = Annotated[frozenset[Role], Meta(max_length=len(Role))]


class Staff(msgspec.Struct, frozen=True, kw_only=True):
    """A staff account as it is kept.

    `folded` is the user name as it is compared: no two accounts look alike. `agencies` are those
    given; whom a supervisor acts for follows from them and the city's tree. `password` is its hash,
    none for who logs in with an identity provider; one with `password_until` is temporary. `totp`
    is the secret, encrypted, `totp_new` one that is not confirmed yet; `totp_step` the last time
    step whose code was used; `recovery` the digests of the recovery codes that are left. `oidc` is
    the digest of issuer and subject. `version` guards what is decided on what was read.
    """

    id: UUID = msgspec.field(name="_id")
    username: str
    folded: str
    name: str
    password: str | None = None
    password_until: datetime | None = None
    roles: frozenset[Role]
    agencies: frozenset[str] = frozenset()
    totp: bytes | None = None
    totp_new: bytes | None = None
    totp_step: int | None = None
    recovery: tuple[bytes, ...] = ()
    oidc: bytes | UnsetType = UNSET
    version: int = 0
    created_at: datetime
    disabled_at: datetime | None = None


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """One log-in. It opens nothing after `expires_at`. `oidc`: an identity provider vouched."""

    id: UUID = msgspec.field(name="_id")
    token_hash: bytes
    staff: UUID
    oidc: bool = False
    created_at: datetime
    expires_at: datetime


class Input(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The form of everything that somebody sends."""


class LogIn(Input, frozen=True, kw_only=True):
    """What somebody types to log in: with one-time codes set up, a code or a recovery code too."""

    username: Annotated[str, Meta(min_length=1, max_length=100)]
    password: Password
    totp: Code | None = None
    recovery_code: RecoveryCode | None = None


class OidcIdentity(Input, frozen=True, kw_only=True):
    """Whom an identity provider knows: `issuer` by its name in the configuration, `subject` as its
    tokens' `sub` has it.
    """

    issuer: Annotated[str, Meta(min_length=1, max_length=100)]
    subject: Annotated[str, Meta(min_length=1, max_length=255)]


class NewStaff(Input, frozen=True, kw_only=True):
    """An account to be. Without `oidc` it gets a temporary password, which is told once. An `email`
    needs no confirmation: whoever gives it vouches for it.
    """

    username: Username
    name: Annotated[str, Meta(max_length=100)] = ""
    roles: Roles
    agencies: Codes = frozenset()
    oidc: OidcIdentity | None = None
    email: Email | None = None


class StaffChange(Input, frozen=True, kw_only=True):
    """What is changed of an account. What is not given stays; a null `oidc` or `email` takes it
    away.
    """

    name: Annotated[str, Meta(min_length=1, max_length=100)] | UnsetType = UNSET
    roles: Roles | UnsetType = UNSET
    agencies: Codes | UnsetType = UNSET
    oidc: OidcIdentity | UnsetType | None = UNSET
    email: Email | UnsetType | None = UNSET


class PasswordChange(Input, frozen=True, kw_only=True):
    """`present` is asked so that an unattended screen is not enough."""

    present: Password
    new: Password


class Proof(Input, frozen=True, kw_only=True):
    """That it is really the account's holder: the password and, if it is set up, a code."""

    password: Password
    totp: Code | None = None
    recovery_code: RecoveryCode | None = None


class TotpCode(Input, frozen=True, kw_only=True):
    """A one-time code, as the app shows it."""

    code: Code


class Temporary(msgspec.Struct, frozen=True, kw_only=True):
    """A password that opens until it is replaced, at the first log-in, or until it expires."""

    password: str
    expires_at: datetime
