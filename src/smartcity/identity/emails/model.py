"""What an e-mail address is to the city, and what people say about theirs."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Final
from uuid import UUID

import msgspec
from msgspec import Meta

CODE_LENGTH: Final = 8

CONFIRM_WITHIN: Final = timedelta(days=1)
"""An address that nobody confirmed until then is forgotten, and its code with it."""

Email = Annotated[
    str,
    Meta(
        pattern=(
            r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}"
            r"@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z][A-Za-z0-9-]{0,61}[A-Za-z0-9]"
            r"$(?!\n)"
        ),
        max_length=254,
    ),
]
"""As browsers understand it (HTML, 4.10.5.1.5), at a domain name: nothing in it ends a line."""


class EmailState(StrEnum):
    UNCONFIRMED = "unconfirmed"  # nothing goes there but the code
    CONFIRMED = "confirmed"
    FAILING = "failing"  # the mail server there says that nobody has it
    STOPPED = "stopped"  # whoever reads it wants nothing more


class EmailAddress(msgspec.Struct, frozen=True, kw_only=True):
    """The document. `id` is the account's or the member of staff's, under whose key `kept` lies.

    `asked` is new each time an address is given: the code that confirms it follows from it.
    `expires_at` is set until it is confirmed.
    """

    id: UUID = msgspec.field(name="_id")
    kept: bytes
    state: EmailState
    language: str | None = None
    asked: UUID
    asked_at: datetime
    confirmed_at: datetime | None = None
    expires_at: datetime | None = None


class NewEmail(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where one wants to be written to. `consent` holds, for each purpose that one agrees to, the
    version of the text that one has read.
    """

    address: Email
    consent: Annotated[
        Mapping[Annotated[str, Meta(max_length=40)], Annotated[str, Meta(max_length=64)]],
        Meta(max_length=10),
    ] = {}


class EmailCode(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The code of the confirmation mail, however it is typed."""

    code: Annotated[str, Meta(min_length=1, max_length=40)]


def masked(address: str) -> str:
    """As much of an address as its owner knows it by: `l***@gmail.com`."""
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}***@{domain}"
