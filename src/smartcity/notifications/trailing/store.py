"""What was told shortly before, and giving up what waits, in MongoDB."""

from collections.abc import Collection
from datetime import datetime
from typing import Final
from uuid import UUID

from smartcity.notifications.model import PushState, Told
from smartcity.notifications.store import NOTIFICATIONS, PENDING
from smartcity.storage.mongo import Database, from_document

FIELDS: Final = Told.__struct_encode_fields__


class TrailingStore:
    def __init__(self, database: Database) -> None:
        self._notifications = database[NOTIFICATIONS]

    async def told(
        self, recipients: Collection[UUID], subjects: Collection[UUID], since: datetime
    ) -> list[Told]:
        """What these were told of these subjects since a moment; the inbox's own index answers."""
        found = self._notifications.find(
            {
                "recipient": {"$in": list(recipients)},
                "created_at": {"$gte": since},
                "subject": {"$in": list(subjects)},
            },
            FIELDS,
        ).hint("inbox")
        return [from_document(document, Told) for document in await found.to_list()]

    async def give_up(self, notifications: Collection[UUID], reason: str, at: datetime) -> None:
        """Do not send these, if they were not due by a moment: what was may be on its way."""
        if notifications:
            waiting = PENDING | {"push.next_at": {"$gt": at}}
            await self._notifications.update_many(
                {"_id": {"$in": list(notifications)}} | waiting,
                {
                    "$set": {
                        "push.state": PushState.NONE.value,
                        "push.reason": reason,
                        "push.next_at": None,
                    }
                },
            )
