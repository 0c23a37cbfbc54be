"""What no client of ours sends, and a fuzzer seldom: all of it is refused, and nothing breaks."""

import base64
from collections.abc import Iterator
from typing import Any, Final
from uuid import UUID, uuid4

import msgspec
import pytest

from tests.api.reporting import submitted
from tests.api.town import Answer, Person, Town

pytestmark = pytest.mark.anyio

JSON: Final = {"Content-Type": "application/json"}
SOME_ID: Final = str(UUID(int=7 << 76 | 2 << 62))

BODIES: Final = {
    "not UTF-8": b'{"platform": "android", "language": "\xff"}',
    "half a character": b'"\xed\xa0\x80"',
    "half a pair": rb'{"platform": "android", "language": "\ud800"}',
    "UTF-16": '{"platform": "android", "language": "vi"}'.encode("utf-16"),
    "too deep": b"[" * 100_000,
    "too deep an object": b'{"a":' * 50_000,
    "a long number": b"1" * 5_000,
    "no number": b"NaN",
    "nothing": b"",
    "null": b"null",
    "an empty list": b"[]",
}

ANSWERS: Final = (
    "99999999999999999999999",
    "18446744073709551615",
    "-9223372036854775809",
    "1e999",
)

FAR_AWAY: Final = ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "9999-12-31T23:59:59Z")

ADDRESSES: Final = (
    "/v1/reports?text=..",
    "/v1/reports?text=%00%00",
    "/v1/reports?text=%F0%9F%98%80%F0%9F%98%80",
    "/v1/reports?bbox=nan,nan,nan,nan",
    "/v1/reports?bbox=-inf,0,inf,1",
    "/v1/reports?near=inf,1",
    "/v1/reports?near=21,105&radius_m=nan",
    "/v1/reports?limit=99999999999999999999",
    "/v1/reports?" + "&".join(["status=a"] * 51),
    "/v1/reports?agency=" + "a" * 65,
    "/v1/units?lat=nan&lon=nan",
    "/v1/units?lat=1e400&lon=105",
    "/v1/reports/similar?category=pothole&lat=nan&lon=105",
    "/v1/map/tiles/99999999999999999999/0/0.mvt",
    "/v1/map/tiles/0/0/%00",
    "/v1/map/reports.geojson?bbox=nan,nan,nan,nan",
    "/v1/statistics/overview?days=99999999999999999999",
)

CURSORS: Final = (
    "%00",
    "%ff",
    "====",
    "AAAA",
    "a" * 401,
)


@pytest.fixture(scope="module")
async def device(hanoi_town: Town) -> Person:
    return await hanoi_town.device()


@pytest.fixture(scope="module")
async def handler(hanoi_town: Town) -> Person:
    return await hanoi_town.staff("handler", agencies=[next(iter(hanoi_town.city.agencies))])


def refused(answer: Answer, status: int = 400) -> bool:
    """Whether this is a problem document of a status."""
    found = (answer.status_code, answer.headers["content-type"])
    assert found == (status, "application/problem+json"), answer.text
    return True


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
async def test_a_body_that_is_not_what_it_should_be_is_refused(
    body: bytes, device: Person, handler: Person
) -> None:
    keyed = JSON | {"Idempotency-Key": uuid4().hex}
    steps = f"/v1/reports/{SOME_ID}/actions"
    assert refused(await device.ask("POST", "/v1/devices", content=body, headers=JSON))
    assert refused(await device.ask("POST", "/v1/reports", content=body, headers=keyed))
    assert refused(await device.ask("POST", steps, content=body, headers=JSON))
    assert refused(await handler.ask("POST", "/v1/agency/actions", content=body, headers=JSON))


@pytest.mark.parametrize(
    "media_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "ÿ"]
)
async def test_a_body_that_is_not_said_to_be_json_is_refused(
    media_type: str, device: Person
) -> None:
    body = b'{"platform": "android", "language": "vi"}'
    headers = {"Content-Type": media_type.encode("latin-1")}
    assert refused(await device.ask("POST", "/v1/devices", content=body, headers=headers), 415)


async def test_a_list_is_as_long_as_it_may_be(device: Person, handler: Person) -> None:
    step = {"action": "comment", "text": "còn nguyên"}
    for count in (0, 6):
        answer = await device.ask("POST", f"/v1/reports/{SOME_ID}/actions", json=[step] * count)
        assert refused(answer)
    item = {"report": SOME_ID, "version": 1, "steps": step}
    for count in (0, 101):
        assert refused(await handler.ask("POST", "/v1/agency/actions", json=[item] * count))


