"""One answer after the other brings a phone up to date, each of bounded size."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import msgspec

from smartcity.feed.event import Topic
from smartcity.feed.store import FeedStore
from smartcity.identity.roles import Actor
from smartcity.people.sync.cursor import LATE, UNKNOWN, Cursor, Going, Seen, fingerprint
from smartcity.people.sync.section import Before, Behind, Section, Sources, Who
from smartcity.people.sync.sections import NAMES, SECTIONS
from smartcity.reports.changes.store import Since

FOLLOWS: Final = 1000
"""More of one device's are not read; it may not have so many."""


class Changes(msgspec.Struct, frozen=True, kw_only=True):
    """`found` has what is told of each section by its name. Of those that are told `whole` from
    here on, the phone first forgets what it has. `reset`: the cursor was not good to go on from.
    """

    cursor: Cursor
    reset: bool
    whole: Sequence[str]
    found: Mapping[str, Sequence[Any]]
    unread: int

    @property
    def more(self) -> bool:
        return self.cursor.going is not None


class _Round(msgspec.Struct, frozen=True, kw_only=True):
    """Where an answer begins, and what will have been told by the end of the round."""

    going: Going
    seen: Seen


class Sync:
    """`keeps` is how long the feed is kept: from a cursor that is older nothing goes on."""

    def __init__(self, feed: FeedStore, sources: Sources, keeps: timedelta) -> None:
        self._feed = feed
        self._sources = sources
        self._keeps = keeps

    async def changes(
        self, actor: Actor, after: Cursor | None, limit: int, language: str
    ) -> Changes:
        """What changed since a cursor, up to `limit` things; without one, everything there is."""
        mark = await self._feed.mark()  # before anything is read: more is not promised
        who = await self._who(actor, language)
        owner = fingerprint((who.device, *sorted(who.person), language))
        good = after if after is not None and after.is_good(mark, owner, self._keeps) else None
        sections: Sequence[Section] = [section(self._sources, who) for section in SECTIONS]
        begins = good is None or good.going is None
        if good is None or good.going is None:
            now = Seen(mark.settled if good is None else max(mark.settled, good.seen.seq), mark.at)
            begun = await _begun(sections, good and good.seen, now)
        else:
            begun = await _gone_on(sections, good.going, good.seen)
        (found, going), unread = await asyncio.gather(
            _page(sections, begun.going, limit), self._sources.inbox.unread(who.device)
        )
        return Changes(
            cursor=Cursor(mark.epoch, owner, begun.seen, going),
            reset=after is not None and good is None,
            whole=[NAMES[index] for index in begun.going.whole] if begins else (),
            found=found,
            unread=unread,
        )

    async def _who(self, actor: Actor, language: str) -> Who:
        follows: dict[Topic, list[UUID]] = {Topic.REPORT: [], Topic.DOSSIER: []}
        for topic, subject in await self._sources.follows.all_of(actor.own_id, FOLLOWS):
            follows.setdefault(topic, []).append(subject)
        return Who(device=actor.own_id, person=actor.own_ids, language=language, follows=follows)


async def _begun(sections: Sequence[Section], before: Seen | None, now: Seen) -> _Round:
    known = _known(before)
    kept = await asyncio.gather(
        *(section.look(one) for section, one in zip(sections, known, strict=True))
    )
    whole = tuple(i for i, same in enumerate(kept) if before is None or not same)
    seen = msgspec.structs.replace(now, sections=tuple(section.memory for section in sections))
    return _Round(going=Going(before, whole, 0, None), seen=seen)


async def _gone_on(sections: Sequence[Section], going: Going, seen: Seen) -> _Round:
    """What became another while the round is told, is told whole in the next one."""
    left = range(going.section, len(sections))
    known = _known(seen)
    kept = await asyncio.gather(*(sections[i].look(known[i]) for i in left))
    changed = {i for i, same in zip(left, kept, strict=True) if not same}
    memories = tuple(UNKNOWN if i in changed else one for i, one in enumerate(known))
    return _Round(going=going, seen=msgspec.structs.replace(seen, sections=memories))


async def _page(
    sections: Sequence[Section], going: Going, limit: int
) -> tuple[Mapping[str, Sequence[Any]], Going | None]:
    """Up to `limit` things, and where the next answer begins if there are more."""
    found: dict[str, list[Any]] = {}
    behind: Behind = going.behind
    room = limit
    for index in range(going.section, len(sections)):
        before = None if index in going.whole else _before(going.before, index)
        # One more than there is room for tells whether there is more.
        page = await sections[index].page(before, behind, room + 1)
        told = page[:room]
        found[sections[index].name] = [one.view for one in told if one.view is not None]
        room -= len(told)
        if len(page) > len(told):
            behind = told[-1].place if told else behind
            return found, msgspec.structs.replace(going, section=index, behind=behind)
        behind = None
    return found, None


def _before(seen: Seen | None, index: int) -> Before | None:
    return seen and Before(Since(seen.seq, seen.at - LATE), _known(seen)[index])


def _known(seen: Seen | None) -> Sequence[bytes]:
    """What is known of each section; of none that a cursor does not tell of."""
    told = () if seen is None else seen.sections
    return (*told, *(UNKNOWN for _ in SECTIONS))[: len(SECTIONS)]
