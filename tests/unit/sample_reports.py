"""Reports, as far as attachments ask about them."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

import msgspec

from smartcity.attachments.images import Region
from smartcity.identity.roles import Actor


class Reports(msgspec.Struct):
    """Which report holds which attachment, and which attachments the public may see."""

    held: dict[UUID, UUID] = {}
    public: set[UUID] = set()

    async def covers(
        self, attachment: UUID, actor: Actor, receipt: UUID | None
    ) -> Sequence[Region] | None:
        return () if attachment in self.public else None

    async def holders(self, attachments: Collection[UUID]) -> Mapping[UUID, UUID]:
        return {one: self.held[one] for one in attachments if one in self.held}
