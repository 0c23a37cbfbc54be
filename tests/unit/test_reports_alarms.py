"""What the clock does next with a report, and when."""

from datetime import timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartcity.city import load_city
from smartcity.errors import Conflict
from smartcity.feed.event import RaisedTo
from smartcity.reports.clockwork.alarms import TURNS, wound
from smartcity.reports.clockwork.ladder import rungs
from smartcity.reports.deadlines import RISK_AT_MOST, Clocks
from smartcity.reports.events import event
from smartcity.reports.lifecycle import TRANSITIONS
from smartcity.reports.model import Alarm, Report, Rung
from smartcity.reports.requests import Step
from smartcity.reports.steps import take
from smartcity.reports.words import OPEN, Action, Party, Status
from smartcity.settings import PROJECT
from tests.unit.reports_made import MONDAY, UNHURRIED, among, make_report

HANOI = load_city(PROJECT / "config" / "hanoi")
CLOCKS = Clocks(HANOI)
HOUR = timedelta(hours=1)
WHENEVER_OPEN = {Action.WARN, Action.WARN_TASK, Action.ESCALATE}
DAY = timedelta(days=1)
WARD = "ubnd-00004"
HELPER = "cong-an"


def act(report: Report, action: Action, party: Party, hours: float = 0, **more: Any) -> Report:
    at = report.updated_at + hours * HOUR
    step = Step(action=action, **more)
    return take(report, step, among(HANOI, CLOCKS, party, at=at)).report


def ring(report: Report, action: Action | None = None) -> Report:
    """Take the step that the clock takes next, when it is due."""
    assert report.alarm
    step = Step(action=action or report.alarm.action)
    found = among(HANOI, CLOCKS, Party.CLOCK, at=max(report.alarm.at, report.updated_at))
    return take(report, step, found).report


def all_of_the_deadline(report: Report) -> list[tuple[Action, int]]:
    """What happens to a report that nobody touches."""
    rung: list[tuple[Action, int]] = []
    while report.alarm:
        report = ring(report)
        rung.append((report.timeline[-1].action, report.level))
    return rung


def received() -> Report:
    return act(make_report(HANOI, agency=WARD), Action.RECEIVE, Party.HANDLER)


def asked(times: int = 1) -> Report:
    report = received()
    for number in range(times):
        if number:
            report = act(report, Action.ANSWER, Party.REPORTER, text="Đây")
        report = act(report, Action.ASK, Party.HANDLER, text="Ở đâu?")
    return report


def test_a_report_that_nobody_touches_is_warned_of_and_goes_up_to_the_dispatcher() -> None:
    assert all_of_the_deadline(make_report(HANOI)) == [
        (Action.WARN, 0),
        (Action.ESCALATE, 1),
        (Action.ESCALATE, 2),
        (Action.ESCALATE, 3),
    ]


def test_a_new_deadline_begins_with_the_handlers_again() -> None:
    report = make_report(HANOI, category=UNHURRIED)
    for _ in range(3):
        report = ring(report)
    assert (report.level, report.escalated_to) == (
        2,
        Rung(role=Party.SUPERVISOR, agency="ubnd-tp"),
    )
    taken = act(report, Action.RECEIVE, Party.HANDLER)
    assert (taken.level, taken.escalated_to) == (0, None)
    assert taken.alarm
    assert taken.alarm.action is Action.WARN
    assert taken.alarm.at < taken.deadlines.resolve_by


def test_a_report_received_after_it_was_to_be_resolved_is_not_warned_of() -> None:
    late = act(make_report(HANOI), Action.RECEIVE, Party.HANDLER, hours=2000)
    assert late.alarm == Alarm(at=late.deadlines.resolve_by, action=Action.ESCALATE)
    assert late.risk_at == late.due_at


def test_nobody_is_warned_at_the_close_of_a_day_of_what_is_due_the_same_evening() -> None:
    category, close = HANOI.categories[UNHURRIED], MONDAY.replace(hour=10, minute=30)
    assert CLOCKS.warn_at(category, WARD, close - HOUR, close)
    assert CLOCKS.warn_at(category, WARD, close, close + HOUR) is None
    assert CLOCKS.risk_at(category, WARD, close, close + HOUR) == close + HOUR


