"""What the public sees, when, and what handlers hide of it."""

import asyncio
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from smartcity.attachments.images import Region, cover
from smartcity.city.model import Publicity
from tests.api.reporting import category_that_is, handler_of, pothole
from tests.api.town import Answer, Person, Town
from tests.unit.sample_files import BLUE, RED, document, nearly, opened, photo

pytestmark = pytest.mark.anyio

WORDS = "Rác trước nhà ông Tư Hỏi, số mười hai"
NAME = "ông Tư Hỏi"
SPAN = [WORDS.index(NAME), WORDS.index(NAME) + len(NAME)]
UPPER_LEFT = {"x": 0.0, "y": 0.0, "width": 0.25, "height": 0.25}


async def with_photo(town: Town, **more: Any) -> tuple[Person, dict[str, Any], str]:
    """A report with a photo that everybody may see at once; its sender, receipt and photo."""
    device = await town.device()
    file = await uploaded(device, photo())
    at_once = category_that_is(town, Publicity.AT_ONCE)
    answer = await device.submit(pothole(town.city, **{**at_once, "attachments": [file], **more}))
    assert answer.status_code == 201, answer.text
    return device, answer.json(), file


async def uploaded(person: Person, content: bytes) -> str:
    answer = await person.ask("POST", "/v1/attachments", content=content)
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


async def hide(
    handler: Person, report: str, target: str, *, version: int = 1, **more: Any
) -> Answer:
    redaction = {"target": target, **more}
    step = {"action": "redact", "text": "Lộ tên một người", "redaction": redaction}
    return await handler.act(report, step, version=version)


async def reveal(handler: Person, report: str, target: str, *, version: int) -> Answer:
    step = {"action": "reveal", "text": "Che nhầm", "redaction": {"target": target}}
    return await handler.act(report, step, version=version)


async def seen(person: Person, report: str) -> dict[str, Any]:
    answer = await person.get(f"/v1/reports/{report}")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def found(town: Town, text: str) -> list[str]:
    answer = await town.nobody().get("/v1/reports", params={"text": text})
    return [item["id"] for item in answer.json()["items"]]


# --- when it becomes public ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("publicity", "before", "after"),
    [
        (Publicity.AT_ONCE, 200, 200),
        (Publicity.ON_RECEIPT, 404, 200),
        (Publicity.NEVER, 404, 404),
    ],
)
async def test_text_and_photo_become_public_as_the_category_says(
    hanoi_town: Town, publicity: Publicity, before: int, after: int
) -> None:
    device = await hanoi_town.device()
    file = await uploaded(device, photo())
    about = {"subject": {"agency": next(iter(hanoi_town.city.agencies))}}
    more = about if publicity is Publicity.NEVER else {}
    report = pothole(
        hanoi_town.city, **category_that_is(hanoi_town, publicity), attachments=[file], **more
    )
    receipt = (await device.submit(report)).json()
    nobody = hanoi_town.nobody()

    async def shown() -> set[int]:
        paths = (f"/v1/attachments/{file}", f"/v1/attachments/{file}/thumbnail")
        statuses = {(await nobody.get(path)).status_code for path in paths}
        answer = await nobody.get(f"/v1/reports/{receipt['id']}")
        public = answer.status_code == 200 and "description" in answer.json()
        listed = receipt["id"] in await found(hanoi_town, "ổ gà sâu")
        assert listed is public is (statuses == {200})
        return statuses

    assert await shown() == {before}
    handler = await handler_of(hanoi_town, receipt)
    assert (await handler.act(receipt["id"], {"action": "receive"}, version=1)).status_code == 200
    assert await shown() == {after}


# --- words ---------------------------------------------------------------------------------------


async def test_hidden_words_are_gone_for_everybody_but_the_reporter_and_the_agency(
    hanoi_town: Town,
) -> None:
    device, receipt, _ = await with_photo(hanoi_town, description=WORDS)
    report = receipt["id"]
    handler = await handler_of(hanoi_town, receipt)
    assert (await hide(handler, report, "description", spans=[SPAN])).status_code == 200
    observer = await hanoi_town.staff("operations")
    for other in (hanoi_town.nobody(), await hanoi_town.device(), observer):
        shown = await seen(other, report)
        assert shown["description"] == "Rác trước nhà •••, số mười hai"
        assert "redactions" not in shown
    for sees in (device, handler):
        shown = await seen(sees, report)
        assert shown["description"] == WORDS
        assert shown["redactions"] == [{"target": "description", "spans": [SPAN]}]
    listed = (await hanoi_town.nobody().get("/v1/reports")).json()["items"]
    assert NAME not in str(listed)


