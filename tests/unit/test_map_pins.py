import asyncio
from datetime import timedelta
from random import Random
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from smartcity.feed.event import Event, Published, Topic
from smartcity.geography.tiles import Tile, tile_at
from smartcity.identifiers import new_id
from smartcity.map.model import OFF_THE_MAP, Filters, Mark, Pin
from smartcity.map.pins import MARKS, SORT_AT, PinIndex
from tests.unit.map_pins import START, STATUSES, Given, a_pin, some_pins, told

pytestmark = pytest.mark.anyio

ALL = Filters()
ZOOMS = (0, 3, 9, 10, 11, 14, 16, 20)


def drawn(pin: Pin) -> bool:
    return pin.public and pin.lon is not None and pin.status not in OFF_THE_MAP


def tiles_with(pins: list[Pin], zoom: int) -> set[Tile]:
    return {
        tile_at(zoom, pin.lon, pin.lat)
        for pin in pins
        if pin.lon is not None and pin.lat is not None
    }


def counted(index: PinIndex, pins: list[Pin], zoom: int, filters: Filters = ALL) -> int:
    return sum(m.count for tile in tiles_with(pins, zoom) for m in index.marks(tile, filters))


def whole_map(index: PinIndex, pins: list[Pin], zoom: int) -> set[tuple[Tile, Mark]]:
    return {(tile, m) for tile in tiles_with(pins, zoom) for m in index.marks(tile, ALL)}


def tallies(index: PinIndex) -> list[tuple[object, ...]]:
    """Every live row as figures see it, in an order of its own."""
    rows: list[tuple[object, ...]] = []
    for part in index.rows():
        named: list[list[object]] = [
            [part.words(name)[number] for number in part.numbers(name).tolist()]
            for name in ("status", "category", "field", "agency", "unit")
        ]
        times: list[list[object]] = [
            part.seconds(name).tolist() for name in ("submitted_at", "due_at")
        ]
        every = zip(part.live.tolist(), *named, *times, strict=True)
        rows += [row[1:] for row in every if row[0]]
    return sorted(rows, key=repr)


@settings(max_examples=60)
@given(pins=some_pins, zoom=st.sampled_from(ZOOMS))
async def test_the_tiles_of_any_zoom_count_every_visible_pin_once(
    pins: list[Pin], zoom: int
) -> None:
    index = PinIndex(Given(pins))
    await index.load()
    assert counted(index, pins, zoom) == sum(map(drawn, pins))


