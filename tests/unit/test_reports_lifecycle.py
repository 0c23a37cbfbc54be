"""What may happen to a report: the table, walked by people who try everything."""

from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from smartcity.city import load_city
from smartcity.errors import (
    Conflict,
    Forbidden,
    IllegalTransition,
    Invalid,
    ProofMissing,
    TasksOpen,
)
from smartcity.identifiers import new_id
from smartcity.reports.deadlines import Clocks
from smartcity.reports.effects import EFFECTS
from smartcity.reports.lifecycle import TRANSITIONS, WITHOUT_VERSION
from smartcity.reports.model import Report
from smartcity.reports.needs import BELONGS_TO, NEEDS
from smartcity.reports.requests import Step
from smartcity.reports.steps import take
from smartcity.reports.words import OPEN, Action, Party, Status, TaskStatus
from smartcity.settings import PROJECT
from tests.unit.reports_made import MONDAY, among, category_of, make_report

HANOI = load_city(PROJECT / "config" / "hanoi")
CLOCKS = Clocks(HANOI)
HOUR = timedelta(hours=1)


def act(
    report: Report, action: Action, /, *parties: Party, at: datetime | None = None, **given: object
) -> Report:
    found = {name: given.pop(name) for name in ("survivor", "arrived", "agencies") if name in given}
    step = msgspec.convert({"action": action, **given}, Step)
    moment = at or report.updated_at + HOUR
    return take(report, step, among(HANOI, CLOCKS, *parties, at=moment, **found)).report


def worked_on(**given: Any) -> Report:
    report = act(make_report(HANOI, **given), Action.RECEIVE, Party.HANDLER)
    return act(report, Action.START, Party.HANDLER)


def helped(report: Report, **given: Any) -> Report:
    asked: dict[str, Any] = {"agency": other_agency(report), "text": "Kiểm tra giúp", **given}
    return act(report, Action.OPEN_TASK, Party.HANDLER, **asked)


def other_agency(report: Report) -> str:
    return next(
        code
        for code in HANOI.agencies
        if code != report.agency and HANOI.agency_valid(code, MONDAY.date())
    )


def test_every_action_but_submitting_has_a_row_and_every_effect_belongs_to_one() -> None:
    assert set(TRANSITIONS) == set(Action) - {Action.SUBMIT}
    assert set(EFFECTS) <= set(TRANSITIONS)
    assert {need for row in TRANSITIONS.values() for need in row.needs} == set(NEEDS)


@pytest.mark.parametrize("action", TRANSITIONS)
def test_a_stranger_may_do_nothing(action: Action) -> None:
    with pytest.raises(Forbidden):
        act(make_report(HANOI), action, Party.STRANGER)


@pytest.mark.parametrize(
    ("action", "status"),
    [(row.action, s) for row in TRANSITIONS.values() for s in Status if s not in row.sources],
)
def test_an_action_from_a_status_that_is_not_in_its_row_is_refused(
    action: Action, status: Status
) -> None:
    report = make_report(HANOI, status=status)
    with pytest.raises(IllegalTransition):
        act(report, action, *TRANSITIONS[action].by)


@pytest.mark.parametrize(
    ("action", "missing"),
    [
        (Action.ASK, "text"),
        (Action.EXTEND, "until"),
        (Action.ASSIGN, "assignee"),
        (Action.TRANSFER, "agency"),
        (Action.MERGE, "report"),
        (Action.CORRECT, "category"),
        (Action.RESOLVE, "text"),
    ],
)
def test_an_action_without_what_it_needs_names_the_field(action: Action, missing: str) -> None:
    with pytest.raises(Invalid) as refusal:
        act(worked_on(), action, Party.SUPERVISOR)
    assert missing in {field.path for field in refusal.value.fields}


def test_resolving_demands_proof_where_the_category_does() -> None:
    report = worked_on(category=category_of(HANOI, proof=True))
    photo = new_id()
    with pytest.raises(ProofMissing):
        act(report, Action.RESOLVE, Party.HANDLER, text="Xong")
    proven: dict[str, Any] = {"text": "Xong", "attachments": [str(photo)]}
    with pytest.raises(ProofMissing):  # announced, and never sent
        act(report, Action.RESOLVE, Party.HANDLER, **proven)
    solved = act(report, Action.RESOLVE, Party.HANDLER, **proven, arrived=[photo])
    assert solved.status is Status.RESOLVED


def test_a_transfer_begins_anew_at_the_other_agency_and_keeps_the_resolve_by_date() -> None:
    report = worked_on()
    moved = act(
        report, Action.TRANSFER, Party.HANDLER, agency=other_agency(report), text="Không thuộc"
    )
    assert moved.status is Status.SUBMITTED
    assert moved.agency != report.agency
    assert moved.deadlines.resolve_by == report.deadlines.resolve_by


