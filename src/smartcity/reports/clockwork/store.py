"""Finds the reports whose alarm has rung."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec
from pymongo import ASCENDING, DESCENDING, IndexModel

from smartcity.reports.deadlines import RISK_AT_MOST
from smartcity.reports.model import Alarm
from smartcity.reports.store import COLLECTION
from smartcity.reports.words import Action, Status
from smartcity.storage.mongo import Database, Document, from_document, to_document

INDEXES: Final[Mapping[str, Sequence[IndexModel]]] = {
    COLLECTION: [
        IndexModel(
            [("alarm.at", ASCENDING)],
            name="alarm",
            partialFilterExpression={"alarm.at": {"$exists": True}},
        )
    ]
}

_RISK_AT_MOST_MS: Final = RISK_AT_MOST // timedelta(milliseconds=1)


class Ringing(msgspec.Struct, frozen=True, kw_only=True):
    """A report whose alarm has rung."""

    id: UUID = msgspec.field(name="_id")
    alarm: Alarm


class AlarmStore:
    def __init__(self, database: Database) -> None:
        self._reports = database[COLLECTION]

    async def oldest(self, at: datetime, limit: int) -> list[Ringing]:
        return await self._rung(at, limit, ASCENDING)

    async def newest(self, at: datetime, limit: int) -> list[Ringing]:
        return await self._rung(at, limit, DESCENDING)

    async def set_aside(self, ringing: Ringing, until: datetime) -> None:
        """Let the alarm ring again later, unless it is another one by now."""
        same: Document = {
            f"alarm.{name}": value for name, value in to_document(ringing.alarm).items()
        }
        await self._reports.update_one({"_id": ringing.id} | same, {"$set": {"alarm.at": until}})

    async def _rung(self, at: datetime, limit: int, order: int) -> list[Ringing]:
        found = self._reports.find({"alarm.at": {"$lte": at}}, {"alarm": 1})
        found = found.sort("alarm.at", order).limit(limit)
        return [from_document(document, Ringing) async for document in found]


async def tell_risks(database: Database) -> None:
    """Give `risk_at` to open reports that are older than it: the last quarter of the time, as no
    database knows working time. Where a warning is known, `tell_risks_by_warnings` is exact.
    """
    old: Document = {"due_at": {"$exists": True}, "risk_at": {"$exists": False}}
    received = {"$ne": ["$status", Status.SUBMITTED.value]}
    since: Document = {"$cond": [received, "$deadlines.receive_by", "$submitted_at"]}
    given: Document = {"$max": [0, {"$subtract": ["$due_at", since]}]}
    share: Document = {"$toLong": {"$ceil": {"$multiply": [given, 1 / 4]}}}
    risk_at: Document = {"$subtract": ["$due_at", {"$min": [share, _RISK_AT_MOST_MS]}]}
    await database[COLLECTION].update_many(old, [{"$set": {"risk_at": risk_at}}])


async def tell_risks_by_warnings(database: Database) -> None:
    """Let what is or was to be warned of be at risk from its warning on, as `Clocks.risk_at` does.
    Of the rest, which no clock warns of before somebody acts on it, `risk_at` stays as it is.
    """
    of_warnings: Document = {
        "input": "$timeline",
        "cond": {"$eq": ["$$this.action", Action.WARN.value]},
    }
    warned: Document = {"$last": {"$filter": of_warnings}}
    last_warned_at: Document = {"$let": {"vars": {"last": warned}, "in": "$$last.at"}}
    earliest: Document = {"$subtract": ["$due_at", _RISK_AT_MOST_MS]}
    for condition, warn_at in (
        ({"alarm.action": Action.WARN}, "$alarm.at"),
        ({"watch.warned": True}, last_warned_at),
    ):
        risk_at: Document = {"$max": [warn_at, earliest]}
        await database[COLLECTION].update_many(
            {"due_at": {"$exists": True}} | condition, [{"$set": {"risk_at": risk_at}}]
        )


async def watch_what_was_there(database: Database) -> None:
    """Give an alarm to reports that are older than alarms. What to do at the end of a wait follows
    from its announcement, so that is done first; histories that were imported stay at rest.
    """
    unwatched: Document = {"watch": {"$exists": False}, "alarm": {"$exists": False}}
    unwatched["batch"] = {"$exists": False}
    watch = {"agency": "$agency", "since": "$submitted_at", "by": "$due_at"}
    for condition, action, at in (
        ({"due_at": {"$exists": True}}, Action.ESCALATE, "$due_at"),
        ({"due_at": {"$exists": False}, "status": Status.WAITING}, Action.REMIND, "$updated_at"),
        ({"status": Status.RESOLVED}, Action.ANNOUNCE, "$updated_at"),
    ):
        alarm: Document = {"alarm": {"at": at, "action": action.value}}
        if action is Action.ESCALATE:
            alarm["watch"] = watch
        await database[COLLECTION].update_many(unwatched | condition, [{"$set": alarm}])
