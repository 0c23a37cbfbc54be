"""From a phone to the agency's desk and back, to everybody who listens, and onto the map."""

from collections.abc import AsyncIterator

import pytest

from smartcity.city.model import City
from smartcity.clock import now
from smartcity.geography.tiles import tile_at
from tests.faults.installations import APART_S, Apart, Installation, running
from tests.faults.listeners import Listener
from tests.faults.people import Caller, Phone, handler, phone, stranger
from tests.faults.processes import until
from tests.faults.stories import ACTIONS, TOLD, pothole, tell
from tests.standins.fixtures import Fcm
from tests.unit.decoded_tiles import layers
from tests.unit.reports_made import make_report

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
async def installation(
    tmp_path_factory: pytest.TempPathFactory, fcm_process: Fcm
) -> AsyncIterator[Installation]:
    folder = tmp_path_factory.mktemp("whole-way")
    async with running(Apart(folder, fcm_endpoint=fcm_process.url)) as started:
        yield started


@pytest.fixture(scope="module")
async def desk(installation: Installation, hanoi: City) -> AsyncIterator[Caller]:
    """A handler of the agency that the reports of these tests are routed to."""
    async with handler(installation, make_report(hanoi, now()).agency) as caller:
        yield caller


@pytest.fixture
async def citizen(installation: Installation) -> AsyncIterator[Phone]:
    async with phone(installation) as caller:
        yield caller


@pytest.fixture
async def nobody(installation: Installation) -> AsyncIterator[Caller]:
    async with stranger(installation) as caller:
        yield caller


async def test_a_report_sent_on_one_connection_stands_in_the_handlers_queue_on_another(
    installation: Installation, hanoi: City, citizen: Phone, desk: Caller
) -> None:
    receipt = await citizen.submit(pothole(hanoi))
    queue = await desk.get("/v1/agency/queue", status="submitted")
    assert receipt["id"] in [report["id"] for report in queue["items"]]


async def test_every_step_of_a_handler_reaches_the_inbox_and_the_phone_rings_for_few_of_them(
    installation: Installation, hanoi: City, citizen: Phone, desk: Caller, fcm: Fcm
) -> None:
    story = await tell(hanoi, citizen, desk)

    async def pushed() -> bool:
        told = fcm.messages(citizen.push_address)
        return bool(told) and told[-1]["message"]["data"]["action"] == TOLD[-1]

    await until(pushed, "the last step was pushed", patience_s=APART_S + 5)
    inbox = await citizen.inbox()
    assert [(item["action"], item["subject"]) for item in inbox] == [
        (action, story.report) for action in TOLD
    ]
    pushes = [push["message"] for push in fcm.messages(citizen.push_address)]
    assert pushes[0]["data"]["action"] == TOLD[0], "at once"
    titles = {item["id"]: item["title"] for item in inbox}
    assert all(titles[push["data"]["id"]] == push["notification"]["title"] for push in pushes)
    assert all(push["android"]["notification"]["tag"] == push["data"]["id"] for push in pushes), (
        "a repeat replaces what the phone shows"
    )
    assert len({push["data"]["id"] for push in pushes}) == len(pushes) < len(TOLD)


async def test_an_open_stream_hears_every_step_and_goes_on_where_it_was_cut(
    installation: Installation, hanoi: City, citizen: Phone, desk: Caller
) -> None:
    listener = Listener(installation.address)
    async with listener:
        first = await tell(hanoi, citizen, desk)
        await listener.until_heard_of(first.report, "resolve")
    missed = await tell(hanoi, citizen, desk)
    async with listener:
        last = await tell(hanoi, citizen, desk)
        await listener.until_heard_of(last.report, "resolve")
    assert [(one.data["state"]["id"], one.data["action"]) for one in listener.heard] == [
        (story.report, action) for story in (first, missed, last) for action in ACTIONS
    ]
    begin = listener.heard[0].seq
    assert [one.seq for one in listener.heard] == list(range(begin, begin + 3 * len(ACTIONS)))


async def test_the_map_shows_a_report_once_it_was_received_and_not_before(
    installation: Installation, hanoi: City, citizen: Phone, desk: Caller, nobody: Caller
) -> None:
    lon, lat = hanoi.centre
    tile = tile_at(17, lon, lat)

    async def in_tile() -> dict[str, str]:
        answer = await nobody.ask("GET", f"/v1/map/tiles/17/{tile.x}/{tile.y}.mvt")
        features = layers(answer.content).get("reports", {"features": []})["features"]
        return {f["properties"]["id"]: f["properties"]["status"] for f in features}

    async def in_box() -> dict[str, str]:
        box = f"{lon - 0.001},{lat - 0.001},{lon + 0.001},{lat + 0.001}"
        found = await nobody.get("/v1/map/reports.geojson", bbox=box)
        return {f["id"]: f["properties"]["status"] for f in found["features"] if "id" in f}

    hidden, shown = await citizen.submit(pothole(hanoi)), await citizen.submit(pothole(hanoi))
    await desk.act(shown["id"], shown["version"], action="receive")

    async def received() -> bool:
        return (await in_tile()).get(shown["id"]) == "received"

    await until(received, "the tile shows the report", patience_s=5)
    assert (await in_box())[shown["id"]] == "received"
    assert hidden["id"] not in await in_tile()
    assert hidden["id"] not in await in_box()
