"""Open reports of agencies, as they stand on a day: what queues are measured with."""

import random
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from smartcity.identifiers import derived_id, new_code
from smartcity.reports.words import Status
from smartcity.storage.mongo import Document
from smartcity.text import fold

OPEN_IN_ONE: Final = 20_000
OPEN_IN_OTHERS: Final = 200
STAFF: Final = 60

STATUSES: Final[Mapping[Status, int]] = {
    Status.SUBMITTED: 25,
    Status.RECEIVED: 25,
    Status.IN_PROGRESS: 35,
    Status.WAITING: 15,
}
PRIORITIES: Final[Mapping[str, int]] = {"urgent": 5, "complex": 15, "normal": 80}

OLDEST: Final = timedelta(days=25)
DEADLINES: Final = (-10.0, 25.0)
"""Days from now between which the next deadlines lie."""


def crowd(
    samples: Sequence[Document], agency: str, count: int, at: datetime, draw: random.Random
) -> Iterator[Document]:
    """Open reports of one agency: a third of them nobody's, a tenth with their clock standing
    still, many with the end of one working day as their deadline, each in words of its own.
    """
    staff = [derived_id(at, draw.randbytes(16)) for _ in range(STAFF)]
    for number in range(count):
        yield _open(draw.choice(samples), agency, number, staff, at, draw)


def _open(
    sample: Document,
    agency: str,
    number: int,
    staff: Sequence[UUID],
    at: datetime,
    draw: random.Random,
) -> Document:
    status, priority = _drawn(STATUSES, draw), _drawn(PRIORITIES, draw)
    due_at = at + timedelta(days=draw.uniform(*DEADLINES))
    if draw.random() < 0.3:
        due_at = due_at.replace(hour=10, minute=0, second=0)
    submitted_at = min(at, due_at) - draw.random() * OLDEST
    description = f"{sample['description']} Nhà số {number}, ngõ {draw.randrange(400)}."
    made: dict[str, Any] = sample | {
        "_id": derived_id(submitted_at, draw.randbytes(16)),
        "code": new_code(),
        "submission": draw.randbytes(16),
        "reporter": {"id": derived_id(submitted_at, draw.randbytes(16))},
        "agency": agency,
        "status": status,
        "priority": priority,
        "description": description,
        "folded": fold(description),
        "submitted_at": submitted_at,
        "updated_at": submitted_at,
    }
    if status is not Status.WAITING or draw.random() < 0.3:
        made |= {"due_at": due_at, "risk_at": due_at - (due_at - submitted_at) / 4}
    if status is not Status.SUBMITTED and draw.random() < 0.9:
        made["assignee"] = draw.choice(staff)
    return made


def _drawn(weights: Mapping[Any, int], draw: random.Random) -> Any:
    return draw.choices(list(weights), list(weights.values()))[0]