async def test_hidden_words_are_not_found_and_make_nothing_alike(hanoi_town: Town) -> None:
    _, receipt, _ = await with_photo(hanoi_town, description=WORDS)
    report, handler = receipt["id"], await handler_of(hanoi_town, receipt)
    lon, lat = hanoi_town.city.centre
    near = {"lat": lat, "lon": lon, "category": receipt["category"]["code"]}

    async def likeness(text: str) -> float:
        wanted = {**near, "text": text}
        answer = await hanoi_town.nobody().get("/v1/reports/similar", params=wanted)
        return answer.json()["items"][0]["likeness"]

    assert await found(hanoi_town, "tu hoi") == [report]
    before = await likeness("Tư Hỏi")
    assert before > await likeness("Qu Wxy")
    await hide(handler, report, "description", spans=[SPAN])
    assert await found(hanoi_town, "tu hoi") == []
    assert await found(hanoi_town, "truoc nha") == [report]
    assert await likeness("Tư Hỏi") < before
    await reveal(handler, report, "description", version=2)
    assert await found(hanoi_town, "tu hoi") == [report]


async def test_what_was_hidden_comes_back_as_it_was_and_the_reason_is_the_agencys_own(
    hanoi_town: Town,
) -> None:
    device, receipt, _ = await with_photo(hanoi_town, description=WORDS)
    report, handler = receipt["id"], await handler_of(hanoi_town, receipt)
    assert (await hide(handler, report, "description")).json()["version"] == 2
    assert (await seen(hanoi_town.nobody(), report))["description"] == "•••"
    assert (await reveal(handler, report, "description", version=2)).status_code == 200
    assert (await seen(hanoi_town.nobody(), report))["description"] == WORDS
    told = (await seen(handler, report))["timeline"][1:]
    assert [(e["action"], e["text"]) for e in told] == [
        ("redact", "Lộ tên một người"),
        ("reveal", "Che nhầm"),
    ]
    for other in (device, hanoi_town.nobody()):
        assert [e["action"] for e in (await seen(other, report))["timeline"]] == ["submit"]


async def test_a_comment_and_an_address_are_hidden_too(hanoi_town: Town) -> None:
    device, receipt, _ = await with_photo(hanoi_town, address="Nhà bà Sáu, ngõ 3")
    report, handler = receipt["id"], await handler_of(hanoi_town, receipt)
    commented = await device.act(report, {"action": "comment", "text": "Con ông Bảy nói vậy"})
    entry = commented.json()["timeline"][-1]["id"]
    await hide(handler, report, entry, spans=[[4, 11]])
    await hide(handler, report, "address", version=2)
    shown = await seen(hanoi_town.nobody(), report)
    assert shown["timeline"][-1]["text"] == "Con ••• nói vậy"
    assert shown["address"] == "•••"
    assert await found(hanoi_town, "ba sau") == []


async def test_hiding_the_new_address_is_not_needed_after_the_old_one_was_corrected(
    hanoi_town: Town,
) -> None:
    _, receipt, _ = await with_photo(hanoi_town, address="Nhà bà Sáu, ngõ 3")
    report, handler = receipt["id"], await handler_of(hanoi_town, receipt)
    await hide(handler, report, "address")
    lon, lat = hanoi_town.city.centre
    place = {"location": {"lat": lat, "lon": lon}, "address": "Ngõ 3"}
    corrected = {"action": "correct", "text": "Địa chỉ", **place}
    assert (await handler.act(report, corrected, version=2)).status_code == 200
    assert (await seen(hanoi_town.nobody(), report))["address"] == "Ngõ 3"
    assert await found(hanoi_town, "ngo 3") == [report]
    assert await found(hanoi_town, "ba sau") == []
    observed = await seen(await hanoi_town.staff("operations"), report)
    assert "Sáu" not in str(observed)


