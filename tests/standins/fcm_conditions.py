"""Which topics a condition asks for: `'a' in topics && ('b' in topics || !('c' in topics))`.

https://firebase.google.com/docs/cloud-messaging/send-topic-messages
"""

import re
from typing import Final

TOPICS: Final = 5
"""So many may stand in one condition."""

TERM: Final = re.compile(r"'[a-zA-Z0-9\-_.~%]+'\s+in\s+topics")
HOLDS: Final = "\0"
"""What stands for a part of a condition that was understood."""

UNDERSTOOD: Final = re.compile(
    rf"\(\s*{HOLDS}\s*\)|!\s*{HOLDS}|{HOLDS}\s*(?:&&|\|\|)\s*{HOLDS}",
)


def is_condition(text: str) -> bool:
    """Whether FCM understands it, and it asks for no more topics than it may."""
    if HOLDS in text:
        return False
    rest, topics = TERM.subn(HOLDS, text)
    parts = 1
    while parts:
        rest, parts = UNDERSTOOD.subn(HOLDS, rest)
    return rest.strip() == HOLDS and topics <= TOPICS
