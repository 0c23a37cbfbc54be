"""An agency's queue, beside the same find by the bare driver."""

import itertools
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, Final
from urllib.parse import urlencode

import msgspec

from smartcity.reports.lists.model import Along
from smartcity.reports.store import COLLECTION
from smartcity.reports.words import OPEN
from smartcity.storage.mongo import Document
from tests.benchmarks.bench import Bench, Rows
from tests.benchmarks.load import Measured, at_full, each, one_by_one
from tests.benchmarks.requests import request
from tests.benchmarks.table import Row, floor, rate, times

PATH: Final = "/v1/agency/queue"
PAGES: Final = 500
DEEP: Final = 100
"""Pages of fifty that are turned before the deep ones are measured."""

SEARCHES: Final = 100

FILTERS: Final[Sequence[dict[str, str]]] = (
    {"status": "submitted"},
    {"status": "waiting"},
    {"priority": "urgent"},
    {"assignee": "me"},
    {"assignee": "none"},
    {"overdue": "true"},
    {"at_risk": "true"},
    {"sort": "newest"},
    {"status": "resolved"},
)
TEXTS: Final = ("ổ gà", "nha so 19999", "ngo 17 nha", "khong ai noi the")


class Page(msgspec.Struct):
    """What the load reads of a page."""

    items: list[dict[str, Any]]
    next_cursor: str | None = None


page: Final = msgspec.json.Decoder(Page)


async def queue(bench: Bench) -> Rows:
    alone = await _driver(bench)
    yield floor("driver, a page of the queue", alone)
    people = bench.people
    yield _row("queue: first page, with counts", await _asked(bench, people.desk, [{}]), alone)
    deep = [{"cursor": await _turned(bench, people.desk, DEEP)}]
    yield _row(f"queue: page {DEEP + 1}", await _asked(bench, people.desk, deep), alone)
    filters = [*FILTERS, *await _filters(bench)]
    yield _row("queue: with filters", await _asked(bench, people.desk, filters), alone)
    yield _row("queue: of 130 agencies", await _asked(bench, people.head, [{}, *deep]), alone)
    status = [{"status": str(status)} for status in sorted(OPEN)]
    yield _row("queue: of 130 agencies, a status", await _asked(bench, people.head, status), alone)
    texts = [{"text": text} for text in TEXTS]
    found = await _asked(bench, people.desk, texts, SEARCHES)
    yield times("queue: with a text", found, alone, p99_ms=300)
    found = await _asked(bench, people.head, texts, SEARCHES)
    yield times("queue: of 130 agencies, with a text", found, alone, p99_ms=300)
    full = await bench.full(each(itertools.cycle(_requests(people.desk, [{}, *deep]))))
    yield rate("queue: pages, all at once", full, await bench.driver(_find(bench)))


def _row(what: str, measured: Measured, alone: Measured) -> Row:
    return times(what, measured, alone, p99_ms=20)


async def _asked(
    bench: Bench, token: str, queries: Iterable[dict[str, str]], count: int = PAGES
) -> Measured:
    """How long each page takes while nobody else asks for one."""
    asks = itertools.islice(itertools.cycle(_requests(token, queries)), count)
    return await one_by_one(bench.system[0], list(asks))


def _requests(token: str, queries: Iterable[dict[str, str]]) -> list[bytes]:
    return [request("GET", f"{PATH}?{urlencode(query)}", token=token) for query in queries]


async def _turned(bench: Bench, token: str, pages: int) -> str:
    """The cursor behind so many pages."""
    cursor = ""
    for _ in range(pages):
        query = {"cursor": cursor} if cursor else {}
        told = page.decode(await bench.system[0].ask(_requests(token, [query])[0]))
        if told.next_cursor is None:
            break
        cursor = told.next_cursor
    return cursor


async def _filters(bench: Bench) -> list[dict[str, str]]:
    """By the places and kinds of some reports of the agency, and by who has them."""
    some: list[Document] = (
        await bench.database[COLLECTION]
        .find({"agency": bench.people.crowded, "assignee": {"$exists": True}})
        .hint(Along.NEWEST)
        .limit(5)
        .to_list()
    )
    return [
        query
        for report in some
        for query in (
            {"category": report["category"]},
            {"field": report["field"]},
            {"unit": report["place"]["unit"]},
            {"assignee": str(report["assignee"])},
            {"category": report["category"], "priority": "complex", "status": "in_progress"},
        )
    ]


async def _driver(bench: Bench) -> Measured:
    """The same find by the bare driver, one after the other."""
    find = _find(bench)
    return await at_full([bench], lambda _: find(), bench.seconds / 2)


def _find(bench: Bench) -> Callable[[], Awaitable[list[Document]]]:
    collection = bench.database[COLLECTION]
    query = {"agency": bench.people.crowded, "status": {"$in": sorted(OPEN)}}

    async def find() -> list[Document]:
        found = collection.find(query, {"timeline": 0, "outbox": 0, "folded": 0})
        return (
            await found.hint(Along.DEADLINE).sort([("due_at", 1), ("_id", 1)]).limit(51).to_list()
        )

    return find