def test_a_report_is_at_risk_from_its_warning_on() -> None:
    report = make_report(HANOI, category=UNHURRIED)
    after_six_hours_and_lunch = MONDAY + 7.5 * HOUR
    assert report.alarm == Alarm(at=after_six_hours_and_lunch, action=Action.WARN)
    assert report.risk_at == after_six_hours_and_lunch
    assert ring(report).risk_at == report.risk_at


def test_a_report_with_months_to_go_is_at_risk_in_the_last_three_days() -> None:
    until = MONDAY + 100 * DAY
    granted = act(received(), Action.EXTEND, Party.SUPERVISOR, until=until, text="Chờ vật tư")
    assert granted.alarm
    assert granted.alarm.at < until - RISK_AT_MOST
    assert granted.risk_at == until - RISK_AT_MOST


def test_what_was_warned_of_stays_at_risk_whatever_share_the_pack_has_by_then() -> None:
    later = msgspec.structs.replace(HANOI.escalation, warn_share=0.9)
    city = msgspec.structs.replace(HANOI, escalation=later)
    report = received()
    for told in (report, ring(report)):
        found = among(city, Clocks(city), Party.HANDLER, at=told.updated_at)
        started = take(told, Step(action=Action.START), found).report
        assert (started.risk_at == report.risk_at) == (told is not report)


def test_what_was_warned_of_is_at_risk_again_when_its_merge_is_undone() -> None:
    later = msgspec.structs.replace(HANOI.escalation, warn_share=0.9)
    city = msgspec.structs.replace(HANOI, escalation=later)
    earlier, report = make_report(HANOI, MONDAY - DAY), ring(make_report(HANOI))
    merge = Step(action=Action.MERGE, report=earlier.id)
    found = among(HANOI, CLOCKS, Party.HANDLER, at=report.updated_at, survivor=earlier)
    merged = take(report, merge, found).report
    assert merged.risk_at is None
    at = merged.updated_at + timedelta(minutes=1)
    unmerge = Step(action=Action.UNMERGE, text="Không phải")
    back = take(merged, unmerge, among(city, Clocks(city), Party.HANDLER, at=at)).report
    assert back.risk_at is not None
    assert back.risk_at <= at


def test_another_agency_has_its_own_time_to_receive_and_is_warned_anew() -> None:
    report = ring(ring(make_report(HANOI)))
    moved = act(report, Action.TRANSFER, Party.DISPATCHER, 1, agency="so-y-te", text="Nhầm nơi")
    assert moved.deadlines.receive_by > report.deadlines.receive_by
    assert moved.deadlines.receive_calendar == CLOCKS_VERSION
    assert moved.deadlines.resolve_by == report.deadlines.resolve_by
    assert moved.level == 0
    assert moved.alarm
    assert moved.alarm.action is Action.WARN


def test_a_supervisor_asks_somebody_above_and_the_clock_goes_on_from_there() -> None:
    raised = act(received(), Action.ESCALATE, Party.SUPERVISOR)
    assert raised.escalated_to == Rung(role=Party.SUPERVISOR, agency="ubnd-tp")
    missed = ring(ring(raised))
    assert missed.level == 3
    assert missed.updated_at == missed.deadlines.resolve_by
    assert missed.alarm is None
    with pytest.raises(Conflict):
        act(missed, Action.ESCALATE, Party.SUPERVISOR)


def test_the_clock_acts_only_when_it_is_time() -> None:
    report = make_report(HANOI)
    with pytest.raises(Conflict):
        act(report, Action.WARN, Party.CLOCK)
    warned = ring(report)
    with pytest.raises(Conflict):  # another process has done it
        act(warned, Action.WARN, Party.CLOCK)


def test_after_a_night_without_workers_nobody_is_passed_over_within_seconds() -> None:
    late = timedelta(days=40)
    report = make_report(HANOI)
    at = report.submitted_at + late
    for action in (Action.WARN, Action.ESCALATE):
        found = among(HANOI, CLOCKS, Party.CLOCK, at=at)
        report = take(report, Step(action=action), found).report
    assert report.alarm
    assert report.alarm.at - at >= 8 * HOUR


def test_the_first_question_stops_the_deadline_and_leaves_only_the_wait() -> None:
    report = asked()
    days = HANOI.windows.lapse_days - HANOI.windows.remind_days
    assert report.alarm == Alarm(at=report.updated_at + days * DAY, action=Action.REMIND)
    reminded = ring(report)
    ends = report.updated_at + HANOI.windows.lapse_days * DAY
    assert reminded.alarm == Alarm(at=ends, action=Action.LAPSE)
    lapsed = ring(reminded)
    assert (lapsed.status, lapsed.alarm) == (Status.REJECTED, None)


