"""Follows, against the real database."""

from uuid import UUID

import pytest

from smartcity.errors import NotFound
from smartcity.feed.event import Topic
from smartcity.identifiers import new_id
from smartcity.notifications.following.service import Follows, Merged
from smartcity.notifications.following.store import FollowStore
from smartcity.storage.mongo import Database
from tests.workers.notified import Reports

pytestmark = pytest.mark.anyio

ME, YOU = new_id(), new_id()
REPORT, MERGED, UNKNOWN = new_id(), new_id(), new_id()
SENDER_OF_MERGED = new_id()


@pytest.fixture
def reports() -> Reports:
    """A report, one that was merged into it, and one that nobody knows."""
    reports = Reports()
    reports.unknown.add(UNKNOWN)
    reports.merged[REPORT] = [Merged(MERGED, SENDER_OF_MERGED)]
    return reports


@pytest.fixture
def store(database: Database) -> FollowStore:
    return FollowStore(database)


@pytest.fixture
def follows(store: FollowStore, reports: Reports) -> Follows:
    return Follows(store, reports)


async def all_followers(follows: Follows, subject: UUID) -> list[UUID]:
    return [follower async for _, chunk in follows.followers([subject]) for follower in chunk]


async def test_following_twice_is_following_once(follows: Follows) -> None:
    await follows.follow_report(ME, MERGED)
    await follows.follow_report(ME, MERGED)
    assert await all_followers(follows, MERGED) == [ME]


async def test_what_is_not_there_cannot_be_followed(follows: Follows) -> None:
    with pytest.raises(NotFound):
        await follows.follow_report(ME, UNKNOWN)


async def test_who_unfollows_hears_no_more_and_may_unfollow_again(follows: Follows) -> None:
    await follows.follow_report(ME, MERGED)
    await follows.follow_report(YOU, MERGED)
    await follows.unfollow(ME, MERGED)
    await follows.unfollow(ME, MERGED)
    assert await all_followers(follows, MERGED) == [YOU]


async def test_who_followed_or_sent_a_merged_report_follows_the_one_it_was_merged_into(
    follows: Follows,
) -> None:
    await follows.follow_report(ME, MERGED)
    await follows.follow_report(YOU, REPORT)
    assert set(await all_followers(follows, REPORT)) == {ME, YOU, SENDER_OF_MERGED}
    assert await follows.followed_among([REPORT, UNKNOWN]) == {REPORT}


async def test_followers_come_in_chunks_of_one_subject_each(
    follows: Follows, store: FollowStore
) -> None:
    crowd = [new_id() for _ in range(25)]
    for somebody in crowd:
        await follows.follow(somebody, MERGED, Topic.REPORT)
    await follows.follow(ME, UNKNOWN, Topic.DOSSIER)
    chunks = [found async for found in store.followers([MERGED, UNKNOWN], 10)]
    assert sorted(len(chunk) for _, chunk in chunks) == [1, 5, 10, 10]
    assert {f for subject, chunk in chunks if subject == MERGED for f in chunk} == set(crowd)


async def test_somebody_s_follows_are_listed_by_kind_newest_first(follows: Follows) -> None:
    await follows.follow(ME, UNKNOWN, Topic.DOSSIER)
    await follows.follow_report(ME, REPORT)
    await follows.follow_report(ME, MERGED)
    assert await follows.followed_by(ME, Topic.DOSSIER, 10) == [UNKNOWN]
    assert set(await follows.followed_by(ME, Topic.REPORT, 10)) == {MERGED, REPORT}
