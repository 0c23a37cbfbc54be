"""The words of a text message: the pack's own for this, short and for somebody without an app.

What it costs hangs on its length, so names that are long are shortened before anything else is: a
code or a secret never is.
"""

from collections.abc import Mapping
from typing import Final

from smartcity.city.messages import SMS
from smartcity.city.model import City
from smartcity.city.policies import Sms
from smartcity.feed.event import Event
from smartcity.identifiers import SECRET_LENGTH
from smartcity.notifications.audience import Relation, Row
from smartcity.notifications.letters.model import SECRET
from smartcity.notifications.letters.sms.segments import parts, sendable, shortened
from smartcity.notifications.messages import values_of

NAMES: Final = ("category", "agency", "unit")

ROOMS: Final = (200, 60, 40, 30, 20, 12)
"""So many letters a name may have, as long as the message is too long."""

STANDING_IN: Final = "W" * SECRET_LENGTH
"""As long as one: it comes in when the message leaves."""


def is_told(row: Row) -> bool:
    """Whether callers are told such a thing by text message."""
    return row.relation is Relation.REPORTER and row.template in SMS


def text_of(city: City, policy: Sms, language: str, event: Event, row: Row) -> str:
    """The row's text about this event, with `SECRET` where the secret comes in."""
    values = {**values_of(city, language, event, row), "hotline": policy.hotline, "secret": SECRET}
    key = f"sms.{row.template}"
    for room in ROOMS:
        text = sendable(
            city.messages.render(language, key, **_within(values, room)), marks=policy.marks
        )
        if parts(text.replace(SECRET, STANDING_IN)) <= policy.most_parts:
            return text
    return shortened(text, policy.most_parts)


def _within(values: Mapping[str, str], room: int) -> dict[str, str]:
    return {name: _cut(value, room) if name in NAMES else value for name, value in values.items()}


def _cut(name: str, room: int) -> str:
    return name if len(name) <= room else name[: room - 1].rstrip() + "…"
