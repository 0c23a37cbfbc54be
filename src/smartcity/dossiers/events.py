"""What the feed hears of a dossier. Nothing of it is public: whoever asks needs its secret."""

from collections.abc import AsyncIterator, Collection, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from smartcity.dossiers.model import Dossier
from smartcity.dossiers.store import DossierStore
from smartcity.feed.event import Event, Internal, Topic
from smartcity.identifiers import new_id
from smartcity.identity.roles import Role


def change(before: Dossier | None, after: Dossier, at: datetime) -> Event:
    """The event of one change. Followers hear of a `change`, which is one of status; an `update` of
    other fields is for figures.
    """
    turned = before is None or before.status != after.status
    return _event("change" if turned else "update", after, at)


def reminder(dossier: Dossier, reminder_id: UUID, at: datetime) -> Event:
    """The event that a result waits to be collected."""
    told = _event("collect", dossier, at)
    assert told.internal is not None, "it tells the state"
    internal = msgspec.structs.replace(told.internal, party=Role.CLOCK)
    return msgspec.structs.replace(told, id=reminder_id, internal=internal)


class DossierBatches:
    """What bulk events of dossiers changed, for those who tell people of it."""

    def __init__(self, store: DossierStore) -> None:
        self._store = store

    async def subjects(self, bulk: Event, /) -> AsyncIterator[Sequence[UUID]]:
        """The dossiers whose status the batch changed: one chunk of an import, so all at once."""
        assert bulk.batch is not None, "a bulk event names its batch"
        yield await self._store.turned_in(bulk.batch)

    async def events(self, bulk: Event, subjects: Collection[UUID], /) -> Sequence[Event]:
        """For each of these dossiers the event that it would have published by itself."""
        dossiers = await self._store.by_ids(subjects)
        return [_event("change", dossier, bulk.at) for dossier in dossiers]


def _event(action: str, dossier: Dossier, at: datetime) -> Event:
    return Event(
        id=new_id(),
        topic=Topic.DOSSIER,
        action=action,
        at=at,
        subject=dossier.id,
        internal=Internal(
            status=str(dossier.status),
            version=dossier.version,
            code=dossier.code,
            category=dossier.procedure,
            agency=dossier.agency,
            received_at=dossier.received_at,
            finished_at=dossier.finished_at,
            due_at=dossier.due_at,
        ),
    )
