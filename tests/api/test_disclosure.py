"""Who reported is hidden from officials; a dispatcher is shown it for a reason that is told."""

from typing import Any

import pytest

from tests.api.reporting import handler_of, submitted
from tests.api.town import Answer, Person, Town
from tests.api.working import until, working

pytestmark = pytest.mark.anyio

CONTACT = {"name": "Nguyễn Văn An", "phone": "0912345678"}
CONSENT = {"contact": "2026-01"}
REASON = "Cần gặp người phản ánh vì có tai nạn."


async def disclosed(person: Person, report: str, reason: str = REASON, **more: Any) -> Answer:
    path = f"/v1/reports/{report}/disclosure"
    return await person.ask("POST", path, json={"reason": reason}, **more)


async def hidden(town: Town, **more: Any) -> tuple[Person, dict[str, Any]]:
    return await submitted(town, contact=CONTACT, consent=CONSENT, **more)


async def test_a_dispatcher_is_shown_who_reported_and_handlers_are_not(hanoi_town: Town) -> None:
    _, receipt = await hidden(hanoi_town)
    dispatcher = await hanoi_town.staff("dispatcher")
    path = f"/v1/reports/{receipt['id']}"
    for official in (dispatcher, await handler_of(hanoi_town, receipt)):
        assert "contact" not in (await official.get(path)).json()
    answer = await disclosed(dispatcher, receipt["id"])
    assert answer.status_code == 200, answer.text
    assert answer.json() == {"kept": True, "contact": CONTACT}
    assert answer.headers["cache-control"] == "no-store"


async def test_nobody_else_is_shown_it(hanoi_town: Town) -> None:
    device, receipt = await hidden(hanoi_town)
    agencies = [receipt["agency"]["code"]]
    for role in ("handler", "supervisor", "operator", "operations", "admin", "auditor", "alerter"):
        person = await hanoi_town.staff(role, agencies=agencies)
        assert (await disclosed(person, receipt["id"])).status_code == 403, role
        by_the_other_door = {"action": "disclose", "text": REASON}
        answer = await person.act(receipt["id"], by_the_other_door, version=1)
        assert answer.status_code == 403, role
    assert (await disclosed(device, receipt["id"])).status_code == 403
    assert (await disclosed(hanoi_town.nobody(), receipt["id"])).status_code == 401


async def test_it_is_on_the_timeline_for_the_reporter_and_officials_and_not_for_the_public(
    hanoi_town: Town,
) -> None:
    device, receipt = await hidden(hanoi_town)
    dispatcher, handler = (
        await hanoi_town.staff("dispatcher"),
        await handler_of(hanoi_town, receipt),
    )
    await handler.act(receipt["id"], {"action": "receive"}, version=1)
    await disclosed(dispatcher, receipt["id"])
    path = f"/v1/reports/{receipt['id']}"
    for person in (device, handler, dispatcher):
        last = (await person.get(path)).json()["timeline"][-1]
        assert (last["action"], last["text"]) == ("disclose", REASON)
    shown = await hanoi_town.nobody().get(path)
    assert "timeline" in shown.json()
    assert "disclose" not in shown.text
    assert REASON not in shown.text


async def test_the_reporter_is_told(hanoi_town: Town) -> None:
    device, receipt = await hidden(hanoi_town)
    await disclosed(await hanoi_town.staff("dispatcher"), receipt["id"])

    async def told() -> bool:
        items = (await device.get("/v1/me/notifications")).json()["items"]
        return [item["action"] for item in items] == ["disclose"]

    async with working(hanoi_town):
        await until(told)
    (item,) = (await device.get("/v1/me/notifications")).json()["items"]
    assert receipt["code"] in item["title"]
    assert REASON not in item["body"]


async def test_what_is_not_kept_is_said_not_to_be_and_the_question_is_written_down(
    hanoi_town: Town,
) -> None:
    _, receipt = await submitted(hanoi_town)
    dispatcher = await hanoi_town.staff("dispatcher")
    assert (await disclosed(dispatcher, receipt["id"])).json() == {"kept": False}
    answer = await dispatcher.get(f"/v1/reports/{receipt['id']}")
    assert answer.json()["timeline"][-1]["action"] == "disclose"


async def test_a_disclosure_needs_a_reason_and_sent_again_is_one(hanoi_town: Town) -> None:
    _, receipt = await hidden(hanoi_town)
    dispatcher = await hanoi_town.staff("dispatcher")
    assert (await disclosed(dispatcher, receipt["id"], reason="")).status_code == 400
    key = {"Idempotency-Key": "once"}
    for _ in range(2):
        assert (await disclosed(dispatcher, receipt["id"], headers=key)).json()["kept"]
    timeline = (await dispatcher.get(f"/v1/reports/{receipt['id']}")).json()["timeline"]
    assert [entry["action"] for entry in timeline] == ["submit", "disclose"]
