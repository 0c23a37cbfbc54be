"""Reports that need several agencies: tasks, through HTTP."""

import asyncio
from datetime import timedelta
from typing import Any, Final

import pytest

from smartcity.clock import now
from tests.api.office import (
    ELSEWHERE,
    HELPING,
    RECEIVE,
    START,
    TASK,
    Case,
    Office,
    photo_of,
    reasons,
)

pytestmark = pytest.mark.anyio

RECEIVED: Final = (("handler", RECEIVE),)
WORKED: Final = (*RECEIVED, ("handler", START))
HELPED: Final = (*WORKED, ("handler", TASK))
RESOLVE: Final = {"action": "resolve", "text": "Đã vá"}


async def tasks_of(ward: Office, who: str, **query: Any) -> list[dict[str, Any]]:
    answer = await ward[who].get("/v1/agency/tasks", params={"limit": 100, **query})
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


def ids(items: list[dict[str, Any]]) -> list[str]:
    return [item["report"]["id"] for item in items]


async def test_a_helper_does_what_the_lead_asked_and_the_lead_reads_the_answer(
    ward: Office,
) -> None:
    case = await ward.report(*HELPED)
    (task,) = case.state["tasks"]
    assert (task["agency"]["code"], task["status"]) == (HELPING, "open")
    assert now().isoformat() < task["due_at"]
    (listed,) = [i for i in await tasks_of(ward, "helper") if i["report"]["id"] == case.id]
    assert listed["task"] == task
    assert listed["lead"]["code"] == case.receipt["agency"]["code"]
    assert listed["report"]["version"] == case.state["version"]
    await case.must("helper", {"action": "start_task", "task": "…"})
    picture = await photo_of(ward["helper"])
    finish = {"action": "finish_task", "task": "…", "text": "Nền ổn", "attachments": [picture]}
    await case.must("helper", finish)
    seen = (await case.seen_by("handler")).json()
    (done,) = seen["tasks"]
    assert (done["status"], done["answer"]) == ("done", "Nền ổn")
    assert done["attachments"] == [picture]
    assert done["finished_at"]
    resolved = await case.must("handler", RESOLVE)
    assert resolved["status"] == "resolved"


async def test_nobody_outside_the_agencies_learns_of_a_task(ward: Office) -> None:
    case = await ward.report(*HELPED)
    before = (await case.seen_by("reporter")).json()
    picture = await photo_of(ward["helper"])
    finish = {"action": "finish_task", "task": "…", "text": "Nội bộ", "attachments": [picture]}
    await case.must("helper", finish)
    for who in ("nobody", "reporter"):
        seen = (await case.seen_by(who)).json()
        assert "tasks" not in seen
        assert [entry["action"] for entry in seen["timeline"]] == ["submit", "receive", "start"]
        photo = await ward[who].get(f"/v1/attachments/{picture}")
        assert photo.status_code == 404
    assert before["timeline"] == (await case.seen_by("reporter")).json()["timeline"]
    kept = await ward.town.database["reports"].find_one({"code": case.receipt["code"]})
    assert kept is not None
    told = {event["action"] for event in kept["outbox"] if event["topic"] == "report"}
    assert told == {"submit", "receive", "start"}


async def test_a_report_with_open_tasks_is_resolved_by_a_supervisor_who_says_why(
    ward: Office,
) -> None:
    case = await ward.report(*HELPED)
    for who, step in (
        ("handler", RESOLVE),
        ("handler", {**RESOLVE, "why": "Gấp"}),
        ("supervisor", RESOLVE),
    ):
        refused = await case.act(who, step)
        assert (refused.status_code, refused.json()["code"]) == (409, "tasks_open")
        assert refused.json()["needs"] == "supervisor"
        (left,) = refused.json()["tasks"]
        assert (left["id"], left["agency"]) == (case.state["tasks"][0]["id"], HELPING)
    await case.must("supervisor", {**RESOLVE, "why": "Không cần kiểm tra nữa"})
    (task,) = case.state["tasks"]
    assert (task["status"], task["why"]) == ("cancelled", "Không cần kiểm tra nữa")
    assert case.state["timeline"][-1]["why"] == "Không cần kiểm tra nữa"
    public = (await case.seen_by("nobody")).json()["timeline"][-1]
    own = (await case.seen_by("reporter")).json()["timeline"][-1]
    assert (public["action"], own["action"]) == ("resolve", "resolve")
    assert "why" not in public | own


