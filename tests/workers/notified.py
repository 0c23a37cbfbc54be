"""Parts for the tests of notifier and pusher: events, and what notifications ask of other rooms."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from smartcity.city.model import City
from smartcity.clock import now
from smartcity.feed.event import Event, Internal, PublicState, Published, Topic
from smartcity.identifiers import new_id
from smartcity.identity.citizens.companions import Companions
from smartcity.identity.citizens.model import Citizen
from smartcity.identity.citizens.store import CitizenStore
from smartcity.identity.devices.model import NewDevice, Platform, PushAddress
from smartcity.identity.devices.service import DeviceService
from smartcity.identity.devices.store import DeviceStore
from smartcity.identity.roles import Assurance
from smartcity.notifications.alert_reads.store import AlertReadStore
from smartcity.notifications.alerts import AlertInbox, AlertNotice, AlertsOf
from smartcity.notifications.choices.store import ChoiceStore
from smartcity.notifications.following.service import Follows, Merged
from smartcity.notifications.following.store import FollowStore
from smartcity.notifications.inbox import InboxService
from smartcity.notifications.letters.model import Letter
from smartcity.notifications.letters.post import Post
from smartcity.notifications.letters.store import LetterStore
from smartcity.notifications.letters.writing import LetterWriter
from smartcity.notifications.model import Channel, Kind, Notification, Push, PushState, Urgency
from smartcity.notifications.store import NotificationStore
from smartcity.notifications.trailing.service import Trailing
from smartcity.notifications.trailing.store import TrailingStore
from smartcity.storage.mongo import Database
from workers.audiences import Audiences
from workers.notifier import Notifier

CODE = "K7M2-9QXR-4TB"
MINUTE = timedelta(minutes=1)


class Reports:
    """Every report exists but the `unknown`; `merged` says which were merged into which."""

    def __init__(self) -> None:
        self.unknown: set[UUID] = set()
        self.merged: dict[UUID, list[Merged]] = {}

    async def exists(self, report: UUID) -> bool:
        return report not in self.unknown

    async def merged_into(self, reports: Collection[UUID]) -> Mapping[UUID, Sequence[Merged]]:
        return {report: self.merged[report] for report in reports if report in self.merged}


class Dossiers:
    """Batches of dossiers that all came to one status."""

    def __init__(self) -> None:
        self.batches: dict[UUID, list[UUID]] = {}
        self.asked: list[UUID] = []

    async def subjects(self, bulk: Event, /) -> AsyncIterator[Sequence[UUID]]:
        assert bulk.batch is not None
        found = self.batches[bulk.batch]
        for start in range(0, len(found), 10):
            yield found[start : start + 10]

    async def events(self, bulk: Event, subjects: Collection[UUID], /) -> Sequence[Event]:
        self.asked += subjects
        return [
            Event(
                id=new_id(),
                topic=Topic.DOSSIER,
                action="change",
                at=bulk.at,
                subject=subject,
                internal=Internal(status="9", code="000.A0.01.H26-210212-9090"),
            )
            for subject in subjects
        ]


class NoAlerts:
    """A city in which nothing was published."""

    def are_none(self) -> bool:
        return True

    async def of(
        self, units: Collection[str], language: str, since: datetime
    ) -> Sequence[AlertNotice]:
        return ()


def inbox_of(database: Database, alerts: AlertsOf | None = None) -> InboxService:
    """An inbox over this database, with these alerts."""
    reads = AlertReadStore(database)
    kept = AlertInbox(alerts or NoAlerts(), DeviceStore(database), reads, timedelta(days=180))
    return InboxService(NotificationStore(database), kept)


class Staff:
    """Who holds which offices: by role and agency."""

    def __init__(self) -> None:
        self.offices: dict[tuple[str, str], list[UUID]] = {}
        self.asked = 0

    async def holders(self, role: str, agency: str, /) -> Sequence[UUID]:
        self.asked += 1
        return self.offices.get((role, agency), ())


class Confirmed:
    """Who confirmed which reports."""

    def __init__(self) -> None:
        self.by: dict[UUID, list[UUID]] = {}

    async def counts(self, reports: Collection[UUID], /) -> Mapping[UUID, int]:
        return {report: len(self.by[report]) for report in reports if report in self.by}

    async def confirmers(
        self, reports: Collection[UUID], /
    ) -> AsyncIterator[tuple[UUID, Sequence[UUID]]]:
        for report in reports:
            for person in self.by.get(report, ()):
                yield report, [person]


class Telling:
    """A notifier over this database, and what it asks of other rooms."""

    def __init__(
        self,
        database: Database,
        city: City,
        apart: timedelta = MINUTE,
        store: NotificationStore | None = None,
    ) -> None:
        self.reports = Reports()
        self.dossiers = Dossiers()
        self.staff = Staff()
        self.confirmed = Confirmed()
        self.store = store or NotificationStore(database)
        self.devices = DeviceService(DeviceStore(database), city)
        self.choices = ChoiceStore(database)
        self.citizens = CitizenStore(database)
        self.follows = Follows(FollowStore(database), self.reports)
        self.notifier = Notifier(
            city,
            Audiences(
                city,
                self.follows,
                self.devices,
                confirmations=self.confirmed,
                offices=self.staff,
            ),
            self.devices,
            self.dossiers,
            self.store,
            timedelta(days=180),
            companions=Companions(self.citizens, self.devices),
            choices=self.choices,
            trailing=Trailing(TrailingStore(database), apart),
            letters=letter_writer(database, city),
        )

    async def tell(self, *told: Published) -> None:
        await self.notifier.handle(told)

    async def inbox(self, recipient: UUID) -> list[Notification]:
        """Newest first."""
        return await self.store.page(recipient, None, 100, unread=False)

    async def account(self, *devices: UUID) -> UUID:
        """An account to which these devices are linked."""
        account = new_id()
        await self.citizens.get_or_add(
            Citizen(
                id=account,
                issuer="city-id",
                identity=account.bytes,
                assurance=Assurance.DEVICE,
                devices=frozenset(devices),
                created_at=now(),
            )
        )
        for one in devices:
            assert await self.devices.join(one, account)
        return account


def letter_writer(database: Database, city: City, *posts: Post) -> LetterWriter:
    """One that holds back for five minutes what nobody waits for; it reaches nobody by default."""
    return LetterWriter(
        city,
        ChoiceStore(database),
        LetterStore(database),
        posts,
        keep=timedelta(days=180),
        wait=timedelta(minutes=5),
    )


def letter(
    urgency: Urgency = Urgency.HIGH,
    *,
    recipient: UUID | None = None,
    subject: UUID | None = None,
    age: timedelta = timedelta(),
) -> Letter:
    """An e-mail to somebody about a report, which leaves now or in five minutes."""
    at = now() - age
    return Letter(
        id=new_id(),
        channel=Channel.EMAIL,
        recipient=recipient or new_id(),
        event=new_id(),
        topic=Topic.REPORT,
        subject=subject or new_id(),
        action="ask",
        kind=Kind.QUESTION,
        title="A question",
        body="Please answer",
        language="en",
        created_at=at,
        expires_at=at + timedelta(days=180),
        sending=Push(
            state=PushState.PENDING,
            urgency=urgency,
            next_at=at + timedelta(minutes=0 if urgency is Urgency.HIGH else 5),
        ),
    )


async def device(devices: DeviceService, fid: str | None, language: str = "vi") -> UUID:
    """A registered device; without a `fid` it takes no pushes."""
    push = PushAddress("fid", fid) if fid else None
    new = NewDevice(platform=Platform.ANDROID, language=language, push=push)
    registered, _ = await devices.register(new)
    return registered.id


def published(
    seq: int,
    action: str = "receive",
    *,
    report: UUID | None = None,
    reporter: UUID | None = None,
    assignee: UUID | None = None,
    actor: UUID | None = None,
    at: datetime | None = None,
    status: str = "received",
    unit: str | None = None,
    category: str | None = None,
    field: str | None = None,
    agency: str | None = None,
    priority: str | None = None,
    held: bool = False,
    public: bool = True,
) -> Published:
    """An event of a report; what is given is what it tells of the report."""
    report = report or new_id()
    state = PublicState(
        id=report,
        version=1,
        status=status,
        code=CODE,
        unit=unit,
        category=category,
        field=field,
        agency=agency,
    )
    event = Event(
        id=new_id(),
        topic=Topic.REPORT,
        action=action,
        at=at or now(),
        subject=report,
        public=state if public else None,
        internal=Internal(
            status=status,
            code=CODE,
            category=category,
            field=field,
            unit=unit,
            agency=agency,
            priority=priority,
            held=held,
            reporter=reporter,
            assignee=assignee,
            actor=actor,
        ),
    )
    return Published(seq=seq, epoch="TEST", event=event)
