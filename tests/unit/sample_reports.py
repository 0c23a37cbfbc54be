"""Reports, as far as attachments ask about them."""

from collections.abc import Collection, Mapping
from uuid import UUID

import msgspec

from smartcity.identity.roles import Actor


class Reports(msgspec.Struct):
    """Which report holds which attachment, and which attachments the public may see."""

    held: dict[UUID, UUID] = {}
    public: set[UUID] = set()

    async def may_see(self, attachment: UUID, actor: Actor) -> bool:
        return attachment in self.public

    async def holders(self, attachments: Collection[UUID]) -> Mapping[UUID, UUID]:
        return {one: self.held[one] for one in attachments if one in self.held}
