"""The words of a text message: the pack's own for this, short and for somebody without an app.

What it costs hangs on its length, so names that are long are shortened before anything else is: a
code or a secret never is.
"""

from collections.abc import Mapping
from typing import Final

from smartcity.city.messages import SMS
from smartcity.city.model import City
from smartcity.feed.event import Event
from smartcity.identifiers import SECRET_LENGTH
from smartcity.notifications.audience import Relation, Row
from smartcity.notifications.letters.model import FILLED_IN_LAST
from smartcity.notifications.letters.sms.segments import parts, sendable, shortened
from smartcity.notifications.messages import Words, values_of

NAMES: Final = ("category", "agency", "unit")

ROOMS: Final = (200, 60, 40, 30, 20, 12)
"""So many letters a name may have, as long as the message is too long."""

STANDING_IN: Final = "W" * SECRET_LENGTH
"""As long as one: it comes in when the message leaves."""


def words(city: City, language: str, event: Event, row: Row) -> Words | None:
    """A text message about this event, which has no title; none where nobody gets one."""
    if row.relation is not Relation.REPORTER or row.template not in SMS:
        return None
    return Words("", _text(city, language, event, row))


def filled(body: str, secret: str, most_parts: int) -> str:
    """What leaves: with the secret, and in no more parts than the city pays."""
    return shortened(body.replace(FILLED_IN_LAST, secret), most_parts)


def _text(city: City, language: str, event: Event, row: Row) -> str:
    values = values_of(city, language, event, row)
    values |= {"hotline": city.sms.hotline, "secret": FILLED_IN_LAST}
    text = ""
    for room in ROOMS:
        said = city.messages.render(language, f"sms.{row.template}", **_within(values, room))
        text = sendable(" ".join(said.split()), marks=city.sms.marks)
        if parts(text.replace(FILLED_IN_LAST, STANDING_IN)) <= city.sms.most_parts:
            break
    return text


def _within(values: Mapping[str, str], room: int) -> dict[str, str]:
    return {name: _cut(value, room) if name in NAMES else value for name, value in values.items()}


def _cut(name: str, room: int) -> str:
    return name if len(name) <= room else name[: room - 1].rstrip() + "…"