async def test_a_number_that_is_hidden_in_part_is_hidden_whole(hanoi_town: Town) -> None:
    text = "Gọi 0912 345 678 giúp"
    _, receipt, _ = await with_photo(hanoi_town, description=text)
    handler = await handler_of(hanoi_town, receipt)
    await hide(handler, receipt["id"], "description", spans=[[4, 8]])
    shown = (await seen(hanoi_town.nobody(), receipt["id"]))["description"]
    assert shown == "Gọi ••• giúp"


@pytest.mark.parametrize(
    ("redaction", "path", "reason"),
    [
        ({"target": "description", "spans": [[0, 4000]]}, "redaction.spans", "range"),
        ({"target": "description", "spans": [[3, 3]]}, "redaction.spans", "range"),
        ({"target": "nothing"}, "redaction.target", "unknown"),
        ({"target": "answers"}, "redaction.target", "unknown"),
        ({"target": "description", "regions": [UPPER_LEFT]}, "redaction.regions", "not_of_a_text"),
        (None, "redaction", "required"),
    ],
)
async def test_what_cannot_be_hidden_is_refused_by_name(
    shared_town: Town, redaction: dict[str, Any] | None, path: str, reason: str
) -> None:
    _, receipt, _ = await with_photo(shared_town)
    handler = await handler_of(shared_town, receipt)
    step = {"action": "redact", "text": "Lý do"} | ({"redaction": redaction} if redaction else {})
    answer = await handler.act(receipt["id"], step, version=1)
    assert answer.status_code == 400
    assert answer.json()["fields"] == [{"path": path, "reason": reason}]


async def test_nobody_hides_anything_without_a_reason_or_outside_the_agency(
    hanoi_town: Town,
) -> None:
    device, receipt, _ = await with_photo(hanoi_town)
    report, handler = receipt["id"], await handler_of(hanoi_town, receipt)
    step = {"action": "redact", "redaction": {"target": "description"}}
    answer = await handler.act(report, step, version=1)
    assert answer.json()["fields"] == [{"path": "text", "reason": "required"}]
    elsewhere = next(a for a in hanoi_town.city.agencies if a != receipt["agency"]["code"])
    for other in (device, await hanoi_town.staff("handler", agencies=[elsewhere])):
        assert (await hide(other, report, "description")).status_code == 403


async def test_of_two_handlers_who_hide_something_at_once_one_hears_that_it_changed(
    hanoi_town: Town,
) -> None:
    _, receipt, _ = await with_photo(hanoi_town, description=WORDS, address="Nhà bà Sáu")
    report = receipt["id"]
    one, other = await handler_of(hanoi_town, receipt), await handler_of(hanoi_town, receipt)
    answers = await asyncio.gather(
        hide(one, report, "description", spans=[SPAN]), hide(other, report, "address")
    )
    assert sorted(a.status_code for a in answers) == [200, 409]
    late = next(a for a in answers if a.status_code == 409).json()
    assert (late["code"], late["current"]["version"]) == ("stale_version", 2)


# --- photos --------------------------------------------------------------------------------------


async def picture(person: Person, file: str, size: str = "", **headers: str) -> Image.Image:
    answer = await person.get(f"/v1/attachments/{file}{size}", headers=headers)
    assert answer.status_code == 200, answer.text
    assert int(answer.headers["content-length"]) == len(answer.content)
    return opened(answer.content)


