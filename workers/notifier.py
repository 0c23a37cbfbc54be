"""Reads the feed and tells people: one notification per event and recipient, in their language.

It may be killed, repeated or replayed: a notification's id follows from the event and the
recipient, so a repeat writes nothing.
"""

from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from datetime import datetime, timedelta
from itertools import batched
from typing import Final, Protocol
from uuid import UUID, uuid5
