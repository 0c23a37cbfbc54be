"""What an agency's queue asks the database for, and along which index. Conditions only.

A queue's page is walked in stretches, each of which lies in one piece along one index: behind the
cursor's deadline, then later ones, then the reports without a deadline; or open reports, then
finished ones. So no page sorts, and none skips over what an earlier one has shown. Many agencies
are asked for in parts, whose pages are merged: the database would sort what it does not merge.
"""

from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

import msgspec

from smartcity.identifiers import grouped
from smartcity.reports.deadlines import RISK_AT_MOST
from smartcity.reports.lists.model import OPEN_TABS, Along, Position, QueueFilter, Standing
from smartcity.reports.lists.queries import (
    MERGED,
    by_openness,
    never_held,
    of_filter,
    recent,
    with_words,
)
from smartcity.storage.mongo import Document

EPOCH: Final = datetime.fromtimestamp(0, UTC)
"""Before every deadline: what has one lies behind it."""

TOGETHER: Final = MERGED // 2
"""So many stretches of an index are asked for at once."""

_WISHED: Final[Document] = {"extension.until": {"$gt": EPOCH}}


Sort = list[tuple[str, int]]

BY_DEADLINE: Final[Sort] = [("due_at", 1), ("_id", 1)]
BY_ID: Final[Sort] = [("_id", 1)]
"""Where all have one deadline, or none: asked to sort by it as well, the database would not see
that the index is in order.
"""


def by_deadline(wanted: QueueFilter, after: Position | None) -> list[tuple[list[Document], Sort]]:
    """Open reports by their next deadline, in stretches; each in parts, which are to be merged."""
    parts = [_open(part) | rung for part, rung in _parts(wanted, along_deadlines(wanted))]
    return [
        ([{"$and": [part, stretch]} for part in parts], order)
        for stretch, order in _stretches(wanted, after)
    ]


def along_deadlines(wanted: QueueFilter) -> Along:
    """The index that leaves least to look through."""
    if wanted.escalated:
        return Along.ESCALATED
    if wanted.wishes:
        return Along.WISHES
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
    behind: Document = {} if before is None else {"_id": {"$lt": before}}
    parts: list[tuple[Document, Along]] = []
    for some, rung in _parts(wanted, Along.NEWEST):
        query = _queried(some) | rung
        for part, along in by_openness(asked, len(some.agency)):
            conditions = [query, part, behind]
            if wanted.text and along is Along.FINISHED:
                conditions.append(recent())
            parts.append(({"$and": conditions}, _along_age(wanted, along)))
    return parts


def with_code(wanted: QueueFilter, code: str) -> list[Document]:
    """The report with a code, if it is among the wanted; the text itself does not count then."""
    return [
        _members(part) | never_held(part.status) | rung | {"code": grouped(code)}
        for part, rung in _parts(wanted, Along.FINISHED)
    ]


def open_of(agencies: frozenset[str] | None) -> Document:
    """Everything open that these agencies have, or all agencies."""
    return _from(agencies) | {"status": {"$in": sorted(OPEN_TABS)}}


def opened(agencies: frozenset[str] | None, at: datetime) -> list[Document]:
    """Counts open reports by agency and status, along the index `queue_newest` alone."""
    has_deadline = {"$gt": ["$due_at", None]}
    overdue = {"$and": [has_deadline, {"$lt": ["$due_at", at]}]}
    at_risk = {
        "$and": [{"$gt": ["$risk_at", None]}, {"$lte": ["$risk_at", at]}, {"$gte": ["$due_at", at]}]
    }
    group: Document = {
        "_id": {"agency": "$agency", "status": "$status"},
        "reports": {"$sum": 1},
        "unassigned": {"$sum": {"$cond": [{"$gt": ["$assignee", None]}, 0, 1]}},
        "overdue": {"$sum": {"$cond": [overdue, 1, 0]}},
        "at_risk": {"$sum": {"$cond": [at_risk, 1, 0]}},
    }
    return [{"$match": open_of(agencies)}, {"$group": group}]


def wished(agencies: frozenset[str] | None) -> list[Document]:
    """Counts wishes for a later date by agency, along the index `queue_wishes` alone."""
    return [
        {"$match": open_of(agencies) | _WISHED},
        {"$group": {"_id": "$agency", "reports": {"$sum": 1}}},
    ]


def raised(standing: Standing | None) -> list[list[Document]]:
    """Count what was escalated, all of it or what stands with somebody, by whom it stands with and
    by agency; each along the index `queue_escalated` alone.
    """
    group = {"role": "$escalated_to.role", "to": "$escalated_to.agency", "agency": "$agency"}
    rungs = [{"escalated_to.role": {"$gt": ""}}] if standing is None else _rungs(standing)
    within = open_of((standing and standing.within) or None)
    return [
        [{"$match": within | rung}, {"$group": {"_id": group, "reports": {"$sum": 1}}}]
        for rung in rungs
    ]


def _from(agencies: frozenset[str] | None) -> Document:
    return {} if agencies is None else {"agency": {"$in": sorted(agencies)}}


def _parts(wanted: QueueFilter, along: Along) -> Iterator[tuple[QueueFilter, Document]]:
    """The filter for some agencies after the other, with whom it must stand with besides."""
    if wanted.escalated:
        within = msgspec.structs.replace(wanted, agency=wanted.standing.within)
        yield from ((within, rung) for rung in _rungs(wanted.standing))
    elif along is Along.ASSIGNEE:
        yield wanted, {}
    else:
        each = {Along.UNIT: len(wanted.unit), Along.CATEGORY: len(wanted.category)}.get(along, 1)
        for some in _batches(wanted.agency, max(1, TOGETHER // max(1, each))):
            yield msgspec.structs.replace(wanted, agency=frozenset(some)), {}


def _rungs(standing: Standing) -> Iterator[Document]:
    for role, agencies in standing.rungs.items():
        for some in _batches(agencies, TOGETHER):
            yield {"escalated_to.role": role, "escalated_to.agency": {"$in": some}}


def _batches(codes: Collection[str], size: int) -> Iterator[list[str]]:
    ordered = sorted(codes)
    return (ordered[first : first + size] for first in range(0, len(ordered), size))


def _along_age(wanted: QueueFilter, along: Along) -> Along:
    """Few are escalated or wished for, and a text is in one index alone."""
    if along is Along.FINISHED:
        return along
    if wanted.escalated or wanted.wishes:
        return along_deadlines(wanted)
    return Along.DEADLINE if wanted.text else along


def _stretches(wanted: QueueFilter, after: Position | None) -> list[tuple[Document, Sort]]:
    timed = wanted.overdue or wanted.at_risk
    still: list[tuple[Document, Sort]] = [] if timed else [({"due_at": None}, BY_ID)]
    if after is None:
        return [({"due_at": {"$gte": EPOCH}}, BY_DEADLINE), *still]
    behind: Document = {"due_at": after.due_at, "_id": {"$gt": after.id}}
    if after.due_at is None:
        return [(behind, BY_ID)]
    return [(behind, BY_ID), ({"due_at": {"$gt": after.due_at}}, BY_DEADLINE), *still]


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
    if wanted.wishes:
        query |= _WISHED
    return query
