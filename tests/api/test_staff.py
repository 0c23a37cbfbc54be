"""Accounts of staff over HTTP: who manages whose, and what a change does to open sessions."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest
import time_machine

from smartcity.clock import now
from tests.api.town import PASSWORD, Person, Town

pytestmark = pytest.mark.anyio


class Tree:
    """An agency of the city, one below it, and one elsewhere."""

    def __init__(self, town: Town) -> None:
        agencies = town.city.agencies.values()
        self.below = next(a.code for a in agencies if a.parent and not self._has_below(town, a))
        self.head = str(town.city.agencies[self.below].parent)
        reach = town.city.below(self.head)
        self.elsewhere = next(a.code for a in agencies if a.code not in reach)

    def _has_below(self, town: Town, agency: Any) -> bool:
        return len(town.city.below(agency.code)) > 1


async def added(by: Person, name: str, *roles: str, agencies: list[str] | None = None) -> Any:
    given = {"username": name, "roles": list(roles), "agencies": agencies or []}
    answer = await by.ask("POST", "/v1/staff", json=given)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def log_in(town: Town, name: str, password: str, **more: str) -> httpx.Response:
    given = {"username": name, "password": password, **more}
    answer = await town.http.post("/v1/sessions", json=given)
    town.http.cookies.clear()
    return answer


async def settled(town: Town, name: str, temporary: str) -> Person:
    """A session of somebody who has replaced their temporary password."""
    person = Person(town.http, (await log_in(town, name, temporary)).json()["token"])
    change = {"present": temporary, "new": PASSWORD}
    answer = await person.ask("PUT", "/v1/staff/me/password", json=change)
    assert answer.status_code == 204, answer.text
    return person


async def test_who_was_added_must_choose_a_password_before_anything_else(hanoi_town: Town) -> None:
    admin = await hanoi_town.staff("admin")
    lan = await added(admin, "lan", "dispatcher")
    temporary = lan["temporary_password"]["password"]
    begun = (await log_in(hanoi_town, "lan", temporary)).json()
    assert begun["demands"] == ["password"]
    newcomer = Person(hanoi_town.http, begun["token"])
    assert (await newcomer.get("/v1/agency/queue")).status_code == 403
    assert (await newcomer.get("/v1/sessions/current")).json()["demands"] == ["password"]
    wrong = {"present": temporary, "new": temporary}
    assert (await newcomer.ask("PUT", "/v1/staff/me/password", json=wrong)).status_code == 400
    change = {"present": temporary, "new": PASSWORD}
    assert (await newcomer.ask("PUT", "/v1/staff/me/password", json=change)).status_code == 204
    assert (await newcomer.get("/v1/agency/queue")).status_code == 200
    assert (await log_in(hanoi_town, "lan", temporary)).status_code == 401
    assert (await log_in(hanoi_town, "lan", PASSWORD)).json()["demands"] == []


async def test_a_temporary_password_is_kept_nowhere_and_shown_once(hanoi_town: Town) -> None:
    admin = await hanoi_town.staff("admin")
    lan = await added(admin, "lan", "dispatcher")
    shown = (await admin.get(f"/v1/staff/{lan['id']}")).json()
    assert "temporary_password" not in shown
    assert shown["temporary_password_until"] == lan["temporary_password"]["expires_at"]
    for name in await hanoi_town.database.list_collection_names():
        async for document in hanoi_town.database[name].find():
            assert lan["temporary_password"]["password"] not in str(document)


@pytest.mark.parametrize(
    ("new", "reason"),
    [
        ("short", "too_short"),
        ("l" * 300, "too_long"),
        ("lan.nguyen.12", "user_name"),
        ("lan.nguyen.12 2026", "too_common"),
        ("HaNoi HaNoi HaNoi", "too_common"),
        ("Matkhau123456!", "too_common"),
        ("qwertyuiop[]\\1234", "too_common"),
        ("smartcity-2026", "too_common"),
        ("aaaaaaaaaaaaaaaa", "too_common"),
        ("abcabcabcabcabc", "too_common"),
        ("987654321098765", "too_common"),
    ],
)
async def test_a_password_that_guessers_come_to_soon_is_refused(
    hanoi_town: Town, new: str, reason: str
) -> None:
    admin = await hanoi_town.staff("admin")
    account = await added(admin, "lan.nguyen.12", "dispatcher")
    temporary = account["temporary_password"]["password"]
    begun = await log_in(hanoi_town, "lan.nguyen.12", temporary)
    person = Person(hanoi_town.http, begun.json()["token"])
    change = {"present": temporary, "new": new}
    answer = await person.ask("PUT", "/v1/staff/me/password", json=change)
    assert answer.status_code == 400
    if reason != "too_long":
        assert answer.json()["fields"] == [{"path": "new", "reason": reason}]


async def test_whoever_changes_the_password_must_know_the_present_one(hanoi_town: Town) -> None:
    lan = await hanoi_town.staff("dispatcher")
    change = {"present": "wrong horse battery staple", "new": "a staple of the horse"}
    answer = await lan.ask("PUT", "/v1/staff/me/password", json=change)
    assert answer.status_code == 401
    assert answer.json()["fields"] == [{"path": "password", "reason": "wrong"}]


async def test_a_new_password_ends_every_other_session(hanoi_town: Town) -> None:
    admin = await hanoi_town.staff("admin")
    account = await added(admin, "lan", "dispatcher")
    here = await settled(hanoi_town, "lan", account["temporary_password"]["password"])
    there = (await log_in(hanoi_town, "lan", PASSWORD)).json()["token"]
    change = {"present": PASSWORD, "new": "a staple of the horse"}
    assert (await here.ask("PUT", "/v1/staff/me/password", json=change)).status_code == 204
    assert (await here.get("/v1/agency/queue")).status_code == 200
    assert (await Person(hanoi_town.http, there).get("/v1/sessions/current")).status_code == 401


async def test_one_ends_ones_other_sessions_and_a_manager_ends_all(hanoi_town: Town) -> None:
    admin = await hanoi_town.staff("admin")
    account = await added(admin, "lan", "dispatcher")
    here = await settled(hanoi_town, "lan", account["temporary_password"]["password"])
    there = Person(hanoi_town.http, (await log_in(hanoi_town, "lan", PASSWORD)).json()["token"])
    assert (await here.ask("DELETE", "/v1/staff/me/sessions")).status_code == 204
    assert (await there.get("/v1/sessions/current")).status_code == 401
    assert (await here.get("/v1/sessions/current")).status_code == 200
    ended = await admin.ask("DELETE", f"/v1/staff/{account['id']}/sessions")
    assert ended.status_code == 204
    assert (await here.get("/v1/sessions/current")).status_code == 401


async def test_who_is_disabled_is_out_within_five_seconds_until_enabled(hanoi_town: Town) -> None:
    admin = await hanoi_town.staff("admin")
    account = await added(admin, "lan", "dispatcher")
    lan = await settled(hanoi_town, "lan", account["temporary_password"]["password"])
    assert (await lan.get("/v1/agency/queue")).status_code == 200
    address = f"/v1/staff/{account['id']}/disabled"
    assert (await admin.ask("PUT", address)).status_code == 204
    assert (await admin.get(f"/v1/staff/{account['id']}")).json()["disabled_at"]
    async with asyncio.timeout(6):
        while (await lan.get("/v1/agency/queue")).status_code != 401:
            await asyncio.sleep(0.2)
    assert (await log_in(hanoi_town, "lan", PASSWORD)).status_code == 401
    assert (await admin.ask("DELETE", address)).status_code == 204
    assert (await log_in(hanoi_town, "lan", PASSWORD)).status_code == 201


async def test_new_roles_and_agencies_take_effect_in_open_sessions(hanoi_town: Town) -> None:
    admin = await hanoi_town.staff("admin")
    tree = Tree(hanoi_town)
    account = await added(admin, "lan", "handler", agencies=[tree.below])
    lan = await settled(hanoi_town, "lan", account["temporary_password"]["password"])
    change: dict[str, Any] = {
        "name": "Nguyễn Thị Lan",
        "roles": ["handler", "alerter"],
        "agencies": [tree.below, tree.elsewhere],
    }
    changed = await admin.ask("PATCH", f"/v1/staff/{account['id']}", json=change)
    assert changed.status_code == 200, changed.text
    session = (await lan.get("/v1/sessions/current")).json()
    assert session["name"] == "Nguyễn Thị Lan"
    assert session["roles"] == ["alerter", "handler"]
    assert session["agencies"] == sorted([tree.below, tree.elsewhere])


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"roles": []}, "roles"),
        ({"roles": ["device"]}, "roles"),
        ({"roles": ["handler"]}, "agencies"),
        ({"agencies": ["nowhere"]}, "agencies"),
        ({"username": ""}, "username"),
        ({"oidc": {"issuer": "nobody", "subject": "1"}}, "oidc.issuer"),
    ],
)
async def test_a_wrong_account_is_refused_with_the_field(
    shared_town: Town, given: dict[str, Any], field: str
) -> None:
    admin = await shared_town.staff("admin")
    new = {"username": "lan", "roles": ["dispatcher"]} | given
    answer = await admin.ask("POST", "/v1/staff", json=new)
    assert answer.status_code == 400
    assert [wrong["path"] for wrong in answer.json()["fields"]] == [field]


async def test_two_accounts_never_look_alike(hanoi_town: Town) -> None:
    admin = await hanoi_town.staff("admin")
    await added(admin, "Hòa", "dispatcher")
    same = {"username": "hoa", "roles": ["dispatcher"]}
    assert (await admin.ask("POST", "/v1/staff", json=same)).status_code == 409


async def test_accounts_are_listed_page_by_page(hanoi_town: Town) -> None:
    admin = await hanoi_town.staff("admin")
    made = [(await added(admin, f"lan{n}", "dispatcher"))["id"] for n in range(5)]
    listed: list[str] = []
    page = (await admin.get("/v1/staff?limit=2")).json()
    while True:
        listed += [one["id"] for one in page["items"]]
        if "next_cursor" not in page:
            break
        page = (await admin.get(f"/v1/staff?limit=2&cursor={page['next_cursor']}")).json()
    assert listed[1:] == made
    assert "password" not in page["items"][0]


async def test_a_supervisor_manages_their_own_agency_and_those_below(hanoi_town: Town) -> None:
    tree = Tree(hanoi_town)
    head = await hanoi_town.staff("supervisor", agencies=[tree.head])
    for agency in (tree.head, tree.below):
        account = await added(head, f"lan-{agency}", "handler", agencies=[agency])
        address = f"/v1/staff/{account['id']}"
        both = {"roles": ["handler", "supervisor"]}
        assert (await head.ask("PATCH", address, json=both)).status_code == 200
        assert (await head.ask("POST", f"{address}/password")).status_code == 201
        assert (await head.ask("DELETE", f"{address}/totp")).status_code == 204
        assert (await head.ask("PUT", f"{address}/disabled")).status_code == 204
        assert (await head.ask("DELETE", f"{address}/disabled")).status_code == 204


async def test_a_supervisor_sees_and_touches_nobody_elses_accounts(hanoi_town: Town) -> None:
    tree = Tree(hanoi_town)
    admin = await hanoi_town.staff("admin")
    head = await hanoi_town.staff("supervisor", agencies=[tree.head])
    own = (await head.get("/v1/sessions/current")).json()["id"]
    theirs = await added(head, "theirs", "handler", agencies=[tree.below])
    out_of_reach = [
        await added(admin, "elsewhere", "handler", agencies=[tree.elsewhere]),
        await added(admin, "both", "handler", agencies=[tree.below, tree.elsewhere]),
        await added(admin, "dispatching", "handler", "dispatcher", agencies=[tree.below]),
        await added(admin, "root", "admin"),
        await added(admin, "root-here", "admin", "handler", agencies=[tree.below]),
    ]
    listed = (await head.get("/v1/staff")).json()["items"]
    assert {one["id"] for one in listed} == {own, theirs["id"]}
    for account in out_of_reach:
        address = f"/v1/staff/{account['id']}"
        for method, path, body in (
            ("GET", address, None),
            ("PATCH", address, {"name": "x"}),
            ("PUT", f"{address}/disabled", None),
            ("DELETE", f"{address}/disabled", None),
            ("POST", f"{address}/password", None),
            ("DELETE", f"{address}/totp", None),
            ("DELETE", f"{address}/sessions", None),
        ):
            answer = await head.ask(method, path, json=body)
            assert answer.status_code == 404, (account["username"], method, path)


async def test_a_supervisor_raises_nobody_above_themselves(hanoi_town: Town) -> None:
    tree = Tree(hanoi_town)
    head = await hanoi_town.staff("supervisor", agencies=[tree.head])
    own = (await head.get("/v1/sessions/current")).json()["id"]
    theirs = (await added(head, "theirs", "handler", agencies=[tree.below]))["id"]
    raised: tuple[dict[str, Any], ...] = (
        {"roles": ["admin"]},
        {"roles": ["supervisor", "dispatcher"]},
        {"roles": ["handler", "auditor"]},
        {"agencies": [tree.elsewhere]},
        {"agencies": [tree.below, tree.elsewhere]},
    )
    for account in (own, theirs):
        for change in raised:
            answer = await head.ask("PATCH", f"/v1/staff/{account}", json=change)
            assert answer.status_code == 403, (account, change)
    for change in raised:
        new = {"username": "new", "roles": ["handler"], "agencies": [tree.below]} | change
        assert (await head.ask("POST", "/v1/staff", json=new)).status_code == 403, change


async def test_the_last_administrator_stays(hanoi_town: Town) -> None:
    admin = await hanoi_town.staff("admin")
    own = (await admin.get("/v1/sessions/current")).json()["id"]
    address = f"/v1/staff/{own}"
    for method, path, body in (
        ("PUT", f"{address}/disabled", None),
        ("PATCH", address, {"roles": ["dispatcher"]}),
    ):
        answer = await admin.ask(method, path, json=body)
        assert answer.status_code == 409
        assert answer.json()["reason"] == "last_admin"
    assert (await admin.get(address)).json()["roles"] == ["admin"]


async def test_two_administrators_who_disable_each_other_leave_one(hanoi_town: Town) -> None:
    pair = [await hanoi_town.staff("admin") for _ in range(2)]
    ids = [(await one.get("/v1/sessions/current")).json()["id"] for one in pair]
    answers = await asyncio.gather(
        *(one.ask("PUT", f"/v1/staff/{ids[1 - n]}/disabled") for n, one in enumerate(pair))
    )
    assert sorted(answer.status_code for answer in answers) == [204, 409]
    left = await hanoi_town.database["staff"].count_documents({"disabled_at": None})
    assert left == 1


async def test_what_managers_do_is_written_down_without_a_name(hanoi_town: Town) -> None:
    admin = await hanoi_town.staff("admin")
    lan = await added(admin, "lan-the-secretive", "dispatcher")
    address = f"/v1/staff/{lan['id']}"
    await admin.ask("PATCH", address, json={"name": "Lan Bí Mật"})
    await admin.ask("PUT", f"{address}/disabled")
    await admin.ask("DELETE", f"{address}/disabled")
    password = (await admin.ask("POST", f"{address}/password")).json()["password"]
    await admin.ask("DELETE", f"{address}/totp")
    await admin.ask("DELETE", f"{address}/sessions")
    await settled(hanoi_town, "lan-the-secretive", password)
    found = await hanoi_town.database["audit_records"].find().sort("_id").to_list()
    assert [record["action"] for record in found] == [
        "staff_created",
        "staff_changed",
        "staff_disabled",
        "staff_enabled",
        "staff_password_reset",
        "staff_totp_reset",
        "staff_sessions_ended",
        "staff_password_changed",
    ]
    assert {str(record["subject"]) for record in found} == {lan["id"]}
    for personal in ("secretive", "Bí Mật", password):
        assert personal not in str(found)


async def test_a_reset_password_ends_sessions_and_opens_only_for_a_week(hanoi_town: Town) -> None:
    admin = await hanoi_town.staff("admin")
    account = await added(admin, "lan", "dispatcher")
    lan = await settled(hanoi_town, "lan", account["temporary_password"]["password"])
    reset = (await admin.ask("POST", f"/v1/staff/{account['id']}/password")).json()
    assert (await lan.get("/v1/sessions/current")).status_code == 401
    assert (await log_in(hanoi_town, "lan", PASSWORD)).status_code == 401
    assert (await log_in(hanoi_town, "lan", reset["password"])).status_code == 201
    with time_machine.travel(now() + timedelta(days=7, minutes=1)):
        assert (await log_in(hanoi_town, "lan", reset["password"])).status_code == 401