async def test_a_covered_region_is_black_in_photo_and_thumbnail_for_all_but_reporter_and_agency(
    hanoi_town: Town,
) -> None:
    device, receipt, file = await with_photo(hanoi_town)
    handler, nobody = await handler_of(hanoi_town, receipt), hanoi_town.nobody()
    before = (await nobody.get(f"/v1/attachments/{file}")).headers["etag"]
    assert (await hide(handler, receipt["id"], file, regions=[UPPER_LEFT])).status_code == 200
    for other in (nobody, await hanoi_town.device(), await hanoi_town.staff("operations")):
        for size in ("", "/thumbnail"):
            shown = await picture(other, file, size)
            width, height = shown.size
            assert nearly(shown.getpixel((width // 8, height // 8)), (0, 0, 0))
            assert nearly(shown.getpixel((width // 8, height // 2)), RED)
            assert nearly(shown.getpixel((width - 5, 5)), BLUE)
    for sees in (device, handler):
        shown = await picture(sees, file)
        assert nearly(shown.getpixel((5, 5)), RED)
    answer = await nobody.get(f"/v1/attachments/{file}", headers={"If-None-Match": before})
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "private, no-cache")
    assert answer.headers["etag"] != before
    again = {"If-None-Match": answer.headers["etag"]}
    assert (await nobody.get(f"/v1/attachments/{file}", headers=again)).status_code == 304
    await reveal(handler, receipt["id"], file, version=2)
    assert nearly((await picture(nobody, file)).getpixel((5, 5)), RED)


async def test_a_covered_photo_is_made_once_however_many_ask(hanoi_town: Town) -> None:
    _, receipt, file = await with_photo(hanoi_town)
    handler, nobody = await handler_of(hanoi_town, receipt), hanoi_town.nobody()
    await hide(handler, receipt["id"], file, regions=[UPPER_LEFT])
    answers = await asyncio.gather(*(nobody.get(f"/v1/attachments/{file}") for _ in range(40)))
    assert {a.status_code for a in answers} == {200}
    assert len({a.content for a in answers}) == 1


async def test_a_hidden_photo_is_not_there_for_the_public(hanoi_town: Town) -> None:
    device, receipt, file = await with_photo(hanoi_town)
    handler, nobody = await handler_of(hanoi_town, receipt), hanoi_town.nobody()
    await hide(handler, receipt["id"], file)
    for path in (f"/v1/attachments/{file}", f"/v1/attachments/{file}/thumbnail"):
        assert (await nobody.get(path)).status_code == 404
        assert (await device.get(path)).status_code == 200
        assert (await handler.get(path)).status_code == 200
    assert file not in (await nobody.get(f"/v1/reports/{receipt['id']}")).text
    assert file not in (await nobody.get("/v1/reports")).text


async def test_a_document_is_only_hidden_whole(hanoi_town: Town) -> None:
    device = await hanoi_town.device()
    file = await uploaded(device, document())
    at_once = category_that_is(hanoi_town, Publicity.AT_ONCE)
    receipt = (await device.submit(pothole(hanoi_town.city, **at_once, attachments=[file]))).json()
    handler = await handler_of(hanoi_town, receipt)
    answer = await hide(handler, receipt["id"], file, regions=[UPPER_LEFT])
    assert answer.json()["fields"] == [{"path": "redaction.regions", "reason": "only_whole"}]
    assert (await hide(handler, receipt["id"], file)).status_code == 200
    assert (await hanoi_town.nobody().get(f"/v1/attachments/{file}")).status_code == 404


async def test_the_holder_of_a_receipt_opens_its_photos_on_another_device(
    hanoi_town: Town,
) -> None:
    device = await hanoi_town.device()
    file = await uploaded(device, photo())
    receipt = (await device.submit(pothole(hanoi_town.city, attachments=[file]))).json()
    neighbour, path = await hanoi_town.device(), f"/v1/attachments/{file}"
    assert (await neighbour.get(path)).status_code == 404
    for size in ("", "/thumbnail"):
        await picture(neighbour, file, size, **{"Receipt-Secret": receipt["secret"]})
    wrong = {"Receipt-Secret": "WRONG9"}
    guesses = {(await neighbour.get(path, headers=wrong)).status_code for _ in range(20)}
    assert guesses == {404, 429}


def test_a_region_is_covered_to_the_ends_of_the_blocks_that_it_touches() -> None:
    noise = Image.effect_noise((200, 120), 90).convert("RGB")
    content = BytesIO()
    noise.save(content, "JPEG", quality=85)
    region = Region(x=0.3, y=0.3, width=0.2, height=0.2)
    covered = opened(cover(content.getvalue(), [region]).picture.content)
    box = covered.crop((60, 36, 100, 60)).getextrema()
    assert all(isinstance(band, tuple) and band[1] <= 8 for band in box)
