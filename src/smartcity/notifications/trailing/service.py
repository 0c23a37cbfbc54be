"""Gives pushes their time, in view of what their recipients were told shortly before."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta
from uuid import UUID

from smartcity.clock import now
from smartcity.notifications.model import Push, Told
from smartcity.notifications.trailing.rules import WITH_ANOTHER, News, arrange, lookback
from smartcity.notifications.trailing.store import TrailingStore


class Trailing:
    """`apart`: how far apart pushes about one subject leave."""

    def __init__(self, store: TrailingStore, apart: timedelta) -> None:
        self._store = store
        self._apart = apart

    async def arrange(self, news: Sequence[News]) -> Mapping[UUID, Push]:
        """The push of each of these, which the caller then writes. One question for all.

        What waited until now and another stands for is given up before that other is written:
        whoever dies in between repeats the news and finds its place free. The other way round, both
        might leave.
        """
        if not news:
            return {}
        at = now()
        fresh: defaultdict[tuple[UUID, UUID], list[News]] = defaultdict(list)
        for one in news:
            fresh[one.told.recipient, one.told.subject].append(one)
        before: defaultdict[tuple[UUID, UUID], list[Told]] = defaultdict(list)
        recipients, subjects = ({key[part] for key in fresh} for part in (0, 1))
        for told in await self._store.told(recipients, subjects, at - lookback(self._apart)):
            before[told.recipient, told.subject].append(told)
        pushes: dict[UUID, Push] = {}
        given_up: set[UUID] = set()
        for key, some in fresh.items():
            arranged = arrange(before[key], some, at, self._apart)
            pushes |= arranged.pushes
            given_up |= arranged.given_up
        await self._store.give_up(given_up, WITH_ANOTHER, now())
        return pushes
