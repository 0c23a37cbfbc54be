"""What an agency's queue asks the database for, and along which index. Conditions only.

A queue's page is walked in stretches, each of which lies in one piece along one index: behind the
cursor's deadline, then later ones, then the reports without a deadline; or open reports, then
finished ones. So no page sorts, and none skips over what an earlier one has shown.
"""

from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from smartcity.identifiers import grouped
from smartcity.reports.deadlines import RISK_AT_MOST
from smartcity.reports.lists.model import OPEN_TABS, Along, Position, QueueFilter
from smartcity.reports.lists.queries import by_openness, of_filter, recent, with_words
from smartcity.storage.mongo import Document

EPOCH: Final = datetime.fromtimestamp(0, UTC)
"""Before every deadline: what has one lies behind it."""


def by_deadline(wanted: QueueFilter, after: Position | None) -> list[Document]:
    """Open reports by their next deadline, in stretches."""
    query = _open(wanted)
    return [{"$and": [query, stretch]} for stretch in _stretches(wanted, after)]


def along_deadlines(wanted: QueueFilter) -> Along:
    """The index that leaves least to look through."""
    if wanted.assignee is not None:
        return Along.ASSIGNEE
    if wanted.unit:
        return Along.UNIT
    if wanted.category:
        return Along.CATEGORY
    return Along.DEADLINE


def by_age(wanted: QueueFilter, before: UUID | None) -> list[tuple[Document, Along]]:
    """The newest of the open and of the finished, each with its index; they are to be merged. A
    text is read along the one index that holds it.
    """
    asked = wanted.status or frozenset(OPEN_TABS)
    query = _queried(wanted)
    behind: Document = {} if before is None else {"_id": {"$lt": before}}
    parts: list[tuple[Document, Along]] = []
    for part, along in by_openness(asked, len(wanted.agency)):
        conditions = [query, part, behind]
        if wanted.text and along is Along.FINISHED:
            conditions.append(recent())
        searched = wanted.text and along is Along.NEWEST
        parts.append(({"$and": conditions}, Along.DEADLINE if searched else along))
    return parts


def with_code(wanted: QueueFilter, code: str) -> Document:
    """The report with a code, if it is among the wanted; the text itself does not count then."""
    return {"$and": [_members(wanted), {"code": grouped(code)}]}


def open_of(agencies: frozenset[str]) -> Document:
    """Everything open that these agencies have."""
    return {"agency": {"$in": sorted(agencies)}, "status": {"$in": sorted(OPEN_TABS)}}


def tabs(agencies: frozenset[str], at: datetime) -> list[Document]:
    """Counts the tabs of open reports, along the index `queue_newest` alone."""
    has_deadline = {"$gt": ["$due_at", None]}
    overdue = {"$and": [has_deadline, {"$lt": ["$due_at", at]}]}
    at_risk = {
        "$and": [{"$gt": ["$risk_at", None]}, {"$lte": ["$risk_at", at]}, {"$gte": ["$due_at", at]}]
    }
    group: Document = {
        "_id": "$status",
        "reports": {"$sum": 1},
        "unassigned": {"$sum": {"$cond": [{"$gt": ["$assignee", None]}, 0, 1]}},
        "overdue": {"$sum": {"$cond": [overdue, 1, 0]}},
        "at_risk": {"$sum": {"$cond": [at_risk, 1, 0]}},
    }
    return [{"$match": open_of(agencies)}, {"$group": group}]


def _stretches(wanted: QueueFilter, after: Position | None) -> list[Document]:
    still: list[Document] = [] if wanted.overdue or wanted.at_risk else [{"due_at": None}]
    if after is None:
        return [{"due_at": {"$gte": EPOCH}}, *still]
    behind: Document = {"due_at": after.due_at, "_id": {"$gt": after.id}}
    if after.due_at is None:
        return [behind]
    return [behind, {"due_at": {"$gt": after.due_at}}, *still]


def _open(wanted: QueueFilter) -> Document:
    """The planner takes an index of open reports only if it sees that nothing else is asked for."""
    asked = wanted.status.intersection(OPEN_TABS) or OPEN_TABS
    return _queried(wanted) | {"status": {"$in": sorted(asked)}}


def _queried(wanted: QueueFilter) -> Document:
    query = _members(wanted)
    return query | with_words(wanted.text) if wanted.text else query


def _members(wanted: QueueFilter) -> Document:
    query = of_filter(wanted)
    if wanted.priority:
        query["priority"] = {"$in": sorted(wanted.priority)}
    if wanted.assignee is not None:
        query["assignee"] = wanted.assignee
    elif wanted.unassigned:
        query["assignee"] = None
    if wanted.overdue and not wanted.at_risk:
        query["due_at"] = {"$lt": wanted.as_of}
    if wanted.at_risk:
        begin = EPOCH if wanted.overdue else wanted.as_of
        query["due_at"] = {"$gte": begin, "$lte": wanted.as_of + RISK_AT_MOST}
        query["risk_at"] = {"$lte": wanted.as_of}
    return query