def test_a_second_question_does_not_keep_the_deadline_from_being_missed() -> None:
    actions = [action for action, _ in all_of_the_deadline(asked(times=2))]
    assert actions[:2] == [Action.WARN, Action.ESCALATE]
    assert actions[-1] is Action.LAPSE


def test_a_question_that_reached_nobody_is_not_given_up_but_put_before_the_supervisor() -> None:
    report = ring(asked())
    went_on = ring(report, Action.PROCEED)
    assert went_on.status is Status.IN_PROGRESS
    assert went_on.escalated_to == Rung(role=Party.SUPERVISOR, agency=WARD)
    assert went_on.deadlines.paused_at is None
    assert went_on.deadlines.resolve_by > report.deadlines.resolve_by


def test_a_late_announcement_puts_off_what_it_announces() -> None:
    solved = act(received(), Action.RESOLVE, Party.HANDLER, text="Xong")
    found = among(HANOI, CLOCKS, Party.CLOCK, at=solved.updated_at + 30 * DAY)
    told = take(solved, Step(action=Action.ANNOUNCE), found).report
    assert told.alarm == Alarm(
        at=told.updated_at + HANOI.windows.remind_days * DAY, action=Action.CLOSE
    )
    assert ring(told).status is Status.CLOSED


def test_what_was_merged_by_mistake_goes_on_where_it_was() -> None:
    earlier = make_report(HANOI)
    report = ring(make_report(HANOI, at=MONDAY + HOUR))
    found = among(HANOI, CLOCKS, Party.HANDLER, at=report.updated_at, survivor=earlier)
    merged = take(report, Step(action=Action.MERGE, report=earlier.id), found).report
    assert merged.alarm is None
    back = act(merged, Action.UNMERGE, Party.HANDLER, text="Nhầm")
    assert (back.watch, back.alarm) == (report.watch, report.alarm)


def test_a_comment_leaves_a_report_without_an_alarm_alone() -> None:
    """As imported histories are: years old, and nobody's to be pressed for."""
    old = make_report(HANOI, alarm=None, watch=None)
    assert act(old, Action.NOTE, Party.HANDLER, text="Cũ").alarm is None


def test_each_date_names_the_calendar_that_made_it() -> None:
    report = asked()
    assert report.deadlines.calendar == CLOCKS_VERSION
    assert report.deadlines.resolve_calendar is None
    changed = {
        code: msgspec.structs.replace(calendar, version="2026.2")
        for code, calendar in HANOI.calendars.items()
    }
    city = msgspec.structs.replace(HANOI, calendars=changed)
    later = among(city, Clocks(city), Party.REPORTER, at=report.updated_at + DAY)
    answered = take(report, Step(action=Action.ANSWER, text="Đây"), later).report
    assert answered.deadlines.calendar == CLOCKS_VERSION
    assert answered.deadlines.resolve_calendar == "office/2026.2"
    until = answered.deadlines.resolve_by + DAY
    granted = act(answered, Action.EXTEND, Party.SUPERVISOR, until=until, text="Chờ vật tư")
    assert granted.deadlines.resolve_calendar == "granted"
    solved = act(granted, Action.RESOLVE, Party.HANDLER, text="Xong")
    again = act(solved, Action.REOPEN, Party.REPORTER, text="Chưa")
    assert again.deadlines.resolve_calendar == CLOCKS_VERSION


CLOCKS_VERSION = f"office/{HANOI.calendars['office'].version}"


def helped(*dates: Any) -> Report:
    """Others were asked for help by these dates, or within their own time."""
    report = received()
    for until in dates:
        given = {"text": "Giúp", "until": until}
        report = act(report, Action.OPEN_TASK, Party.HANDLER, 0, agency=HELPER, **given)
    return report


