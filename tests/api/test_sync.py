"""One call brings a phone up to date: what it is told, and of whom."""

from datetime import timedelta
from uuid import UUID

import pytest
from msgspec.structs import replace

from smartcity.clock import now
from smartcity.notifications.store import NotificationStore
from tests.api.alerting import act, issued, revise
from tests.api.phones import Answer, Phone, is_empty, publish, synced, tell_one
from tests.api.reporting import handler_of, pothole, submitted
from tests.api.test_alerts_area import follower
from tests.api.test_dossiers import CODE, DONE, follow, told
from tests.api.town import Person, Town
from tests.api.working import until, working
from tests.unit.dossiers_made import row
from tests.unit.test_notifications_inbox import notification

pytestmark = pytest.mark.anyio

SHELTER = {"units": ["00070"]}


def ids(answer: Answer, section: str) -> list[str]:
    return [thing["id"] for thing in answer.get(section, ())]


async def id_of(person: Person) -> UUID:
    return UUID((await person.get("/v1/devices/me")).json()["id"])


async def written(town: Town, person: Person, *numbers: int, age_s: float = 0) -> None:
    """Notifications in somebody's inbox."""
    at, device = now() - timedelta(seconds=age_s), await id_of(person)
    made = [notification(number, device, at) for number in numbers]
    await NotificationStore(town.database).add(
        [replace(one, expires_at=at + timedelta(days=180)) for one in made]
    )


# --- everything there is -------------------------------------------------------------------------


async def test_without_a_cursor_it_tells_what_the_lists_tell(hanoi_town: Town) -> None:
    device, report = await submitted(hanoi_town)
    _, other = await submitted(hanoi_town)
    await device.ask("PUT", f"/v1/reports/{other['id']}/follow")
    await told(hanoi_town, row(1))
    await follow(device)
    await device.ask("PATCH", "/v1/devices/me", json=SHELTER)
    await written(hanoi_town, device, 1, 2)
    officer = await hanoi_town.staff("alerter")
    await issued(officer)
    await publish(hanoi_town)
    await until(lambda: _has_alert(device))

    answer = await Phone(device).sync_once()
    assert "reset" not in answer
    assert answer["reports"] == (await device.get("/v1/me/reports")).json()["items"]
    assert ids(answer, "reports") == [report["id"]]
    (followed,) = answer["followed"]
    assert (followed["id"], followed["status"]) == (other["id"], "submitted")
    assert "code" not in followed, "as everybody sees it"
    assert answer["dossiers"] == (await device.get("/v1/me/dossiers")).json()["items"]
    assert answer["alerts"] == (await device.get("/v1/alerts?unit=00070")).json()["items"]
    inbox = (await device.get("/v1/me/notifications")).json()
    alone = [
        {name: value for name, value in one.items() if name != "expires_at"}
        for one in answer["alert_notifications"] + answer["notifications"]
    ]
    assert sorted(alone, key=str) == sorted(inbox["items"], key=str)
    assert answer["unread"] == inbox["unread"] == 3


async def _has_alert(person: Person) -> bool:
    return bool((await person.get("/v1/alerts?unit=00070")).json()["items"])


async def test_who_is_up_to_date_is_told_nothing(hanoi_town: Town) -> None:
    device, _ = await submitted(hanoi_town)
    _, other = await submitted(hanoi_town)
    await device.ask("PUT", f"/v1/reports/{other['id']}/follow")
    await written(hanoi_town, device, 1, age_s=120)
    await publish(hanoi_town)
    phone = await synced(device)
    answer = await phone.sync_once()
    assert is_empty(answer)
    assert len(answer["cursor"]) < 400, "it goes in an address"


async def test_the_answer_is_for_nobody_elses_eyes(hanoi_town: Town) -> None:
    device = await hanoi_town.device()
    answer = await device.get("/v1/me/sync")
    assert answer.headers["cache-control"] == "no-store"
    staff = await hanoi_town.staff("dispatcher")
    assert (await staff.get("/v1/me/sync")).status_code == 403
    assert (await hanoi_town.nobody().get("/v1/me/sync")).status_code == 401


# --- reports -------------------------------------------------------------------------------------


async def test_what_happened_to_ones_own_report_is_told_as_its_reporter_sees_it(
    hanoi_town: Town,
) -> None:
    device, report = await submitted(hanoi_town)
    _, untouched = await submitted(hanoi_town)
    await device.submit(pothole(hanoi_town.city))
    await publish(hanoi_town)
    phone = await synced(device)
    handler = await handler_of(hanoi_town, report)
    await handler.act(report["id"], {"action": "receive"}, version=1)
    await publish(hanoi_town)
    answer = await phone.sync_once()
    (told,) = answer["reports"]
    assert (told["id"], told["status"]) == (report["id"], "received")
    assert "0912345678" in told["description"]
    assert is_empty(await phone.sync_once())
    assert untouched["id"] not in phone.has["reports"]


