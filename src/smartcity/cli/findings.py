"""What an examination finds: one thing each, and whether somebody should mind."""

from enum import Enum

import msgspec


class State(Enum):
    GOOD = "good"
    MIND = "mind"  # works, and somebody should know
    WRONG = "wrong"


class Finding(msgspec.Struct, frozen=True):
    what: str
    state: State
    found: str