@settings(max_examples=60)
@given(pins=some_pins, zoom=st.sampled_from(ZOOMS), seed=st.integers(0, 99))
async def test_tiles_still_count_every_pin_once_while_reports_change(
    pins: list[Pin], zoom: int, seed: int
) -> None:
    """Some rows are sorted in, some changed since, some are new, some moved or became hidden."""
    index = PinIndex(Given(pins[: len(pins) // 2]))
    await index.load()
    draw = Random(seed)
    now = {pin.id: pin for pin in pins}
    for pin in draw.sample(pins, len(pins) * 2 // 3):
        other = draw.choice(pins)
        now[pin.id] = replace(
            pin, version=2, status=draw.choice(STATUSES), lon=other.lon, lat=other.lat
        )
    index.put(list(now.values()))
    last = list(now.values())
    assert counted(index, last, zoom) == sum(map(drawn, last))
    wanted = Filters(statuses=frozenset({"received"}), fields=frozenset({"traffic"}))
    assert counted(index, last, zoom, wanted) == sum(
        drawn(pin) and pin.status == "received" and pin.field == "traffic" for pin in last
    )


@settings(max_examples=40)
@given(pins=some_pins, seed=st.integers(0, 99))
async def test_events_one_by_one_lead_to_what_loading_the_last_states_gives(
    pins: list[Pin], seed: int
) -> None:
    draw = Random(seed)
    last: dict[UUID, Pin] = {}
    stepwise = PinIndex(Given())
    for seq in range(len(pins) * 3):
        pin = draw.choice(pins)
        version = last[pin.id].version + 1 if pin.id in last else 1
        last[pin.id] = replace(pin, version=version, status=draw.choice(STATUSES))
        stepwise.apply([told(last[pin.id], seq)])
        if draw.random() < 0.1:
            await stepwise.sort()
    states = list(last.values())
    loaded = PinIndex(Given(states))
    await loaded.load()
    await stepwise.sort()
    assert tallies(stepwise) == tallies(loaded)
    assert len(stepwise) == len(loaded) == len(states)
    for zoom in (12, 18):
        assert whole_map(stepwise, states, zoom) == whole_map(loaded, states, zoom)


async def test_a_replayed_or_older_event_changes_nothing() -> None:
    index = PinIndex(Given())
    first, second = a_pin(version=2), a_pin(version=3, status="in_progress")
    index.apply([told(first, 1), told(second, 2)])
    before = (index.revision, tallies(index))
    index.apply([told(first, 1), told(second, 2)])
    assert (index.revision, tallies(index)) == before
    await index.sort()
    index.apply([told(second, 2), told(first, 1)])
    assert (index.revision, tallies(index)) == before
    assert len(index) == 1


async def test_what_changes_while_a_thread_sorts_is_not_lost() -> None:
    index = PinIndex(Given([a_pin(number) for number in range(1, 50)]))
    await index.load()
    index.put([a_pin(number, version=3) for number in range(1, 20)])
    sorting = asyncio.create_task(index.sort())
    await asyncio.sleep(0)
    index.put([a_pin(number, version=4, status="resolved") for number in range(10, 60)])
    await sorting
    statuses = [row[0] for row in tallies(index)]
    assert len(index) == 59
    assert statuses.count("resolved") == 50
    pins = [a_pin()]
    assert counted(index, pins, 5) == counted(index, pins, 17) == 59


async def test_a_batch_that_the_feed_announces_is_fetched() -> None:
    index = PinIndex(Given([a_pin(1)], batches=[a_pin(number) for number in range(2, 12)]))
    await index.load()
    bulk = Event(
        id=new_id(), topic=Topic.BULK, action="import", at=START, of=Topic.REPORT, batch=new_id()
    )
    index.apply([Published(seq=1, epoch="e1", event=bulk)])
    await index.settle()
    assert len(index) == 11


async def test_the_tail_is_sorted_in_when_it_has_grown_long() -> None:
    index = PinIndex(Given())
    index.put([a_pin(number) for number in range(1, SORT_AT + 2)])
    await index.settle()
    unsorted = index.rows()[1]
    assert len(unsorted.live) == 0
    assert len(index) == SORT_AT + 1


async def test_a_pin_that_the_public_may_not_see_is_in_no_tile_but_in_the_figures() -> None:
    hidden = a_pin(public=False)
    index = PinIndex(Given([hidden]))
    await index.load()
    assert all(counted(index, [hidden], zoom) == 0 for zoom in ZOOMS)
    assert len(tallies(index)) == 1


async def test_reports_at_one_spot_are_one_cluster_until_there_is_room_for_all() -> None:
    few = [a_pin(number) for number in range(1, 10)]
    index = PinIndex(Given(few))
    await index.load()
    (cluster,) = index.marks(tile_at(15, 105.85, 21.03), ALL)
    assert (cluster.count, cluster.id) == (9, None)
    points = index.marks(tile_at(16, 105.85, 21.03), ALL)
    assert {mark.id for mark in points} == {pin.id for pin in few}

    index.put([a_pin(number) for number in range(10, MARKS + 50)])
    (cluster,) = index.marks(tile_at(20, 105.85, 21.03), ALL)
    assert cluster.count == MARKS + 49


async def test_a_cluster_has_the_commonest_words_and_lies_among_its_reports() -> None:
    pins = [
        a_pin(1, status="closed", category="waste", field="environment"),
        a_pin(2, status="closed"),
        a_pin(3, status="received", category="lights"),
        a_pin(4, status="closed", category="lights"),
    ]
    index = PinIndex(Given(pins))
    await index.load()
    for zoom in (8, 12):
        tile = tile_at(zoom, 105.85, 21.03)
        (cluster,) = index.marks(tile, ALL)
        assert (cluster.status, cluster.field, cluster.category) == ("closed", "traffic", "lights")
        point = index.marks(tile_at(20, 105.85, 21.03), ALL)[0]
        assert abs(cluster.x - point.x) <= tile.side // 16
        assert abs(cluster.y - point.y) <= tile.side // 16


async def test_while_the_clock_stands_still_there_is_no_date_to_miss() -> None:
    published = told(a_pin(due_at=START + timedelta(hours=3)))
    internal = published.event.internal
    assert internal is not None
    paused = replace(published.event, internal=replace(internal, due_at=None))
    index = PinIndex(Given())
    index.apply([replace(published, event=paused)])
    assert index.rows()[1].seconds("due_at").tolist() == [0]
