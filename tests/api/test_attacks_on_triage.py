"""The seams of triage: what one part leaves behind for another, tried from outside."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import bson
import pytest
import time_machine

from api.pagination import encode_cursor
from smartcity.clock import now
from smartcity.identifiers import new_id
from smartcity.reports.clockwork.store import tell_risks, tell_risks_by_warnings
from smartcity.reports.model import Report
from smartcity.reports.room import ACTING, ADDING, COMMENTING, TIMELINE_LIMIT
from smartcity.reports.store import ReportStore
from smartcity.storage.mongo import to_document
from tests.api.office import HELPING, RECEIVE, START, Case, Office
from tests.api.working import until
from workers.main import work

pytestmark = pytest.mark.anyio

WORKED: Final = (("handler", RECEIVE), ("handler", START))
DENUNCIATION: Final = {"action": "reject", "reason": "denunciation"}
QUEUE: Final = "/v1/agency/queue"


async def kept(case: Case) -> dict[str, Any]:
    found = await case.office.town.database["reports"].find_one({"_id": UUID(case.id)})
    assert found is not None
    return found


async def rang(case: Case, action: str) -> bool:
    return (await kept(case))["timeline"][-1]["action"] == action


async def looked_up(case: Case) -> dict[str, Any]:
    answer = await case.seen_by("dispatcher")
    assert answer.status_code == 200, answer.text
    case.state = answer.json()
    return case.state


# --- a report that is never public from now on ---------------------------------------------------


async def test_what_was_merged_into_a_denunciation_goes_back_to_work(ward: Office) -> None:
    """Its sender sees nothing of the other one any more, and nobody would work on it."""
    first = await ward.report(*WORKED)
    late = await ward.report(("handler", RECEIVE))
    await late.must("handler", {"action": "merge", "report": first.id})
    await first.must("handler", DENUNCIATION)
    there = await looked_up(late)
    assert (there["status"], "merged_into" in there) == ("received", False)
    assert (await kept(late))["alarm"]["action"] == "warn"


async def test_what_was_merged_into_a_report_that_is_refused_stays(ward: Office) -> None:
    first = await ward.report(("handler", RECEIVE))
    late = await ward.report(("handler", RECEIVE))
    await late.must("handler", {"action": "merge", "report": first.id})
    await first.must("handler", {"action": "reject", "reason": "unclear", "text": "Chưa rõ"})
    assert (await looked_up(late))["status"] == "merged"


# --- a process that dies between two writes ------------------------------------------------------


async def test_a_process_that_dies_after_a_withdrawal_leaves_nobody_behind(
    ward: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await ward.report()
    late = await ward.report()
    await late.must("handler", {"action": "merge", "report": first.id})
    advance = ReportStore.advance

    async def die_behind(self: ReportStore, before: Report, *given: Any) -> Any:
        written = await advance(self, before, *given)
        if before.id == UUID(first.id):
            raise ConnectionError
        return written

    monkeypatch.setattr(ReportStore, "advance", die_behind)
    assert (await first.act("reporter", {"action": "withdraw"})).status_code == 500
    assert (await looked_up(first))["status"] == "withdrawn"
    assert (await looked_up(late))["status"] == "submitted"


# --- a full timeline -----------------------------------------------------------------------------


async def test_a_full_timeline_stops_neither_the_clock_nor_those_who_work(ward: Office) -> None:
    case = await ward.report(*WORKED)
    report = await ReportStore(ward.town.database).find(UUID(case.id))
    assert report is not None
    more = [to_document(report.timeline[-1]) for _ in range(TIMELINE_LIMIT)]
    await ward.town.database["reports"].update_one(
        {"_id": report.id}, {"$push": {"timeline": {"$each": more}}}
    )
    full = await case.act("handler", {"action": "note", "text": "Còn chỗ không?"})
    assert (full.status_code, full.json()["code"]) == (409, "timeline_full")
    assert report.alarm is not None
    with time_machine.travel(report.alarm.at + timedelta(seconds=1)):
        stop = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            group.create_task(work(ward.town.settings, stop))
            await until(lambda: rang(case, "warn"))
            stop.set()
    await looked_up(case)
    await case.must("handler", {"action": "resolve", "text": "Xong"})


async def test_a_report_that_holds_too_much_is_refused_in_words_and_never_by_the_database(
    ward: Office,
) -> None:
    case = await ward.report(*WORKED)
    long = "ổ" * 4000
    comment, note = ({"action": name, "text": long} for name in ("comment", "note"))
    steps = {
        "reporter": (COMMENTING, comment),
        "handler": (ADDING, note),
        "supervisor": (ACTING, {"action": "open_task", "agency": HELPING, "text": long}),
    }
    for room, _ in steps.values():
        await weigh_down(ward, case, room.size_b)
        for who, (theirs, step) in steps.items():
            answer = await case.act(who, step)
            full = theirs.size_b <= room.size_b
            assert answer.status_code == (409 if full else 200), (who, answer.text[:200])
            if full:
                assert answer.json()["code"] == "timeline_full"
                assert answer.json()["limit_b"] == theirs.size_b


async def weigh_down(ward: Office, case: Case, size_b: int) -> None:
    """A hundred entries more, as long as it takes to so many bytes."""
    reports, there = ward.town.database["reports"], await kept(case)
    lacking = size_b - len(bson.encode(there, codec_options=reports.codec_options))
    padding = [there["timeline"][0] | {"text": "x" * (lacking // 100)}] * 100
    await reports.update_one({"_id": there["_id"]}, {"$push": {"timeline": {"$each": padding}}})


# --- reports that are older than what is kept of them now ----------------------------------------


async def test_older_reports_are_at_risk_when_newer_ones_would_be(ward: Office) -> None:
    cases = [await ward.report(), await ward.report(*WORKED)]
    expected = [(await kept(case))["risk_at"] for case in cases]
    ids = [UUID(case.id) for case in cases]
    await ward.town.database["reports"].update_many(
        {"_id": {"$in": ids}}, {"$unset": {"risk_at": ""}}
    )
    for _ in range(2):
        await tell_risks(ward.town.database)
        await tell_risks_by_warnings(ward.town.database)
    assert [(await kept(case))["risk_at"] for case in cases] == expected


# --- nonsense ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "as_of", [datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC)]
)
@pytest.mark.parametrize("query", [{}, {"at_risk": "true"}, {"overdue": "true"}])
async def test_a_cursor_from_the_end_of_time_is_no_failure(
    ward: Office, as_of: datetime, query: dict[str, str]
) -> None:
    for due_at in (as_of, None):
        cursor = encode_cursor((as_of, due_at, new_id()))
        answer = await ward["handler"].get(QUEUE, params=query | {"cursor": cursor})
        assert answer.status_code in {200, 400}, answer.text


@pytest.mark.parametrize(
    "query",
    [
        {"radius_m": "nan", "near": "21.03,105.85"},
        {"radius_m": "1e-320", "near": "21.03,105.85"},
        {"near": "nan,nan"},
        {"near": "90,180"},
        {"bbox": "-180,-90,180,90"},
        {"bbox": "105,21,105.0000000000001,21.0000000000001"},
        {"text": "ổ" * 200},
        {"text": " ".join("abcdefghijklmnopqrstuvwxyz")},
        {"text": "a\u0000b"},
        {"limit": "0"},
        {"limit": "101"},
        {"limit": "1e2"},
        {"assignee": "{" + "0" * 32 + "}"},
        {"assignee": "me", "sort": "newest", "status": "closed"},
        {"overdue": "true", "at_risk": "true", "assignee": "none", "sort": "newest"},
        {"status": "held"},
        {"cursor": "AAAA"},
    ],
)
async def test_nonsense_is_an_answer_or_a_refusal(ward: Office, query: dict[str, str]) -> None:
    answer = await ward["handler"].get(QUEUE, params=query)
    assert answer.status_code in {200, 400}, answer.text


@pytest.mark.parametrize(
    "text", [" ", "\n\t ", "\u200b\u202e\ufe0f \u3164", "\U000e0041\u2800\x00"]
)
@pytest.mark.parametrize("action", ["resolve", "ask", "comment"])
async def test_a_blank_text_says_nothing(ward: Office, action: str, text: str) -> None:
    case = await ward.report(*WORKED)
    answer = await case.act("handler", {"action": action, "text": text})
    assert answer.status_code == 400, answer.text


# --- deadlines -----------------------------------------------------------------------------------


async def test_a_report_is_not_at_risk_in_the_moment_in_which_it_is_handed_on(
    ward: Office,
) -> None:
    case = await ward.report()
    old = now() - timedelta(days=20)
    await ward.town.database["reports"].update_one(
        {"_id": UUID(case.id)}, {"$set": {"submitted_at": old}}
    )
    await case.must("handler", {"action": "transfer", "agency": "so-y-te", "text": "Của y tế"})
    there = await kept(case)
    assert there["risk_at"] > now()
