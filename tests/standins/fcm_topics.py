"""Who subscribed to which topic: told to FCM itself one by one, or to the older Instance ID service
up to a thousand at a time.

https://firebase.google.com/docs/cloud-messaging/manage-topic-subscriptions
"""

import re
from collections import defaultdict
from collections.abc import Callable
from typing import Annotated, Any, Final
from urllib.parse import parse_qs, unquote

import msgspec

from tests.standins.fcm_exchange import Answer, in_json
from tests.standins.fcm_refusals import refused

SUBSCRIPTION: Final = re.compile(
    r"/v1/projects/[^/]+/registrations/(?P<token>[^/]+)/topicSubscriptions(/(?P<topic>[^/]+))?"
)
TOPIC: Final = re.compile(r"[a-zA-Z0-9\-_.~%]+")
AT_ONCE: Final = 1000
UNKNOWN: Final = {"unregistered-": "NOT_FOUND", "invalid-": "INVALID_ARGUMENT"}


class Membership(msgspec.Struct, forbid_unknown_fields=True):
    to: Annotated[str, msgspec.Meta(pattern=r"^/topics/[a-zA-Z0-9\-_.~%]+$")]
    registration_tokens: Annotated[list[str], msgspec.Meta(min_length=1, max_length=AT_ONCE)]


class Topics:
    def __init__(self) -> None:
        self._members: defaultdict[str, set[str]] = defaultdict(set)

    def add(self, body: bytes) -> Answer:
        return self._each(body, lambda members, token: members.add(token))

    def remove(self, body: bytes) -> Answer:
        return self._each(body, lambda members, token: members.discard(token))

    def one(self, method: str, path: str, query: str) -> Answer | None:
        """FCM's own way; none if this is no request of its kind."""
        found = SUBSCRIPTION.fullmatch(path)
        if found is None:
            return None
        token, (topic,) = unquote(found["token"]), parse_qs(query).get("topic_name", [None])
        topic = topic or unquote(found["topic"] or "")
        if not TOPIC.fullmatch(topic) or token.startswith("invalid-"):
            return refused("INVALID_ARGUMENT", None)
        if token.startswith("unregistered-"):
            return refused("UNREGISTERED", None)
        members = self._members[topic]
        match method, token in members:
            case "POST", True:
                return in_json({"error": {"code": 409, "status": "ALREADY_EXISTS"}}, 409)
            case "POST", False:
                members.add(token)
            case "DELETE", False if "allow_missing=true" not in query:
                return in_json({"error": {"code": 404, "status": "NOT_FOUND"}}, 404)
            case _:
                members.discard(token)
        return in_json({})

    def members(self) -> dict[str, list[str]]:
        return {topic: sorted(members) for topic, members in self._members.items() if members}

    def clear(self) -> None:
        self._members.clear()

    def _each(self, body: bytes, change: Callable[[set[str], str], None]) -> Answer:
        try:
            asked = msgspec.json.decode(body, type=Membership)
        except msgspec.DecodeError:
            return in_json({"error": "InvalidArgument"}, 400)
        results: list[dict[str, Any]] = []
        for token in asked.registration_tokens:
            error = next((says for word, says in UNKNOWN.items() if token.startswith(word)), None)
            if error is None:
                change(self._members[asked.to.removeprefix("/topics/")], token)
            results.append({"error": error} if error else {})
        return in_json({"results": results})
