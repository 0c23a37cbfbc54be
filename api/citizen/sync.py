"""A phone that was away asks once, and knows what changed."""

from datetime import datetime
from typing import Annotated, Any, Final

from litestar import Controller, Response, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter
from msgspec import Meta, Struct, convert

from api.citizen.notifications import InboxItem
from api.languages import said_in
from api.pagination import decode_cursor, encode_cursor
from smartcity.alerts.shapes import AlertView
from smartcity.dossiers.views import DossierView
from smartcity.identity.roles import Actor
from smartcity.people.sync.cursor import Cursor
from smartcity.people.sync.service import Changes, Sync
from smartcity.reports.shapes import ReportView

After = Annotated[
    str | None,
    QueryParameter(
        max_length=2500,
        description="`cursor` of the answer before; without it, everything there is.",
    ),
]
Most = Annotated[int, QueryParameter(ge=1, le=100, description="Things in the answer.")]


class SyncedNotification(InboxItem, frozen=True, kw_only=True, omit_defaults=True):
    """A notification, and when it goes from the inbox by itself."""

    expires_at: datetime


class SyncAnswer(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What changed, by section. What a phone has already replaces it by its `id` or `code`."""

    cursor: Annotated[str, Meta(description="Keep it, and send it as `after` the next time.")]
    more: Annotated[
        bool, Meta(description="There is more, behind the cursor: ask again at once.")
    ] = False
    reset: Annotated[
        bool,
        Meta(
            description="`after` was another caller's, in another language, too old, or of another "
            "life of the feed: everything is told from the beginning."
        ),
    ] = False
    whole: Annotated[
        list[str],
        Meta(
            description="Sections that are told from the beginning, here and behind the cursor: "
            "forget what you have of them first. What went away is not told of again."
        ),
    ] = []
    alerts: Annotated[
        list[AlertView], Meta(description="Those that hold for the device's units.")
    ] = []
    alert_notifications: Annotated[
        list[SyncedNotification], Meta(description="What the inbox tells of alerts.")
    ] = []
    reports: Annotated[
        list[ReportView], Meta(description="What this person sent, the newest first.")
    ] = []
    followed: Annotated[
        list[ReportView], Meta(description="Reports that the device follows, as everybody sees.")
    ] = []
    dossiers: Annotated[
        list[DossierView], Meta(description="Dossiers that the device follows.")
    ] = []
    notifications: Annotated[
        list[SyncedNotification],
        Meta(description="What else came to the inbox or was read, the newest first."),
    ] = []
    unread: Annotated[
        int, Meta(description="Notifications that were not read yet; counting stops at 1,000.")
    ]


class SyncController(Controller):
    path = "/v1/me/sync"
    tags = ("Me",)

    @get(operation_id="SyncMe")
    async def changes(
        self,
        actor: NamedDependency[Actor],
        sync: NamedDependency[Sync],
        language: NamedDependency[str],
        after: After = None,
        limit: Most = 100,
    ) -> Response[SyncAnswer]:
        """Everything that changed for the caller since a cursor, or everything there is.

        Take in an answer like this: forget what you have of the sections in `whole`; put what it
        tells in the place of what you have; keep the `cursor`. While there is `more`, ask again.
        A section that lost something (a follow that ended, a report that is not public any more,
        an alert that is over) is told `whole`; a notification is gone when it `expires_at`.

        Something may be told again that did not change. Nothing is left out: what is still being
        published comes with the next answer.
        """
        changes = await sync.changes(actor, decode_cursor(after, Cursor), limit, language)
        headers = said_in(language) | {"Cache-Control": "no-store"}
        return Response(_answer(changes), headers=headers)


_INBOX: Final = frozenset({"alert_notifications", "notifications"})


def _answer(changes: Changes) -> SyncAnswer:
    found: dict[str, list[Any]] = {
        name: [convert(one, SyncedNotification, from_attributes=True) for one in things]
        if name in _INBOX
        else list(things)
        for name, things in changes.found.items()
    }
    return SyncAnswer(
        cursor=encode_cursor(changes.cursor),
        more=changes.more,
        reset=changes.reset,
        whole=list(changes.whole),
        unread=changes.unread,
        **found,
    )
