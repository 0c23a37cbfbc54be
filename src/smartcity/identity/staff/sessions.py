"""Staff log in and out."""

from collections.abc import Collection
from enum import StrEnum
from typing import Final

from smartcity.city.model import City
from smartcity.clock import now
from smartcity.errors import Unauthenticated, WrongCredentials
from smartcity.identifiers import new_id, new_token, token_hash
from smartcity.identity.attempts.service import Attempts
from smartcity.identity.roles import Actor, Role
from smartcity.identity.staff.doors import Doors
from smartcity.identity.staff.model import PREFIX, SESSION_LASTS, LogIn, Session, Staff
from smartcity.identity.staff.passwords import Passwords
from smartcity.identity.staff.rules import acts_for
from smartcity.identity.staff.second_factor import SecondFactors
from smartcity.identity.staff.store import SessionStore, StaffStore
from smartcity.text import fold

NEWCOMER: Final = frozenset({Role.NEWCOMER})


class Demand(StrEnum):
    """What a session must do before it may do anything else."""

    REPLACEMENT = "password"  # of the temporary one, by one's own
    TOTP = "totp"  # one-time codes are set up


class SessionService:
    """`totp_roles` are those who must have one-time codes."""

    def __init__(
        self,
        staff: StaffStore,
        sessions: SessionStore,
        passwords: Passwords,
        attempts: Attempts,
        factors: SecondFactors,
        doors: Doors,
        city: City,
        totp_roles: Collection[Role] = (),
    ) -> None:
        self._staff = staff
        self._sessions = sessions
        self._passwords = passwords
        self._attempts = attempts
        self._factors = factors
        self._doors = doors
        self._city = city
        self._totp_roles = frozenset(totp_roles)

    async def log_in(self, given: LogIn, address: str) -> tuple[str, Session, Staff]:
        """A new session and its token, which is told once. `address` is where the caller is.

        Raises `WrongCredentials`, the same and after the same time whatever was wrong up to the
        password; only who knows that is told that a one-time code is missing. Raises
        `TooManyRequests` after too many failures for this account from this address, or, from an
        address that never opened it, after too many from anywhere.
        """
        account = fold(given.username)
        async with self._attempts.in_turn(*await self._doors.tries(account, address)):
            staff = await self._recognise(account, given)
        await self._doors.opened(account, address)
        return await self._begin(staff, oidc=False)

    async def log_in_as(self, identity: bytes) -> tuple[str, Session, Staff]:
        """The same for whom an identity provider vouched. Raises `WrongCredentials` if no account
        has this identity.
        """
        staff = await self._staff.by_identity(identity)
        if staff is None or staff.disabled_at is not None:
            raise WrongCredentials
        return await self._begin(staff, oidc=True)

    async def current(self, token: str) -> tuple[Session, Staff]:
        """The session that a token opens, and whose it is. Raises `Unauthenticated`."""
        found = await self._open(token_hash(token))
        if found is None:
            raise Unauthenticated
        return found

    async def log_out(self, token: str) -> None:
        await self._sessions.end(token_hash(token))

    async def actor(self, hashed: bytes) -> Actor | None:
        """Whose token this is, for `Credentials`."""
        found = await self._open(hashed)
        if found is None:
            return None
        session, staff = found
        if self.demands(session, staff):
            return Actor(roles=NEWCOMER, id=staff.id)
        return Actor(roles=staff.roles, id=staff.id, agencies=acts_for(staff, self._city))

    def demands(self, session: Session, staff: Staff) -> list[Demand]:
        """What must be done first. Who came by an identity provider has their factors there."""
        wanted = {
            Demand.REPLACEMENT: staff.password_until is not None,
            Demand.TOTP: staff.totp is None and not self._totp_roles.isdisjoint(staff.roles),
        }
        return [] if session.oidc else [demand for demand, is_due in wanted.items() if is_due]

    async def _begin(self, staff: Staff, *, oidc: bool) -> tuple[str, Session, Staff]:
        token, at = new_token(PREFIX), now()
        session = Session(
            id=new_id(),
            token_hash=token_hash(token),
            staff=staff.id,
            oidc=oidc,
            created_at=at,
            expires_at=at + SESSION_LASTS,
        )
        await self._sessions.add(session)
        if not _opens_still(staff, await self._staff.get(staff.id)):
            await self._sessions.end(session.token_hash)
            raise WrongCredentials
        return token, session, staff

    async def _open(self, hashed: bytes) -> tuple[Session, Staff] | None:
        session = await self._sessions.by_token(hashed)
        if session is None or session.expires_at <= now():
            return None
        staff = await self._staff.get(session.staff)
        if staff is None or staff.disabled_at is not None:
            return None
        return session, staff

    async def _recognise(self, account: str, given: LogIn) -> Staff:
        staff = await self._staff.by_name(account)
        if staff is not None and not _may_use_password(staff):
            staff = None
        matches = await self._passwords.matches(given.password, staff and staff.password)
        if staff is None or not matches:
            raise WrongCredentials
        return await self._factors.check(staff, given.totp, given.recovery_code)


def _opens_still(before: Staff, after: Staff | None) -> bool:
    """Whether what somebody came in with is still the account's. Who takes it away ends the
    sessions that there are, and one that was just being begun was not there yet.
    """
    if after is None or after.disabled_at is not None:
        return False
    return (after.password, after.totp, after.oidc) == (before.password, before.totp, before.oidc)


def _may_use_password(staff: Staff) -> bool:
    expired = staff.password_until is not None and staff.password_until <= now()
    return staff.disabled_at is None and not expired
