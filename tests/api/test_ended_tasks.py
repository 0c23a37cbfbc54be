"""What the agency of a task sees of a report and may do: while the task lasts, and afterwards."""

from typing import Any, Final

import pytest

from tests.api.office import HELPING, RECEIVE, START, TASK, Case, Office
from tests.api.test_never_public import SICK
from tests.api.town import Answer, Town

pytestmark = pytest.mark.anyio

PHONE: Final = "0912345678"
CONTACT: Final = {"name": "Nguyễn Văn An", "phone": PHONE}
AGREED: Final = {"contact": CONTACT, "consent": {"contact": "2026-01"}, "share_contact": True}
WORDS: Final = f"Ổ gà sâu trước cổng trường, gọi {PHONE}"

FINISH: Final = {"action": "finish_task", "task": "…", "text": "Nền ổn"}
DECLINE: Final = {"action": "decline_task", "task": "…", "text": "Không phụ trách"}
CANCEL: Final = {"action": "cancel_task", "task": "…", "text": "Không cần nữa"}
ENDS: Final = {"done": ("helper", FINISH), "declined": ("helper", DECLINE)} | {
    "cancelled": ("handler", CANCEL)
}


async def helped(ward: Office, **more: Any) -> Case:
    taken = (("handler", RECEIVE), ("handler", START), ("handler", TASK))
    return await ward.report(*taken, **AGREED | {"description": WORDS} | more)


async def listed(ward: Office, case: Case, status: str) -> dict[str, Any]:
    query = {"limit": 100, "status": status}
    page = (await ward["helper"].get("/v1/agency/tasks", params=query)).json()
    return next(item for item in page["items"] if item["report"]["id"] == case.id)


async def test_who_reported_is_told_to_the_reports_own_agency_and_to_no_helper(
    ward: Office,
) -> None:
    case = await helped(ward)
    for who in ("handler", "supervisor", "dispatcher"):
        assert (await case.seen_by(who)).json()["contact"] == CONTACT, who
    begun = await case.must("helper", {"action": "start_task", "task": "…"})
    seen = (await case.seen_by("helper")).json()
    assert seen["description"] == begun["description"] == WORDS
    assert "contact" not in seen | begun


@pytest.mark.parametrize("status", ENDS)
async def test_an_ended_task_leaves_what_all_of_the_citys_staff_see(
    ward: Office, status: str
) -> None:
    case = await helped(ward)
    await case.must(*ENDS[status])
    seen = (await case.seen_by("helper")).json()
    assert seen == (await case.seen_by("elsewhere")).json()
    (task,) = seen["tasks"]
    assert (task["agency"]["code"], task["status"]) == (HELPING, status)
    own = await listed(ward, case, status)
    for text in (str(seen), str(own)):
        assert PHONE not in text


@pytest.mark.parametrize("status", ENDS)
async def test_who_had_a_task_may_not_act_any_more(ward: Office, status: str) -> None:
    case = await helped(ward)
    await case.must(*ENDS[status])
    for step in (
        {"action": "note", "text": "Thêm"},
        {"action": "comment", "text": "Thêm"},
        {"action": "start_task", "task": "…"},
        FINISH,
        DECLINE,
    ):
        assert (await case.act("helper", step)).status_code == 403, step
    for path in ("templates", "candidates"):
        answer: Answer = await ward["helper"].get(f"/v1/reports/{case.id}/{path}")
        assert answer.status_code == 403, path
    await case.must("handler", TASK)
    await case.must("helper", {"action": "note", "text": "Lại có việc"})


@pytest.mark.parametrize(
    ("status", "known"), [("done", 200), ("declined", 404), ("cancelled", 404)]
)
async def test_of_a_report_that_is_never_public_only_who_did_the_work_still_knows(
    hanoi_town: Town, status: str, known: int
) -> None:
    ward = Office(hanoi_town, {"reporter": await hanoi_town.device()})
    sick = {"category": SICK, "description": WORDS, "answers": {"people": 5}}
    case = await ward.report(**AGREED | sick)
    lead = case.receipt["agency"]["code"]
    people = {
        name: await hanoi_town.staff("handler", agencies=[agency])
        for name, agency in (("handler", lead), ("helper", HELPING), ("elsewhere", "so-xay-dung"))
    }
    case.office = ward = Office(hanoi_town, {**ward.people, **people})
    await case.must("handler", RECEIVE)
    await case.must("handler", TASK)
    assert (await case.seen_by("helper")).json()["description"] == WORDS
    await case.must(*ENDS[status])
    seen = await case.seen_by("helper")
    assert seen.status_code == known
    assert (await case.seen_by("elsewhere")).status_code == 404
    own = await listed(ward, case, status)
    assert own["task"]["status"] == status
    assert ("description" in own["report"]) == (known == 200)
    for text in (seen.text, str(own)):
        assert PHONE not in text
        assert CONTACT["name"] not in text