async def test_a_comment_leaves_the_version_and_is_told_all_the_same(hanoi_town: Town) -> None:
    device, report = await submitted(hanoi_town)
    await publish(hanoi_town)
    phone = await synced(device)
    handler = await handler_of(hanoi_town, report)
    await handler.act(report["id"], {"action": "comment", "text": "Chúng tôi sẽ đến"})
    await publish(hanoi_town)
    assert ids(await phone.sync_once(), "reports") == [report["id"]]


async def test_a_followed_report_is_told_as_everybody_sees_it(hanoi_town: Town) -> None:
    _, report = await submitted(hanoi_town)
    device = await hanoi_town.device()
    await device.ask("PUT", f"/v1/reports/{report['id']}/follow")
    await publish(hanoi_town)
    phone = await synced(device)
    handler = await handler_of(hanoi_town, report)
    await handler.act(report["id"], {"action": "receive"}, version=1)
    await publish(hanoi_town)
    answer = await phone.sync_once()
    (told,) = answer["followed"]
    assert (told["id"], told["status"], told["code"]) == (report["id"], "received", report["code"])
    assert "0912345678" not in told["description"]
    assert "whole" not in answer


async def test_a_merged_report_says_into_which(hanoi_town: Town) -> None:
    _, first = await submitted(hanoi_town)
    device, second = await submitted(hanoi_town)
    neighbour = await hanoi_town.device()
    await neighbour.ask("PUT", f"/v1/reports/{second['id']}/follow")
    await publish(hanoi_town)
    own, followed = await synced(device), await synced(neighbour)
    handler = await handler_of(hanoi_town, second)
    merging = {"action": "merge", "report": first["id"]}
    await handler.act(second["id"], {"action": "receive"}, merging, version=1)
    await publish(hanoi_town)
    (mine,) = (await own.sync_once())["reports"]
    (theirs,) = (await followed.sync_once())["followed"]
    assert [one["merged_into"] for one in (mine, theirs)] == [first["id"]] * 2


async def test_a_report_that_the_public_may_not_know_of_any_more_goes_away(
    hanoi_town: Town,
) -> None:
    device, report = await submitted(hanoi_town)
    neighbour = await hanoi_town.device()
    await neighbour.ask("PUT", f"/v1/reports/{report['id']}/follow")
    await publish(hanoi_town)
    own, followed = await synced(device), await synced(neighbour)
    handler = await handler_of(hanoi_town, report)
    correction = {"action": "correct", "category": "epidemic-case", "text": "Là ca bệnh"}
    done = await handler.act(report["id"], correction, version=1)
    assert done.status_code == 200, done.text
    await publish(hanoi_town)
    answer = await followed.sync_once()
    assert answer["whole"] == ["followed"]
    assert followed.has["followed"] == {}
    assert ids(await own.sync_once(), "reports") == [report["id"]]
    assert is_empty(await followed.sync_once())


async def test_a_follow_that_ended_goes_away_and_a_new_one_comes(hanoi_town: Town) -> None:
    device = await hanoi_town.device()
    reports = [(await submitted(hanoi_town))[1]["id"] for _ in range(3)]
    for one in reports[:2]:
        await device.ask("PUT", f"/v1/reports/{one}/follow")
    await publish(hanoi_town)
    phone = await synced(device)
    window = Phone(device)  # the same device, in another window of its browser
    await window.sync()
    await device.ask("DELETE", f"/v1/reports/{reports[0]}/follow")
    await device.ask("PUT", f"/v1/reports/{reports[2]}/follow")
    for one in (phone, window):
        assert (await one.sync_once())["whole"] == ["followed"]
        assert list(one.has["followed"]) == reports[1:]
        assert is_empty(await one.sync_once())


# --- dossiers ------------------------------------------------------------------------------------


async def test_a_dossier_is_told_when_its_source_tells_of_it_singly_or_in_bulk(
    hanoi_town: Town,
) -> None:
    device = await hanoi_town.device()
    await told(hanoi_town, row(1), row(2), row(3))
    for number in (1, 2):
        await follow(device, str(row(number)["code"]))
    await publish(hanoi_town)
    phone = await synced(device)
    assert len(phone.has["dossiers"]) == 2

    await told(hanoi_town, row(1, **DONE), row(3, **DONE))
    (done,) = (await phone.sync_once())["dossiers"]
    assert (done["code"], done["status"]["code"]) == (CODE, 9)

    await tell_one(hanoi_town, 2, **DONE)
    (done,) = (await phone.sync_once())["dossiers"]
    assert (done["code"], done["status"]["code"]) == (row(2)["code"], 9)
    assert is_empty(await phone.sync_once())


