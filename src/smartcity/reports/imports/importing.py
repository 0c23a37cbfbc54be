"""Takes in the reports of another system.

Chunk by chunk: the reports of a chunk are inserted, those that are there already stay as they are,
and then the chunk's one `bulk` event is promised. Everything about a report and about a chunk
follows from the file and its mapping, so whoever was cut off begins again at the first line, and
whoever does it twice changes nothing. While one chunk is written the next is read, on a thread.

Retention goes from the reports that were finished first to the last, and may have passed what comes
now: so what it would have forgotten by now is nobody's from the beginning.
"""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Final
from uuid import UUID, uuid5

import msgspec

from smartcity.clock import now
from smartcity.feed.event import Event, Topic
from smartcity.feed.store import FeedStore
from smartcity.identifiers import digest_of
from smartcity.reports.imports.mapping import ImportMapping
from smartcity.reports.imports.reading import ReportReader
from smartcity.reports.model import Report
from smartcity.reports.personal.forgetting import Forgetting
from smartcity.reports.store import ReportStore
from smartcity.rowfiles.rows import Heard, Line, Reject, Tally, read_rows

CHUNK: Final = 2_000
"""Rows, taken or not: so the same rows are a chunk every time."""

SOON: Final = timedelta(days=1)
"""Retention passes on while a chunk is written."""


class Outcome(Tally, frozen=True, kw_only=True):
    """What became of the rows."""

    new: int = 0
    known: int = 0


class _Chunk(msgspec.Struct, frozen=True):
    batch: UUID
    reports: list[Report]
    rejects: list[Reject]


class ReportImporter:
    """Writes the rows of one file. `digest` names its content."""

    def __init__(
        self,
        store: ReportStore,
        feed: FeedStore,
        reader: ReportReader,
        mapping: ImportMapping,
        forgetting: Forgetting,
        digest: bytes,
    ) -> None:
        self._store = store
        self._feed = feed
        self._reader = reader
        self._id_column = mapping.id
        self._forgetting = forgetting
        # Rows that another mapping refused are told of by an event of their own.
        self._name = UUID(bytes=digest_of(digest, msgspec.json.encode(mapping)))

    async def take_in(
        self, lines: Iterable[Line[str]], heard: Heard[Outcome] | None = None
    ) -> Outcome:
        """Take in all rows."""
        total = Outcome()
        chunks = self._chunks(iter(lines))
        chunk = await asyncio.to_thread(next, chunks, None)
        while chunk is not None:
            async with asyncio.TaskGroup() as both:
                upcoming = both.create_task(asyncio.to_thread(next, chunks, None))
                total += await self._write(chunk)
            if heard is not None:
                heard(total, chunk.rejects)
            chunk = upcoming.result()
        return total

    def _chunks(self, lines: Iterator[Line[str]]) -> Iterator[_Chunk]:
        number = 0
        while rows := list(islice(lines, CHUNK)):
            yield self._read(rows, uuid5(self._name, str(number)))
            number += 1

    def _read(self, rows: Sequence[Line[str]], batch: UUID) -> _Chunk:
        at = now()
        reports, rejects = read_rows(
            rows, lambda row: self._reader.report(row, batch, at), self._id_column
        )
        since = self._forgetting.kept_since(at + SOON)
        return _Chunk(batch, [self._kept(report, since) for report in reports], rejects)

    def _kept(self, report: Report, since: datetime) -> Report:
        finished = report.finished_at
        is_old = finished is not None and finished < since
        return self._forgetting.retained(report) if is_old else report

    async def _write(self, chunk: _Chunk) -> Outcome:
        new = 0
        if chunk.reports:
            known = await self._store.known([report.id for report in chunk.reports])
            if fresh := [report for report in chunk.reports if report.id not in known]:
                new = await self._store.take_in(fresh)
            await self._feed.announce(_event(chunk.batch))
        return Outcome(new=new, known=len(chunk.reports) - new, rejected=len(chunk.rejects))


def _event(batch: UUID) -> Event:
    """One id for one batch: promised twice, it is published once."""
    return Event(
        id=batch, topic=Topic.BULK, action="import", at=now(), of=Topic.REPORT, batch=batch
    )
