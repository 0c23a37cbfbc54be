"""What people asked to hear about."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from typing import Final, Protocol
from uuid import UUID

import msgspec

from smartcity.clock import now
from smartcity.errors import NotFound, Refused
from smartcity.feed.event import Topic
from smartcity.notifications.following.model import Follow, Following
from smartcity.notifications.following.store import FollowStore

CHUNK: Final = 1000
"""So many followers are held in memory at once."""

FOLLOWED: Final = 500
"""One device follows no more reports: nobody reads of more."""


class Merged(msgspec.Struct, frozen=True):
    """A report that was merged into another, and who sent it."""

    report: UUID
    reporter: UUID


class KnownReports(Protocol):
    """What this room asks about reports."""

    async def exists(self, report: UUID) -> bool: ...

    async def merged_into(self, reports: Collection[UUID]) -> Mapping[UUID, Sequence[Merged]]:
        """For each of these reports those merged into it, directly or through others."""
        ...


class Follows:
    """Follows of reports and dossiers. Followed units are the device's own setting."""

    def __init__(self, store: FollowStore, reports: KnownReports) -> None:
        self._store = store
        self._reports = reports

    async def follow_report(self, follower: UUID, report: UUID) -> None:
        """Idempotent. Raises `NotFound` for a report that is not there, and `Refused` for who
        follows very many.
        """
        if not await self._reports.exists(report):
            raise NotFound
        followed = await self.followed_by(follower, Topic.REPORT, FOLLOWED)
        if len(followed) >= FOLLOWED and report not in followed:
            raise Refused(limit=FOLLOWED)
        await self.follow(follower, report, Topic.REPORT)

    async def follow(self, follower: UUID, subject: UUID, topic: Topic) -> None:
        """Idempotent. The caller has made sure that the follower may see the subject."""
        await self._store.add(Follow(id=Following(follower, subject), topic=topic, at=now()))

    async def unfollow(self, follower: UUID, subject: UUID) -> None:
        """Idempotent: it does not matter whether it was followed."""
        await self._store.end(Following(follower, subject))

    async def followed_by(self, follower: UUID, topic: Topic, limit: int) -> list[UUID]:
        """What somebody follows, the newest follow first."""
        return await self._store.followed_by(follower, topic, limit)

    async def followed_among(self, subjects: Collection[UUID]) -> set[UUID]:
        """Which of these somebody follows, or something merged into them."""
        merged = await self._reports.merged_into(subjects)
        return set(merged) | await self._store.followed_among(subjects)

    async def followers(
        self, subjects: Collection[UUID]
    ) -> AsyncIterator[tuple[UUID, Sequence[UUID]]]:
        """The followers of each subject in chunks of bounded size: subject, some of them.

        Who follows or sent a report that was merged into one of the subjects follows that subject.
        """
        merged = await self._reports.merged_into(subjects)
        for survivor, lost in merged.items():
            yield survivor, [report.reporter for report in lost]
        heard_through = {subject: subject for subject in subjects}
        heard_through |= {m.report: survivor for survivor, lost in merged.items() for m in lost}
        async for subject, chunk in self._store.followers(heard_through, CHUNK):
            yield heard_through[subject], chunk
