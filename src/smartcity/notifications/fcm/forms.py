# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
"""Messages in FCM's form. The library makes each form once, with gaps for what differs between
messages; making a whole message costs it 100 µs, filling the gaps 4.
"""

import re
import time
from collections.abc import Mapping
from functools import cache
from typing import Final

import msgspec
from firebase_admin import messaging

from smartcity.notifications.messages import shortened
from smartcity.notifications.model import STALE_AFTER, Urgency
from smartcity.notifications.push import PushMessage

LARGEST_BYTES: Final = {"fid": 4096, "token": 4096, "topic": 2048}
"""FCM takes no more, the address not counted."""

LIFETIME_S: Final = int(STALE_AFTER.total_seconds())

TITLE, BODY, ID, EXPIRES, ADDRESS = "@title", "@body", "@id", "@expires", "@address"
DATA: Final = "@data"

_json: Final = msgspec.json.encode


class TooLarge(ValueError):
    """The message is over FCM's limit even without its words."""


class Form(msgspec.Struct, frozen=True):
    """A body with gaps: what stands before the first of them, then each and what stands behind."""

    start: bytes
    gaps: tuple[tuple[str, bytes], ...]

    def filled(self, values: Mapping[str, bytes]) -> bytes:
        """The request's body; the values are JSON."""
        parts = [self.start]
        for gap, behind in self.gaps:
            parts += (values[gap], behind)
        return b"".join(parts)


def encoded(message: PushMessage) -> bytes:
    """The request's body. A message over FCM's limit loses the end of its words, never its way.
    Raises `TooLarge`.
    """
    kind = message.address.kind
    form = _form(message.urgency, kind)
    values = {
        TITLE: _json(message.title),
        BODY: _json(message.body),
        DATA: _json(message.data),
        ID: _json(message.id),
        EXPIRES: b'"%d"' % (int(time.time()) + LIFETIME_S),
        ADDRESS: _json(message.address.value),
    }
    text = form.filled(values)
    room = LARGEST_BYTES[kind] + len(values[ADDRESS])
    if len(text) <= room:
        return text
    room -= len(text) - len(values[TITLE]) - len(values[BODY])
    values[TITLE], values[BODY] = _fitted(message.title, message.body, room)
    return form.filled(values)


def _fitted(title: str, body: str, room: int) -> tuple[bytes, bytes]:
    """The two as JSON in `room` bytes, the longer of them cut until they fit.

    By half of what is too much at a time: a letter may take more room in JSON than by itself.
    """
    while (excess := len(_json(title)) + len(_json(body)) - room) > 0:
        longer = max(title, body, key=lambda words: len(words.encode()))
        size = len(longer.encode())
        cut = shortened(longer, max(0, size - max(1, excess // 2)))
        if len(cut.encode()) >= size:
            raise TooLarge("the message is too large without its text")
        title, body = (cut, body) if longer is title else (title, cut)
    return _json(title), _json(body)


@cache
def _form(urgency: Urgency, kind: str) -> Form:
    """The library's form of every message of this urgency to this kind of address.

    The notification's id is also the Android and web tag and the collapse id on Apple's side: a
    push that is repeated replaces the one that is shown.
    """
    high = urgency is Urgency.HIGH
    message = messaging.Message(
        notification=messaging.Notification(title=TITLE, body=BODY),
        data={DATA: ""},
        android=messaging.AndroidConfig(
            priority="high" if high else "normal",
            ttl=LIFETIME_S,
            notification=messaging.AndroidNotification(tag=ID),
        ),
        apns=messaging.APNSConfig(
            headers={
                "apns-collapse-id": ID,
                "apns-priority": "10" if high else "5",
                "apns-expiration": EXPIRES,
            }
        ),
        webpush=messaging.WebpushConfig(
            headers={"TTL": str(LIFETIME_S), "Urgency": urgency.value},
            notification=messaging.WebpushNotification(tag=ID),
        ),
    )
    # As an attribute: as an argument, `token` is deprecated, but older apps have nothing else.
    setattr(message, kind, ADDRESS if kind != "topic" else "topic")
    plain = msgspec.json.decode(str(message))
    if kind == "topic":  # the library checks a topic's letters, so the gap is made behind its back
        plain[kind] = ADDRESS
    return _cut(_json({"message": plain}))


def _cut(text: bytes) -> Form:
    """The form of a text in which the gaps are marked."""
    marks = {_json({DATA: ""}): DATA}
    marks |= {_json(gap): gap for gap in (TITLE, BODY, ID, EXPIRES, ADDRESS)}
    places = sorted((place, mark) for mark in marks for place in _places(mark, text))
    ends = [place for place, _ in places[1:]] + [len(text)]
    gaps = [
        (marks[mark], text[place + len(mark) : end])
        for (place, mark), end in zip(places, ends, strict=True)
    ]
    return Form(text[: places[0][0]], tuple(gaps))


def _places(mark: bytes, text: bytes) -> list[int]:
    return [found.start() for found in re.finditer(re.escape(mark), text)]
