"""Reports in every state, and people who try everything on them: what is true after each step."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final, cast

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from smartcity.attachments.images import Region
from smartcity.city import load_city
from smartcity.city.model import Publicity
from smartcity.errors import SmartCityError
from smartcity.identifiers import new_id
from smartcity.identity.roles import CLOCK, Actor, Role
from smartcity.reports.circumstances import Circumstances
from smartcity.reports.clockwork.ladder import rungs
from smartcity.reports.deadlines import RISK_AT_MOST, Clocks
from smartcity.reports.events import event
from smartcity.reports.holding.model import Common
from smartcity.reports.holding.rules import hold
from smartcity.reports.lifecycle import ADDITIONS, TRANSITIONS, WITHOUT_VERSION
from smartcity.reports.lists.queries import MAY_BE_HELD
from smartcity.reports.model import Place, Report
from smartcity.reports.needs import BELONGS_TO
from smartcity.reports.parties import acting_as, parties_of
from smartcity.reports.requests import Redacted, Step
from smartcity.reports.steps import Taken, take
from smartcity.reports.timeline import By
from smartcity.reports.viewers import Viewer
from smartcity.reports.views import Views
from smartcity.reports.words import Action, Party, Status
from smartcity.settings import PROJECT
from smartcity.storage.mongo import from_document, to_document
from tests.unit.reports_made import MONDAY, UNHURRIED, make_report

HANOI: Final = load_city(PROJECT / "config" / "hanoi")
CLOCKS: Final = Clocks(HANOI)
VIEWS: Final = Views(HANOI)
HOUR: Final = timedelta(hours=1)

SECRET: Final = "matvuong"
DESCRIPTION: Final = f"Ông {SECRET} đổ rác"
SPAN: Final = (DESCRIPTION.index(SECRET), DESCRIPTION.index(SECRET) + len(SECRET))
STREET: Final = "ngotham"

LEAD: Final = make_report(HANOI, category=UNHURRIED).agency
OTHERS: Final = ("so-y-te", "cong-an")
NEVER: Final = next(c.code for c in HANOI.categories.values() if c.public is Publicity.NEVER)
AT_ONCE: Final = next(c.code for c in HANOI.categories.values() if c.public is Publicity.AT_ONCE)


def staff(role: Role, *agencies: str) -> Actor:
    return Actor(roles=frozenset({role}), id=new_id(), agencies=frozenset(agencies))


STAFF: Final = (
    *(staff(Role.HANDLER, agency) for agency in (LEAD, *OTHERS)),
    *(staff(Role.SUPERVISOR, agency) for agency in (LEAD, *OTHERS)),
    staff(Role.DISPATCHER),
)

MOVES_THE_PROMISE: Final = frozenset(
    {
        Action.ANSWER,
        Action.LAPSE,
        Action.PROCEED,
        Action.EXTEND,
        Action.REOPEN,
        Action.RELEASE,
    }
)


def sent(hours: int, *, held: bool, public: Publicity) -> Report:
    made = make_report(
        HANOI, MONDAY + hours * HOUR, category=UNHURRIED, description=DESCRIPTION, public=public
    )
    return hold(made, (Common.TEXT,), made.submitted_at) if held else made


class LivesOfReports(RuleBasedStateMachine):
    """Three reports that may be merged into each other, and everybody whom they concern."""

    @initialize(
        held=st.tuples(st.booleans(), st.booleans(), st.booleans()),
        public=st.tuples(*[st.sampled_from(Publicity)] * 3),
    )
    def submit(self, held: tuple[bool, ...], public: tuple[Publicity, ...]) -> None:
        self.reports = [sent(hours, held=held[hours], public=public[hours]) for hours in range(3)]
        self.at = MONDAY + 3 * HOUR

    @rule(which=st.integers(0, 2), hours=st.sampled_from([0, 0, 1, 30, 200]), data=st.data())
    def somebody_acts(self, which: int, hours: int, data: st.DataObject) -> None:
        self.at += hours * HOUR
        report = self.reports[which]
        reporter = Actor(roles=frozenset({Role.DEVICE}), id=report.reporter.id)
        actor = data.draw(st.sampled_from([*STAFF, reporter]))
        parties = parties_of(actor, report)
        allowed = [
            row.action
            for row in TRANSITIONS.values()
            if report.status in row.sources and not row.by.isdisjoint(parties)
        ]
        rather = data.draw(st.integers(0, 9)) > 0 and allowed
        action = data.draw(st.sampled_from(sorted(allowed) if rather else sorted(TRANSITIONS)))
        self.act(which, self.step(action, report, actor, data), actor)

    @rule(which=st.integers(0, 2), late=st.sampled_from([0, 0, 1, 500]), heard=st.booleans())
    def the_alarm_rings(self, which: int, late: int, heard: bool) -> None:
        alarm = self.reports[which].alarm
        if alarm is None:
            return
        self.at = max(self.at, alarm.at) + late * HOUR
        action = alarm.action
        if action is Action.LAPSE and not heard:
            action = Action.PROCEED
        assert self.act(which, Step(action=action), CLOCK) is not None

    @rule(which=st.integers(0, 2), action=st.sampled_from(sorted(TRANSITIONS)))
    def the_clock_meddles(self, which: int, action: Action) -> None:
        """It does what it was told to and no more, also if two of them run."""
        report = self.reports[which]
        due = report.alarm is not None and report.alarm.at <= self.at
        if not due and action is not Action.UNMERGE:
            assert self.act(which, Step(action=action), CLOCK) is None

    def act(self, which: int, step: Step, actor: Actor) -> Taken | None:
        before = self.reports[which]
        parties = parties_of(actor, before)
        among = Circumstances(
            city=HANOI,
            clocks=CLOCKS,
            by=By(party=acting_as(parties, step.action), id=actor.id),
            parties=parties,
            at=self.at,
            agencies=actor.agencies,
            place=Place(lon=1.0, lat=1.0, address=step.address) if step.address else None,
            survivor=next((one for one in self.reports if one.id == step.report), None),
            arrived=step.attachments,
            photos=before.files,
        )
        try:
            taken = take(before, step, among)
        except SmartCityError:  # a refusal; whatever else is raised is a failure
            return None
        self.reports[which] = taken.report
        hold_true(before, taken, parties)
        return taken

    def step(self, action: Action, report: Report, actor: Actor, data: st.DataObject) -> Step:
        """What the action needs, as a rule; now and then something else."""
        given: Mapping[str, Any] = {
            "rating": 4,
            "reason": st.sampled_from(sorted(HANOI.reasons)),
            "agency": st.sampled_from([LEAD, *OTHERS]),
            "category": st.sampled_from([UNHURRIED, AT_ONCE, NEVER]),
            "address": st.sampled_from([None, f"Ngõ {STREET}", "Phố khác"]),
            "assignee": st.sampled_from([actor.id, new_id()]),
            "until": st.sampled_from([self.at + 2 * HOUR, self.at + 3000 * HOUR]),
            "report": st.sampled_from([one.id for one in self.reports]),
            "task": st.sampled_from([new_id(), *(task.id for task in report.tasks)]),
            "why": st.sampled_from([None, "Gấp"]),
            "redaction": redactions(report, action),
        }
        needs = TRANSITIONS[action].needs
        wanted: dict[str, Any] = {
            name: data.draw(cast("st.SearchStrategy[Any]", value))
            if isinstance(value, st.SearchStrategy)
            else value
            for name, value in given.items()
            if not BELONGS_TO[name].isdisjoint(needs)
        }
        photos = [new_id()] if data.draw(st.booleans()) else []
        text = data.draw(st.sampled_from(["Một lời", "Một lời", None]))
        return Step(action=action, text=text, attachments=photos, **wanted)

    @invariant()
    def each_report_is_whole(self) -> None:
        for report in getattr(self, "reports", ()):
            be_whole(report, self.at)
            assert from_document(to_document(report), Report) == report

    @invariant()
    def merging_leads_to_an_earlier_report_that_may_be_heard_of(self) -> None:
        known = {one.id: one for one in getattr(self, "reports", ())}
        for report in known.values():
            if report.merged_into is not None:
                assert known[report.merged_into].submitted_at < report.submitted_at


def redactions(report: Report, action: Action) -> st.SearchStrategy[Redacted]:
    if action is Action.REVEAL:
        return st.sampled_from([Redacted(target=one.target) for one in report.redactions] or NONE)
    whole = [str(one) for one in (*report.files, report.timeline[-1].id)]
    return st.sampled_from(
        [
            Redacted(target="description", spans=[SPAN]),
            Redacted(target="description"),
            Redacted(target="address"),
            Redacted(target="answers"),
            Redacted(target=whole[0], regions=[Region(x=0.1, y=0.1, width=0.2, height=0.2)]),
            *(Redacted(target=target) for target in whole),
        ]
    )


NONE: Final = [Redacted(target="description")]


def hold_true(before: Report, taken: Taken, parties: frozenset[Party]) -> None:
    """What is true of every step."""
    after, action = taken.report, taken.entry.action
    assert not TRANSITIONS[action].by.isdisjoint(parties)
    assert after.timeline == (*before.timeline, taken.entry)
    assert after.version - before.version == (action not in WITHOUT_VERSION)
    assert after.files[: len(before.files)] == before.files
    if before.public is Publicity.NEVER:
        assert after.public is Publicity.NEVER
        told = event(after, taken.entry, before)
        assert (told.public, told.gone) == (None, False)
    if before.held is None:
        assert after.held is None
    elif action is not Action.RELEASE:
        told = event(after, taken.entry, before)
        assert (told.public, told.gone) == (None, False)
    if action in ADDITIONS:
        same = msgspec.structs.replace(
            after, timeline=before.timeline, updated_at=before.updated_at, files=before.files
        )
        assert same == before
    if action not in MOVES_THE_PROMISE:
        assert after.deadlines.resolve_by == before.deadlines.resolve_by
    if action is not Action.RELEASE:
        assert after.deadlines.first_resolve_by == before.deadlines.first_resolve_by
    assert after.transfers - before.transfers == (action is Action.TRANSFER)
    assert after.reopened - before.reopened == (action is Action.REOPEN)
    if after.reopened > max(before.reopened, HANOI.windows.reopen_limit):
        assert Party.SUPERVISOR in parties


def be_whole(report: Report, at: Any) -> None:
    """What is true of every report at any time."""
    status, waits = report.status, report.deadlines.paused_at is not None
    assert not waits or status is Status.WAITING
    assert (report.due_at is not None) == (report.is_open and not waits)
    assert (report.risk_at is None) == (report.due_at is None)
    assert (report.finished_at is None) == (report.is_open or status is Status.HELD)
    assert (report.merged_into is None) == (report.before_merge is None)
    assert (report.merged_into is not None) == (status is Status.MERGED)
    assert report.is_open or report.extension is None
    assert report.is_open or not any(task.is_open for task in report.tasks)
    assert status is not Status.SUBMITTED or report.assignee is None
    if status is Status.HELD:
        assert report.held is not None
    if report.held is not None:
        assert status in MAY_BE_HELD
        assert not report.is_public
    if report.formal:
        assert (status, report.public) == (Status.REJECTED, Publicity.NEVER)
    be_watched(report, at)
    keep_secret(report)


def be_watched(report: Report, at: Any) -> None:
    """The alarm is none exactly if nothing is to come."""
    steps = len(rungs(HANOI, report.agency, at))
    reporters_turn = report.status in {Status.WAITING, Status.RESOLVED}
    if reporters_turn or (report.due_at is not None and report.level < steps):
        assert report.alarm is not None
    if not reporters_turn and report.due_at is None:
        assert report.alarm is None
    if report.due_at is not None:
        assert report.watch is not None
        assert (report.watch.by, report.watch.agency) == (report.due_at, report.agency)
        assert report.risk_at is not None
        assert report.due_at - RISK_AT_MOST <= report.risk_at <= report.due_at
    if report.alarm is not None and report.alarm.action is Action.WARN:
        assert report.due_at is not None
        assert report.risk_at == max(report.alarm.at, report.due_at - RISK_AT_MOST)
    assert report.level <= steps
    assert (report.escalated_to is not None) == (report.is_open and report.level > 0)


def keep_secret(report: Report) -> None:
    """Nobody finds by a search, nor reads, what is hidden."""
    hidden = {one.target for one in report.redactions}
    seen = msgspec.json.encode(VIEWS.full(report, Viewer.PUBLIC, "vi")).decode()
    if "description" in hidden:
        assert SECRET not in report.folded
        assert SECRET not in seen
    if "address" in hidden:
        assert report.place.address is not None
        assert STREET not in report.folded
        assert STREET not in seen
    if report.public is Publicity.NEVER or report.held is not None:
        assert not report.is_public


TestLivesOfReports = LivesOfReports.TestCase
TestLivesOfReports.settings = settings(max_examples=60, stateful_step_count=40)
