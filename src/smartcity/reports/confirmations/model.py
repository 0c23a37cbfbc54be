"""What a confirmation is."""

from datetime import datetime
from uuid import UUID

import msgspec


class Confirming(msgspec.Struct, frozen=True):
    """Which report is confirmed by whom: the account, or the device of who has none."""

    report: UUID
    person: UUID


class Confirmation(msgspec.Struct, frozen=True, kw_only=True):
    """One confirmation, as MongoDB keeps it: one for each report and person."""

    id: Confirming = msgspec.field(name="_id")
    at: datetime
