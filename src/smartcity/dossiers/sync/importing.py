"""Takes in dossiers by the million.

Chunk by chunk: a chunk is inserted as if everything in it were new, and only what the database
knows already is read, merged (`merging.py`) and written back, unless somebody was faster, in which
case it is merged anew. Taking in the same again changes nothing.

Three hands share the work: while one reads, on a thread, two write, so that neither we nor the
database wait for the other. Memory holds a chunk for each, however long the rows go on. That
chunks overtake each other does not matter, as the order of telling does not.

No dossier gets an outbox: each chunk promises one `bulk` event. That a chunk is under way is noted
before its first write, so that the event of one whose process died can be promised by others.
"""

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import islice
from typing import Any, Final
from uuid import UUID

import msgspec

from smartcity.clock import now
from smartcity.dossiers.merging import merged
from smartcity.dossiers.model import Dossier
from smartcity.dossiers.store import DossierStore
from smartcity.dossiers.sync.reading import RowReader
from smartcity.feed.event import Event, Topic
from smartcity.identifiers import new_id
from smartcity.rowfiles.rows import Heard, Line, Reject, Tally, read_rows

CHUNK: Final = 5_000
HANDS: Final = 3
ABANDONED_AFTER: Final = timedelta(minutes=5)
"""A chunk takes a second, and no operation waits for minutes: one that is still open after this
long has lost its writer.
"""


class Outcome(Tally, frozen=True, kw_only=True):
    """What became of the rows."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0


class _Chunk(msgspec.Struct, frozen=True):
    batch: UUID
    dossiers: list[Dossier]
    rejects: list[Reject]


class _Intake:
    """One run over some rows: where it is, and what became of them so far."""

    def __init__(self, lines: Iterator[Line[Any]], heard: Heard[Outcome] | None) -> None:
        self.lines = lines
        self.reading = asyncio.Lock()
        self.total = Outcome()
        self.mostly_known = False
        """Whether the last chunk was; then the next may be so too."""
        self._heard = heard

    def done(self, outcome: Outcome, rejects: Sequence[Reject]) -> None:
        self.total += outcome
        self.mostly_known = outcome.new < outcome.rows / 2
        if self._heard is not None:
            self._heard(self.total, rejects)


class DossierImporter:
    """Writes rows of one source."""

    def __init__(self, store: DossierStore, reader: RowReader) -> None:
        self._store = store
        self._reader = reader

    async def take_in(
        self, lines: Iterable[Line[Any]], heard: Heard[Outcome] | None = None
    ) -> Outcome:
        """Take in all rows; whoever makes them up numbers them with `enumerate`."""
        await promise_abandoned(self._store)
        intake = _Intake(iter(lines), heard)
        hands = [self._work(intake) for _ in range(HANDS)]
        for failure in await asyncio.gather(*hands, return_exceptions=True):
            if failure is not None:
                raise failure
        return intake.total

    async def _work(self, intake: "_Intake") -> None:
        try:
            while (chunk := await self._next(intake)) is not None:
                outcome = await self._write(chunk, intake.mostly_known)
                intake.done(outcome, chunk.rejects)
        except BaseException:
            intake.lines = iter(())  # the other hands finish the chunk they have
            raise

    async def _next(self, intake: "_Intake") -> _Chunk | None:
        async with intake.reading:
            return await asyncio.to_thread(self._read, intake.lines)

    # --- reading, on a thread --------------------------------------------------------------------

    def _read(self, lines: Iterator[Line[Any]]) -> _Chunk | None:
        batch, at = new_id(), now()
        dossiers, rejects = read_rows(
            islice(lines, CHUNK), lambda row: self._reader.dossier(row, at, batch), "code"
        )
        return _Chunk(batch, dossiers, rejects) if dossiers or rejects else None

    # --- writing ---------------------------------------------------------------------------------

    async def _write(self, chunk: _Chunk, mostly_known: bool) -> Outcome:
        """Write one chunk. Where it is likely `mostly_known`, to ask first takes a fraction of
        being refused.
        """
        told = chunk.dossiers
        if not told:
            return Outcome(rejected=len(chunk.rejects))
        await self._store.open_batch(chunk.batch, now())
        there = await self._store.by_codes({one.code for one in told}) if mostly_known else {}
        fresh = [one for one in told if one.code not in there]
        late = await self._store.add_many(fresh)
        new = len(fresh) - len(late)
        known = [one for one in told if one.code in there] + late
        changed = await self._merge(known, there)
        event = _event(chunk.batch) if new or changed else None
        await self._store.close_batch(chunk.batch, event)
        return Outcome(
            new=new,
            changed=changed,
            unchanged=len(known) - changed,
            rejected=len(chunk.rejects),
        )

    async def _merge(self, told: Sequence[Dossier], there: Mapping[str, Dossier]) -> int:
        """Merge dossiers into those of the same code, as far as seen in `there`, and answer how
        many that changed.
        """
        written = 0
        while True:
            unseen = {one.code for one in told} - there.keys()
            before = {**there, **await self._store.by_codes(unseen)}
            after = before.copy()
            for one in told:
                after[one.code] = merged(after[one.code], one)
            changes = [(before[c], after[c]) for c in after if after[c] is not before[c]]
            done = await self._store.change_many(changes)
            written += done
            if done == len(changes):
                return written
            there = {}  # somebody was faster


async def promise_abandoned(store: DossierStore) -> int:
    """Promise the events of chunks whose process died, and answer how many they were."""
    batches = await store.abandoned_batches(now() - ABANDONED_AFTER)
    for batch in batches:
        await store.close_batch(batch, _event(batch))
    return len(batches)


def _event(batch: UUID) -> Event:
    """One id for one batch: promised twice, it is published once."""
    return Event(
        id=batch, topic=Topic.BULK, action="import", at=now(), of=Topic.DOSSIER, batch=batch
    )