def test_after_the_third_transfer_only_a_dispatcher_may() -> None:
    report = make_report(HANOI, transfers=HANOI.windows.transfer_limit)
    target = other_agency(report)
    with pytest.raises(Forbidden):
        act(report, Action.TRANSFER, Party.HANDLER, agency=target, text="Không")
    assert act(report, Action.TRANSFER, Party.DISPATCHER, agency=target, text="Có").agency == target


def test_the_clock_stops_for_the_first_question_only() -> None:
    report = worked_on()
    asked = act(report, Action.ASK, Party.HANDLER, text="Ở đâu?")
    assert asked.due_at is None
    answered = act(asked, Action.ANSWER, Party.REPORTER, text="Đây", at=asked.updated_at + 6 * HOUR)
    assert answered.deadlines.resolve_by > report.deadlines.resolve_by
    assert answered.deadlines.first_resolve_by == report.deadlines.first_resolve_by
    again = act(answered, Action.ASK, Party.HANDLER, text="Khi nào?")
    assert again.deadlines == answered.deadlines


def test_a_handlers_extension_is_a_wish_until_a_supervisor_grants_it() -> None:
    report = worked_on()
    later = (report.deadlines.resolve_by + 48 * HOUR).isoformat()
    wish = act(report, Action.EXTEND, Party.HANDLER, until=later, text="Chờ vật tư")
    assert wish.deadlines == report.deadlines
    assert wish.timeline[-1].internal
    granted = act(wish, Action.EXTEND, Party.SUPERVISOR, until=later, text="Đồng ý")
    assert granted.deadlines.resolve_by.isoformat() == later
    assert granted.deadlines.first_resolve_by == report.deadlines.first_resolve_by
    assert granted.extension is None


def test_a_report_is_only_ever_merged_into_an_earlier_one_and_comes_back_as_it_was() -> None:
    earlier, later = make_report(HANOI), make_report(HANOI, at=MONDAY + HOUR)
    with pytest.raises(Invalid):
        act(earlier, Action.MERGE, Party.HANDLER, report=str(later.id), survivor=later)
    merged = act(later, Action.MERGE, Party.HANDLER, report=str(earlier.id), survivor=earlier)
    assert merged.merged_into == earlier.id
    back = act(merged, Action.UNMERGE, Party.HANDLER, text="Nhầm")
    assert (back.status, back.merged_into, back.finished_at) == (Status.SUBMITTED, None, None)


def test_a_correction_proposes_a_route_and_leaves_agency_and_deadlines() -> None:
    report = make_report(HANOI)
    other = next(c for c in HANOI.categories.values() if c.field != report.field)
    corrected = act(report, Action.CORRECT, Party.HANDLER, category=other.code, text="Sai lĩnh vực")
    assert (corrected.category, corrected.field) == (other.code, other.field)
    assert (corrected.agency, corrected.deadlines) == (report.agency, report.deadlines)
    assert corrected.proposal is not None
    assert corrected.timeline[-1].before == {"category": report.category} | (
        {"priority": report.priority} if other.priority != report.priority else {}
    )


def test_a_reporter_reopens_within_the_window_and_up_to_the_limit() -> None:
    solved = act(worked_on(), Action.RESOLVE, Party.HANDLER, text="Xong")
    window = timedelta(days=HANOI.windows.reopen_days)
    with pytest.raises(Conflict):
        act(
            solved, Action.REOPEN, Party.REPORTER, text="Chưa", at=solved.updated_at + window + HOUR
        )
    spent = msgspec.structs.replace(solved, reopened=HANOI.windows.reopen_limit)
    with pytest.raises(Conflict):
        act(spent, Action.REOPEN, Party.REPORTER, text="Chưa")
    assert act(spent, Action.REOPEN, Party.SUPERVISOR, text="Chưa").status is Status.RECEIVED


def test_a_handler_takes_a_report_and_only_a_supervisor_gives_it_to_somebody() -> None:
    report = worked_on()
    somebody = str(new_id())
    with pytest.raises(Forbidden):
        act(report, Action.ASSIGN, Party.HANDLER, assignee=somebody)
    assert str(act(report, Action.ASSIGN, Party.SUPERVISOR, assignee=somebody).assignee) == somebody


def test_a_task_has_as_long_as_the_helpers_own_reports_unless_the_lead_says() -> None:
    report = worked_on()
    (task,) = helped(report).tasks
    category = HANOI.categories[report.category]
    counted = CLOCKS.give(category, report.priority, task.agency, report.updated_at + HOUR)
    assert task.due_at == counted.resolve_by
    until = report.updated_at + 5 * HOUR
    (dated,) = helped(report, until=until.isoformat()).tasks
    assert dated.due_at == until


def test_a_helper_helps_in_their_own_agencys_task_only() -> None:
    report = helped(worked_on())
    (task,) = report.tasks
    given: dict[str, Any] = {"task": str(task.id), "text": "Xong"}
    with pytest.raises(Forbidden):
        act(report, Action.FINISH_TASK, Party.HELPER, **given, agencies={"so-y-te"})
    done = act(report, Action.FINISH_TASK, Party.HELPER, **given, agencies={task.agency})
    assert [one.status for one in done.tasks] == [TaskStatus.DONE]
    assert done.version == report.version + 1
    assert done.timeline[-1].internal
    with pytest.raises(IllegalTransition):
        act(done, Action.DECLINE_TASK, Party.HELPER, **given, agencies={task.agency})


