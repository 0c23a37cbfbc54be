"""Reports: how many are taken in, live through, listed."""

import itertools
from collections.abc import Iterable
from typing import Final
from uuid import UUID

import msgspec

from smartcity.clock import now
from smartcity.reports.store import COLLECTION
from smartcity.storage.mongo import Database, Document
from tests.benchmarks.bare import BARE, copy_of
from tests.benchmarks.bench import Bench, Rows
from tests.benchmarks.load import Connection, One, each
from tests.benchmarks.population import Population
from tests.benchmarks.requests import request, submissions
from tests.benchmarks.table import Row, cost, floor, late, rate, times

RECEIVE: Final = b'{"action":"receive"}'
RESOLVE: Final = '{"action":"resolve","text":"Đã vá xong ổ gà, mời bà con kiểm tra."}'.encode()


class Known(msgspec.Struct):
    """What the load reads of an answer."""

    id: UUID


known: Final = msgspec.json.Decoder(Known)


async def submit(bench: Bench) -> Rows:
    bare, template = bench.database[BARE], await bench.database[BARE].find_one()
    assert template is not None, "the population has made it"
    bodies = itertools.cycle(bench.people.bodies)
    yield floor("framework, POST", await bench.floor(_posts("/answer", bodies)))
    driver = await bench.driver(lambda: bare.insert_one(copy_of(template)))
    yield floor("driver, insert", driver)
    insert = _posts("/documents", bodies)
    both = await bench.floor(insert)

    people = bench.people
    load = each((ask for _, ask in submissions(people.devices, people.bodies)), 201)
    full = await bench.full(load)
    yield rate("submit a report", full, both, at_least=1300)
    for row in await _lag(bench.database):
        yield row
    yield cost(full, both)
    bare_half = await bench.floor_half(insert, full)
    yield times("  at half that load", await bench.half(load, full), bare_half, p99_ms=50)


async def lifecycle(bench: Bench) -> Rows:
    both = await bench.floor(_bare_life(bench.people))
    full = await bench.full(_life(bench.people))
    yield rate("lifecycle: submit, receive, resolve, look up", full, both, at_least=260)
    for row in await _lag(bench.database):
        yield row
    yield cost(full, both)


async def lists(bench: Bench) -> Rows:
    collection = bench.database[COLLECTION]

    async def find() -> list[Document]:
        found = collection.find({}, {"timeline": 0, "outbox": 0, "folded": 0})
        return await found.sort("_id", -1).limit(100).to_list()

    driver = await bench.driver(find)
    full = await bench.full(each(itertools.repeat(request("GET", "/v1/reports?limit=100"))))
    yield rate("list of 100 reports (floor: driver)", full, driver)


def _posts(path: str, bodies: Iterable[bytes]) -> One:
    return each((request("POST", path, body) for body in bodies), 201)


def _life(people: Population) -> One:
    asks = submissions(people.devices, people.bodies)

    async def live(connection: Connection) -> None:
        token, ask = next(asks)
        path = f"/v1/reports/{known.decode(await connection.ask(ask, 201)).id}"
        for version, step in enumerate((RECEIVE, RESOLVE), 1):
            etag = f'"{version}"'
            await connection.ask(
                request("POST", f"{path}/actions", step, token=people.handler, If_Match=etag)
            )
        await connection.ask(request("GET", path, token=token))

    return live


def _bare_life(people: Population) -> One:
    """The same number of requests, each with the least that it must read and write."""
    bodies = itertools.cycle(people.bodies)

    async def live(connection: Connection) -> None:
        answer = await connection.ask(request("POST", "/documents", next(bodies)), 201)
        path = f"/documents/{known.decode(answer).id}"
        for step in (RECEIVE, RESOLVE):
            await connection.ask(request("POST", path, step), 201)
        await connection.ask(request("GET", path))

    return live


async def _lag(database: Database) -> list[Row]:
    """How old, this moment, the oldest event is that the feed or the notifier has not seen."""
    at = now()
    waiting = await database[COLLECTION].find_one(
        {"outbox_at": {"$exists": True}}, sort=[("outbox_at", 1)]
    )
    place = await database["consumers"].find_one({"_id": "notifier"}) or {"seq": 0}
    unread = await database["feed"].find_one({"_id": place["seq"] + 1})
    return [
        late(
            "  feed behind at the end",
            (at - waiting["outbox_at"]).total_seconds() if waiting else 0,
        ),
        late(
            "  notifier behind the feed",
            (at - unread["published_at"]).total_seconds() if unread else 0,
        ),
    ]
