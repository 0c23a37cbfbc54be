"""What a phone keeps between two answers, and how far that is good for going on.

`seq` and `at` are taken before anything is read and promise only what could be seen then: what is
changed while a round is read, or was not published yet, is told in the next one. Something may be
told twice; nothing is left out.
"""

import hashlib
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Annotated, Final
from uuid import UUID

from msgspec import Meta, Struct

from smartcity.clock import in_utc
from smartcity.feed.store import Mark
from smartcity.notifications.model import Place

LATE: Final = timedelta(minutes=1)
"""So much later than another may be seen what was written before it, by another machine's clock."""

UNKNOWN: Final = b""
"""In the place of what a section was when it is not known: then it is told whole."""

Count = Annotated[int, Meta(ge=0, le=2**63 - 1)]
Fingerprint = Annotated[bytes, Meta(max_length=16)]


class Seen(Struct, frozen=True, array_like=True):
    """What was told by the end of a round: everything up to `seq` and `at`, of sections that were
    what `sections` remembers.
    """

    seq: Count
    at: Annotated[datetime, Meta(tz=True)]
    sections: Annotated[tuple[Annotated[bytes, Meta(max_length=700)], ...], Meta(max_length=6)] = ()

    def __post_init__(self) -> None:
        in_utc(self.at)


class Going(Struct, frozen=True, array_like=True):
    """A round that is not at its end: what was told before it, which sections it tells whole, and
    where it is.
    """

    before: Seen | None
    whole: Annotated[tuple[Annotated[int, Meta(ge=0, le=5)], ...], Meta(max_length=6)]
    section: Annotated[int, Meta(ge=0, le=5)]
    behind: Place | UUID | None


class Cursor(Struct, frozen=True, array_like=True):
    """`owner` is the fingerprint of whom the answers are for, and in which language."""

    epoch: Annotated[str, Meta(max_length=40)]
    owner: Fingerprint
    seen: Seen
    going: Going | None = None

    def is_good(self, mark: Mark, owner: bytes, keeps: timedelta) -> bool:
        """Whether it is this phone's, of this life of the feed, and not older than what is kept."""
        if (self.epoch, self.owner) != (mark.epoch, owner):
            return False
        before = self.going and self.going.before
        return all(_is_kept(one, mark, keeps) for one in (self.seen, before) if one is not None)


def _is_kept(seen: Seen, mark: Mark, keeps: timedelta) -> bool:
    return seen.seq <= mark.last and mark.at - keeps < seen.at <= mark.at + LATE


def fingerprint(parts: Iterable[object]) -> bytes:
    """The same for the same parts in the same order."""
    hashed = hashlib.blake2b(digest_size=12)
    for part in parts:
        hashed.update(f"{part}\n".encode())
    return hashed.digest()
