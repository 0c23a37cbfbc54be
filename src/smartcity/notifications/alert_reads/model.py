"""What one device has read of alerts."""

from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

READ_ALERTS: Final = 200
"""So many that were read one by one are remembered; the oldest are forgotten first."""


class ReadAlert(msgspec.Struct, frozen=True):
    """One message of an alert, and when somebody read of it."""

    message: UUID
    at: datetime


class AlertReads(msgspec.Struct, frozen=True, kw_only=True):
    """The document: what one device has read of alerts; all of it `up_to` a moment, at `all_at`."""

    id: UUID = msgspec.field(name="_id")
    read: tuple[ReadAlert, ...] = ()
    up_to: datetime | None = None
    all_at: datetime | None = None
    expires_at: datetime

    def read_at(self, message: UUID, sent: datetime) -> datetime | None:
        """When it was read, if it was."""
        if self.up_to is not None and sent <= self.up_to:
            return self.all_at
        return next((one.at for one in self.read if one.message == message), None)