async def test_a_helper_declines_with_a_reason_and_the_lead_is_free(ward: Office) -> None:
    case = await ward.report(*HELPED)
    silent = await case.act("helper", {"action": "decline_task", "task": "…"})
    assert reasons(silent) == {("text", "required")}
    await case.must("helper", {"action": "decline_task", "task": "…", "text": "Không phụ trách"})
    assert case.state["tasks"][0]["answer"] == "Không phụ trách"
    again = await case.act("helper", {"action": "start_task", "task": "…"})
    assert (again.status_code, again.json()["code"]) == (403, "forbidden")
    assert (await case.must("handler", RESOLVE))["status"] == "resolved"


async def test_a_helper_sees_the_report_and_may_only_help(ward: Office) -> None:
    case = await ward.report(*HELPED)
    assert (await case.seen_by("helper")).json()["description"].startswith("Ổ gà")
    await case.must("helper", {"action": "note", "text": "Sẽ đi xem chiều nay"})
    await case.must("helper", {"action": "comment", "text": "Chúng tôi đang phối hợp"})
    for step in (
        RESOLVE,
        TASK,
        {"action": "cancel_task", "task": "…", "text": "Thôi"},
        {"action": "transfer", "agency": ELSEWHERE, "text": "Chuyển"},
        {"action": "ask", "text": "Ở đâu?"},
    ):
        assert (await case.act("helper", step)).status_code == 403, step
    for who in ("handler", "elsewhere", "reporter", "dispatcher"):
        done = await case.act(who, {"action": "finish_task", "task": "…", "text": "Xong"})
        assert done.status_code == 403, who


async def test_a_task_belongs_to_one_helper(ward: Office) -> None:
    other = {**TASK, "agency": ELSEWHERE}
    case = await ward.report(*HELPED, ("handler", other))
    first = case.state["tasks"][0]["id"]
    answer = await case.act("elsewhere", {"action": "finish_task", "task": first, "text": "Xong"})
    assert answer.status_code == 403
    await case.must("elsewhere", {"action": "finish_task", "task": "…", "text": "Xong"})
    assert [task["status"] for task in case.state["tasks"]] == ["open", "done"]


@pytest.mark.parametrize(
    ("step", "wrong"),
    [
        ({"action": "open_task", "text": "Giúp"}, {("agency", "required")}),
        ({"action": "open_task", "agency": HELPING}, {("text", "required")}),
        ({**TASK, "agency": "nowhere"}, {("agency", "unknown")}),
        ({**TASK, "agency": "so-giao-thong-van-tai"}, {("agency", "unknown")}),  # dissolved
        ({**TASK, "until": "2020-01-01T00:00:00Z"}, {("until", "not_later")}),
        ({**TASK, "until": "2150-01-01T00:00:00Z"}, {("until", "too_late")}),
        ({"action": "cancel_task", "text": "Thôi"}, {("task", "required")}),
        (
            {
                "action": "cancel_task",
                "text": "Thôi",
                "task": "0197a0f0-0000-7000-8000-000000000000",
            },
            {("task", "unknown")},
        ),
        (
            {**RESOLVE, "task": "0197a0f0-0000-7000-8000-000000000000"},
            {("task", "not_of_this_action")},
        ),
    ],
)
async def test_what_a_task_lacks_is_named(
    ward: Office, step: dict[str, Any], wrong: set[tuple[str, str]]
) -> None:
    case = await ward.report(*WORKED)
    answer = await case.act("handler", step)
    assert (answer.status_code, reasons(answer)) == (400, wrong)


async def test_the_lead_is_no_helper_of_its_own(ward: Office) -> None:
    case = await ward.report(*WORKED)
    own = {**TASK, "agency": case.receipt["agency"]["code"]}
    assert reasons(await case.act("handler", own)) == {("agency", "unchanged")}


async def test_a_report_has_20_tasks_at_the_most(ward: Office) -> None:
    case = await ward.report(*WORKED)
    for _ in range(4):
        await case.must("handler", *[TASK] * 5)
    answer = await case.act("handler", TASK)
    assert (answer.status_code, answer.json()["reason"]) == (409, "tasks_limit")


