"""When the pushes about one subject leave: the first at once, and within a minute one more that
stands for all that came since. The inbox has everything.

Pure, and worked out from what was written: told again of what is written already, it changes
nothing, so the notifier may be killed and repeat itself.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from smartcity.notifications.model import Kind, Push, PushState, Told, Urgency

WITH_ANOTHER: Final = "told with another"

ABOUT_TO_LEAVE: Final = timedelta(seconds=1)
"""What is due so soon may be on its way before anything else is written: it is left alone."""

NEEDED_MOST: Final = (
    # Which of several the one push is about: the first of these needs the person's action most.
    Kind.QUESTION,
    Kind.WORK,
    Kind.RESULT,
    Kind.PRIVACY,
    Kind.DOSSIER,
    Kind.RECEIPT,
    Kind.PROGRESS,
    Kind.COMMENT,
    Kind.FOLLOWED,
    Kind.AREA,
    Kind.DIGEST,
)


class News(msgspec.Struct, frozen=True):
    """Something to tell one person of one subject. `asked`: somebody still waits for the answer to
    a question about it.
    """

    told: Told
    asked: bool = False


class Arranged(msgspec.Struct, frozen=True):
    """`pushes` of the news, by their ids; those that wait and that another now stands for."""

    pushes: dict[UUID, Push]
    given_up: frozenset[UUID]


def lookback(apart: timedelta) -> timedelta:
    """How old a notification may be whose push still bears on news: it may itself have waited."""
    return 2 * apart + ABOUT_TO_LEAVE


def arrange(
    before: Collection[Told], news: Sequence[News], at: datetime, apart: timedelta
) -> Arranged:
    """When to push news about one subject to one person, who was told `before` what is given."""
    written = {one.id for one in before}
    last = max((m for one in before if (m := _left(one, at)) is not None), default=None)
    waiting = sorted((one for one in before if _waits(one, at)), key=_need)
    holder = waiting.pop() if waiting else None
    pushes: dict[UUID, Push] = {}
    given_up = {one.id for one in waiting}
    for one in sorted(news, key=lambda one: one.told.seq):
        told = one.told
        if told.id in written:
            continue
        if holder is not None and not _takes_over(one, holder):
            pushes[told.id] = _with_another(told.push)
            continue
        leaves = at if last is None else max(at, last + apart)
        if holder is not None:
            given_up.add(holder.id)
            assert holder.push.next_at is not None, "it waits"
            if last is None and holder.push.next_at <= at + apart:
                leaves = holder.push.next_at
        pushes[told.id] = msgspec.structs.replace(told.push, next_at=leaves)
        if leaves > at:
            holder = msgspec.structs.replace(told, push=pushes[told.id])
        else:
            holder, last = None, at
    for told in given_up & pushes.keys():
        pushes[told] = _with_another(pushes[told])
    return Arranged(pushes, frozenset(given_up - pushes.keys()))


def _left(one: Told, at: datetime) -> datetime | None:
    """When a push left, or is about to."""
    if one.push.state is PushState.SENT:
        return one.push.sent_at
    return one.push.next_at if _is_pending(one) and not _waits(one, at) else None


def _waits(one: Told, at: datetime) -> bool:
    next_at = one.push.next_at
    return _is_pending(one) and next_at is not None and next_at > at + ABOUT_TO_LEAVE


def _is_pending(one: Told) -> bool:
    return one.push.state is PushState.PENDING


def _takes_over(one: News, holder: Told) -> bool:
    """Whether the push is rather about this: also where a question was answered meanwhile."""
    answered = holder.kind is Kind.QUESTION and not one.asked
    return answered or _need(one.told) > _need(holder)


def _need(told: Told) -> tuple[bool, int, int]:
    """The larger, the more it needs the person; of what is alike, the newest."""
    place = len(NEEDED_MOST) if told.kind is None else NEEDED_MOST.index(told.kind)
    return told.push.urgency is Urgency.HIGH, -place, told.seq


def _with_another(push: Push) -> Push:
    return msgspec.structs.replace(push, state=PushState.NONE, reason=WITH_ANOTHER, next_at=None)
