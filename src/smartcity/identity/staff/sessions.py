"""Staff log in and out."""

from smartcity.city.model import City
from smartcity.clock import now
from smartcity.errors import FieldError, Unauthenticated, WrongCredentials
from smartcity.identifiers import new_id, new_token, token_hash
from smartcity.identity.attempts.service import LOG_IN, Attempts
from smartcity.identity.personal import PersonalData
from smartcity.identity.roles import Actor
from smartcity.identity.staff.model import PREFIX, SESSION_LASTS, LogIn, Session, Staff
from smartcity.identity.staff.passwords import Passwords
from smartcity.identity.staff.rules import acts_for
from smartcity.identity.staff.store import SessionStore, StaffStore
from smartcity.identity.staff.totp import step_of
from smartcity.text import fold


class SessionService:
    def __init__(
        self,
        staff: StaffStore,
        sessions: SessionStore,
        passwords: Passwords,
        attempts: Attempts,
        personal: PersonalData,
        city: City,
    ) -> None:
        self._staff = staff
        self._sessions = sessions
        self._passwords = passwords
        self._attempts = attempts
        self._personal = personal
        self._city = city

    async def log_in(self, given: LogIn, address: str) -> tuple[str, Session, Staff]:
        """A new session and its token, which is told once. `address` is where the caller is.

        Raises `WrongCredentials`, the same and after the same time whatever was wrong up to the
        password; only who knows that is told that a one-time code is missing. Raises
        `TooManyRequests` after too many failures for this account from this address.
        """
        door = f"{fold(given.username)} {address}"
        async with self._attempts.in_turn((LOG_IN, door)):
            staff = await self._recognise(given)
        token, at = new_token(PREFIX), now()
        session = Session(
            id=new_id(),
            token_hash=token_hash(token),
            staff=staff.id,
            created_at=at,
            expires_at=at + SESSION_LASTS,
        )
        await self._sessions.add(session)
        return token, session, staff

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
        _, staff = found
        return Actor(roles=staff.roles, id=staff.id, agencies=acts_for(staff, self._city))

    async def _open(self, hashed: bytes) -> tuple[Session, Staff] | None:
        session = await self._sessions.by_token(hashed)
        if session is None or session.expires_at <= now():
            return None
        staff = await self._staff.get(session.staff)
        if staff is None or staff.disabled_at is not None:
            return None
        return session, staff

    async def _recognise(self, given: LogIn) -> Staff:
        staff = await self._staff.by_name(fold(given.username))
        if staff is not None and staff.disabled_at is not None:
            staff = None
        matches = await self._passwords.matches(given.password, staff and staff.password)
        if staff is None or not matches:
            raise WrongCredentials
        if staff.totp is not None:
            await self._check_code(staff, self._personal.decrypt(staff.totp), given.totp)
        return staff

    async def _check_code(self, staff: Staff, secret: str, code: str | None) -> None:
        if code is None:
            raise WrongCredentials(FieldError("totp", "required"))
        step = step_of(secret, code, now())
        if step is None or not await self._staff.use_step(staff.id, step):
            raise WrongCredentials(FieldError("totp", "wrong"))
