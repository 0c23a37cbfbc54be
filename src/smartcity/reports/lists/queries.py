"""What lists and queues ask the database for. Conditions only: `store` asks."""

import re
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from smartcity.city.model import Publicity
from smartcity.clock import now
from smartcity.geography.distances import EARTH_RADIUS_M
from smartcity.identifiers import earliest_id, grouped, is_code
from smartcity.reports.requests import ReportFilter
from smartcity.storage.mongo import Document
from smartcity.text import folded_words

TEXT_DAYS: Final = 90
"""A text is searched in as many days of reports, or in all of one agency's."""

_WORD: Final = r"(?<![\pL\pN])"
"""What a word begins behind. Not `\\b`, which knows ASCII alone."""

_MEMBERS: Final = {
    "status": "status",
    "category": "category",
    "field": "field",
    "unit": "place.unit",
    "agency": "agency",
}

_SHOWN: Final[Document] = {
    "$or": [
        {"public": Publicity.AT_ONCE},
        {"public": Publicity.ON_RECEIPT, "received_at": {"$exists": True}},
    ]
}


def newest(wanted: ReportFilter, before: UUID | None, public: bool) -> Document:
    """Reports that came before one of them, for the public or for staff."""
    conditions = [_query(wanted)]
    if public:
        conditions.append({"public": {"$ne": Publicity.NEVER}})
        if wanted.bbox or wanted.near or wanted.text or wanted.agency:
            conditions.append(_SHOWN)
    if before is not None:
        conditions.append({"_id": {"$lt": before}})
    if wanted.text and not wanted.agency:
        conditions.append({"_id": {"$gte": earliest_id(now() - timedelta(days=TEXT_DAYS))}})
    return {"$and": conditions}


def by_deadline(wanted: ReportFilter, after: tuple[Any, UUID] | None) -> Document:
    """Reports behind a deadline and one of the reports that have it."""
    query = _query(wanted)
    if after is None:
        return query
    due_at, last = after
    later: Document = {"due_at": {"$gt": due_at}} if due_at else {"due_at": {"$ne": None}}
    return {"$and": [query, {"$or": [later, {"due_at": due_at, "_id": {"$gt": last}}]}]}


def _query(wanted: ReportFilter) -> Document:
    query: Document = {"held": {"$exists": False}}
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
        circle = [list(wanted.near), wanted.radius_m / EARTH_RADIUS_M]
        query["location"] = {"$geoWithin": {"$centerSphere": circle}}
    if wanted.text is not None:
        query["$or"] = _with_text(wanted.text)
    if wanted.assignee is not None:
        query["assignee"] = wanted.assignee
    if wanted.overdue_at is not None:
        query["due_at"] = {"$lt": wanted.overdue_at}
    return query


def _with_text(text: str) -> list[Document]:
    """Each word of the text begins one of the report's; or the text is the report's code."""
    words = [_WORD + re.escape(word) for word in folded_words(text)[:8]]
    either: list[Document] = [{"$and": [{"folded": {"$regex": word}} for word in words]}]
    if is_code(text):
        either.append({"code": grouped(text)})
    return either
