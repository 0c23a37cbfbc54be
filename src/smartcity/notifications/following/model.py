"""What a follow is."""

from datetime import datetime
from uuid import UUID

import msgspec

from smartcity.feed.event import Topic


class Following(msgspec.Struct, frozen=True):
    """Who follows what. As a document's id: the order of the two is part of it."""

    follower: UUID
    subject: UUID


class Follow(msgspec.Struct, frozen=True, kw_only=True):
    """The document."""

    id: Following = msgspec.field(name="_id")
    topic: Topic
    at: datetime