def test_each_task_is_warned_of_once_in_the_order_of_their_dates() -> None:
    report = helped(MONDAY + 4 * DAY, None, MONDAY + 2 * DAY, MONDAY + 2 * DAY)
    last, in_their_time, one, other = report.tasks
    assert in_their_time.due_at < one.due_at
    warned: list[UUID | None] = []
    while report.alarm:
        alarm, report = report.alarm, ring(report)
        if alarm.action is Action.WARN_TASK:
            task = next(task for task in report.tasks if task.id == alarm.task)
            assert task.opened_at < alarm.at < task.due_at
            assert report.timeline[-1].internal
            warned.append(report.timeline[-1].task)
    assert warned == [in_their_time.id, one.id, other.id, last.id]


def test_a_task_that_is_done_or_that_ended_is_not_warned_of() -> None:
    report = helped(MONDAY + DAY)
    assert report.alarm
    assert report.alarm.action is Action.WARN_TASK
    among_helpers = among(HANOI, CLOCKS, Party.HELPER, at=report.updated_at, agencies={HELPER})
    step = Step(action=Action.FINISH_TASK, task=report.tasks[0].id, text="Xong")
    done = take(report, step, among_helpers).report
    rejected = act(report, Action.REJECT, Party.HANDLER, reason="formal-complaint")
    for after in (done, rejected):
        assert after.alarm is None or after.alarm.action is not Action.WARN_TASK


def test_a_warning_of_a_task_is_for_who_heads_the_helper() -> None:
    report = ring(helped(MONDAY + DAY))
    told = event(report, report.timeline[-1])
    assert (told.topic, told.action, told.public) == ("report", "warn_task", None)
    assert told.internal
    assert told.internal.raised_to == RaisedTo(role="supervisor", agency=HELPER)


Try = tuple[Action, Party, dict[str, Any]] | None

TRIES: list[Try] = [
    (Action.RECEIVE, Party.HANDLER, {}),
    (Action.START, Party.HANDLER, {}),
    (Action.ASK, Party.HANDLER, {"text": "Ở đâu?"}),
    (Action.ANSWER, Party.REPORTER, {"text": "Đây"}),
    (Action.TRANSFER, Party.DISPATCHER, {"agency": "so-y-te", "text": "Nhầm"}),
    (Action.TRANSFER, Party.DISPATCHER, {"agency": WARD, "text": "Nhầm"}),
    (Action.ESCALATE, Party.SUPERVISOR, {}),
    (Action.OPEN_TASK, Party.HANDLER, {"agency": HELPER, "text": "Giúp"}),
    (Action.RESOLVE, Party.HANDLER, {"text": "Xong"}),
    (Action.REOPEN, Party.SUPERVISOR, {"text": "Chưa"}),
    None,  # the clock
]


@given(st.lists(st.tuples(st.sampled_from(TRIES), st.floats(0, 300)), max_size=20))
def test_whatever_happens_the_clock_can_always_do_what_it_is_to_do_next(
    steps: list[tuple[Try, float]],
) -> None:
    report = make_report(HANOI, agency=WARD)
    for step, hours in steps:
        before = report
        try:
            if step is None:
                report = ring(report) if report.alarm else report
            else:
                report = act(report, step[0], step[1], hours, **step[2])
        except Exception as error:
            if step is None or getattr(error, "status", 500) >= 500:
                raise
        alarm = report.alarm
        if alarm is not None:
            assert report.status in TRANSITIONS[alarm.action].sources
            assert alarm.action in WHENEVER_OPEN or report.status in TURNS
        waits = report.status in TURNS or report.due_at is not None
        highest = len(rungs(HANOI, report.agency, report.updated_at))
        assert (alarm is not None) == (waits and not (alarm is None and report.level == highest))
        assert report.level <= highest
        assert (report.escalated_to is not None) == (report.status in OPEN and report.level > 0)
        # Worked out from the report alone: nothing changes when it is worked out again.
        if report is not before:
            action = report.timeline[-1].action
            assert wound(report, action, HANOI, CLOCKS, report.updated_at) == report


@given(st.floats(0, 8000))
def test_a_report_goes_up_one_level_at_a_time_and_never_before_its_deadline(hours: float) -> None:
    report = make_report(HANOI, at=MONDAY + hours * HOUR)
    deadline, moments = report.deadlines.receive_by, list[Any]()
    while report.alarm:
        moments.append(report.alarm)
        report = ring(report)
    assert [alarm.action for alarm in moments] == [Action.WARN] + [Action.ESCALATE] * 3
    assert moments[0].at < deadline == moments[1].at
    for earlier, later in pairwise(moments[1:]):
        assert later.at - earlier.at >= HANOI.escalation.level_h * HOUR
