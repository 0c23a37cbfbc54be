"""Steps that are sent again because their answer was lost: a timeline knows them by their keys."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from smartcity.errors import IdempotencyKeyReused
from smartcity.identifiers import digest_of
from smartcity.reports.model import Report
from smartcity.reports.requests import Step
from smartcity.reports.timeline import Key


def key_of(actor: UUID, key: str, steps: Sequence[Step]) -> Key:
    return Key(
        key=digest_of(actor.bytes, key.encode()),
        body=digest_of(msgspec.json.encode(steps, order="deterministic")),
    )


def was_taken(report: Report, key: Key) -> bool:
    """Whether this very step is on the timeline. Raises if the key came with another one."""
    for entry in report.timeline:
        if entry.key is not None and entry.key.key == key.key:
            if entry.key.body != key.body:
                raise IdempotencyKeyReused
            return True
    return False