async def test_a_mistake_in_a_field_is_the_callers_whatever_the_field_is_called(
    device: Person,
) -> None:
    for name in ("address", "attachments"):
        report = {"category": "pothole", "description": "hố", name: 7}
        answer = await device.submit(report)
        assert refused(answer)
        assert [field["path"] for field in answer.json()["fields"]] == [name]
    assert refused(await device.ask("PATCH", "/v1/devices/me", json={"language": 7}))


@pytest.mark.parametrize("sign", ["\x00", "\x08", "\x0b", "\x1b", "\x7f", "\x85", "\x9f"])
async def test_no_text_of_a_citizen_holds_a_control_character(sign: str, device: Person) -> None:
    text = f"Hố{sign}sâu"
    for path, told in (
        ("description", {"description": text}),
        ("address", {"address": text}),
        ("answers[...]", {"answers": {"width": text}}),
        ("contact.name", {"contact": {"name": text}}),
        ("contact.phone", {"contact": {"phone": f"0912345{sign}678"}}),
        ("contact.email", {"contact": {"email": f"lan{sign}@example.org"}}),
    ):
        answer = await device.submit({"category": "pothole", "description": "Hố sâu"} | told)
        assert refused(answer), path
        assert [field["path"] for field in answer.json()["fields"]] == [path]
    for told in ({"answers": {text: "1"}}, {"consent": {text: "1"}}):
        place = {"location": {"lat": 21.02, "lon": 105.85}}
        report = {"category": "pothole", "description": "Hố sâu"} | place | told
        assert (await device.submit(report)).is_client_error
    step = {"action": "comment", "text": text}
    assert refused(await device.ask("POST", f"/v1/reports/{SOME_ID}/actions", json=step))


async def test_a_text_has_lines_and_tabulators(hanoi_town: Town) -> None:
    text = "Hố sâu:\r\n\t1 m\n"
    device, receipt = await submitted(hanoi_town, description=text)
    report = await device.get(f"/v1/reports/{receipt['id']}")
    assert report.json()["description"] == text


@pytest.mark.parametrize("number", ANSWERS)
async def test_a_number_that_nobody_can_keep_is_refused(number: str, device: Person) -> None:
    body = (
        '{"category": "pothole", "description": "hố", "location": {"lat": 21.02, "lon": 105.85},'
        f' "answers": {{"width": {number}}}}}'
    )
    headers = JSON | {"Idempotency-Key": uuid4().hex}
    assert refused(await device.ask("POST", "/v1/reports", content=body.encode(), headers=headers))


@pytest.mark.parametrize("moment", FAR_AWAY)
async def test_a_moment_at_the_end_of_the_calendar_is_refused(moment: str, device: Person) -> None:
    read = "/v1/me/notifications/read"
    assert refused(await device.ask("POST", read, json={"up_to": moment}))
    step = {"action": "extend", "text": "cần thêm thời gian", "until": moment}
    assert refused(await device.ask("POST", f"/v1/reports/{SOME_ID}/actions", json=step))


@pytest.mark.parametrize("address", ADDRESSES)
async def test_an_address_that_means_nothing_is_refused(address: str, device: Person) -> None:
    assert refused(await device.get(address))


def forged() -> Iterator[Any]:
    """Positions of the right form that none of our cursors has, and of the wrong form."""
    for moment in ("0001-01-01T00:00:00+14:00", "2020-01-01T00:00:00"):
        yield [moment, SOME_ID]
        yield [moment, 1, SOME_ID]
    yield from ("x", 1, {"a": 1}, [1e308, 2], None)


async def test_a_cursor_that_we_did_not_write_is_refused(device: Person, handler: Person) -> None:
    written = [
        base64.urlsafe_b64encode(msgspec.msgpack.encode(position)).decode().rstrip("=")
        for position in forged()
    ]
    for cursor in (*CURSORS, *written):
        for path in ("/v1/reports", "/v1/me/reports", "/v1/me/notifications"):
            assert refused(await device.get(f"{path}?cursor={cursor}")), cursor
        assert refused(await handler.get(f"/v1/agency/queue?cursor={cursor}")), cursor


async def test_an_if_match_that_is_no_etag_of_ours_is_refused(handler: Person) -> None:
    for etag in ("*", '"3!N~8"', '""', '"99999999999999999999"', '"1', "1", 'W/"1"'):
        answer = await handler.ask(
            "POST",
            f"/v1/reports/{SOME_ID}/actions",
            json={"action": "receive"},
            headers={"If-Match": etag},
        )
        assert refused(answer), etag


@pytest.mark.parametrize("method", ["TRACE", "QUERY", "FOO"])
async def test_a_method_that_an_address_does_not_take_is_refused(
    method: str, device: Person
) -> None:
    answer = await device.ask(method, "/v1/city")
    assert refused(answer, 405)
    assert set(answer.headers["allow"].split(", ")) == {"GET", "OPTIONS"}
