"""Other systems hear of events by webhooks, which administrators look after."""

import socket
from base64 import b64decode
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import time_machine

from smartcity.clock import now
from smartcity.webhooks.model import MOST
from smartcity.webhooks.signing import signed
from tests.api.reporting import handler_of, submitted
from tests.api.town import Person, Town, town
from tests.api.working import until, working
from tests.standins.receiver import Receiver, receiver

pytestmark = pytest.mark.anyio

SYSTEM = {"name": "City operations", "url": "https://ops.example/hook", "kinds": ["report.*"]}


@pytest.fixture
async def inside(mongo_uri: str, tmp_path: Path) -> AsyncIterator[Town]:
    """A city that lets webhooks lead to the loopback."""
    async with town(mongo_uri, tmp_path, webhook_networks="127.0.0.0/8") as started:
        yield started


@pytest.fixture
async def ops() -> AsyncIterator[Receiver]:
    async with receiver() as listening:
        yield listening


async def added(admin: Person, **given: Any) -> dict[str, Any]:
    answer = await admin.ask("POST", "/v1/webhooks", json=SYSTEM | given)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def shown(admin: Person, webhook: dict[str, Any]) -> dict[str, Any]:
    return (await admin.get(f"/v1/webhooks/{webhook['id']}")).json()


async def heard(ops: Receiver, count: int) -> None:
    async def enough() -> bool:
        return len(ops.taken) >= count

    await until(enough)


async def received_report(town: Town) -> dict[str, Any]:
    _, report = await submitted(town)
    handler = await handler_of(town, report)
    assert (await handler.act(report["id"], {"action": "receive"}, version=1)).is_success
    return report


# --- what is sent --------------------------------------------------------------------------------


async def test_a_system_hears_in_order_what_the_public_sees_and_can_check_who_says_it(
    inside: Town, ops: Receiver
) -> None:
    webhook = await added(await inside.staff("admin"), url=ops.url)
    report = await received_report(inside)
    async with working(inside):
        await heard(ops, 2)
    assert ops.types() == ["report.submit", "report.receive"]
    first, second = ops.taken
    assert second.message["id"] == report["id"]
    assert second.message["data"]["status"] == "received"
    assert "description" not in second.message["data"]
    for one in (first, second):
        secret = webhook["secret"]
        at_s = int(one.headers["webhook-timestamp"])
        assert abs(now().timestamp() - at_s) < 60
        expected = signed(_bytes_of(secret), one.id, at_s, one.body)
        assert one.headers["webhook-signature"] == expected["webhook-signature"]


async def test_a_system_hears_only_of_the_kinds_that_it_asked_for(
    inside: Town, ops: Receiver
) -> None:
    admin = await inside.staff("admin")
    webhook = await added(admin, url=ops.url, kinds=["report.receive"])
    await received_report(inside)
    async with working(inside):
        await heard(ops, 1)

        async def caught_up() -> bool:
            return (await shown(admin, webhook))["behind"] == 0

        await until(caught_up)
    assert ops.types() == ["report.receive"]


