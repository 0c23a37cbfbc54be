"""Which reports may be part of a burst, and by what they would be known. Pure."""

from datetime import datetime, timedelta
from typing import Final

import msgspec

from smartcity.city.model import Category, Priority
from smartcity.city.policies import Burst
from smartcity.identifiers import digest_of
from smartcity.identity.roles import Actor
from smartcity.reports.holding.model import Common, Hold
from smartcity.reports.model import Report
from smartcity.reports.words import Status
from smartcity.text import folded_words

TELLING: Final = 4
"""A text of fewer words may be two honest people's."""


def is_suspect(actor: Actor, category: Category, burst: Burst, at: datetime) -> bool:
    """Whether a report of this category from this sender may be held at all."""
    if category.priority is Priority.URGENT or category.emergency is not None:
        return False
    if actor.since is None or actor.account is not None:
        return False
    return at - actor.since < timedelta(hours=burst.new_hours)


def traits(description: str, address: str | None) -> dict[Common, bytes]:
    """What the report could have in common with others, as digests: nobody reads the address."""
    found: dict[Common, bytes] = {}
    if address is not None:
        found[Common.ADDRESS] = _trait(Common.ADDRESS, address)
    words = sorted(word for word in folded_words(description) if word.isalpha())
    if len(words) >= TELLING:
        found[Common.TEXT] = _trait(Common.TEXT, " ".join(words))
    return found


def hold(report: Report, common: tuple[Common, ...], at: datetime) -> Report:
    """The new report as one that waits. Its route is kept; its clock does not run."""
    entry = msgspec.structs.replace(report.timeline[0], status=Status.HELD)
    return msgspec.structs.replace(
        report,
        status=Status.HELD,
        held=Hold(at=at, common=common),
        due_at=None,
        risk_at=None,
        watch=None,
        alarm=None,
        timeline=(entry,),
    )


def _trait(kind: Common, value: str) -> bytes:
    return digest_of(kind.encode(), value.encode())
