"""Walks the chain from its first entry to its end and says where it is not what was written.

What somebody without the secret changed, removed, put in or moved shows in the macs and numbers;
what was cut off at the end, in the head; and what somebody who knows the secret wrote anew, in the
heads that were published, or kept elsewhere, before. It reads each entry once and keeps none.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import msgspec

from smartcity.audit.chain import Chain
from smartcity.audit.model import START, AuditEntry, DayHead, Head
from smartcity.audit.store import AuditStore, entry_of

TELL_EVERY: Final = 1000


class Broken(Exception):
    """The log is not what was written. `number` is the first entry that is wrong."""

    def __init__(self, number: int, why: str) -> None:
        super().__init__(f"the audit log is wrong from entry {number} on: {why}")
        self.number = number
        self.why = why


class Mark(msgspec.Struct, frozen=True):
    """What the chain is known to have been: its length, the last entry's mac, and who says so."""

    count: int
    mac: bytes
    origin: str


def published(head: DayHead) -> Mark:
    return Mark(head.count, head.mac, f"the head published on {head.date}")


async def verify(
    store: AuditStore,
    chain: Chain,
    marks: Sequence[Mark] = (),
    heard: Callable[[int], None] | None = None,
) -> Head:
    """Verify all that is there, and answer where it ends. `heard` is told how far it is.

    Entries that are chained meanwhile do no harm. Raises `Broken`, and `HeadLost`.
    """
    began = await store.head()
    known = [*marks, Mark(began.count, began.mac, "the head")]
    walk = Walk(chain, known)
    async for document in store.documents():
        walk.step(document)
        if heard is not None and walk.count % TELL_EVERY == 0:
            heard(walk.count)
    walk.finish()
    if walk.count > (ended := await store.head()).count:
        raise Broken(ended.count + 1, f"the head knows {ended.count} entries and no more")
    return Head(count=walk.count, mac=walk.mac, seq=ended.seq)


class Walk:
    """One way through the chain, entry by entry."""

    def __init__(self, chain: Chain, marks: Sequence[Mark]) -> None:
        self.count = 0
        self.mac = START
        self._chain = chain
        self._marks = sorted(marks, key=lambda mark: mark.count, reverse=True)
        self._sure_of = 0
        """So many entries are those that an earlier mark was made of."""
        self._compare()

    def step(self, document: Mapping[str, Any]) -> None:
        """Take the next entry as it lies there. Raises `Broken`."""
        number = self.count + 1
        entry = self._entry(document, number)
        if entry.mac != (mac := self._chain.mac(self.mac, entry)):
            hint = "" if self.count else ", or written under another secret"
            raise Broken(number, f"it was changed{hint}")
        self.count, self.mac = number, mac
        self._compare()

    def finish(self) -> None:
        """No entry follows. Raises `Broken` if a mark knows of one."""
        if self._marks:
            mark = self._marks[0]
            why = f"it is missing: {mark.origin} knows {mark.count} entries"
            raise Broken(self.count + 1, why)

    def _entry(self, document: Mapping[str, Any], number: int) -> AuditEntry:
        found = document["_id"]
        if not isinstance(found, int) or found < number:
            raise Broken(number, f"something stands there that was never chained: {found!r}")
        if found > number:
            raise Broken(number, f"it is missing: entry {found} follows on {number - 1}")
        if (entry := entry_of(document)) is None:
            raise Broken(number, "it was changed: it has not the form of an entry")
        return entry

    def _compare(self) -> None:
        while self._marks and self._marks[-1].count <= self.count:
            mark = self._marks.pop()
            if mark.mac != self.mac:
                why = f"up to entry {mark.count} they are not those of {mark.origin}"
                raise Broken(max(1, min(self._sure_of + 1, mark.count)), why)
            self._sure_of = mark.count
