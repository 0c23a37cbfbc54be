"""What the feed hears of an alert: that it changed, how it stands, for which units. No words."""

from typing import Final

from smartcity.alerts.model import PUBLISHED, Alert, AlertAction, Entry, told_until
from smartcity.feed.event import Event, Internal, PublicState, Topic
from smartcity.identity.roles import Role

TOLD: Final = frozenset({AlertAction.ISSUE, AlertAction.CANCEL, AlertAction.EXPIRE})
"""What everybody may hear of; the rest is the officers' work at a draft."""


def event(alert: Alert, entry: Entry) -> Event:
    """The event of the alert's last step."""
    details: dict[str, str] = {"severity": alert.content.severity}
    if entry.message is not None:
        details["message"] = str(entry.message)
    return Event(
        id=entry.id,
        topic=Topic.ALERT,
        action=entry.action,
        at=entry.at,
        subject=alert.id,
        public=public_state(alert) if entry.action in TOLD else None,
        internal=Internal(
            status=entry.status,
            version=entry.version,
            actor=entry.by,
            party=Role.ALERTER if entry.by else Role.CLOCK,
            public=alert.status in PUBLISHED,
        ),
        details=details,
    )


def public_state(alert: Alert) -> PublicState | None:
    """What the live stream tells; a client reads the words from the alert itself."""
    if alert.latest is None:
        return None
    reach = told_until(alert.messages)
    return PublicState(
        id=alert.id,
        version=alert.version,
        status=alert.status,
        units=reach.units,
        everywhere=reach.everywhere,
        updated_at=alert.updated_at,
    )
