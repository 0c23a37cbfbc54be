"""A follow as this room sees it, and how far a round through all of them has come."""

from datetime import datetime
from uuid import UUID

import msgspec


class Place(msgspec.Struct, frozen=True):
    """A follow's place among all: by dossier, then by follower."""

    dossier: UUID
    follower: UUID


class Followed(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody follows a dossier."""

    place: Place
    since: datetime


class Round(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How far the round of a morning has come: everybody up to a place was looked at, or all."""

    morning: datetime
    behind: Place | None = None
    done: bool = False
