"""What is measured: each figure beside its floor in the same minute, and its budget."""

import asyncio
import itertools
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID, uuid4

import msgspec

from smartcity.clock import now
from smartcity.feed.store import FeedStore
from smartcity.storage.mongo import Database
from tests.benchmarks.bare import BARE, copy_of
from tests.benchmarks.load import Connection, Measured, at_full, at_rate
from tests.benchmarks.population import Population
from tests.benchmarks.requests import request


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the table. `share` is the figure as a part of its floor."""

    what: str
    figure: str
    floor: str = ""
    share: float | None = None
    budget: str = ""
    kept: bool | None = None


class Bench(msgspec.Struct, frozen=True, kw_only=True):
    """What the figures are measured with: connections to the system and to the floor."""

    ours: Sequence[Connection]
    floor: Sequence[Connection]
    database: Database
    people: Population
    seconds: float
    
