"""What FCM certainly takes, seen at a glance: the messages that a sender of ours makes.

Whatever this refuses, the table of `fcm_messages.py` judges; whatever it takes, the table takes.
"""

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from tests.standins.fcm_messages import PAYLOAD_BYTES, RESERVED_KEY, TOPIC_BYTES

Key = Annotated[str, Meta(pattern=rf"^(?!{RESERVED_KEY.pattern})")]
Data = dict[Key, str]
Ttl = Annotated[str, Meta(pattern=r"^\d{1,6}s$")]
Digits = Annotated[str, Meta(pattern=r"^\d+$")]
TopicName = Annotated[str, Meta(pattern=r"^[a-zA-Z0-9\-_.~%]+$")]
Address = Annotated[str, Meta(pattern=r"^[a-zA-Z0-9\-_:.~%]+$")]


class Strict(msgspec.Struct, forbid_unknown_fields=True):
    pass


class Tag(Strict):
    tag: str


class Words(Strict):
    title: str = ""
    body: str = ""


class Android(Strict):
    notification: Tag
    ttl: Ttl
    priority: Annotated[str, Meta(pattern="^(normal|high)$")]


class ApnsHeaders(Strict, rename={"id": "apns-collapse-id", "expires": "apns-expiration",
                                  "priority": "apns-priority"}):  # fmt: skip
    id: Annotated[str, Meta(pattern=r"^[\x00-\x7f]{1,64}$")]
    expires: Digits
    priority: Annotated[str, Meta(pattern="^(5|10)$")]


class Apns(Strict):
    headers: ApnsHeaders


class WebHeaders(Strict, rename={"ttl": "TTL", "urgency": "Urgency"}):
    ttl: Digits
    urgency: Annotated[str, Meta(pattern="^(normal|high)$")]


class Webpush(Strict):
    headers: WebHeaders
    notification: Tag


class Message(Strict):
    notification: Words
    data: Data
    android: Android
    apns: Apns
    webpush: Webpush
    fid: Address | None = None
    token: Address | None = None
    topic: TopicName | None = None


class Request(Strict):
    message: Message


_decoder: Final = msgspec.json.Decoder(Request)


def taken_at_a_glance(body: bytes) -> Message | None:
    """The message, if FCM takes it for certain."""
    try:
        message = _decoder.decode(body).message
    except msgspec.DecodeError:
        return None
    targets = (message.fid is not None) + (message.token is not None) + (message.topic is not None)
    largest = PAYLOAD_BYTES if message.topic is None else TOPIC_BYTES
    return message if targets == 1 and len(body) <= largest else None
