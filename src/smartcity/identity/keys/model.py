"""What an API key is: the credential of another system."""

from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from smartcity.identity.roles import Scope

PREFIX: Final = "k_"
"""What an API key begins with."""

VALID_DAYS: Final = 730
"""A key that nobody renews for two years stops."""


class Key(msgspec.Struct, frozen=True, kw_only=True):
    """A key as it is kept: who holds it, and what it opens."""

    id: UUID = msgspec.field(name="_id")
    name: str
    token_hash: bytes
    scopes: frozenset[Scope]
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None
