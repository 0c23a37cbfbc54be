"""One step in an alert's life: from an alert and a step to the alert after it. Pure.

`lifecycle` says whether it may happen. Nothing is written: the service stores the result, or
nothing.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from smartcity.alerts.lifecycle import ALWAYS_ROOM, transition
from smartcity.alerts.model import (
    MESSAGES,
    TIMELINE,
    Alert,
    AlertAction,
    AlertStatus,
    Content,
    Draft,
    Entry,
    Key,
    Message,
    MessageKind,
)
from smartcity.city.policies import Alerts
from smartcity.errors import TimelineFull
from smartcity.identifiers import new_id
from smartcity.identity.roles import Actor


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """What is to happen: the new `content` of a draft, or why an alert is cancelled."""

    action: AlertAction
    content: Content | None = None
    note: Mapping[str, str] = {}


class Circumstances(msgspec.Struct, frozen=True, kw_only=True):
    """What a step hangs on beside the alert itself."""

    actor: Actor
    policy: Alerts
    at: datetime


Changes = dict[str, Any]
Effect = Callable[[Alert, Step, Circumstances], Changes]


def created(content: Content, actor: UUID, submission: Key, at: datetime) -> Alert:
    """A new draft, which nobody but officers knows of."""
    entry = Entry(
        id=new_id(), at=at, action=AlertAction.CREATE, by=actor, status=AlertStatus.DRAFT, version=1
    )
    return Alert(
        id=new_id(),
        submission=submission,
        status=AlertStatus.DRAFT,
        version=1,
        draft=Draft(content=content, by=actor, at=at),
        timeline=(entry,),
        created_at=at,
        updated_at=at,
    )


def take(alert: Alert, step: Step, among: Circumstances) -> Alert:
    """The alert after a step, which is the last entry of its timeline. Raises what the lifecycle
    does, and `TimelineFull`; the alert given is never changed.
    """
    status = transition(step.action, alert, among.actor, among.policy, among.at)
    if len(alert.timeline) >= TIMELINE and step.action not in ALWAYS_ROOM:
        raise TimelineFull(limit=TIMELINE)
    changes: Changes = {"status": status} | EFFECTS[step.action](alert, step, among)
    after = msgspec.structs.replace(
        alert, **changes, version=alert.version + 1, updated_at=among.at
    )
    entry = Entry(
        id=new_id(),
        at=among.at,
        action=step.action,
        by=among.actor.id,
        status=after.status,
        version=after.version,
        message=after.messages[-1].id if len(after.messages) > len(alert.messages) else None,
    )
    return msgspec.structs.replace(after, timeline=(*alert.timeline, entry))


def _revise(_alert: Alert, step: Step, among: Circumstances) -> Changes:
    assert step.content is not None, "whoever revises says what"
    return {"draft": Draft(content=step.content, by=among.actor.own_id, at=among.at)}


def _confirm(alert: Alert, _step: Step, among: Circumstances) -> Changes:
    assert alert.draft is not None, "the lifecycle says so"
    confirmed = msgspec.structs.replace(
        alert.draft, confirmed_by=among.actor.own_id, confirmed_at=among.at
    )
    return {"draft": confirmed}


def _issue(alert: Alert, _step: Step, among: Circumstances) -> Changes:
    assert alert.draft is not None, "the lifecycle says so"
    if len(alert.messages) >= MESSAGES:
        raise TimelineFull(limit=MESSAGES)
    content = alert.draft.content
    message = Message(
        id=new_id(),
        kind=MessageKind.UPDATE if alert.messages else MessageKind.ALERT,
        sent=among.at,
        content=content,
    )
    messages = (*alert.messages, message)
    return {"draft": None, "messages": messages, "expires_at": content.expires}


def _cancel(alert: Alert, step: Step, among: Circumstances) -> Changes:
    assert alert.latest is not None, "what is issued was published"
    message = Message(
        id=new_id(),
        kind=MessageKind.CANCEL,
        sent=among.at,
        content=alert.latest.content,
        note=step.note,
    )
    messages = (*alert.messages, message)
    return {"draft": None, "messages": messages, "expires_at": None, "ended_at": among.at}


def _discard(alert: Alert, _step: Step, among: Circumstances) -> Changes:
    if alert.status is AlertStatus.DRAFT:
        return {"status": AlertStatus.DISCARDED, "ended_at": among.at}  # the words stay, to be read
    return {"draft": None}


def _expire(_alert: Alert, _step: Step, among: Circumstances) -> Changes:
    return {"draft": None, "expires_at": None, "ended_at": among.at}


EFFECTS: Final[Mapping[AlertAction, Effect]] = {
    AlertAction.REVISE: _revise,
    AlertAction.CONFIRM: _confirm,
    AlertAction.ISSUE: _issue,
    AlertAction.CANCEL: _cancel,
    AlertAction.DISCARD: _discard,
    AlertAction.EXPIRE: _expire,
}
