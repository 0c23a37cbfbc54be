"""What happens to one sample report, by the lifecycle's own rules, from its day until now."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from smartcity.calendar.working_time import WorkingTime
from smartcity.city.model import Priority
from smartcity.cli.demo.lives import PHOTOS, PROMPT, RATINGS, TARDINESS, TARDY, WAITS, Life
from smartcity.cli.demo.scene import Scene
from smartcity.cli.demo.wording import Spot
from smartcity.reports.circumstances import Circumstances
from smartcity.reports.events import event, is_silent
from smartcity.reports.lifecycle import TRANSITIONS
from smartcity.reports.model import Report
from smartcity.reports.moderation import ADDRESS, DESCRIPTION
from smartcity.reports.requests import Redacted, Step
from smartcity.reports.steps import take
from smartcity.reports.timeline import By
from smartcity.reports.words import Action, Party, Status

ENDS: Final = frozenset({Action.CLOSE, Action.LAPSE})

NOBODY: Final = UUID(int=0)
"""Staff of an agency without sample accounts."""

SAID: Final[Mapping[Action, str]] = {
    Action.ANSWER: "replies",
    Action.REOPEN: "reopenings",
    Action.COMMENT: "comments",
    Action.NOTE: "notes",
    Action.UNMERGE: "unmergings",
    Action.WITHDRAW: "withdrawals",
    Action.REFUSE_EXTENSION: "refusals",
    Action.DISCLOSE: "disclosures",
}
"""Of which `Phrases` the words of an action are;"""

OF_TASKS: Final[Mapping[Action, str]] = {
    Action.FINISH_TASK: "task_answers",
    Action.DECLINE_TASK: "task_refusals",
    Action.CANCEL_TASK: "task_ends",
}
"""and of one on a task."""

SUPERVISORS: Final = frozenset({Party.SUPERVISOR})
DISPATCHERS: Final = frozenset({Party.DISPATCHER})


class Walk:
    """One report's way, step by step, each at its time and by whoever may take it."""

    def __init__(self, scene: Scene, report: Report, spot: Spot, original: Report | None) -> None:
        self._scene = scene
        self._spot = spot
        self._original = original
        self._at = report.submitted_at
        self.report = report
        self.events = [event(report, report.timeline[0])]

    def go(self, life: Life) -> None:
        """Take the steps of a life whose time has come by now."""
        for action in life:
            if action is Action.ASSIGN and self.report.agency not in self._scene.team.handlers:
                continue
            at = self._when(action)
            self._ring_before(min(at, self._scene.now))
            if at >= self._scene.now:
                return
            self._take(action, at)
        self._ring_before(self._scene.now)

    def _take(self, action: Action, at: datetime) -> None:
        by = self._by(action)
        parties = {by.party, Party.HANDLER} if by.party is Party.SUPERVISOR else {by.party}
        before, step = self.report, self._step(action, at)
        among = Circumstances(
            city=self._scene.city,
            clocks=self._scene.clocks,
            by=by,
            parties=parties,
            at=at,
            agencies={task.agency for task in before.tasks},
            survivor=self._original,
            arrived=step.attachments,
        )
        self.report, entry = msgspec.structs.astuple(take(before, step, among))
        self._at = at
        if not is_silent(entry):
            self.events.append(event(self.report, entry, before))

    def _ring_before(self, until: datetime) -> None:
        """What the clock does with it meanwhile. How it ends says its life, here."""
        while (alarm := self.report.alarm) is not None and alarm.action not in ENDS:
            at = max(alarm.at, self._at)
            if at >= until:
                return
            self._take(alarm.action, at)

    # --- who -------------------------------------------------------------------------------------

    def _by(self, action: Action) -> By:
        allowed = TRANSITIONS[action].by
        team, agency = self._scene.team, self.report.agency
        if Party.CLOCK in allowed and Party.HANDLER not in allowed:
            return By(party=Party.CLOCK)
        if allowed == DISPATCHERS or self.report.status is Status.HELD:
            return By(party=Party.DISPATCHER, id=next(iter(team.dispatchers), None))
        if allowed == SUPERVISORS:
            return By(party=Party.SUPERVISOR, id=team.supervisors.get(agency))
        if Party.HELPER in allowed and Party.HANDLER not in allowed:
            helper = self.report.tasks[-1].agency
            return By(party=Party.HELPER, id=team.handlers.get(helper))
        if Party.REPORTER in allowed:
            return By(party=Party.REPORTER, id=self.report.reporter.id)
        if action is Action.EXTEND and self.report.extension is not None:
            return By(party=Party.SUPERVISOR, id=team.supervisors.get(agency))
        return By(party=Party.HANDLER, id=team.handlers.get(agency))

    # --- when ------------------------------------------------------------------------------------

    def _when(self, action: Action) -> datetime:
        windows = self._scene.city.windows
        match action:
            case Action.RECEIVE:
                return self._before_or_after(action, self.report.deadlines.receive_by)
            case Action.RESOLVE:
                return self._before_or_after(action, self.report.deadlines.resolve_by)
            case Action.CLOSE:
                return self._at + timedelta(days=windows.close_days)
            case Action.LAPSE | Action.PROCEED:
                return self._at + timedelta(days=windows.lapse_days)
            case _:
                wait = WAITS[action]
                hours = self._scene.dice.between(wait.low_h, wait.high_h)
                if wait.working:
                    return self._time.after(self._at, hours)
                return self._at + timedelta(hours=hours)

    def _before_or_after(self, action: Action, deadline: datetime) -> datetime:
        """A part of the working time until a deadline; those who are late take more than all."""
        dice = self._scene.dice
        low, high = TARDY if dice.happens(TARDINESS[action]) else PROMPT
        left_h = self._time.between(self._at, deadline).total_seconds() / 3600
        return self._time.after(self._at, max(left_h, 1.0) * dice.between(low, high))

    @property
    def _time(self) -> WorkingTime:
        """The working time that its deadlines are counted in."""
        return self._scene.times[self.report.deadlines.calendar.partition("/")[0]]

    # --- what ------------------------------------------------------------------------------------

    def _step(self, action: Action, at: datetime) -> Step:
        wording, spot, category = self._scene.wording, self._spot, self.report.category
        match action:
            case Action.TRANSFER:
                text = wording.phrase("transfers", spot)
                return Step(action=action, agency=self._elsewhere(at), text=text)
            case Action.CORRECT:
                changed = self.report.priority is Priority.NORMAL
                priority = Priority.COMPLEX if changed else Priority.NORMAL
                text = wording.phrase("corrections", spot)
                return Step(action=action, priority=priority, text=text)
            case Action.ASSIGN:
                return Step(action=action, assignee=self._scene.team.handlers[self.report.agency])
            case Action.ASK:
                return Step(action=action, text=wording.question(category, spot))
            case Action.EXTEND:
                text = wording.phrase("extensions", spot)
                return Step(action=action, until=self._until(at), text=text)
            case Action.RESOLVE:
                text = wording.answer(category, spot)
                return Step(action=action, text=text, attachments=self._proof(at))
            case Action.REJECT:
                reason, text = wording.rejection(spot)
                return Step(action=action, reason=reason, text=text)
            case Action.OPEN_TASK:
                text = wording.phrase("tasks", spot)
                return Step(action=action, agency=self._helper(), text=text)
            case Action.START_TASK:
                return Step(action=action, task=self.report.tasks[-1].id)
            case Action.FINISH_TASK | Action.DECLINE_TASK | Action.CANCEL_TASK:
                text = wording.phrase(OF_TASKS[action], spot)
                return Step(action=action, task=self.report.tasks[-1].id, text=text)
            case Action.REDACT | Action.REVEAL:
                kind = "hidings" if action is Action.REDACT else "showings"
                hidden = Redacted(target=ADDRESS if self.report.place.address else DESCRIPTION)
                return Step(action=action, redaction=hidden, text=wording.phrase(kind, spot))
            case Action.MERGE:
                return Step(action=action, report=self._original and self._original.id)
            case Action.ACCEPT:
                dice = self._scene.dice
                text = wording.phrase("thanks", spot) if dice.happens(0.4) else None
                return Step(action=action, rating=dice.one_of(RATINGS), text=text)
            case _:
                kind = SAID.get(action)
                return Step(action=action, text=kind and wording.phrase(kind, spot))

    def _elsewhere(self, at: datetime) -> str:
        """Another agency that may have to do with it."""
        city, unit = self._scene.city, self.report.place.unit
        day = city.local(at).date()
        own = city.own_agency(unit, day) if unit else None
        candidates: Sequence[str] = (*([own.code] if own else []), *self._scene.samples.agencies)
        return next(code for code in candidates if code != self.report.agency)

    def _helper(self) -> str:
        """An agency of those with sample log-ins, so that somebody can see its tasks."""
        about = self.report.subject
        accused = self._scene.city.below(about.agency) if about and about.agency else ()
        others = {self.report.agency, *accused}
        return self._scene.dice.one_of(
            [code for code in self._scene.samples.agencies if code not in others]
        )

    def _until(self, at: datetime) -> datetime:
        wish = self.report.extension
        latest = max(at, self.report.deadlines.resolve_by)
        if wish is not None and wish.until > latest:
            return wish.until
        return self._time.after(latest, self._scene.dice.between(16, 40))

    def _proof(self, at: datetime) -> list[UUID]:
        demanded = self._scene.city.categories[self.report.category].proof
        if not demanded and not self._scene.dice.happens(PHOTOS):
            return []
        owner = self._scene.team.handlers.get(self.report.agency, NOBODY)
        return [self._scene.album.take(owner, self.report.id, at, mended=True)]