async def test_a_dossier_that_is_not_followed_any_more_goes_away(hanoi_town: Town) -> None:
    device = await hanoi_town.device()
    await told(hanoi_town, row(1), row(2))
    for number in (1, 2):
        await follow(device, str(row(number)["code"]))
    phone = await synced(device)
    await device.ask("DELETE", f"/v1/me/dossiers/{CODE}")
    assert (await phone.sync_once())["whole"] == ["dossiers"]
    assert list(phone.has["dossiers"]) == [row(2)["code"]]


# --- the inbox -----------------------------------------------------------------------------------


async def test_what_people_are_told_of_comes_along(hanoi_town: Town) -> None:
    device, report = await submitted(hanoi_town)
    await publish(hanoi_town)
    phone = await synced(device)
    handler = await handler_of(hanoi_town, report)
    await handler.act(report["id"], {"action": "receive"}, version=1)
    async with working(hanoi_town):
        await until(lambda: _has_news(device))
    answer = await phone.sync_once()
    (news,) = answer["notifications"]
    assert (news["topic"], news["subject"]) == ("report", report["id"])
    assert news["expires_at"] > news["created_at"]
    assert answer["unread"] == 1


async def _has_news(person: Person) -> bool:
    return bool((await person.get("/v1/me/notifications")).json()["items"])


async def test_what_was_read_in_another_window_is_told_as_read(hanoi_town: Town) -> None:
    device = await hanoi_town.device()
    await written(hanoi_town, device, 1, 2, age_s=3600)
    phone = await synced(device)
    read = next(iter(phone.has["notifications"]))
    await device.ask("POST", "/v1/me/notifications/read", json={"ids": [read]})
    answer = await phone.sync_once()
    (told_again,) = answer["notifications"]
    assert (told_again["id"], answer["unread"]) == (read, 1)
    assert told_again["read_at"]


# --- alerts --------------------------------------------------------------------------------------


async def test_an_alert_comes_first_changes_and_goes(hanoi_town: Town) -> None:
    near, far = await follower(hanoi_town, "00070"), await follower(hanoi_town, "00004")
    officer = await hanoi_town.staff("alerter")
    phone, elsewhere = await synced(near), await synced(far)
    async with working(hanoi_town):
        alert = await issued(officer)
        answer = await _until_whole(phone, "alerts")
        assert ids(answer, "alerts") == [alert["id"]]
        assert [one["action"] for one in answer["alert_notifications"]] == ["issue"]

        larger = (await revise(officer, alert, severity="Moderate")).json()
        larger = (await act(officer, larger, "issue")).json()
        (updated,) = (await _until_whole(phone, "alerts"))["alerts"]
        assert (updated["severity"], updated["kind"]) == ("Moderate", "Update")

        await act(officer, larger, "cancel")
        await _until_whole(phone, "alerts")
    assert phone.has["alerts"] == {}
    actions = {one["action"] for one in phone.has["alert_notifications"].values()}
    assert actions == {"issue", "update", "cancel"}
    assert is_empty(await phone.sync_once())
    assert is_empty(await elsewhere.sync_once())


async def _until_whole(phone: Phone, section: str) -> Answer:
    answer: Answer = {}

    async def told_whole() -> bool:
        nonlocal answer
        answer = await phone.sync_once()
        return section in answer.get("whole", ())

    await until(told_whole)
    return answer


async def test_an_alert_that_ends_by_itself_goes(hanoi_town: Town) -> None:
    near = await follower(hanoi_town, "00070")
    officer = await hanoi_town.staff("alerter")
    async with working(hanoi_town):
        soon = (now() + timedelta(seconds=3)).isoformat()
        await issued(officer, expires=soon)
        phone = await synced(near)
        if not phone.has["alerts"]:
            await _until_whole(phone, "alerts")
        await _until_whole(phone, "alerts")
    assert phone.has["alerts"] == {}


async def test_who_follows_other_units_hears_of_other_alerts(hanoi_town: Town) -> None:
    device = await hanoi_town.device()
    officer = await hanoi_town.staff("alerter")
    await issued(officer)
    await publish(hanoi_town)
    await until(lambda: _has_alert(device))
    phone = await synced(device)
    assert phone.has["alerts"] == {}
    await device.ask("PATCH", "/v1/devices/me", json=SHELTER)
    assert (await phone.sync_once())["whole"] == ["alerts", "alert_notifications"]
    assert len(phone.has["alerts"]) == len(phone.has["alert_notifications"]) == 1
    await device.ask("PATCH", "/v1/devices/me", json={"units": []})
    await phone.sync()
    assert phone.has["alerts"] == phone.has["alert_notifications"] == {}
