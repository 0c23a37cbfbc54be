"""Each day's head of the audit log stands at a public address, where anybody may keep it."""

from datetime import timedelta

import pytest
import time_machine

from smartcity.clock import now
from tests.api.auditing import auditor_of, chain, head_of, lease_of
from tests.api.test_audit_log import worked_on
from tests.api.town import Town

pytestmark = pytest.mark.anyio


async def test_before_the_first_day_there_is_no_head(hanoi_town: Town) -> None:
    nobody = hanoi_town.nobody()
    assert (await nobody.get("/v1/audit/heads")).json() == {"items": []}
    assert (await nobody.get("/v1/audit/heads/latest")).status_code == 404


async def test_a_days_head_is_published_once_and_stays_as_it_is(hanoi_town: Town) -> None:
    nobody = hanoi_town.nobody()
    await worked_on(hanoi_town)
    await chain(hanoi_town)
    first = await head_of(hanoi_town)
    one, two = (auditor_of(hanoi_town, lease_of(hanoi_town)) for _ in range(2))
    with time_machine.travel(now().replace(hour=3, minute=0), tick=True):
        await one.keep_heads()
        await worked_on(hanoi_town)
        for auditor in (one, two, one):
            await auditor.run_once()
            await auditor.keep_heads()
    answer = await nobody.get("/v1/audit/heads/latest")
    found = answer.json()
    assert f"{found['count']}:{found['head']}" == first
    assert len((await nobody.get("/v1/audit/heads")).json()["items"]) == 1
    again = await nobody.get(
        "/v1/audit/heads/latest", headers={"If-None-Match": answer.headers["etag"]}
    )
    assert again.status_code == 304


async def test_after_days_without_workers_the_days_head_is_published_at_once(
    hanoi_town: Town,
) -> None:
    auditor = auditor_of(hanoi_town, lease_of(hanoi_town))
    for days in (0, 1, 4):
        with time_machine.travel(now() + timedelta(days=days), tick=True):
            await auditor.keep_heads()
            await auditor.keep_heads()
    nobody = hanoi_town.nobody()
    page = (await nobody.get("/v1/audit/heads", params={"limit": 2})).json()
    rest = (await nobody.get("/v1/audit/heads", params={"cursor": page["next_cursor"]})).json()
    today = now().astimezone(hanoi_town.city.zone).date()
    dates = [head["date"] for head in (*page["items"], *rest["items"])]
    assert dates == [str(today + timedelta(days=days)) for days in (4, 1, 0)]


async def test_a_day_begins_at_the_citys_midnight(hanoi_town: Town) -> None:
    auditor = auditor_of(hanoi_town, lease_of(hanoi_town))
    with time_machine.travel("2026-05-03T16:59:00Z", tick=False):
        await auditor.keep_heads()
    with time_machine.travel("2026-05-03T17:01:00Z", tick=False):
        await auditor.keep_heads()
    items = (await hanoi_town.nobody().get("/v1/audit/heads")).json()["items"]
    assert [head["date"] for head in items] == ["2026-05-04", "2026-05-03"]


async def test_the_head_is_logged_once_an_hour(
    hanoi_town: Town, capsys: pytest.CaptureFixture[str]
) -> None:
    await worked_on(hanoi_town)
    await chain(hanoi_town)
    auditor = auditor_of(hanoi_town, lease_of(hanoi_town))
    with time_machine.travel("2026-05-03T10:05:00Z", tick=False) as traveller:
        for minutes in (0, 20, 40):
            traveller.shift(timedelta(minutes=minutes))
            await auditor.keep_heads()
    count, mac = (await head_of(hanoi_town)).split(":")
    told = [line for line in capsys.readouterr().out.splitlines() if "audit head " in line]
    logged = [line for line in told if "published" not in line]
    assert len(logged) == 2
    assert all(mac in line and count in line for line in logged)