async def test_what_a_system_did_not_take_comes_again_with_the_same_id_before_anything_else(
    inside: Town, ops: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("smartcity.webhooks.courier.FIRST_WAIT_S", 0.2)
    await added(await inside.staff("admin"), url=ops.url)
    ops.answers = [500, 302, 429]
    await received_report(inside)
    async with working(inside):
        await heard(ops, 2)
    assert ops.types() == ["report.submit", "report.receive"]
    assert [one.status for one in ops.received] == [500, 302, 429, 204, 204]
    assert len({one.id for one in ops.received[:4]}) == 1


async def test_a_system_that_is_away_holds_up_no_other(inside: Town, ops: Receiver) -> None:
    admin = await inside.staff("admin")
    async with receiver() as slow:
        slow.delay_s = 10
        await added(admin, url=slow.url)
        away = await added(admin, url="http://127.0.0.1:9/hook")
        await added(admin, url=ops.url)
        await received_report(inside)
        async with working(inside):
            await heard(ops, 2)
        assert slow.received == []
        failure = (await shown(admin, away))["failure"]
        assert failure["attempts"] == 1
        assert "Cannot connect" in failure["reason"]


async def test_after_a_day_of_failures_a_webhook_is_paused_and_goes_on_when_an_admin_says_so(
    inside: Town, ops: Receiver
) -> None:
    admin = await inside.staff("admin")
    webhook = await added(admin, url=ops.url)
    ops.answers = [503, 503]
    await received_report(inside)

    async def failed(attempts: int) -> bool:
        return (await shown(admin, webhook)).get("failure", {}).get("attempts") == attempts

    async with working(inside):
        await until(lambda: failed(1))
    with time_machine.travel(now() + timedelta(hours=25)):
        admin = await inside.staff("admin")
        async with working(inside):
            await until(lambda: failed(2))
        paused = await shown(admin, webhook)
        assert (paused["state"], paused["paused"]) == ("paused", "failing")
        trail = await inside.database["audit_records"].distinct("action")
        assert "webhook_paused" in trail
        async with working(inside):
            again = await admin.ask(
                "PATCH", f"/v1/webhooks/{webhook['id']}", json={"state": "active"}
            )
            assert "failure" not in again.json()
            await heard(ops, 2)
    assert ops.types() == ["report.submit", "report.receive"]


async def test_a_system_that_moved_is_told_at_its_new_address_at_once(
    inside: Town, ops: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("smartcity.webhooks.courier.FIRST_WAIT_S", 600)
    admin = await inside.staff("admin")
    webhook = await added(admin, url="http://127.0.0.1:9/hook")
    await submitted(inside)

    async def failed() -> bool:
        return "failure" in await shown(admin, webhook)

    async with working(inside):
        await until(failed)
        path = f"/v1/webhooks/{webhook['id']}"
        moved = await admin.ask("PATCH", path, json={"url": ops.url})
        assert "failure" not in moved.json()
        await heard(ops, 1)


async def test_a_system_that_answers_gone_is_sent_nothing_more(inside: Town, ops: Receiver) -> None:
    admin = await inside.staff("admin")
    webhook = await added(admin, url=ops.url)
    ops.answers = [410]
    await received_report(inside)

    async def paused() -> bool:
        return (await shown(admin, webhook)).get("paused") == "gone"

    async with working(inside):
        await until(paused)
    assert len(ops.received) == 1


async def test_a_replay_sends_everything_behind_a_place_again_under_the_same_ids(
    inside: Town, ops: Receiver
) -> None:
    admin = await inside.staff("admin")
    webhook = await added(admin, url=ops.url)
    await received_report(inside)
    async with working(inside):
        await heard(ops, 2)
        before = {"after": ops.taken[0].message["cursor"]}
        answer = await admin.ask("POST", f"/v1/webhooks/{webhook['id']}/replay", json=before)
        assert answer.status_code == 200, answer.text
        await heard(ops, 3)
    assert ops.taken[2].id == ops.taken[1].id


async def test_a_system_is_told_when_what_it_missed_is_not_kept_any_more(
    inside: Town, ops: Receiver
) -> None:
    webhook = await added(await inside.staff("admin"), url=ops.url)
    await inside.database["webhooks"].update_one({}, {"$set": {"place.epoch": "OLD0"}})
    await received_report(inside)
    async with working(inside):
        await heard(ops, 3)
    assert ops.types() == ["feed.reset", "report.submit", "report.receive"]
    assert webhook["cursor"].partition("-")[0] != "OLD0"


async def test_no_name_leads_inside_unless_the_settings_say_so(
    hanoi_town: Town, ops: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    look_up = socket.getaddrinfo

    def inside(host: Any, *given: Any, **more: Any) -> Any:
        return look_up("127.0.0.1" if host == "ops.example" else host, *given, **more)

    monkeypatch.setattr(socket, "getaddrinfo", inside)
    admin = await hanoi_town.staff("admin")
    webhook = await added(admin, url=f"https://ops.example:{ops.url.split(':')[2]}")
    await received_report(hanoi_town)

    async def failed() -> bool:
        return "failure" in await shown(admin, webhook)

    async with working(hanoi_town):
        await until(failed)
    assert "no webhook may reach" in (await shown(admin, webhook))["failure"]["reason"]
    assert ops.received == []


async def test_a_network_that_the_settings_permit_is_one_that_webhooks_may_name(
    inside: Town,
) -> None:
    admin = await inside.staff("admin")
    for url in ("http://127.0.0.1:9/", "https://localhost:9/"):
        await added(admin, url=url)
    for url in ("http://10.20.3.4/", "https://10.20.3.4/", "http://8.8.8.8/"):
        refused = await admin.ask("POST", "/v1/webhooks", json=SYSTEM | {"url": url})
        assert refused.json()["fields"] == [{"path": "url", "reason": "not_reachable"}]


async def test_a_webhook_into_a_network_that_the_settings_permit_no_more_can_still_be_paused(
    hanoi_town: Town,
) -> None:
    admin = await hanoi_town.staff("admin")
    path = f"/v1/webhooks/{(await added(admin))['id']}"
    permitted = {"$set": {"url": "http://10.20.3.4/hook"}}
    await hanoi_town.database["webhooks"].update_one({}, permitted)
    assert (await admin.ask("PATCH", path, json={"state": "paused"})).status_code == 200


# --- who looks after them ------------------------------------------------------------------------


async def test_the_secret_is_told_once_and_another_signs_after_its_renewal(
    inside: Town, ops: Receiver
) -> None:
    admin = await inside.staff("admin")
    webhook = await added(admin, url=ops.url)
    path = f"/v1/webhooks/{webhook['id']}"
    assert "secret" not in await shown(admin, webhook)
    assert "secret" not in (await admin.get("/v1/webhooks")).json()["items"][0]
    renewed = (await admin.ask("POST", f"{path}/secret")).json()["secret"]
    assert renewed != webhook["secret"]
    await submitted(inside)
    async with working(inside):
        await heard(ops, 1)
    (one,) = ops.taken
    expected = signed(_bytes_of(renewed), one.id, int(one.headers["webhook-timestamp"]), one.body)
    assert one.headers["webhook-signature"] == expected["webhook-signature"]


@pytest.mark.parametrize(
    ("given", "path", "reason"),
    [
        ({"kinds": ["report.exploded"]}, "kinds.0", "unknown"),
        ({"kinds": ["report.*", "dossier.*"]}, "kinds.1", "unknown"),
        ({"url": "http://ops.example/"}, "url", "not_https"),
        ({"url": "http://127.0.0.1/"}, "url", "not_https"),
        ({"url": "https://127.0.0.1:8443/hook"}, "url", "not_reachable"),
        ({"url": "https://localhost/"}, "url", "not_reachable"),
        ({"url": "https://10.20.3.4/"}, "url", "not_reachable"),
        ({"url": "https://169.254.169.254/"}, "url", "not_reachable"),
        ({"url": "https://[::1]/"}, "url", "not_reachable"),
        ({"url": "https://[fe80::1]/"}, "url", "not_reachable"),
        ({"url": "https://[::ffff:10.0.0.1]/"}, "url", "not_reachable"),
    ],
)
async def test_a_webhook_that_could_never_work_is_refused(
    hanoi_town: Town, given: dict[str, Any], path: str, reason: str
) -> None:
    admin = await hanoi_town.staff("admin")
    refused = await admin.ask("POST", "/v1/webhooks", json=SYSTEM | given)
    assert refused.status_code == 400
    assert refused.json()["fields"] == [{"path": path, "reason": reason}]
    assert (await admin.get("/v1/webhooks")).json()["items"] == []
    one = await added(admin)
    refused = await admin.ask("PATCH", f"/v1/webhooks/{one['id']}", json=given)
    assert refused.json()["fields"] == [{"path": path, "reason": reason}]


@pytest.mark.parametrize(
    "url",
    [
        "ftp://ops.example/",
        "https://",
        "https://user:password@ops.example/",
        "ops",
        "https://a b/",
        "https://ops.example/hook\n",
        "https://xn--a/",
        "https://ops..example/",
        f"https://{'a' * 64}.example/",
        "https://ops.example:99999/",
    ],
)
async def test_an_address_that_is_none_is_refused(hanoi_town: Town, url: str) -> None:
    admin = await hanoi_town.staff("admin")
    refused = await admin.ask("POST", "/v1/webhooks", json=SYSTEM | {"url": url})
    assert refused.status_code == 400
    assert refused.json()["fields"][0]["path"] == "url"


@pytest.mark.parametrize("after", ["", "x", "ABCD-1", "-5", "ABCD-99999999999999999999", "🙂-1"])
async def test_a_replay_from_a_place_that_there_is_not_is_refused(
    hanoi_town: Town, after: str
) -> None:
    admin = await hanoi_town.staff("admin")
    webhook = await added(admin)
    refused = await admin.ask("POST", f"/v1/webhooks/{webhook['id']}/replay", json={"after": after})
    assert refused.status_code == 400
    assert refused.json()["fields"][0]["path"] == "after"
    assert await shown(admin, webhook) == {
        name: value for name, value in webhook.items() if name != "secret"
    }


async def test_a_city_has_only_so_many_webhooks(hanoi_town: Town) -> None:
    admin = await hanoi_town.staff("admin")
    one = await added(admin)
    kept = await hanoi_town.database["webhooks"].find_one()
    assert kept is not None
    copies = [kept | {"_id": uuid4()} for _ in range(MOST - 1)]
    await hanoi_town.database["webhooks"].insert_many(copies)
    refused = await admin.ask("POST", "/v1/webhooks", json=SYSTEM)
    assert (refused.status_code, refused.json()["limit"]) == (409, MOST)
    await admin.ask("DELETE", f"/v1/webhooks/{one['id']}")
    await added(admin)


async def test_a_webhook_that_is_removed_is_sent_nothing_more(inside: Town, ops: Receiver) -> None:
    admin = await inside.staff("admin")
    webhook = await added(admin, url=ops.url)
    path = f"/v1/webhooks/{webhook['id']}"
    assert (await admin.ask("DELETE", path)).status_code == 204
    for method, of in (("GET", ""), ("DELETE", ""), ("POST", "/secret")):
        assert (await admin.ask(method, path + of)).status_code == 404
    witness = await added(admin, url=ops.url)
    await submitted(inside)
    async with working(inside):
        await heard(ops, 1)

        async def caught_up() -> bool:
            return (await shown(admin, witness))["behind"] == 0

        await until(caught_up)
    assert len(ops.received) == 1


def _bytes_of(secret: str) -> bytes:
    return b64decode(secret.removeprefix("whsec_"))
