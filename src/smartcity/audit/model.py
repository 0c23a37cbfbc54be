"""What is written down of something that staff did and no report's timeline tells."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import msgspec


class AuditRecord(msgspec.Struct, frozen=True, kw_only=True):
    """The document. `details` hold ids and codes only: no name, no number, no free text."""

    id: UUID = msgspec.field(name="_id")
    at: datetime
    actor: UUID | None
    action: str
    subject: UUID | None = None
    details: Mapping[str, str] = {}
