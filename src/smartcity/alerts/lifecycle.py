"""What may happen to an alert, by whom, and what it takes. Every surface asks this table.

An update is a draft beside what is issued: people go on reading what was confirmed until the new
words are. A cancellation asks for nothing but an officer, because it must never come too late.
"""

from collections.abc import Collection
from datetime import datetime
from enum import StrEnum
from typing import Final

import msgspec

from smartcity.alerts.model import Alert, AlertAction, AlertStatus, Content, Draft, Urgency
from smartcity.city.policies import Alerts, Severity
from smartcity.errors import (
    FieldError,
    Forbidden,
    IllegalTransition,
    Invalid,
    SecondPersonNeeded,
)
from smartcity.identity.roles import Actor, Role


class Need(StrEnum):
    DRAFT = "draft"
    ANOTHER = "another"  # not whoever wrote the draft last
    CONFIRMED = "confirmed"  # where the pack demands a second person
    IN_TIME = "in_time"  # it does not end before it begins
    DUE = "due"  # its time has come


class Transition(msgspec.Struct, frozen=True):
    """One row. `to` is none where the status stays."""

    action: AlertAction
    sources: frozenset[AlertStatus]
    to: AlertStatus | None
    by: Role
    needs: tuple[Need, ...] = ()


A, S, N = AlertAction, AlertStatus, Need
WORKED_AT: Final = frozenset({S.DRAFT, S.ISSUED})
OFFICER: Final = Role.ALERTER

TRANSITIONS: Final = {
    row.action: row
    for row in (
        #          action     from                   to           by       needs
        # Whatever was confirmed before is not what is confirmed now.
        Transition(A.REVISE, WORKED_AT, None, OFFICER),
        Transition(A.CONFIRM, WORKED_AT, None, OFFICER, (N.DRAFT, N.ANOTHER)),
        Transition(A.ISSUE, WORKED_AT, S.ISSUED, OFFICER, (N.DRAFT, N.CONFIRMED, N.IN_TIME)),
        Transition(A.CANCEL, frozenset({S.ISSUED}), S.CANCELLED, OFFICER),
        # Of an issued alert, only the update that was being written.
        Transition(A.DISCARD, WORKED_AT, None, OFFICER, (N.DRAFT,)),
        Transition(A.EXPIRE, frozenset({S.ISSUED}), S.EXPIRED, Role.CLOCK, (N.DUE,)),
    )
}

WITHOUT_VERSION: Final = frozenset({A.CANCEL, A.EXPIRE})
"""Nobody can make a cancellation fail by writing an update meanwhile."""

ALWAYS_ROOM: Final = frozenset({A.CANCEL, A.EXPIRE})
"""What ends an alert is taken however long its timeline is."""

GRAVE: Final = frozenset({Severity.EXTREME, Severity.SEVERE})


class DeliveryMode(StrEnum):
    """How phones are told: each by itself, at once, or by one message to everybody's topic."""

    DIRECT = "direct"
    TOPICS = "topics"


def mode_of(contents: Collection[Content]) -> DeliveryMode:
    """An alert that presses goes to each device; its updates and its end go the same way."""
    pressing = any(c.urgency is Urgency.IMMEDIATE or c.severity in GRAVE for c in contents)
    return DeliveryMode.DIRECT if pressing else DeliveryMode.TOPICS


def transition(
    action: AlertAction, alert: Alert, actor: Actor, policy: Alerts, at: datetime
) -> AlertStatus:
    """The status after an action.

    Raises `Forbidden`, `IllegalTransition`, `SecondPersonNeeded`, or `Invalid` with the field.
    """
    row = TRANSITIONS.get(action)
    if row is not None and row.by not in actor.roles:
        raise Forbidden
    if row is None or alert.status not in row.sources:
        raise IllegalTransition(action=action, status=alert.status)
    draft = alert.draft
    if Need.DRAFT in row.needs:
        if draft is None:
            raise IllegalTransition(action=action, status=alert.status)
        if Need.ANOTHER in row.needs and draft.by == actor.id:
            raise SecondPersonNeeded
        if Need.CONFIRMED in row.needs and not _may_go_out(draft, alert, policy):
            raise SecondPersonNeeded
        if Need.IN_TIME in row.needs and draft.content.expires <= at:
            raise Invalid(FieldError("expires", "past"))
    if Need.DUE in row.needs and alert.is_active(at):
        raise IllegalTransition(action=action, status=alert.status)
    return row.to or alert.status


def needs_second_person(content: Content, alert: Alert, policy: Alerts) -> bool:
    """Whether the pack demands one: for what is to be said, or for what is to be replaced by it, so
    that nobody plays a grave alert down alone.
    """
    standing = [message.content for message in alert.messages[-1:]]
    severities = {one.severity for one in (content, *standing)}
    return not policy.second_person.isdisjoint(severities)


def _may_go_out(draft: Draft, alert: Alert, policy: Alerts) -> bool:
    confirmed = draft.confirmed_by is not None
    return confirmed or not needs_second_person(draft.content, alert, policy)
