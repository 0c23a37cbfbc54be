"""Alerts as other systems read them: CAP 1.2, valid against the OASIS schema, and an Atom feed."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from smartcity.alerts.cap import moment
from smartcity.alerts.model import (
    AlertCategory,
    Certainty,
    ResponseType,
    Urgency,
)
from smartcity.city.model import City
from smartcity.city.policies import Severity
from tests.api.alerting import WORDS, act, created, issued, revise
from tests.api.cap_schema import Xml, cap, is_cap
from tests.api.town import Person, Town, town
from tests.api.working import until, working

pytestmark = pytest.mark.anyio


@pytest.fixture
async def officer(hanoi_town: Town) -> Person:
    return await hanoi_town.staff("alerter")


async def document(town: Town, alert: Mapping[str, Any]) -> bytes:
    answer = await town.nobody().get(f"/v1/alerts/{alert['id']}.cap.xml")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("application/cap+xml")
    return answer.content


async def feed(town: Town, language: str = "en") -> Xml:
    answer = await town.nobody().get("/v1/alerts.cap.atom", headers={"Accept-Language": language})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("application/atom+xml")
    return Xml(answer.content)


async def test_an_alert_is_valid_cap_in_all_of_the_citys_languages(
    hanoi_town: Town, officer: Person
) -> None:
    alert = await issued(officer, response="Evacuate")
    read = cap(await document(hanoi_town, alert))
    assert read.text("/cap:alert/cap:identifier") == alert["messages"][0]["id"]
    assert read.text("/cap:alert/cap:sender") == "hanoi.gov.vn"
    assert read.text("/cap:alert/cap:msgType") == "Alert"
    assert re.fullmatch(r"\d{4}(-\d\d){2}T\d\d:\d\d:\d\d\+07:00", read.text("//cap:sent"))
    assert read.texts("//cap:language") == ["vi", "en"]
    assert read.texts("//cap:headline") == [WORDS[one]["headline"] for one in ("vi", "en")]
    assert read.texts("//cap:instruction") == [WORDS[one]["instruction"] for one in ("vi", "en")]
    assert read.texts("//cap:areaDesc") == ["Phường Hoàn Kiếm", "Hoan Kiem"]
    assert set(read.texts("//cap:geocode/cap:value")) == {"00070"}
    assert set(read.texts("//cap:responseType")) == {"Evacuate"}


async def test_shapes_are_written_as_cap_has_them(hanoi_town: Town, officer: Person) -> None:
    square = [[105.845, 21.022], [105.86, 21.022], [105.86, 21.036]]
    drawn = cap(await document(hanoi_town, await issued(officer, area={"polygon": square})))
    assert drawn.texts("//cap:polygon")[0] == (
        "21.022000,105.845000 21.022000,105.860000 21.036000,105.860000 21.022000,105.845000"
    )
    circle = {"lat": 21.0288, "lon": 105.8523, "radius_m": 1500}
    round_ = cap(await document(hanoi_town, await issued(officer, area={"circle": circle})))
    assert round_.texts("//cap:circle")[0] == "21.028800,105.852300 1.5"
    every = cap(await document(hanoi_town, await issued(officer, area={"everywhere": True})))
    assert every.texts("//cap:areaDesc") == ["Thành phố Hà Nội", "Hanoi"]


async def test_an_update_and_a_cancellation_refer_to_what_came_before(
    hanoi_town: Town, officer: Person
) -> None:
    alert = await issued(officer)
    drafted = (await revise(officer, alert, severity="Moderate")).json()
    await act(officer, drafted, "issue")
    note = {"vi": "Nước đã rút.", "en": "The water has fallen."}
    over = (await act(officer, alert["id"], {"action": "cancel", "note": note})).json()
    async with working(hanoi_town):
        await until(lambda: _over(hanoi_town, alert))
    read = cap(await document(hanoi_town, alert))
    assert read.text("//cap:msgType") == "Cancel"
    references = read.text("//cap:references").split()
    earlier = [message["id"] for message in over["messages"][:-1]]
    assert [reference.split(",")[1] for reference in references] == earlier
    assert all(reference.startswith("hanoi.gov.vn,") for reference in references)
    assert set(read.texts("//cap:urgency")) == {"Past"}
    assert read.texts("//cap:instruction") == []
    assert read.texts("//cap:description")[1].startswith("The water has fallen.")


async def _over(town: Town, alert: Mapping[str, Any]) -> bool:
    return (await town.nobody().get(f"/v1/alerts/{alert['id']}")).json()["status"] == "cancelled"


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("category", list(AlertCategory)),
        ("urgency", list(Urgency)),
        ("certainty", list(Certainty)),
        ("response", list(ResponseType)),
        ("severity", list(Severity)),
    ],
)
async def test_every_word_that_we_take_is_one_of_caps(
    field: str, words: list[str], hanoi_town: Town, officer: Person
) -> None:
    second = await hanoi_town.staff("alerter")
    for word in words:
        alert = await created(officer, **{field: word})
        assert (await act(second, alert, "confirm", "issue")).status_code == 200
        cap(await document(hanoi_town, alert))


async def test_the_schema_refuses_what_is_not_cap(hanoi_town: Town, officer: Person) -> None:
    text = (await document(hanoi_town, await issued(officer))).decode()
    assert is_cap(text.encode())
    for right, wrong in (
        ("<status>Actual", "<status>Real"),
        ("<category>Met", "<category>Weather"),
        ("+07:00</sent>", "Z</sent>"),
        ("<scope>Public</scope>", ""),
    ):
        assert right in text
        assert not is_cap(text.replace(right, wrong).encode()), wrong


async def test_words_that_xml_must_escape_come_out_as_they_went_in(
    hanoi_town: Town, officer: Person
) -> None:
    odd = "<b>Sơ tán & \"chạy\" ]]> 'ngay'</b> 😀"
    texts = {language: words | {"headline": odd} for language, words in WORDS.items()}
    read = cap(await document(hanoi_town, await issued(officer, texts=texts)))
    assert read.texts("//cap:headline") == [odd, odd]


async def test_in_a_city_on_utc_times_are_written_as_cap_demands(hanoi: City) -> None:
    at = datetime(2026, 9, 1, 12, 30, 59, 999, tzinfo=UTC)
    assert moment(hanoi, at) == "2026-09-01T19:30:59+07:00"
    utc = msgspec.structs.replace(hanoi, zone=ZoneInfo("UTC"))
    assert moment(utc, at) == "2026-09-01T12:30:59-00:00"


async def test_bostons_alerts_are_valid_too(mongo_uri: str, tmp_path: Path) -> None:
    async with town(mongo_uri, tmp_path, city="boston") as boston:
        officer = await boston.staff("alerter")
        alert = await issued(
            officer, area={"everywhere": True}, texts={"en": WORDS["en"]}, category="Transport"
        )
        read = cap(await document(boston, alert))
        assert read.texts("//cap:language") == ["en"]
        assert read.text("//cap:sender") == "boston.gov"


# --- the feed ------------------------------------------------------------------------------------


async def test_the_feed_lists_what_holds_and_leads_to_its_cap(
    hanoi_town: Town, officer: Person
) -> None:
    empty = await feed(hanoi_town)
    assert empty.texts("//atom:entry") == []
    assert empty.text("/atom:feed/atom:title") == "Alerts of Hanoi"
    await created(officer)
    first = await issued(officer)
    second = await issued(officer, severity="Moderate")
    async with working(hanoi_town):
        await until(lambda: _entries(hanoi_town, 2))
    read = await feed(hanoi_town)
    assert read.texts("//atom:entry/atom:title") == [WORDS["en"]["headline"]] * 2
    assert read.texts("//atom:entry/cap:severity") == ["Moderate", "Minor"]
    links = read.texts("//atom:entry/atom:link/@href")
    assert links == [f"http://town/v1/alerts/{one['id']}.cap.xml" for one in (second, first)]
    ids = read.texts("//atom:entry/atom:id")
    assert ids == [f"urn:uuid:{one['messages'][0]['id']}" for one in (second, first)]
    for link in links:
        cap((await hanoi_town.nobody().get(link)).content)


async def test_a_feed_that_is_asked_of_no_address_is_refused(hanoi_town: Town) -> None:
    host = {"Host": "town:99999"}
    answer = await hanoi_town.nobody().get("/v1/alerts.cap.atom", headers=host)
    assert answer.status_code == 400
    assert answer.json()["fields"] == [{"path": "Host", "reason": "malformed"}]


async def test_the_feed_tells_of_a_cancellation_until_the_alert_would_have_ended(
    hanoi_town: Town, officer: Person
) -> None:
    alert = await issued(officer)
    await act(officer, alert["id"], "cancel")
    async with working(hanoi_town):
        await until(lambda: _entries(hanoi_town, 1))
    read = await feed(hanoi_town, "vi")
    assert read.text("//atom:entry/cap:msgType") == "Cancel"
    assert read.text("//atom:entry/atom:title").startswith("Đã hủy:")


async def _entries(town: Town, count: int) -> bool:
    return len((await feed(town)).texts("//atom:entry")) == count
