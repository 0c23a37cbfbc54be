"""Telling people: into inboxes, by letter, and once a week in figures."""

from collections.abc import Sequence
from datetime import timedelta

from smartcity.bridges import ImportedBatches, QueuesOfAgencies, StaffInOffice
from smartcity.composition import Composition
from smartcity.dossiers.events import DossierBatches
from smartcity.feed.counting.store import FeedCounts
from smartcity.identity.citizens.companions import Companions
from smartcity.notifications.digests.model import Hour
from smartcity.notifications.digests.service import Digests
from smartcity.notifications.digests.store import DigestStore
from smartcity.notifications.letters.post import Post
from smartcity.notifications.letters.writing import LetterWriter
from smartcity.notifications.trailing.service import Trailing
from smartcity.notifications.trailing.store import TrailingStore
from workers.audiences import Audiences
from workers.crew.doors import Doors
from workers.crew.parts import Leasing, Work, reading
from workers.crew.posts import email_post, sms_post
from workers.digests import POLL_S as DIGESTS_POLL_S
from workers.digests import DigestClock
from workers.duty import Duty
from workers.letters import POLL_S as LETTERS_POLL_S
from workers.letters import LetterSender
from workers.notifier import Notifier


def work(shared: Composition, doors: Doors, lease: Leasing) -> Work:
    companions = Companions(shared.citizen_store, shared.devices)
    channels = (email_post(shared), sms_post(shared, doors.gateway))
    posts = [post for post in channels if post is not None]
    notifier = _notifier(shared, companions, posts)
    yield reading("notifier", notifier.handle, shared, lease)
    for post in posts:
        sender = LetterSender(post, shared.letter_store, lease(f"letters:{post.channel}"))
        yield Duty(
            name=f"letters by {post.channel}",
            run_once=sender.run_once,
            poll_s=LETTERS_POLL_S,
            finish=sender.finish,
        )
    digests = _digests(shared, companions, notifier, lease)
    yield Duty(name="digests", run_once=digests.run_once, poll_s=DIGESTS_POLL_S)


def _notifier(shared: Composition, companions: Companions, posts: Sequence[Post]) -> Notifier:
    city, settings = shared.city, shared.settings
    keep = timedelta(days=city.privacy.inbox_days)
    return Notifier(
        city,
        Audiences(
            city,
            shared.follows,
            shared.devices,
            confirmations=shared.confirmations,
            offices=StaffInOffice(shared.staff_store),
        ),
        shared.devices,
        ImportedBatches(shared.report_store, DossierBatches(shared.dossier_store)),
        shared.notification_store,
        keep,
        companions=companions,
        choices=shared.choice_store,
        trailing=Trailing(TrailingStore(shared.database), timedelta(seconds=settings.push_apart_s)),
        letters=LetterWriter(
            city,
            shared.choice_store,
            shared.letter_store,
            posts,
            keep=keep,
            wait=timedelta(seconds=settings.letter_wait_s),
        ),
    )


def _digests(
    shared: Composition, companions: Companions, notifier: Notifier, lease: Leasing
) -> DigestClock:
    store = DigestStore(shared.database)
    digests = Digests(
        shared.city,
        FeedCounts(shared.database),
        store,
        shared.device_store,
        companions,
        shared.staff_store,
        QueuesOfAgencies(shared.report_lists),
    )
    return DigestClock(
        digests,
        shared.choice_store,
        store,
        notifier,
        lease("digests"),
        Hour.parse(shared.settings.digest_at),
        shared.city.zone,
    )
