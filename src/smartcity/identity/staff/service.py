"""Staff accounts as the city's own commands see them: added, opened, closed, asked about."""

from collections.abc import Collection
from uuid import UUID

from smartcity.city.model import City
from smartcity.clock import now
from smartcity.errors import Conflict, FieldError, Invalid, NotFound
from smartcity.identifiers import new_id
from smartcity.identity.personal import PersonalData
from smartcity.identity.roles import Role
from smartcity.identity.staff.model import Staff
from smartcity.identity.staff.passwords import Passwords
from smartcity.identity.staff.rules import mistakes
from smartcity.identity.staff.store import SessionStore, StaffStore
from smartcity.identity.staff.totp import is_secret
from smartcity.text import fold


class StaffService:
    def __init__(
        self,
        staff: StaffStore,
        sessions: SessionStore,
        passwords: Passwords,
        personal: PersonalData,
        city: City,
    ) -> None:
        self._staff = staff
        self._sessions = sessions
        self._passwords = passwords
        self._personal = personal
        self._city = city

    async def add(
        self,
        username: str,
        password: str,
        roles: Collection[str],
        agencies: Collection[str] = (),
        *,
        name: str = "",
        totp: str | None = None,
        account: UUID | None = None,
    ) -> Staff:
        """A new account. `totp` is the secret (base 32) of its one-time codes, if it has any;
        `account` its id, if somebody had to know that before.

        Raises `Invalid`, and `Conflict` if there is an account of a name that looks the same.
        """
        wrong = mistakes(username, password, roles, agencies, self._city)
        if totp is not None and not is_secret(totp):
            wrong.append(FieldError("totp", "form"))
        if wrong:
            raise Invalid(*wrong)
        staff = Staff(
            id=account or new_id(),
            username=username,
            folded=fold(username),
            name=name or username,
            password=await self._passwords.hash(password),
            roles=frozenset(Role(role) for role in roles),
            agencies=frozenset(agencies),
            totp=None if totp is None else self._personal.encrypt(totp),
            created_at=now(),
        )
        if not await self._staff.add(staff):
            raise Conflict(username=username)
        return staff

    async def named(self, username: str) -> Staff:
        """The account of a user name, however it is typed. Raises `NotFound`."""
        staff = await self._staff.by_name(fold(username))
        if staff is None:
            raise NotFound(username=username)
        return staff

    async def disable(self, username: str) -> None:
        """Let somebody in no more; open sessions end. Raises `NotFound`."""
        staff = await self.named(username)
        await self._staff.change(staff, {"disabled_at": now()})
        await self._sessions.end_all(staff.id)