@pytest.mark.parametrize(
    ("who", "end"),
    [
        ("reporter", {"action": "withdraw"}),
        ("handler", {"action": "reject", "reason": "unclear", "text": "Chưa rõ"}),
    ],
)
async def test_what_ends_a_report_ends_its_tasks(
    ward: Office, who: str, end: dict[str, Any]
) -> None:
    case = await ward.report(*RECEIVED, ("handler", TASK))
    await case.must(who, end)
    (task,) = (await case.seen_by("handler")).json()["tasks"]
    assert (task["status"], task["ended_by"]) == ("cancelled", end["action"])
    assert case.id not in ids(await tasks_of(ward, "helper"))


async def test_a_merged_reports_tasks_end_too(ward: Office) -> None:
    earlier = await ward.report()
    case = await ward.report(*HELPED, ("handler", {"action": "merge", "report": earlier.id}))
    assert case.state["tasks"][0]["ended_by"] == "merge"


async def test_a_transfer_leaves_the_help_and_drops_what_the_new_lead_was_asked_for(
    ward: Office,
) -> None:
    other = {**TASK, "agency": ELSEWHERE}
    case = await ward.report(*HELPED, ("handler", other))
    await case.must("handler", {"action": "transfer", "agency": ELSEWHERE, "text": "Chuyển"})
    seen = (await case.seen_by("elsewhere")).json()
    assert [task["status"] for task in seen["tasks"]] == ["open", "cancelled"]
    assert seen["tasks"][1]["ended_by"] == "transfer"
    case.state = seen
    first = seen["tasks"][0]["id"]
    await case.must("helper", {"action": "finish_task", "task": first, "text": "Xong"})


async def test_the_tasks_of_an_agency_are_paged_by_deadline_and_filtered(ward: Office) -> None:
    mine: list[Case] = []
    for days in (3, 1, 2):
        until = (now() + timedelta(days=days)).isoformat()
        mine.append(await ward.report(*WORKED, ("handler", {**TASK, "until": until})))
    everything = await tasks_of(ward, "helper")
    due = [(item["task"]["due_at"], item["task"]["id"]) for item in everything]
    assert due == sorted(due)
    assert {case.id for case in mine} <= set(ids(everything))
    paged: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = (await ward["helper"].get("/v1/agency/tasks", params={"limit": 2, **cursor})).json()
        paged += [item["task"]["id"] for item in page["items"]]
        if "next_cursor" not in page:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert paged == [task for _, task in due]
    await mine[0].must("helper", {"action": "start_task", "task": "…"})
    begun = await tasks_of(ward, "helper", status="in_progress")
    assert mine[0].id in ids(begun)
    assert mine[1].id not in ids(begun)
    assert mine[0].id not in ids(await tasks_of(ward, "helper", overdue="true"))
    assert await tasks_of(ward, "elsewhere", status="declined") == []
    assert mine[1].id in ids(await tasks_of(ward, "dispatcher", agency=HELPING))


async def test_an_agencys_tasks_are_its_own_and_a_filter_is_one_that_there_is(
    ward: Office,
) -> None:
    foreign = await ward["elsewhere"].get("/v1/agency/tasks", params={"agency": HELPING})
    assert foreign.status_code == 403
    odd = await ward["helper"].get("/v1/agency/tasks", params={"status": "lost"})
    assert odd.status_code == 400
    nowhere = await ward["dispatcher"].get("/v1/agency/tasks", params={"agency": "nowhere"})
    assert reasons(nowhere) == {("agency", "unknown")}


async def test_a_task_finished_while_the_lead_resolves_is_never_lost(ward: Office) -> None:
    case = await ward.report(*HELPED)
    why = {**RESOLVE, "why": "Gấp"}
    finish = {"action": "finish_task", "task": "…", "text": "Nền ổn"}
    answers = await asyncio.gather(case.act("supervisor", why), case.act("helper", finish))
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    (task,) = (await case.seen_by("handler")).json()["tasks"]
    assert task["status"] == ("cancelled" if answers[0].status_code == 200 else "done")


async def test_an_agencys_tasks_are_found_by_an_index(ward: Office) -> None:
    query = {"tasks": {"$elemMatch": {"agency": {"$in": [HELPING]}, "status": {"$in": ["open"]}}}}
    plan = await ward.town.database["reports"].find(query).explain()
    assert "'tasks.agency'" in str(plan["queryPlanner"]["winningPlan"])