def test_a_report_is_not_resolved_over_the_heads_of_its_helpers() -> None:
    report = helped(worked_on())
    with pytest.raises(TasksOpen):
        act(report, Action.RESOLVE, Party.HANDLER, text="Xong", why="Gấp")
    with pytest.raises(TasksOpen):
        act(report, Action.RESOLVE, Party.SUPERVISOR, text="Xong")
    solved = act(report, Action.RESOLVE, Party.SUPERVISOR, text="Xong", why="Gấp")
    assert [(one.status, one.why) for one in solved.tasks] == [(TaskStatus.CANCELLED, "Gấp")]


def test_a_question_that_nobody_answers_ends_the_tasks_too() -> None:
    asked = act(helped(worked_on()), Action.ASK, Party.HANDLER, text="Ở đâu?")
    while asked.alarm:
        asked = act(asked, asked.alarm.action, Party.CLOCK, at=asked.alarm.at)
    assert [one.ended_by for one in asked.tasks] == [Action.LAPSE]


class LifeOfAReport(RuleBasedStateMachine):
    """Everybody tries everything, in any order."""

    @initialize()
    def submit(self) -> None:
        self.report = make_report(HANOI)
        self.first_resolve_by = self.report.deadlines.first_resolve_by
        self.elder = make_report(HANOI, at=MONDAY - HOUR)

    @rule(
        action=st.sampled_from([a for a in Action if a is not Action.SUBMIT]),
        party=st.sampled_from(Party),
        text=st.sampled_from([None, "Một lời"]),
        hours=st.integers(0, 400),
        rating=st.sampled_from([None, 4]),
        data=st.data(),
    )
    def try_something(
        self,
        action: Action,
        party: Party,
        text: str | None,
        hours: int,
        rating: int | None,
        data: st.DataObject,
    ) -> None:
        at = self.report.updated_at + hours * HOUR
        given = {
            "rating": rating,
            "reason": data.draw(st.sampled_from([None, *HANOI.reasons])),
            "agency": data.draw(st.sampled_from([None, *list(HANOI.agencies)[:5]])),
            "category": data.draw(st.sampled_from([None, *HANOI.categories])),
            "assignee": data.draw(st.sampled_from([None, new_id()])),
            "until": data.draw(st.sampled_from([None, at + 500 * HOUR])),
            "report": self.elder.id,
            "task": data.draw(st.sampled_from([None, *(task.id for task in self.report.tasks)])),
            "why": data.draw(st.sampled_from([None, "Gấp"])),
        }
        needs = TRANSITIONS[action].needs
        wanted: dict[str, Any] = {
            name: value for name, value in given.items() if not BELONGS_TO[name].isdisjoint(needs)
        }
        photos = [new_id()] if data.draw(st.booleans()) else []
        step = Step(action=action, text=text, attachments=photos, **wanted)
        before = self.report
        found = among(
            HANOI,
            CLOCKS,
            party,
            at=at,
            survivor=self.elder,
            arrived=photos,
            agencies=data.draw(st.sampled_from([(), *((t.agency,) for t in before.tasks)])),
        )
        try:
            taken = take(before, step, found)
        except (Forbidden, IllegalTransition, Invalid, Conflict, ProofMissing):
            return
        self.report = taken.report
        row = TRANSITIONS[action]
        assert before.status in row.sources
        assert party in row.by
        assert taken.entry.status is self.report.status
        assert self.report.timeline == (*before.timeline, taken.entry)
        grown = self.report.version - before.version
        assert grown == (0 if action in WITHOUT_VERSION else 1)

    @invariant()
    def an_open_report_is_unfinished_and_a_finished_one_is_not_due(self) -> None:
        report = self.report
        assert (report.finished_at is None) == (report.status in OPEN)
        if report.status not in OPEN:
            assert report.due_at is None

    @invariant()
    def the_first_deadline_never_moves(self) -> None:
        assert self.report.deadlines.first_resolve_by == self.first_resolve_by

    @invariant()
    def nobody_waits_for_help_with_what_is_finished(self) -> None:
        tasks = self.report.tasks
        assert self.report.is_open or not any(task.is_open for task in tasks)
        assert all((task.finished_at is None) == task.is_open for task in tasks)
        assert not any(task.is_open and task.agency == self.report.agency for task in tasks)

    @invariant()
    def what_was_refused_formally_is_never_public(self) -> None:
        assert not (self.report.formal and self.report.is_public)

    @invariant()
    def merged_means_merged_into_something(self) -> None:
        report = self.report
        assert (report.status is Status.MERGED) == (report.merged_into is not None)


TestLifeOfAReport = LifeOfAReport.TestCase
TestLifeOfAReport.settings = settings(max_examples=50, stateful_step_count=20)
