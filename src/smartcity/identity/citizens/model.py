"""What a citizen's account is."""

from datetime import datetime
from uuid import UUID

import msgspec

from smartcity.identity.roles import Assurance


class Citizen(msgspec.Struct, frozen=True, kw_only=True):
    """The account as it is kept: no name, no number, nothing that the identity provider told.

    `identity` is the keyed digest of issuer and subject, and `id` follows from it: whoever was
    erased and comes back is bound by a restriction that has not ended. `devices` are all that were
    ever linked: what they sent is this person's for good, so none of them is ever linked to another
    account. Which are linked now stands with the devices.
    """

    id: UUID = msgspec.field(name="_id")
    issuer: str
    identity: bytes
    assurance: Assurance
    devices: frozenset[UUID] = frozenset()
    created_at: datetime
