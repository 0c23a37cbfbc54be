"""Who may ask: the roles of DESIGN's people and machines, and the actor that a request speaks for.

Which role may call which operation is the table in `api/permissions.py`; which role may take which
lifecycle action is the table in `reports/lifecycle.py`. This module only names them.
"""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from smartcity.errors import Unauthenticated


class Role(StrEnum):
    """What somebody is to the city. An actor has one or more."""

    ANYONE = "anyone"  # no credential
    DEVICE = "device"  # an installed app or a browser
    CITIZEN = "citizen"  # a device whose owner logged in
    HANDLER = "handler"  # agency staff
    SUPERVISOR = "supervisor"  # head of an agency's queue, and of the agencies below it
    DISPATCHER = "dispatcher"  # city-wide triage
    OPERATOR = "operator"  # hotline and desk: reports for callers and visitors
    OPERATIONS = "operations"  # reads everything but personal data
    ALERTER = "alerter"  # warns the public
    ADMIN = "admin"  # staff, keys, configuration
    AUDITOR = "auditor"  # reads the audit log
    NEWCOMER = "newcomer"  # staff who must first choose a password or set up one-time codes
    MACHINE = "machine"  # an API key; what it may do are its scopes
    CLOCK = "clock"  # the city itself, when a deadline passes; never a caller


STAFF = frozenset(
    {
        Role.HANDLER,
        Role.SUPERVISOR,
        Role.DISPATCHER,
        Role.OPERATOR,
        Role.OPERATIONS,
        Role.ALERTER,
        Role.ADMIN,
        Role.AUDITOR,
    }
)


class Scope(StrEnum):
    """What an API key may be given."""

    OPEN311 = "open311"
    ONESTOP = "onestop"
    FEED = "feed"


class Assurance(StrEnum):
    """How sure the city is of who speaks: each is as sure as those before it."""

    DEVICE = "device"  # the same device as before, whoever holds it
    PHONE = "phone"  # somebody who was reached at this phone number
    ACCOUNT = "account"  # somebody whom an identity provider knows

    def suffices(self, needed: "Assurance") -> bool:
        """Whether this is as sure as what is needed."""
        order = list(Assurance)
        return order.index(self) >= order.index(needed)


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """Who speaks. `id` is the device's, the staff member's or the key's; none for anyone and clock.

    `agencies` are the codes a staff member acts for: their own and, for a supervisor, all below.
    `account` is the citizen's who logged in on this device, and `others` are the other devices of
    that account: what they sent is this person's too. `since` is when the device registered.
    """

    roles: frozenset[Role]
    id: UUID | None = None
    agencies: frozenset[str] = frozenset()
    scopes: frozenset[Scope] = frozenset()
    language: str | None = None
    account: UUID | None = None
    others: frozenset[UUID] = frozenset()
    assurance: Assurance = Assurance.DEVICE
    since: datetime | None = None

    @property
    def own_ids(self) -> frozenset[UUID]:
        """Every id under which this person may have sent or followed something."""
        return self.others if self.id is None else self.others | {self.id}

    @property
    def own_id(self) -> UUID:
        """The id of a caller who has one. Raises `Unauthenticated`."""
        if self.id is None:
            raise Unauthenticated
        return self.id

    @property
    def is_staff(self) -> bool:
        return not STAFF.isdisjoint(self.roles)


ANYONE = Actor(roles=frozenset({Role.ANYONE}))
CLOCK = Actor(roles=frozenset({Role.CLOCK}))
