"""Who subscribed to which topic, as the Instance ID service keeps it.

https://developers.google.com/instance-id/reference/server
"""

from collections import defaultdict
from collections.abc import Callable
from typing import Annotated, Any, Final

import msgspec

from tests.standins.fcm_refusals import Answer, answer

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

    def members(self) -> dict[str, list[str]]:
        return {topic: sorted(members) for topic, members in self._members.items() if members}

    def clear(self) -> None:
        self._members.clear()

    def _each(self, body: bytes, change: Callable[[set[str], str], None]) -> Answer:
        try:
            asked = msgspec.json.decode(body, type=Membership)
        except msgspec.DecodeError:
            return answer({"error": "InvalidArgument"}, 400)
        results: list[dict[str, Any]] = []
        for token in asked.registration_tokens:
            error = next((says for word, says in UNKNOWN.items() if token.startswith(word)), None)
            if error is None:
                change(self._members[asked.to.removeprefix("/topics/")], token)
            results.append({"error": error} if error else {})
        return answer({"results": results})
