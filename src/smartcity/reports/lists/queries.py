"""What lists ask the database for. Conditions only: `store` asks."""

import re
from collections.abc import Collection
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from smartcity.city.model import Publicity
from smartcity.clock import now
from smartcity.geography.distances import EARTH_RADIUS_M
from smartcity.identifiers import earliest_id, grouped, is_code
from smartcity.reports.lists.model import FINISHED_TABS, OPEN_TABS, QUEUED, Along
from smartcity.reports.requests import ReportFilter
from smartcity.reports.words import Status
from smartcity.storage.mongo import Document
from smartcity.text import folded_words

TEXT_DAYS: Final = 90
"""A text is searched in as many days of reports, and in all open ones of an agency's queue."""

MERGED: Final = 200
"""So many stretches of an index MongoDB merges; of more it sorts all that they hold
(`internalQueryMaxScansToExplode`).
"""

_WORD: Final = r"(?<![\pL\pN])"
"""What a word begins behind. Not `\\b`, which knows ASCII alone."""

_MEMBERS: Final = {
    "status": "status",
    "category": "category",
    "field": "field",
    "unit": "place.unit",
    "agency": "agency",
}

MAY_BE_HELD: Final = frozenset({Status.HELD, Status.REJECTED, Status.WITHDRAWN})
"""Where what is held back may stand: in every other status it was released, or never held."""

_SHOWN: Final[Document] = {
    "$or": [
        {"public": Publicity.AT_ONCE},
        {"public": Publicity.ON_RECEIPT, "received_at": {"$exists": True}},
    ]
}


def newest(
    wanted: ReportFilter, before: UUID | None, public: bool
) -> list[tuple[Document, Along | None]]:
    """Reports that came before one of them, for the public or for staff; an agency's in two parts,
    each with its index, which are to be merged.
    """
    conditions = [of_filter(wanted)]
    if wanted.text:
        either: list[Document] = [with_words(wanted.text)]
        if is_code(wanted.text):
            either.append({"code": grouped(wanted.text)})
        conditions += [{"$or": either}, recent()]
    if public:
        conditions.append({"public": {"$ne": Publicity.NEVER}})
        if wanted.bbox or wanted.near or wanted.text or wanted.agency:
            conditions.append(_SHOWN)
    if before is not None:
        conditions.append({"_id": {"$lt": before}})
    if not wanted.agency:
        return [({"$and": [*conditions, never_held(wanted.status)]}, None)]
    parts = by_openness(wanted.status or QUEUED, len(wanted.agency))
    return [({"$and": [*conditions, part]}, along) for part, along in parts]


def by_openness(status: frozenset[str], agencies: int) -> list[tuple[Document, Along]]:
    """Open and finished reports, as far as they are asked for. The planner takes an index of one
    part only if the condition names the part; and it merges no more than `MERGED` stretches, so
    that the finished of many agencies are asked for one status after the other.
    """
    parts: list[tuple[Document, Along]] = []
    if some := status.intersection(OPEN_TABS):
        parts.append(({"status": {"$in": sorted(some)}}, Along.NEWEST))
    finished = sorted(status.intersection(FINISHED_TABS))
    together = len(finished) if len(finished) * agencies <= MERGED else 1
    for first in range(0, len(finished), together or 1):
        chosen = finished[first : first + together]
        parts.append(({"status": {"$in": chosen}} | never_held(chosen), Along.FINISHED))
    return parts


def never_held(statuses: Collection[str]) -> Document:
    """What is or was held back is in no list. Only where one of these statuses (any, if none are
    named) may be such a report's: no index knows of it, so each match would be fetched to see.
    """
    if statuses and MAY_BE_HELD.isdisjoint(statuses):
        return {}
    return {"held": {"$exists": False}}


def of_reporter(ids: frozenset[UUID], before: UUID | None) -> Document:
    """What these devices sent before one of their reports."""
    query: Document = {"reporter.id": {"$in": sorted(ids)}}
    return query if before is None else query | {"_id": {"$lt": before}}


def of_filter(wanted: ReportFilter) -> Document:
    """The conditions of a filter but for its text, and `never_held`."""
    query: Document = {}
    for name, path in _MEMBERS.items():
        if values := getattr(wanted, name):
            query[path] = {"$in": sorted(values)}
    if wanted.bbox is not None:
        box = wanted.bbox
        lons = (box.west, box.east, box.east, box.west, box.west)
        lats = (box.south, box.south, box.north, box.north, box.south)
        ring = list(zip(lons, lats, strict=True))
        query["location"] = {
            "$geoWithin": {"$geometry": {"type": "Polygon", "coordinates": [ring]}}
        }
    elif wanted.near is not None:
        circle: list[Any] = [list(wanted.near), wanted.radius_m / EARTH_RADIUS_M]
        query["location"] = {"$geoWithin": {"$centerSphere": circle}}
    return query


def with_words(text: str) -> Document:
    """Each word of the text begins one of the report's."""
    words = [_WORD + re.escape(word) for word in folded_words(text)[:8]]
    return {"$and": [{"folded": {"$regex": word}} for word in words]}


def recent() -> Document:
    """What a text is searched in where there is no end of reports."""
    return {"_id": {"$gte": earliest_id(now() - timedelta(days=TEXT_DAYS))}}
