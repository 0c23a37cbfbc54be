"""A phone that asks at the wrong moment misses nothing; what goes away without a trace goes."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import pytest

from smartcity.notifications.store import NotificationStore
from smartcity.people.sync.cursor import LATE
from smartcity.reports.personal.forgetting import Forgetting
from smartcity.reports.personal.store import PersonalStore
from smartcity.reports.store import COLLECTION, TOUCHED_AT, ReportStore
from tests.api.phones import Phone, append_only, is_empty, publish, synced
from tests.api.reporting import handler_of, pothole, submitted
from tests.api.test_accounts import link
from tests.api.town import Town, town
from tests.api.working import until, working
from tests.standins.oidc import LocalIssuer, local_issuer
from tests.unit.test_notifications_inbox import notification

pytestmark = pytest.mark.anyio


@pytest.fixture
async def issuer() -> AsyncIterator[LocalIssuer]:
    async with local_issuer() as started:
        yield started


@pytest.fixture
async def linked_town(mongo_uri: str, tmp_path: Path, issuer: LocalIssuer) -> AsyncIterator[Town]:
    file = issuer.configured(tmp_path)
    async with town(mongo_uri, tmp_path, oidc_issuers=file) as started:
        yield started


async def forgotten(town: Town, report: str, *, erased: bool) -> None:
    """What the city does when its months are over, or when the reporter asked for it."""
    kept = await ReportStore(town.database).find(UUID(report))
    assert kept is not None
    forgetting = Forgetting(town.city)
    left = forgetting.erased(kept) if erased else forgetting.retained(kept)
    assert await PersonalStore(town.database).rewrite([(kept, left)]) == 1


async def a_minute_passes(town: Town) -> None:
    """What was touched by no event is told for so long again."""
    touched = {TOUCHED_AT: {"$exists": True}}
    earlier = {"$subtract": [f"${TOUCHED_AT}", 2 * LATE // LATE.resolution // 1000]}
    await town.database[COLLECTION].update_many(touched, [{"$set": {TOUCHED_AT: earlier}}])


# --- between two writes --------------------------------------------------------------------------


async def test_what_is_in_the_feed_and_not_yet_marked_as_such_is_not_passed_over(
    hanoi_town: Town,
) -> None:
    device, report = await submitted(hanoi_town)
    neighbour = await hanoi_town.device()
    await neighbour.ask("PUT", f"/v1/reports/{report['id']}/follow")
    await publish(hanoi_town)
    own, follower = await synced(device), await synced(neighbour)
    handler = await handler_of(hanoi_town, report)
    await handler.act(report["id"], {"action": "receive"}, version=1)
    await append_only(hanoi_town)  # and here the publisher died
    for phone in (own, follower):
        await phone.sync()
    await publish(hanoi_town)
    for phone in (own, follower):
        await phone.sync()
    assert own.has["reports"][report["id"]]["status"] == "received"
    assert follower.has["followed"][report["id"]]["status"] == "received"


async def test_a_change_behind_the_place_of_a_page_comes_in_the_next_round(
    hanoi_town: Town,
) -> None:
    device = await hanoi_town.device()
    reports = [(await device.submit(pothole(hanoi_town.city))).json() for _ in range(4)]
    phone = Phone(device, limit=2)
    first = await phone.ask()
    assert [one["id"] for one in first["reports"]] == [reports[3]["id"], reports[2]["id"]]
    assert first["more"] is True
    handler = await handler_of(hanoi_town, reports[3])
    for changed in (reports[3], reports[0]):
        await handler.act(changed["id"], {"action": "receive"}, version=1)
    await publish(hanoi_town)
    last = await phone.ask()
    assert "more" not in last
    assert [one["status"] for one in last["reports"]] == ["submitted", "received"]
    await phone.sync()
    assert phone.has["reports"][reports[3]["id"]]["status"] == "received"


async def test_one_answer_is_never_longer_than_was_asked_for(hanoi_town: Town) -> None:
    device = await hanoi_town.device()
    device_id = UUID((await device.get("/v1/devices/me")).json()["id"])
    for _ in range(5):
        await device.submit(pothole(hanoi_town.city))
    store = NotificationStore(hanoi_town.database)
    await store.add([notification(number, device_id) for number in range(5)])
    phone = Phone(device, limit=3)
    answers = await phone.sync()
    assert [len(a.get("reports", ())) + len(a.get("notifications", ())) for a in answers] == [
        3, 3, 3, 1,
    ]  # fmt: skip
    assert phone.has == (await synced(device)).has
    for limit in (0, 101):
        refused = await device.get("/v1/me/sync", params={"limit": limit})
        assert refused.status_code == 400


async def test_an_answer_that_was_lost_on_the_way_is_had_again(hanoi_town: Town) -> None:
    device = await hanoi_town.device()
    for _ in range(3):
        await device.submit(pothole(hanoi_town.city))
    phone = Phone(device, limit=2)
    await phone.ask()
    before = phone.cursor
    lost = await phone.ask()
    phone.cursor = before
    again = await phone.ask()
    assert again["reports"] == lost["reports"]


# --- without an event ----------------------------------------------------------------------------


async def test_an_address_that_was_found_is_told(hanoi_town: Town) -> None:
    device, report = await submitted(hanoi_town)
    await publish(hanoi_town)
    phone = await synced(device)
    await ReportStore(hanoi_town.database).give_address(UUID(report["id"]), "Phố Huế")
    (told,) = (await phone.sync_once())["reports"]
    assert told["address"] == "Phố Huế"
    await a_minute_passes(hanoi_town)
    assert is_empty(await phone.sync_once())


async def test_words_that_were_forgotten_are_taken_from_who_follows_the_report(
    hanoi_town: Town,
) -> None:
    _, report = await submitted(hanoi_town, description="Cây của tôi đổ")
    handler = await handler_of(hanoi_town, report)
    rejection = {"action": "reject", "reason": "no-violation", "text": "Không"}
    done = await handler.act(report["id"], {"action": "receive"}, rejection, version=1)
    assert done.status_code == 200, done.text
    neighbour = await hanoi_town.device()
    await neighbour.ask("PUT", f"/v1/reports/{report['id']}/follow")
    await publish(hanoi_town)
    phone = await synced(neighbour)
    assert "Cây của tôi" in phone.has["followed"][report["id"]]["description"]
    await forgotten(hanoi_town, report["id"], erased=True)
    await phone.sync()
    assert "Cây của tôi" not in phone.has["followed"][report["id"]]["description"]


async def test_a_report_of_which_the_city_forgot_whose_it_is_is_not_ones_own_any_more(
    hanoi_town: Town,
) -> None:
    device, old = await submitted(hanoi_town)
    await device.submit(pothole(hanoi_town.city))
    await publish(hanoi_town)
    phone = await synced(device)
    await forgotten(hanoi_town, old["id"], erased=False)
    newest = (await device.submit(pothole(hanoi_town.city))).json()
    await publish(hanoi_town)
    assert (await phone.sync_once())["whole"] == ["reports"]
    assert old["id"] not in phone.has["reports"]
    assert newest["id"] in phone.has["reports"]
    assert is_empty(await phone.sync_once())


# --- several phones, and none --------------------------------------------------------------------


async def test_two_phones_of_one_person_have_the_same_reports_and_each_its_own_inbox(
    linked_town: Town, issuer: LocalIssuer
) -> None:
    old, new = await linked_town.device(), await linked_town.device()
    report = (await old.submit(pothole(linked_town.city))).json()
    await publish(linked_town)
    before = await synced(new)
    assert before.has["reports"] == {}
    for phone in (old, new):
        assert (await link(phone, issuer.token("lan"))).status_code == 200
    first, second = await synced(old), before
    assert (await second.sync_once())["reset"] is True, "somebody else than before"
    assert first.has["reports"].keys() == second.has["reports"].keys() == {report["id"]}

    handler = await handler_of(linked_town, report)
    await handler.act(report["id"], {"action": "receive"}, version=1)
    await old.ask("PUT", f"/v1/reports/{report['id']}/follow")
    await publish(linked_town)
    for phone in (first, second):
        await phone.sync()
        assert phone.has["reports"][report["id"]]["status"] == "received"
    assert first.has["followed"].keys() == {report["id"]}
    assert second.has["followed"] == {}, "whoever is told of what a phone follows is that phone"


async def test_who_asked_to_be_erased_is_told_nothing_any_more(hanoi_town: Town) -> None:
    device, report = await submitted(hanoi_town)
    neighbour = await hanoi_town.device()
    await neighbour.ask("PUT", f"/v1/reports/{report['id']}/follow")
    await publish(hanoi_town)
    phone, follower = await synced(device), await synced(neighbour)
    assert (await device.ask("DELETE", "/v1/me")).status_code == 202
    assert (await device.get("/v1/me/sync", params={"after": phone.cursor})).status_code == 401
    async with working(hanoi_town):
        await until(lambda: _is_nobodys(hanoi_town, report["id"]))
    await follower.sync()
    assert follower.has == (await synced(neighbour)).has


async def _is_nobodys(town: Town, report: str) -> bool:
    found = await ReportStore(town.database).find(UUID(report))
    return found is not None and found.reporter.erasing


# --- what it costs -------------------------------------------------------------------------------


async def cost(town: Town, phone: Phone) -> int:
    """How many keys and documents of reports the server looks at for one answer."""
    await town.database.command("profile", 2)
    try:
        await phone.ask()
    finally:
        await town.database.command("profile", 0)
    looked = 0
    found = town.database["system.profile"].find({"ns": {"$regex": "reports$"}})
    async for one in found:
        looked += one.get("keysExamined", 0) + one.get("docsExamined", 0)
    await town.database.drop_collection("system.profile")
    return looked


async def test_who_sent_very_much_is_brought_up_to_date_by_what_changed(
    hanoi_town: Town,
) -> None:
    device, report = await submitted(hanoi_town)
    collection = hanoi_town.database[COLLECTION]
    await publish(hanoi_town)
    kept = await collection.find_one({"_id": UUID(report["id"])})
    assert kept is not None
    many = [
        kept
        | {
            "_id": UUID(int=kept["_id"].int - number),
            "code": f"{kept['code']}{number}",
            "submission": number.to_bytes(16, "big"),
        }
        for number in range(1, 1001)
    ]
    await collection.insert_many(many)
    phone = await synced(device)
    assert len(phone.has["reports"]) == 1001
    looked = await cost(hanoi_town, phone)
    assert looked < 1050, "a key for each is counted, and nothing else is looked at"
